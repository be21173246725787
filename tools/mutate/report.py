"""The report of a mutation check: rows of mutants into tables, and survivors against explanations."""
import json

CLASSES = ("equivalent", "harmless", "needs another scenario", "hole")


def read_explanations(path):
    """{mutant id: (class, why)} of survivors.json. Raises ValueError for a malformed one."""
    told = {}
    for group in json.loads(path.read_text(encoding="utf-8")):
        if group["class"] not in CLASSES or not group["why"].strip():
            raise ValueError(f"{path.name}: class is one of {CLASSES}, why is not empty: {group}")
        for one in group["mutants"]:
            if one in told:
                raise ValueError(f"{path.name}: {one} is explained twice")
            told[one] = (group["class"], group["why"])
    return told


def check(rows, explanations, whole):
    """What is wrong, a line each: survivors without an explanation, explanations without one.

    `whole` says that the rows are all mutants, so that an explanation of another is stale.
    """
    verdicts = {row["id"]: row["verdict"] for row in rows}
    wrong = [f"{one}: survived and has no explanation"
             for one, verdict in verdicts.items()
             if verdict == "survived" and one not in explanations]
    for one in explanations:
        if one not in verdicts and whole:
            wrong.append(f"{one}: explained, and there is no such mutant")
        elif verdicts.get(one, "survived") != "survived":
            wrong.append(f"{one}: explained, and its verdict is now: {verdicts[one]}")
    return wrong


def table(rows, key, title):
    """Mutants, caught and share for each value of a key, in the order of first appearance."""
    lines = [f"| {title} | mutants | caught | survived | share caught |", "|---|---|---|---|---|"]
    for value in [*dict.fromkeys(row[key] for row in rows), "all"]:
        own = [row["verdict"] for row in rows if value in (row[key], "all")]
        own = [verdict for verdict in own if verdict != "does not compile"]
        if own:
            caught = own.count("caught")
            lines.append(f"| {value} | {len(own)} | {caught} | {own.count('survived')} | "
                         f"{100 * caught / len(own):.1f} % |")
    return "\n".join(lines)


def family(rule):
    """NMR-DET of NMR-DET-04; harness of harness.deadlock."""
    return rule.rsplit("-", 1)[0] if "-" in rule else rule.split(".")[0]


def rules_table(rows):
    counts = {}
    for row in rows:
        if "rule" in row:
            rules = counts.setdefault(family(row["rule"]), {})
            rules[row["rule"]] = rules.get(row["rule"], 0) + 1
    lines = ["| family | mutants | rules |", "|---|---|---|"]
    for name, rules in sorted(counts.items(), key=lambda item: -sum(item[1].values())):
        each = ", ".join(f"{rule} {number}" for rule, number in sorted(rules.items()))
        lines.append(f"| {name} | {sum(rules.values())} | {each} |")
    return "\n".join(lines)


def survivors_table(rows, explanations):
    lines = ["| survivors | mutants |", "|---|---|"]
    classes = [explanations.get(row["id"], ("unexplained", ""))[0]
               for row in rows if row["verdict"] == "survived"]
    for name in (*CLASSES, "unexplained"):
        if classes.count(name):
            lines.append(f"| {name} | {classes.count(name)} |")
    return "\n".join(lines)


def summary(rows, explanations):
    """The four tables."""
    skipped = sum(row["verdict"] == "does not compile" for row in rows)
    return "\n\n".join([table(rows, "design", "design"), table(rows, "operator", "operator"),
                        rules_table(rows), survivors_table(rows, explanations),
                        f"{skipped} more changes do not compile."]) + "\n"


def as_text(rows, explanations):
    """The tables, then each mutant."""
    lines = [summary(rows, explanations)]
    for row in rows:
        if row["verdict"] == "does not compile":
            continue
        lines.append(f"## {row['id']}\n\n{row['file']}:{row['line']}, {row['operator']}\n\n"
                     f"    - {row['before']}\n    + {row['after']}\n\n{row['verdict']}")
        if "rule" in row:
            lines.append(f"by {row['rule']} in {row['target']}, execution {row['executions']}: "
                         f"{row['message']}")
        for note in row.get("notes", []):
            lines.append(note)
        if row.get("hints"):
            lines.append(f"new hints: {', '.join(row['hints'])}")
        if row["id"] in explanations:
            lines.append(": ".join(explanations[row["id"]]))
        lines.append("")
    return "\n".join(lines)
