"""The verbs as people type them, with good and bad input."""

import json
import os
import unittest

from harness import PLUGINS, SECRET, Case, config, event, wait_until, webhook


class Configuration(Case):
    def file(self, text):
        path = os.path.join(self.folder, "host.yaml")
        with open(path, "w") as out:
            out.write(text)
        return path

    def test_every_mistake_at_once_with_its_place(self):
        path = self.file(
            "version: 1\n"
            "data_dir: ./data\n"
            f"plugins: {{path: [{PLUGINS}]}}\n"
            "subscribers:\n"
            "  customer:\n"
            "    plugin: webhook\n"
            f"    config: {{url: 'http://x', secret: {SECRET}, frmat: event}}\n"
            "    retry: {max_atempts: 3}\n"
            "routes:\n"
            "  - {name: all, match: {event_type: [{prefxi: a}]}, to: [custmer]}\n"
        )
        status, _, errors = self.program("validate", path)
        self.assertEqual(status, 78)
        self.assertIn(f"{path}:8:13: subscribers.customer.retry.max_atempts", errors)
        self.assertIn("max_attempts", errors)
        self.assertIn("customer", errors)

    def test_schema_and_pattern_mistakes_have_places_too(self):
        path = self.file(
            "version: 1\n"
            "data_dir: ./data\n"
            f"plugins: {{path: [{PLUGINS}]}}\n"
            "subscribers:\n"
            "  customer:\n"
            "    plugin: webhook\n"
            "    config:\n"
            "      url: http://x\n"
            f"      secret: {SECRET}\n"
            "      frmat: event\n"
            "routes:\n"
            "  - {name: all, match: {event_type: [{prefxi: a}]}, to: [customer]}\n"
        )
        status, _, errors = self.program("validate", path)
        self.assertEqual(status, 78)
        self.assertIn(f"{path}:10:", errors)
        self.assertIn("frmat", errors)
        self.assertIn(f"{path}:12:", errors)
        self.assertIn("prefxi", errors)
        status, _, errors = self.program("run", "--config", path)
        self.assertEqual(status, 78)

    def test_what_is_doubtful_is_warned_of(self):
        host = config(
            {name: webhook("http://127.0.0.1:1/") for name in ("used", "idle")},
            [
                {"name": "every", "to": ["used"]},
                {"name": "rest", "default": True, "to": ["used"]},
                {
                    "name": "some",
                    "match": {
                        "$or": [
                            {"event_type": ["debate_strat", "house_rule", "vote"]},
                            {"data": {"n": [1]}},
                        ]
                    },
                    "to": ["used"],
                },
            ],
        )
        path = self.file(json.dumps(host, indent=1))
        arguments = ("validate", path)
        environment = {"EVENT_SIGNATURE_SECRET": SECRET}
        status, _, errors = self.program(*arguments, environment=environment)
        self.assertEqual(status, 0, errors)
        self.assertIn("subscribers.idle: warning: no route names it", errors)
        self.assertIn("routes.rest: warning: can never fire", errors)
        self.assertIn("'debate_strat' is no known event type; did you mean 'debate_start'?", errors)
        self.assertEqual(errors.count("no known event type"), 1)
        status = self.program(*arguments, "--deny-warnings", environment=environment)[0]
        self.assertEqual(status, 78)

    def test_check_tries_to_reach_the_receivers(self):
        receiver = self.receiver()
        environment = {"EVENT_SIGNATURE_SECRET": SECRET}
        path = self.file(json.dumps(config({"up": webhook(receiver.url)})))
        status, _, errors = self.program("validate", path, "--check", environment=environment)
        self.assertEqual(status, 0, errors)
        self.assertEqual(receiver.count(), 0)  # nothing is delivered
        path = self.file(
            json.dumps(
                config({"up": webhook(receiver.url), "down": webhook("http://127.0.0.1:1/")})
            )
        )
        self.assertEqual(self.program("validate", path, environment=environment)[0], 0)
        status, _, errors = self.program("validate", path, "--check", environment=environment)
        self.assertEqual(status, 1)
        self.assertIn("subscribers.down: its receiver is out of reach", errors)
        self.assertNotIn("subscribers.up", errors)

    def test_show_redacts_and_names_origins(self):
        path = os.path.join(self.folder, "host.json.yaml")
        with open(path, "w") as out:
            json.dump(config({"customer": webhook("http://example.com/")}), out)
        status, text, _ = self.program(
            "config", "show", path, environment={"EVENT_SIGNATURE_SECRET": SECRET}
        )
        self.assertEqual(status, 0)
        self.assertNotIn(SECRET, text)
        self.assertIn("EVENT_SIGNATURE_SECRET", text)
        self.assertIn("default", text)

    def test_route_explains_why_not(self):
        path = self.file(
            json.dumps(
                config(
                    {"a": webhook("http://127.0.0.1:1/")},
                    [
                        {
                            "name": "agreed",
                            "match": {
                                "event_type": ["consensus"],
                                "data": {
                                    "confidence": [{"numeric": [">=", 0.8]}],
                                    "votes": {"agent": ["x"], "for": ["y"]},
                                },
                            },
                            "to": ["a"],
                        },
                        {"name": "rest", "default": True, "to": ["a"]},
                    ],
                )
            )
        )
        votes = [{"agent": "x", "for": "z"}, {"agent": "w", "for": "y"}]
        events = [
            event(1, "vote", confidence=0.2),
            event(2, "consensus", confidence=0.9, votes=votes),
            event(3, "consensus", confidence=0.9, votes=[{"agent": "x", "for": "y"}]),
        ]
        text = "\n".join(json.dumps(each) for each in events)

        def route(*arguments):
            return self.program(
                "route", "--config", path, *arguments, stdin=text,
                environment={"EVENT_SIGNATURE_SECRET": SECRET},
            )  # fmt: skip

        status, found, errors = route("--explain", "agreed")
        self.assertEqual(status, 0, errors)
        self.assertEqual(
            [line.strip() for line in found.splitlines()],
            [
                "vote evt-1 -> [a] by [rest]",
                'not by agreed: data.confidence: wants [{"numeric":[">=",0.8]}], the event has 0.2',
                'not by agreed: data.votes.agent: wants ["x"], the event has none',
                'not by agreed: data.votes.for: wants ["y"], the event has none',
                'not by agreed: event_type: wants ["consensus"], the event has "vote"',
                "consensus evt-2 -> [a] by [rest]",
                "not by agreed: every field matches by itself, but not together within the same "
                "element of an array",
                "consensus evt-3 -> [a] by [agreed]",
            ],
        )
        self.assertIn("'agreed' matches", route("--explain", "rest")[1])
        status, _, errors = route("--explain", "agred")
        self.assertEqual(status, 2)
        self.assertIn("did you mean 'agreed'?", errors)

    def test_match_works_like_grep(self):
        lines = [
            '{"event_type":"debate_end","data":{"n":3}}',
            '{"event_type":"vote"}',
            "not json",
            '{"list":[{"a":1,"b":2},{"a":3}]}',
        ]
        text = "\n".join(lines) + "\n"
        pattern = self.file("event_type: [{prefix: deb}]\ndata: {n: [{numeric: ['>=', 3]}]}\n")
        status, found, _ = self.program("match", "--pattern", pattern, stdin=text)
        self.assertEqual((status, found.splitlines()), (0, lines[:1]))
        both = '{"$or":[{"event_type":["vote"]},{"list":{"a":[3]}}]}'
        status, found, _ = self.program("match", "-e", both, stdin=text)
        self.assertEqual((status, found.splitlines()), (0, [lines[1], lines[3]]))
        # both fields within one element of the array
        status, found, _ = self.program("match", "-e", '{"list":{"a":[3],"b":[2]}}', stdin=text)
        self.assertEqual((status, found), (1, ""))
        pattern = self.file("a:\n  - {prefxi: b}\n")
        status, _, errors = self.program("match", "--pattern", pattern, stdin=text)
        self.assertEqual(status, 2)
        self.assertIn(f"{pattern}:2:6: pattern/a/0/prefxi", errors)
        self.assertEqual(self.program("match", stdin=text)[0], 2)
        self.assertEqual(self.program("match", "-e", both, "/no/such/file")[0], 2)

    def test_wrong_usage(self):
        self.assertEqual(self.program("emit", "--no-such-option")[0], 2)
        self.assertEqual(self.program("no-such-verb")[0], 2)
        self.assertEqual(self.program("--help")[0], 0)
        status, _, errors = self.program("stats", "--url", "http://127.0.0.1:1")
        self.assertEqual(status, 1)
        self.assertIn("is it running?", errors)


