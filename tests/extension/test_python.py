"""The extension in Python's sqlite3, where that can load one: Debian's can."""

import os
import subprocess
import sys
import unittest

from support.daemon import Daemon

EXTENSION = os.environ["SEARCHD_FTS5"]
PYTHONS = (sys.executable, "/usr/bin/python3")

# Reads the index beside the daemon: a line for each line that it is given, from threads of its own.
READER = r"""
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor

def connect():
    db = sqlite3.connect(f"file:{sys.argv[2]}?mode=ro", uri=True, check_same_thread=False)
    db.enable_load_extension(True)
    db.load_extension(sys.argv[1])
    return db

def count(db):
    return len(db.execute("SELECT rowid FROM fts WHERE fts MATCH ? ORDER BY searchd_rank(fts)",
                          ["canal"]).fetchall())

def once(_):
    db = connect()
    try:
        return count(db)
    finally:
        db.close()

kept = connect()
for line in sys.stdin:
    with ThreadPoolExecutor(8) as pool:
        counts = set(pool.map(once, range(64))) | {count(kept)}
    print(*counts, flush=True)
"""


def python_with_extensions():
    asked = "import sqlite3; sqlite3.connect(':memory:').enable_load_extension(True)"
    for python in PYTHONS:
        if os.path.exists(python) and subprocess.run([python, "-c", asked], check=False,
                                                     stderr=subprocess.DEVNULL).returncode == 0:
            return python
    return None


class Python(unittest.TestCase):
    def test_threads_read_beside_the_daemon(self):
        python = python_with_extensions()
        if python is None:
            print("SKIPPED: no Python here whose sqlite3 loads extensions", file=sys.stderr)
            return
        with Daemon() as daemon:
            index = os.path.join(daemon.data, "default", "index.db")
            with subprocess.Popen([python, "-c", READER, EXTENSION, index], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
                for number in range(1, 4):
                    daemon.put([{"uri": f"n:{number}", "body": "Barges on the canal."}])
                    reader.stdin.write("\n")
                    reader.stdin.flush()
                    self.assertEqual(reader.stdout.readline(), f"{number}\n")
                reader.stdin.close()
            self.assertEqual(reader.returncode, 0)
