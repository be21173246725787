"""The examples that README files print are the files that tests compile, and what these print."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
tutorial = "scenarios/drivers/README.md"
examples = [
    ("README.md", "cpp", "tests/package/main.cpp"),
    ("README.md", "cmake", "tests/package/CMakeLists.txt"),
    (tutorial, "cmake", "tests/package/driver/CMakeLists.txt"),
    (tutorial, "c", "tests/package/driver/lamp.h"),
    (tutorial, "c", "tests/package/driver/dimmer.c"),
    (tutorial, "c", "tests/package/driver/lamp.c"),
    (tutorial, "cpp", "tests/package/driver/check.cpp"),
    (tutorial, "text", "tests/package/driver/output.txt"),
]
wrong = 0
for readme, language, path in examples:
    text = (root / readme).read_text(encoding="utf-8")
    blocks = re.findall(rf"```{language}\n(.*?)```", text, re.S)
    if (root / path).read_text(encoding="utf-8") not in blocks:
        print(f"{readme}: no ```{language} block is {path}, word for word; copy the file there")
        wrong += 1
sys.exit(1 if wrong else 0)
