"""Every C and C++ file is as clang-format 14 writes it with the .clang-format of the root."""

import re
import shutil
import subprocess

import project_files

PROGRAM = "clang-format-14"
SUFFIXES = (".h", ".hpp", ".cpp", ".c")
FILES_PER_CALL = 50


def find_problems(root, files):
    program = shutil.which(PROGRAM)
    if program is None:
        return [f"{PROGRAM} is missing; packaging/install-deps --test installs it"]
    if not (root / ".clang-format").is_file():
        return [".clang-format: is missing"]
    sources = [name for name in files if name.endswith(SUFFIXES)]
    problems = []
    for begin in range(0, len(sources), FILES_PER_CALL):
        done = subprocess.run(
            [program, "--dry-run", "-Werror", "--style=file", *sources[begin : begin + FILES_PER_CALL]],
            cwd=root,
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            continue
        places = re.findall(r"^(.+?):(\d+):\d+: error:", done.stderr, re.MULTILINE)
        first = {}
        for name, line in places:
            first.setdefault(name, line)
        problems += [f"{name}:{line}: not formatted; run {PROGRAM} -i {name}" for name, line in first.items()]
        if not places:
            problems.append(f"{PROGRAM}: {done.stderr.strip() or done.returncode}")
    return problems


if __name__ == "__main__":
    project_files.run(find_problems)
