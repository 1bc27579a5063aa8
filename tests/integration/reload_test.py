"""A running host takes a new configuration: all of it or nothing, and no delivery notices."""

import threading
import unittest

from harness import Case, config, event, wait_until, webhook


class Reload(Case):
    def reload(self, host):
        return host.call("POST", "/v1/reload")

    def test_subscribers_come_change_and_go(self):
        first, second = self.receiver(), self.receiver()
        host = self.host(config({"stays": webhook(first.url), "moves": webhook(first.url + "/old")}))
        host.post(event(1))
        wait_until(lambda: first.count() == 2, "both get it")

        host.write_config(
            config(
                {
                    "stays": webhook(first.url),
                    "moves": webhook(second.url + "/new"),
                    "comes": webhook(second.url + "/comes"),
                }
            )
        )
        status, _, report = self.reload(host)
        self.assertEqual(status, 200, report)
        self.assertEqual(
            report["subscribers"],
            {
                "added": ["comes"],
                "changed": ["moves"],
                "removed": [],
                "unchanged": 1,
                "policy_only": [],
                "draining": [],
            },
        )
        host.post(event(2))
        wait_until(lambda: second.count() == 2, "the new address and the new subscriber")
        self.assertEqual(sorted(each.path for each in second.all()), ["/comes", "/new"])
        wait_until(lambda: first.count() == 3, "the one that stays")
        self.assertEqual(host.subscriber("stays")["events_delivered"], 2)  # its numbers went on

        host.write_config(config({"stays": webhook(first.url)}))
        self.assertEqual(self.program("reload", "--url", host.url)[0], 0)
        self.assertEqual(host.call("GET", "/v1/subscribers/comes")[0], 404)
        host.post(event(3))
        wait_until(lambda: first.count() == 4, "the one that stays")
        self.assertEqual(second.count(), 2)

    def test_what_is_wrong_changes_nothing(self):
        receiver = self.receiver()
        good = config({"customer": webhook(receiver.url)})
        host = self.host(good)

        def wrong(**changes):
            bad = config({"customer": webhook(receiver.url + "/other")})
            bad.update(changes)
            host.write_config(bad)
            status, _, answer = self.reload(host)
            self.assertEqual(status, 400, answer)
            return answer["problems"]

        problem = wrong(nonsense=1)[0]
        self.assertEqual(problem["path"], "nonsense")
        self.assertGreater(problem["line"], 1)
        self.assertIn("path_of", str(wrong(routes=[{"name": "r", "match": {"data": {"path_of": [{"nope": 1}]}}, "to": ["customer"]}])))
        subscribers = {"customer": webhook(receiver.url), "other": webhook("not a url")}
        self.assertTrue(wrong(subscribers=subscribers))
        host.write_config({**good, "routes": "all"})
        status, _, errors = self.program("reload", "--url", host.url)
        self.assertEqual(status, 78)
        self.assertIn("host.yaml:", errors)
        self.assertIn("routes", errors)
        host.post(event(1))
        wait_until(lambda: receiver.count() == 1, "delivery goes on")
        self.assertEqual(receiver.all()[0].path, "/")

    def test_what_needs_a_restart_is_said(self):
        receiver = self.receiver()
        good = config({"customer": webhook(receiver.url)})
        host = self.host(good)
        host.write_config({**good, "data_dir": "./elsewhere", "api": {"listen": "127.0.0.1:1"}})
        status, _, report = self.reload(host)
        self.assertEqual(status, 200)
        warnings = {each["path"]: each for each in report["warnings"]}
        self.assertEqual(set(warnings), {"data_dir", "api.listen"})
        for each in warnings.values():
            self.assertEqual(each["file"], host.config_file)
            self.assertGreater(each["line"], 1)
            self.assertIn("restart", each["message"])
        self.assertEqual(report["subscribers"]["unchanged"], 1)
        self.assertEqual(len(self.reload(host)[2]["warnings"]), 2, "until it is restarted")

    def test_a_removed_subscriber_keeps_its_events_until_it_is_forgotten(self):
        down, up = self.receiver(lambda request, number: 503), self.receiver()
        names = ("gone", "other")
        host = self.host(config({name: webhook(down.url, retry={"max_attempts": 100, "initial_interval": "50ms", "max_interval": "100ms"}) for name in names}))
        host.post([event(number) for number in range(1, 6)])
        wait_until(lambda: host.subscriber("gone")["events_retried"] > 0, "it is tried in vain")
        host.write_config(config({"other": webhook(up.url)}))
        status, _, report = self.reload(host)
        self.assertEqual((status, report["subscribers"]["removed"]), (200, ["gone"]))
        wait_until(lambda: sorted(up.ids()) == [f"evt-{n}" for n in range(1, 6)], "the other one's")
        host.write_config(config({"other": webhook(up.url), "gone": webhook(up.url + "/gone")}))
        self.assertEqual(self.reload(host)[0], 200)

        def arrived():
            ids = [id for each in up.all() if each.path == "/gone" for id in each.ids()]
            return sorted(ids) == [f"evt-{n}" for n in range(1, 6)]

        wait_until(arrived, "what was kept arrives when it is back")

        self.assertEqual(host.call("DELETE", "/v1/subscribers/gone")[0], 409)
        host.write_config(config({"other": webhook(up.url)}))
        self.assertEqual(self.reload(host)[0], 200)
        self.assertEqual(self.program("subscribers", "forget", "gone", "--url", host.url)[0], 0)
        self.assertEqual(host.call("DELETE", "/v1/subscribers/gone")[0], 404)

    def test_reloads_under_load_lose_and_repeat_nothing(self):
        receiver = self.receiver()
        steady = webhook(receiver.url + "/steady")

        def configured(turn):
            subscribers = {
                "steady": steady,
                "moving": webhook(f"{receiver.url}/moving", concurrency=4 + turn % 3),
            }
            if turn % 2 == 0:
                subscribers["visitor"] = webhook(receiver.url + "/visitor")
            return config(subscribers)

        host = self.host(configured(0))
        posted, stop = [], threading.Event()
        lock = threading.Lock()

        def produce(producer):
            number = 0
            while not stop.is_set():
                number += 1
                batch = [event(f"{producer}-{number}-{each}") for each in range(5)]
                host.post(batch)
                with lock:
                    posted.extend(each["id"] for each in batch)

        producers = [threading.Thread(target=produce, args=(n,)) for n in range(2)]
        for each in producers:
            each.start()
        try:
            for turn in range(1, 13):
                host.write_config(configured(turn))
                status, _, report = self.reload(host)
                self.assertEqual(status, 200, report)
                self.assertEqual(report["subscribers"]["unchanged"], 1, report)
        finally:
            stop.set()
            for each in producers:
                each.join()

        def received(path):
            return [id for each in receiver.all() if each.path == path for id in each.ids()]

        for name in ("steady", "moving", "visitor"):
            wait_until(lambda: host.subscriber(name)["lag"] == 0, f"{name} has everything")
        for path in ("/steady", "/moving"):
            ids = received(path)
            self.assertEqual(len(ids), len(set(ids)), f"{path} got something twice")
            self.assertEqual(set(ids), set(posted))
        ids = received("/visitor")
        self.assertEqual(len(ids), len(set(ids)), "the visitor got something twice")
        self.assertTrue(0 < len(ids) <= len(posted))


if __name__ == "__main__":
    unittest.main(verbosity=2)
