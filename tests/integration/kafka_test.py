"""The kafka and kafka_source subscribers against a real Apache Kafka broker."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support", "kafka"))

import broker as kafka_broker
from harness import LIMIT_S, PLUGINS, Case, Host, config, event, wait_until, webhook

PASSWORD = "correct-horse"
SASL_JAAS = (
    'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="' + PASSWORD + '";'
)


class Shared:
    """The one broker of this file; each test has topics of its own."""

    broker = None
    folder = None
    why_not = None

    @classmethod
    def start(cls):
        if cls.broker is not None or cls.why_not is not None:
            return
        if shutil.which("kcat") is None:
            cls.why_not = "the tests look into topics with kcat (packaging/install-deps --test)"
            return
        cls.folder = tempfile.mkdtemp(prefix="aev-kafka-")
        try:
            cls.broker = kafka_broker.Broker(
                cls.folder,
                settings={
                    "sasl.enabled.mechanisms": "PLAIN",
                    "listener.name.sasl.plain.sasl.jaas.config": SASL_JAAS,
                },
                listeners={"SASL": "SASL_PLAINTEXT"},
            ).start()
        except kafka_broker.Unavailable as why:
            cls.why_not = str(why)

    @classmethod
    def stop(cls):
        if cls.broker is not None:
            cls.broker.kill()
        if cls.folder is not None:
            shutil.rmtree(cls.folder, ignore_errors=True)


def tearDownModule():
    Shared.stop()


def kcat(*arguments, stdin=None):
    done = subprocess.run(
        ["kcat", "-q", "-b", Shared.broker.address, *arguments],
        input=stdin,
        capture_output=True,
        timeout=LIMIT_S,
    )
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode(errors="replace"))
    return done.stdout.decode()


def messages(topic):
    """All of a topic: dicts of partition, offset, key, payload and headers (a list of names and values)."""
    try:
        lines = kcat("-C", "-t", topic, "-o", "beginning", "-e", "-J").splitlines()
    except AssertionError as error:
        if "Unknown topic" in str(error):
            return []
        raise
    return [json.loads(line) for line in lines]


def headers_of(message):
    flat = message.get("headers", [])
    return dict(zip(flat[0::2], flat[1::2]))


def produce(topic, *values, key=None, headers=None):
    arguments = ["-P", "-t", topic, "-D", "\x1e"]
    if key is not None:
        arguments += ["-k", key]
    for name, value in (headers or {}).items():
        arguments += ["-H", f"{name}={value}"]
    kcat(*arguments, stdin="\x1e".join(values).encode())


def create_topic(topic, **settings):
    """With Kafka's own tool for what only it can say."""
    options = [text for name, value in settings.items() for text in ("--config", f"{name}={value}")]
    done = subprocess.run(
        Shared.broker.java(
            "kafka.admin.ConfigCommand",
            "--bootstrap-server", Shared.broker.address, "--alter", "--entity-type", "topics",
            "--entity-name", topic, "--add-config", ",".join(options[1::2]),
        ),
        capture_output=True, text=True, timeout=LIMIT_S * 2,
    )  # fmt: skip
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)


def publisher(topic, **more):
    options = {"brokers": [Shared.broker.address], "topic": topic, "linger": "2ms"}
    policy = {
        name: more.pop(name) for name in ("batch", "concurrency", "retry", "order_by", "timeout") if name in more
    }
    return {
        "plugin": "kafka",
        "config": {**options, **more},
        "batch": {"max_events": 500, "max_delay": "5ms"},
        "retry": {"max_attempts": 3, "initial_interval": "50ms", "max_interval": "1s"},
        **policy,
    }


def source(topics, group, **more):
    return {
        "plugin": "kafka_source",
        "config": {
            "brokers": [Shared.broker.address],
            "topics": topics,
            "group": group,
            "commit_interval": "100ms",
            "librdkafka": {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500},
            **more,
        },
    }


# What librdkafka needs beside it under ThreadSanitizer (tests/support/c11_threads.c).
PRELOAD = {"LD_PRELOAD": os.environ["AEV_PRELOAD"]} if "AEV_PRELOAD" in os.environ else {}


