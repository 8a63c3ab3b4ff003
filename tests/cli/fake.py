"""A daemon that answers what a test tells it to, and remembers what it was asked."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading

from support.daemon import bin_path

ANSWER_SECONDS = 60


def hits(count, **more):
    """A search's reply with so many plain hits."""
    items = [{"rank": i + 1, "score": 10.5 - i, "doc": "%064x" % i, "uri": "u%d" % i,
              "title": "Title %d" % i, "source": "Source", "date": "2024-05-02", "lang": "en",
              "missing": [], "snippets": []} for i in range(count)]
    return dict({"ok": True, "total": count, "relation": "eq", "total_all": count, "parsed": "x",
                 "warnings": [], "took_us": 412, "partial": False,
                 "coverage": {"docs": 9, "failed": 0, "pending": 0}, "hits": items}, **more)


def error(code, message="it is so", **more):
    """A refusal."""
    return {"ok": False, "error": dict({"code": code, "message": message}, **more)}


class Fake:
    """Serves a Unix socket: `answer(request)` gives a dict, bytes as they are, or None to hang
    up. Requests of one connection are answered in order."""

    def __init__(self, answer):
        self.answer = answer
        self.requests = []
        self.home = tempfile.mkdtemp(prefix="searchd-fake-")
        self.address = os.path.join(self.home, "s")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.address)
        self.listener.listen(8)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        with peer, peer.makefile("rb") as lines:
            try:
                for line in lines:
                    request = json.loads(line)
                    self.requests.append(request)
                    reply = self.answer(request)
                    if reply is None:
                        return
                    if not isinstance(reply, bytes):
                        reply = json.dumps(reply, ensure_ascii=False).encode() + b"\n"
                    if reply:  # sending nothing to a peer that has gone is an error too
                        peer.sendall(reply)
            except (BrokenPipeError, ConnectionResetError):
                pass

    def run(self, *arguments, stdin=b"", env=None):
        """Runs searchc against it: (status, standard output, standard error)."""
        result = subprocess.run([bin_path("searchc"), "--socket", self.address, *arguments],
                                input=stdin, capture_output=True, timeout=ANSWER_SECONDS,
                                env=dict(os.environ, **(env or {})), check=False)
        return result.returncode, result.stdout, result.stderr.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        shutil.rmtree(self.home, ignore_errors=True)
