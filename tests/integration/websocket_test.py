"""The WebSocket subscriber in the real host, with clients that nobody here wrote: the npm package `ws`
and headless Chromium."""

import json
import os
import shutil
import subprocess
import threading
import time
import unittest

from harness import Case, config, event, hex_hmac, wait_until
from websocket_clients import Clients, Page, install_ws
from websocket_conformance import Conformance  # noqa: F401, its test runs here

OPEN_LIMITS = {"clients_per_address": 1000, "handshakes_per_minute": 100000}


def websocket(**options):
    """A subscriber entry on a free port."""
    limits = {**OPEN_LIMITS, **options.pop("limits", {})}
    return {"plugin": "websocket", "config": {"listen": "127.0.0.1:0", "limits": limits, **options}}


class WebSocketCase(Case):
    def setUp(self):
        super().setUp()
        self.package, why = install_ws()
        if self.package is None:
            self.unavailable(why)

    def clients(self, environment=None):
        clients = Clients(self.package, environment)
        self.addCleanup(clients.stop)
        return clients

    def streaming_host(self, **options):
        host = self.host(config({"live": websocket(**options)}))
        return host

    def status(self, host, name="live"):
        code, _, answer = host.call("GET", f"/v1/subscribers/{name}/query/status")
        self.assertEqual(code, 200, answer)
        return answer

    def url(self, host, path="/ws", scheme="ws"):
        def listening():
            code, _, answer = host.call("GET", "/v1/subscribers/live/query/status")
            return answer if code == 200 and answer["accepting"] else None

        status = wait_until(listening, "the subscriber listens")
        return f"{scheme}://{status['listen']}{path}"

    def stream_url(self, host, debate, query="", scheme="ws"):
        return self.url(host, f"/ws/debates/{debate}/stream{query}", scheme)

    def listen_on(self, clients, host, debate, query="", **more):
        client = clients.open(self.stream_url(host, debate, query), **more).wait_open()
        self.wait_live(host, debate)
        client.wait_type("subscribed")
        return client

    def wait_live(self, host, debate):
        def live():
            rooms = {each["debate_id"]: each for each in self.status(host)["debates"]}
            return debate in rooms and rooms[debate]["catching_up"] == 0

        wait_until(live, f"the clients of {debate} are live")