class KafkaCase(Case):
    def setUp(self):
        super().setUp()
        Shared.start()
        if Shared.why_not is not None:
            self.unavailable(Shared.why_not)
        self.topic = "t-" + uuid.uuid4().hex[:10]

    def host(self, settings, environment=None):
        return super().host(settings, {**PRELOAD, **(environment or {})})

    def program(self, *arguments, **more):
        return super().program(*arguments, environment=PRELOAD, **more)

    def second_host(self, settings, name):
        folder = os.path.join(self.folder, name)
        os.makedirs(folder)
        host = Host(folder, settings, PRELOAD)
        self.addCleanup(self.finish, host)
        return host.start()

    def status(self, host, name):
        """What the plugin says of itself; a host that has just begun may not have started it yet."""

        def answered():
            code, _, answer = host.call("GET", f"/v1/subscribers/{name}/query/status")
            if code == 409:
                return None
            self.assertEqual(code, 200, answer)
            return answer

        return wait_until(answered, f"{name} has been started")

    def wait_for_messages(self, topic, count, limit=LIMIT_S):
        return wait_until(
            lambda: (lambda all_: all_ if len(all_) >= count else None)(messages(topic)),
            f"{count} messages in {topic}",
            limit,
        )


class Publishing(KafkaCase):
    def test_every_event_arrives_with_key_headers_and_compression(self):
        host = self.host(
            config(
                {
                    "plain": publisher(self.topic, compression="zstd", headers={"origin": "edge-1"}),
                    "binary": publisher(
                        self.topic + ".{event_type}", format="cloudevents", key="data.n"
                    ),
                    "structured": publisher(
                        self.topic + "-s", format="cloudevents", mode="structured", key="none", compression="gzip"
                    ),
                }
            )
        )
        for start in range(0, 2000, 200):
            host.post([event(n, debate=f"d{n % 7}", text="é" * 20) for n in range(start, start + 200)])
        plain = self.wait_for_messages(self.topic, 2000)
        self.assertEqual(len(plain), 2000)
        self.assertEqual({json.loads(m["payload"])["id"] for m in plain}, {f"evt-{n}" for n in range(2000)})
        partition_of, last = {}, {}
        for message in plain:
            body = json.loads(message["payload"])
            self.assertEqual(message["key"], body["debate_id"])
            self.assertEqual(headers_of(message), {"content-type": "application/json", "origin": "edge-1"})
            self.assertEqual(partition_of.setdefault(message["key"], message["partition"]), message["partition"])
            # One key, one partition, in the order of the log.
            self.assertGreater(body["data"]["n"], last.get(message["key"], -1))
            last[message["key"]] = body["data"]["n"]
        binary = self.wait_for_messages(self.topic + ".vote", 2000)
        self.assertEqual(len(binary), 2000)
        one = next(m for m in binary if m["key"] == "17")
        self.assertEqual(json.loads(one["payload"]), {"n": 17, "text": "é" * 20})
        headers = headers_of(one)
        self.assertTrue(headers.pop("ce_time"))
        self.assertEqual(
            headers,
            {
                "content-type": "application/json",
                "ce_specversion": "1.0",
                "ce_id": "evt-17",
                "ce_source": "test",
                "ce_type": "vote",
                "ce_subject": "d3",
            },
        )
        structured = self.wait_for_messages(self.topic + "-s", 2000)
        one = json.loads(structured[0]["payload"])
        self.assertEqual((one["specversion"], one["type"], one["source"]), ("1.0", "vote", "test"))
        self.assertIsNone(structured[0]["key"])
        self.assertEqual(headers_of(structured[0])["content-type"], "application/cloudevents+json")
        wait_until(lambda: self.status(host, "plain")["messages"]["delivered"] == 2000, "all reports")
        status = self.status(host, "plain")
        self.assertTrue(status["connected"])
        self.assertEqual(status["messages"]["in_flight"], 0)
        self.assertEqual(host.dead_letters(), [])
        metrics = host.call("GET", "/metrics")[2]
        self.assertIn('aragora_kafka_messages_total{result="delivered",subscriber="plain"} 2000', metrics)
        self.assertEqual(self.compression_of(self.topic), "zstd")
        self.assertEqual(self.compression_of(self.topic + "-s"), "gzip")

    def compression_of(self, topic):
        """What the broker's own tool reads in the segments."""
        log = os.path.join(Shared.folder, "log")
        files = [
            os.path.join(log, folder, name)
            for folder in os.listdir(log)
            if folder.rpartition("-")[0] == topic
            for name in os.listdir(os.path.join(log, folder))
            if name.endswith(".log")
        ]
        done = subprocess.run(
            Shared.broker.java("kafka.tools.DumpLogSegments", "--files", ",".join(files)),
            capture_output=True,
            text=True,
            timeout=LIMIT_S * 2,
        )
        found = {line.split("compresscodec: ")[1].split()[0] for line in done.stdout.splitlines() if "compresscodec" in line}
        self.assertEqual(len(found), 1, done.stdout[-500:] + done.stderr[-500:])
        return found.pop()

    def test_a_broker_that_is_down_loses_nothing_and_burns_no_attempt(self):
        host = self.host(config({"out": publisher(self.topic, timeout="10s", retry={"max_attempts": 1})}))
        host.post([event(n) for n in range(100)])
        self.wait_for_messages(self.topic, 100)
        Shared.broker.kill()
        try:
            host.post([event(n) for n in range(100, 400)])
            wait_until(lambda: not self.status(host, "out")["connected"], "the plugin sees that it is down")
            host.post([event(n) for n in range(400, 500)])
            stats = host.subscriber("out")
            self.assertEqual(host.dead_letters(), [])
            self.assertIn("127.0.0.1", self.status(host, "out")["last_error"] + json.dumps(stats))
        finally:
            Shared.broker.start()
        found = self.wait_for_messages(self.topic, 500)
        self.assertEqual({json.loads(m["payload"])["id"] for m in found}, {f"evt-{n}" for n in range(500)})
        self.assertEqual(host.dead_letters(), [])
        self.assertTrue(self.status(host, "out")["connected"])
        self.assertEqual(host.subscriber("out")["events_failed"], 0)

    def test_what_the_broker_refuses_is_a_dead_letter_with_its_reason(self):
        kcat("-P", "-t", self.topic, "-K:", stdin=b"k:first")  # makes the topic
        create_topic(self.topic, **{"max.message.bytes": 20000})
        host = self.host(config({"out": publisher(self.topic, compression="none", linger="50ms")}))
        big = os.urandom(30000).hex()
        host.post([event(n, **({"text": big} if n == 7 else {})) for n in range(60)])
        letters = wait_until(host.dead_letters, "the dead letter")
        self.assertEqual([each["event_id"] for each in letters], ["evt-7"])
        self.assertEqual(letters[0]["reason"], "rejected")
        self.assertIn("MSG_SIZE_TOO_LARGE", letters[0]["last_error"])
        found = self.wait_for_messages(self.topic, 60)
        ids = {json.loads(m["payload"])["id"] for m in found if m["payload"] != "first"}
        self.assertEqual(ids, {f"evt-{n}" for n in range(60)} - {"evt-7"})

    def test_a_name_that_is_no_topic_is_a_dead_letter(self):
        host = self.host(config({"out": publisher("{data.where}." + self.topic)}))
        host.post([event(1, where="a b"), event(2)])
        letters = wait_until(host.dead_letters, "the dead letter")
        self.assertEqual([each["event_id"] for each in letters], ["evt-2"])
        self.assertIn("data.where", letters[0]["last_error"])
        self.wait_for_messages("a_b." + self.topic, 1)

    def test_kill_nine_of_the_host_loses_nothing(self):
        host = self.host(config({"out": publisher(self.topic)}))
        sent = 0
        for _ in range(5):
            for _ in range(4):
                host.post([event(n) for n in range(sent, sent + 50)])
                sent += 50
            host.kill()
            host.start()
        wanted = {f"evt-{n}" for n in range(sent)}
        wait_until(
            lambda: wanted <= {json.loads(m["payload"])["id"] for m in messages(self.topic)}, "every event"
        )
        self.assertEqual(host.dead_letters(), [])

    def test_sasl_lets_in_who_knows_the_password(self):
        def with_password(password):
            entry = publisher(self.topic, timeout="10s")
            entry["config"]["brokers"] = [Shared.broker.address_of("SASL")]
            entry["config"]["sasl"] = {"mechanism": "PLAIN", "username": "alice", "password": password}
            return entry

        host = self.host(config({"good": with_password(PASSWORD), "bad": with_password("wrong-password")}))
        host.post([event(n) for n in range(10)])
        self.wait_for_messages(self.topic, 10)
        wait_until(lambda: not self.status(host, "bad")["connected"], "the refusal is seen")
        self.assertIn("uthentication", self.status(host, "bad")["last_error"])
        self.assertEqual(host.dead_letters(), [])
        self.assertNotIn("wrong-password", host.log() + json.dumps(self.status(host, "bad")))


