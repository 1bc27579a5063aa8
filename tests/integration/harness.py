"""Runs the real program with the real plugins against real sockets, on loopback only.

Nothing here sleeps for a fixed time to let something happen: wait_until() looks for the condition and
gives up after a generous limit.
"""

import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

PROGRAM = os.environ["AEV_PROGRAM"]
PLUGINS = os.environ["AEV_PLUGINS"]
SECRET = "whsec_" + base64.b64encode(b"integration-test-secret!").decode()
LIMIT_S = 60


def wait_until(condition, what, limit=LIMIT_S):
    """Returns the first truthy value of condition()."""
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit} s: {what}")
        select.select([], [], [], 0.02)


class Request:
    def __init__(self, path, headers, body):
        self.path = path
        self.headers = headers  # names in lower case
        self.body = body
        self.at = time.monotonic()

    def json(self):
        return json.loads(self.body)

    def ids(self):
        document = self.json()
        return [each["id"] for each in (document if isinstance(document, list) else [document])]


class Receiver:
    """An HTTP server that keeps every request and counts the connections that it took.
    `answer(request, number)` gives the status, or a pair of status and headers; number counts from
    1."""

    def __init__(self, answer=None, tls=None):
        self.requests = []
        self.connections = 0
        self.lock = threading.Lock()
        self.answer = answer or (lambda request, number: 200)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self):
                super().setup()
                with receiver.lock:
                    receiver.connections += 1

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                request = Request(
                    self.path, {name.lower(): value for name, value in self.headers.items()}, body
                )
                with receiver.lock:
                    receiver.requests.append(request)
                    number = len(receiver.requests)
                status, headers = receiver.answer(request, number), {}
                if isinstance(status, tuple):
                    status, headers = status
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    self.close_connection = True

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request, client_address):
                pass  # a peer that was killed is part of some tests

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def count(self):
        with self.lock:
            return len(self.requests)

    def all(self):
        with self.lock:
            return list(self.requests)

    def ids(self):
        return [each for request in self.all() for each in request.ids()]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Host:
    """`aragora-events run` on a data folder that outlives the process, for tests that restart it."""

    def __init__(self, folder, config, environment=None):
        self.folder = folder
        self.config_file = os.path.join(folder, "host.yaml")
        self.ready_file = os.path.join(folder, "ready")
        self.log_file = os.path.join(folder, "host.log")
        self.environment = {**os.environ, "EVENT_SIGNATURE_SECRET": SECRET, **(environment or {})}
        self.write_config(config)
        self.process = None
        self.url = None

    def write_config(self, config):
        with open(self.config_file, "w") as out:
            json.dump(config, out, indent=1)  # JSON is YAML

    def start(self):
        if os.path.exists(self.ready_file):
            os.remove(self.ready_file)
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "run", "--config", self.config_file, "--ready-file", self.ready_file],
                stderr=log,
                env=self.environment,
            )

        def ready():
            if self.process.poll() is not None:
                raise AssertionError("the host ended at its start:\n" + self.log())
            return os.path.exists(self.ready_file)

        wait_until(ready, "the host is ready")
        with open(self.ready_file) as file:
            self.url = file.read().strip()
        return self

    def log(self):
        with open(self.log_file, errors="replace") as file:
            return file.read()

    def connect(self):
        return http.client.HTTPConnection(urllib.parse.urlsplit(self.url).netloc, timeout=LIMIT_S)

    def call(self, method, path, body=None, content_type="application/json", headers=None):
        """(status, headers in lower case, JSON or text of the answer)"""
        connection = self.connect()
        try:
            sent = dict(headers or {})
            if body is not None:
                sent["Content-Type"] = content_type
                if not isinstance(body, (bytes, str)):
                    body = json.dumps(body)
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            text = response.read().decode()
            kind = response.headers.get_content_type()
            answer = json.loads(text) if kind.endswith("json") and text else text
            return (
                response.status,
                {name.lower(): value for name, value in response.headers.items()},
                answer,
            )
        finally:
            connection.close()

    def post(self, events, **more):
        status, _, answer = self.call("POST", "/v1/events", events, **more)
        assert status == 202, (status, answer)
        return answer

    def subscriber(self, name):
        status, _, answer = self.call("GET", f"/v1/subscribers/{name}")
        assert status == 200, (status, answer)
        return answer

    def dead_letters(self, query=""):
        return self.call("GET", "/v1/dead-letters" + query)[2]["dead_letters"]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """SIGTERM; the exit status."""
        if self.process is None or self.process.poll() is not None:
            return None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT_S)


class Case(unittest.TestCase):
    """Gives tests a folder, and stops what they started."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="aev-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def unavailable(self, why):
        """Skips a test whose real counterpart cannot be had here; where AEV_SKIPS_FAIL is set, as
        .ci/run does, that is a failure."""
        print(f"skipped: {why}", flush=True)
        if os.environ.get("AEV_SKIPS_FAIL"):
            self.fail(f"skipped: {why}")
        self.skipTest(why)

    def receiver(self, answer=None, tls=None):
        receiver = Receiver(answer, tls)
        self.addCleanup(receiver.stop)
        return receiver

    def host(self, config, environment=None):
        host = Host(self.folder, config, environment)
        self.addCleanup(self.finish, host)
        return host.start()

    def finish(self, host):
        if host.process is not None and host.process.poll() is None:
            host.process.kill()
            host.process.wait()
        if self._outcome and any(error for _, error in getattr(self._outcome, "errors", [])):
            print(host.log()[-4000:])

    def program(self, *arguments, stdin=None, environment=None):
        """Runs a verb; (exit status, standard output, standard error)."""
        done = subprocess.run(
            [PROGRAM, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=LIMIT_S * 2,
            env={**os.environ, **(environment or {})},
        )
        return done.returncode, done.stdout, done.stderr


def webhook(url, **policy):
    """A subscriber entry; keywords that are webhook options go into its config."""
    options = {
        name: policy.pop(name)
        for name in ("format", "mode", "signatures", "headers", "auth", "secret", "secrets", "timeout", "tls", "proxy")
        if name in policy
    }
    return {
        "plugin": "webhook",
        "config": {"url": url, "allow_networks": ["127.0.0.0/8"], **options},
        "retry": {"max_attempts": 4, "initial_interval": "50ms", "max_interval": "1s"},
        **policy,
    }


def config(subscribers, routes=None, **more):
    return {
        "version": 1,
        "data_dir": "./data",
        "api": {"listen": "127.0.0.1:0"},
        "plugins": {"path": [PLUGINS]},
        "subscribers": subscribers,
        "routes": routes or [{"name": "all", "to": list(subscribers)}],
        **more,
    }


def event(number, event_type="vote", debate="d1", **data):
    return {
        "id": f"evt-{number}",
        "event_type": event_type,
        "debate_id": debate,
        "source": "test",
        "data": {"n": number, **data},
    }


def standard_signature(request, secret=SECRET):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode()
    digest = hmac.new(key, signed + request.body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def hex_hmac(secret, message):
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