class Protocol(WebSocketCase):
    def test_an_event_reaches_the_clients_of_its_own_debate_only(self):
        host = self.streaming_host()
        clients = self.clients()
        first = self.listen_on(clients, host, "d1")
        second = self.listen_on(clients, host, "d2")
        host.post(
            [
                {"type": "agent_message", "data": {"n": n, "content": "hi"}, "timestamp": 1772366400.123456,
                 "round": 2, "agent": "claude", "seq": 41 + n, "agent_seq": n, "loop_id": f"d{1 + n % 2}",
                 "task_id": "t1"}
                for n in range(10)
            ]
            + [event(99, debate="")]
        )  # fmt: skip
        for client, odd in ((first, 0), (second, 1)):
            client.wait(lambda c: len(c.stream()) == 5, "its five events")
            self.assertEqual(client.numbers(), [n for n in range(10) if n % 2 == odd])
        envelope = first.stream()[0]
        self.assertEqual(
            {name: envelope[name] for name in ("type", "timestamp", "round", "agent", "agent_seq", "loop_id", "task_id", "emitter_seq")},
            {"type": "agent_message", "timestamp": 1772366400.123456, "round": 2, "agent": "claude",
             "agent_seq": 0, "loop_id": "d1", "task_id": "t1", "emitter_seq": 41},
        )  # fmt: skip
        self.assertEqual(envelope["data"], {"n": 0, "content": "hi"})
        stored = host.call("GET", "/v1/debates/d1/events")[2]["events"]
        self.assertEqual([each["id"] for each in first.stream()], [each["event"]["id"] for each in stored])
        wait_until(lambda: host.subscriber("live")["events_skipped"] == 1, "the event of no debate is skipped")
        # Each event is serialised once, however many listen.
        self.assertEqual(self.status(host)["events_serialised"], 10)

    def test_aragoras_messages(self):
        host = self.streaming_host(heartbeat="200ms")
        host.post(
            [
                {"event_type": "debate_start", "debate_id": "d1", "data": {"task": "why?", "agents": ["a", "b"]}},
                {"event_type": "agent_message", "debate_id": "d1", "data": {"agent": "a", "content": "so", "role": "proposer"}},
                {"event_type": "consensus", "debate_id": "d1", "data": {"reached": True, "confidence": 0.9, "answer": "because"}},
            ]
        )
        wait_until(lambda: host.subscriber("live")["events_delivered"] == 3, "the events are delivered")
        client = self.clients().open(self.url(host)).wait_open()
        info = client.wait_type("connection_info")[0]["data"]
        self.assertEqual((info["authenticated"], info["write_access"], len(info["client_id"])), (False, False, 11))
        loops = client.wait_type("loop_list")[0]["data"]
        self.assertEqual([loop["loop_id"] for loop in loops["loops"]], ["d1"])

        client.send({"type": "subscribe", "debate_id": "d1"})
        sync = client.wait_type("sync")[0]
        self.assertEqual(sync["debate_id"], "d1")
        state = sync["data"]
        self.assertEqual((state["task"], state["agents"], state["ended"]), ("why?", ["a", "b"], False))
        self.assertEqual([m["content"] for m in state["messages"]], ["so"])
        self.assertEqual((state["consensus_reached"], state["consensus_confidence"], state["consensus_answer"]), (True, 0.9, "because"))
        self.assertEqual(client.wait_type("debate_start")[0]["data"]["status"], "in_progress")

        client.send({"type": "subscribe", "loop_id": "d1", "replay_from_seq": 1})
        start = client.wait_type("replay_start")[0]["data"]
        self.assertEqual(
            (start["debate_id"], start["from_seq"], start["event_count"], start["buffer_latest_seq"]), ("d1", 1, 2, 3)
        )
        end = client.wait_type("replay_end")[0]["data"]
        self.assertEqual((end["replayed_count"], end["latest_seq"]), (2, 3))
        self.assertEqual([each["seq"] for each in client.stream()], [2, 3])

        client.send({"type": "ping", "ts": 123})
        pong = client.wait_type("pong")[0]["data"]
        self.assertEqual(pong["client_ts"], 123)
        self.assertGreater(pong["server_ts"], 1_600_000_000_000)
        client.wait(lambda c: any(h["data"].get("last_seq") == 3 for h in c.of_type("heartbeat")), "a heartbeat with last_seq")
        client.send({"type": "connection_quality"})
        self.assertIn("uptime_seconds", client.wait_type("connection_quality")[0]["data"]["client"])

        client.send({"type": "subscribe", "debate_id": "nobody-knows"})
        unknown = client.wait_type("sync", 2)[1]["data"]
        self.assertEqual(unknown, {"debate_id": "nobody-knows", "status": "waiting"})
        host.post(event(4, debate="d1"))
        host.post(event(5, debate="nobody-knows"))
        client.wait(lambda c: c.stream()[-1]["seq"] == 5, "the new debate's event")
        self.assertNotIn(4, [each["seq"] for each in client.stream()])

    def test_errors_have_codes_and_the_connection_lives(self):
        host = self.streaming_host(limits={"message_burst": 8, "messages_per_second": 1})
        client = self.clients().open(self.url(host)).wait_open()
        wrong = [
            ("nonsense", 400, "invalid_json"),
            ("[" * 30 + "]" * 30, 400, "invalid_json"),
            ({"type": "subscribe"}, 400, None),
            ({"type": "subscribe", "debate_id": "d", "replay_from_seq": -1}, 400, None),
            ({"type": "dance"}, 400, "unknown_type"),
            ({"type": "user_vote", "loop_id": "d", "payload": {}}, 403, "read_only"),
        ]
        for number, (message, code, kind) in enumerate(wrong, 1):
            client.send(message)
            data = client.wait_type("error", number)[-1]["data"]
            self.assertEqual((data["code"], data.get("error_type")), (code, kind), message)
        client.do("send_binary", text="{}")
        self.assertEqual(client.wait_type("error", 7)[-1]["data"]["error_type"], "BINARY_NOT_SUPPORTED")
        for _ in range(8):
            client.send({"type": "ping"})
        client.wait(lambda c: any(e["data"]["code"] == 429 for e in c.of_type("error")), "the rate is limited")
        self.assertFalse(client.events("close"))
        # Too large: told by the protocol's own code.
        client.send("x" * 70_000)
        self.assertEqual(client.wait_close()["code"], 1009)

    def test_filters_and_formats(self):
        host = self.streaming_host()
        clients = self.clients()
        votes = self.listen_on(clients, host, "d1", "?event_types=vote,gauntlet_*")
        arrays = self.listen_on(clients, host, "d1", "?format=array")
        both = clients.open(self.url(host)).wait_open()
        both.send({"type": "subscribe", "debate_id": "d1", "event_types": ["critique"], "format": "array", "sync": False})
        both.wait_type("subscribed")
        self.wait_live(host, "d1")
        kinds = ["vote", "critique", "gauntlet_phase", "consensus", "gauntlet_risk", "critique"]
        host.post([event(n, kind) for n, kind in enumerate(kinds)])
        votes.wait(lambda c: len(c.stream()) == 3, "three of six")
        arrays.wait(lambda c: len(c.stream()) == 6, "all six")
        both.wait(lambda c: len(c.stream()) == 2, "two of six")
        self.assertEqual(votes.numbers(), [0, 2, 4])
        self.assertEqual(arrays.numbers(), [0, 1, 2, 3, 4, 5])
        self.assertEqual(both.numbers(), [1, 5])
        for client, array in ((votes, False), (arrays, True), (both, True)):
            events = [m["text"] for m in client.events("message") if '"seq"' in m["text"] and '"loop_id"' in m["text"]]
            self.assertTrue(all(text.startswith("[") == array for text in events), events)
        # The log is filtered alike.
        again = clients.open(self.stream_url(host, "d1", "?event_types=critique&replay_from_seq=0&format=array"))
        again.wait_type("replay_end")
        self.assertEqual(again.numbers(), [1, 5])

    def test_deflate_is_negotiated_and_works(self):
        host = self.streaming_host(compression={"enabled": True, "min_bytes": "64B"})
        client = self.clients().open(self.stream_url(host, "d1"), perMessageDeflate=True).wait_open()
        plain = self.listen_on(self.clients(), host, "d1")
        self.assertIn("permessage-deflate", client.events("open")[0]["extensions"])
        self.assertEqual(plain.events("open")[0]["extensions"], "")
        self.wait_live(host, "d1")
        host.post([event(n, text="many words " * 200) for n in range(50)])
        for each in (client, plain):
            each.wait(lambda c: len(c.stream()) == 50, "fifty events")
        self.assertEqual(client.stream(), plain.stream())
        client.send({"type": "ping", "ts": 1, "pad": "x" * 5000})
        client.wait_type("pong")

    def test_protocol_pings_and_dead_clients(self):
        host = self.streaming_host(timeouts={"ping_interval": "100ms", "ping_timeout": "400ms"})
        clients = self.clients()
        alive = self.listen_on(clients, host, "d1")
        silent = self.listen_on(clients, host, "d1", autoPong=False)
        alive.wait(lambda c: len(c.events("ping")) >= 5, "pings")
        silent.wait_close()
        alive.do("ping", text="are you there")
        alive.wait(lambda c: c.events("pong"), "a pong")
        self.assertEqual(alive.events("pong")[0]["text"], "are you there")
        self.assertFalse(alive.events("close"))
        wait_until(lambda: self.status(host)["dead_clients_dropped"] == 1, "it is counted")


