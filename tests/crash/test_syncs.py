"""Acknowledged means durable: between a put's last byte read and the first byte of its
acknowledgement the WAL is synced, as strace sees it."""

import os
import re
import unittest

from crash.common import TRACED_ENV, Daemon, figures, put_request, skip, strace, strace_missing

PUTS = 40
CALL = re.compile(r"^\d+ +(?:<\.\.\. )?(\w+)(.*)$")


def events(lines):
    """Each `read` (a put has arrived), `sync` (of the WAL has succeeded) and `ack` (its sending
    begins), in the order in which the kernel saw them."""
    syncing = {}  # by thread: whether what it syncs is the WAL
    for line in lines:
        thread = line.split(" ", 1)[0]
        found = CALL.match(line)
        if found is None:
            continue
        call, rest = found.groups()
        begins = "resumed>" not in rest
        if call in ("fdatasync", "fsync"):
            if begins:
                syncing[thread] = "index.db-wal" in rest
            if rest.endswith("= 0") and syncing[thread]:
                yield "sync"
        elif call == "recvfrom" and '"{\\"op\\": \\"put\\"' in rest:
            yield "read"
        elif call == "sendmsg" and begins and '\\"put\\":' in rest:
            yield "ack"


class Syncs(unittest.TestCase):
    def test_every_lone_put_is_synced_before_its_acknowledgement(self):
        missing = strace_missing()
        if missing:
            skip(self, missing)
        daemon = Daemon(env=TRACED_ENV)
        self.addCleanup(daemon.clean)
        log = os.path.join(daemon.home, "strace")
        daemon.arguments = strace(log, "trace=fdatasync,fsync,recvfrom,sendmsg") + daemon.arguments
        daemon.start()
        with daemon.connect() as connection:
            for batch in range(PUTS):
                self.assertTrue(connection.request(put_request(batch))["ok"])
        self.assertEqual(daemon.stop(), 0)
        synced, puts, syncs = False, 0, 0
        with open(log, errors="replace") as lines:
            for event in events(lines):
                if event == "read":
                    synced = False
                elif event == "sync":
                    synced = True
                    syncs += 1
                else:
                    self.assertTrue(synced, "put %d was acknowledged before a sync" % puts)
                    puts += 1
        figures("syncs before acknowledgement", puts=puts, syncs=syncs, unsynced=0)
        self.assertEqual(puts, PUTS)
        self.assertGreaterEqual(syncs, PUTS)
