"""`validate`, `test`, `route` and `match`, as somebody at a terminal meets them."""

import json
import os
import shutil
import unittest
import xml.etree.ElementTree

from harness import PLUGINS, SECRET, Case, config, webhook

HERE = os.path.dirname(os.path.abspath(__file__))


class Validate(Case):
    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as out:
            out.write(text if isinstance(text, str) else json.dumps(text))
        return path

    def validate(self, path, *arguments):
        return self.program(
            "validate", path, *arguments,
            environment={"AEV_PLUGINS": PLUGINS, "EVENT_SIGNATURE_SECRET": SECRET},
        )  # fmt: skip

    def test_every_mistake_is_told_in_one_pass(self):
        path = os.path.join(self.folder, "host.yaml")
        shutil.copy(os.path.join(HERE, "torture", "host.yaml"), path)
        status, text, errors = self.validate(path)
        with open(os.path.join(HERE, "torture", "expected.txt")) as file:
            expected = file.read().splitlines()
        told = errors.replace(self.folder + "/", "").splitlines()
        for i, line in enumerate(expected[: len(told)]):
            if line.endswith("…") and told[i].startswith(line[:-1]):
                told[i] = line  # the rest is the router's to word
        self.assertEqual(told, expected)
        self.assertEqual((status, text), (78, ""))
        status, text, _ = self.validate(path, "--format", "json")
        self.assertEqual(status, 78)
        problems = json.loads(text)["problems"]
        self.assertEqual(len(problems), errors.count("\n"))
        for problem in problems:
            self.assertGreater(problem["line"], 0, problem)
            self.assertGreater(problem["column"], 0, problem)

    def test_values_that_fail_to_be_put_in_are_told_once(self):
        path = self.write("host.yaml", "version: 1\nlog: {level: '${env:NOT_SET}'}\n")
        status, _, errors = self.validate(path)
        self.assertEqual(status, 78)
        self.assertEqual(
            errors, f"{path}:2:14: log.level: the environment variable NOT_SET is not set\n"
        )

    def test_a_failing_test_is_doubtful(self):
        document = config(
            {"a": webhook("http://127.0.0.1:1/")},
            tests=[{"name": "t", "event": {"event_type": "vote"}, "expect": {"to": []}}],
        )
        path = self.write("host.yaml", document)
        status, _, errors = self.validate(path)
        self.assertEqual(status, 0, errors)
        self.assertIn("tests[0]: warning: fails", errors)
        self.assertEqual(self.validate(path, "--deny-warnings")[0], 78)


class Tests(Case):
    ROUTES = [
        {
            "name": "agreed",
            "match": {
                "event_type": ["consensus"],
                "data": {"confidence": [{"numeric": [">=", 0.8]}]},
            },
            "to": ["customer", "stats"],
        },
        {"name": "rest", "default": True, "to": ["stats"]},
    ]

    def write(self, name, document):
        path = os.path.join(self.folder, name)
        with open(path, "w") as out:
            json.dump(document, out)
        return path

    def configured(self, *tests):
        sinks = {name: webhook("http://127.0.0.1:1/") for name in ("customer", "stats")}
        return self.write("host.yaml", config(sinks, self.ROUTES, tests=list(tests)))

    def run_tests(self, path, *arguments):
        return self.program(
            "test", path, *arguments, environment={"EVENT_SIGNATURE_SECRET": SECRET}
        )

    def test_each_form_of_expectation(self):
        strong = {"event_type": "consensus", "data": {"confidence": 0.9}}
        path = self.configured(
            {"name": "exactly", "event": strong, "expect": {"to": ["stats", "customer"]}},
            {"name": "one", "event": {"event_type": "vote"}, "expect": {"to": "stats"}},
            {"name": "at least", "event": strong, "expect": {"includes": ["customer"]}},
            {"name": "routes", "event": strong, "expect": {"routes": ["agreed"]}},
            {
                "name": "several",
                "events": [{"event_type": "vote"}, {"event_type": "critique"}],
                "expect": {"excludes": ["customer"], "routes": "rest"},
            },
        )
        status, text, errors = self.run_tests(path)
        self.assertEqual((status, errors), (0, ""))
        self.assertEqual(text.splitlines()[-1], "5 tests, 0 failed")

    def test_a_failure_is_a_diff_with_reasons(self):
        path = self.configured(
            {"name": "fine", "event": {"event_type": "vote"}, "expect": {"to": ["stats"]}},
            {
                "name": "weak consensus reaches the customer",
                "events": [
                    {"event_type": "consensus", "data": {"confidence": 0.9}},
                    {"event_type": "consensus", "data": {"confidence": 0.2}},
                ],
                "expect": {"to": ["customer"], "routes": ["agreed"]},
            },
        )
        status, text, _ = self.run_tests(path)
        self.assertEqual(status, 1)
        lines = [line.split("host.yaml")[-1] for line in text.splitlines()]
        place = [line for line in lines if line.startswith(":")]
        self.assertEqual(len(place), 2, text)
        self.assertEqual(
            [line for line in lines if line not in place],
            [
                "ok    fine",
                "FAIL  weak consensus reaches the customer",
                "        subscribers:",
                "            customer",
                "          + stats  (gets it, not expected)",
                "        routes that match:",
                "            agreed",
                "        subscribers:",
                "          - customer  (expected, does not get it)",
                "          + stats  (gets it, not expected)",
                "        routes that match:",
                "          - agreed  (expected, does not match)",
                "          + rest  (matches, not expected)",
                "        route agreed did not match: data.confidence: wants "
                '[{"numeric":[">=",0.8]}], the event has 0.2',
                "2 tests, 1 failed",
            ],
        )
        status, text, _ = self.run_tests(path, "--filter", "fine")
        self.assertEqual((status, text), (0, "ok    fine\n1 tests, 0 failed\n"))
        self.assertEqual(self.run_tests(path, "--filter", "nothing is named so")[0], 1)
        status, text, _ = self.run_tests(path, "--format", "json")
        self.assertEqual(status, 1)
        answer = json.loads(text)
        self.assertEqual((answer["tests"], answer["failed"]), (2, 1))
        event = answer["results"][1]["events"][1]
        self.assertEqual((event["missing"], event["unexpected"]), (["customer"], ["stats"]))
        status, text, _ = self.run_tests(path, "--format", "junit")
        self.assertEqual(status, 1)
        suite = xml.etree.ElementTree.fromstring(text)
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "1"))
        self.assertIn("+ stats", suite.find("testcase/failure").text)

    def test_files_beside_and_files_named(self):
        path = self.configured()
        beside = {"name": "beside", "event": {"event_type": "vote"}, "expect": {"to": ["stats"]}}
        self.write("host.tests.yaml", {"tests": [beside]})
        other = self.write("other.yaml", {"tests": [{**beside, "name": "other"}]})
        status, text, errors = self.run_tests(path, "--tests", other)
        self.assertEqual((status, errors), (0, ""))
        self.assertEqual(text.splitlines(), ["ok    beside", "ok    other", "2 tests, 0 failed"])
        self.write("host.tests.yaml", {"tests": [{**beside, "expect": {"to": ["stat"]}}]})
        status, _, errors = self.run_tests(path)
        self.assertEqual(status, 78)
        self.assertIn("there is no subscriber `stat`; did you mean `stats`?", errors)
        self.assertIn("host.tests.yaml:1:", errors)


