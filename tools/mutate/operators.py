"""The operators: each makes mutants of one function by one small change.

An operator takes a `Target` and yields changes: lists of (start, end, replacement) on the file's
text. `mutants_of` gives them ids that depend on what is changed, not on where in the file it is.
"""
import hashlib
import re
from dataclasses import dataclass

import source

# What only tells the harness or a person something: not the driver's code.
ANNOUNCEMENT = re.compile(r"\s*(nmrcheck_\w+|NMRCHECK_TOUCH|NT_ASSERT|DbgPrint)\b")
ACQUIRE = re.compile(r"KeAcquire(?:InStackQueued)?SpinLock(?:AtDpcLevel)?\((&?[^,()]+)")
RELEASE = re.compile(r"KeRelease(?:InStackQueued)?SpinLock(?:FromDpcLevel)?\((&?[^,()]+)")
LOCKED = re.compile(r"lock\(([^,]+), \[&\] \{")
# A call that others may notice: other pairs of statements are not worth a swap.
NOTICED = re.compile(r"\b(Nmr|NMRCHECK|Ex|Io|Interlocked|Ke(?!Acquire|Release)|publish|call|begin_)\w*\(")
# Calls that are wrong when made twice, or too early.
ENDING = re.compile(r"\b(?!KeRelease)(\w*(Complete|complete|Free|free|[Dd]eregister|Deref|[Rr]elease|end_|drop|"
                    r"discard|Queue|SetEvent|Wait|join|leave|unload)\w*)(<\w+>)?\(")
STATUSES = {"STATUS_PENDING": "STATUS_SUCCESS", "STATUS_SUCCESS": "STATUS_PENDING",
            "STATUS_NOINTERFACE": "STATUS_SUCCESS", "STATUS_DEVICE_NOT_READY": "STATUS_SUCCESS",
            "STATUS_INSUFFICIENT_RESOURCES": "STATUS_SUCCESS"}


@dataclass
class Target:
    text: str
    masked: str
    function: source.Function
    constants: tuple = ()  # template parameters that choose the faulty twin: left alone

    def code(self, statement):
        return self.masked[statement.start:statement.end]

    def written(self, statement):
        return self.text[statement.start:statement.end]

    def blocks(self):
        return source.blocks_of(self.function.statements)

    def statements(self):
        """Those that may be changed: no announcements, nothing that chooses the faulty twin."""
        for statement in source.statements_of(self.function.statements):
            if ANNOUNCEMENT.match(self.code(statement)):
                continue
            if not any(re.search(rf"\b{name}\b", self.code(statement)) for name in self.constants):
                yield statement


def delete(target):
    """A statement is left out, or an if with all that it guards."""
    for statement in target.statements():
        if statement.kind == "simple" or (statement.kind == "if" and not statement.has_else):
            if not ACQUIRE.match(target.code(statement)):
                yield [(statement.start, statement.end, ";")]


def swap(target):
    """Two statements that follow each other change places."""
    allowed = {id(s) for s in target.statements() if s.kind in ("simple", "declaration", "if")}
    for block in target.blocks():
        for first, second in zip(block, block[1:]):
            if id(first) not in allowed or id(second) not in allowed:
                continue
            one, two = target.written(first), target.written(second)
            noticed = any(NOTICED.search(s) or ENDING.search(s) for s in (one, two))
            if noticed and one != two and not bare(one) and not bare(two):
                yield [(first.start, first.end, two), (second.start, second.end, one)]


def bare(statement):
    """Whether it is a declaration without a value, such as KIRQL irql;"""
    return re.fullmatch(r"[\w:]+ [\w*]+;", statement) is not None


def to_front(target):
    """What frees, completes, waits or signals is done first in its block."""
    allowed = {id(s) for s in target.statements() if s.kind in ("simple", "if")}
    for block in target.blocks():
        for statement in block[1:]:
            if id(statement) in allowed and ENDING.search(target.code(statement)):
                yield [(block[0].start, block[0].start, target.written(statement) + " "),
                       (statement.start, statement.end, ";")]


def twice(target):
    """What frees, completes, waits or signals is done twice."""
    for statement in target.statements():
        if statement.kind == "simple" and ENDING.search(target.code(statement)):
            if not statement.blocks:
                text = target.written(statement)
                yield [(statement.start, statement.end, f"{{ {text} {text} }}")]


def status(target):
    """A status becomes another one: pending and success change places, a refusal is a success."""
    for found in words(target, r"\bSTATUS_\w+"):
        if found.group() in STATUSES:
            yield [(found.start(), found.end(), STATUSES[found.group()])]
    if not target.function.returns_status:
        return
    for statement in target.statements():
        if statement.kind == "return" and "STATUS_" not in target.code(statement):
            for value in ("STATUS_SUCCESS", "STATUS_PENDING"):
                yield [(statement.start, statement.end, keep_call(target, statement, value))]


