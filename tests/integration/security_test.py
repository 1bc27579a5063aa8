"""Security reports by API and verb, rules that fire once whatever happens, and an audit trail that shows
tampering."""

import glob
import hashlib
import json
import os
import sqlite3
import stat
import unittest

from harness import SECRET, Case, config, wait_until, webhook

AWS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
GITHUB = "ghp_" + "1234567890abcdefghijABCDEFGHIJklmnop"
PASSWORD = "hunter2-and-more"


class SecurityCase(Case):
    def desk(self, receiver=None, rules=None, **more):
        """A host with the security plugin and, if there is a receiver, a webhook for its conclusions."""
        self.database = os.path.join(self.folder, "security", "desk.db")
        desk = {"plugin": "security", "config": {"database": self.database, **more}}
        if rules is not None:
            desk["config"]["rules"] = rules
        subscribers = {"desk": desk}
        routes = [
            {
                "name": "watched",
                "match": {
                    "event_type": [
                        "auth_failure",
                        "suspicious_activity",
                        "critical_vulnerability",
                        "scan_completed",
                    ]
                },
                "to": ["desk"],
            }
        ]
        if receiver is not None:
            subscribers["on-call"] = webhook(receiver.url)
            routes.append(
                {
                    "name": "conclusions",
                    "match": {"event_type": ["threat_detected", "security_debate_requested"]},
                    "to": ["on-call"],
                }
            )
        return self.host(config(subscribers, routes))

    def fail_login(self, host, number, ip="203.0.113.7", **more):
        status, _, answer = host.call(
            "POST",
            "/v1/security/auth-failures",
            {"id": f"login-{number}", "user_id": "ada", "reason": "bad password", "ip_address": ip, **more},
        )
        self.assertEqual(status, 202, answer)
        return answer

    def processed(self, host, count):
        wait_until(
            lambda: host.subscriber("desk")["events_delivered"] >= count, f"{count} events are applied"
        )

    def query(self, host, name, query=""):
        status, _, answer = host.call("GET", f"/v1/subscribers/desk/query/{name}{query}")
        self.assertEqual(status, 200, answer)
        return answer

    def stored(self, host, event_id):
        status, _, answer = host.call("GET", f"/v1/events/{event_id}")
        self.assertEqual(status, 200, answer)
        return answer["event"]

    def verify(self, *arguments, code=0):
        status, text, errors = self.program(
            "audit", "verify", "--config", os.path.join(self.folder, "host.yaml"), "--format", "json",
            *arguments, environment={"EVENT_SIGNATURE_SECRET": SECRET},
        )  # fmt: skip
        self.assertEqual(status, code, text + errors)
        return json.loads(text)

    def change(self, *statements):
        """Tampers with the file of a stopped host."""
        with sqlite3.connect(self.database) as database:
            for statement in statements:
                database.execute(*statement if isinstance(statement, tuple) else (statement,))
        database.close()


