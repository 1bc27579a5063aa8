"""The analytics subscriber in the real host: exact figures whatever happens, and ways to ask for them."""

import collections
import csv
import io
import json
import os
import sqlite3
import unittest

from harness import Case, config, event, wait_until

RECORDED = os.path.join(os.path.dirname(__file__), "..", "..", "config", "recorded", "debate.ndjson")


def recorded():
    with open(RECORDED) as file:
        return [json.loads(line) for line in file]


def counts_of(events):
    """What the query `counts` answers with group_by=event_type, slowly."""
    return dict(collections.Counter(each["event_type"] for each in events))


class Analytics(Case):
    def figures(self, **options):
        return {
            "plugin": "analytics",
            "config": {"file": os.path.join(self.folder, "figures.db"), "commit_interval": "5ms", **options},
            "batch": {"max_events": 100, "max_delay": "5ms"},
            "concurrency": 4,
            "retry": {"max_attempts": 4, "initial_interval": "50ms", "max_interval": "1s"},
        }

    def start(self, **options):
        return self.host(config({"stats": self.figures(**options)}))

    def ask(self, host, name, **parameters):
        query = "&".join(f"{key}={value}" for key, value in parameters.items())
        status, _, answer = host.call("GET", f"/v1/subscribers/stats/query/{name}?{query}")
        assert status == 200, (status, answer)
        return answer

    def counted(self, host):
        """Events by type, of all times."""
        rows = self.ask(host, "counts", granularity="day", group_by="event_type")["rows"]
        return {row["event_type"]: row["events"] for row in rows}

    def wait_counted(self, host, number):
        def done():
            status, _, answer = host.call("GET", "/v1/subscribers/stats/query/status")
            return status == 200 and answer["log"].get("events", 0) >= number

        wait_until(done, f"{number} events are counted")

    def post_recorded(self, host):
        events = recorded()
        with open(RECORDED, "rb") as file:
            host.post(file.read(), content_type="application/x-ndjson")
        self.wait_counted(host, len(events))
        return events


class Figures(Analytics):
    def test_the_recorded_debates_are_counted_and_can_be_asked_for(self):
        host = self.start()
        events = self.post_recorded(host)
        self.assertEqual(self.counted(host), counts_of(events))

        stats = self.ask(host, "debate_stats")
        ends = [each["data"] for each in events if each["event_type"] == "debate_end"]
        self.assertEqual(stats["total_debates"], 4)
        self.assertEqual(stats["completed_debates"] + stats["failed_debates"], len(ends))
        self.assertEqual(stats["total_messages"], counts_of(events)["agent_message"])
        self.assertEqual(stats["total_votes"], counts_of(events)["vote"])
        self.assertAlmostEqual(
            stats["avg_rounds"], sum(each["rounds_used"] for each in ends) / len(ends)
        )
        self.assertEqual(
            stats["consensus_reached"], sum(each["consensus_reached"] for each in ends)
        )
        self.assertEqual(
            set(stats["by_domain"]),
            {each["data"]["domain"] for each in events if each["event_type"] == "debate_start"},
        )

        one = self.ask(host, "debate", debate_id="dbt-2026-03-11-api-limits")
        self.assertEqual(one["winner"], "claude-designer")
        self.assertEqual(one["outcome"], "completed")
        self.assertEqual(one["duration_seconds"], 196.1)
        messages = sum(
            each["event_type"] == "agent_message" and each["debate_id"] == one["debate_id"]
            for each in events
        )
        self.assertEqual(one["messages"], messages)
        self.assertEqual(sum(agent["messages"] for agent in one["agents"]), messages)

        board = self.ask(host, "leaderboard", sort="messages")["agents"]
        spoken = collections.Counter(
            each["agent"] for each in events if each["event_type"] == "agent_message"
        )
        self.assertEqual({row["agent"]: row["messages"] for row in board if row["messages"]}, spoken)
        self.assertEqual(host.stop(), 0)

    def test_stream_envelopes_in_the_other_spelling_say_the_same(self):
        host = self.start()
        said = [
            ("debate_start", "", {"task": "Which?", "agents": ["ada", "bob"]}),
            ("round_start", "", {"round": 2}),
            ("agent_message", "ada", {"content": "hm", "role": "proposer"}),
            ("critique", "bob", {"target": "ada", "issues": ["why"], "severity": 0.4, "content": "no"}),
            ("vote", "bob", {"vote": "ada", "confidence": 0.9}),
            ("consensus", "", {"reached": True, "confidence": 0.8, "answer": "this"}),
            ("debate_end", "", {"duration": 12.5, "rounds": 2}),
        ]
        envelopes = [
            {"type": kind, "data": data, "timestamp": 1772366400.5 + number, "round": 0,
             "agent": agent, "seq": number + 1, "agent_seq": 0, "loop_id": "loop-1"}
            for number, (kind, agent, data) in enumerate(said)
        ]  # fmt: skip
        host.post(list(reversed(envelopes)))
        self.wait_counted(host, len(said))
        one = self.ask(host, "debate", debate_id="loop-1")
        shown = {key: one[key] for key in ("outcome", "consensus_reached", "confidence", "rounds",
                                           "duration_seconds", "task", "started")}  # fmt: skip
        self.assertEqual(
            shown,
            {"outcome": "completed", "consensus_reached": True, "confidence": 0.8, "rounds": 2,
             "duration_seconds": 12.5, "task": "Which?", "started": "2026-03-01T12:00:00.500Z"},
        )  # fmt: skip
        self.assertEqual(
            {each["agent"]: (each["messages"], each["critiques"], each["votes_cast"], each["votes_won"])
             for each in one["agents"]},
            {"ada": (1, 0, 0, 1), "bob": (0, 1, 1, 0)},
        )  # fmt: skip

    def test_answers_in_csv_and_by_the_verb(self):
        host = self.start()
        events = self.post_recorded(host)
        code, out, err = self.program(
            "subscribers", "query", "stats", "counts", "granularity=hour", "group_by=event_type",
            "period=36500d", "format=csv", "--url", host.url,
        )  # fmt: skip
        self.assertEqual((code, err), (0, ""))
        rows = list(csv.DictReader(io.StringIO(out)))
        # Beyond the retention of hours the recorded ones are gone; days are kept.
        self.assertTrue(all(set(row) == {"event_type", "events"} for row in rows))
        code, out, _ = self.program(
            "subscribers", "query", "stats", "counts", "granularity=day", "group_by=event_type",
            "format=csv", "--url", host.url,
        )  # fmt: skip
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual({row["event_type"]: int(row["events"]) for row in rows}, counts_of(events))
        code, out, _ = self.program("subscribers", "query", "stats", "--url", host.url)
        self.assertEqual(code, 0)
        for name in ("counts", "activity", "debate_stats", "debates", "debate", "leaderboard", "rebuild"):
            self.assertIn(name, out)

    def test_a_wrong_parameter_is_named(self):
        host = self.start()
        for name, query, said in (
            ("counts", "granularity=week", "granularity"),
            ("counts", "since=yesterday", "since"),
            ("debate_stats", "perod=1d", "perod"),
            ("leaderboard", "limit=many", "limit"),
            ("debate", "", "debate_id"),
        ):
            status, _, answer = host.call("GET", f"/v1/subscribers/stats/query/{name}?{query}")
            self.assertEqual(status, 400, answer)
            self.assertIn(said, json.dumps(answer))
        status, _, answer = host.call("GET", "/v1/subscribers/stats/query/nothing")
        self.assertEqual(status, 404, answer)


