#!/usr/bin/env python3
"""The tables of scenarios in scenarios/README.md: written, or checked.

tools/lint/scenario_table.py --binary PATH [--measure | --write]

Without options, checks in a moment that the tables have the catalog's scenarios with their rules
and sources, and results that fit them. --measure explores every scenario as the tables say and
checks each cell; --write does the same and brings the file up to date. Exits with 1 if the file
is not current.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

BEGIN = "<!-- written by tools/lint/scenario_table.py -->\n"
END = "<!-- end of the table -->\n"
README = pathlib.Path(__file__).resolve().parent.parent.parent / "scenarios" / "README.md"
# Families that are benchmarks: their programs have tables of their own.
LEFT_OUT = ("engine/",)
LABELS = ("bug", "reachable-on-windows", "fragility")
HINT = "hint"  # in the place of a label: a rule of severity S6, which decides no verdict
FAULTY = ["scenario", "may break", "breaks first", "label", "found by", "executions", "source"]
CORRECT = ["scenario", "verdict", "traces", "source"]


def row(cells):
    return "| " + " | ".join(cells) + " |\n"


def grouped(number):
    """1 234 567, as the program prints it."""
    return f"{number:,}".replace(",", " ")


def result_of(scenario, report):
    """The measured cells of a scenario's row, from what `explore --format json` says of it."""
    hints = [hint["rule"] for hint in report["hints"] if hint["rule"] in scenario["expected"]]
    if report["violations"]:
        first = report["violations"][0]
        return [first["rule"], first["label"], first["strategy"], grouped(report["executions"])]
    if hints:
        return [hints[0], HINT, report["strategy"], grouped(report["executions"])]
    traces = grouped(sum(report["executions_by_deviations"]))
    if report["verdict"] == "verified":
        return ["verified", f"all {traces}"]
    bound = report.get("deviations_complete")
    if bound is None:
        return [report["verdict"], "no bound complete"]
    plural = "" if bound == 1 else "s"
    return [report["verdict"], f"{traces} with up to {bound} deviation{plural}"]


def cells_of(scenario, result):
    """A whole row; `result` are its measured cells."""
    name = f"`{scenario['name']}`"
    if scenario["expected"]:
        return [name, ", ".join(scenario["expected"]), *result, scenario["source"]]
    # What a corrected design comes from stands with its twin.
    return [name, *result, "" if scenario["twin"] else scenario["source"]]


def tables_of(scenarios, results):
    """For each family two tables. `results` has the measured cells by scenario."""
    families = {}
    for scenario in scenarios:
        if not scenario["name"].startswith(LEFT_OUT):
            families.setdefault(scenario["name"].split("/")[0], []).append(scenario)
    text = []
    for family, members in families.items():
        for title, header, faulty in (("faulty", FAULTY, True), ("correct", CORRECT, False)):
            chosen = [one for one in members if bool(one["expected"]) == faulty]
            if not chosen:
                continue
            text.append(f"### {family}: {title} designs\n\n")
            text.append(row(header) + "|" + "---|" * len(header) + "\n")
            text += [row(cells_of(one, results[one["name"]])) for one in chosen]
            text.append("\n")
    return "".join(text)


def results_in(text):
    """The measured cells that a README's tables have, by scenario."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        name = re.fullmatch(r"`(.+/.+)`", cells[0])
        if name and len(cells) == len(FAULTY):
            found[name[1]] = cells[2:6]
        elif name and len(cells) == len(CORRECT):
            found[name[1]] = cells[1:3]
    return found


def misfit(scenario, result):
    """Why measured cells cannot be this scenario's; None if they can."""
    if not scenario["expected"]:
        return None if result[0] in ("verified", "clean") else "a correct design should break nothing"
    if len(result) != 4 or result[0] not in scenario["expected"]:
        return "should break one of the rules that the catalog expects"
    return None if result[1] in (*LABELS, HINT) else f"should have one of the labels {', '.join(LABELS)}"


def with_table(text, table):
    """The README's text with the tables in place. None without both marks, in their order."""
    before, begin, rest = text.partition(BEGIN)
    old, end, after = rest.partition(END)
    if not begin or not end:
        return None
    return before + BEGIN + "\n" + table + END + after


def measure(binary, scenarios):
    """Explores all with the program's defaults. Returns the measured cells by scenario."""
    names = [one["name"] for one in scenarios if not one["name"].startswith(LEFT_OUT)]
    with tempfile.TemporaryDirectory() as out:
        ran = subprocess.run([binary, "explore", *names, "--format", "json", "--out", out],
                             capture_output=True, text=True, check=False)
    by_name = {one["name"]: one for one in scenarios}
    return {report["target"]: result_of(by_name[report["target"]], report)
            for report in json.loads(ran.stdout)}


def check(text, scenarios, results):
    """What is wrong with the README's text, one line each."""
    wrong = [f"{one['name']}: {misfit(one, results[one['name']])}" for one in scenarios
             if one["name"] in results and misfit(one, results[one["name"]])]
    missing = [one["name"] for one in scenarios
               if one["name"] not in results and not one["name"].startswith(LEFT_OUT)]
    if missing:
        return wrong + [f"no row for {', '.join(missing)}"]
    wanted = with_table(text, tables_of(scenarios, results))
    if wanted is None:
        return [f"the marks of the tables are missing: {BEGIN}{END}"]
    old, new = text.splitlines(), set(wanted.splitlines())
    if text != wanted:
        wrong += [f"not current: {line}" for line in old if line not in new] or ["not current"]
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, help="the program nmrcheck")
    parser.add_argument("--measure", action="store_true", help="explore, and check every cell")
    parser.add_argument("--write", action="store_true", help="explore, and write the tables")
    arguments = parser.parse_args()
    listed = subprocess.run([arguments.binary, "list", "scenarios", "--format", "json"],
                            capture_output=True, text=True, check=True)
    scenarios = json.loads(listed.stdout)
    text = README.read_text(encoding="utf-8")
    if arguments.measure or arguments.write:
        results = measure(arguments.binary, scenarios)
    else:
        results = results_in(text)
    if arguments.write:
        text = with_table(text, tables_of(scenarios, results)) or text
        README.write_text(text, encoding="utf-8")
    wrong = check(text, scenarios, results)
    for line in wrong:
        print(f"{README}: {line}")
    if wrong:
        print(f"run tools/lint/scenario_table.py --binary {arguments.binary} --write")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