class Reports(SecurityCase):
    def test_reports_become_events_and_tell_what_is_wrong(self):
        host = self.desk()
        answer = self.fail_login(host, 1)
        self.assertEqual(answer, {"accepted": 1, "duplicates": 0, "ids": ["login-1"]})
        self.assertEqual(self.fail_login(host, 1)["duplicates"], 1)
        stored = self.stored(host, "login-1")
        self.assertEqual(stored["event_type"], "auth_failure")
        self.assertEqual(
            stored["data"], {"user_id": "ada", "reason": "bad password", "ip_address": "203.0.113.7"}
        )
        for body, pointer, words in (
            ({"reason": "x", "ip_address": "10.0.0.1"}, "/user_id", "missing"),
            ({"user_id": 5, "reason": "x", "ip_address": "10.0.0.1"}, "/user_id", "expected a string"),
            ({"user_id": "a", "reason": "x", "ip_address": "10.0.0"}, "/ip_address", "203.0.113.7"),
            ({"user_id": "a", "reason": "", "ip_address": "::1"}, "/reason", "1 to 1024"),
            ({"user_id": "a", "reason": "x", "ip_address": "::1", "severity": "big"}, "/severity", "critical"),
            ({"user_id": "a", "reason": "x", "ip_address": "::1", "metadata": 3}, "/metadata", "object"),
            ([], "", "one report"),
        ):
            status, headers, problem = host.call("POST", "/v1/security/auth-failures", body)
            self.assertIn(status, (400, 422), problem)
            self.assertEqual(headers["content-type"], "application/problem+json")
            self.assertEqual(problem.get("pointer", ""), pointer)
            self.assertIn(words, problem["detail"])
        self.assertEqual(host.call("GET", "/v1/security/auth-failures")[0], 405)
        self.assertEqual(host.call("POST", "/v1/security/other", {})[0], 404)
        status, _, problem = host.call("POST", "/v1/security/suspicious-activity", {"user_id": "a"})
        self.assertEqual((status, problem["pointer"]), (422, "/activity_type"))

    def test_verbs(self):
        host = self.desk()
        status, text, errors = self.program(
            "security", "log-auth-failure", "--url", host.url, "--user-id", "ada", "--reason", "expired",
            "--ip-address", "2001:db8::7", "--format", "json",
        )  # fmt: skip
        self.assertEqual(status, 0, errors)
        first = json.loads(text)["ids"][0]
        status, text, errors = self.program(
            "security", "log-suspicious-activity", "--url", host.url, "--user-id", "ada",
            "--activity-type", "mass_download", "--metadata", '{"files": 9000}', "--severity", "high",
        )  # fmt: skip
        self.assertEqual(status, 0, errors)
        self.assertIn("recorded as event ", text)
        event = self.stored(host, text.split()[-1])
        self.assertEqual(event["event_type"], "suspicious_activity")
        self.assertEqual(event["data"]["metadata"], {"files": 9000})
        self.assertEqual(self.stored(host, first)["data"]["ip_address"], "2001:db8::7")
        status, text, errors = self.program(
            "security", "log-auth-failure", "--url", host.url, "--user-id", "ada", "--reason", "x",
            "--ip-address", "nowhere",
        )  # fmt: skip
        self.assertEqual(status, 1)
        self.assertIn("ip_address is no IP address", errors)
        self.assertEqual(self.program("security", "log-auth-failure", "--url", host.url)[0], 2)

    def test_reports_need_the_scope_ingest(self):
        self.database = os.path.join(self.folder, "desk.db")
        tokens = [
            {"name": "in", "token": "secret-token-for-ingest", "scopes": ["ingest"]},
            {"name": "out", "token": "secret-token-for-reading", "scopes": ["read"]},
        ]
        host = self.host(
            config(
                {"desk": {"plugin": "security", "config": {"database": self.database}}},
                api={"listen": "127.0.0.1:0", "auth": {"tokens": tokens}},
            )
        )
        body = {"user_id": "a", "reason": "x", "ip_address": "::1"}
        for token, expected in (("secret-token-for-ingest", 202), ("secret-token-for-reading", 403), ("", 401)):
            headers = {"Authorization": "Bearer " + token} if token else {}
            status, _, answer = host.call("POST", "/v1/security/auth-failures", body, headers=headers)
            self.assertEqual(status, expected, answer)


