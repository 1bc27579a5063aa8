"""Builds the `fuzz` preset and lets each target look for a few seconds: usage: short_run.py SOURCE_FOLDER.
What fails is left in build/fuzz/found-<target>; the output says how to look at it."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SECONDS = 8
TARGETS = ("pattern", "match", "event")


def unavailable(why):
    print(f"skipped: {why}")
    sys.exit(1 if os.environ.get("AEV_SKIPS_FAIL") else 0)


def main(source):
    if shutil.which("clang++-14") is None:
        unavailable("there is no clang++-14")
    for command in (["cmake", "--preset", "fuzz"], ["cmake", "--build", "--preset", "fuzz"]):
        done = subprocess.run(command, cwd=source, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-5000:]}{done.stderr[-5000:]}")
    failed = False
    for target in TARGETS:
        found = source / "build" / "fuzz" / f"found-{target}"
        found.mkdir(exist_ok=True)
        program = source / "build" / "fuzz" / "tests" / f"fuzz_{target}"
        corpus = source / "tests" / "fuzz" / "corpus" / target
        with tempfile.TemporaryDirectory() as new_inputs:
            done = subprocess.run(
                [program, f"-max_total_time={SECONDS}", "-timeout=20", "-print_final_stats=1", "-max_len=1024",
                 f"-dict={source / 'tests' / 'fuzz' / 'pattern.dict'}", f"-artifact_prefix={found}/",
                 new_inputs, corpus],
                capture_output=True, text=True,
            )  # fmt: skip
        runs = [line for line in done.stderr.splitlines() if "number_of_executed_units" in line]
        print(f"{target}: {runs[0].split()[-1] if runs else 'no'} inputs in {SECONDS} s")
        if done.returncode != 0:
            failed = True
            print(done.stderr[-5000:])
            print(f"put what is in {found} into {corpus}, then mend the fault")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
