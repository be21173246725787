"""The examples that README.md prints are the files that tests compile."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
readme = (root / "README.md").read_text(encoding="utf-8")
examples = [("cpp", "tests/package/main.cpp"), ("cmake", "tests/package/CMakeLists.txt")]
wrong = 0
for language, path in examples:
    blocks = re.findall(rf"```{language}\n(.*?)```", readme, re.S)
    if (root / path).read_text(encoding="utf-8") not in blocks:
        print(f"README.md: no ```{language} block is {path}, word for word; copy the file there")
        wrong += 1
sys.exit(1 if wrong else 0)
