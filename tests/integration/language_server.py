"""A client of a language server on its standard input and output (LSP 3.17, base protocol)."""

import json
import os
import queue
import shutil
import subprocess
import threading

from harness import LIMIT_S, PLUGINS

PACKAGE = "yaml-language-server"
VERSION = "1.25.0"


class LanguageServer:
    def __init__(self, command, folder):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.messages = queue.Queue()
        self.diagnostics = {}
        self.number = 0
        threading.Thread(target=self._read, daemon=True).start()
        self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": "file://" + folder,
                "capabilities": {
                    "workspace": {"configuration": True},
                    "textDocument": {"completion": {"completionItem": {"snippetSupport": False}}},
                },
            },
        )
        self.notify("initialized", {})

    def _read(self):
        stream = self.process.stdout
        while True:
            length = 0
            while True:
                line = stream.readline()
                if not line:
                    self.messages.put(None)
                    return
                if line == b"\r\n":
                    break
                name, _, value = line.decode().partition(":")
                if name.lower() == "content-length":
                    length = int(value)
            self.messages.put(json.loads(stream.read(length)))

    def _send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _next(self):
        message = self.messages.get(timeout=LIMIT_S)
        if message is None:
            raise AssertionError("the language server ended")
        if message.get("method") == "workspace/configuration":
            answer = [{"validate": True, "completion": True} for _ in message["params"]["items"]]
            answer = [
                settings if item.get("section") == "yaml" else {}
                for item, settings in zip(message["params"]["items"], answer)
            ]
            self._send({"id": message["id"], "result": answer})
        elif message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            self._send({"id": message["id"], "result": None})
        return message

    def notify(self, method, params):
        self._send({"method": method, "params": params})

    def request(self, method, params):
        self.number += 1
        number = self.number
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise AssertionError(message["error"])
                return message["result"]

    def open(self, path):
        """Opens the file; what the server has to say of it."""
        uri = "file://" + path
        self.diagnostics.pop(uri, None)
        with open(path) as file:
            text = file.read()
        self.notify(
            "textDocument/didOpen",
            {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}},
        )
        while uri not in self.diagnostics:
            self._next()
        return self.diagnostics[uri]

    def complete(self, path, line, character):
        """The labels offered at a place, counted from 0."""
        answer = self.request(
            "textDocument/completion",
            {
                "textDocument": {"uri": "file://" + path},
                "position": {"line": line, "character": character},
            },
        )
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return [item["label"] for item in items]

    def hover(self, path, line, character):
        answer = self.request(
            "textDocument/hover",
            {
                "textDocument": {"uri": "file://" + path},
                "position": {"line": line, "character": character},
            },
        )
        return json.dumps(answer)

    def stop(self):
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait(LIMIT_S)
        self.process.stdout.close()


def yaml_language_server(case):
    """The command that starts it; fetched once into the build folder."""
    folder = os.path.join(os.path.dirname(PLUGINS), "npm", f"{PACKAGE}-{VERSION}")
    program = os.path.join(folder, "node_modules", ".bin", PACKAGE)
    if not os.path.exists(program):
        if shutil.which("npm") is None:
            case.unavailable(f"no npm to fetch {PACKAGE} with")
        done = subprocess.run(
            ["npm", "install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund",
             "--ignore-scripts", f"{PACKAGE}@{VERSION}"],
            capture_output=True,
            text=True,
        )  # fmt: skip
        if done.returncode != 0:
            case.unavailable(f"{PACKAGE} cannot be fetched: {done.stderr.strip()[-300:]}")
    return [program, "--stdio"]
