#!/usr/bin/env python3
"""The table in scenarios/README.md of what correct designs break under profile `paranoid`.

tools/lint/paranoid_table.py --binary PATH [--write]

For each choice point for which `paranoid` allows more than `documented` does, all correct designs
for that registrar are sampled with `documented` and those alternatives; then with all of `paranoid`,
which adds the designs that break nothing before. Without --write, exits with 1 if the table does not have
exactly what is found, or a search ends in an error.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

BEGIN = "<!-- written by tools/lint/paranoid_table.py -->\n"
END = "<!-- end of what paranoid breaks -->\n"
README = pathlib.Path(__file__).resolve().parent.parent.parent / "scenarios" / "README.md"
# The designs for a registrar, and how its choice points are called.
FAMILIES = {"nmr/": "CP-", "ndisif/": "U"}
EXECUTIONS = "5000"  # of each design and choice point


def listed(binary, what):
    ran = subprocess.run([binary, "list", what, "--format", "json"], capture_output=True,
                         text=True, check=True)
    return json.loads(ran.stdout)


def widened(profiles):
    """The choice points for which paranoid allows more: (as paranoid has it, the letters more)."""
    points = {one["name"]: one["choice_points"] for one in profiles}
    pairs = zip(points["documented"], points["paranoid"])
    more = [(wide, "".join(c for c in wide["allowed"] if c not in narrow["allowed"]))
            for narrow, wide in pairs]
    return [(point, letters) for point, letters in more if letters]


def sample(binary, names, base, allowed):
    """Explores the designs with the profile `base` and these alternatives. Returns the reports."""
    with tempfile.TemporaryDirectory() as folder:
        profile = pathlib.Path(folder) / "widened.json"
        profile.write_text(json.dumps({
            "format": "nmrcheck-profile", "format_version": 1, "name": "widened",
            "base": base, "allowed": allowed}), encoding="utf-8")
        ran = subprocess.run([binary, "explore", *names, "--profile", str(profile), "--strategy",
                              "portfolio", "--executions", EXECUTIONS, "--keep-going", "--format",
                              "json", "--out", folder], capture_output=True, text=True, check=False)
    return json.loads(ran.stdout)


def rows_of(cell, family, reports):
    """One row for each set of rules that some designs break; `cell` says what is allowed."""
    broken = {}
    for report in reports:
        rules = ", ".join(sorted(one["rule"] for one in report["violations"]))
        if rules:
            broken.setdefault(rules, []).append(f"`{report['target'].removeprefix(family)}`")
    if not broken:
        return f"| {cell} | none | |\n"
    return "".join(f"| {cell} | {rules} | {', '.join(names)} |\n"
                   for rules, names in sorted(broken.items()))


def with_table(text, table):
    """The README's text with the table in place. None without both marks, in their order."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        return None
    header = "| what only `paranoid` allows | rules | designs that break them |\n|---|---|---|\n"
    return before + BEGIN + "\n" + header + table + "\n" + END + after


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, help="the program nmrcheck")
    parser.add_argument("--write", action="store_true", help="bring the table up to date")
    arguments = parser.parse_args()
    correct = [one["name"] for one in listed(arguments.binary, "scenarios") if not one["expected"]]
    points = widened(listed(arguments.binary, "profiles"))
    table, errors, broken = "", [], set()

    def look(cell, base, allowed):
        reports = sample(arguments.binary, names, base, allowed)
        errors.extend(f"{cell}, {one['target']}: {one['error']}"
                      for one in reports if one["verdict"] == "error")
        new = [one for one in reports if allowed or one["target"] not in broken]
        broken.update(one["target"] for one in new if one["violations"])
        return rows_of(cell, family, new)

    for family, prefix in FAMILIES.items():
        names = [name for name in correct if name.startswith(family)]
        if not names:
            continue
        for point, letters in points:
            if not point["id"].startswith(prefix):
                continue
            asked = " or ".join(f"({letter}) {point['alternatives'][letter]}" for letter in letters)
            table += look(f"{point['id']}, {asked}", "documented", {point["id"]: point["allowed"]})
        table += look("several of these together", "paranoid", {})
    text = README.read_text(encoding="utf-8")
    wanted = with_table(text, table)
    if wanted is None:
        errors.append(f"the marks of the table are missing: {BEGIN}{END}")
    elif arguments.write:
        README.write_text(wanted, encoding="utf-8")
    elif text != wanted:
        errors += [f"found, and not in the table: {line}"
                   for line in wanted.splitlines() if line not in text.splitlines()]
        errors.append(f"not current; tools/lint/paranoid_table.py --binary {arguments.binary} "
                      "--write brings it up to date")
    for error in errors:
        print(f"{README}: {error}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
