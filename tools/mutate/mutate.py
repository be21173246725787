#!/usr/bin/env python3
"""Changes each correct design in one small way, and tells which changes some rule catches.

See tools/mutate/README.md. Exit status: 0 all survivors are explained, 1 one is not or an
explanation is stale, 2 the request is impossible (no build, an original that is not clean).
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

import operators
import report

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Half of them at most for `dpor`, the rest for the samplers: see README.md about `auto`.
EXECUTIONS = {"documented": 40_000, "paranoid": 10_000}
SECONDS_MAX = 120  # of one exploration or compilation; beyond it a mutant is not caught
# The part of all mutants that is checked unless another is asked for, and whose survivors are
# explained: a third, chosen by the hash in the id.
PART = (0, 3)


class Impossible(Exception):
    """The request cannot be carried out; the message says why."""


def in_part(mutant_id, part):
    """Whether a mutant belongs to part (index, count) of all; the parts are the whole."""
    index, count = part
    return int(mutant_id.rsplit(".", 1)[1], 16) % count == index


def read_part(text):
    """(index, count) of '0/3'."""
    index, _, count = text.partition("/")
    if not (index.isdigit() and count.isdigit() and int(index) < int(count)):
        raise argparse.ArgumentTypeError(f"{text} should be like 0/3: part 0 of parts 0, 1, 2")
    return int(index), int(count)


def read_designs(path):
    """The designs of designs.json, in its order."""
    return json.loads(path.read_text(encoding="utf-8"))


def find_mutants(root, designs):
    """All mutants as (design, mutant). Raises Impossible for a design that its file does not have."""
    made = []
    for design in designs:
        text = (root / design["file"]).read_text(encoding="utf-8")
        try:
            for mutant in operators.mutants_of(design["file"], text, design["functions"],
                                               design.get("constants", ())):
                made.append((design, mutant))
        except KeyError as error:
            raise Impossible(f"designs.json: {error.args[0]}") from error
    ids = [mutant.id for _, mutant in made]
    for one in ids:
        if ids.count(one) > 1:
            raise Impossible(f"two mutants have the id {one}: is a function named twice?")
    return made


class Builder:
    """Makes runnable programs of mutants: one translation unit each, before the project's libraries."""

    def __init__(self, build):
        self.build = build
        database = build / "compile_commands.json"
        if not (build / "tools/nmrcheck").exists() or not database.exists():
            raise Impossible(f"{build} is not built: run tools/nmrcheck list scenarios first")
        self.compile = {entry["file"]: shlex.split(entry["command"])
                        for entry in json.loads(database.read_text(encoding="utf-8"))}
        listed = subprocess.run(["ninja", "-C", str(build), "-t", "commands", "nmrcheck"],
                                capture_output=True, text=True, check=True).stdout
        self.link = [word for word in shlex.split(listed.splitlines()[-1])
                     if word not in (":", "&&")]

    def run(self, command):
        command = list(command)
        try:
            return subprocess.run(command, cwd=self.build, capture_output=True,
                                  timeout=SECONDS_MAX, check=False).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def make(self, mutant, folder):
        """The path of the program, or None if the mutant does not compile."""
        folder.mkdir(parents=True)
        changed, unit, program = folder / "mutant.cpp", folder / "mutant.o", folder / "nmrcheck"
        changed.write_text(mutant.text, encoding="utf-8")
        command = [w for w in self.compile[str(ROOT / mutant.file)] if not w.startswith("-W")]
        command[command.index("-o") + 1] = str(unit)
        command[-1] = str(changed)
        if not self.run([*command, "-w", "-O1", "-g0"]):
            return None
        command = list(self.link)
        command[command.index("-o") + 1] = str(program)
        first = next(i for i, word in enumerate(command) if word.endswith("main.cpp.o"))
        command.insert(first, str(unit))
        if not self.run([*command, "-Wl,-S"]):
            raise Impossible(f"{mutant.id} compiles and does not link")
        return program


def explore(program, target, profile, folder):
    """What the program says of a target such as 'nmr/x leaves=2': a verdict with its details.

    Under paranoid the originals break rules too: it goes on after the first, and tells all.
    """
    name, *values = target.split()
    command = [str(program), "explore", name, "--profile", profile, "--jobs", "1", "--executions",
               str(EXECUTIONS[profile]), "--format", "json", "--out", str(folder / "failures")]
    for value in values:
        command += ["--param", value]
    if profile == "paranoid":
        command.append("--keep-going")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX,
                              check=False)
        told = json.loads(done.stdout)[0]
    except subprocess.TimeoutExpired:
        return {"verdict": "no end", "rules": {}, "hints": []}
    except (json.JSONDecodeError, IndexError):
        return {"verdict": "died", "rules": {}, "hints": [], "message": done.stderr.strip()[-300:]}
    return {"verdict": told["verdict"], "executions": told["executions"],
            "rules": {found["rule"]: found["message"] for found in told["violations"]},
            "hints": [hint["rule"] for hint in told.get("hints", [])],
            "message": told.get("error", "")}


