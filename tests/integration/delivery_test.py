"""An event's way from POST to a webhook receiver, and every way in which it can go wrong."""

import os
import ssl
import subprocess
import threading
import unittest

from harness import (
    SECRET,
    Case,
    config,
    event,
    hex_hmac,
    standard_signature,
    wait_until,
    webhook,
)


class HappyPath(Case):
    def test_an_event_arrives_signed_and_byte_for_byte(self):
        receiver = self.receiver()
        host = self.host(config({"customer": webhook(receiver.url + "/hook")}))
        body = b'{"id":"e1","event_type":"vote","debate_id":"d1","data":{"a": 1.50,  "b":"\\u00e9"}}'
        self.assertEqual(host.post(body), {"accepted": 1, "duplicates": 0, "ids": ["e1"]})
        wait_until(lambda: receiver.count() == 1, "one delivery")
        request = receiver.all()[0]
        self.assertEqual(request.path, "/hook")
        self.assertIn(b'"data":{"a": 1.50,  "b":"\\u00e9"}', request.body)
        self.assertIn(standard_signature(request), request.headers["webhook-signature"].split(" "))
        self.assertEqual(request.json()["event_type"], "vote")
        wait_until(lambda: host.subscriber("customer")["events_delivered"] == 1, "it is counted")
        self.assertEqual(host.stop(), 0)

    def test_hundreds_arrive_once_each(self):
        receiver = self.receiver()
        host = self.host(config({"customer": webhook(receiver.url)}))
        for first in range(0, 500, 100):
            host.post([event(number) for number in range(first, first + 100)])
        wait_until(lambda: len(receiver.ids()) >= 500, "500 deliveries")
        self.assertEqual(sorted(receiver.ids()), sorted(f"evt-{n}" for n in range(500)))

    def test_the_same_id_again_is_not_delivered_twice(self):
        receiver = self.receiver()
        host = self.host(config({"customer": webhook(receiver.url)}))
        self.assertEqual(host.post(event(1))["duplicates"], 0)
        again = host.post([event(1), event(2), event(2)])
        self.assertEqual((again["accepted"], again["duplicates"]), (3, 2))
        wait_until(lambda: host.subscriber("customer")["events_processed"] == 2, "two are processed")
        self.assertEqual(sorted(receiver.ids()), ["evt-1", "evt-2"])

    def test_routes_choose(self):
        first, second = self.receiver(), self.receiver()
        host = self.host(
            config(
                {"first": webhook(first.url), "second": webhook(second.url)},
                [
                    {
                        "name": "gauntlet",
                        "match": {"event_type": [{"prefix": "gauntlet_"}]},
                        "to": ["first"],
                    },
                    {"name": "rest", "default": True, "to": ["second"]},
                ],
            )
        )
        host.post([event(1, "gauntlet_start"), event(2, "vote"), event(3, "gauntlet_verdict")])
        wait_until(lambda: len(first.ids()) == 2 and len(second.ids()) == 1, "each gets its own")
        self.assertEqual(sorted(first.ids()), ["evt-1", "evt-3"])
        self.assertEqual(second.ids(), ["evt-2"])


