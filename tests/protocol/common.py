"""What the protocol's tests share beside tests/support/daemon.py."""

import json
import os
import socket
import sys
import time

sys.path.insert(0, os.environ["SEARCHD_SOURCE_DIR"])

from tests.support.daemon import Connection, Daemon, bin_path  # noqa: E402,F401


def docs(count, start=0, words="alpha beta"):
    """Plain documents."""
    return [{"uri": "doc:%d" % i, "title": "title %d" % i, "body": "%s n%d" % (words, i)}
            for i in range(start, start + count)]


def large_put(ident, size=6 << 20):
    """A put that takes the writer a good while, as one line."""
    body = " ".join("word%d" % (i % 50021) for i in range(1000))
    count = size // len(body)
    return json.dumps({"op": "put", "id": ident, "docs": [
        {"uri": "%s:%d" % (ident, i), "body": body} for i in range(count)]})


def rss_kb(daemon):
    """Resident memory of the daemon."""
    with open("/proc/%d/status" % daemon.process.pid) as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    raise AssertionError("no VmRSS")


def sanitized(daemon):
    """Whether the daemon runs under a sanitizer, which takes memory of its own."""
    with open("/proc/%d/maps" % daemon.process.pid) as maps:
        return any("san.so" in line for line in maps)


def wait_until(condition, seconds=30, what="condition"):
    """Polls what no event tells us; fails after a while."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("%s never came true" % what)
        time.sleep(0.005)


def free_port():
    """A TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class TcpConnection(Connection):
    """The same over TCP."""

    def __init__(self, port, timeout=60):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.rest = b""


def config(daemon_home, text):
    """Writes a configuration file; its path."""
    path = os.path.join(daemon_home, "searchd.conf")
    with open(path, "w") as out:
        out.write(text)
    return path


def configured(text, **more):
    """A daemon, not yet started, with this configuration."""
    daemon = Daemon(**more)
    daemon.arguments += ["--config", config(daemon.home, text)]
    return daemon
