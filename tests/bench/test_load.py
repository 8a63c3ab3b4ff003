"""The loads of the benchmark, small: a daemon asked by several connections, and an index asked while
it grows."""

import json
import os
import re
import subprocess
import tempfile
import unittest

from support.daemon import Daemon, bin_path

DOCS = 400
WORDS = ["harbour", "ferry", "train", "tide", "dawn", "gull", "crane", "rope"]
QUESTIONS = ["term_high\tharbour", "and2_mid\tferry tide", "or2_high\tharbour train",
             "phrase2\tharbour ferry", "or3_mixed\tferry gull rope"]


def write_corpus(folder):
    path = os.path.join(folder, "docs.jsonl")
    with open(path, "w", encoding="utf-8") as out:
        for number in range(DOCS):
            words = [w for i, w in enumerate(WORDS) if (number * 7919 >> i) % (i + 1) == 0]
            out.write(json.dumps({"uri": f"d:{number}", "body": " ".join(words)}) + "\n")
    return path


class TestLoads(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.corpus = write_corpus(folder.name)
        self.questions = os.path.join(folder.name, "queries.tsv")
        self.index = os.path.join(folder.name, "index")
        with open(self.questions, "w", encoding="utf-8") as out:
            out.write("\n".join(QUESTIONS) + "\n")

    def bench(self, *arguments):
        """What `bench` prints; it ends with 0."""
        done = subprocess.run([bin_path("bench"), *arguments], stdout=subprocess.PIPE, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_an_index_that_grows_is_answered_by_block_max(self):
        self.bench("index", self.corpus, self.index)
        told = self.bench("puts", self.index, self.questions, self.corpus, "0.5", "100")
        asked, reached, compared, differ = map(int, re.search(
            r"(\d+) queries, (\d+) by block-max: [0-9.]+ in 100; (\d+) held against FTS5, (\d+) differ",
            told).groups())
        self.assertGreaterEqual(reached * 100, asked * 99)
        self.assertEqual(asked // 20, compared)
        self.assertEqual(differ, 0)

    def test_a_daemon_answers_all_that_is_in_flight(self):
        with Daemon() as daemon:
            with open(self.corpus, encoding="utf-8") as docs, daemon.connect() as connection:
                reply = connection.request({"op": "put", "docs": [json.loads(d) for d in docs]})
            self.assertTrue(reply["ok"], reply)
            told = self.bench("load", daemon.address, self.questions, "0.5", "3", "8")
        row = [cell.strip() for cell in told.splitlines()[-1].split("|")[1:-1]]
        self.assertEqual(row[:2], ["3", "8"])
        self.assertGreater(int(row[2]), 0)
        self.assertEqual(row[5], "0")

    def test_more_connections_than_there_may_be_are_refused(self):
        done = subprocess.run([bin_path("bench"), "load", "unix:/nowhere", self.questions, "1", "65"],
                              stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("too many", done.stderr)
