"""Reloads in a loop under load: nothing is lost, and nothing is delivered twice because of them."""

import collections
import json
import signal
import threading
import time
import unittest

from harness import Case, LIMIT_S, config, event, wait_until, webhook

TURNS = 60
PRODUCERS = 3
EVENTS_A_POST = 4
DEBATES = 5


class Posts:
    """What was accepted, and between which moments."""

    def __init__(self):
        self.lock = threading.Lock()
        self.accepted = {}  # id: (before the call, after the answer)

    def note(self, ids, began):
        ended = time.monotonic()
        with self.lock:
            self.accepted.update((id, (began, ended)) for id in ids)


class ReloadLoad(Case):
    def produce(self, host, posts, producer, stop):
        """Posts over one connection that is kept, a group of events at a time."""
        connection = host.connect()
        number = 0
        while not stop.is_set():
            number += 1
            batch = [
                event(f"{producer}-{number:06}-{each}", debate=f"d{producer}-{(number + each) % DEBATES}")
                for each in range(EVENTS_A_POST)
            ]
            began = time.monotonic()
            connection.request(
                "POST", "/v1/events", json.dumps(batch), {"Content-Type": "application/json"}
            )
            response = connection.getresponse()
            answer = response.read()
            self.assertEqual(response.status, 202, answer)
            posts.note([each["id"] for each in batch], began)
            stop.wait(0.05)
        connection.close()

    def reloads_so_far(self, host):
        """(taken, refused)"""
        metrics = host.call("GET", "/metrics")[2]
        counts = collections.Counter()
        for line in metrics.splitlines():
            if line.startswith("aragora_config_reloads_total{"):
                counts["ok" if 'result="ok"' in line else "refused"] += int(float(line.split()[-1]))
        return counts["ok"], counts["refused"]

    def reload(self, host, turn, good):
        """By signal, by verb and over HTTP in turn; what the host makes of it must be as expected."""
        before = self.reloads_so_far(host)
        if turn % 3 == 0:
            host.process.send_signal(signal.SIGHUP)
            wait_until(lambda: sum(self.reloads_so_far(host)) > sum(before), "the signal is answered")
        elif turn % 3 == 1:
            status, output, errors = self.program("reload", "--url", host.url)
            self.assertEqual(status, 0 if good else 78, output + errors)
        else:
            status, _, answer = host.call("POST", "/v1/reload")
            self.assertEqual(status, 200 if good else 400, answer)
        taken, refused = self.reloads_so_far(host)
        self.assertEqual((taken - before[0], refused - before[1]), (1, 0) if good else (0, 1))

    def test_nothing_is_lost_and_nothing_repeated(self):
        never = threading.Event()
        exact = self.receiver()
        slow = self.receiver(lambda request, number: 200 if not never.wait(0.02) else 500)
        flaky = self.receiver(lambda request, number: 503 if number % 3 == 0 else 200)
        patient = {"max_attempts": 1000, "initial_interval": "20ms", "max_interval": "200ms"}

        def configured(turn):
            subscribers = {
                "steady": webhook(exact.url + "/steady"),
                "ordered": webhook(exact.url + "/ordered", order_by="debate_id"),
                # Another plugin instance each time …
                "moving": webhook(slow.url + "/moving", headers={"X-Turn": str(turn)}),
                "grouped": webhook(
                    exact.url + "/grouped",
                    batch={"max_events": 5 + turn % 7, "max_delay": "50ms"},
                    concurrency=1 + turn % 3,
                ),
                # … and only other policies.
                "tuned": webhook(
                    exact.url + "/tuned",
                    order_by=["debate_id", "source", "event_type"][turn % 3],
                    rate_limit=f"{1000 + turn}/s",
                    dead_letter={"retention": f"{1 + turn}h"},
                ),
                "flaky": webhook(flaky.url + "/flaky", retry=patient, concurrency=2 + turn % 4),
            }
            routes = [{"name": "all", "to": list(subscribers)}]
            if turn % 2 == 0:
                subscribers["visitor"] = webhook(exact.url + "/visitor")
                routes.append({"name": f"visits-{turn}", "to": ["visitor"]})
            return config(subscribers, routes)

        def broken(turn):
            bad = configured(turn + 1)
            bad["subscribers"]["visitor"] = webhook(exact.url + "/visitor")
            fault = turn % 4
            if fault == 0:
                bad["routes"].append({"name": "odd", "match": {"data": [{"near": 3}]}, "to": ["steady"]})
            elif fault == 1:
                bad["subscribers"]["visitor"]["config"]["secret"] = "${file:./no-such-secret}"
            elif fault == 2:
                bad["subscribers"]["visitor"]["plugin"] = "pigeon"
            else:
                bad["subscribers"]["steady"]["config"]["url"] = "nowhere"
            return bad

        host = self.host(configured(0))
        posts, stop = Posts(), threading.Event()
        failures = []

        def producing(producer):
            try:
                self.produce(host, posts, producer, stop)
            except BaseException as failure:  # told in the test's own thread
                failures.append(failure)

        producers = [threading.Thread(target=producing, args=(n,)) for n in range(PRODUCERS)]
        for each in producers:
            each.start()
        visits = []  # from when to when it is certain that the visitor is, or is not, routed to
        since = time.monotonic()
        try:
            for turn in range(1, TURNS + 1):
                if turn % 5 == 0:
                    host.write_config(broken(turn))
                    self.reload(host, turn, good=False)
                host.write_config(configured(turn))
                visits.append((since, time.monotonic(), turn % 2 == 1))
                self.reload(host, turn + turn // 5, good=True)
                since = time.monotonic()
        finally:
            stop.set()
            for each in producers:
                each.join()
        self.assertEqual(failures, [])
        visits.append((since, time.monotonic(), TURNS % 2 == 0))

        for name in configured(TURNS)["subscribers"]:
            wait_until(
                lambda: host.subscriber(name)["lag"] == 0 and host.subscriber(name)["waiting_retry"] == 0,
                f"{name} has everything: {host.subscriber(name)}",
                3 * LIMIT_S,
            )
        self.assertEqual(host.dead_letters(), [])
        self.verify(posts.accepted, visits, exact, slow, flaky)
        self.assertEqual(host.stop(), 0)

    def verify(self, accepted, visits, exact, slow, flaky):
        received = collections.defaultdict(list)
        for receiver in (exact, slow, flaky):
            for request in receiver.all():
                received[request.path].extend(request.ids())
        for path in ("/steady", "/ordered", "/moving", "/grouped", "/tuned"):
            ids = received[path]
            twice = [id for id, times in collections.Counter(ids).items() if times > 1]
            self.assertEqual(twice, [], f"{path} got these twice")
            self.assertEqual(set(ids) ^ set(accepted), set(), f"{path} lacks these, or got too much")
        self.assertEqual(set(received["/flaky"]) ^ set(accepted), set())

        visitor = received["/visitor"]
        self.assertEqual(len(visitor), len(set(visitor)), "the visitor got something twice")
        certain = {True: 0, False: 0}
        for id, (began, ended) in accepted.items():
            for since, until, routed in visits:
                if since <= began and ended <= until:
                    certain[routed] += 1
                    self.assertEqual(id in visitor, routed, f"{id}: the visitor's routes said {routed}")
        self.assertGreater(min(certain.values()), 0, "the test knows of events of both kinds")

        last = {}
        for request in exact.all():
            if request.path == "/ordered":
                document = request.json()
                key, id = document["debate_id"], document["id"]
                self.assertLess(last.get(key, ""), id, "events of a debate arrive in their order")
                last[key] = id


if __name__ == "__main__":
    unittest.main(verbosity=2)