def check_originals(program, designs, folder, pool):
    """What is said of each original: {(target, profile): found}. Raises Impossible unless clean."""
    asked = {(target, profile): pool.submit(explore, program, target, profile, folder)
             for profile in EXECUTIONS for design in designs for target in design["scenarios"]}
    told = {key: one.result() for key, one in asked.items()}
    for (target, profile), found in told.items():
        if profile == "documented" and (found["rules"] or found["verdict"] == "error"):
            raise Impossible(f"the original {target} is not clean: {found}")
    return told


def judge(builder, design, mutant, originals, folder):
    """The row of one mutant: what was changed, and what found it or did not."""
    row = {"id": mutant.id, "design": design["name"], "file": mutant.file, "line": mutant.line,
           "operator": mutant.operator, "before": mutant.before, "after": mutant.after}
    own = folder / mutant.id
    try:
        program = builder.make(mutant, own)
        if program is None:
            return {**row, "verdict": "does not compile"}
        notes, hints = [], set()
        for profile in EXECUTIONS:
            for target in design["scenarios"]:
                original = originals[target, profile]
                found = explore(program, target, profile, own)
                for rule, message in found["rules"].items():
                    if profile == "documented":
                        return {**row, "verdict": "caught", "rule": rule, "target": target,
                                "executions": found["executions"], "message": message}
                    if rule not in original["rules"]:
                        notes.append(f"{rule} in {target}, {profile}: {message}")
                if found["verdict"] in ("error", "no end", "died"):
                    notes.append(f"{found['verdict']} in {target}, {profile}: "
                                 f"{found.get('message', '')}")
                hints |= set(found["hints"]) - set(original["hints"])
        return {**row, "verdict": "survived", "notes": notes, "hints": sorted(hints)}
    finally:
        shutil.rmtree(own, ignore_errors=True)


def judge_all(options, designs, mutants, build, folder):
    """The rows of all mutants, in their order."""
    builder = Builder(build)
    shutil.rmtree(folder, ignore_errors=True)
    rows = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        originals = check_originals(build / "tools/nmrcheck", designs, folder, pool)
        waiting = [pool.submit(judge, builder, design, mutant, originals, folder)
                   for design, mutant in mutants]
        for one in waiting:
            rows.append(one.result())
            if options.verbose:
                print(rows[-1]["verdict"], rows[-1]["id"], file=sys.stderr)
            elif len(rows) % 25 == 0:
                print(f"{len(rows)} of {len(waiting)} mutants", file=sys.stderr)
    folder.mkdir(exist_ok=True)
    return rows


def run(options):
    designs = [d for d in read_designs(HERE / "designs.json") if options.only in d["name"]]
    mutants = [(d, m) for d, m in find_mutants(ROOT, designs)
               if options.mutant in m.id and in_part(m.id, options.part)]
    if options.list:
        for design, mutant in mutants:
            print(f"{mutant.id}\t{mutant.file}:{mutant.line}\n  {design['name']}\n"
                  f"  - {mutant.before}\n  + {mutant.after}")
        print(f"{len(mutants)} mutants")
        return 0
    build = pathlib.Path(options.build).resolve()
    folder = build / "mutants"
    if options.last:
        rows = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    else:
        rows = judge_all(options, designs, mutants, build, folder)
        (folder / "report.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    whole = not (options.only or options.mutant) and options.part == PART
    explanations = report.read_explanations(HERE / "survivors.json")
    wrong = report.check(rows, explanations, whole)
    (folder / "report.md").write_text(report.as_text(rows, explanations), encoding="utf-8")
    print(report.summary(rows, explanations))
    for line in wrong:
        print(line)
    print(f"all mutants: {folder / 'report.md'}")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=str(ROOT / "build/release"), help="a finished build")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="mutants at a time")
    parser.add_argument("--only", default="", help="designs whose name contains this")
    parser.add_argument("--mutant", default="", help="mutants whose id contains this")
    parser.add_argument("--part", type=read_part, default=PART, metavar="I/N",
                        help="part I, from 0, of N parts of the mutants (0/3)")
    parser.add_argument("--last", action="store_true",
                        help="run nothing: judge the last report by survivors.json again")
    parser.add_argument("--verbose", action="store_true", help="print each verdict")
    parser.add_argument("--list", action="store_true", help="only print the mutants")
    try:
        return run(parser.parse_args())
    except (Impossible, OSError, ValueError) as error:
        print(f"mutate: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