class Durability(WebSocketCase):
    def test_replay_survives_a_restart(self):
        host = self.streaming_host()
        clients = self.clients()
        host.post([event(n, debate="d1") for n in range(1, 4)])
        client = clients.open(self.stream_url(host, "d1", "?replay_from_seq=0"))
        client.wait(lambda c: c.numbers() == [1, 2, 3], "what was there")
        client.wait_type("replay_end")
        last = client.stream()[-1]["seq"]
        self.assertEqual(host.stop(), 0)
        self.assertEqual(client.wait_close()["code"], 1012)
        host.start()
        host.post([event(n, debate="d1") for n in range(4, 7)])
        again = clients.open(self.stream_url(host, "d1", f"?replay_from_seq={last}"))
        again.wait_type("replay_end")
        self.wait_live(host, "d1")
        host.post(event(7, debate="d1"))
        again.wait(lambda c: 7 in c.numbers(), "the live one")
        self.assertEqual(again.numbers(), [4, 5, 6, 7])
        host.kill()
        self.assertEqual(again.wait_close()["code"], 1006)
        host.start()
        after = clients.open(self.stream_url(host, "d1", "?replay_from_seq=0"))
        after.wait_type("replay_end")
        self.assertEqual(after.numbers(), [1, 2, 3, 4, 5, 6, 7])

    def test_no_gap_and_no_overlap_while_others_post(self):
        host = self.streaming_host()
        clients = self.clients()
        total, posters = 3000, 3
        url = self.stream_url(host, "d1")
        done = threading.Event()

        def post(first):
            for start in range(first, total, posters * 10):
                host.post([event(n, debate="d1") for n in range(start, min(total, start + posters * 10), posters)])
                host.post(event(100_000 + start, debate="other"))

        threads = [threading.Thread(target=post, args=(first,)) for first in range(posters)]
        for thread in threads:
            thread.start()
        joined = []

        def join():
            while not done.is_set() and len(joined) < 60:
                kind = len(joined) % 3
                query = "?replay_from_seq=0" + ("&format=array" if kind == 1 else "")
                joined.append(clients.open(url + query))
                joined[-1].wait(lambda c: c.stream(), "its first events")

        joiner = threading.Thread(target=join)
        joiner.start()
        for thread in threads:
            thread.join()
        done.set()
        joiner.join()
        stored = []
        cursor = ""
        while True:
            page = host.call("GET", f"/v1/debates/d1/events?limit=500{cursor}")[2]
            stored += [each["event"]["id"] for each in page["events"]]
            if not page.get("next_cursor"):
                break
            cursor = f"&cursor={page['next_cursor']}"
        self.assertEqual(len(stored), total)
        self.assertGreater(len(joined), 3)
        for client in joined:
            client.wait(lambda c: len(c.stream()) >= total, "every event")
            self.assertEqual([each["id"] for each in client.stream()], stored)
            seqs = [each["seq"] for each in client.stream()]
            self.assertEqual(seqs, sorted(set(seqs)))

    def test_an_operators_replay_reaches_listeners_marked(self):
        host = self.streaming_host()
        client = self.listen_on(self.clients(), host, "d1")
        host.post([event(n) for n in range(3)])
        client.wait(lambda c: len(c.stream()) == 3, "live")
        code, out, err = self.program("replay", "live", "--url", host.url)
        self.assertEqual(code, 0, err)
        client.wait(lambda c: len(c.stream()) == 6, "and again")
        self.assertEqual([each.get("replay", False) for each in client.stream()], [False] * 3 + [True] * 3)
        self.assertEqual(client.numbers(), [0, 1, 2, 0, 1, 2])

    def test_a_reload_keeps_the_port_and_loses_nothing(self):
        host = self.streaming_host()
        url = self.stream_url(host, "d1")
        clients = self.clients()
        client = self.listen_on(clients, host, "d1")
        host.post(event(1))
        client.wait(lambda c: c.numbers() == [1], "the first")
        last = client.stream()[-1]["seq"]
        stop = threading.Event()
        posted = [1]

        def post():
            while not stop.is_set() and posted[-1] < 2000:
                host.post(event(posted[-1] + 1))
                posted.append(posted[-1] + 1)

        poster = threading.Thread(target=post)
        poster.start()
        try:
            for heartbeat in ("7s", "8s"):
                host.write_config(config({"live": websocket(heartbeat=heartbeat)}))
                status, _, report = host.call("POST", "/v1/reload")
                self.assertEqual((status, report["subscribers"]["changed"]), (200, ["live"]), report)
                self.assertEqual(client.wait_close()["code"], 1012)
                seen = client.numbers()
                last = client.stream()[-1]["seq"] if seen else last
                client = clients.open(url + f"?replay_from_seq={last}")  # the same port
                client.wait(lambda c: c.stream(), "it goes on")
                self.assertEqual(client.numbers()[0], (seen or [1])[-1] + 1)
        finally:
            stop.set()
            poster.join()
        client.wait(lambda c: c.numbers()[-1] == posted[-1], "all of them")
        numbers = client.numbers()
        self.assertEqual(numbers, list(range(numbers[0], posted[-1] + 1)))


