"""Each rule is fed a sample that breaks it: a check that cannot fail is worthless."""

import contextlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import check_format
import check_hygiene
import check_layers
import check_recorded
import project_files

EVENT = {
    "id": "e1",
    "event_type": check_recorded.REFUSED_ONCE,
    "debate_id": "d1",
    "source": "arena",
    "timestamp": "2026-03-11T09:14:03.756Z",
    "data": {},
}


class Sample(unittest.TestCase):
    """A small tree without fault, in a folder of its own."""

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="aev-lint-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.write("README.md", "Try `packaging/quickstart`, then `tests/run`.\n")
        self.write("LICENSE", "MIT\n")
        self.write("CMakeLists.txt", "project(Sample)\n")
        self.write("CMakePresets.json", "{}\n")
        for script in (".ci/run", "packaging/quickstart", "tests/run"):
            self.write(script, "#!/usr/bin/env bash\necho yes\n", executable=True)
        self.write(".clang-format", "BasedOnStyle: Google\n")
        self.write("host/core/clock.h", "#pragma once\n\n#include <string>\n")
        self.write("host/core/clock.cpp", '#include "core/clock.h"\n\n#include <Poco/Clock.h>\n')
        self.write("plugins/webhook/CMakeLists.txt", "aev_add_plugin(webhook)  # not in host/\n")
        self.write("config/recorded/sample.ndjson", json.dumps(EVENT) + "\n")

    def write(self, name, text, executable=False):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755 if executable else 0o644)

    def problems(self, check):
        return check.find_problems(self.root, project_files.list_files(self.root))

    def refuses(self, check, expected, name, text, executable=False):
        """With this file the check says exactly one thing, about this file, for the expected reason."""
        old = (self.root / name).read_text() if (self.root / name).exists() else None
        self.write(name, text, executable)
        problems = self.problems(check)
        self.assertEqual(len(problems), 1, (name, text, problems))
        self.assertIn(name.split("/")[0], problems[0])
        self.assertIn(expected, problems[0])
        if old is None:
            (self.root / name).unlink()
        else:
            self.write(name, old)

    def accepts(self, check, name, text, executable=False):
        self.write(name, text, executable)
        self.assertEqual(self.problems(check), [])
        (self.root / name).unlink()

    def test_a_good_tree_has_no_problems(self):
        for check in (check_format, check_layers, check_hygiene, check_recorded):
            self.assertEqual(self.problems(check), [], check.__name__)

    def test_format(self):
        self.refuses(check_format, "not formatted", "host/core/bad.cpp", "int  f( ) {return 1 ;}\n")
        self.refuses(check_format, "not formatted", "sdk/include/aev/bad.h", "int   g(void);\n")

    def test_format_names_a_missing_program(self):
        program, check_format.PROGRAM = check_format.PROGRAM, "no-such-clang-format"
        try:
            self.assertIn("is missing", self.problems(check_format)[0])
        finally:
            check_format.PROGRAM = program

    def test_layers(self):
        def one(name, include, expected):
            self.refuses(check_layers, expected, name, f"#include {include}\n")

        one("host/core/a.cpp", '"events/event.h"', "core is not above events")
        one("host/store/a.h", '"routing/router.h"', "store is not above routing")
        one("host/events/a.cpp", '"config/config.h"', "events is not above config")
        one("host/delivery/a.cpp", '"http/server.h"', "delivery is not above http")
        one("host/admin/a.cpp", '"ingest/ingest.h"', "admin is not above ingest")
        one("host/store/a.cpp", "<aev/plugin.h>", "know the ABI")
        one("host/store/a.cpp", '"../core/clock.h"', "without ..")
        one("host/store/a.cpp", '"clock.h"', "layer/header.h")
        one("host/novel/a.cpp", '"core/clock.h"', "is unknown")
        one("host/core/a.h", "<sqlite3.h>", "stay in .cpp")
        one("plugins/webhook/a.h", "<curl/curl.h>", "stay in .cpp")
        one("plugins/webhook/a.cpp", '"core/clock.h"', "nothing of the host")
        one("plugins/webhook/a.cpp", '"../../host/core/clock.h"', "nothing of the host")
        one("sdk/include/aev/a.hpp", '"host/core/clock.h"', "nothing of the host")
        self.refuses(
            check_layers,
            "nothing of the host",
            "plugins/webhook/CMakeLists.txt",
            "target_link_libraries(webhook PRIVATE aev_core)\n",
        )

    def test_layers_accepts_what_is_allowed(self):
        self.accepts(check_layers, "host/app/a.cpp", '#include <aev/plugin.h>\n#include "admin/a.h"\n')
        self.accepts(check_layers, "host/store/a.cpp", '#include <sqlite3.h>\n#include "config/a.h"\n')
        self.accepts(check_layers, "plugins/webhook/a.cpp", "#include <curl/curl.h>\n#include <aev/plugin.hpp>\n")

    def test_hygiene_of_lines(self):
        def one(name, line, expected):
            self.refuses(check_hygiene, expected, name, line + "\n")

        for word in ("TO" + "DO", "FIX" + "ME", "X" + "XX", "st" + "ub", "Not" + " Implemented"):
            one("host/core/a.cpp", f"// {word}: later", "unfinished")
        for path in ("/wo" + "rk/main", "/ro" + "ot/x"):
            one("config/a.yaml", f"data_dir: {path}", "one machine")
        one("host/core/a.cpp", "std::this_thread::sleep" + "_for(1s);", "sleeping")
        one("host/core/a.cpp", "u" + "sleep(5);", "sleeping")
        one("tests/a.py", "time.sl" + "eep(1)", "sleeping")
        one("host/core/a.cpp", "int a; ", "blanks at the end")
        one("host/core/a.cpp", "<" * 7 + " ours", "merge conflict")

    def test_hygiene_of_files(self):
        long = "// a line\n" * check_hygiene.MAX_LINES
        self.accepts(check_hygiene, "host/core/a.cpp", long)
        self.refuses(check_hygiene, "split it", "host/core/a.cpp", long + "// one more\n")
        self.refuses(check_hygiene, "no newline", "host/core/a.cpp", "int a;")
        self.refuses(check_hygiene, "bash -n", "packaging/a", "#!/bin/bash\nif true\n", executable=True)
        self.refuses(check_hygiene, "not executable", "packaging/a", "#!/bin/bash\ntrue\n")
        self.refuses(check_hygiene, "sleeping", "packaging/a", "#!/bin/bash\nsl" + "eep 1\n", executable=True)

    def test_hygiene_of_the_root(self):
        self.refuses(check_hygiene, "does not belong", "notes.txt", "a\n")
        self.refuses(check_hygiene, "does not belong", "src/a.txt", "a\n")
        self.refuses(check_hygiene, "does not name tests/run", "README.md", "packaging/quickstart\n")
        self.refuses(check_hygiene, "does not name packaging/quickstart", "README.md", "tests/run\n")
        (self.root / "LICENSE").unlink()
        self.assertEqual(self.problems(check_hygiene), ["LICENSE: is missing"])

    def test_recorded(self):
        name = "config/recorded/sample.ndjson"
        good = json.dumps(EVENT)
        other = {**EVENT, "id": "e2", "event_type": "vote"}

        def one(line, expected):
            self.refuses(check_recorded, expected, name, good + "\n" + line + "\n")

        one("{", "not JSON")
        one("[]", "not an object")
        one(json.dumps({**other, "id": "e1"}), "the id of line 1 again")
        one(json.dumps({**other, "data": []}), "data is missing")
        one(json.dumps({**other, "extra": 1}), "no field")
        one(json.dumps({**other, "data": {"a": "a" * 2048}}), "the limit")
        one(json.dumps({**EVENT, "id": "e2"}), "expected is one")
        (self.root / name).unlink()
        self.assertIn("holds no", self.problems(check_recorded)[0])

    def test_only_tracked_files_count_in_a_checkout(self):
        def git(*arguments):
            subprocess.run(["git", "-C", self.root, *arguments], check=True, capture_output=True)

        git("init", "-q")
        git("add", ".")
        self.write("notes.txt", "of no interest until it is added\n")
        self.assertEqual(self.problems(check_hygiene), [])
        git("add", "notes.txt")
        self.assertEqual(len(self.problems(check_hygiene)), 1)

    def test_the_program_fails_with_a_problem_and_without_files(self):
        def status():
            with contextlib.redirect_stdout(io.StringIO()), self.assertRaises(SystemExit) as ended:
                project_files.run(check_hygiene.find_problems)
            return ended.exception.code

        arguments, sys.argv = sys.argv, ["check", str(self.root)]
        try:
            self.assertEqual(status(), 0)
            self.write("notes.txt", "a\n")
            self.assertEqual(status(), 1)
            for entry in list(self.root.iterdir()):
                shutil.rmtree(entry) if entry.is_dir() else os.unlink(entry)
            self.assertEqual(status(), 1)
        finally:
            sys.argv = arguments


if __name__ == "__main__":
    unittest.main()
