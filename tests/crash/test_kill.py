"""kill -9 while documents are put: what was acknowledged is there, the rest is whole or absent."""

import os
import random
import threading
import time
import unittest

from crash.common import (BATCH, Daemon, check, figures, held, percentile, put_request, start_ms)

KILLS = int(os.environ.get("CRASH_KILLS", "50"))
SEED = int(os.environ.get("CRASH_SEED", str(time.time_ns() % 1000000)))
DEPTH = 4  # puts that await their answer


class Putter:
    """Streams batches until the daemon is gone."""

    def __init__(self, daemon, first):
        self.connection = daemon.connect()
        self.first = first
        self.sent = self.acknowledged = 0  # batches, from `first` on
        self.began = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            while True:
                while self.sent - self.acknowledged < DEPTH:
                    self.connection.send(put_request(self.first + self.sent))
                    self.sent += 1
                reply = self.connection.receive()
                if not reply["ok"]:
                    self.error = reply
                    return
                self.acknowledged += 1
                self.began.set()
        except (EOFError, OSError):
            pass
        finally:
            self.began.set()
            self.connection.close()


class Kill(unittest.TestCase):
    def test_kill_during_put(self):
        rng = random.Random(SEED)
        daemon = Daemon()
        self.addCleanup(daemon.clean)
        daemon.start()
        batches = acknowledged = lost = torn = whole = 0
        restarts = []
        for kill in range(KILLS):
            putter = Putter(daemon, batches)
            putter.began.wait(60)
            time.sleep(rng.uniform(0, 0.08))  # the moment of the kill, not a synchronisation
            daemon.kill()
            putter.thread.join(60)
            self.assertIsNone(putter.error)
            if kill % 10 == 0:
                check(daemon.data)
            restarts.append(start_ms(daemon))
            with daemon.connect() as connection:
                for i in range(putter.sent):
                    found = held(connection, putter.first + i)
                    torn += found not in (0, BATCH)
                    lost += i < putter.acknowledged and found != BATCH
                    whole += found == BATCH
                total = connection.request({"op": "count", "query": "canal"})["total"]
            batches += putter.sent
            acknowledged += putter.acknowledged
            self.assertEqual(total, whole * BATCH, "an earlier batch is gone (seed %d)" % SEED)
        self.assertEqual(daemon.stop(), 0)
        check(daemon.data)
        figures("kill -9 during put", kills=KILLS, seed=SEED, acknowledged=acknowledged * BATCH,
                lost=lost * BATCH, torn=torn, restart_ms_p50="%.0f" % percentile(restarts, .5),
                restart_ms_p99="%.0f" % percentile(restarts, .99))
        self.assertEqual((lost, torn), (0, 0), "seed %d" % SEED)
        self.assertGreaterEqual(acknowledged, KILLS)
