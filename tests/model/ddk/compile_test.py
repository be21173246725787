#!/usr/bin/env python3
"""Compiles drivers' ways to use the WDK against our headers: as C and C++, with GCC and Clang.

Usage: compile_test.py HEADERS. Every file of compile/ must pass without a warning, every name of
compile/names.txt must be used there, and a name that is missing must be named by the error.
"""
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).parent / "compile"
COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]
LANGUAGES = [["-x", "c", "-std=gnu17"], ["-x", "c++", "-std=c++20"]]
# Pool tags are character constants of four letters: the driver's own doing.
FLAGS = ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-Wno-multichar",
         "-fshort-wchar"]


def compile_file(compiler, language, headers, path):
    command = [compiler, *language, *FLAGS, f"-I{headers}", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def missing_name_is_named(compiler, language, headers):
    text = "#include <ntddk.h>\nvoid use(void);\nvoid use(void) { KeNoSuchFunction(1); }\n"
    command = [compiler, *language, *FLAGS, f"-I{headers}", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return done.returncode != 0 and "KeNoSuchFunction" in done.stderr


def interface_types(headers):
    """The values of IF_TYPE_..., in the order of ipifcons.h."""
    text = (pathlib.Path(headers) / "ipifcons.h").read_text()
    return [int(value) for value in re.findall(r"#define IF_TYPE_\w+ (\d+)", text)]


def main():
    headers = sys.argv[1]
    failures = []
    sources = sorted(HERE.glob("*.c"))
    used = set()
    for path in sources:
        used.update(re.findall(r"\w+", path.read_text()))
    wanted = [name for line in (HERE / "names.txt").read_text().splitlines()
              if not line.startswith("#") for name in line.split()]
    failures += [f"no file uses {name}" for name in wanted if name not in used]
    # IANA's types without a gap, then those that Windows has besides.
    if interface_types(headers) != [*range(1, 197), 237, 243, 244, 259, 281]:
        failures.append("the types of interfaces are not 1 to 196, 237, 243, 244, 259 and 281")
    compiled = 0
    for compiler in COMPILERS:
        for language in LANGUAGES:
            for path in sources:
                done = compile_file(compiler, language, headers, path)
                compiled += 1
                if done.returncode != 0 or done.stderr:
                    failures.append(f"{compiler} {language[1]} {path.name}:\n{done.stderr}")
            if not missing_name_is_named(compiler, language, headers):
                failures.append(f"{compiler} {language[1]} does not name a missing function")
    if not COMPILERS:
        failures.append("neither gcc nor clang is there")
    print("\n".join(failures))
    print(f"{len(sources)} files, {len(wanted)} names, {compiled} compilations, "
          f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