class Formats(Case):
    def deliver_one(self, **options):
        receiver = self.receiver()
        host = self.host(config({"customer": webhook(receiver.url, **options)}))
        host.post({**event(1, agent="a"), "traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-01"})
        wait_until(lambda: receiver.count() == 1, "one delivery")
        return receiver.all()[0]

    def test_aragora(self):
        request = self.deliver_one(format="aragora", signatures=["aragora"])
        document = request.json()
        self.assertEqual(set(document), {"event", "delivery_id", "timestamp", "data"})
        self.assertEqual(document["event"], "vote")
        self.assertIsInstance(document["timestamp"], float)
        self.assertEqual(request.headers["x-aragora-event"], "vote")
        self.assertEqual(request.headers["x-aragora-delivery"], document["delivery_id"])
        self.assertEqual(
            request.headers["x-aragora-signature"], "sha256=" + hex_hmac(SECRET, request.body)
        )

    def test_aragora_timestamped(self):
        request = self.deliver_one(signatures=["aragora-timestamped"])
        fields = dict(part.split("=") for part in request.headers["x-aragora-signature"].split(","))
        self.assertEqual(fields["v1"], hex_hmac(SECRET, fields["t"].encode() + b"." + request.body))

    def test_cloudevents_structured(self):
        request = self.deliver_one(format="cloudevents")
        self.assertTrue(request.headers["content-type"].startswith("application/cloudevents+json"))
        document = request.json()
        self.assertEqual(document["specversion"], "1.0")
        self.assertEqual((document["id"], document["type"], document["subject"]), ("evt-1", "vote", "d1"))
        self.assertEqual(document["data"], {"n": 1, "agent": "a"})

    def test_cloudevents_binary(self):
        request = self.deliver_one(format="cloudevents", mode="binary")
        self.assertEqual(request.headers["ce-type"], "vote")
        self.assertEqual(request.headers["ce-id"], "evt-1")
        self.assertEqual(request.headers["content-type"], "application/json")
        self.assertEqual(request.json(), {"n": 1, "agent": "a"})

    def test_a_batch_is_an_array_even_for_one(self):
        request = self.deliver_one(batch={"max_events": 10, "max_delay": "50ms"})
        self.assertIsInstance(request.json(), list)
        self.assertEqual(len(request.json()), 1)

    def test_headers_auth_and_trace(self):
        request = self.deliver_one(headers={"X-Team": "blue"}, auth={"bearer": "token-1"})
        self.assertEqual(request.headers["x-team"], "blue")
        self.assertEqual(request.headers["authorization"], "Bearer token-1")
        self.assertEqual(request.headers["traceparent"], "00-" + "1" * 32 + "-" + "2" * 16 + "-01")

    def test_two_secrets_sign_side_by_side(self):
        other = "whsec_" + "QUJD" * 8
        request = self.deliver_one(secrets=[other, SECRET])
        signatures = request.headers["webhook-signature"].split(" ")
        self.assertIn(standard_signature(request, SECRET), signatures)
        self.assertIn(standard_signature(request, other), signatures)


class Batches(Case):
    def test_count_and_delay(self):
        receiver = self.receiver()
        host = self.host(
            config(
                {
                    "customer": webhook(
                        receiver.url,
                        batch={"max_events": 100, "max_bytes": "1MiB", "max_delay": "300ms"},
                    )
                }
            )
        )
        host.post([event(number) for number in range(250)])
        wait_until(lambda: len(receiver.ids()) == 250, "all 250")
        sizes = sorted(len(request.json()) for request in receiver.all())
        self.assertEqual(sizes, [50, 100, 100])
        self.assertEqual(sorted(receiver.ids()), sorted(f"evt-{n}" for n in range(250)))


