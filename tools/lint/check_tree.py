#!/usr/bin/env python3
"""Checks what the compiler does not: who may include whom, banned names, sizes.

Run from anywhere: tools/lint/check_tree.py [ROOT]. Prints a line for each finding, with what to do,
and exits with 1 if there is any.
"""
import pathlib
import re
import subprocess
import sys

LINES_MAX = 400
COLUMNS_MAX = 100

# A folder may include itself and the folders listed; the longest matching prefix of a path decides.
LAYERS = {
    "sim/core": [],
    "sim/strategy": ["sim/core"],
    "sim/run": ["sim/core", "sim/strategy"],
    "sim/explore": ["sim/core", "sim/strategy", "sim/run"],
    "model/kernel": ["sim/core", "sim/run", "model/event.h", "model/image/happens_before.h"],
    "model/nmr": ["sim/core", "sim/run", "model/kernel", "model/event.h", "model/profile.h",
                  "model/choice_points.h", "model/answers.h"],
    "model/ndisif": ["sim/core", "sim/run", "model/kernel", "model/event.h", "model/interface_facts.h", "model/profile.h",
                     "model/choice_points.h", "model/answers.h"],
    # What the registrars share: the tables of choice points joined, and how one is asked.
    "model/choice_points": ["model/profile.h", "model/nmr/choices.h", "model/ndisif/choices.h"],
    "model/own_profile": ["model/profile.h", "model/choice_points.h"],
    "model/answers": ["sim/core", "sim/run", "model/profile.h", "model/choice_points.h"],
    "model/rules": ["sim/core", "sim/run", "model/kernel", "model/nmr", "model/ndisif",
                    "model/event.h", "model/interface_facts.h", "model/rule.h"],
    "model/image": ["sim/core"],
    "model/ddk": ["sim/core", "sim/run", "model"],
    "model/driver": ["sim/core", "sim/run", "model"],
    # The composition root: the world owns kernel, registrar, view and rules.
    "model/world": ["sim/core", "sim/run", "model/event.h", "model/profile.h", "model/kernel",
                    "model/nmr", "model/ndisif", "model/rules", "model/situations.h"],
    "model/situations": ["sim/core", "sim/run", "model/event.h", "model/rule.h", "model/kernel",
                         "model/nmr", "model/ndisif"],
    "model": ["sim/core", "sim/run", "model/event.h"],
    "scenarios": ["sim/core", "sim/run", "model"],
    # Benchmarks of the engine: no drivers, no registrar.
    "scenarios/engine": ["sim/core", "sim/run", "scenarios/scenario.h"],
    "tools": ["sim", "model", "scenarios"],
    # The tests of sim build without model and scenarios, as sim does.
    "tests/sim": ["sim"],
    "tests": ["sim", "model", "scenarios", "tools"],
}


def include(headers):
    """A pattern for including one of the headers, in either kind of brackets."""
    return rf'^\s*#\s*include\s*[<"](?:{headers})'


# What must not appear, where it may all the same, and what to use instead. A home is a folder, a
# file, or the end of a file's name.
BANNED = [
    (include("boost/"), ["sim/run/fiber.cpp", "tools/bench/", "tests/"],
     "go through sim/run/fiber.h"),
    (include("nlohmann/"), ["sim/explore/failure_json.cpp", "sim/explore/failure_json_writer.cpp",
                            "tools/", "tests/"],
     "keep JSON in sim/explore/failure_json.cpp and its writer"),
    (include("gtest|gmock|rapidcheck"), ["tests/"], "tests belong in tests/"),
    (include("(?:thread|mutex|shared_mutex|condition_variable|future|stop_token|semaphore|barrier"
             "|latch)>"), ["sim/explore/workers.", "sim/explore/crew.cpp", "tests/"],
     "OS threads belong in sim/explore/workers and crew"),
    (r"std::(?:jthread|thread|async|mutex|condition_variable)\b",
     ["sim/explore/workers.", "sim/explore/crew.cpp", "tests/"], "OS threads belong in sim/explore/workers and crew"),
    (r"\bthread_local\b",
     ["sim/run/fiber.cpp", "sim/run/crash_posix.cpp", "model/ddk/driver_program.cpp",
      "model/driver/images.cpp", "model/driver/hooks.cpp", "tests/"],
     "pass the context as a parameter; fibers share the variables of their OS thread"),
    (include("random>") + r"|std::random_device|\bs?rand\(", ["tests/"], "use sim/core/rng.h"),
    (include("(?:chrono|ctime)>") + r"|(?:steady|system|high_resolution)_clock",
     ["sim/explore/stopwatch.h", "sim/run/fiber.cpp", "tools/", "tests/"],
     "an execution has no clock; searches use sim/explore/stopwatch.h"),
    (r"\bgetenv\b", ["tools/", "tests/"], "the environment must not influence an execution"),
    (r"\bunordered_(?:multi)?(?:map|set)\b", ["tools/", "tests/"],
     "its order may differ between runs; use a sorted vector or std::map"),
    (include(r"(?:unistd|signal|pthread|time|fcntl|poll|dlfcn|sched|ucontext|termios"
             r"|sys/[a-z]+)\.h>"), ["_posix.cpp", "_posix_test.cpp", "sim/run/fiber.cpp"],
     "POSIX belongs in a file whose name ends in _posix.cpp"),
    (include(r"windows\.h>"), ["_windows.cpp"],
     "Windows belongs in a file whose name ends in _windows.cpp"),
    (r"\b(TODO|FIXME|XXX)\b", [], "open an issue, or delete it"),
]

