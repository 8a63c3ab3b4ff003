"""SIGTERM while documents are put and searched: an answer to a put is a promise that outlives the
stop, each request is answered whole or not at all, the WAL is emptied, and the next start is
quick. (That no reply is lost is tested with the protocol.)"""

import os
import threading
import time
import unittest

from crash.common import (BATCH, Daemon, check, figures, held, index_file, percentile, put_request,
                          start_ms)

STOPS = 20
PUTTERS = 2
GRACE_MS = 10000


class Load:
    """A client that puts and searches until the daemon hangs up."""

    def __init__(self, daemon, first):
        self.connection = daemon.connect()
        self.first = first
        self.sent = self.error = 0
        self.acknowledged = []
        self.began = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def ask(self, request):
        """The reply, or EOFError where none will come."""
        reply = self.connection.request(request)
        if not reply["ok"] and reply["error"]["code"] != "shutting_down":
            self.error = reply
        return reply["ok"]

    def run(self):
        try:
            while True:
                batch = self.first + self.sent
                self.sent += 1
                if self.ask(put_request(batch)):
                    self.acknowledged.append(batch)
                self.ask({"query": "canal"})
                self.began.set()
        except (EOFError, OSError):
            pass
        finally:
            self.began.set()
            self.connection.close()


class Stop(unittest.TestCase):
    def test_stop_under_load(self):
        daemon = Daemon()
        self.addCleanup(daemon.clean)
        daemon.start()
        batches = acknowledged = lost = torn = 0
        stops, starts = [], []
        for _ in range(STOPS):
            loads = [Load(daemon, batches + i * 100000) for i in range(PUTTERS)]
            for load in loads:
                load.began.wait(60)
            began = time.monotonic()
            self.assertEqual(daemon.stop(), 0)
            stops.append((time.monotonic() - began) * 1000)
            wal = index_file(daemon.data) + "-wal"
            self.assertFalse(os.path.exists(wal) and os.path.getsize(wal) > 0)
            starts.append(start_ms(daemon))
            with daemon.connect() as connection:
                for load in loads:
                    load.thread.join(60)
                    self.assertEqual(load.error, 0)
                    acknowledged += len(load.acknowledged)
                    for batch in range(load.first, load.first + load.sent):
                        found = held(connection, batch)
                        torn += found not in (0, BATCH)
                        lost += batch in load.acknowledged and found != BATCH
            batches += 1000
        self.assertEqual(daemon.stop(), 0)
        check(daemon.data)
        figures("SIGTERM under load", stops=STOPS, acknowledged=acknowledged * BATCH,
                lost=lost * BATCH, torn=torn, stop_ms_p50="%.0f" % percentile(stops, .5),
                stop_ms_max="%.0f" % max(stops), start_ms_max="%.0f" % max(starts))
        self.assertEqual((lost, torn), (0, 0))
        self.assertLess(max(stops), GRACE_MS)