class Consuming(KafkaCase):
    def target(self, receiver):
        return webhook(receiver.url, batch={"max_events": 200, "max_delay": "10ms"}, concurrency=4)

    def consuming(self, receiver, **more):
        return config(
            {"in": source([self.topic], self.topic + "-group", **more), "hook": self.target(receiver)},
            routes=[{"name": "all", "to": ["hook"]}],
        )

    def test_every_way_to_write_an_event_comes_in_once(self):
        receiver = self.receiver()
        host = self.host(self.consuming(receiver))
        produce(
            self.topic,
            json.dumps({"id": "native", "event_type": "vote", "debate_id": "d1", "data": {"n": 1}}),
            json.dumps({"type": "vote", "data": {"n": 2}, "loop_id": "d2", "seq": 4, "timestamp": 1772366400.5}),
            json.dumps([{"event_type": "vote", "data": {}}, {"event_type": "critique", "data": {}}]),
        )
        produce(
            self.topic,
            json.dumps({"n": 3}),
            headers={
                "ce_specversion": "1.0", "ce_id": "a 50% id", "ce_type": "vote", "ce_source": "elsewhere",
                "ce_subject": "d3", "content-type": "application/json",
            },
        )  # fmt: skip
        produce(
            self.topic,
            json.dumps({"specversion": "1.0", "id": "s1", "type": "vote", "source": "x", "data": {"n": 4}}),
            headers={"content-type": "application/cloudevents+json"},
        )
        wait_until(lambda: len(receiver.ids()) >= 6, "all events")
        events = {each["id"]: each for request in receiver.all() for each in request.json()}
        self.assertEqual(events["native"]["debate_id"], "d1")
        self.assertEqual(events["a 50% id"]["data"], {"n": 3})
        self.assertEqual(events["a 50% id"]["debate_id"], "d3")
        self.assertEqual(events["s1"]["data"], {"n": 4})
        made = {name for name in events if name.startswith(f"kafka:{self.topic}/")}
        self.assertEqual(len(made), 3)
        self.assertIn("d2", {events[name].get("debate_id") for name in made})

    def test_what_is_no_event_goes_to_the_dead_letter_topic_and_blocks_nothing(self):
        receiver = self.receiver()
        host = self.host(self.consuming(receiver))
        good = [json.dumps(event(n)) for n in range(20)]
        produce(self.topic, *good[:10], "{not json", '{"data": 1}', *good[10:], key="k1", headers={"trace": "7"})
        wait_until(lambda: set(receiver.ids()) == {f"evt-{n}" for n in range(20)}, "the good ones")
        letters = self.wait_for_messages(self.topic + ".dlq", 2)
        first = json.loads(letters[0]["payload"])
        self.assertEqual(letters[0]["key"], "k1")
        self.assertEqual(first["original_topic"], self.topic)
        self.assertEqual(first["original_key"], "k1")
        self.assertEqual(first["original_value"], "{not json")
        self.assertEqual(first["original_headers"], {"trace": "7"})
        self.assertEqual((first["error_type"], first["retry_count"]), ("malformed", 0))
        self.assertIn("JSON", first["error_message"])
        self.assertTrue(first["failed_at"].endswith("Z"))
        self.assertGreater(first["original_timestamp"], 0)
        self.assertEqual(json.loads(letters[1]["payload"])["original_value"], {"data": 1})
        wait_until(lambda: self.status(host, "in")["lag"] == 0, "the partition is settled")
        self.assertEqual(self.status(host, "in")["messages"]["dead_lettered"], 2)

    def test_malformed_messages_can_become_events(self):
        receiver = self.receiver()
        self.host(self.consuming(receiver, malformed={"to": "event"}))
        produce(self.topic, "\u00ff not json")
        wait_until(receiver.ids, "the event that tells of it")
        told = receiver.all()[0].json()[0]
        self.assertEqual(told["event_type"], "kafka_message_malformed")
        self.assertEqual(told["data"]["original_topic"], self.topic)

    def test_kill_nine_while_consuming_loses_nothing_and_delivers_ids_once(self):
        receiver = self.receiver()
        host = self.host(self.consuming(receiver))
        total = 3000
        produced = threading.Thread(
            target=lambda: [
                produce(self.topic, *[json.dumps(event(n)) for n in range(start, start + 300)])
                for start in range(0, total, 300)
            ]
        )
        produced.start()
        for kill in range(3):
            wait_until(lambda: len(set(receiver.ids())) >= 200 * (kill + 1), "some events")
            host.kill()
            host.start()
        produced.join()
        wanted = {f"evt-{n}" for n in range(total)}
        wait_until(lambda: set(receiver.ids()) == wanted, "every event")
        wait_until(lambda: self.status(host, "in")["lag"] == 0, "all is settled")

    def test_a_restart_goes_on_where_it_was(self):
        receiver = self.receiver()
        host = self.host(self.consuming(receiver))
        produce(self.topic, *[json.dumps(event(n)) for n in range(50)])
        wait_until(lambda: len(receiver.ids()) >= 50, "the first part")
        self.assertEqual(host.stop(), 0)
        produce(self.topic, *[json.dumps(event(n)) for n in range(50, 80)])
        # Another data folder knows no ids: whatever were read again would be delivered again.
        shutil.rmtree(os.path.join(self.folder, "data"))
        host.start()
        wait_until(lambda: len(receiver.ids()) >= 80, "the second part")
        self.assertEqual(sorted(receiver.ids()), sorted(f"evt-{n}" for n in range(80)))

    def test_offsets_are_committed_only_when_events_are_durable(self):
        """A host whose disk is full takes nothing; its group's offsets stand still until it does."""
        receiver = self.receiver()
        settings = self.consuming(receiver)
        settings["store"] = {"max_size": "1MiB"}
        settings["subscribers"]["stuck"] = webhook("http://127.0.0.1:9/", retry={"max_attempts": 100})
        settings["routes"] = [{"name": "all", "to": ["hook", "stuck"]}]
        host = self.host(settings)
        filler = "x" * 20000
        total = 0

        def refused():
            return "max_size" in self.status(host, "in")["last_error"]

        # The store looks at its size now and then, so some more than fits is taken.
        while not refused():
            self.assertLess(total, 1000, "the store never gets full")
            produce(self.topic, *[json.dumps(event(n, text=filler)) for n in range(total, total + 50)])
            total += 50
            wait_until(lambda: len(set(receiver.ids())) == total or refused(), "taken or refused")
        wait_until(lambda: self.status(host, "in")["messages"]["in_flight"] > 0, "messages wait")
        status = self.status(host, "in")
        self.assertEqual(status["lag"], status["messages"]["in_flight"])
        self.assertLess(len(set(receiver.ids())), total)
        host.kill()
        # With room, what was not committed is read again: nothing is missing.
        settings["store"] = {"max_size": "1GiB"}
        host.write_config(settings)
        host.start()
        wait_until(lambda: set(receiver.ids()) == {f"evt-{n}" for n in range(total)}, "every event")