class Rules(SecurityCase):
    def test_five_failures_of_an_address_are_one_threat_which_is_routed_on(self):
        receiver = self.receiver()
        host = self.desk(receiver)
        for number in range(4):
            self.fail_login(host, number)
        self.fail_login(host, 100, ip="198.51.100.1")
        self.processed(host, 5)
        self.assertEqual(receiver.count(), 0)
        for number in range(4, 9):
            self.fail_login(host, number)
        self.processed(host, 10)
        wait_until(lambda: receiver.count() >= 1, "the threat arrives")
        threat = receiver.all()[0].json()
        self.assertEqual(threat["event_type"], "threat_detected")
        self.assertEqual(threat["source"], "desk")
        self.assertEqual(threat["data"]["rule"], "failed-logins-per-address")
        self.assertEqual(threat["data"]["key"], {"ip_address": "203.0.113.7"})
        self.assertEqual(threat["data"]["evidence"], [f"login-{n}" for n in range(5)])
        self.assertEqual(threat["data"]["triggered_by"], "login-4")
        wait_until(lambda: self.query(host, "status")["outbox"] == 0, "the outbox is empty")
        self.assertEqual(receiver.count(), 1)  # the other failures fall into the cooldown
        alerts = self.query(host, "alerts")["alerts"]
        self.assertEqual([each["alert_id"] for each in alerts], [threat["data"]["alert_id"]])
        self.assertTrue(alerts[0]["active"])

    def test_a_critical_finding_asks_for_a_debate(self):
        receiver = self.receiver()
        host = self.desk(receiver)
        finding = {"severity": "critical", "title": "RCE in parser", "finding_type": "vulnerability"}
        scan = {"severity": "critical", "repository": "core", "findings": [finding]}
        host.post(
            [
                {"id": "s1", "event_type": "scan_completed", "data": scan},
                {"id": "s2", "event_type": "scan_completed", "data": scan},  # within the cooldown
                {"id": "s3", "event_type": "scan_completed", "data": {"severity": "low", "repository": "x"}},
            ]
        )
        self.processed(host, 3)
        wait_until(lambda: receiver.count() == 1, "one debate is asked for")
        asked = receiver.all()[0].json()
        self.assertEqual(asked["event_type"], "security_debate_requested")
        self.assertRegex(asked["debate_id"], "^security_debate_[0-9a-f]{12}$")
        self.assertIn("RCE in parser", asked["data"]["debate_question"])
        self.assertEqual(asked["data"]["repository"], "core")

    def test_a_crash_keeps_the_windows_and_emits_once(self):
        receiver = self.receiver()
        host = self.desk(receiver)
        for number in range(3):
            self.fail_login(host, number)
        self.processed(host, 3)
        host.kill()
        host.start()
        self.fail_login(host, 3)
        self.fail_login(host, 4)
        wait_until(lambda: receiver.count() >= 1, "the threat arrives")
        self.assertEqual(receiver.all()[0].json()["data"]["evidence"], [f"login-{n}" for n in range(5)])
        host.kill()
        host.start()
        for number in range(5, 12):
            self.fail_login(host, number)
        wait_until(lambda: self.query(host, "counts")["total"] == 12, "all are applied")
        wait_until(lambda: self.query(host, "status")["outbox"] == 0, "the outbox is empty")
        threats = host.call("GET", "/v1/events?event_type=threat_detected")[2]["events"]
        self.assertEqual(len(threats), 1)
        self.assertEqual(set(receiver.ids()), {threats[0]["event"]["id"]})
        self.assertEqual(host.stop(), 0)
        report = self.verify()
        self.assertTrue(report["intact"], report)

    def test_kill_at_many_moments_loses_and_doubles_nothing(self):
        receiver = self.receiver()
        host = self.desk(receiver, debates={"enabled": False})
        sent = 0
        for crash in range(6):
            events = [
                {
                    "id": f"e{number}",
                    "event_type": "auth_failure",
                    "data": {"user_id": "u", "ip_address": f"10.0.{number // 7}.1"},
                }
                for number in range(sent, sent + 211)
            ]
            sent += len(events)
            host.post(events)
            host.kill()
            host.start()
        wait_until(lambda: self.query(host, "counts")["total"] == sent, "each event is applied once")
        # Seven failures each: every whole address fires once, and one user has many addresses.
        expected = (sent + 2) // 7 + 1
        wait_until(lambda: len(set(receiver.ids())) >= expected, f"{expected} threats")
        self.assertEqual(len(self.query(host, "alerts", "?limit=1000")["alerts"]), expected)
        self.assertEqual(host.stop(), 0)
        self.assertEqual(len(set(receiver.ids())), expected)
        report = self.verify()
        self.assertEqual(report["problems"], [])