class SlowReaders(WebSocketCase):
    def test_a_slow_reader_is_dropped_while_others_go_on(self):
        host = self.streaming_host(
            send_queue={"messages": 64, "bytes": "1MiB"}, socket_send_buffer="16KiB", timeouts={"send": "30s"}
        )
        clients = self.clients()
        slow = self.listen_on(self.clients(), host, "d1")
        good = self.listen_on(clients, host, "d1")
        slow.do("pause")
        text = "x" * 20_000
        sent = 0
        while self.status(host)["slow_clients_dropped"] == 0:
            self.assertLess(sent, 5000)
            host.post([event(sent + n, text=text) for n in range(10)])
            sent += 10
            good.wait(lambda c: len(c.stream()) == sent, "the good one keeps up")
        self.assertLess(self.status(host)["messages_waiting"], 70)
        slow.do("resume")
        closed = slow.wait_close()
        self.assertEqual((closed["code"], "replay_from_seq" in closed["reason"]), (1013, True))
        got = slow.numbers()
        self.assertEqual(got, list(range(len(got))))  # what it has is without a gap
        self.assertLess(len(got), sent)
        host.post(event(sent))
        good.wait(lambda c: len(c.stream()) == sent + 1, "the good one goes on")
        # It comes back and misses nothing.
        again = self.clients().open(self.stream_url(host, "d1", f"?replay_from_seq={slow.stream()[-1]['seq']}"))
        again.wait(lambda c: len(got) + len(c.stream()) == sent + 1, "the rest")
        self.assertEqual(got + again.numbers(), list(range(sent + 1)))


