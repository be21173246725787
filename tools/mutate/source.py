"""The functions and statements of a C++ file, found by its brackets: enough to change designs.

It is no parser of C++: it knows functions at namespace scope, blocks, lambdas, if, for and simple
statements, in the formatting of this project. What it takes for a statement and is none becomes a
mutant that does not compile, which is skipped.
"""
import re
from dataclasses import dataclass, field

OPENING, CLOSING = "([{", ")]}"


class Malformed(Exception):
    """Brackets that do not match; the message says where."""


@dataclass
class Statement:
    kind: str  # simple, declaration, return, jump, if, for, block
    start: int
    end: int  # after the last character, the semicolon included
    condition: tuple[int, int] | None = None  # inside the parentheses of an if
    inner: list = field(default_factory=list)  # the statements under an if or for
    has_else: bool = False
    blocks: list = field(default_factory=list)  # of braces and lambdas in it: lists of statements


@dataclass
class Function:
    name: str
    start: int  # of the body, after its brace
    end: int  # at the brace that ends it
    returns_status: bool
    statements: list


def mask(text):
    """The text with comments and literals blanked: same length, same lines."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
    digits = re.compile(r"\d$")  # 10'000 is a number

    def blank(found):
        if found.group().startswith("'") and digits.search(text[:found.start()]):
            return found.group()
        return re.sub(r"[^\n]", " ", found.group())

    return pattern.sub(blank, text)


def matching(masked, at):
    """The position of the bracket that closes the one at `at`."""
    depth = 0
    for position in range(at, len(masked)):
        if masked[position] in OPENING:
            depth += 1
        elif masked[position] in CLOSING:
            depth -= 1
            if depth == 0:
                return position
    raise Malformed(f"no end of the bracket at character {at}")


def skip_space(masked, at, end):
    while at < end and masked[at].isspace():
        at += 1
    return at


DECLARATION = re.compile(r"[A-Za-z_][\w:<>,\s*&]*?[\s*&]+\w+\s*(=|;|\{)")
LAMBDA = re.compile(r"\[[&=\w\s,*.]*\]\s*(\([^()]*\))?\s*\{")


def simple_kind(code):
    if re.match(r"return\b", code):
        return "return"
    if re.match(r"(break|continue|goto)\b", code):
        return "jump"
    return "declaration" if DECLARATION.match(code) else "simple"


def read_statement(masked, at, end):
    """The statement that begins at `at`."""
    if masked[at] == "{":
        close = matching(masked, at)
        return Statement("block", at, close + 1, blocks=[read_block(masked, at + 1, close)])
    head = re.match(r"(if|for|while)\b\s*(constexpr\s*)?\(", masked[at:end])
    if head:
        opening = at + head.end() - 1
        close = matching(masked, opening)
        inner = [read_statement(masked, skip_space(masked, close + 1, end), end)]
        made = Statement("if" if head.group(1) == "if" else "for", at, inner[0].end,
                         (opening + 1, close), inner)
        following = skip_space(masked, made.end, end)
        if made.kind == "if" and re.match(r"else\b", masked[following:end]):
            made.has_else = True
            inner.append(read_statement(masked, skip_space(masked, following + 4, end), end))
            made.end = inner[-1].end
        return made
    position = at
    blocks = []
    while position < end and masked[position] != ";":
        found = LAMBDA.match(masked, position, end)
        if found:
            close = matching(masked, found.end() - 1)
            blocks.append(read_block(masked, found.end(), close))
            position = close + 1
        elif masked[position] == "{":
            position = matching(masked, position) + 1
        else:
            position += 1
    if position >= end:
        raise Malformed(f"no end of the statement at character {at}")
    return Statement(simple_kind(masked[at:position + 1]), at, position + 1, blocks=blocks)


def read_block(masked, start, end):
    """The statements between two braces."""
    made = []
    at = skip_space(masked, start, end)
    while at < end:
        made.append(read_statement(masked, at, end))
        at = skip_space(masked, made[-1].end, end)
    return made


def functions_in(masked, start, end):
    at = start
    while at < end:
        character = masked[at]
        if character != "{":
            at += 1
            continue
        close = matching(masked, at)
        before = masked[start:at].rstrip()
        if re.search(r"namespace(\s+[\w:]+)?$", before):
            yield from functions_in(masked, at + 1, close)
        else:
            head = re.sub(r"\)\s*const$", ")", before)
            name = name_before_parameters(head)
            if name:
                status = re.search(r"\bNTSTATUS\s+" + name + r"\s*$", head[:head_start(head)])
                yield Function(name, at + 1, close, status is not None,
                               read_block(masked, at + 1, close))
        at = close + 1
        start = at


def head_start(head):
    """The position of the parenthesis that the last one of `head` closes."""
    depth = 0
    for position in range(len(head) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(head[position], 0)
        if depth == 0:
            return position
    raise Malformed("a parameter list without a beginning")


def name_before_parameters(head):
    if not head.endswith(")"):
        return None
    found = re.search(r"(\w+)\s*$", head[:head_start(head)])
    return found.group(1) if found else None


def functions_of(text):
    """The functions of a file that are defined at namespace scope, in order."""
    masked = mask(text)
    return list(functions_in(masked, 0, len(masked)))


def blocks_of(statements):
    """All sequences of statements in a sequence, itself first."""
    yield statements
    for statement in statements:
        for nested in statement.blocks:
            yield from blocks_of(nested)
        for inner in statement.inner:
            yield from list(blocks_of([inner]))[1:]


def statements_of(statements):
    """All statements in a sequence, those under an if or in a lambda too, outer ones first."""
    for statement in statements:
        yield statement
        yield from statements_of(statement.inner)
        for nested in statement.blocks:
            yield from statements_of(nested)
