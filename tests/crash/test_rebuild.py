"""kill -9 during a rebuild: the index is the stale one or the new one, and sound."""

import os
import random
import sqlite3
import time
import unittest

from crash.common import BATCH, Daemon, check, figures, held, index_file, put_request

KILLS = int(os.environ.get("CRASH_REBUILD_KILLS", "12"))
SEED = int(os.environ.get("CRASH_SEED", str(time.time_ns() % 1000000)))
BATCHES = 60


def make_stale(data):
    """Says of an index that no daemon has open that another analyzer made it."""
    sq = sqlite3.connect(index_file(data))
    sq.execute("UPDATE state SET analyzer = analyzer + 1")
    sq.commit()
    sq.close()


class Kill(unittest.TestCase):
    def test_kill_during_rebuild(self):
        rng = random.Random(SEED)
        daemon = Daemon()
        self.addCleanup(daemon.clean)
        daemon.start()
        for batch in range(BATCHES):
            self.assertTrue(daemon.request(put_request(batch))["ok"])
        began = time.monotonic()
        self.assertEqual(daemon.request({"op": "rebuild"})["docs"], BATCHES * BATCH)
        took = time.monotonic() - began
        stale = 0
        for _ in range(KILLS):
            self.assertEqual(daemon.stop(), 0)
            make_stale(daemon.data)
            daemon.start()
            with daemon.connect() as connection:
                connection.send({"op": "rebuild"})
                time.sleep(rng.uniform(0, 1.2 * took))  # the moment of the kill
                daemon.kill()
            check(daemon.data)
            daemon.start()
            stats = daemon.request({"op": "stats"})["collections"]["default"]
            stale += stats["stale"]
            with daemon.connect() as connection:
                for batch in range(0, BATCHES, 7):
                    self.assertEqual(held(connection, batch), BATCH, "seed %d" % SEED)
                if stats["stale"]:
                    reply = connection.request({"op": "rebuild"})
                    self.assertEqual(reply.get("docs"), BATCHES * BATCH, reply)
        self.assertEqual(daemon.stop(), 0)
        check(daemon.data)
        figures("kill -9 during rebuild", kills=KILLS, seed=SEED, stale=stale, new=KILLS - stale,
                rebuild_ms="%.0f" % (took * 1000))
        self.assertGreater(stale, 0, "seed %d: no kill came early enough" % SEED)
