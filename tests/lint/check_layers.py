"""Who may include whom: layers of host/ only what is below them, plugins and the SDK nothing of the
host, the ABI only where plugins are loaded. Third-party headers stay in .cpp files, and in headers that
only their own folder includes: nobody else ever sees those."""

import re

import project_files

# Bottom up; layers of one row do not know each other.
ROWS = [
    ["core"],
    ["events", "config"],
    ["routing", "store", "loader"],
    ["delivery"],
    ["http"],
    ["ingest", "admin"],
    ["app"],
]
HEIGHT = {layer: height for height, row in enumerate(ROWS) for layer in row}
KNOWS_THE_ABI = {"loader", "app"}
# Headers of the SDK that say nothing of the ABI: host and plugins share them.
NOT_THE_ABI = {"aev/credential_mask.hpp", "aev/credential_mask_json.hpp"}
THIRD_PARTY = re.compile(
    r"(Poco|yaml-cpp|prometheus|curl|CLI|valijson|boost|openssl|librdkafka|catch2|civetweb)/"
    r"|(sqlite3|simdjson|zlib)\.h$"
)
SOURCES = (".h", ".hpp", ".cpp", ".c", ".h.in")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)
HOST_TARGET = re.compile(r"\baev_(" + "|".join(HEIGHT) + r")\b|\bhost/")


def includes(text):
    """(line, is quoted, path) of each."""
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match[1] == '"', match[2]


def problem_of_host(layer, name, quoted, path):
    if layer not in HEIGHT:
        return f"the layer '{layer}' is unknown; enter it in check_layers.py"
    other = path.split("/")[0]
    if path.startswith("aev/"):
        if layer in KNOWS_THE_ABI or path in NOT_THE_ABI:
            return None
        return "only loader and app know the ABI"
    if ".." in path.split("/"):
        return "write the path from host/ on, without .."
    if quoted and other in HEIGHT and other != layer and HEIGHT[other] >= HEIGHT[layer]:
        return f"{layer} is not above {other}"
    if quoted and other not in HEIGHT:
        return "headers of the host are included as layer/header.h, others in <>"
    return None


def problem_of_outsider(name, quoted, path):
    parts = path.split("/")
    if parts[0] == "host" or (len(parts) > 1 and parts[0] in HEIGHT):
        return "plugins and the SDK know nothing of the host"
    if ".." in parts and ("host" in parts or HEIGHT.keys() & set(parts)):
        return "plugins and the SDK know nothing of the host"
    return None


def shared_headers(root, files):
    """Headers of the host that another folder includes."""
    shared = set()
    for name in files:
        if name.startswith("host/") and name.endswith(SOURCES):
            for _, quoted, path in includes(project_files.read_text(root, name) or ""):
                if quoted and path.split("/")[0] != name.split("/")[1]:
                    shared.add("host/" + path)
    return shared


def find_problems(root, files):
    problems = []
    shared = shared_headers(root, files)
    for name in files:
        parts = name.split("/")
        if parts[0] not in ("host", "plugins", "sdk"):
            continue
        if parts[-1] == "CMakeLists.txt" and parts[0] != "host":
            for number, line in enumerate((root / name).read_text().splitlines(), 1):
                if HOST_TARGET.search(line.split("#")[0]):
                    problems.append(f"{name}:{number}: plugins and the SDK know nothing of the host")
        if not name.endswith(SOURCES):
            continue
        for line, quoted, path in includes(project_files.read_text(root, name) or ""):
            if parts[0] == "host":
                found = problem_of_host(parts[1], name, quoted, path)
            else:
                found = problem_of_outsider(name, quoted, path)
            if found is None and name in shared and THIRD_PARTY.match(path):
                found = "other folders include this header: third-party headers stay in .cpp files"
            if found is not None:
                problems.append(f"{name}:{line}: includes {path}: {found}")
    return problems


if __name__ == "__main__":
    project_files.run(find_problems)