class Group(KafkaCase):
    def test_two_hosts_share_a_topic_and_one_is_killed(self):
        kcat("-P", "-t", self.topic, stdin=b'{"id":"first","event_type":"vote","data":{}}')
        receiver = self.receiver()
        settings = config(
            {
                "in": source([self.topic], self.topic + "-workers"),
                "hook": webhook(receiver.url, batch={"max_events": 100, "max_delay": "10ms"}, concurrency=4),
            },
            routes=[{"name": "all", "to": ["hook"]}],
        )
        one = self.second_host(settings, "one")
        two = self.second_host(settings, "two")

        def shared():
            counts = [len(self.status(host, "in")["partitions"]) for host in (one, two)]
            return sum(counts) == 3 and min(counts) >= 1

        wait_until(shared, "both hosts have partitions")
        total = 2000
        stop_at = threading.Event()

        def feed():
            for start in range(0, total, 100):
                for n in range(start, start + 100, 20):
                    produce(self.topic, *[json.dumps(event(i)) for i in range(n, n + 20)], key=f"k{n}")
                if start == total // 2:
                    stop_at.set()

        feeding = threading.Thread(target=feed)
        feeding.start()
        self.assertTrue(stop_at.wait(LIMIT_S))
        one.kill()
        feeding.join()
        wanted = {f"evt-{n}" for n in range(total)} | {"first"}

        def missing():
            return wanted - set(receiver.ids())

        # What host one had taken in and not delivered is in its store: it delivers that when it is back.
        wait_until(lambda: len(self.status(two, "in")["partitions"]) == 3, "host two has all partitions")
        wait_until(lambda: self.status(two, "in")["lag"] == 0, "host two has read all")
        one.start()
        wait_until(lambda: not missing(), "every event")


