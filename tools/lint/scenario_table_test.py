#!/usr/bin/env python3
"""Tests of the table of scenarios."""
import sys
import unittest

import scenario_table as table

FAULTY = {"name": "nmr/a", "expected": ["R-1", "R-2"], "twin": "nmr/a-fixed", "source": "a page"}
FIXED = {"name": "nmr/a-fixed", "expected": [], "twin": "nmr/a", "source": "a page"}
ALONE = {"name": "nmr/b", "expected": [], "twin": "", "source": "an issue"}
BENCHMARK = {"name": "engine/c", "expected": ["R-1"], "twin": "", "source": "a paper"}


class TableTest(unittest.TestCase):
    def test_a_row_for_each_design_but_fixed_twins_and_benchmarks(self):
        rows = table.table_of([FAULTY, FIXED, ALONE, BENCHMARK]).splitlines()
        self.assertEqual(rows[2:], ["| `nmr/a` | R-1, R-2 | `nmr/a-fixed` | a page |",
                                    "| `nmr/b` | none: correct |  | an issue |"])

    def test_replaces_what_is_between_the_marks(self):
        text = "before\n" + table.BEGIN + "old\n" + table.END + "after\n"
        wanted = "before\n" + table.BEGIN + "\nnew\n\n" + table.END + "after\n"
        self.assertEqual(table.with_table(text, "new\n"), wanted)
        self.assertEqual(table.with_table(wanted, "new\n"), wanted)

    def test_needs_both_marks(self):
        self.assertIsNone(table.with_table("no table", "new\n"))
        self.assertIsNone(table.with_table(table.BEGIN, "new\n"))


if __name__ == "__main__":
    sys.exit(0 if unittest.main(exit=False).result.wasSuccessful() else 1)
