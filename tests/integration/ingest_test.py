"""Every format that POST /v1/events takes, and what bad input is answered."""

import json
import os
import socket
import subprocess
import unittest
import urllib.parse

from harness import PROGRAM, Case, config, event, wait_until, webhook


class Ingest(Case):
    def setUp(self):
        super().setUp()
        self.sink = self.receiver()
        self.running = self.host(
            config(
                {"customer": webhook(self.sink.url)},
                api={"listen": "127.0.0.1:0", "max_event": "64KiB", "request_timeout": "1s"},
            )
        )

    def post(self, body, content_type, path="/v1/events", headers=None):
        return self.running.call("POST", path, body, content_type, headers)

    def stored(self, identity):
        status, _, answer = self.running.call("GET", "/v1/events/" + identity)
        self.assertEqual(status, 200, answer)
        return answer["event"]

    def nothing_stored(self):
        self.assertEqual(self.running.call("GET", "/v1/events")[2]["count"], 0)

    def test_ndjson_stops_at_the_first_bad_line(self):
        lines = [json.dumps(event(number)) for number in range(1200)]
        lines[1100] = '{"event_type": 5}'
        status, _, answer = self.post("\n".join(lines) + "\n", "application/x-ndjson")
        self.assertEqual(status // 100, 4)
        self.assertEqual(answer["line"], 1101)
        self.assertEqual(answer["accepted"], 1100)
        wait_until(lambda: self.sink.count() == 1100, "the good lines before it are delivered")

    def test_cloudevents_structured_batched_and_binary(self):
        one = {
            "specversion": "1.0",
            "id": "ce1",
            "source": "/s",
            "type": "vote",
            "subject": "d9",
            "time": "2026-03-01T12:00:00Z",
            "data": {"a": 1},
        }
        self.assertEqual(self.post(one, "application/cloudevents+json")[0], 202)
        self.assertEqual(self.stored("ce1")["debate_id"], "d9")
        batch = [{**one, "id": f"ce{n}"} for n in (2, 3)]
        answer = self.post(batch, "application/cloudevents-batch+json")[2]
        self.assertEqual(answer["ids"], ["ce2", "ce3"])
        headers = {
            "ce-specversion": "1.0",
            "ce-id": "ce4",
            "ce-source": "/s",
            "ce-type": "vote",
            "ce-subject": "Euro%20%E2%82%AC",
        }
        self.assertEqual(self.post(b'{"b":  2}', "application/json", headers=headers)[0], 202)
        self.assertEqual(self.stored("ce4")["debate_id"], "Euro €")
        wait_until(lambda: self.sink.count() == 4, "all are delivered")
        (binary,) = [each for each in self.sink.all() if each.ids() == ["ce4"]]
        self.assertIn(b'"data":{"b":  2}', binary.body)

    def test_aragora_stream_envelope(self):
        envelope = {
            "type": "agent_message",
            "data": {"content": "hi"},
            "timestamp": 1795419822.157,
            "round": 2,
            "agent": "claude",
            "seq": 7,
            "agent_seq": 3,
            "loop_id": "loop-1",
        }
        answer = self.post(envelope, "application/json")[2]
        stored = self.stored(answer["ids"][0])
        self.assertEqual((stored["event_type"], stored["debate_id"]), ("agent_message", "loop-1"))
        self.assertEqual((stored["round"], stored["agent"]), (2, "claude"))
        self.assertTrue(stored["timestamp"].startswith("2026-11-23T"))

    def test_a_bad_event_of_a_batch_stores_nothing(self):
        status, headers, answer = self.post([event(1), {"data": {}}], "application/json")
        self.assertIn(status, (400, 422))
        self.assertEqual(headers["content-type"], "application/problem+json")
        self.assertEqual(answer["index"], 1)
        self.assertIn("event_type", answer["detail"])
        self.nothing_stored()
        answer = self.post([event(1), {"data": {}}], "application/json", "/v1/events?partial=true")[2]
        self.assertEqual(answer["accepted"], 1)
        self.assertEqual(answer["errors"][0]["index"], 1)

    def test_what_is_refused_and_how(self):
        for body, content_type, expected in (
            ('{"event_type":', "application/json", 400),
            (b'{"event_type":"\xff"}', "application/json", 400),
            ("[1]", "application/json", 422),
            ("x", "text/plain", 415),
            (json.dumps(event(1, text="x" * 70_000)), "application/json", 413),
            (json.dumps({**event(1), "timestamp": "yesterday"}), "application/json", 400),
        ):
            with self.subTest(body[:40]):
                status, headers, answer = self.post(body, content_type)
                self.assertEqual(status, expected, answer)
                self.assertEqual(headers["content-type"], "application/problem+json")
                self.assertEqual(answer["status"], expected)
                self.assertGreater(len(answer["detail"]), 10)
        self.nothing_stored()
        self.assertEqual(self.running.call("PUT", "/v1/events", "{}")[0], 405)
        self.assertEqual(self.running.call("GET", "/v1/nothing")[0], 404)

    def test_a_peer_that_trickles_is_cut(self):
        address = urllib.parse.urlsplit(self.running.url)
        with socket.create_connection((address.hostname, address.port), timeout=60) as peer:
            peer.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n")
            cut = False
            for _ in range(10_000):
                try:
                    peer.sendall(b"X-A: b\r\n")
                    peer.settimeout(0.1)
                    cut = peer.recv(4096) == b"" or cut
                except TimeoutError:
                    continue
                except OSError:
                    cut = True
                if cut:
                    break
            self.assertTrue(cut)
        self.nothing_stored()

    def test_emit_sends_files_and_single_events(self):
        file = os.path.join(self.folder, "events.ndjson")
        with open(file, "w") as out:
            out.writelines(json.dumps(event(number)) + "\n" for number in range(1300))
        done = subprocess.run(
            [PROGRAM, "emit", "--url", self.running.url, file], capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1300 events accepted", done.stderr)
        done = subprocess.run(
            [PROGRAM, "emit", "--url", self.running.url, "--event-type", "vote", "--data", '{"x":1}'],
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        wait_until(lambda: self.sink.count() == 1301, "all are delivered")


if __name__ == "__main__":
    unittest.main(verbosity=2)