class Failures(Case):
    def test_retry_then_success_with_a_stable_id(self):
        receiver = self.receiver(lambda request, number: 500 if number <= 2 else 200)
        host = self.host(config({"customer": webhook(receiver.url)}))
        host.post(event(1))
        wait_until(lambda: host.subscriber("customer")["events_delivered"] == 1, "it is delivered")
        requests = receiver.all()
        self.assertEqual(len(requests), 3)
        self.assertEqual(len({request.headers["webhook-id"] for request in requests}), 1)
        stats = host.subscriber("customer")
        self.assertEqual((stats["events_failed"], stats["events_retried"]), (2, 2))

    def test_exhausted_then_dead_letter_then_redriven(self):
        healthy = threading.Event()
        receiver = self.receiver(lambda request, number: 200 if healthy.is_set() else 500)
        host = self.host(config({"customer": webhook(receiver.url)}))
        host.post(event(1))
        dead = wait_until(host.dead_letters, "a dead letter")
        self.assertEqual(len(dead), 1)
        self.assertEqual(dead[0]["reason"], "exhausted")
        self.assertEqual(dead[0]["attempts"], 4)
        self.assertEqual(dead[0]["last_status"], 500)
        self.assertEqual(dead[0]["event_id"], "evt-1")
        self.assertEqual(receiver.count(), 4)
        healthy.set()
        status, _, answer = host.call("POST", f"/v1/dead-letters/{dead[0]['id']}/retry")
        self.assertEqual((status, answer), (202, {"taken": 1}))
        wait_until(lambda: host.subscriber("customer")["events_delivered"] == 1, "it is delivered")
        self.assertEqual(host.dead_letters(), [])
        self.assertEqual(receiver.count(), 5)

    def test_a_rejection_is_dead_at_once(self):
        receiver = self.receiver(lambda request, number: 400)
        host = self.host(config({"customer": webhook(receiver.url)}))
        host.post(event(1))
        dead = wait_until(host.dead_letters, "a dead letter")
        self.assertEqual((dead[0]["reason"], dead[0]["last_status"]), ("rejected", 400))
        self.assertEqual(receiver.count(), 1)

    def test_bulk_redrive_by_filter_and_discard(self):
        healthy = threading.Event()
        receiver = self.receiver(lambda request, number: 200 if healthy.is_set() else 422)
        host = self.host(config({"customer": webhook(receiver.url)}))
        host.post([event(n, "vote" if n % 2 else "critique") for n in range(20)])
        wait_until(lambda: len(host.dead_letters()) == 20, "20 dead letters")
        healthy.set()
        _, _, answer = host.call("POST", "/v1/dead-letters/retry?event_type=vote&rate=1000/s")
        self.assertEqual(answer, {"taken": 10})
        wait_until(lambda: host.subscriber("customer")["events_delivered"] == 10, "votes arrive")
        self.assertEqual({each["event_type"] for each in host.dead_letters()}, {"critique"})
        _, _, answer = host.call("DELETE", "/v1/dead-letters?event_type=critique")
        self.assertEqual(answer, {"discarded": 10})
        self.assertEqual(host.dead_letters(), [])

    def test_retry_after_throttles_the_whole_subscriber(self):
        receiver = self.receiver(
            lambda request, number: (429, {"Retry-After": "2"}) if number == 1 else 200
        )
        host = self.host(
            config(
                {
                    "customer": webhook(
                        receiver.url,
                        concurrency=1,
                        retry={"max_attempts": 4, "initial_interval": "10ms", "max_interval": "10s"},
                    )
                }
            )
        )
        host.post([event(1), event(2)])
        wait_until(lambda: host.subscriber("customer")["events_delivered"] == 2, "both arrive")
        requests = receiver.all()
        self.assertEqual(len(requests), 3)
        self.assertGreaterEqual(requests[1].at - requests[0].at, 1.5)

    def test_410_disables_until_resumed(self):
        gone = threading.Event()
        gone.set()
        receiver = self.receiver(lambda request, number: 410 if gone.is_set() else 200)
        host = self.host(config({"customer": webhook(receiver.url, concurrency=1)}))
        host.post(event(1))
        dead = wait_until(host.dead_letters, "a dead letter")
        self.assertEqual((dead[0]["reason"], dead[0]["last_status"]), ("disabled", 410))
        self.assertEqual(host.subscriber("customer")["state"], "disabled")
        host.post(event(2))
        host.stop()
        host.start()  # it stays so across a restart
        self.assertEqual(host.subscriber("customer")["state"], "disabled")
        self.assertEqual(receiver.count(), 1)
        gone.clear()
        self.assertEqual(host.call("POST", "/v1/subscribers/customer/resume")[0], 200)
        wait_until(lambda: receiver.count() == 2, "the second event arrives")
        self.assertEqual(receiver.all()[1].ids(), ["evt-2"])

    def test_the_breaker_opens_and_closes(self):
        healthy = threading.Event()
        receiver = self.receiver(lambda request, number: 200 if healthy.is_set() else 500)
        host = self.host(
            config(
                {
                    "customer": webhook(
                        receiver.url,
                        concurrency=1,
                        circuit_breaker={"failures": 3, "cooldown": "500ms"},
                        retry={"max_attempts": 100, "initial_interval": "10ms", "max_interval": "50ms"},
                    )
                }
            )
        )
        host.post([event(number) for number in range(20)])
        wait_until(
            lambda: host.subscriber("customer")["state"] in ("breaker_open", "half_open"), "it opens"
        )
        self.assertLess(receiver.count(), 40)
        healthy.set()
        wait_until(lambda: host.subscriber("customer")["events_delivered"] == 20, "all arrive")
        self.assertEqual(host.subscriber("customer")["state"], "running")
        self.assertEqual(host.dead_letters(), [])

    def test_a_receiver_that_is_down_comes_back(self):
        receiver = self.receiver()
        port = receiver.server.server_address[1]
        receiver.server.socket.close()  # nobody listens
        host = self.host(
            config(
                {
                    "customer": webhook(
                        f"http://127.0.0.1:{port}",
                        retry={"max_attempts": 2, "initial_interval": "20ms"},
                    )
                }
            )
        )
        host.post(event(1))
        dead = wait_until(host.dead_letters, "a dead letter")
        self.assertEqual(dead[0]["reason"], "exhausted")
        self.assertNotEqual(dead[0]["last_error"], "")

    def test_loopback_is_refused_unless_allowed(self):
        receiver = self.receiver()
        subscriber = webhook(receiver.url, retry={"max_attempts": 1})
        del subscriber["config"]["allow_networks"]
        host = self.host(config({"customer": subscriber}))
        host.post(event(1))
        dead = wait_until(host.dead_letters, "a dead letter")
        self.assertIn("allow_networks", dead[0]["last_error"])
        self.assertEqual(receiver.count(), 0)


