#!/usr/bin/env python3
"""Each operator makes exactly the changes that it says, and a report fails when it should."""
import pathlib
import tempfile
import unittest

import mutate
import operators
import report
import source

TEXT = """// A design.
namespace designs {
namespace {

struct Binding {
  int calls;
};

void end_call(Binding& binding) {
  const HANDLE handle = binding.handle;  // the binding may be gone; so
  KIRQL irql;
  KeAcquireSpinLock(&binding.lock, &irql);
  const bool last = --binding.calls == 0 && binding.detaching;
  KeReleaseSpinLock(&binding.lock, irql);
  if (last) NmrClientDetachProviderComplete(handle);
}

NTSTATUS detach(PVOID context) {
  Binding& binding = of(context);
  NTSTATUS status = STATUS_SUCCESS;
  lock(binding.lock, [&] {
    NMRCHECK_TOUCH(&binding);
    binding.detaching = TRUE;
    if (binding.calls > 0) status = STATUS_PENDING;
  });
  return status;
}

VOID cleanup(PVOID context) { ExFreePoolWithTag(context, "{;}"); }

template <bool kFaulty>
void twin(Binding& binding) {
  if (kFaulty) free_all(binding);
  for (int i = 0; i < 2; ++i) use(binding);
}

}  // namespace
}  // namespace designs
"""


def changes(operator, function, constants=()):
    """(before, after) of the operator's mutants of one function."""
    return [(m.before, m.after) for m in operators.mutants_of("x/design.cpp", TEXT, [function], constants)
            if m.operator == operator]


class SourceTest(unittest.TestCase):
    def test_functions(self):
        self.assertEqual([f.name for f in source.functions_of(TEXT)],
                         ["end_call", "detach", "cleanup", "twin"])
        self.assertEqual([f.returns_status for f in source.functions_of(TEXT)],
                         [False, True, False, False])

    def test_statements(self):
        kinds = {f.name: [s.kind for s in source.statements_of(f.statements)]
                 for f in source.functions_of(TEXT)}
        self.assertEqual(kinds["end_call"], ["declaration", "declaration", "simple", "declaration",
                                             "simple", "if", "simple"])
        self.assertEqual(kinds["detach"], ["declaration", "declaration", "simple", "simple",
                                           "simple", "if", "simple", "return"])
        self.assertEqual(kinds["twin"], ["if", "simple", "for", "simple"])

    def test_comments_and_literals_are_blank(self):
        self.assertEqual(source.mask('a; // b\n"c\\";" 10\'000'), 'a;     \n       10\'000')

    def test_brackets_that_do_not_match(self):
        with self.assertRaises(source.Malformed):
            source.functions_of("void f() { g(; }")


class OperatorsTest(unittest.TestCase):
    def test_delete(self):
        self.assertEqual(changes("delete", "end_call"), [
            ("KeReleaseSpinLock(&binding.lock, irql);", ";"),
            ("if (last) NmrClientDetachProviderComplete(handle);", ";"),
            ("if (last) NmrClientDetachProviderComplete(handle);", "if (last) ;")])

    def test_announcements_are_left_alone(self):
        deleted = [before for before, _ in changes("delete", "detach")]
        self.assertEqual(len(deleted), 4)  # lock, assignment, if, the assignment under it
        self.assertNotIn("NMRCHECK_TOUCH(&binding);", deleted)

    def test_swap(self):
        self.assertEqual([after for _, after in changes("swap", "end_call")], [
            "if (last) NmrClientDetachProviderComplete(handle); "
            "KeReleaseSpinLock(&binding.lock, irql);"])

    def test_twice_and_to_front(self):
        self.assertEqual([after for _, after in changes("twice", "cleanup")], [
            'VOID cleanup(PVOID context) { { ExFreePoolWithTag(context, "{;}"); '
            'ExFreePoolWithTag(context, "{;}"); } }'])
        self.assertEqual([after[:13] for _, after in changes("to-front", "end_call")],
                         ["if (last) Nmr"])
        self.assertEqual(changes("to-front", "cleanup"), [])  # it is in front

    def test_status(self):
        self.assertEqual([after for _, after in changes("status", "detach")], [
            "NTSTATUS status = STATUS_PENDING;", "if (binding.calls > 0) status = STATUS_SUCCESS;",
            "{ (void)(status); return STATUS_SUCCESS; }",
            "{ (void)(status); return STATUS_PENDING; }"])

    def test_conditions(self):
        self.assertEqual([after for _, after in changes("negate", "end_call")],
                         ["if (!(last)) NmrClientDetachProviderComplete(handle);"])
        self.assertEqual([after for _, after in changes("conjunct", "end_call")], [
            "const bool last = binding.detaching;", "const bool last = --binding.calls == 0;",
            "const bool last = --binding.calls == 0 || binding.detaching;"])
        self.assertEqual([after for _, after in changes("compare", "detach")], [
            "if (binding.calls >= 0) status = STATUS_PENDING;",
            "if (binding.calls > 1) status = STATUS_PENDING;"])

    def test_count(self):
        self.assertEqual([after for _, after in changes("count", "end_call")], [
            "const bool last = ++binding.calls == 0 && binding.detaching;",
            "const bool last = binding.calls == 0 && binding.detaching;"])
        self.assertEqual([after for _, after in changes("count", "detach")],
                         ["binding.detaching = FALSE;"])

    def test_copy_late(self):
        (_, after), = changes("copy-late", "end_call")
        self.assertIn("NmrClientDetachProviderComplete(NMRCHECK_READ(binding.handle));", after)

    def test_locks(self):
        (_, dropped), = changes("drop-lock", "end_call")
        self.assertEqual(dropped, "; const bool last = --binding.calls == 0 && binding.detaching; ;")
        (_, split), = changes("split-lock", "end_call")
        self.assertEqual(split, "bool last = --binding.calls == 0; "
                                "KeReleaseSpinLock(&binding.lock, irql); "
                                "KeAcquireSpinLock(&binding.lock, &irql); "
                                "last = last && binding.detaching;")
        (_, split), = changes("split-lock", "detach")
        self.assertEqual(split, "}); lock(binding.lock, [&] { if (binding.calls > 0) status = "
                                "STATUS_PENDING;")

    def test_hold_lock(self):
        text = TEXT.replace("  });\n  return status;", "  });\n  complete(binding);\n  return status;")
        held = [m for m in operators.mutants_of("x.cpp", text, ["detach"])
                if m.operator == "hold-lock"]
        self.assertEqual(len(held), 1)
        self.assertIn("status = STATUS_PENDING; complete(binding); }); ;", held[0].after)

    def test_what_chooses_the_twin_is_left_alone(self):
        self.assertEqual(len(changes("negate", "twin")), 1)
        self.assertEqual(changes("negate", "twin", ("kFaulty",)), [])

    def test_unknown_function(self):
        with self.assertRaises(KeyError):
            list(operators.mutants_of("x.cpp", TEXT, ["absent"]))

    def test_ids_survive_edits_elsewhere(self):
        def ids(text):
            return [m.id for m in operators.mutants_of("x.cpp", text, ["end_call"])]

        self.assertEqual(ids(TEXT), ids("// one line more\n" + TEXT.replace("cleanup", "clean")))
        self.assertEqual(len(set(ids(TEXT))), len(ids(TEXT)))


