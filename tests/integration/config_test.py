"""What somebody meets who edits the YAML: the schema in an editor, `config show`, `validate`."""

import glob
import json
import os
import re
import subprocess
import sys
import unittest

from harness import PLUGINS, SECRET, Case, config
from language_server import LanguageServer, yaml_language_server

CONFIG = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", "config"))
SCHEMA = os.path.join(CONFIG, "aragora-events.schema.json")

# Runs in a Python that has the library: reads {"schema", "files"}, prints what does not fit.
VALIDATE = """
import json, sys
import jsonschema, yaml
given = json.load(sys.stdin)
jsonschema.Draft7Validator.check_schema(given["schema"])
validator = jsonschema.Draft7Validator(given["schema"])
for file in given["files"]:
    with open(file) as opened:
        for error in validator.iter_errors(yaml.safe_load(opened)):
            print(f"{file}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
"""


def shipped():
    files = sorted(glob.glob(os.path.join(CONFIG, "**", "*.yaml"), recursive=True))
    assert len(files) >= 4, files
    return files


class Schema(Case):
    def python_with(self, modules):
        for python in (sys.executable, "/usr/bin/python3"):
            if os.path.exists(python) and not subprocess.run(
                [python, "-c", f"import {modules}"], capture_output=True
            ).returncode:
                return python
        self.unavailable(f"no Python that has {modules}")
        return None

    def violations(self, schema, files):
        done = subprocess.run(
            [self.python_with("jsonschema, yaml"), "-c", VALIDATE],
            input=json.dumps({"schema": schema, "files": files}),
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def schema(self):
        status, text, errors = self.program("config", "schema", "--plugin-path", PLUGINS)
        self.assertEqual(status, 0, errors)
        return text

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "w") as out:
            out.write(content if isinstance(content, str) else json.dumps(content))
        return path

    def test_the_shipped_schema_is_the_one_that_the_program_makes(self):
        with open(SCHEMA) as file:
            self.assertEqual(
                file.read(),
                self.schema(),
                "make it anew: aragora-events config schema --output config/aragora-events.schema.json",
            )
        path = os.path.join(self.folder, "made.json")
        status, text, errors = self.program(
            "config", "schema", "--plugin-path", PLUGINS, "--output", path
        )
        self.assertEqual((status, text, errors), (0, "", ""))
        with open(path) as file:
            self.assertEqual(file.read(), self.schema())

    def test_every_shipped_file_satisfies_it_and_names_it(self):
        self.assertEqual(self.violations(json.loads(self.schema()), shipped()), [])
        for file in shipped():
            with open(file) as opened:
                first = opened.readline()
            named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)\n", first)
            self.assertTrue(named, f"{file} begins with {first!r}")
            self.assertEqual(
                os.path.realpath(os.path.join(os.path.dirname(file), named[1])), SCHEMA
            )

    def test_it_and_validate_flag_the_same_mistakes_of_a_plugins_configuration(self):
        schema = json.loads(self.schema())
        right = {"url": "http://127.0.0.1/", "secret": SECRET, "tls": {}, "auth": {}}
        wrong = {
            "unknown key": {**right, "frmat": "event"},
            "unknown key within": {**right, "tls": {"ca": "x"}},
            "not of the enumeration": {**right, "format": "evnt"},
            "another type": {**right, "max_response": "5"},
            "missing": {"secret": SECRET},
            "pattern": {**right, "url": "ftp://example.com"},
        }
        files = {
            name: self.write(
                name + ".yaml", config({"a": {"plugin": "webhook", "config": options}})
            )
            for name, options in {"right": right, **wrong}.items()
        }
        violations = self.violations(schema, list(files.values()))
        for name, file in files.items():
            with self.subTest(name):
                status, _, errors = self.program("validate", file)
                flagged = [each for each in violations if each.startswith(file + ":")]
                self.assertEqual(status == 0, name == "right", errors)
                self.assertEqual(flagged == [], name == "right", flagged)

    def test_it_and_the_router_agree_on_patterns(self):
        schema = json.loads(self.schema())
        right = [
            {"event_type": ["vote", {"prefix": "gauntlet_"}, {"suffix": "_end"}]},
            {"event_type": [{"prefix": {"equals-ignore-case": "Deb"}}]},
            {"data": {"agent": [{"wildcard": "cl*de"}, {"equals-ignore-case": "GPT"}, None, True, 1.5]}},
            {"data": {"n": [{"numeric": [">", 0, "<=", 5]}, {"numeric": ["=", 7]}, {"exists": False}]}},
            {"data": {"ip": [{"cidr": "10.0.0.0/8"}, {"cidr": "2001:db8::/32"}]}},
            {"data": {"x": [{"anything-but": "a"}, {"anything-but": [1, 2]}]}},
            {"data": {"x": [{"anything-but": {"prefix": ["a", "b"]}}, {"anything-but": {"wildcard": "a*"}}]}},
            {"$or": [{"source": ["ci"]}, {"data": {"$or": [{"a": [1]}, {"b": [2]}]}}]},
            {"attribute": [{"exists": True}]},
        ]  # fmt: skip
        wrong = [
            {},
            {"event_type": "vote"},
            {"event_type": []},
            {"event_type": [["vote"]]},
            {"event_type": [{"prefx": "a"}]},
            {"event_type": [{"prefix": "a", "suffix": "b"}]},
            {"event_type": [{}]},
            {"event_type": [{"prefix": 5}]},
            {"event_type": [{"prefix": {"wildcard": "a"}}]},
            {"data": {}},
            {"data": {"n": [{"numeric": [">", 0, ">", 5]}]}},
            {"data": {"n": [{"numeric": [">", "0"]}]}},
            {"data": {"n": [{"numeric": ["<", 0, ">", 5]}]}},
            {"data": {"n": [{"numeric": [">"]}]}},
            {"data": {"n": [{"exists": "yes"}]}},
            {"data": {"ip": [{"cidr": "example.com"}]}},
            {"data": {"x": [{"anything-but": []}]}},
            {"data": {"x": [{"anything-but": {"numeric": ["=", 1]}}]}},
            {"$or": [{"source": ["ci"]}]},
            {"$or": {"source": ["ci"]}},
            {"$or": [{"source": ["ci"]}, {"source": "cd"}]},
        ]
        options = {"url": "http://127.0.0.1/", "secret": SECRET}
        files = {}
        for number, pattern in enumerate(right + wrong):
            route = {"name": "r", "match": pattern, "to": ["a"]}
            document = config({"a": {"plugin": "webhook", "config": options}}, [route])
            files[self.write(f"{number}.yaml", document)] = pattern
        violations = self.violations(schema, list(files))
        for file, pattern in files.items():
            with self.subTest(json.dumps(pattern)):
                status, _, errors = self.program("validate", file)
                flagged = [each for each in violations if each.startswith(file + ":")]
                self.assertEqual(status == 0, pattern in right, errors)
                self.assertEqual(flagged == [], pattern in right, flagged)

    def test_an_editor_completes_and_checks(self):
        server = LanguageServer(yaml_language_server(self), self.folder)
        self.addCleanup(server.stop)
        for file in shipped():
            self.assertEqual(server.open(file), [], file)
        text = (
            f"# yaml-language-server: $schema={SCHEMA}\n"
            "version: 1\n"
            "store:\n"
            "  sync: \n"
            "subscribers:\n"
            "  a:\n"
            "    plugin: webhook\n"
            "    timeout: 30\n"
            "    config:\n"
            "      url: https://example.com\n"
            "      frmat: event\n"
            "      \n"
            "routes:\n"
            "  - name: r\n"
            "    match:\n"
            "      event_type: [vote, {prefx: a}]\n"
            "      data:\n"
            "        confidence:\n"
            "          - \n"
            "    to: [a]\n"
        )
        path = self.write("host.yaml", text)
        found = {
            (each["range"]["start"]["line"], each["range"]["start"]["character"]): each["message"]
            for each in server.open(path)
        }
        self.assertIn("frmat", found[(10, 6)])
        self.assertIn("prefx", found[(15, 26)])
        self.assertIn("string", found[(7, 13)])
        offered = server.complete(path, 11, 6)
        self.assertIn("secret", offered)
        self.assertIn("allow_networks", offered)
        self.assertNotIn("url", offered)  # it is there already
        self.assertEqual(sorted(server.complete(path, 3, 8)), ["full", "normal"])
        operators = server.complete(path, 18, 12)
        self.assertIn("anything-but", operators)
        self.assertIn("numeric", operators)
        self.assertIn("Of one attempt", server.hover(path, 7, 5))