# The folders whose headers are included by full path, and where a bare name is right all the same:
# the WDK's headers include each other as the WDK's do, their tests in C lie beside the header, and
# drivers are laid out as drivers are.
TOP_FOLDERS = ("sim/", "model/", "scenarios/", "tools/", "tests/")
BARE_INCLUDES = ["model/ddk/include/", "model/ddk/km/", "tests/model/ddk/", "scenarios/drivers/",
                 "tests/package/driver/"]

# Headers that mean something else when they are included a second time.
INCLUDED_AGAIN = ["model/ddk/include/guiddef.h"]

SOURCES = (".h", ".cpp", ".c")


def layer_of(path):
    names = [name for name in LAYERS if path == name or path.startswith((name + "/", name + "."))]
    return max(names, key=len) if names else None


def check_includes(path, text):
    layer = layer_of(path)
    if layer is None:
        yield 1, "lies in no known folder; add it to LAYERS in tools/lint/check_tree.py"
        return
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^">]+)[">]', line)
        if not found:
            continue
        bracket, target = found.groups()
        if bracket == '"' and "/" not in target:
            if not any(path.startswith(home) for home in BARE_INCLUDES):
                yield number, f"includes {target}; name it by its path from the project's root"
            continue
        if not target.startswith(TOP_FOLDERS):
            continue
        allowed = [layer] + LAYERS[layer]
        if not any(target == a or target.startswith((a + "/", a + ".")) for a in allowed):
            yield number, f"{layer} must not include {target}; it may include {', '.join(allowed)}"


def check_banned(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, homes, instead in BANNED:
            found = re.search(pattern, line)
            if not found:
                continue
            if not any(path.startswith(home) or path.endswith(home) for home in homes):
                yield number, f"{found.group(0).strip()} is banned here: {instead}"


def check_shape(path, text):
    lines = text.splitlines()
    if len(lines) > LINES_MAX:
        yield LINES_MAX + 1, f"{len(lines)} lines; at most {LINES_MAX}: split it by concept"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield number, f"{len(line)} columns; at most {COLUMNS_MAX}: run clang-format"
    if not lines or not lines[0].startswith(("// ", "/* ")):
        yield 1, "should begin with a comment that says in a sentence what the file is"
    if path.endswith(".h") and "#pragma once" not in text and path not in INCLUDED_AGAIN:
        yield 1, "has no #pragma once; add it below the first comment"


def check_file(path, text):
    """Yields (line, message) for each finding in one file. `path` is relative to the root."""
    for check in (check_includes, check_banned, check_shape):
        yield from check(path, text)


def tracked_sources(root):
    listed = subprocess.run(["git", "-C", str(root), "ls-files"], capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.splitlines()
    else:
        names = [str(p.relative_to(root)) for p in root.rglob("*") if "build" not in p.parts]
    return [n for n in names if n.endswith(SOURCES) and (root / n).is_file()]


def main():
    here = pathlib.Path(__file__).resolve().parent.parent.parent
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else here
    sources = tracked_sources(root)
    findings = 0
    for name in sources:
        for number, message in check_file(name, (root / name).read_text(encoding="utf-8")):
            print(f"{name}:{number}: {message}")
            findings += 1
    print(f"{len(sources)} files, {findings} findings")
    return 1 if findings or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