class Ordering(Case):
    def test_order_within_a_debate_survives_retries(self):
        failed = set()
        lock = threading.Lock()

        def answer(request, number):
            identity = request.ids()[0]
            with lock:
                if int(identity[4:]) % 7 == 0 and identity not in failed:
                    failed.add(identity)
                    return 500
            return 200

        receiver = self.receiver(answer)
        host = self.host(config({"customer": webhook(receiver.url, order_by="debate_id")}))
        host.post([event(number, debate=f"d{number % 5}") for number in range(100)])
        wait_until(lambda: host.subscriber("customer")["events_delivered"] == 100, "all arrive")
        self.assertGreater(len(failed), 10)
        last = {}
        for request in receiver.all():
            document = request.json()
            number = document["data"]["n"]
            before = last.get(document["debate_id"], -1)
            self.assertGreaterEqual(number, before)  # equal: the same event, retried
            last[document["debate_id"]] = number


class Connections(Case):
    def certificate(self, name, authority=None):
        """A key and a certificate for 127.0.0.1 in the test's folder, signed by `authority`."""
        path = os.path.join(self.folder, name)
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        command += ["-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", path + ".key"]
        command += ["-out", path + ".pem"]
        if authority is not None:
            command += ["-CA", authority + ".pem", "-CAkey", authority + ".key"]
            command += ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"]
        subprocess.run(command, check=True, capture_output=True)
        return path

    def test_own_authority_and_mutual_tls(self):
        authority = self.certificate("authority")
        server, client = self.certificate("server", authority), self.certificate("client", authority)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server + ".pem", server + ".key")
        context.load_verify_locations(authority + ".pem")
        context.verify_mode = ssl.CERT_REQUIRED
        receiver = self.receiver(tls=context)
        trusting = {"ca_file": authority + ".pem"}
        known = {**trusting, "cert_file": client + ".pem", "key_file": client + ".key"}
        once = {"max_attempts": 1}
        host = self.host(
            config(
                {
                    "known": webhook(receiver.url, tls=known),
                    "unknown": webhook(receiver.url, tls=trusting, retry=once),
                    "wary": webhook(receiver.url, retry=once),
                }
            )
        )
        host.post(event(1))
        wait_until(lambda: host.subscriber("known")["events_delivered"] == 1, "mutual TLS works")
        wait_until(lambda: len(host.dead_letters()) == 2, "the other two fail")
        errors = {dead["subscriber"]: dead["last_error"] for dead in host.dead_letters()}
        self.assertIn("certificate", errors["wary"])
        self.assertEqual(receiver.count(), 1)

    def test_a_proxy_is_used_and_decides_what_is_reached(self):
        proxy = self.receiver()
        host = self.host(
            config({"customer": webhook("http://receiver.invalid/hook", proxy=proxy.url)})
        )
        host.post(event(1))
        wait_until(lambda: host.subscriber("customer")["events_delivered"] == 1, "it is delivered")
        self.assertEqual(proxy.all()[0].path, "http://receiver.invalid/hook")


