"""A replay under gdb: it stops in the step, and shows the stack of each fiber.

Exits with 77 (skipped) where gdb is missing or may not trace processes.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tools/gdb/nmrcheck-gdb.py"
GDB = ["gdb", "-q", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set width 0",
       "-x", str(SCRIPT)]
SECONDS_MAX = 100
# LeakSanitizer does not work in a process that is traced.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0", "NO_COLOR": "1"}

parser = argparse.ArgumentParser()
parser.add_argument("--binary", required=True)
parser.add_argument("--folder", required=True, type=pathlib.Path)
options = parser.parse_args()


def output_of(*command):
    ran = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         stdin=subprocess.DEVNULL, timeout=SECONDS_MAX, env=ENVIRONMENT)
    return ran.stdout


def gdb(program, *commands):
    """What gdb prints for each of the commands, which follow `run`."""
    arguments = [*GDB, "-ex", "run"]
    for command in commands:
        arguments += ["-ex", "echo \\n=====\\n", "-ex", command]
    return output_of(*arguments, "--args", *program).split("\n=====\n")


def line_of(source, text):
    """The place of the only line of the echo drivers' file in which `text` stands."""
    lines = (ROOT / "scenarios/drivers/echo" / source).read_text(encoding="utf-8").splitlines()
    found = [number for number, line in enumerate(lines, 1) if text in line]
    assert len(found) == 1, f"{text} stands in lines {found} of {source}"
    return f"{source}:{found[0]}"


class GdbTest(unittest.TestCase):
    """On a failure of drivers in C, whose functions have arguments and lines in every build."""

    @classmethod
    def setUpClass(cls):
        shutil.rmtree(options.folder, ignore_errors=True)
        output_of(options.binary, "explore", "driver/echo", "--param", "senders=1",
                  "--profile", "paranoid", "--time", "60s", "--out", str(options.folder))
        cls.file = str(next(options.folder.glob("*.json")))
        cls.failure = json.loads(pathlib.Path(cls.file).read_text(encoding="utf-8"))
        cls.picture = output_of(options.binary, "replay", cls.file, "--full")

    def replay(self, step):
        return [options.binary, "replay", self.file, "--break-at", str(step)]

    def step_of(self, action):
        """The first step of the picture with that action."""
        found = re.search(rf"^ *(\d+) .*\b{action}\b", self.picture, re.M)
        self.assertIsNotNone(found, self.picture)
        return found.group(1)

    def test_stops_in_the_step_on_the_stack_of_its_fiber(self):
        step = self.step_of("ExAcquireRundownProtection")
        in_provider = line_of("provider.c", "ExAcquireRundownProtection(")
        in_client = line_of("client.c", "dispatch->Echo(")
        stop, stack, value, source = gdb(
            self.replay(step), "backtrace", "frame function EchoClientSend", "list")
        self.assertIn(f"step {step}, sender: ExAcquireRundownProtection at ", stop)
        self.assertIn("Program received signal SIGTRAP", stop)
        self.assertIn("nmrcheck_break", stop)
        self.assertRegex(stack, rf"EchoProviderEcho \(ProviderBindingContext=0x\w+, Value=7, "
                                rf"Answer=0x\w+\) at .*/{in_provider}\n.*EchoClientSend .*/{in_client}")
        self.assertNotIn("run_body", stack)
        self.assertIn("dispatch->Echo(context, Value, Answer)", value)
        self.assertIn("KeReleaseSpinLock", source)

    def test_shows_where_a_suspended_fiber_is(self):
        step = self.step_of("ExAcquireRundownProtection")
        _, fibers, main, before, whole, frame, after, end = gdb(
            self.replay(step), "nmrcheck fibers", "nmrcheck backtrace main",
            "info registers rsp rip rbp rbx", "nmrcheck fiber 0 backtrace -no-filters", "frame",
            "info registers rsp rip rbp rbx", "continue")
        # "  0  main    can go  acquire spin lock  scenarios/drivers/echo/client.c:75"
        listed = re.fullmatch(r"   0  main +(?:can go|waits) +(\S.*)  (\S+:\d+)\n"
                              r"\*  1  sender +runs +ExAcquireRundownProtection  \S+", fibers.strip("\n"))
        self.assertIsNotNone(listed, fibers)
        self.assertRegex(main, rf"^0 main: .*, before {re.escape(' '.join(listed.groups()))}\n")
        # What gdb finds on the stack is what the program says of the fiber.
        self.assertRegex(main, rf"(?m)^#.* Echo\w+ \(.*/{listed.group(2)}$")
        self.assertRegex(main, r"(?m)^#.* EchoProviderUnload \(.*/provider\.c:\d+$")
        self.assertNotIn("EchoClientSend", main)
        self.assertNotIn("run_body", main)
        self.assertIn("run_body", whole)
        # The registers are what they were, and the replay goes on to its violation.
        self.assertIn("nmrcheck_break", frame)
        self.assertIn("rsp", before)
        self.assertEqual(before, after)
        self.assertIn(self.failure["violation"]["rule"], end)
        self.assertIn("exited with code 01", end)

    def test_lists_all_fibers_in_the_last_step(self):
        _, fibers, stacks, unknown = gdb(
            self.replay(self.failure["steps"]), "nmrcheck fibers", "nmrcheck backtrace",
            "nmrcheck backtrace nobody")
        names = self.failure["fibers"]
        self.assertEqual(len(names), 3)
        found = re.findall(r"^[* ] +(\d+)  (.*?) +(?:runs|can go|waits|ended) ", fibers, re.M)
        self.assertEqual(found, [(str(i), name) for i, name in enumerate(names)])
        self.assertEqual(re.findall(r"^\d+ (.*): ", stacks, re.M), names)
        self.assertIn('there is no fiber "nobody"; there are 0 main, 1 sender, 2 work item', unknown)

    def test_a_breakpoint_in_the_driver_needs_no_break_at(self):
        arguments = ["-ex", "set breakpoint pending on", "-ex", "break EchoProviderDrain", "-ex", "run",
                     "-ex", "nmrcheck backtrace main", "-ex", "kill", "-ex", "nmrcheck fibers"]
        said = output_of(*GDB, *arguments, "--args", options.binary, "replay", self.file)
        self.assertRegex(said, r"Breakpoint 1(?:\.\d)?, .*EchoProviderDrain \(")
        place = re.search(r"^0 main: .*?(\w+\.c:\d+)$", said, re.M)
        self.assertIsNotNone(place, said)
        self.assertRegex(said, rf"(?m)^#.* EchoProvider\w+ \(.*/{place.group(1)}$")
        self.assertRegex(said, r"(?m)^#.* EchoProviderUnload \(.*/provider\.c:\d+$")
        self.assertIn("no program of nmrcheck runs here", said)


def reason_to_skip():
    if shutil.which("gdb") is None:
        return "gdb is missing"
    if platform.machine() != "x86_64":
        return "suspended fibers are shown on x86-64 only"
    said = output_of("gdb", "-q", "-nx", "-batch", "-ex", "python print('it has Python')", "-ex",
                     "run", "--args", "/bin/true")
    return None if "it has Python" in said and "exited normally" in said else said


if __name__ == "__main__":
    skip = reason_to_skip()
    if skip is not None:
        print("skipped:", skip)
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
