"""A real searchd for a test: started on an empty folder, asked, stopped, cleaned away.

    with Daemon() as daemon:
        daemon.request({"op": "ping"})

Binaries are found through $SEARCHD_BIN_DIR, which ctest sets.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

READY_SECONDS = 60
REPLY_SECONDS = 60


def bin_path(name):
    """The path of one of our programs."""
    return os.path.join(os.environ["SEARCHD_BIN_DIR"], name)


class Connection:
    """One connection: lines out, lines in."""

    def __init__(self, path, timeout=REPLY_SECONDS):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.rest = b""

    def send(self, request):
        """Sends a request: bytes as they are, text with a newline, anything else as JSON."""
        if not isinstance(request, (bytes, str)):
            request = json.dumps(request)
        if isinstance(request, str):
            request = request.encode() + b"\n"
        self.socket.sendall(request)

    def receive_line(self):
        """The next line without its newline; None when the daemon has closed."""
        while b"\n" not in self.rest:
            more = self.socket.recv(1 << 20)
            if not more:
                return None
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return line

    def receive(self):
        """The next reply as a dict; EOFError when the daemon has closed."""
        line = self.receive_line()
        if line is None:
            raise EOFError("the daemon closed the connection")
        return json.loads(line)

    def request(self, request):
        """Sends one request and receives its reply."""
        self.send(request)
        return self.receive()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Daemon:
    """A searchd process with its own folder. `data` outlives it when given, else goes with it."""

    def __init__(self, roots=(), args=(), data=None, env=None, command=()):
        self.home = tempfile.mkdtemp(prefix="searchd-test-")
        self.data = data or os.path.join(self.home, "data")
        self.socket_path = os.path.join(self.home, "s")
        self.address = "unix:" + self.socket_path
        self.arguments = list(command) + [bin_path("searchd"), "--data", self.data,
                                          "--listen", self.address]
        for root in roots:
            self.arguments += ["--root", root]
        self.arguments += list(args)
        self.env = dict(os.environ, **(env or {}))
        self.process = None
        self.reader = None
        self.log = []  # lines of stderr so far; the reader thread appends
        self.changed = threading.Condition()
        self.ended = False

    def start(self, wait=True):
        """Starts it (again) and waits until it says that it is ready."""
        if self.reader is not None:
            self.reader.join()  # of the process before: its end is not this one's
        self.log, self.ended = [], False
        self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        env=self.env)
        self.reader = threading.Thread(target=self._read_log, args=(self.process.stderr,),
                                       daemon=True)
        self.reader.start()
        if wait:
            self.wait_for_log("ready", READY_SECONDS)
        return self

    def _read_log(self, stream):
        with stream:
            for raw in stream:
                with self.changed:
                    self.log.append(raw.decode(errors="replace").rstrip("\n"))
                    self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait_for_log(self, text, seconds=READY_SECONDS, since=0):
        """Waits for a line that contains `text`, behind the first `since`; returns it."""
        def found():
            return next((line for line in self.log[since:] if text in line), None)

        with self.changed:
            self.changed.wait_for(lambda: found() is not None or self.ended, seconds)
            line = found()
        if line is None:
            raise AssertionError("searchd never said %r:\n%s" % (text, "\n".join(self.log)))
        return line

    def connect(self, timeout=REPLY_SECONDS):
        """A new connection, the caller's to close."""
        return Connection(self.socket_path, timeout)

    def request(self, request):
        """One request on a connection of its own."""
        with self.connect() as connection:
            return connection.request(request)

    def put(self, docs):
        """Puts documents, which must succeed."""
        reply = self.request({"op": "put", "docs": docs})
        assert reply["ok"], reply
        return reply

    def stop(self, sig=signal.SIGTERM, seconds=60):
        """Ends the process and returns its exit status; negative: the signal that ended it."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("searchd did not stop:\n" + "\n".join(self.log)) from None
        finally:
            self.reader.join()
        self.process = None
        return status

    def kill(self):
        """Ends it as a power cut would, as far as a process can."""
        return self.stop(signal.SIGKILL)

    def clean(self):
        """Stops it and removes its folder."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.clean()
            raise

    def __exit__(self, *_):
        self.clean()