class Exactness(Analytics):
    def test_figures_are_exact_after_kill_nine_again_and_again(self):
        host = self.start()
        posted = []
        for kill in range(6):
            for first in range(0, 400, 50):
                batch = [
                    event(f"{kill}-{first + number}", ("vote", "critique", "agent_message")[number % 3],
                          debate=f"d{number % 7}", agent=f"a{number % 5}")
                    for number in range(50)
                ]  # fmt: skip
                host.post(batch)
                posted += batch
            # In the middle of the deliveries, a little later each time.
            wait_until(
                lambda: host.subscriber("stats")["events_delivered"] >= kill * 60, "some are delivered"
            )
            host.kill()
            host.start()
        self.wait_counted(host, len(posted))
        self.assertEqual(self.counted(host), counts_of(posted))
        debates = self.ask(host, "debates")["debates"]
        self.assertEqual(sum(each["events"] for each in debates), len(posted))
        self.assertEqual(host.dead_letters(), [])

        # A replay delivers everything again, which changes nothing.
        status, _, answer = host.call("POST", "/v1/replays", {"subscriber": "stats"})
        self.assertEqual(status, 202, answer)
        wait_until(lambda: "aragora_analytics_duplicates_total" in host.call("GET", "/metrics")[2], "metrics")

        def replayed():
            lines = host.call("GET", "/metrics")[2].splitlines()
            found = [line for line in lines if line.startswith("aragora_analytics_duplicates_total")]
            return found and float(found[0].split()[-1]) >= len(posted)

        wait_until(replayed, "everything has been delivered again")
        self.assertEqual(self.counted(host), counts_of(posted))

        before = [self.ask(host, name) for name in ("debates", "debate_stats", "leaderboard")]
        self.assertEqual(self.ask(host, "rebuild")["state"], "running")
        wait_until(lambda: self.ask(host, "status")["rebuild"]["state"] == "done", "it is rebuilt")
        self.assertEqual(self.counted(host), counts_of(posted))
        self.assertEqual(
            before, [self.ask(host, name) for name in ("debates", "debate_stats", "leaderboard")]
        )
        host.post([event("after", "vote")])
        self.wait_counted(host, len(posted) + 1)
        self.assertEqual(host.stop(), 0)

    def test_a_reload_with_another_configuration_loses_and_doubles_nothing(self):
        host = self.start()
        posted = [event(number) for number in range(300)]
        host.post(posted)
        host.write_config(config({"stats": self.figures(retention={"debates": "30d"})}))
        status, _, answer = host.call("POST", "/v1/reload")
        self.assertEqual(status, 200, answer)
        more = [event(number) for number in range(300, 600)]
        host.post(more)
        self.wait_counted(host, 600)
        self.assertEqual(self.counted(host), {"vote": 600})

    def test_a_host_whose_data_was_replaced_is_noticed(self):
        host = self.start()
        host.post([event(number) for number in range(50)])
        self.wait_counted(host, 50)
        self.assertEqual(host.stop(), 0)
        os.rename(os.path.join(self.folder, "data"), os.path.join(self.folder, "old-data"))
        host.start()
        host.post([event(number, "critique") for number in range(20)])
        wait_until(lambda: self.counted(host).get("critique") == 20, "the new log is counted")
        self.assertEqual(self.counted(host), {"vote": 50, "critique": 20})
        # A rebuild knows only the new log: it would lose the old figures.
        status, _, answer = host.call("GET", "/v1/subscribers/stats/query/rebuild")
        self.assertEqual(status, 400, answer)
        self.assertIn("partial=true", json.dumps(answer))
        self.assertEqual(self.ask(host, "rebuild", partial="true")["partial"], True)
        wait_until(lambda: self.ask(host, "status")["rebuild"]["state"] == "done", "it is rebuilt")
        self.assertEqual(self.counted(host), {"critique": 20})


