#!/usr/bin/env python3
"""Every check fires on a bad example and is silent on a good one."""
import unittest

from check_tree import check_file

GOOD = "// A file.\n#pragma once\n"


def findings(path, text):
    return [message for _, message in check_file(path, text)]


class CheckTreeTest(unittest.TestCase):
    def assert_finds(self, part, path, text):
        self.assertTrue(any(part in m for m in findings(path, text)), findings(path, text))

    def test_good_file_is_silent(self):
        self.assertEqual(findings("sim/core/x.h", GOOD + '#include "sim/core/ids.h"\n'), [])

    def test_layers(self):
        self.assert_finds("must not include", "sim/core/x.h", GOOD + '#include "sim/run/heap.h"\n')
        self.assert_finds("must not include", "sim/run/x.h", GOOD + '#include "model/event.h"\n')
        self.assert_finds("must not include", "sim/strategy/x.h", GOOD + '#include "sim/explore/explorer.h"\n')
        self.assert_finds("must not include", "model/kernel/x.h", GOOD + '#include "model/nmr/view.h"\n')
        self.assert_finds("must not include", "model/rules/x.h", GOOD + '#include "model/world.h"\n')
        self.assert_finds("must not include", "model/ndisif/x.h", GOOD + '#include "model/nmr/view.h"\n')
        self.assert_finds("must not include", "model/nmr/x.h", GOOD + '#include "model/ndisif/choices.h"\n')
        self.assert_finds("must not include", "model/answers.h", GOOD + '#include "model/kernel/kernel.h"\n')
        for shared in ("answers", "choice_points", "profile"):
            for registrar in ("nmr", "ndisif"):
                self.assertEqual(findings(f"model/{registrar}/x.h", GOOD + f'#include "model/{shared}.h"\n'), [])
        self.assertEqual(findings("model/world.h", GOOD + '#include "model/rules/catalog.h"\n'), [])
        self.assert_finds("must not include", "tests/sim/x.cpp", GOOD + '#include "model/event.h"\n')
        self.assert_finds("no known folder", "elsewhere/x.h", GOOD)

    def test_layers_in_every_way_to_write_an_include(self):
        for line in ('#include <sim/explore/explorer.h>', '#  include "sim/explore/explorer.h"',
                     ' #include "sim/explore/explorer.h"'):
            self.assert_finds("must not include", "sim/run/x.h", GOOD + line + "\n")
        self.assertEqual(findings("sim/run/x.h", GOOD + "#include <vector>\n"), [])

    def test_bare_includes(self):
        self.assert_finds("by its path", "sim/run/x.h", GOOD + '#include "heap.h"\n')
        self.assertEqual(findings("model/ddk/include/x.h", GOOD + '#include "wdm.h"\n'), [])

    def test_banned_names(self):
        self.assert_finds("banned", "sim/run/x.cpp", GOOD + "#include <boost/fiber/fiber.hpp>\n")
        self.assertEqual(findings("sim/run/fiber.cpp", GOOD + "#include <boost/fiber/fiber.hpp>\n"), [])
        self.assert_finds("banned", "sim/explore/x.cpp", GOOD + "#include <nlohmann/json.hpp>\n")
        self.assert_finds("banned", "model/x.cpp", GOOD + "#include <thread>\n")
        self.assert_finds("banned", "model/x.cpp", GOOD + "std::random_device d;\n")
        self.assert_finds("banned", "sim/run/x.cpp", GOOD + "std::chrono::steady_clock::now();\n")
        self.assert_finds("banned", "model/x.cpp", GOOD + "std::unordered_map<int, int> m;\n")
        self.assert_finds("banned", "sim/run/x.cpp", GOOD + "#include <unistd.h>\n")
        self.assertEqual(findings("sim/run/x_posix.cpp", GOOD + "#include <unistd.h>\n"), [])
        self.assert_finds("banned", "tools/cli/x.cpp", GOOD + "// TODO later\n")
        self.assert_finds("banned", "model/x.cpp", GOOD + '#include <gtest/gtest.h>\n')

    def test_banned_in_every_way_to_write_them(self):
        for text in ('#include "boost/fiber/fiber.hpp"', "#  include <boost/context/fiber.hpp>",
                     "#include <stop_token>", "std::thread t;", "std::mutex m;",
                     "thread_local int x;", "#include <fcntl.h>", "#include <poll.h>",
                     "#include <sys/mman.h>", "#include <windows.h>", "#include <ctime>",
                     "std::chrono::high_resolution_clock::now();", "int x = rand();",
                     "std::unordered_multimap<int, int> m;", 'std::getenv("HOME");'):
            self.assert_finds("banned", "model/x.cpp", GOOD + text + "\n")

    def test_words_that_only_resemble_banned_ones(self):
        for text in ("operand(x);", "std::this_thread_id x;", "int getenvy;", "// a random choice",
                     "#include <timeline.h>", "std::thread_pool_of_ours p;"):
            self.assertEqual(findings("model/x.cpp", GOOD + text + "\n"), [], text)

    def test_homes(self):
        for path, text in (("sim/explore/workers.cpp", "#include <thread>\nstd::thread t;"),
                           ("sim/explore/failure_json.cpp", "#include <nlohmann/json.hpp>"),
                           ("sim/explore/stopwatch.h", "#include <chrono>"),
                           ("sim/run/stack_windows.cpp", "#include <windows.h>"),
                           ("model/ddk/driver_program.cpp", "thread_local int x;"),
                           ("tools/report/html.cpp", "#include <nlohmann/json.hpp>"),
                           ("tests/sim/run/x_test.cpp", "#include <gtest/gtest.h>")):
            self.assertEqual(findings(path, GOOD + text + "\n"), [], path)

    def test_each_banned_name_says_where_it_stands(self):
        self.assertEqual([line for line, _ in check_file("model/x.cpp", GOOD + "\nstd::thread t;\n")],
                         [4])

    def test_shape(self):
        self.assert_finds("at most 400", "sim/core/x.h", GOOD + "\n" * 400)
        self.assert_finds("at most 100", "sim/core/x.h", GOOD + "x" * 101 + "\n")
        self.assert_finds("begin with a comment", "sim/core/x.h", "#pragma once\n")
        self.assert_finds("no #pragma once", "sim/core/x.h", "// A file.\n")


if __name__ == "__main__":
    unittest.main()