class Configuration(KafkaCase):
    def test_errors_have_line_and_column(self):
        path = os.path.join(self.folder, "bad.yaml")
        with open(path, "w") as file:
            file.write(
                f"version: 1\n"
                f"data_dir: ./data\n"
                f"plugins: {{path: [{PLUGINS}]}}\n"
                f"subscribers:\n"
                f"  out:\n"
                f"    plugin: kafka\n"
                f"    config:\n"
                f"      brokers: [localhost]\n"
                f"  typo:\n"
                f"    plugin: kafka\n"
                f"    config:\n"
                f"      brokers: [\"localhost:9092\"]\n"
                f"      topik: a\n"
                f"  odd:\n"
                f"    plugin: kafka\n"
                f"    config:\n"
                f"      brokers: [\"localhost:9092\"]\n"
                f"      librdkafka:\n"
                f"        socket.keepalive.enable: perhaps\n"
                f"  owned:\n"
                f"    plugin: kafka\n"
                f"    config:\n"
                f"      brokers: [\"localhost:9092\"]\n"
                f"      librdkafka: {{acks: 1}}\n"
                f"  in:\n"
                f"    plugin: kafka_source\n"
                f"    config: {{brokers: [\"localhost:9092\"], topics: [\"^(\"], group: g}}\n"
                f"routes: [{{name: all, to: [out, typo, odd, owned]}}]\n"
            )
        code, text, errors = self.program("validate", path)
        self.assertEqual(code, 78, text + errors)
        text += errors
        for wanted in (
            "bad.yaml:8:17: ",
            "is not host:port",
            "bad.yaml:13:7: ",
            "did you mean `topic`",
            "bad.yaml:19:9: ",
            "librdkafka says",
            "bad.yaml:24:20: ",
            "set by the plugin itself",
            "bad.yaml:27:52: ",
            "no regular expression",
        ):
            self.assertIn(wanted, text)

    def test_check_reaches_the_broker(self):
        path = os.path.join(self.folder, "check.yaml")

        def check(address):
            entry = publisher(self.topic)
            entry["config"]["brokers"] = [address]
            with open(path, "w") as file:
                json.dump(config({"out": entry}), file)
            return self.program("validate", path, "--check")

        code, text, errors = check(Shared.broker.address)
        self.assertEqual(code, 0, text + errors)
        code, text, errors = check("127.0.0.1:9")
        self.assertNotEqual(code, 0)
        self.assertIn("127.0.0.1:9", text + errors)


if __name__ == "__main__":
    unittest.main(verbosity=2)
