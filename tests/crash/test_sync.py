"""kill -9 amid the first look at a large folder: the next one goes on where it was, nothing is read
twice but what the last commit did not have, nothing is lost, and no process is left."""

import os
import random
import re
import subprocess
import time
import unittest

from crash.common import Daemon, bin_path, check, figures

FILES = int(os.environ.get("CRASH_SYNC_FILES", "3000"))
KILLS = int(os.environ.get("CRASH_SYNC_KILLS", "12"))
SEED = int(os.environ.get("CRASH_SEED", str(time.time_ns() % 1000000)))


def alive(mark):
    """Whether there is a process with this in its environment."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open("/proc/%s/environ" % entry, "rb") as env:
                if mark in env.read():
                    return True
        except OSError:
            continue
    return False


class Sync(unittest.TestCase):
    def test_kill_during_a_first_sync(self):
        rng = random.Random(SEED)
        daemon = Daemon()
        self.addCleanup(daemon.clean)
        root = os.path.join(daemon.home, "root")
        os.mkdir(root)
        for i in range(FILES):
            with open(os.path.join(root, "%05d.html" % i), "w") as out:
                out.write("<title>File %d</title><p>ferry %s\n" % (i, "word " * (i % 300)))
        mark = b"CRASH_SYNC_MARK=%d" % os.getpid()
        data = os.path.join(daemon.home, "data")
        command = ["env", mark.decode(), bin_path("searchd"), "--index-only", "--root", root,
                   "--data", data]
        killed = 0
        for _ in range(KILLS):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            try:
                process.wait(rng.uniform(0.05, 0.6))  # the moment of the kill
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
            process.wait()
            end = time.monotonic() + 30
            while alive(mark):
                self.assertLess(time.monotonic(), end, "a process is left")
        done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        files, added, unchanged = (
            int(re.search(r"(\d+) " + word, done.stdout).group(1))
            for word in ("files", "added", "unchanged"))
        self.assertEqual((files, added + unchanged), (FILES, FILES))
        check(data)
        daemon.arguments += ["--data", data]
        daemon.start()
        with daemon.connect() as c:
            self.assertEqual(c.request({"op": "count", "query": "ferry"})["total"], FILES)
            self.assertEqual(c.request({"op": "failed"})["total"], 0)
        figures("killed syncs", files=FILES, kills=killed, read_before_the_last=unchanged,
                read_by_the_last=added, lost=0, seed=SEED)


if __name__ == "__main__":
    unittest.main()
