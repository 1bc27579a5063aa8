"""Fan-out of the WebSocket subscriber beside a bare Beast broadcast, and the memory of ten thousand
clients. Events are posted over HTTP to a real host process: ingest, store, routing and delivery are in
its figure, while the bare broadcaster makes its messages out of nothing.

    websocket_bench.py PROGRAM PLUGINS LOAD BARE [--quick]

Figures are ratios of one run: each round measures both, one after the other, in turns."""

import http.client
import json
import os
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

LIMIT_S = 240


def wait_until(condition, what):
    deadline = time.monotonic() + LIMIT_S
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise SystemExit(f"websocket_bench: not within {LIMIT_S} s: {what}")
        select.select([], [], [], 0.02)


class Host:
    def __init__(self, program, plugins, clients):
        self.folder = tempfile.mkdtemp(prefix="aev-bench-")
        config = {
            "version": 1,
            "log": {"level": "warning"},
            "data_dir": self.folder + "/data",
            "api": {"listen": "127.0.0.1:0"},
            "plugins": {"path": [os.path.abspath(plugins)]},
            "subscribers": {
                "live": {
                    "plugin": "websocket",
                    "config": {
                        "listen": "127.0.0.1:0",
                        "limits": {
                            "clients": clients + 10,
                            "clients_per_address": clients + 10,
                            "handshakes_per_minute": 1000000,
                        },
                        # The load generator shares two cores with its server: it may fall behind.
                        "send_queue": {"messages": 100000, "bytes": "1GiB"},
                        "timeouts": {"send": "5m", "ping_interval": "10m", "handshake": "1m"},
                    },
                }
            },
            "routes": [{"name": "all", "to": ["live"]}],
        }
        file = self.folder + "/host.yaml"
        with open(file, "w") as out:
            json.dump(config, out)
        ready = self.folder + "/ready"
        self.process = subprocess.Popen(
            [program, "run", "--config", file, "--ready-file", ready]
        )

        def is_ready():
            if self.process.poll() is not None:
                raise SystemExit("websocket_bench: the host ended at its start")
            return os.path.exists(ready)

        wait_until(is_ready, "the host is ready")
        with open(ready) as text:
            self.address = text.read().strip().removeprefix("http://")
        wait_until(lambda: self.status()["accepting"], "the subscriber listens")

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.address, timeout=LIMIT_S)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status not in (200, 202):
            raise SystemExit(f"websocket_bench: {method} {path}: {answer.status} {text[:300]}")
        return json.loads(text)

    def status(self):
        return self.call("GET", "/v1/subscribers/live/query/status")

    def wait_live(self, clients):
        def live():
            status = self.status()
            rooms = status["debates"]
            return status["clients"] == clients and all(room["catching_up"] == 0 for room in rooms)

        wait_until(live, "every client is live")

    def memory(self):
        """(now, at most) in MB: VmRSS and VmHWM."""
        with open(f"/proc/{self.process.pid}/status") as lines:
            fields = dict(line.split(":", 1) for line in lines)
        return tuple(int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Load:
    def __init__(self, program, port, clients, messages, targets):
        self.process = subprocess.Popen(
            [program, "127.0.0.1", str(port), str(clients), str(messages), *targets],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self.process.stdout.readline().strip() != "ready":
            raise SystemExit("websocket_bench: the load generator failed")

    def result(self):
        line = self.process.stdout.readline().split()
        if len(line) != 3:
            raise SystemExit("websocket_bench: the load generator failed")
        return float(line[0]), int(line[1]), int(line[2])

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def events(count, debates):
    return [
        {"event_type": "vote", "debate_id": f"d{n % debates}", "source": "bench",
         "data": {"n": n, "choice": "adopt", "reason": "because it is the simplest that works " * 4}}
        for n in range(count)
    ]  # fmt: skip


def post_all(host, count, debates):
    made = events(count, debates)
    for start in range(0, count, 100):
        host.call("POST", "/v1/events", json.dumps(made[start : start + 100]))


def host_round(programs, clients, messages):
    host = Host(programs["host"], programs["plugins"], clients)
    try:
        port = host.status()["listen"].rsplit(":", 1)[1]
        load = Load(programs["load"], port, clients, messages, ["/ws/debates/d0/stream"])
        host.wait_live(clients)
        post_all(host, messages, 1)
        seconds, frames, size = load.result()
        load.stop()
        return frames / seconds, size // frames
    finally:
        host.stop()


def bare_round(programs, clients, messages, size):
    bare = subprocess.Popen(
        [programs["bare"], str(messages), str(size)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        port = bare.stdout.readline().strip()
        load = Load(programs["load"], port, clients, messages, ["/"])
        bare.stdin.write("go\n")
        bare.stdin.flush()
        seconds, frames, _ = load.result()
        load.stop()
        return frames / seconds
    finally:
        bare.stdin.close()
        bare.wait()


def fan_out(programs, clients, messages, rounds):
    ratios = []
    for _ in range(rounds):
        ours, size = host_round(programs, clients, messages)
        bare = bare_round(programs, clients, messages, size)
        ratios.append(ours / bare)
        print(
            f"fan-out to {clients} clients, {size} bytes: host {ours:,.0f} messages/s, bare Beast "
            f"{bare:,.0f} messages/s, ratio {ours / bare:.2f}",
            flush=True,
        )
    print(f"fan-out to {clients} clients: median ratio {statistics.median(ratios):.2f} (mark: 0.70)", flush=True)


def memory(programs, clients, debates, messages):
    host = Host(programs["host"], programs["plugins"], clients)
    try:
        alone = host.memory()[0]
        port = host.status()["listen"].rsplit(":", 1)[1]
        targets = [f"/ws/debates/d{n}/stream" for n in range(debates)]
        load = Load(programs["load"], port, clients, messages, targets)
        host.wait_live(clients)
        idle = host.memory()[0]
        post_all(host, messages * debates, debates)
        load.result()
        busy, most = host.memory()
        load.stop()
        print(
            f"{clients} clients of {debates} debates: host {idle:.0f} MB when they idle, {busy:.0f} MB after "
            f"{messages * clients} messages, {most:.0f} MB at most, {alone:.0f} MB without them (mark: 400 MB)",
            flush=True,
        )
        print(f"memory of one client: {(idle - alone) * 1024 / clients:.1f} KiB", flush=True)
    finally:
        host.stop()


def main():
    program, plugins, load, bare = sys.argv[1:5]
    quick = "--quick" in sys.argv
    programs = {"host": program, "plugins": plugins, "load": load, "bare": bare}
    if quick:
        fan_out(programs, 20, 50, 1)
        memory(programs, 200, 4, 5)
    else:
        fan_out(programs, 1000, 500, 5)
        memory(programs, 10000, 10, 20)


if __name__ == "__main__":
    main()
