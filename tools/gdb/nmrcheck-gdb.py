"""gdb commands for a replay of nmrcheck: which fibers there are, and the stack of each.

Load it with `gdb -x`. `help nmrcheck` lists the commands. All backtraces leave out the machine that
the drivers run on; `backtrace -no-filters` shows it.
"""
import json
import pathlib
import re
import struct

import gdb

# Where Boost.Context's jump_fcontext saves registers on x86-64 (System V): offsets from the stack
# pointer. Eight bytes each; the stack pointer of the caller is behind them.
SAVED = {"r12": 0x10, "r13": 0x18, "r14": 0x20, "r15": 0x28, "rbx": 0x30, "rbp": 0x38, "rip": 0x40}
SAVED_BYTES = 0x48
WORD = 0xffffffffffffffff

# Paths of what a backtrace leaves out: the machine under the drivers, and what it is made of.
MACHINE = re.compile(r"(^|/)(sim/(core|run|strategy|explore)/|model/((kernel|nmr|driver|image|rules)/)?"
                     r"|tools/cli/debugger)\w*\.(h|cpp)$|/include/(c\+\+|boost)/")


def list_fibers():
    """What the program says of its fibers: see nmrcheck_fibers in tools/cli/debugger.h."""
    try:
        text = gdb.parse_and_eval("((const char* (*)(void))nmrcheck_fibers)()").string()
    except gdb.error as error:
        raise gdb.GdbError(f"no program of nmrcheck runs here: {error}")
    fibers = json.loads(text)
    if not fibers:
        raise gdb.GdbError("no execution runs yet, or it has ended")
    return fibers


def find_fiber(fibers, text):
    """The number of the fiber that `text` names, by number or by name."""
    names = [fiber["name"] for fiber in fibers]
    if text in names:
        return names.index(text)
    if text.isdigit() and int(text) < len(fibers):
        return int(text)
    raise gdb.GdbError(f'there is no fiber "{text}"; there are ' +
                       ", ".join(f"{i} {name}" for i, name in enumerate(names)))


class OnStackOf:
    """The processor's registers are those of a suspended fiber for as long as this is entered."""

    def __init__(self, fiber):
        self.fiber = fiber

    def __enter__(self):
        newest = gdb.newest_frame()
        if "x86-64" not in newest.architecture().name():
            raise gdb.GdbError("stacks of suspended fibers are shown on x86-64 only")
        self.level = gdb.selected_frame().level()
        self.kept = {name: int(newest.read_register(name)) & WORD for name in [*SAVED, "rsp"]}
        at = self.fiber["registers"]
        memory = bytes(gdb.selected_inferior().read_memory(at, SAVED_BYTES))
        registers = {name: struct.unpack_from("<Q", memory, SAVED[name])[0] for name in SAVED}
        self.write({**registers, "rsp": at + SAVED_BYTES})

    def __exit__(self, *_):
        self.write(self.kept)
        frame = gdb.newest_frame()
        for _ in range(self.level):
            frame = frame.older()
        frame.select()

    @staticmethod
    def write(registers):
        gdb.newest_frame().select()  # quietly, unlike the command
        for name, value in registers.items():
            gdb.execute(f"set ${name} = {value}", to_string=True)


def run_on(fiber, command):
    """Runs a command of gdb as if `fiber` had the processor."""
    try:
        if fiber["state"] == "ended":
            print("it has ended, and has no stack")
        elif fiber["state"] == "runs":
            gdb.execute(command)
        else:
            with OnStackOf(fiber):
                gdb.execute(command)
    except gdb.error as error:
        raise gdb.GdbError(str(error))


class WithoutTheMachine:
    """A filter for all backtraces: drivers and the functions of the WDK that they call."""

    def __init__(self):
        self.name = "nmrcheck"
        self.enabled = True
        self.priority = 100
        gdb.frame_filters[self.name] = self

    @staticmethod
    def is_machine(frame):
        symtab = frame.find_sal().symtab
        if symtab is not None:
            return MACHINE.search(symtab.fullname()) is not None
        return (frame.name() or "boost::").startswith(("boost::", "make_fcontext"))

    def filter(self, frames):
        frames = list(frames)
        kept = [frame for frame in frames if not self.is_machine(frame.inferior_frame())]
        return iter(kept or frames)


def headline(number, fiber):
    relation = {"runs": "in", "ended": "after"}.get(fiber["state"], "before")
    action = f"{fiber['action']} {fiber['place']}".rstrip()
    return f"{number} {fiber['name']}: {fiber['state']}, {relation} {action}"


class Nmrcheck(gdb.Command):
    """What stands where in a replay of nmrcheck, at a step of --break-at or anywhere else."""

    def __init__(self):
        super().__init__("nmrcheck", gdb.COMMAND_STACK, prefix=True)


class Fibers(gdb.Command):
    """nmrcheck fibers: each fiber's number, name, state, the step it announced last, and where.

* is the one that runs; the others have not made that step yet."""

    def __init__(self):
        super().__init__("nmrcheck fibers", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        fibers = list_fibers()
        width = max(len(fiber["name"]) for fiber in fibers)
        for number, fiber in enumerate(fibers):
            mark = "*" if fiber["state"] == "runs" else " "
            print(f"{mark} {number:2}  {fiber['name']:{width}}  {fiber['state']:6}  "
                  f"{fiber['action']}  {fiber['place']}".rstrip())


class Backtrace(gdb.Command):
    """nmrcheck backtrace [FIBER…]: the stack of each of these fibers, or of all.

FIBER is a number or a name of `nmrcheck fibers`; quote names with spaces. What is left out of the
stacks `nmrcheck fiber FIBER backtrace -no-filters` shows."""

    def __init__(self):
        super().__init__("nmrcheck backtrace", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        fibers = list_fibers()
        asked = [find_fiber(fibers, text) for text in gdb.string_to_argv(argument)]
        for number in asked or range(len(fibers)):
            print(headline(number, fibers[number]))
            run_on(fibers[number], "backtrace")
            print()


class Fiber(gdb.Command):
    """nmrcheck fiber FIBER COMMAND: a command of gdb on the stack of that fiber.

Such as: nmrcheck fiber sender frame function EchoClientSend"""

    def __init__(self):
        super().__init__("nmrcheck fiber", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) < 2:
            raise gdb.GdbError("nmrcheck fiber expects a fiber and a command")
        fibers = list_fibers()
        run_on(fibers[find_fiber(fibers, words[0])], " ".join(words[1:]))


WithoutTheMachine()
for command in (Nmrcheck, Fibers, Backtrace, Fiber):
    command()

# The program's own sources have paths from the project's root.
root = pathlib.Path(__file__).resolve().parents[2]
if (root / "sim/run/execution.cpp").exists():
    gdb.execute(f"directory {root}", to_string=True)