class Signatures(Case):
    def test_sign_and_verify(self):
        body = os.path.join(self.folder, "body")
        with open(body, "w") as out:
            out.write('{"test": 2432232314}')
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        status, text, _ = self.program(
            "sign", body, "--secret", secret, "--id", "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "--timestamp", "1614265330",
        )  # fmt: skip
        self.assertEqual(status, 0)
        self.assertIn("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", text)
        headers = [part for line in text.splitlines() for part in ("-H", line)]
        self.assertEqual(self.program("verify", body, "--secret", secret, *headers)[0], 1)
        fresh = self.program("sign", body, "--secret", secret)[1]
        headers = [part for line in fresh.splitlines() for part in ("-H", line)]
        self.assertEqual(self.program("verify", body, "--secret", secret, *headers)[0], 0)
        self.assertEqual(self.program("verify", body, "--secret", "other", *headers)[0], 1)


class WithHost(Case):
    def test_dead_letters_replay_and_subscribers(self):
        receiver = self.receiver(lambda request, number: 400 if number == 1 else 200)
        host = self.host(config({"customer": webhook(receiver.url)}))
        host.post(event(1))
        wait_until(host.dead_letters, "a dead letter")
        url = ("--url", host.url)
        status, text, _ = self.program("dlq", "list", *url)
        self.assertEqual(status, 0)
        self.assertIn("rejected", text)
        identity = host.dead_letters()[0]["id"]
        self.assertIn("evt-1", self.program("dlq", "show", str(identity), *url)[1])
        exported = self.program("dlq", "export", *url)[1].splitlines()
        self.assertEqual(json.loads(exported[0])["event"]["id"], "evt-1")
        self.assertEqual(self.program("dlq", "retry", *url)[0], 2)  # nothing was asked for
        self.assertEqual(self.program("dlq", "retry", str(identity), *url)[0], 0)
        wait_until(lambda: host.subscriber("customer")["events_delivered"] == 1, "it is delivered")
        self.assertEqual(self.program("replay", "customer", "--event-type", "vote", *url)[0], 0)
        wait_until(lambda: receiver.count() == 3, "the replay arrives")
        self.assertIn("running", self.program("subscribers", "list", *url)[1])
        self.assertEqual(self.program("subscribers", "pause", "customer", *url)[0], 0)
        self.assertIn("paused", self.program("subscribers", "show", "customer", *url)[1])
        self.assertEqual(self.program("subscribers", "pause", "nobody", *url)[0], 1)
        self.assertEqual(self.program("stats", *url)[0], 0)

    def test_straight_to_a_url(self):
        receiver = self.receiver()
        arguments = ("--event-type", "vote", "--data", "{}", "--secret", SECRET)
        status, text, _ = self.program(
            "emit", "--to-url", receiver.url, "--allow-network", "127.0.0.0/8", *arguments
        )
        self.assertEqual(status, 0, text)
        self.assertEqual(receiver.count(), 1)
        status, text, _ = self.program("emit", "--to-url", receiver.url, *arguments)
        self.assertEqual(status, 1)
        self.assertIn("allow_networks", text)

    def test_reload_takes_new_routes(self):
        first, second = self.receiver(), self.receiver()
        both = {"first": webhook(first.url), "second": webhook(second.url)}
        host = self.host(config(both, [{"name": "r", "to": ["first"]}]))
        host.post(event(1))
        wait_until(lambda: first.count() == 1, "the first route")
        host.write_config(config(both, [{"name": "r", "to": ["second"]}]))
        host.process.send_signal(1)
        wait_until(lambda: "configuration reloaded" in host.log(), "the reload")
        host.post(event(2))
        wait_until(lambda: second.count() == 1, "the second route")
        host.write_config({**config(both, [{"name": "r", "to": ["second"]}]), "nonsense": 1})
        host.process.send_signal(1)
        wait_until(lambda: "reload refused" in host.log(), "the refusal")
        host.post(event(3))
        wait_until(lambda: second.count() == 2, "the routes stay")


class Plugins(Case):
    def test_list_and_inspect(self):
        self.assertIn("webhook", self.program("plugins", "list", "--path", PLUGINS)[1])
        wrong = os.path.join(self.folder, "wrong.so")
        with open(wrong, "w") as out:
            out.write("not a library")
        status, _, errors = self.program("plugins", "inspect", wrong)
        self.assertEqual(status, 1)
        self.assertGreater(len(errors), 40)


if __name__ == "__main__":
    unittest.main(verbosity=2)
