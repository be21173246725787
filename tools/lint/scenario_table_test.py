#!/usr/bin/env python3
"""Tests of the tables of scenarios."""
import sys
import unittest

import scenario_table as table

FAULTY = {"name": "nmr/a", "expected": ["R-1", "R-2"], "twin": "nmr/a-fixed", "source": "a page"}
FIXED = {"name": "nmr/a-fixed", "expected": [], "twin": "nmr/a", "source": "a page"}
ALONE = {"name": "kernel/b", "expected": [], "twin": "", "source": "an issue"}
BENCHMARK = {"name": "engine/c", "expected": ["R-1"], "twin": "", "source": "a paper"}
CATALOG = [FAULTY, FIXED, ALONE, BENCHMARK]
RESULTS = {"nmr/a": ["R-2", "bug", "dpor", "1 234"], "nmr/a-fixed": ["verified", "all 12"],
           "kernel/b": ["clean", "no bound complete"]}
TEXT = "before\n" + table.BEGIN + "old\n" + table.END + "after\n"


def report(**given):
    return {"violations": [], "hints": [], "executions": 0, "executions_by_deviations": [],
            "strategy": "auto", **given}


class TableTest(unittest.TestCase):
    def test_tables_of_each_family_without_benchmarks(self):
        self.assertEqual(
            [line for line in table.tables_of(CATALOG, RESULTS).splitlines() if line],
            ["### nmr: faulty designs",
             "| scenario | may break | breaks first | label | found by | executions | source |",
             "|---|---|---|---|---|---|---|",
             "| `nmr/a` | R-1, R-2 | R-2 | bug | dpor | 1 234 | a page |",
             "### nmr: correct designs",
             "| scenario | verdict | traces | source |", "|---|---|---|---|",
             "| `nmr/a-fixed` | verified | all 12 |  |",
             "### kernel: correct designs",
             "| scenario | verdict | traces | source |", "|---|---|---|---|",
             "| `kernel/b` | clean | no bound complete | an issue |"])

    def test_reads_back_what_it_wrote(self):
        self.assertEqual(table.results_in(table.tables_of(CATALOG, RESULTS)), RESULTS)

    def test_results_in_words(self):
        found = {"rule": "R-2", "label": "bug", "strategy": "random"}
        hints = [{"rule": "R-9"}, {"rule": "R-1"}]

        def expect(scenario, cells, **given):
            self.assertEqual(table.result_of(scenario, report(**given)), cells)
        expect(FAULTY, ["R-2", "bug", "random", "1 234"], violations=[found], hints=hints,
               executions=1234)
        expect(FAULTY, ["R-1", "hint", "auto", "30"], verdict="verified", hints=hints,
               executions=30)
        expect(FIXED, ["verified", "all 30"], verdict="verified", hints=hints,
               executions_by_deviations=[1, 29])
        expect(FIXED, ["clean", "815 with up to 1 deviation"], verdict="clean",
               deviations_complete=1, executions_by_deviations=[24, 791])
        expect(FIXED, ["clean", "no bound complete"], verdict="clean")

    def test_replaces_what_is_between_the_marks(self):
        wanted = "before\n" + table.BEGIN + "\nnew\n\n" + table.END + "after\n"
        self.assertEqual(table.with_table(TEXT, "new\n\n"), wanted)
        self.assertEqual(table.with_table(wanted, "new\n\n"), wanted)

    def test_needs_both_marks(self):
        self.assertIsNone(table.with_table("no table", "new\n"))
        self.assertIsNone(table.with_table(table.BEGIN, "new\n"))

    def test_says_what_is_wrong(self):
        text = table.with_table(TEXT, table.tables_of(CATALOG, RESULTS))
        self.assertEqual(table.check(text, CATALOG, RESULTS), [])
        other = {**RESULTS, "nmr/a": ["R-2", "bug", "dpor", "1 235"]}
        self.assertEqual(table.check(text, CATALOG, other), [
            "not current: | `nmr/a` | R-1, R-2 | R-2 | bug | dpor | 1 234 | a page |"])
        self.assertEqual(table.check(text, CATALOG, {}),
                         ["no row for nmr/a, nmr/a-fixed, kernel/b"])
        for cells, wrong in ((["R-3", "bug", "dpor", "1"], "should break one of the rules that the "
                              "catalog expects"),
                             (["R-1", "guess", "dpor", "1"], "should have one of the labels bug, "
                              "reachable-on-windows, fragility")):
            self.assertIn(f"nmr/a: {wrong}", table.check(text, CATALOG, {**RESULTS, "nmr/a": cells}))
        broken = {**RESULTS, "nmr/a-fixed": ["R-1", "all 12"]}
        self.assertIn("nmr/a-fixed: a correct design should break nothing",
                      table.check(text, CATALOG, broken))


if __name__ == "__main__":
    sys.exit(0 if unittest.main(exit=False).result.wasSuccessful() else 1)
