"""Executions, time and memory of the engine's benchmark programs, as a table, and of a peer's beside.

See tools/bench/README.md. Times are those of the whole process, its start included: the median of
some runs on one core. Memory is the largest resident set.
"""
import argparse
import json
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

# What is measured when no program is named.
PROGRAMS = [
    "readers:n=8", "readers:n=13", "lastzero:n=5", "lastzero:n=10", "filesystem:n=19",
    "indexer:n=15", "lock-increment:t=3,k=2", "lock-increment:t=3,k=3", "lock-increment:t=4,k=2",
    "registrar:n=1", "registrar:n=2", "registrar:n=3",
]


class Failed(Exception):
    """A command that cannot be measured; the message says why."""


def parse_program(text):
    """'readers:n=13' as ('readers', {'n': '13'})."""
    name, _, parameters = text.partition(":")
    pairs = [pair.partition("=") for pair in parameters.split(",") if pair]
    for key, equals, value in pairs:
        if not (key and equals and value):
            raise Failed(f'"{text}" should be like readers:n=13 or lock-increment:t=3,k=2')
    return name, {key: value for key, _, value in pairs}


def run_once(command, core):
    """Runs a command on one core. Returns its output, status, seconds and megabytes."""
    with tempfile.TemporaryFile() as output:
        begin = time.perf_counter()
        try:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT,
                                       preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        except OSError as error:
            raise Failed(f"{command[0]}: {error.strerror}") from error
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    return text, process.returncode, seconds, usage.ru_maxrss / 1024


def measure(command, runs, core, read):
    """The row of one command: what `read` finds in its output, then time and memory."""
    measured = [run_once(command, core) for _ in range(runs)]
    text, status, _, _ = measured[0]
    columns = read(text, status)
    seconds = statistics.median(seconds for _, _, seconds, _ in measured)
    return [*columns, f"{seconds:.3f}", f"{max(size for _, _, _, size in measured):.1f}"]


def our_command(options, name, values):
    command = [options.binary, "explore", f"engine/{name}", "--strategy", options.strategy,
               "--format", "json", "--keep-going", "--out", options.out, "--time", options.time]
    for key, value in values.items():
        command += ["--param", f"{key}={value}"]
    return command


def read_ours(text, status):
    if status not in (0, 1):
        raise Failed(text.strip())
    report = json.loads(text)[0]
    verdict = report["verdict"] + ("" if report["exhausted"] else ", not exhausted")
    return [report["executions"], report["executions_blocked"], verdict]


def read_peer(pattern):
    def read(text, status):
        found = re.findall(pattern, text)
        if not found:
            lines = text.strip().splitlines()[-3:]
            raise Failed(f'no match of "{pattern}" (status {status}): {" / ".join(lines)}')
        return [found[-1], "", f"status {status}"]
    return read


def measure_all(options):
    peers = [peer.partition("=") for peer in options.peer]
    for text in options.programs or PROGRAMS:
        name, values = parse_program(text)
        commands = [("nmrcheck", our_command(options, name, values), read_ours)]
        for peer, _, template in peers:
            filled = template.format(program=name, **values)
            commands.append((peer, shlex.split(filled), read_peer(options.peer_count)))
        for checker, command, read in commands:
            try:
                row = measure(command, options.runs, options.core, read)
            except Failed as failure:
                row = ["", "", f"failed: {failure}", "", ""]
            yield [text, checker, *row]


def main():
    parser = argparse.ArgumentParser(prog="tools/bench/programs", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*", metavar="PROGRAM[:NAME=VALUE,…]",
                        help="such as readers:n=13; a dozen well-known ones when left out")
    parser.add_argument("--strategy", default="auto", help="as of nmrcheck explore")
    parser.add_argument("--time", default="10s", help="limit of each search (default 10s)")
    parser.add_argument("--runs", type=int, default=5, help="take the median of so many (default 5)")
    parser.add_argument("--core", type=int, default=min(os.sched_getaffinity(0)),
                        help="the core to run on")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND",
                        help="another checker's command; {program}, {n}, … are filled in")
    parser.add_argument("--peer-count", default=r"(?i)executions[^\d\n]*(\d+)", metavar="REGEX",
                        help="finds the number of executions in the peer's output")
    parser.add_argument("--binary", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs should be at least 1")
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        options.out = folder
        try:
            print("| program | checker | executions | blocked | verdict | s | MB |")
            print("|---|---|---|---|---|---|---|")
            for row in measure_all(options):
                failed = failed or str(row[4]).startswith("failed")
                print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)
        except (Failed, KeyError, ValueError) as failure:
            sys.exit(f"tools/bench/programs: {failure}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
