"""Events are checked against the schemas of their types as the YAML says."""

import json
import os
import unittest

from harness import Case, config, event, wait_until, webhook


class Schemas(Case):
    def setUp(self):
        super().setUp()
        self.own = os.path.join(self.folder, "schemas")
        os.mkdir(self.own)
        self.write_schema("ballot", {"type": "object", "required": ["box"]})
        self.sink = self.receiver()

    def write_schema(self, event_type, schema):
        with open(os.path.join(self.own, event_type + ".json"), "w") as out:
            json.dump(schema, out)

    def configured(self, **schemas):
        return config({"sink": webhook(self.sink.url)}, schemas={"path": [self.own], **schemas})

    def test_enforce_warn_and_off(self):
        host = self.host(
            self.configured(default="off", events={"vote": "enforce", "consensus": "warn"})
        )
        good = {"agent": "a", "vote": "b"}
        status, _, problem = host.call(
            "POST", "/v1/events", [event(1, **good), event(2, agent=3, vote="b")]
        )
        self.assertEqual(status, 422)
        self.assertEqual((problem["index"], problem["pointer"]), (1, "/data/agent"))
        self.assertIn("Expected string (got 3)", problem["detail"])
        lines = "\n".join(json.dumps(each) for each in (event(3, **good), event(4), event(5)))
        status, _, problem = host.call(
            "POST", "/v1/events", lines, content_type="application/x-ndjson"
        )
        self.assertEqual((status, problem["line"], problem["accepted"]), (422, 2, 1))
        host.post(event(6, "consensus", reached="maybe"))
        host.post(event(7, "consensus", reached="maybe"))
        host.post(event(8, "ballot"))
        host.post(event(9, "of_no_schema"))
        wait_until(
            lambda: sorted(self.sink.ids()) == ["evt-3", "evt-6", "evt-7", "evt-8", "evt-9"],
            "what was taken arrives, and nothing else",
        )
        metrics = host.call("GET", "/metrics")[2]
        self.assertIn(
            'aragora_ingest_schema_warnings_total{event_type="consensus"} 2', metrics
        )
        self.assertEqual(host.log().count("an event does not fit its schema"), 1)

    def test_a_reload_takes_schemas_too(self):
        host = self.host(self.configured())
        host.post(event(1, "ballot"))
        host.write_config(self.configured(events={"ballot": "enforce"}))
        self.assertEqual(host.call("POST", "/v1/reload")[0], 200)
        self.assertEqual(host.call("POST", "/v1/events", event(2, "ballot"))[0], 422)
        host.post(event(3, "ballot", box=1))
        self.write_schema("ballot", {"type": "nonsense"})
        with open(os.path.join(self.own, "broken.json"), "w") as out:
            out.write("{")
        status, _, answer = host.call("POST", "/v1/reload")
        self.assertEqual(status, 400)
        self.assertIn("broken.json", str(answer["problems"]))
        host.post(event(4, "ballot", box=1))

    def test_api_lists_shows_and_checks(self):
        host = self.host(self.configured())
        listed = host.call("GET", "/v1/schemas")[2]
        self.assertEqual(listed["count"], 21)
        self.assertIn(
            {"event_type": "debate_end", "title": "A debate is over", "group": "debate"},
            listed["schemas"],
        )
        known = host.call("GET", "/v1/schemas?all=true")[2]
        self.assertGreaterEqual(known["count"], 277)
        self.assertIn(
            {"event_type": "gauntlet_start", "group": "gauntlet"},
            [{key: each[key] for key in ("event_type", "group")} for each in known["schemas"]],
        )
        debate = host.call("GET", "/v1/schemas?all=true&group=debate")[2]["schemas"]
        self.assertEqual({each["group"] for each in debate}, {"debate"})
        self.assertEqual(host.call("GET", "/v1/schemas/ballot")[2]["required"], ["box"])
        self.assertEqual(host.call("GET", "/v1/schemas/nothing")[0], 404)
        status, _, answer = host.call("POST", "/v1/schemas/vote", {"agent": 3})
        self.assertEqual((status, answer["valid"]), (200, False))
        self.assertIn({"field": "/agent", "message": "Expected string", "value": 3}, answer["errors"])
        answer = host.call("POST", "/v1/schemas/vote", {"agent": "a", "vote": "b"})[2]
        self.assertEqual((answer["valid"], answer["errors"]), (True, []))

    def test_whoever_may_read_may_check(self):
        tokens = [{"name": "reader", "token": "r" * 32, "scopes": ["read"]}]
        host = self.host(
            {**self.configured(), "api": {"listen": "127.0.0.1:0", "auth": {"tokens": tokens}}}
        )
        as_reader = {"Authorization": "Bearer " + "r" * 32}
        status, _, answer = host.call(
            "POST", "/v1/schemas/vote", {"agent": "a", "vote": "b"}, headers=as_reader
        )
        self.assertEqual((status, answer.get("valid")), (200, True))
        self.assertEqual(host.call("POST", "/v1/schemas/vote", {})[0], 401)
        self.assertEqual(host.call("POST", "/v1/reload", headers=as_reader)[0], 403)
        self.assertEqual(host.call("DELETE", "/v1/subscribers/sink", headers=as_reader)[0], 403)

    def test_verbs(self):
        path = os.path.join(self.folder, "host.yaml")
        with open(path, "w") as out:
            json.dump(self.configured(events={"balot": "warn"}), out)
        self.assertIn("ballot", self.program("schema", "list", "--config", path)[1])
        self.assertEqual(len(json.loads(self.program("schema", "list", "--format", "json")[1])), 20)
        known = json.loads(self.program("schema", "list", "--all", "--format", "json")[1])
        self.assertIn("gauntlet_start", [each["event_type"] for each in known])
        self.assertGreaterEqual(len(known), 277)
        self.assertEqual(
            json.loads(self.program("schema", "show", "consensus")[1])["$id"], "consensus"
        )
        status, _, errors = self.program("schema", "show", "consenus")
        self.assertEqual(status, 1)
        self.assertIn("did you mean 'consensus'?", errors)
        lines = json.dumps(event(1, agent="a", vote="b")) + "\n" + json.dumps(event(2)) + "\n"
        status, text, _ = self.program("schema", "check", stdin=lines)
        self.assertEqual(status, 1)
        self.assertIn("-:2: vote: /data/voter_agent: Required field is missing", text)
        self.assertNotIn("-:1:", text)
        environment = {"EVENT_SIGNATURE_SECRET": "whsec_AAAA"}
        status, _, errors = self.program("validate", path, environment=environment)
        self.assertEqual(status, 0, errors)
        self.assertIn("schemas.events.balot: warning", errors)
        self.assertIn("did you mean 'ballot'?", errors)


if __name__ == "__main__":
    unittest.main(verbosity=2)
