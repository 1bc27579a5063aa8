"""The files of a source tree, and the frame of every check."""

import pathlib
import subprocess
import sys


def list_files(root):
    """Paths relative to root, sorted: what git tracks, or everything if root is no checkout (an
    unpacked archive, a sample of the self-test)."""
    if (root / ".git").exists():
        # The owner of a checkout in a container is often not the user who runs the tests.
        output = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z"],
            check=True,
            capture_output=True,
        ).stdout
        names = [name.decode() for name in output.split(b"\0") if name]
    else:
        names = [
            str(path.relative_to(root))
            for path in root.rglob("*")
            if path.is_file() and path.relative_to(root).parts[0] != "build"
        ]
    return sorted(name for name in names if (root / name).is_file())


def read_text(root, name):
    """The text, or None for a binary file."""
    data = (root / name).read_bytes()
    if b"\0" in data:
        return None
    return data.decode("utf-8", errors="replace")


def run(find_problems):
    """The main program of a check: prints its problems; exit status 1 if there are any."""
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    files = list_files(root)
    problems = find_problems(root, files)
    for problem in problems:
        print(problem)
    print(f"{len(files)} files, {len(problems)} problems")
    sys.exit(1 if problems or not files else 0)