class Masking(SecurityCase):
    def test_secrets_are_in_no_file(self):
        host = self.desk()
        self.fail_login(
            host, 1, metadata={"password": PASSWORD, "note": f"tried {GITHUB} twice", "keys": [AWS_KEY]}
        )
        self.program(
            "security", "log-suspicious-activity", "--url", host.url, "--user-id", "ada", "--activity-type",
            "leak", "--metadata", json.dumps({"url": f"https://bob:{PASSWORD}@db.example/x"}),
        )  # fmt: skip
        self.processed(host, 2)
        recent = self.query(host, "recent")["events"]
        self.assertEqual(recent[1]["data"]["metadata"]["password"], "[masked]")
        self.assertRegex(recent[1]["data"]["metadata"]["keys"][0], r"^AKIA\[masked:[0-9a-f]{8}\]$")
        # An ordinary event is kept as it was sent by the host; the plugin's own file has no secret of it.
        host.post({"event_type": "auth_failure", "data": {"user_id": "x", "token": "plain-" + PASSWORD}})
        self.processed(host, 3)
        self.assertEqual(host.stop(), 0)
        own = glob.glob(self.database + "*")
        everything = own + glob.glob(os.path.join(self.folder, "data", "*"))
        self.assertGreaterEqual(len(everything), 3)
        for name in everything:
            with open(name, "rb") as file:
                content = file.read()
            for secret in (AWS_KEY, GITHUB, "://bob:" + PASSWORD):
                self.assertNotIn(secret.encode(), content, name)
            if name in own:
                self.assertNotIn(PASSWORD.encode(), content, name)


