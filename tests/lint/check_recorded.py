"""Recorded debates are what packaging/quickstart relies on: events of the native form, one a line,
with ids of their own, and exactly one verdict, which the receiver refuses once."""

import json

import project_files

FOLDER = "config/recorded/"
MAX_LINE = 2048
REQUIRED = {"id": str, "event_type": str, "debate_id": str, "source": str, "timestamp": str, "data": dict}
ALLOWED = REQUIRED.keys() | {"round", "agent"}
REFUSED_ONCE = "gauntlet_verdict"


def problems_of_line(line):
    if len(line.encode()) >= MAX_LINE:
        yield f"{len(line.encode())} bytes, the limit is {MAX_LINE}"
    try:
        event = json.loads(line)
    except ValueError as error:
        yield f"not JSON: {error}"
        return
    if not isinstance(event, dict):
        yield "not an object"
        return
    for field, kind in REQUIRED.items():
        if not isinstance(event.get(field), kind) or event[field] == "":
            yield f"{field} is missing or not a {kind.__name__}"
    for field in event.keys() - ALLOWED:
        yield f"{field} is no field of an event"


def field_of(line, field):
    try:
        return json.loads(line).get(field)
    except (ValueError, AttributeError):
        return None


def find_problems(root, files):
    recorded = [name for name in files if name.startswith(FOLDER) and name.endswith(".ndjson")]
    if not recorded:
        return [f"{FOLDER}: holds no .ndjson file"]
    problems = []
    for name in recorded:
        lines = (root / name).read_text(encoding="utf-8").splitlines()
        seen = {}
        for number, line in enumerate(lines, 1):
            problems += [f"{name}:{number}: {problem}" for problem in problems_of_line(line)]
            first = seen.setdefault(field_of(line, "id"), number)
            if first != number:
                problems.append(f"{name}:{number}: the id of line {first} again")
        verdicts = sum(field_of(line, "event_type") == REFUSED_ONCE for line in lines)
        if verdicts != 1:
            problems.append(f"{name}: {verdicts} events of type {REFUSED_ONCE}, expected is one")
    return problems


if __name__ == "__main__":
    project_files.run(find_problems)