def keep_call(target, statement, value):
    """A return of `value` that still makes the call whose result was returned."""
    expression = target.written(statement)[len("return"):-1].strip()
    return f"{{ (void)({expression}); return {value}; }}"


def negate(target):
    """A condition of an if or of ?: is the opposite."""
    for statement in target.statements():
        if statement.kind == "if":
            start, end = statement.condition
            yield [(start, end, f"!({target.text[start:end]})")]
    for found in words(target, r"(?:= |return )([^=;{}?]+?) \? (?=[^;]+ : )"):
        yield [(found.start(1), found.end(1), f"!({target.text[found.start(1):found.end(1)]})")]


def conjunct(target):
    """Of two conditions joined by && one is left out, or one of them is enough."""
    for found in words(target, r" && "):
        left, right = operand_before(target, found.start()), operand_after(target, found.end())
        yield [(left, found.end(), "")]
        yield [(found.start(), right, "")]
        yield [(found.start(), found.end(), " || ")]


def operand_before(target, at):
    depth = 0
    while True:
        character = target.masked[at - 1]
        if character in source.CLOSING:
            depth += 1
        elif character in source.OPENING:
            depth -= 1
        if depth < 0 or (depth == 0 and (character in ";," or
                                         re.search(r"(&& |[^=!<>]= |return )$",
                                                   target.masked[:at]))):
            return at
        at -= 1


def operand_after(target, at):
    depth = 0
    while True:
        character = target.masked[at]
        if character in source.OPENING:
            depth += 1
        elif character in source.CLOSING:
            depth -= 1
        if depth < 0 or (depth == 0 and (character in ";," or
                                         re.match(r" (&&|\?) ", target.masked[at:at + 4]))):
            return at
        at += 1


def compare(target):
    """A comparison is the opposite, or off by one."""
    for old, new in ((" == ", " != "), (" != ", " == "), (" > 0", " >= 0"), (" > 0", " > 1")):
        for found in words(target, re.escape(old)):
            if not in_for(target, found.start()):
                yield [(found.start(), found.end(), new)]


def count(target):
    """A counter goes the other way, not at all, or starts elsewhere; a flag is the opposite."""
    for found in words(target, r"(\+\+|--)(?=[\w(])|(?<=[\w\]])(\+\+|--)"):
        if not in_for(target, found.start()):
            yield [(found.start(), found.end(), "--" if found.group() == "++" else "++")]
            if target.masked[found.end()].isalnum() or target.masked[found.end()] == "(":
                yield [(found.start(), found.end(), "")]
    for found in words(target, r"(?<= = )(0|1|TRUE|FALSE)(?=;)|\b(TRUE|FALSE)(?=\))"):
        other = {"0": "1", "1": "0", "TRUE": "FALSE", "FALSE": "TRUE"}[found.group()]
        if not in_for(target, found.start()):
            yield [(found.start(), found.end(), other)]


def copy_late(target):
    """What is copied before it may go is read where it is used, and announced there."""
    for block in target.blocks():
        for statement in block:
            found = re.fullmatch(r"const (?:HANDLE|LONG|bool) (\w+) =\s+(.*);",
                                 target.code(statement), re.S)
            if not found or "(" in found.group(2) or "--" in found.group(2):
                continue
            read = f"NMRCHECK_READ({found.group(2)})"
            uses = [(u.start(), u.end(), read)
                    for u in words(target, rf"\b{found.group(1)}\b") if u.start() > statement.end]
            if uses:
                yield [(statement.start, statement.end, ";"), *uses]


def sections(target):
    """The critical sections: what takes the lock, the statements inside, what drops it."""
    for block in target.blocks():
        for index, statement in enumerate(block):
            taken = ACQUIRE.match(target.code(statement))
            if not taken:
                continue
            for last in range(index + 1, len(block)):
                dropped = RELEASE.match(target.code(block[last]))
                if dropped and dropped.group(1) == taken.group(1):
                    yield statement, block[index + 1:last], block[last]
                    break


def locked_calls(target):
    """The calls of lock(…, [&] {…}): statement, its lock, the statements inside."""
    for statement in source.statements_of(target.function.statements):
        found = LOCKED.match(target.code(statement))
        if found and statement.kind == "simple" and len(statement.blocks) == 1:
            yield statement, found.group(1), statement.blocks[0]


def drop_lock(target):
    """A lock is neither taken nor dropped."""
    for taken, _, dropped in sections(target):
        yield [(taken.start, taken.end, ";"), (dropped.start, dropped.end, ";")]
    for statement, _, inside in locked_calls(target):
        if inside:
            yield [(statement.start, inside[0].start, "{ "), (inside[-1].end, statement.end, " }")]


