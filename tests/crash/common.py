"""What the fault tests share: documents in batches, a checked restart, strace, figures."""

import os
import shutil
import subprocess
import sys
import time

from support.daemon import Daemon, bin_path  # noqa: F401 (for the tests)

BATCH = 8  # documents a batch


def figures(name, **values):
    """One line that says what was measured."""
    print("%s: %s" % (name, " ".join("%s=%s" % item for item in values.items())), file=sys.stderr)


def skip(test, reason):
    """Skips a test, and says why even where unittest is told to be quiet."""
    print("skipped: %s" % reason, file=sys.stderr)
    test.skipTest(reason)


def percentile(values, share):
    """The value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def word(batch):
    """A word that the documents of this batch alone have, each once."""
    return "zq%dx" % batch


def uri(batch, i):
    return "batch:%d/%d" % (batch, i)


def body(batch, i):
    return "%s canal %s." % (word(batch), " ".join("w%d" % ((batch + j) % 500)
                                                   for j in range(40 + 60 * i)))


def put_request(batch):
    """A put of one batch."""
    return {"op": "put", "docs": [{"uri": uri(batch, i), "title": "Batch %d" % batch,
                                   "body": body(batch, i)} for i in range(BATCH)]}


def held(connection, batch):
    """How many documents of a batch are found, and are stored as they were sent."""
    found = connection.request({"op": "count", "query": word(batch)})["total"]
    for i in range(BATCH):
        reply = connection.request({"op": "get", "uri": uri(batch, i)})
        stored = reply["ok"] and reply["document"]["body"] == body(batch, i)
        if stored != (found == BATCH):
            raise AssertionError("batch %d: %d found, document %d: %s" % (batch, found, i, reply))
    return found


def start_ms(daemon):
    """Starts it and tells after how long it was ready."""
    began = time.monotonic()
    daemon.start()
    return (time.monotonic() - began) * 1000


def check(data):
    """Runs searchd --check, which must pass."""
    done = subprocess.run([bin_path("searchd"), "--check", "--data", data], capture_output=True,
                          text=True, timeout=120, check=False)
    if done.returncode != 0 or "sound" not in done.stdout:
        raise AssertionError("--check: %d %s %s" % (done.returncode, done.stdout, done.stderr))


def strace(log, *expressions):
    """The command to put before one that strace watches. The tracer is the grandchild (-D), so
    that signals and exit status are those of the traced."""
    command = ["strace", "-D", "-f", "-qq", "-y", "-o", log]
    for expression in expressions:
        command += ["-e", expression]
    return command


# LeakSanitizer needs ptrace for itself.
TRACED_ENV = {"ASAN_OPTIONS": "detect_leaks=0"}


class Injection:
    """strace attached to a running daemon: in each of its threads, the system calls that the
    expression names fail. Ends with the daemon, or by end()."""

    def __init__(self, daemon, expression):
        call = expression.split(":", 1)[0]
        self.process = subprocess.Popen(
            ["strace", "-f", "-o", "/dev/null", "-e", "trace=" + call, "-e", "inject=" + expression,
             "-p", str(daemon.process.pid)], stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        if "attached" not in line:
            raise AssertionError("strace: " + line)

    def end(self):
        """Lets the daemon go on without it; again does nothing."""
        if not self.process.stderr.closed:
            self.process.terminate()
            self.process.communicate(timeout=60)


def strace_missing():
    """Why strace cannot be used here, or None."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    with subprocess.Popen(["sleep", "60"]) as target:
        tracer = subprocess.Popen(["strace", "-p", str(target.pid)], stderr=subprocess.PIPE,
                                  text=True)
        line = tracer.stderr.readline()
        tracer.terminate()
        tracer.communicate()
        target.kill()
    return None if "attached" in line else "strace does not work here: " + line.strip()


def index_file(data):
    """The SQLite file of the default collection."""
    return os.path.join(data, "default", "index.db")