class Lines(Case):
    """Verbs that read objects, one a line."""

    def test_match_counts_inverts_numbers_and_reports_bad_lines(self):
        first = os.path.join(self.folder, "first.ndjson")
        second = os.path.join(self.folder, "second.ndjson")
        with open(first, "w") as out:
            out.write('{"a":1}\n\n{"a":2}\r\nno json\n[1]\n')
        with open(second, "w") as out:
            out.write('{"a":1}')

        def match(*arguments):
            return self.program("match", "-e", '{"a":[1]}', *arguments)

        status, text, errors = match(first, second)
        self.assertEqual((status, text), (0, '{"a":1}\n{"a":1}\n'))
        self.assertIn(f"{first}:4: not JSON", errors)
        self.assertIn(f"{first}:5: no JSON object", errors)
        self.assertEqual(match("-n", first)[1], '1:{"a":1}\n')
        self.assertEqual(match("-vn", first)[1], '3:{"a":2}\n')
        self.assertEqual(match("--count", second)[:2], (0, "1\n"))
        self.assertEqual(match("-c", first, second)[1], f"{first}:1\n{second}:1\n")
        self.assertEqual(match("-v", second)[:2], (1, ""))
        self.assertEqual(match("-q", first)[:2], (0, ""))
        self.assertEqual(match(second, "/no/such/file")[:2], (2, '{"a":1}\n'))

    def test_route_says_who_gets_each_event_and_where_a_line_is_wrong(self):
        path = os.path.join(self.folder, "host.yaml")
        with open(path, "w") as out:
            json.dump(config({"a": webhook("http://127.0.0.1:1/")}), out)
        events = os.path.join(self.folder, "events.ndjson")
        with open(events, "w") as out:
            out.write('{"id":"e1","event_type":"vote"}\n\n{"id":"e2"}\n{"id":"e3","event_type":"x"}\n')
        environment = {"EVENT_SIGNATURE_SECRET": SECRET}
        status, text, errors = self.program("route", "-c", path, events, environment=environment)
        self.assertEqual(status, 1)
        self.assertEqual(text, "vote e1 -> [a] by [all]\nx e3 -> [a] by [all]\n")
        self.assertTrue(errors.startswith(f"{events}:3: "), errors)
        with open(events) as file:
            status, text, _ = self.program(
                "route", "-c", path, "--format", "json", stdin=file.read(), environment=environment
            )
        first = json.loads(text.splitlines()[0])
        self.assertEqual(
            first, {"id": "e1", "event_type": "vote", "to": ["a"], "routes": ["all"]}
        )
        self.assertEqual(
            self.program("route", "-c", path, "/no/such", environment=environment)[0], 1
        )


if __name__ == "__main__":
    unittest.main(verbosity=2)
