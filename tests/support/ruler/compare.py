"""Asks AWS Event Ruler about patterns and events. Needs java, javac, mvn and a registry (or its cache)."""

import json
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
LETTERS = {"yes": "y", "no": "n", "fails": "f"}


class Unavailable(Exception):
    pass


def build(folder):
    """The class path of the program that asks; `folder` keeps what it takes from one run to the next."""
    for tool in ("java", "javac", "mvn"):
        if shutil.which(tool) is None:
            raise Unavailable(f"there is no {tool}")
    folder = pathlib.Path(folder)
    jars, classes = folder / "jars", folder / "classes"
    classes.mkdir(parents=True, exist_ok=True)
    if not list(jars.glob("event-ruler-*.jar")):
        done = subprocess.run(
            ["mvn", "-q", "-B", "-f", HERE / "pom.xml", "dependency:copy-dependencies", f"-DoutputDirectory={jars}"],
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise Unavailable("Event Ruler cannot be fetched: " + (done.stdout + done.stderr).strip()[:300])
    subprocess.run(
        ["javac", "-nowarn", "-cp", f"{jars}/*", "-d", classes, HERE / "RulerAnswers.java"], check=True, stderr=subprocess.PIPE
    )
    return f"{classes}{os.pathsep}{jars}/*"


def ask(class_path, pairs):
    """For each (pattern, events): the string `refused`, or a letter for each event: y, n, f (fails)."""
    pairs = list(pairs)
    lines = [json.dumps([pattern, event]) for pattern, events in pairs for event in events]
    done = subprocess.run(
        ["java", "-cp", class_path, "RulerAnswers"],
        input="\n".join(lines) + "\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    answers = iter(done.stdout.splitlines())
    for pattern, events in pairs:
        given = [next(answers) for _ in events]
        if any("otherwise" in each for each in given):
            raise AssertionError(f"Ruler's two ways of asking differ: {pattern}")
        refused = given and given[0] == "refused"
        yield "refused" if refused else "".join(LETTERS[each] for each in given)