class BadInput(Analytics):
    def validate(self, figures):
        path = os.path.join(self.folder, "bad.yaml")
        with open(path, "w") as out:
            json.dump(config({"stats": figures}), out, indent=1)
        return path, self.program("validate", path)

    def place(self, path, key):
        with open(path) as file:
            for number, line in enumerate(file, 1):
                if f'"{key}"' in line:
                    return number
        raise AssertionError(key)

    def test_validate_names_line_and_column(self):
        for options, key in (
            ({"retention": {"hour": "10m"}}, "hour"),
            ({"retention": {"minute": "90d"}}, "hour_or_minute"),
            ({"commit_interval": "9s"}, "commit_interval"),
            ({"retentoin": {}}, "retentoin"),
        ):
            path, (code, out, err) = self.validate(self.figures(**options))
            self.assertEqual(code, 78, out + err)
            text = out + err
            if key == "hour_or_minute":
                self.assertIn("hour", text)
            else:
                self.assertIn(f"{path}:{self.place(path, key)}:", text)

    def test_validate_probes_the_file_on_demand(self):
        path, (code, out, err) = self.validate(self.figures())
        self.assertEqual(code, 0, out + err)
        with open(os.path.join(self.folder, "figures.db"), "wb") as out:
            out.write(b"no database " * 500)
        code, out, err = self.program("validate", "--check", path)
        self.assertNotEqual(code, 0)
        self.assertIn("left as it is", out + err)

    def test_a_file_that_is_no_database_is_left_alone_and_nothing_is_lost(self):
        path = os.path.join(self.folder, "figures.db")
        content = b"my thesis, not a database. " * 400
        with open(path, "wb") as out:
            out.write(content)
        # Either the host says so at its start, or it runs and keeps what it owes.
        try:
            host = self.start()
        except AssertionError as refusal:
            self.assertIn("figures.db", str(refusal))
            self.assertIn("left as it is", str(refusal))
        else:
            host.post([event(1)])
            wait_until(lambda: "left as it is" in host.log(), "the log says what is wrong")
            self.assertEqual(host.dead_letters(), [])
        with open(path, "rb") as file:
            self.assertEqual(file.read(), content)

    def test_a_database_of_another_program_is_left_alone(self):
        path = os.path.join(self.folder, "figures.db")
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE recipes(name TEXT)")
        other.commit()
        other.close()
        try:
            host = self.start()
        except AssertionError as refusal:
            self.assertIn("another program", str(refusal))
        else:
            wait_until(lambda: "another program" in host.log(), "the log says what is wrong")
        other = sqlite3.connect(path)
        tables = [row[0] for row in other.execute("SELECT name FROM sqlite_master")]
        other.close()
        self.assertEqual(tables, ["recipes"])

    def test_data_that_nobody_can_read_is_counted_all_the_same(self):
        host = self.start()
        host.post(
            [
                {"id": "1", "event_type": "agent_message", "debate_id": "d1", "data": [1, 2]},
                {"id": "2", "event_type": "agent_message", "debate_id": "d1", "data": {"agent": 7}},
                {"id": "3", "event_type": "debate_end", "debate_id": "d1", "data": "over",
                 "content_type": "text/plain"},
            ]  # fmt: skip
        )
        self.wait_counted(host, 3)
        self.assertEqual(self.counted(host), {"agent_message": 2, "debate_end": 1})
        status = self.ask(host, "status")
        self.assertEqual((status["unreadable_events"], status["ignored_fields"]), (2, 1))
        self.assertEqual(self.ask(host, "debate", debate_id="d1")["messages"], 2)


if __name__ == "__main__":
    unittest.main()