class Show(Case):
    def show(self, path, *arguments):
        status, text, errors = self.program(
            "config", "show", path, *arguments,
            environment={"EVENT_SIGNATURE_SECRET": SECRET, "WEBHOOK_TIMEOUT_SECONDS": "7"},
        )  # fmt: skip
        self.assertEqual(status, 0, errors)
        return text

    def test_what_is_shown_loads_again_to_the_same(self):
        for file in shipped():
            shown = os.path.join(self.folder, "shown.yaml")
            text = self.show(file)
            with open(shown, "w") as out:
                out.write(text)
            status, _, errors = self.program(
                "validate", shown, environment={"EVENT_SIGNATURE_SECRET": SECRET}
            )
            self.assertEqual(status, 0, errors)
            self.assertEqual(self.show(shown), text)

    def test_origins_and_secrets(self):
        secret = os.path.join(self.folder, "token")
        with open(secret, "w") as out:
            out.write("fr0m-a-file\n")
        os.chmod(secret, 0o600)
        path = os.path.join(self.folder, "host.yaml")
        with open(path, "w") as out:
            out.write(
                "version: 1\n"
                "data_dir: ./data\n"
                "api:\n"
                "  auth:\n"
                "    tokens:\n"
                "      - {name: a, token: in-the-file, scopes: [read]}\n"
                "      - {name: b, token: also-there, scopes: [read, admin]}\n"
                "      - {name: c, token: '${file:token}', scopes: [ingest]}\n"
                "subscribers:\n"
                "  customer:\n"
                "    plugin: webhook\n"
                "    config:\n"
                "      url: 'https://example.com/$${not}'\n"
                "      auth: {bearer: hidden-by-the-schema}\n"
                "      headers: {X.Dotted: 'yes'}\n"
                "routes:\n"
                "  - {name: all, to: [customer]}\n"
                "  - {name: some, match: {data: {count: [{numeric: ['>', 0.25]}, '1', no]}}, to: customer}\n"
            )
        for arguments in ((), ("--origin",), ("--format", "json")):
            text = self.show(path, *arguments)
            for hidden in ("fr0m-a-file", "in-the-file", "also-there", SECRET, "hidden-by"):
                self.assertNotIn(hidden, text)
        text = self.show(path, "--origin")
        self.assertIn(f"data_dir: {self.folder}/data  # {path}:2:11\n", text)
        self.assertIn("timeout: 7s  # environment WEBHOOK_TIMEOUT_SECONDS\n", text)
        self.assertIn("max_connections: 512  # default\n", text)
        self.assertIn(f'token: "${{file:{secret}}}"  # {path}:8:26\n', text)
        self.assertIn('match: {data: {count: [{numeric: [">", 0.25]}, "1", "no"]}}', text)
        self.assertIn('X.Dotted: "yes"', text)
        entries = json.loads(self.show(path, "--format", "json"))
        self.assertEqual({"path", "value", "origin"}, set(entries[0]))
        text = self.show(path)
        with open(path, "w") as out:
            out.write(text)
        status, _, errors = self.program(
            "validate", path, environment={"EVENT_SIGNATURE_SECRET": SECRET}
        )
        self.assertEqual(status, 0, errors)


if __name__ == "__main__":
    unittest.main(verbosity=2)
