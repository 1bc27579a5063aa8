"""WebSocket clients for the tests: the npm package `ws`, driven through a Node program, and headless
Chromium. Neither was written here."""

import http.server
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import urllib.parse

from harness import LIMIT_S, PLUGINS, wait_until

SUPPORT = pathlib.Path(__file__).resolve().parent.parent / "support" / "websocket"
INSTALL_LIMIT_S = 300


def install_ws():
    """Folder with the pinned `ws` package, fetched once into the build folder; or why there is none."""
    if not shutil.which("node") or not shutil.which("npm"):
        return None, "node and npm are needed for the WebSocket client `ws`"
    wanted = (SUPPORT / "package.json").read_text()
    folder = pathlib.Path(PLUGINS).parent / "npm" / "websocket"
    kept = folder / "package.json"
    if (folder / "node_modules" / "ws").is_dir() and kept.exists() and kept.read_text() == wanted:
        return folder, None
    folder.mkdir(parents=True, exist_ok=True)
    kept.write_text(wanted)
    try:
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=INSTALL_LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return None, f"npm did not fetch `ws` within {INSTALL_LIMIT_S} s"
    if done.returncode != 0:
        return None, f"npm cannot fetch `ws`: {done.stderr.strip()[-300:]}"
    return folder, None


class Client:
    """One connection. `seen` holds everything that happened, in order."""

    def __init__(self, driver, number):
        self.driver = driver
        self.number = number
        self.seen = []

    def events(self, kind):
        with self.driver.lock:
            return [each for each in self.seen if each["event"] == kind]

    def messages(self):
        """Every message, parsed; arrays are flattened."""
        out = []
        for each in self.events("message"):
            value = json.loads(each["text"])
            out.extend(value if isinstance(value, list) else [value])
        return out

    def of_type(self, kind):
        return [each for each in self.messages() if each.get("type") == kind]

    def stream(self):
        """The events of the debate it is subscribed to."""
        return [each for each in self.messages() if "seq" in each]

    def numbers(self):
        return [each["data"]["n"] for each in self.stream()]

    def wait(self, condition, what):
        return wait_until(lambda: condition(self), f"client {self.number}: {what}; it saw {self.seen[-5:]}")

    def wait_open(self):
        self.wait(lambda c: c.events("open"), "open")
        return self

    def wait_type(self, kind, count=1):
        self.wait(lambda c: len(c.of_type(kind)) >= count, f"{count} {kind}")
        return self.of_type(kind)

    def wait_close(self):
        self.wait(lambda c: c.events("close"), "close")
        return self.events("close")[0]

    def send(self, message):
        self.driver.do(op="send", id=self.number, text=message if isinstance(message, str) else json.dumps(message))

    def do(self, op, **more):
        self.driver.do(op=op, id=self.number, **more)


class Clients:
    """A Node process with many connections."""

    def __init__(self, folder, environment=None):
        self.lock = threading.Lock()
        self.clients = []
        self.process = subprocess.Popen(
            ["node", str(SUPPORT / "client.mjs"), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            with self.lock:
                self.clients[event["id"]].seen.append(event)

    def do(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def open(self, url, protocols=(), headers=None, **options):
        with self.lock:
            client = Client(self, len(self.clients))
            self.clients.append(client)
        self.do(op="open", id=client.number, url=url, protocols=list(protocols), headers=headers or {}, options=options)
        return client

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.thread.join(LIMIT_S)
        self.process.stdout.close()


class Page:
    """A page in headless Chromium that connects; what it reports is kept."""

    def __init__(self, url, protocols="", subscribe=""):
        self.reports = []
        self.lock = threading.Lock()
        page = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = (SUPPORT / "page.html").read_bytes()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with page.lock:
                    page.reports.append(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        query = urllib.parse.urlencode({"url": url, "protocols": protocols, "subscribe": subscribe})
        self.profile = tempfile.mkdtemp(prefix="aev-chromium-")
        self.browser = subprocess.Popen(
            [
                shutil.which("chromium"),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--remote-debugging-port=0",  # stays open until it is stopped
                f"--user-data-dir={self.profile}",
                f"{self.origin}/?{query}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def of_kind(self, kind):
        with self.lock:
            return [each["value"] for each in self.reports if each["kind"] == kind]

    def messages(self):
        out = []
        for value in self.of_kind("message"):
            out.extend(value if isinstance(value, list) else [value])
        return out

    def stop(self):
        self.browser.terminate()
        try:
            self.browser.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.browser.kill()
            self.browser.wait()
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.profile, ignore_errors=True)