class Audit(SecurityCase):
    def written(self, **more):
        host = self.desk(audit={"checkpoint_entries": 10, **more})
        for number in range(30):
            self.fail_login(host, number, ip=f"10.1.1.{number}")
        self.processed(host, 30)
        self.assertEqual(host.stop(), 0)
        report = self.verify()
        self.assertTrue(report["intact"], report)
        self.assertEqual(report["entries"], 33)  # started, 30 events, one user from many, stopped
        self.assertEqual(report["last_checkpoint"], 33)

    def test_a_changed_entry_is_found(self):
        self.written()
        self.change("UPDATE audit SET body = replace(body, '10.1.1.6', '10.1.1.9') WHERE entry = 9")
        report = self.verify(code=1)
        self.assertEqual([(p["entry"], p["kind"]) for p in report["problems"]], [(9, "changed")])
        status, text, _ = self.program("audit", "verify", "--config", os.path.join(self.folder, "host.yaml"))
        self.assertEqual(status, 1)
        self.assertIn("entry 9", text)
        self.assertIn("NOT INTACT", text)

    def test_a_removed_entry_is_found(self):
        self.written()
        self.change("DELETE FROM audit WHERE entry = 7")
        report = self.verify(code=1)
        self.assertEqual([(p["entry"], p["kind"]) for p in report["problems"]], [(7, "removed")])

    def test_a_removed_end_is_found_even_if_the_rest_is_made_to_fit(self):
        self.written()
        checkpoint = self.program(
            "audit", "checkpoint", "--config", os.path.join(self.folder, "host.yaml")
        )[1]
        self.change(
            "DELETE FROM audit WHERE entry > 21",
            "DELETE FROM checkpoints WHERE entry > 21",
            "UPDATE head SET entry = 21, hash = (SELECT hash FROM audit WHERE entry = 21)",
        )
        self.assertTrue(self.verify()["intact"])  # nothing in the file itself tells
        report = self.verify("--checkpoint", checkpoint, code=1)
        self.assertEqual([(p["entry"], p["kind"]) for p in report["problems"]], [(22, "truncated")])

    def test_a_trail_rewritten_with_fresh_hashes_is_found_by_the_signatures(self):
        self.written()
        with sqlite3.connect(self.database) as database:
            rows = database.execute("SELECT entry, body, hash FROM audit ORDER BY entry").fetchall()
            last = None
            for entry, body, hashed in rows:
                if entry == 15:
                    body = body.replace("ada", "eve")
                if entry >= 15:
                    hashed = hashlib.sha256(last + body.encode()).digest()
                    database.execute(
                        "UPDATE audit SET body = ?, hash = ? WHERE entry = ?", (body, hashed, entry)
                    )
                last = hashed
            database.execute("UPDATE head SET hash = ?", (last,))
        database.close()
        report = self.verify(code=1)
        first = report["problems"][0]
        self.assertEqual((first["entry"], first["kind"]), (11, "unlinked"))  # behind the last good signature

    def test_the_key_that_must_have_signed(self):
        self.written()
        status, pem, errors = self.program(
            "audit", "public-key", "--config", os.path.join(self.folder, "host.yaml")
        )
        self.assertEqual(status, 0, errors)
        self.assertTrue(pem.startswith("-----BEGIN PUBLIC KEY-----"))
        self.assertEqual(stat.S_IMODE(os.stat(self.database + ".key").st_mode), 0o600)
        key_file = os.path.join(self.folder, "trusted.pem")
        with open(key_file, "w") as out:
            out.write(pem)
        self.assertTrue(self.verify("--public-key", key_file, "--subscriber", "desk")["intact"])
        other = "whpk_" + "A" * 43 + "="
        self.assertEqual(self.verify("--public-key", other, code=1)["problems"][0]["kind"], "signature")

    def test_it_works_beside_a_running_host_and_exports(self):
        host = self.desk()
        self.fail_login(host, 1)
        self.processed(host, 1)
        self.assertTrue(self.query(host, "audit_verify")["intact"])
        self.assertTrue(self.verify()["intact"])
        status, text, errors = self.program(
            "audit", "export", "--config", os.path.join(self.folder, "host.yaml")
        )
        self.assertEqual(status, 0, errors)
        entries = [json.loads(line) for line in text.splitlines()]
        self.assertEqual([each["body"]["kind"] for each in entries], ["started", "event"])


class Configuration(SecurityCase):
    def problems(self, yaml):
        path = os.path.join(self.folder, "bad.yaml")
        with open(path, "w") as out:
            out.write(yaml)
        status, text, errors = self.program("validate", path, "--format", "json")
        self.assertEqual(status, 78, text + errors)
        return [(p["line"], p["column"], p["message"]) for p in json.loads(text)["problems"]]

    def test_bad_rules_are_refused_with_line_and_column(self):
        head = "version: 1\nsubscribers:\n  desk:\n    plugin: security\n    config:\n      database: x.db\n"
        tail = f"routes: [{{name: all, to: [desk]}}]\nplugins: {{path: ['{os.environ['AEV_PLUGINS']}']}}\n"
        for rule, line, column, words in (
            ("      rules: [{name: a, events: [x], count: 5}]\n", 7, None, "within: 10m"),
            ("      rules:\n        - name: a\n          events: [x]\n          count: 2\n          within: 5 minutes\n", 11, 11, "no duration"),
            ("      rules:\n        - name: a\n          event: [x]\n", 9, None, "event"),
            ("      max_late: 99999d\n", 7, 7, "no duration"),
            ("      rules: [{name: a, events: [x]}, {name: a, events: [y]}]\n", 7, None, "is called 'a' too"),
        ):
            found = self.problems(head + rule + tail)
            self.assertTrue(found)
            self.assertEqual(found[0][0], line, found)
            if column is not None:
                self.assertEqual(found[0][1], column, found)
            self.assertTrue(any(words in message for _, _, message in found), found)


if __name__ == "__main__":
    unittest.main(verbosity=2)
