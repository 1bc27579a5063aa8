"""kill -9 under load, again and again: every event that got its 202 arrives."""

import http.client
import json
import threading
import unittest

from harness import Case, config, wait_until, webhook

KILLS = 20


class Producer(threading.Thread):
    """Posts batches until told to stop; remembers the ids that were acknowledged."""

    def __init__(self, host, round_number, number):
        super().__init__()
        self.host, self.prefix = host, f"r{round_number}-p{number}"
        self.acknowledged = set()
        self.stopping = threading.Event()

    def run(self):
        connection = self.host.connect()
        number = 0
        while not self.stopping.is_set() and number < 100_000:
            ids = [f"{self.prefix}-{number + i}" for i in range(5)]
            number += 5
            body = json.dumps([{"id": each, "event_type": "vote", "data": {}} for each in ids])
            try:
                connection.request(
                    "POST", "/v1/events", body=body, headers={"Content-Type": "application/json"}
                )
                response = connection.getresponse()
                response.read()
                if response.status == 202:
                    self.acknowledged.update(ids)
            except (OSError, http.client.HTTPException):
                break  # the host was killed
        connection.close()


class KillNine(Case):
    def test_every_acknowledged_event_arrives(self):
        receiver = self.receiver()
        host = self.host(
            config(
                {
                    "single": webhook(receiver.url + "/single", concurrency=16),
                    "batched": webhook(
                        receiver.url + "/batched", batch={"max_events": 100, "max_delay": "20ms"}
                    ),
                }
            )
        )
        acknowledged = set()
        for kill in range(KILLS):
            producers = [Producer(host, kill, number) for number in range(4)]
            for producer in producers:
                producer.start()
            # Enough to be in the middle of commits and deliveries, a little more each time.
            wanted = 20 + 15 * kill
            wait_until(
                lambda: sum(len(producer.acknowledged) for producer in producers) >= wanted,
                f"{wanted} acknowledged events",
            )
            host.kill()
            for producer in producers:
                producer.stopping.set()
                producer.join()
                acknowledged |= producer.acknowledged
            host.start()

        def missing():
            arrived = {"/single": set(), "/batched": set()}
            for request in receiver.all():
                arrived[request.path].update(request.ids())
            return {path: acknowledged - ids for path, ids in arrived.items()}

        wait_until(lambda: not any(missing().values()), "every acknowledged event", limit=300)
        self.assertGreater(len(acknowledged), KILLS * 20)
        self.assertEqual(host.dead_letters(), [])
        self.assertEqual(host.stop(), 0)
        print(f"{KILLS} kills, {len(acknowledged)} acknowledged events, none lost")


if __name__ == "__main__":
    unittest.main(verbosity=2)
