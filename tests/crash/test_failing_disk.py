"""A disk that fails under a running daemon: a failed sync ends it for a restart, a failed write or
read is told and passes."""

import unittest

from crash.common import (BATCH, TRACED_ENV, Daemon, Injection, check, figures, held, put_request,
                          skip, strace_missing)

BROKEN = 70  # the exit status that asks for a restart
PUTS = 6


class FailingDisk(unittest.TestCase):
    def setUp(self):
        missing = strace_missing()
        if missing:
            skip(self, missing)

    def start(self, fault):
        """A daemon with one batch in its index, each of whose threads will meet the fault."""
        daemon = Daemon(env=TRACED_ENV)
        self.addCleanup(daemon.clean)
        daemon.start()
        daemon.put(put_request(0)["docs"])
        self.acknowledged = [0]
        injection = Injection(daemon, fault)
        self.addCleanup(injection.end)
        return daemon, injection

    def put_all(self, daemon):
        """Puts batches one after the other; what was answered to each: "ok" or a code."""
        codes = []
        with daemon.connect() as connection:
            for batch in range(1, PUTS + 1):
                try:
                    reply = connection.request(put_request(batch))
                except (EOFError, ConnectionError):
                    codes.append("closed")
                    break
                if reply["ok"]:
                    self.acknowledged.append(batch)
                codes.append("ok" if reply["ok"] else reply["error"]["code"])
        return codes

    def verify(self, daemon):
        """Everything acknowledged is there, nothing by halves."""
        with daemon.connect() as connection:
            for batch in range(PUTS + 1):
                found = held(connection, batch)
                self.assertIn(found, (BATCH,) if batch in self.acknowledged else (0, BATCH))

    def restart_and_verify(self, daemon):
        check(daemon.data)
        daemon.start()
        self.verify(daemon)
        self.assertEqual(daemon.stop(), 0)

    def test_a_failed_sync_ends_the_daemon(self):
        told = points = 0
        for nth in range(1, 6):
            daemon, injection = self.start("fdatasync:error=EIO:when=%d" % nth)
            codes = self.put_all(daemon)
            self.assertLessEqual(set(codes), {"ok", "io_error", "shutting_down", "closed"})
            refused = [code != "ok" for code in codes]
            self.assertEqual(refused, sorted(refused), "acknowledged after a failed sync")
            self.assertEqual(daemon.process.wait(60), BROKEN, daemon.log)
            daemon.stop()
            injection.end()
            points += 1
            told += "io_error" in codes
            self.restart_and_verify(daemon)
        figures("a sync fails", points=points, puts_told=told, acknowledged_after=0,
                exit_status=BROKEN)
        self.assertGreater(told, 0)

    def test_a_failed_write_is_told_and_passes(self):
        told = points = 0
        for nth in (1, 2, 3, 5, 8, 13):
            daemon, injection = self.start("pwrite64:error=EIO:when=%d" % nth)
            codes = self.put_all(daemon)
            injection.end()
            self.assertLessEqual(set(codes), {"ok", "io_error"})
            self.assertEqual(codes[-1], "ok")
            self.verify(daemon)
            self.assertEqual(daemon.stop(), 0)
            points += 1
            told += codes.count("io_error")
            self.restart_and_verify(daemon)
        figures("a write fails", points=points, puts_told=told, lost=0)
        self.assertGreater(told, 0)

    def test_a_failed_read_is_told_and_passes(self):
        told = points = 0
        for nth in (1, 2, 3, 5):
            daemon, injection = self.start("pread64:error=EIO:when=%d" % nth)
            with daemon.connect() as connection:
                for _ in range(10):
                    reply = connection.request({"query": "canal"})
                    if reply["ok"]:
                        self.assertEqual(reply["total"], BATCH)
                    else:
                        # SQLite tells EIO from a read as a damaged file.
                        self.assertIn(reply["error"]["code"], ("io_error", "corrupt"), reply)
                        told += 1
                # The fault is in every thread, and one that the searches spared would meet it now.
                injection.end()
                self.assertEqual(held(connection, 0), BATCH)
            self.assertEqual(daemon.stop(), 0)
            points += 1
        figures("a read fails", points=points, searches_told=told, wrong=0)
        self.assertGreater(told, 0)
