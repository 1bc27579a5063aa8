"""A real Apache Kafka broker (KRaft, one node) on free ports of loopback, for tests.

Its jars come from Maven once and stay in a cache folder, so that later runs need no network:

    broker = Broker(folder)     # raises Unavailable where none can be had
    broker.start()
    broker.address              # "127.0.0.1:34567"
    broker.stop(); broker.start()   # the same address, topics and offsets
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
START_LIMIT_S = 120
START_TRIES = 3


class Unavailable(Exception):
    """No broker can be had here; the text says why."""


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "aragora-events-tests")


def fetch_jars():
    """The folder of the broker's jars, filled by Maven the first time."""
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            raise Unavailable(f"a Kafka broker needs the command {tool} (packaging/install-deps --test)")
    pom = os.path.join(HERE, "pom.xml")
    with open(pom, "rb") as file:
        version = uuid.uuid5(uuid.NAMESPACE_URL, file.read().decode()).hex[:12]
    jars = os.path.join(cache_folder(), f"kafka-{version}")
    if os.path.isdir(jars):
        return jars
    os.makedirs(os.path.dirname(jars), exist_ok=True)
    # Beside the place where it goes, so that the one rename leaves all of it or nothing.
    with tempfile.TemporaryDirectory(dir=os.path.dirname(jars)) as work:
        fetched = os.path.join(work, "jars")
        done = subprocess.run(
            ["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={fetched}"],
            capture_output=True,
            text=True,
            timeout=600,
        )
        if done.returncode != 0:
            raise Unavailable("Maven cannot fetch Kafka's jars: " + (done.stdout + done.stderr)[-600:])
        try:
            os.rename(fetched, jars)
        except OSError:
            pass  # another test run was first
    return jars


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class Broker:
    """`settings` are lines of server.properties beside those that make it a small single node;
    `listeners` are further ones by name: {"SASL_PLAINTEXT": "SASL_PLAINTEXT"} is name and protocol."""

    def __init__(self, folder, settings=None, listeners=None):
        self.folder = folder
        self.jars = fetch_jars()
        self.settings = dict(settings or {})
        self.listeners = dict(listeners or {})
        self.log_file = os.path.join(folder, "broker.log")
        self.properties = os.path.join(folder, "server.properties")
        self.process = None
        self.ports = {}

    @property
    def address(self):
        return self.address_of("PLAINTEXT")

    def address_of(self, listener):
        return f"127.0.0.1:{self.ports[listener]}"

    def _configure(self):
        names = ["PLAINTEXT", *self.listeners]
        numbers = free_ports(len(names) + 1)
        self.ports = dict(zip(names, numbers))
        controller = numbers[-1]
        addresses = ",".join(f"{name}://127.0.0.1:{port}" for name, port in self.ports.items())
        protocols = {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT", **self.listeners}
        lines = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"{addresses},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": addresses,
            "listener.security.protocol.map": ",".join(f"{k}:{v}" for k, v in protocols.items()),
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": os.path.join(self.folder, "log"),
            "num.partitions": 3,
            "offsets.topic.num.partitions": 1,
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "num.network.threads": 2,
            "num.io.threads": 2,
            "log.cleaner.enable": "false",
            **self.settings,
        }
        with open(self.properties, "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in lines.items())
        with open(os.path.join(self.folder, "log4j.properties"), "w") as file:
            file.write(
                "log4j.rootLogger=WARN, out\n"
                "log4j.logger.kafka.server.KafkaRaftServer=INFO\n"
                "log4j.appender.out=org.apache.log4j.ConsoleAppender\n"
                "log4j.appender.out.layout=org.apache.log4j.PatternLayout\n"
                "log4j.appender.out.layout.ConversionPattern=%d %p %c %m%n\n"
            )
        shutil.rmtree(os.path.join(self.folder, "log"), ignore_errors=True)
        done = subprocess.run(
            self.java("kafka.tools.StorageTool", "format", "-t", self._cluster_id(), "-c", self.properties),
            capture_output=True,
            text=True,
            timeout=START_LIMIT_S,
        )
        if done.returncode != 0:
            raise RuntimeError("Kafka's storage cannot be formatted: " + done.stdout + done.stderr)

    @staticmethod
    def _cluster_id():
        return uuid.uuid4().hex[:22]

    def java(self, main, *arguments):
        """The command of one of Kafka's programs."""
        return [
            "java", "-Xmx384m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
            f"-Dlog4j.configuration=file:{self.folder}/log4j.properties",
            "-cp", os.path.join(self.jars, "*"), main, *arguments,
        ]  # fmt: skip

    def start(self):
        """Returns when it takes connections. A port that somebody took meanwhile is no failure the
        first time: other ones are tried."""
        tries = 1 if self.ports else START_TRIES
        for attempt in range(tries):
            if attempt > 0 or not self.ports:
                self._configure()
            if self._run():
                return self
        raise RuntimeError("the Kafka broker does not start:\n" + self.log()[-4000:])

    def _run(self):
        with open(self.log_file, "ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen(
                self.java("kafka.Kafka", self.properties), stdout=log, stderr=log, cwd=self.folder
            )
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            if "Kafka Server started" in self.log()[begin:]:
                return True
            try:
                self.process.wait(0.1)
            except subprocess.TimeoutExpired:
                pass
        self.kill()
        return False

    def log(self):
        with open(self.log_file, errors="replace") as file:
            return file.read()

    def stop(self):
        self._end(signal.SIGTERM)

    def kill(self):
        self._end(signal.SIGKILL)

    def _end(self, how):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