class Admission(WebSocketCase):
    TOKENS = [
        {"name": "all", "token": "token-for-everything"},
        {"name": "some", "token": "token-for-some", "debates": ["d1", "open-*"]},
    ]

    def signed(self, debate, secret="signing", seconds=60):
        text = f"{debate}:{int(time.time()) + seconds}"
        return f"{text}:{hex_hmac(secret, text.encode())}"

    def test_tokens(self):
        host = self.streaming_host(auth={"tokens": self.TOKENS, "signing_secret": "signing"})
        clients = self.clients()
        url = self.stream_url(host, "d1")

        def refused(client, code):
            self.assertEqual(client.wait_close()["code"], code)
            self.assertFalse(client.of_type("connection_info"))

        refused(clients.open(url), 4401)
        refused(clients.open(url, headers={"Authorization": "Bearer nobody-knows-it"}), 4401)
        refused(clients.open(url + "?token=nobody-knows-it"), 4401)
        refused(clients.open(self.stream_url(host, "d2"), headers={"Authorization": "Bearer token-for-some"}), 4003)
        refused(clients.open(url, headers={"Authorization": "Bearer " + self.signed("d1", "other")}), 4401)
        refused(clients.open(url, headers={"Authorization": "Bearer " + self.signed("d1", seconds=-1)}), 4401)
        refused(clients.open(url, headers={"Authorization": "Bearer " + self.signed("d2")}), 4003)
        good = [
            clients.open(url, headers={"Authorization": "Bearer token-for-some"}),
            clients.open(url + "?token=token-for-everything"),
            clients.open(url, protocols=["aragora-v1", "access_token.token-for-some"]),
            clients.open(url, headers={"Authorization": "bearer " + self.signed("d1")}),
        ]
        for client in good:
            self.assertTrue(client.wait_type("connection_info")[0]["data"]["authenticated"])
            client.wait_type("subscribed")
        self.assertEqual(good[2].events("open")[0]["protocol"], "aragora-v1")

        limited = clients.open(self.url(host), headers={"Authorization": "Bearer token-for-some"})
        limited.wait_open()
        limited.send({"type": "subscribe", "debate_id": "secret"})
        self.assertEqual(limited.wait_type("error")[0]["data"]["code"], 403)
        limited.send({"type": "subscribe", "debate_id": "open-7"})
        limited.wait_type("subscribed")

        expiring = clients.open(url, headers={"Authorization": "Bearer " + self.signed("d1", seconds=3)})
        expiring.wait_type("subscribed")
        self.assertEqual(expiring.wait_close()["code"], 4401)
        self.assertEqual(expiring.of_type("auth_revoked")[0]["data"]["code"], 401)
        self.assertGreaterEqual(self.status(host)["refused"]["auth"], 5)

    def test_refusals_by_http(self):
        host = self.streaming_host(
            auth={"tokens": self.TOKENS, "query_token": False},
            refusals="http",
            limits={"clients_per_address": 2},
            allowed_origins=["https://*.example.org"],
        )
        clients = self.clients()
        token = {"Authorization": "Bearer token-for-some"}

        def status(path, **more):
            client = clients.open(self.url(host, path), **more)
            client.wait(lambda c: c.events("refused"), "an HTTP answer")
            return client.events("refused")[0]["status"]

        self.assertEqual(status("/ws"), 401)
        self.assertEqual(status("/ws?token=token-for-everything"), 401)
        self.assertEqual(status("/ws/debates/d2/stream", headers=token), 403)
        self.assertEqual(status("/nothing/here", headers=token), 404)
        self.assertEqual(status("/ws/debates/d1/stream?replay_from_seq=x", headers=token), 400)
        self.assertEqual(status("/ws", headers={**token, "Origin": "https://evil.test"}), 403)
        self.assertEqual(status("/ws", headers={**token, "Origin": "http://localhost:3000"}), 403)
        open_ones = [
            clients.open(self.url(host), headers={**token, "Origin": "https://app.example.org"}).wait_open()
            for _ in range(2)
        ]
        self.assertEqual(status("/ws", headers=token), 429)
        open_ones[0].do("close")
        open_ones[0].wait_close()
        wait_until(lambda: self.status(host)["clients"] == 1, "one has gone")
        clients.open(self.url(host), headers=token).wait_open()

    def test_limits_by_close_code(self):
        host = self.streaming_host(limits={"clients_per_address": 1})
        clients = self.clients()
        clients.open(self.url(host)).wait_type("connection_info")
        self.assertEqual(clients.open(self.url(host)).wait_close()["code"], 4029)
        foreign = clients.open(self.url(host), headers={"Origin": "https://evil.test"})
        foreign.wait(lambda c: c.events("refused"), "an HTTP answer")
        self.assertEqual(foreign.events("refused")[0]["status"], 403)

    def test_handshakes_are_limited(self):
        host = self.streaming_host(limits={"handshakes_per_minute": 3})
        clients = self.clients()
        url = self.url(host)
        for _ in range(3):
            client = clients.open(url)
            client.wait_type("connection_info")
            client.do("close")
            client.wait_close()
        self.assertEqual(clients.open(url).wait_close()["code"], 4029)

    def test_plain_http_is_told_what_this_is(self):
        host = self.streaming_host()
        self.url(host)
        import http.client

        connection = http.client.HTTPConnection(self.status(host)["listen"], timeout=30)
        connection.request("GET", "/ws")
        response = connection.getresponse()
        self.assertEqual(response.status, 426)
        self.assertIn(b"WebSocket", response.read())
        connection.close()

    def test_tls(self):
        cert, key = os.path.join(self.folder, "cert.pem"), os.path.join(self.folder, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", key, "-out", cert],
            check=True, capture_output=True,
        )  # fmt: skip
        host = self.streaming_host(tls={"cert_file": cert, "key_file": key})
        trusting = self.clients({"NODE_EXTRA_CA_CERTS": cert})
        good = trusting.open(self.stream_url(host, "d1", scheme="wss")).wait_open()
        distrusting = self.clients().open(self.stream_url(host, "d1", scheme="wss"))
        distrusting.wait(lambda c: c.events("error"), "it does not trust the certificate")
        plain = self.clients().open(self.stream_url(host, "d1"))
        plain.wait(lambda c: c.events("error"), "plain text is not understood")
        self.wait_live(host, "d1")
        host.post([event(n, text="y" * 5000) for n in range(100)])
        good.wait(lambda c: c.numbers() == list(range(100)), "all of them, through TLS")
        self.assertGreaterEqual(self.status(host)["refused"]["tls"], 1)

        wrong = config({"live": websocket(tls={"cert_file": key, "key_file": key})})
        host.write_config(wrong)
        status, _, answer = host.call("POST", "/v1/reload")
        self.assertNotEqual(status, 200)
        self.assertIn("cert_file", json.dumps(answer))
        host.post(event(100))
        good.wait(lambda c: c.numbers()[-1] == 100, "the old instance goes on")