class Operations(Case):
    def test_pause_and_resume(self):
        receiver = self.receiver()
        host = self.host(config({"customer": webhook(receiver.url)}))
        self.assertEqual(host.call("POST", "/v1/subscribers/customer/pause?reason=maintenance")[0], 200)
        host.post([event(1), event(2)])
        state = host.subscriber("customer")
        self.assertEqual((state["state"], state["reason"]), ("paused", "maintenance"))
        host.stop()
        host.start()
        self.assertEqual(host.subscriber("customer")["state"], "paused")
        self.assertEqual(receiver.count(), 0)
        host.call("POST", "/v1/subscribers/customer/resume")
        wait_until(lambda: sorted(receiver.ids()) == ["evt-1", "evt-2"], "both arrive")

    def test_replay_sends_past_events_marked(self):
        receiver = self.receiver()
        host = self.host(config({"customer": webhook(receiver.url)}))
        host.post([event(n, "vote" if n < 5 else "critique") for n in range(10)])
        wait_until(lambda: receiver.count() == 10, "ten arrive")
        status, _, answer = host.call(
            "POST", "/v1/replays", {"subscriber": "customer", "event_type": "vote"}
        )
        self.assertEqual(status, 202, answer)
        wait_until(lambda: receiver.count() == 15, "five again")
        replayed = receiver.all()[10:]
        self.assertEqual(sorted(each.ids()[0] for each in replayed), [f"evt-{n}" for n in range(5)])
        self.assertTrue(all(each.headers.get("x-aragora-replay") for each in replayed))

    def test_a_slow_receiver_does_not_hold_a_fast_one(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def slow_answer(request, number):
            release.wait(60)
            return 200

        slow, fast = self.receiver(slow_answer), self.receiver()
        host = self.host(config({"slow": webhook(slow.url), "fast": webhook(fast.url)}))
        host.post([event(number) for number in range(200)])
        wait_until(lambda: host.subscriber("fast")["events_delivered"] == 200, "the fast one is done")
        self.assertEqual(host.subscriber("slow")["events_delivered"], 0)
        release.set()
        wait_until(lambda: host.subscriber("slow")["events_delivered"] == 200, "the slow one too")

    def test_a_restart_with_a_backlog_loses_and_repeats_nothing_settled(self):
        receiver = self.receiver()
        host = self.host(config({"customer": webhook(receiver.url)}))
        host.post([event(number) for number in range(50)])
        wait_until(lambda: host.subscriber("customer")["events_delivered"] == 50, "50 arrive")
        host.call("POST", "/v1/subscribers/customer/pause")
        host.post([event(number) for number in range(50, 300)])
        self.assertEqual(host.stop(), 0)
        host.start()
        host.call("POST", "/v1/subscribers/customer/resume")
        wait_until(lambda: len(receiver.ids()) >= 300, "all arrive")
        self.assertEqual(sorted(receiver.ids()), sorted(f"evt-{n}" for n in range(300)))

    def test_rate_limit(self):
        receiver = self.receiver()
        host = self.host(config({"customer": webhook(receiver.url, rate_limit="10/s")}))
        host.post([event(number) for number in range(25)])
        wait_until(lambda: receiver.count() == 25, "all arrive")
        requests = receiver.all()
        self.assertGreaterEqual(requests[-1].at - requests[0].at, 1.0)

    def test_metrics_and_health(self):
        receiver = self.receiver()
        host = self.host(config({"customer": webhook(receiver.url)}))
        host.post(event(1))
        wait_until(lambda: host.subscriber("customer")["events_delivered"] == 1, "it is delivered")
        self.assertEqual(host.call("GET", "/health/live")[0], 200)
        self.assertEqual(host.call("GET", "/health/ready")[0], 200)
        text = host.call("GET", "/metrics")[2]
        self.assertIn('aragora_events_dispatched_total{event_type="vote"} 1', text)
        for family in (
            "aragora_webhook_latency_seconds_count{endpoint=",
            "aragora_ingest_",
            "aragora_store_",
            "aragora_delivery_",
        ):
            self.assertIn(family, text)

    def test_a_debate_can_be_read_back(self):
        receiver = self.receiver()
        host = self.host(config({"customer": webhook(receiver.url)}))
        host.post([event(1, debate="a"), event(2, debate="b"), event(3, debate="a")])
        _, _, answer = host.call("GET", "/v1/debates/a/events")
        self.assertEqual([each["event"]["id"] for each in answer["events"]], ["evt-1", "evt-3"])
        status, _, one = host.call("GET", "/v1/events/evt-2")
        self.assertEqual((status, one["event"]["data"]), (200, {"n": 2}))
        self.assertEqual(host.call("GET", "/v1/events/none")[0], 404)


if __name__ == "__main__":
    unittest.main(verbosity=2)
