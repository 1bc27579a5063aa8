"""The cases of the Autobahn test suite, as the PyPI package kosoku runs them, against the plugin's own
connections. They want a server that sends back what it gets, so they run against
tests/unit/websocket/echo_server.cpp: the plugin's handshake, reading, writing and closing without its
hub. Binary messages, which the plugin does not take, are left out, and the largest of the cases that
only measure time."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

from harness import PLUGINS, Case

PACKAGE = "kosoku==0.1.0"
INSTALL_LIMIT_S = 300
RUN_LIMIT_S = 700
CASES = [
    "1.1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*",
    "9.1.1", "9.1.2", "9.3.9", "9.5.6", "9.7.1",
    "12.1.1", "12.1.2", "12.1.3", "12.4.1", "12.4.2", "13.1.1", "13.2.1", "13.3.1", "13.4.1", "13.5.1",
    "13.6.1", "13.7.1",
]  # fmt: skip
GOOD = {"OK", "NON-STRICT", "INFORMATIONAL"}


def install_kosoku():
    """Folder with the pinned package, fetched once into the build folder; or why there is none."""
    folder = pathlib.Path(PLUGINS).parent / "pip" / PACKAGE
    if (folder / "bin" / "kosoku").exists():
        return folder, None
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), PACKAGE]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_LIMIT_S)
    except subprocess.TimeoutExpired:
        return None, f"pip did not fetch {PACKAGE} within {INSTALL_LIMIT_S} s"
    if done.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        return None, f"pip cannot fetch {PACKAGE}, which has the Autobahn cases: {done.stderr.strip()[-300:]}"
    return folder, None


class Conformance(Case):
    def test_autobahn(self):
        package, why = install_kosoku()
        if package is None:
            self.unavailable(why)
        echo = pathlib.Path(PLUGINS).parent / "tests" / "websocket_echo_server"
        server = subprocess.Popen([str(echo)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            port = server.stdout.readline().strip()
            include = [part for case in CASES for part in ("-i", case)]
            done = subprocess.run(
                [sys.executable, str(package / "bin" / "kosoku"), "-p", "4", "-o", self.folder, *include,
                 f"127.0.0.1:{port}"],
                env={**os.environ, "PYTHONPATH": str(package)},
                capture_output=True,
                text=True,
                timeout=RUN_LIMIT_S,
            )  # fmt: skip
        finally:
            server.communicate()  # its input ends, and so does it
        with open(os.path.join(self.folder, "index.json")) as file:
            (cases,) = json.load(file).values()
        bad = {
            name: (case["behavior"], case["behaviorClose"])
            for name, case in cases.items()
            if case["behavior"] not in GOOD or case["behaviorClose"] not in GOOD
        }
        self.assertEqual(bad, {}, done.stdout[-2000:])
        self.assertGreater(len(cases), 240)
        self.assertEqual(server.returncode, 0)
