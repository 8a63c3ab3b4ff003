"""A file that is not ours, or from a newer searchd, is refused and left as it is."""

import hashlib
import os
import sqlite3
import subprocess
import unittest

from crash.common import Daemon, bin_path, figures, index_file, put_request


def digest(path):
    """Of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class Foreign(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.clean)
        self.path = index_file(self.daemon.data)

    def refuse(self, said):
        """Neither serving nor checking touches the file."""
        before = digest(self.path)
        for arguments in (self.daemon.arguments,
                          [bin_path("searchd"), "--check", "--data", self.daemon.data]):
            done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(said, done.stderr)
            self.assertEqual(digest(self.path), before)
            self.assertFalse(os.path.exists(self.path + "-wal")
                             and os.path.getsize(self.path + "-wal") > 0)
        figures("foreign file", said='"%s"' % said, bytes_changed=0)

    def write(self, text):
        os.makedirs(os.path.dirname(self.path))
        with open(self.path, "w") as out:
            out.write(text)

    def pragma(self, statement):
        """Changes an index that was ours."""
        self.daemon.start()
        self.daemon.put(put_request(0)["docs"])
        self.assertEqual(self.daemon.stop(), 0)
        database = sqlite3.connect(self.path, isolation_level=None)
        database.execute(statement)
        database.close()

    def test_a_text_file(self):
        self.write("These are the notes of someone else.\n" * 100)
        self.refuse("the file is no searchd index")

    def test_the_database_of_another_program(self):
        os.makedirs(os.path.dirname(self.path))
        database = sqlite3.connect(self.path)
        database.execute("CREATE TABLE accounts(name, balance)")
        database.commit()
        database.close()
        self.refuse("the file is no searchd index")

    def test_a_newer_schema(self):
        self.pragma("PRAGMA user_version = 1000")
        self.refuse("the index has schema version 1000")

    def test_a_cut_header(self):
        self.pragma("PRAGMA user_version")
        with open(self.path, "rb") as whole:
            header = whole.read(50)
        with open(self.path, "wb") as out:
            out.write(header)
        self.refuse("malformed")