def split_lock(target):
    """A lock is dropped and taken again before a test, or between two conditions."""
    def is_test(statement):
        return statement.kind == "if" or re.search(r" (\?|&&|==|>) ", target.code(statement))

    for taken, inside, dropped in sections(target):
        again = f"{target.written(dropped)} {target.written(taken)}"
        for statement in filter(is_test, inside[1:]):
            yield [(statement.start, statement.start, again + " ")]
        for statement in inside:
            yield from split_conditions(target, statement, again)
    for _, lock, inside in locked_calls(target):
        again = f"}}); lock({lock}, [&] {{"
        for statement in filter(is_test, inside[1:]):
            yield [(statement.start, statement.start, again + " ")]
        for statement in inside:
            yield from split_conditions(target, statement, again)


def split_conditions(target, statement, again):
    found = re.fullmatch(r"(const bool )?(\w+) = (.*) && ([^&]*);", target.written(statement), re.S)
    if found:
        first = f"{'bool ' if found.group(1) else ''}{found.group(2)} = {found.group(3)};"
        second = f"{found.group(2)} = {found.group(2)} && {found.group(4)};"
        yield [(statement.start, statement.end, f"{first} {again} {second}")]


def hold_lock(target):
    """A lock is held over the next statement too, or until the end of the function."""
    for block in target.blocks():
        for statement, following in zip(block, block[1:]):
            found = LOCKED.match(target.code(statement))
            if found and following.kind in ("simple", "if") and len(statement.blocks) == 1:
                inside = statement.blocks[0]
                yield [(inside[-1].end, inside[-1].end, " " + target.written(following)),
                       (following.start, following.end, ";")]
    for taken, _, dropped in sections(target):
        for block in target.blocks():
            if dropped in block and block.index(dropped) + 2 < len(block):
                later = block[block.index(dropped) + 1:]
                target_end = later[-2 if later[-1].kind == "return" else -1].end
                yield [(dropped.start, dropped.end, ";"),
                       (target_end, target_end, " " + target.written(dropped))]


def words(target, pattern):
    """Matches in the function, outside of announcements and of what chooses the faulty twin."""
    usable = [(s.start, s.end) for s in target.statements()]
    for found in re.finditer(pattern, target.masked):
        if any(start <= found.start() and found.end() <= end for start, end in usable):
            if target.function.start <= found.start() and found.end() <= target.function.end:
                yield found


def in_for(target, at):
    """Whether a place lies in the head of a loop."""
    return any(s.kind == "for" and s.condition[0] <= at < s.condition[1]
               for s in source.statements_of(target.function.statements))


OPERATORS = {"delete": delete, "swap": swap, "to-front": to_front,
             "twice": twice, "status": status, "negate": negate, "conjunct": conjunct,
             "compare": compare, "count": count, "copy-late": copy_late, "drop-lock": drop_lock,
             "split-lock": split_lock, "hold-lock": hold_lock}


@dataclass
class Mutant:
    id: str
    file: str
    line: int
    function: str
    operator: str
    before: str  # the changed part, on one line
    after: str
    text: str  # the whole file


def apply(text, edits):
    """The text with the edits made."""
    for start, end, replacement in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def on_one_line(text):
    return " ".join(re.sub(r"//[^\n]*", "", text).split())


def describe(text, edits):
    """The smallest part of the text that holds all edits, before and after."""
    start = min(edit[0] for edit in edits)
    end = max(edit[1] for edit in edits)
    start = text.rfind("\n", 0, start) + 1
    following = text.find("\n", end)
    end = len(text) if following < 0 else following
    moved = [(a - start, b - start, replacement) for a, b, replacement in edits]
    return on_one_line(text[start:end]), on_one_line(apply(text[start:end], moved))


def mutants_of(file, text, functions, constants=()):
    """All mutants of the named functions of a file, each changed text once, in a fixed order.

    Raises KeyError with the name of a function that the file does not have.
    """
    masked = source.mask(text)
    found = source.functions_of(text)
    missing = [name for name in functions if name not in {f.name for f in found}]
    if missing:
        raise KeyError(f"{file} has no function {missing[0]}")
    seen_texts, seen_ids = {text}, {}
    for function in (f for f in found if f.name in functions):
        target = Target(text, masked, function, tuple(constants))
        for operator, make in OPERATORS.items():
            for edits in make(target):
                changed = apply(text, edits)
                if changed in seen_texts:
                    continue
                seen_texts.add(changed)
                before, after = describe(text, edits)
                what = "\n".join((file, function.name, operator, before, after))
                seen_ids[what] = seen_ids.get(what, 0) + 1
                digest = hashlib.sha256(f"{what}\n{seen_ids[what]}".encode()).hexdigest()[:6]
                stem = file.rsplit("/", 1)[-1].removesuffix(".cpp")
                yield Mutant(f"{stem}.{function.name}.{operator}.{digest}", file,
                             text.count("\n", 0, min(e[0] for e in edits)) + 1, function.name,
                             operator, before, after, changed)