class Configuration(Case):
    def problems(self, **options):
        path = os.path.join(self.folder, "bad.yaml")
        entry = {"plugin": "websocket", "config": options}
        with open(path, "w") as out:
            json.dump(config({"live": entry}), out, indent=1)
        status, out, err = self.program("validate", path)
        self.assertEqual(status, 78, out + err)
        return out + err

    def test_errors_say_where(self):
        for options, path, words in [
            ({"lisen": "127.0.0.1:1"}, "lisen", "listen"),
            ({"listen": "127.0.0.1"}, "listen", "port"),
            ({"listen": "0.0.0.0:8765"}, "listen", "auth"),
            ({"heartbeat": "999h"}, "heartbeat", "not from 1ms to 1d"),
            ({"auth": {"required": True}}, "auth.required", "tokens"),
            ({"auth": {"tokens": [{"name": "a", "token": "short"}]}}, "token", "8 characters"),
            ({"trusted_proxies": ["nowhere"]}, "trusted_proxies", "network"),
            ({"limits": {"message_bytes": "1B"}}, "message_bytes", "not from"),
        ]:
            text = self.problems(**options)
            self.assertRegex(text, r"bad\.yaml:\d+:\d+: ", text)
            self.assertIn(path, text)
            self.assertIn(words, text)


