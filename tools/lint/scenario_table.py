#!/usr/bin/env python3
"""The table of scenarios in scenarios/README.md: written from the catalog, or checked against it.

tools/lint/scenario_table.py --binary PATH [--write]. Without --write, exits with 1 if the table is
not what the catalog says.
"""
import argparse
import json
import pathlib
import subprocess
import sys

BEGIN = "<!-- written by tools/lint/scenario_table.py -->\n"
END = "<!-- end of the table -->\n"
README = pathlib.Path(__file__).resolve().parent.parent.parent / "scenarios" / "README.md"
# Families that are benchmarks: their programs have tables of their own.
LEFT_OUT = ("engine/",)


def row(cells):
    return "| " + " | ".join(cells) + " |\n"


def table_of(scenarios):
    """One row a faulty design, and a row a correct one that has no faulty twin."""
    lines = [row(["scenario", "rules", "twin", "source"]), "|---|---|---|---|\n"]
    for scenario in scenarios:
        name, twin, rules = scenario["name"], scenario["twin"], scenario["expected"]
        if name.startswith(LEFT_OUT) or (twin and not rules):
            continue
        lines.append(row([f"`{name}`", ", ".join(rules) or "none: correct",
                          f"`{twin}`" if twin else "", scenario["source"]]))
    return "".join(lines)


def with_table(text, table):
    """The README's text with the table in place. None without both marks, in their order."""
    before, begin, rest = text.partition(BEGIN)
    old, end, after = rest.partition(END)
    if not begin or not end:
        return None
    return before + BEGIN + "\n" + table + "\n" + END + after


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, help="the program nmrcheck")
    parser.add_argument("--write", action="store_true", help="bring the table up to date")
    arguments = parser.parse_args()
    listed = subprocess.run([arguments.binary, "list", "scenarios", "--format", "json"],
                            capture_output=True, text=True, check=True)
    text = README.read_text(encoding="utf-8")
    wanted = with_table(text, table_of(json.loads(listed.stdout)))
    if wanted is None:
        print(f"{README}: the marks of the table are missing: {BEGIN}{END}")
        return 1
    if arguments.write:
        README.write_text(wanted, encoding="utf-8")
        return 0
    if text != wanted:
        print(f"{README}: the table is not current; run tools/lint/scenario_table.py --binary "
              f"{arguments.binary} --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
