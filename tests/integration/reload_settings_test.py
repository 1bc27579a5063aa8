"""A reload takes over what the host itself is told, not only routes and subscribers."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import threading
import unittest

from harness import Case, LIMIT_S, PLUGINS, SECRET, config, event, standard_signature, wait_until, webhook


class ReloadSettings(Case):
    def reload(self, host, token=None):
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        status, _, answer = host.call("POST", "/v1/reload", headers=headers)
        return status, answer

    def taken(self, host, **changes):
        """Reloads the configuration with these sections; the settings that the host says it took."""
        host.write_config({**self.good, **changes})
        status, answer = self.reload(host)
        self.assertEqual(status, 200, answer)
        return answer["settings"]

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as out:
            out.write(text)
        os.chmod(path, 0o600)
        return path

    def start(self, **more):
        self.receiver_ = self.receiver()
        self.good = config({"customer": webhook(self.receiver_.url)}, **more)
        return self.host(self.good)

    def test_tokens_are_rotated_by_their_file(self):
        self.write("token", "first-secret\n")
        tokens = [{"name": "ops", "token": "${file:./token}", "scopes": ["ingest", "read", "admin"]}]
        host = self.start(api={"listen": "127.0.0.1:0", "auth": {"tokens": tokens}})

        def status_with(token):
            return host.call("GET", "/v1/stats", headers={"Authorization": f"Bearer {token}"})[0]

        self.assertEqual(status_with("first-secret"), 200)
        self.write("token", "second-secret\n")
        status, answer = self.reload(host, "first-secret")
        self.assertEqual((status, answer["settings"]), (200, ["api.auth.tokens"]))
        self.assertEqual((status_with("first-secret"), status_with("second-secret")), (401, 200))
        self.assertNotIn("secret", json.dumps(answer))

        os.remove(os.path.join(self.folder, "token"))
        status, answer = self.reload(host, "second-secret")
        self.assertEqual(status, 400)
        problem = answer["problems"][0]
        self.assertIn("api.auth.tokens[0].token", problem["path"])
        self.assertGreater(problem["line"], 1)
        self.assertIn("token", problem["message"])
        self.assertEqual(status_with("second-secret"), 200)

    def test_tokens_do_not_go_while_the_address_stays_open(self):
        tokens = [{"name": "ops", "token": "secret", "scopes": ["admin"]}]
        host = self.start(api={"listen": "0.0.0.0:0", "auth": {"tokens": tokens}})
        host.url = host.url.replace("0.0.0.0", "127.0.0.1")
        host.write_config({**self.good, "api": {"listen": "127.0.0.1:0"}})
        status, answer = self.reload(host, "secret")
        self.assertEqual(status, 400)
        self.assertEqual([each["path"] for each in answer["problems"]], ["api.auth.tokens"])
        self.assertEqual(host.call("GET", "/v1/stats")[0], 401)

    def test_bounds_of_requests(self):
        host = self.start()
        large = event(1, text="x" * 5000)
        self.assertEqual(
            self.taken(host, api={"listen": "127.0.0.1:0", "max_event": "4KiB", "keep_alive": "5s"}),
            ["api.max_event", "api.keep_alive"],
        )
        self.assertEqual(host.call("POST", "/v1/events", large)[0], 413)
        self.assertEqual(self.taken(host), ["api.max_event", "api.keep_alive"])
        host.post(large)
        self.assertEqual(
            self.taken(host, api={"listen": "127.0.0.1:0", "max_connections": 2}), ["api.max_connections"]
        )
        kept = []

        def keep_one():
            connection = host.connect()
            connection.request("GET", "/health/live")
            response = connection.getresponse()
            response.read()
            (kept.append if response.status == 200 else lambda refused: refused.close())(connection)
            return response.status == 200

        for _ in range(2):
            wait_until(keep_one, "those of before no longer count")
        self.assertEqual(host.call("GET", "/health/live")[0], 503)
        for each in kept:
            each.close()
        wait_until(lambda: host.call("GET", "/health/live")[0] == 200, "there is room again")

    def test_the_log(self):
        host = self.start()
        self.assertEqual(
            self.taken(host, log={"level": "debug", "format": "json"}), ["log.level", "log.format"]
        )
        lines = [json.loads(line) for line in host.log().splitlines() if line.startswith("{")]
        self.assertIn("configuration reloaded", [each["message"] for each in lines])
        self.taken(host, log={"level": "error"})
        length = len(host.log())
        self.taken(host, log={"level": "error"})
        self.assertEqual(len(host.log()), length)

    def test_the_store(self):
        host = self.start()
        settings = {
            "max_size": "1MiB",
            "sync": "normal",
            "dedup_window": "0s",
            "retention": {"events": "1h", "attempts": "1h"},
        }
        self.assertEqual(
            self.taken(host, store=settings),
            [
                "store.sync",
                "store.max_size",
                "store.retention.events",
                "store.retention.attempts",
                "store.dedup_window",
            ],
        )
        number = 0

        def post():
            nonlocal number
            number += 1
            return host.call("POST", "/v1/events", [event(f"{number}-{n}", text="x" * 9000) for n in range(20)])[0]

        wait_until(lambda: post() == 507, "the store is full")
        self.assertEqual(self.taken(host, store={**settings, "max_size": "1GiB"}), ["store.max_size"])
        self.assertEqual(post(), 202)
        again = event("twice")
        self.assertEqual([host.post(again)["duplicates"] for _ in range(2)], [0, 0])
        self.taken(host)
        self.assertEqual(host.post(again)["duplicates"], 1)

    def test_budgets_of_delivery(self):
        host = self.start()
        self.assertEqual(
            self.taken(
                host, delivery={"memory": "1MiB", "checkpoint_interval": "10ms", "drain_timeout": "1s"}
            ),
            ["delivery.memory", "delivery.checkpoint_interval", "delivery.drain_timeout"],
        )
        host.post(event(1))
        wait_until(lambda: self.receiver_.count() == 1, "it is delivered")

    def test_a_certificate_is_renewed(self):
        paths = {name: os.path.join(self.folder, name) for name in ("now.pem", "now.key")}

        def issue(name):
            command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
            command += ["-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
            command += ["-keyout", paths["now.key"], "-out", paths["now.pem"]]
            subprocess.run(command, check=True, capture_output=True)

        def served():
            address = host.url.removeprefix("https://").split(":")
            return ssl.get_server_certificate((address[0], int(address[1])))

        def on_disk():
            with open(paths["now.pem"]) as file:
                return file.read()

        issue("first")
        tls = {"certificate": paths["now.pem"], "key": paths["now.key"]}
        host = self.start(api={"listen": "127.0.0.1:0", "tls": tls})
        first = on_disk()
        self.assertEqual(served().strip(), first.strip())
        issue("second")
        self.assertEqual(served().strip(), first.strip())
        host.process.send_signal(signal.SIGHUP)
        wait_until(lambda: served().strip() == on_disk().strip(), "the new one is served")

        renewed = on_disk()
        with open(paths["now.key"]) as file:
            key = file.read()
        issue("third")
        self.write("now.key", key)  # of the second
        host.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "reload refused" in host.log(), "a key of another certificate is refused")
        self.assertIn("key is not that of the certificate", host.log())
        self.assertIn("api.tls", host.log())
        self.assertEqual(served().strip(), renewed.strip())

    def test_event_schemas_that_changed_on_disk(self):
        os.mkdir(os.path.join(self.folder, "schemas"))

        def schema(kind):
            return json.dumps({"type": "object", "properties": {"mood": {"type": kind}}})

        self.write("schemas/greeting.json", schema("string"))
        schemas = {"path": ["./schemas"], "events": {"greeting": "enforce"}}
        host = self.start(schemas=schemas)

        def status(mood):
            return host.call("POST", "/v1/events", event("x", "greeting", mood=mood))[0]

        self.assertEqual((status("merry"), status(3)), (202, 422))
        self.write("schemas/greeting.json", schema("integer"))
        self.assertEqual((status("merry"), status(3)), (202, 422))
        self.assertEqual(self.taken(host), ["schemas"])
        self.assertEqual((status("merry"), status(3)), (422, 202))
        self.assertEqual(self.taken(host), [])

        broken = self.write("schemas/greeting.json", '{"type": "object",\n  "properties": ]}')
        code, answer = self.reload(host)
        self.assertEqual(code, 400)
        places = [(each["file"], each["line"], each["column"]) for each in answer["problems"]]
        self.assertEqual(places, [(broken, 2, 17)])
        self.assertEqual((status("merry"), status(3)), (422, 202))

    def test_plugin_libraries_that_are_new_or_changed(self):
        os.mkdir(os.path.join(self.folder, "plugins"))
        library = os.path.join(self.folder, "plugins", "hooks.so")
        empty = config({}, plugins={"path": ["./plugins"]})
        del empty["routes"]
        host = self.host(empty)
        receiver = self.receiver()
        wanted = config({"customer": webhook(receiver.url)}, plugins={"path": ["./plugins"]})
        host.write_config(wanted)
        status, answer = self.reload(host)
        self.assertEqual(status, 400)
        self.assertIn("webhook", answer["problems"][0]["message"])
        self.assertEqual(answer["problems"][0]["path"], "subscribers.customer.plugin")

        shutil.copy(os.path.join(PLUGINS, "webhook.so"), library)
        status, answer = self.reload(host)
        self.assertEqual((status, answer["subscribers"]["added"]), (200, ["customer"]))
        self.assertEqual(answer["warnings"], [])
        host.post(event(1))
        wait_until(lambda: receiver.count() == 1, "the new plugin delivers")
        paths = [each["path"] for each in host.call("GET", "/v1/plugins")[2]["plugins"]]
        self.assertEqual(paths, [library])

        shutil.copy(library, library + ".new")
        os.rename(library + ".new", library)
        status, answer = self.reload(host)
        self.assertEqual((status, answer["subscribers"]["unchanged"]), (200, 1))
        self.assertEqual([each["file"] for each in answer["warnings"]], [library])
        self.assertIn("until it is restarted", answer["warnings"][0]["message"])

        # Under another name it is another library, which can be loaded beside the old.
        os.rename(library, os.path.join(self.folder, "plugins", "hooks-2.so"))
        status, answer = self.reload(host)
        self.assertEqual((status, answer["subscribers"]["changed"]), (200, ["customer"]), answer)
        host.post(event(2))
        wait_until(lambda: receiver.count() == 2, "it delivers")

        os.remove(os.path.join(self.folder, "plugins", "hooks-2.so"))
        status, answer = self.reload(host)
        self.assertEqual(status, 400, "a restart would not find it either")
        host.post(event(3))
        wait_until(lambda: receiver.count() == 3, "what runs goes on")

    def test_a_secret_that_changed_on_disk_changes_its_subscriber(self):
        other = "whsec_" + "b3RoZXItc2VjcmV0LW9mLXRoZS1jdXN0b21lcg=="
        self.write("secret", SECRET)
        receiver = self.receiver()
        subscribers = {
            "signed": webhook(receiver.url, secret="${file:./secret}"),
            "plain": webhook(self.receiver().url),
        }
        host = self.host(config(subscribers))
        host.post(event(1))
        wait_until(lambda: receiver.count() == 1, "the first")
        self.write("secret", other)
        status, answer = self.reload(host)
        self.assertEqual((status, answer["subscribers"]["changed"]), (200, ["signed"]))
        self.assertEqual(answer["subscribers"]["unchanged"], 1)
        host.post(event(2))
        wait_until(lambda: receiver.count() == 2, "the second")
        for request, secret in zip(receiver.all(), (SECRET, other)):
            self.assertEqual(request.headers["webhook-signature"], standard_signature(request, secret))


class ReloadOfRunningSubscribers(Case):
    def reload(self, host):
        status, _, answer = host.call("POST", "/v1/reload")
        self.assertEqual(status, 200, answer)
        return answer["subscribers"]

    def test_connections_are_kept(self):
        receiver, other = self.receiver(), self.receiver()
        one_by_one = {"concurrency": 1}
        host = self.host(config({"customer": webhook(receiver.url, **one_by_one)}))

        def deliver(number):
            host.post(event(number))
            wait_until(lambda: receiver.count() == number, f"event {number}")

        deliver(1)
        self.assertEqual(receiver.connections, 1)
        host.write_config(
            config({"customer": webhook(receiver.url, **one_by_one), "other": webhook(other.url)})
        )
        self.assertEqual(self.reload(host)["unchanged"], 1)
        deliver(2)
        self.assertEqual(receiver.connections, 1)

        # What the host alone does for it needs no new plugin instance.
        policies = {
            "retry": {"max_attempts": 7},
            "rate_limit": "50/s",
            "order_by": "debate_id",
            "circuit_breaker": {"failures": 3, "cooldown": "9s"},
        }
        host.write_config(config({"customer": webhook(receiver.url, **one_by_one, **policies)}))
        report = self.reload(host)
        self.assertEqual((report["changed"], report["policy_only"]), (["customer"], ["customer"]))
        deliver(3)
        self.assertEqual(receiver.connections, 1)

        changed = webhook(receiver.url, headers={"X-New": "1"}, **one_by_one, **policies)
        host.write_config(config({"customer": changed}))
        report = self.reload(host)
        self.assertEqual((report["changed"], report["policy_only"]), (["customer"], []))
        deliver(4)
        self.assertEqual(receiver.connections, 2)

    def test_breakers_pauses_and_retries_are_kept(self):
        down, up = self.receiver(lambda request, number: 500), self.receiver()
        held_down = self.receiver(lambda request, number: 500)
        later = {"max_attempts": 9, "initial_interval": "1h", "max_interval": "2h", "jitter": 0}
        subscribers = {
            "broken": webhook(down.url, circuit_breaker={"failures": 1, "cooldown": "1h"}),
            "paused": webhook(up.url + "/paused"),
            "later": webhook(held_down.url, retry=later, circuit_breaker={"failures": 0}),
        }
        host = self.host(config(subscribers))
        self.assertEqual(host.call("POST", "/v1/subscribers/paused/pause?reason=works")[0], 200)
        host.post(event(1))
        wait_until(lambda: host.subscriber("broken")["state"] == "breaker_open", "the breaker opens")
        wait_until(lambda: host.subscriber("later")["waiting_retry"] == 1, "it waits for its retry")
        for turn in range(3):
            extra = {f"extra-{turn}": webhook(up.url + "/extra")}
            host.write_config(config({**subscribers, **extra}))
            self.assertEqual(self.reload(host)["unchanged"], 3)
        self.assertEqual(host.subscriber("broken")["state"], "breaker_open")
        paused = host.subscriber("paused")
        self.assertEqual((paused["state"], paused["reason"]), ("paused", "works"))
        self.assertEqual(host.subscriber("later")["waiting_retry"], 1)
        self.assertEqual((down.count(), held_down.count()), (1, 1))

    def test_a_slow_attempt_is_not_cut(self):
        answer = threading.Event()
        self.addCleanup(answer.set)
        receiver = self.receiver(lambda request, number: 200 if answer.wait(60) else 500)
        host = self.host(config({"customer": webhook(receiver.url + "/old")}))
        host.post(event(1))
        wait_until(lambda: receiver.count() == 1, "it is under way")
        host.write_config(config({"customer": webhook(receiver.url + "/new")}))
        done = []
        thread = threading.Thread(target=lambda: done.append(self.reload(host)))
        thread.start()
        wait_until(lambda: host.subscriber("customer")["state"] == "starting", "it drains")
        host.post(event(2))
        answer.set()
        thread.join()
        self.assertEqual(done[0]["changed"], ["customer"])
        wait_until(lambda: receiver.count() == 2, "the second goes to the new address")
        self.assertEqual([each.path for each in receiver.all()], ["/old", "/new"])
        self.assertEqual(host.subscriber("customer")["events_retried"], 0)


class ReloadAtOddMoments(Case):
    def test_a_storm_of_signals_and_calls(self):
        receiver = self.receiver()
        host = self.host(config({"customer": webhook(receiver.url)}))
        answers = []

        def call():
            answers.append(host.call("POST", "/v1/reload")[0])

        callers = [threading.Thread(target=call) for _ in range(20)]
        for each in callers:
            each.start()
            for _ in range(20):
                host.process.send_signal(signal.SIGHUP)
        for each in callers:
            each.join()
        self.assertEqual(answers, [200] * 20)
        host.write_config(config({"customer": webhook(receiver.url + "/last")}))
        host.process.send_signal(signal.SIGHUP)

        def settled():
            host.post(event(receiver.count() + 1000))
            return any(each.path == "/last" for each in receiver.all())

        wait_until(settled, "the last signal counts")
        configuration = host.call("GET", "/v1/stats")[2]["configuration"]
        self.assertLess(configuration["generation"], 421, "signals that come together are answered together")
        self.assertEqual(configuration["last_reload"]["result"], "ok")

    def test_a_stop_during_a_reload(self):
        never = threading.Event()
        self.addCleanup(never.set)
        receiver = self.receiver(lambda request, number: 200 if never.wait(60) else 500)
        settings = {"delivery": {"drain_timeout": "1s"}}
        host = self.host(config({"customer": webhook(receiver.url + "/old")}, **settings))
        host.post(event(1))
        wait_until(lambda: receiver.count() == 1, "an attempt hangs")
        host.write_config(config({"customer": webhook(receiver.url + "/new")}, **settings))
        host.process.send_signal(signal.SIGHUP)
        wait_until(lambda: host.subscriber("customer")["state"] == "starting", "the reload waits for it")
        host.process.send_signal(signal.SIGTERM)
        self.assertEqual(host.process.wait(LIMIT_S), 0)

        never.set()
        host.start()
        wait_until(lambda: receiver.count() >= 2, "nothing is lost")
        self.assertEqual(receiver.all()[-1].path, "/new")

    def test_a_removed_one_comes_back_with_everything_once(self):
        up = threading.Event()
        receiver = self.receiver(lambda request, number: 200 if up.is_set() else 503)
        steady = self.receiver()
        retry = {"max_attempts": 2, "initial_interval": "20ms"}

        def configured(with_guest):
            subscribers = {"steady": webhook(steady.url)}
            if with_guest:
                subscribers["guest"] = webhook(
                    receiver.url, retry=retry, concurrency=1, circuit_breaker={"failures": 0}
                )
            return config(subscribers)

        host = self.host(configured(True))
        host.post([event(n) for n in range(1, 4)])
        wait_until(lambda: len(host.dead_letters("?subscriber=guest")) == 3, "three are given up")
        host.call("POST", "/v1/subscribers/guest/pause")
        host.post([event(n) for n in range(4, 9)])
        host.write_config(configured(False))
        self.assertEqual(host.call("POST", "/v1/reload")[0], 200)
        wait_until(lambda: host.subscriber("steady")["events_delivered"] == 8, "the other has all")
        self.assertEqual(len(host.dead_letters("?subscriber=guest")), 3, "they stay")
        self.assertEqual(self.program("dlq", "discard", "--subscriber", "guest", "--limit", "1", "--url", host.url)[0], 0)
        self.assertEqual(len(host.dead_letters("?subscriber=guest")), 2, "until they are discarded")
        before = len(receiver.ids())
        up.set()
        host.write_config(configured(True))
        self.assertEqual(host.call("POST", "/v1/reload")[0], 200)
        self.assertEqual(host.subscriber("guest")["state"], "paused", "it stays so until it is resumed")
        host.call("POST", "/v1/subscribers/guest/resume")
        host.call("POST", "/v1/dead-letters/retry?subscriber=guest")
        wait_until(lambda: len(receiver.ids()) >= before + 7, "what it was owed arrives")
        wait_until(lambda: host.subscriber("guest")["lag"] == 0, "all is settled")
        arrived = receiver.ids()[before:]
        self.assertEqual(len(arrived), 7)
        self.assertEqual(set(arrived) & {f"evt-{n}" for n in range(4, 9)}, {f"evt-{n}" for n in range(4, 9)})

    def test_numbers_of_the_configuration(self):
        receiver = self.receiver()
        host = self.host(config({"customer": webhook(receiver.url)}))
        stats = host.call("GET", "/v1/stats")[2]["configuration"]
        self.assertEqual((stats["generation"], stats["last_reload"]), (1, None))
        status, output, _ = self.program("reload", "--url", host.url)
        self.assertEqual(status, 0)
        self.assertIn("configuration 2", output)
        self.assertIn("unchanged: 1", output)
        host.write_config({**config({"customer": webhook(receiver.url)}), "nonsense": 1})
        status, output, errors = self.program("reload", "--url", host.url, "--format", "json")
        self.assertEqual(status, 78)
        self.assertEqual(json.loads(output)["generation"], 2)
        stats = host.call("GET", "/v1/stats")[2]["configuration"]
        self.assertEqual(stats["generation"], 2)
        self.assertEqual(stats["last_reload"]["result"], "refused")
        self.assertIn("host.yaml", stats["last_reload"]["reason"])
        metrics = host.call("GET", "/metrics")[2]
        for line in (
            'aragora_config_reloads_total{result="ok"} 1',
            'aragora_config_reloads_total{result="refused"} 1',
            "aragora_config_generation 2",
            "aragora_config_last_success_timestamp_seconds 1",
        ):
            self.assertIn(line, metrics)


if __name__ == "__main__":
    unittest.main(verbosity=2)