class MutateTest(unittest.TestCase):
    def test_designs_are_there(self):
        designs = mutate.read_designs(mutate.HERE / "designs.json")
        mutants = mutate.find_mutants(mutate.ROOT, designs)
        checked = [m for _, m in mutants if mutate.in_part(m.id, mutate.PART)]
        self.assertGreaterEqual(len(checked), 150)
        explained = report.read_explanations(mutate.HERE / "survivors.json")
        self.assertLessEqual(set(explained), {m.id for m in checked})

    def test_the_parts_are_the_whole(self):
        ids = [f"a.b.c.{number:06x}" for number in range(0, 10_000, 37)]
        parts = [[one for one in ids if mutate.in_part(one, (index, 3))] for index in range(3)]
        self.assertEqual(sorted(sum(parts, [])), ids)
        self.assertEqual(mutate.read_part("2/3"), (2, 3))
        for wrong in ("3/3", "x", "1", "-1/2"):
            with self.assertRaises(mutate.argparse.ArgumentTypeError):
                mutate.read_part(wrong)


class ReportTest(unittest.TestCase):
    ROWS = [{"id": "a", "verdict": "survived", "design": "C1", "operator": "swap"},
            {"id": "b", "verdict": "caught", "design": "C1", "operator": "swap",
             "rule": "NMR-DET-04"},
            {"id": "c", "verdict": "does not compile", "design": "C1", "operator": "swap"}]

    def test_survivors_need_an_explanation(self):
        self.assertEqual(report.check(self.ROWS, {"a": ("hole", "why")}, True), [])
        self.assertEqual(report.check(self.ROWS, {}, True),
                         ["a: survived and has no explanation"])

    def test_stale_explanations(self):
        told = {"a": ("hole", "why"), "b": ("hole", "why"), "gone": ("hole", "why")}
        self.assertEqual(len(report.check(self.ROWS, told, True)), 2)
        self.assertEqual(report.check(self.ROWS, told, False),
                         ["b: explained, and its verdict is now: caught"])

    def test_shares(self):
        self.assertIn("| C1 | 2 | 1 | 1 | 50.0 % |", report.table(self.ROWS, "design", "design"))
        self.assertIn("| NMR-DET | 1 | NMR-DET-04 1 |", report.rules_table(self.ROWS))
        self.assertIn("| unexplained | 1 |", report.survivors_table(self.ROWS, {}))

    def test_malformed_explanations(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "survivors.json"
        group = {"class": "equivalent", "why": "so", "mutants": ["a"]}
        for wrong in ({"class": "other"}, {"why": " "}, {"mutants": ["a", "a"]}):
            path.write_text(report.json.dumps([{**group, **wrong}]), encoding="utf-8")
            with self.assertRaises(ValueError):
                report.read_explanations(path)


if __name__ == "__main__":
    unittest.main()
