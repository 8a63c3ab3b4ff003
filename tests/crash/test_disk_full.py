"""A full disk: puts say disk_full, searches go on and are right, and once there is room again
puts succeed without a restart."""

import os
import subprocess
import time
import unittest

from crash.common import BATCH, Daemon, check, figures, held, put_request, skip

DISK = "6m"
BALLAST = 2 << 20
REFUSALS = 20  # puts while the disk is full


class DiskFull(unittest.TestCase):
    def mount(self, path):
        os.makedirs(path, exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + DISK, "tmpfs", path],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            skip(self, "tmpfs cannot be mounted: " + done.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", path], check=False)

    def fill(self, path, size=None):
        """Writes a file of `size` bytes, or as large as the disk takes."""
        with open(path, "wb", buffering=0) as out:
            try:
                while size is None or out.tell() < size:
                    out.write(bytes(min(1 << 16, size or 1 << 16)))
            except OSError:
                pass

    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.clean)
        self.mount(self.daemon.data)
        self.ballast = os.path.join(self.daemon.data, "ballast")
        self.acknowledged, self.batch = [], 0
        self.failed = self.wrong = 0

    def put(self, connection):
        """Puts the next batch; False: the disk is full."""
        reply = connection.request(put_request(self.batch))
        self.batch += 1
        if reply["ok"]:
            self.acknowledged.append(self.batch - 1)
            return True
        self.assertEqual(reply["error"]["code"], "disk_full", reply)
        self.failed += 1
        return False

    def look(self, connection):
        """Searches as the documents say, whatever the disk does."""
        reply = connection.request({"query": "canal", "limit": 3, "exact_total": True})
        right = reply["ok"] and reply["total"] == BATCH * len(self.acknowledged)
        self.wrong += not right
        if self.acknowledged:
            self.wrong += held(connection, self.acknowledged[-1]) != BATCH

    def refuse_then_free(self, connection):
        """Puts fail, searches do not; then there is room, and puts succeed. Milliseconds until."""
        for _ in range(REFUSALS):
            self.put(connection)
            self.look(connection)
        os.unlink(self.ballast)
        began = time.monotonic()
        self.assertTrue(self.put(connection), "no put succeeds though there is room")
        took = (time.monotonic() - began) * 1000
        self.look(connection)
        return took

    def finish(self, name, recovery_ms):
        self.assertEqual(self.daemon.stop(), 0)
        check(self.daemon.data)
        self.daemon.start()
        with self.daemon.connect() as connection:
            for batch in range(self.batch):
                expected = BATCH if batch in self.acknowledged else 0
                self.assertEqual(held(connection, batch), expected)
        figures(name, acknowledged=len(self.acknowledged) * BATCH, failed_writes=self.failed,
                wrong_replies=self.wrong, recovery_ms="%.0f" % recovery_ms)
        self.assertEqual(self.wrong, 0)
        self.assertGreater(self.failed, 0)

    def test_filled_by_the_index(self):
        self.fill(self.ballast, BALLAST)
        self.daemon.start()
        with self.daemon.connect() as connection:
            while self.put(connection):
                self.look(connection)
            took = self.refuse_then_free(connection)
        self.finish("disk filled by the index", took)

    def test_filled_by_another(self):
        self.daemon.start()
        with self.daemon.connect() as connection:
            for _ in range(10):
                self.assertTrue(self.put(connection))
            self.fill(self.ballast)
            while self.put(connection):
                pass
            took = self.refuse_then_free(connection)
        self.finish("disk filled by another", took)
