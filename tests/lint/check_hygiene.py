"""The tree is as a stranger would want to find it: nothing unexpected in the root, no unfinished
work, no paths of somebody's machine, no sleeping, no overlong files, a README that names the two
commands, scripts that at least parse.

Forbidden words are put together from halves, so that this file may hold them."""

import os
import re
import subprocess

import project_files

ROOT_ENTRIES = {
    "CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", "CHANGELOG.md",
    "host", "sdk", "plugins", "config", "tests", "packaging",
}  # fmt: skip
MUST_EXIST = ("README.md", "LICENSE", "CMakeLists.txt", "CMakePresets.json", ".ci/run")
README_COMMANDS = ("packaging/quickstart", "tests/run")
MAX_LINES = 700
DATA = (".ndjson", ".pem", ".svg", ".schema.json")  # not written by hand
AS_FOUND = "tests/fuzz/corpus/"  # byte for byte what a fuzzer found
C_FAMILY = (".h", ".hpp", ".cpp", ".c")

UNFINISHED = re.compile(
    r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|(?i:st" + r"ub)s?|(?i:not" + r"[ _-]implemented))\b"
)
MACHINE_PATH = re.compile(r"(?<![\w.)}\]$*/-])/(?:wo" + r"rk|ro" + r"ot)/")
CONFLICT = re.compile(r"^(?:<{7}|>{7}) ")
SLEEP = {
    C_FAMILY: re.compile(r"\b(?:sleep_(?:for|until)|u" + r"sleep|nano" + r"sleep)\b|(?<![\w.>])sleep\s*\("),
    (".py",): re.compile(r"\btime\.sl" + r"eep\b|\bfrom time import .*\bsl" + r"eep\b"),
}
SHELL_SLEEP = re.compile(r"(?:^|[;&|]|\b(?:do|then))\s*sl" + r"eep\s+[\d$\"]")


def is_shell(name, text):
    return name.endswith(".sh") or re.match(r"#!.*\b(?:ba|da)?sh\b", text) is not None


def problems_of_line(name, line, shell):
    if line != line.rstrip():
        yield "blanks at the end"
    if CONFLICT.match(line):
        yield "a merge conflict"
    found = UNFINISHED.search(line)
    if found:
        yield f"'{found[0]}' says that something is unfinished"
    found = MACHINE_PATH.search(line)
    if found:
        yield f"'{found[0]}' is a path of one machine"
    sleeps = shell and SHELL_SLEEP.search(line)
    for suffixes, pattern in SLEEP.items():
        sleeps = sleeps or (name.endswith(suffixes) and pattern.search(line))
    if sleeps:
        yield "sleeping; wait for the condition instead"


def problems_of_file(root, name):
    text = project_files.read_text(root, name)
    if text is None or name.startswith(AS_FOUND):
        return
    shell = is_shell(name, text)
    lines = text.split("\n")
    if text and lines.pop() != "":
        yield f"{name}:{len(lines) + 1}: no newline at the end"
    for number, line in enumerate(lines, 1):
        for problem in problems_of_line(name, line, shell):
            yield f"{name}:{number}: {problem}"
    if len(lines) > MAX_LINES and not name.endswith(DATA):
        yield f"{name}: {len(lines)} lines; split it, {MAX_LINES} are the limit"
    if shell:
        done = subprocess.run(["bash", "-n", str(root / name)], capture_output=True, text=True)
        if done.returncode != 0:
            yield f"{name}: bash -n: {done.stderr.strip()}"
        if text.startswith("#!") and not os.access(root / name, os.X_OK):
            yield f"{name}: is a script and not executable"


def find_problems(root, files):
    problems = []
    for entry in sorted({name.split("/")[0] for name in files}):
        if entry not in ROOT_ENTRIES and not entry.startswith("."):
            problems.append(f"{entry}: does not belong into the root")
    problems += [f"{name}: is missing" for name in MUST_EXIST if name not in files]
    if "README.md" in files:
        readme = project_files.read_text(root, "README.md") or ""
        for command in README_COMMANDS:
            if command not in readme:
                problems.append(f"README.md: does not name {command}")
            if command not in files:
                problems.append(f"{command}: is missing")
    for name in files:
        problems += problems_of_file(root, name)
    return problems


if __name__ == "__main__":
    project_files.run(find_problems)