class Browser(WebSocketCase):
    def setUp(self):
        super().setUp()
        if not shutil.which("chromium"):
            self.unavailable("chromium is not installed")

    def test_chromium_streams_and_subscribes(self):
        host = self.streaming_host(
            auth={"tokens": [{"name": "ui", "token": "token-for-the-ui"}]},
            compression={"enabled": True, "min_bytes": "64B"},
        )
        host.post([event(n) for n in range(3)])
        page = Page(
            self.url(host),
            protocols="aragora-v1,access_token.token-for-the-ui",
            subscribe=json.dumps({"type": "subscribe", "debate_id": "d1", "replay_from_seq": 0, "format": "array"}),
        )
        self.addCleanup(page.stop)
        wait_until(lambda: any(m.get("type") == "replay_end" for m in page.messages()), "the page has replayed")
        opened = page.of_kind("open")[0]
        self.assertEqual(opened["protocol"], "aragora-v1")
        self.assertIn("permessage-deflate", opened["extensions"])
        host.post([event(n, text="words " * 100) for n in range(3, 20)])
        streamed = lambda: sorted(m["data"]["n"] for m in page.messages() if "seq" in m)
        wait_until(lambda: streamed() == list(range(20)), "every event, once")
        self.assertEqual(host.stop(), 0)
        wait_until(lambda: page.of_kind("close"), "the page sees the end")
        self.assertEqual(page.of_kind("close")[0]["code"], 1012)

    def test_a_browser_sees_why_it_is_refused(self):
        host = self.streaming_host(auth={"tokens": [{"name": "ui", "token": "token-for-the-ui"}]})
        page = Page(self.url(host), protocols="aragora-v1,access_token.not-the-token")
        self.addCleanup(page.stop)
        wait_until(lambda: page.of_kind("close"), "the page is refused")
        self.assertEqual(page.of_kind("close")[0]["code"], 4401)


if __name__ == "__main__":
    unittest.main()
