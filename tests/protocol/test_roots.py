"""Folders that the daemon keeps current: what changes is found within moments, by what inotify
tells and without it; and what becomes of the processes that read."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
import unittest

from common import Daemon, bin_path, configured, wait_until

PDF = os.path.join(os.environ["SEARCHD_SOURCE_DIR"], "tests/unit/extract/pdf")
PROMISE_S = 2.0  # from the close of a file until it is found


def children(pid):
    """Processes below one, as (pid, name)."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % entry) as stat:
                head, _, tail = stat.read().rpartition(")")
        except OSError:
            continue
        if int(tail.split()[1]) == pid:
            found.append((int(entry), head.split("(", 1)[1]))
            found += children(int(entry))
    return found


class Roots(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.clean)
        self.root = os.path.join(self.daemon.home, "root")
        os.mkdir(self.root)
        self.daemon.arguments += ["--root", self.root]

    def start(self):
        self.daemon.start()
        self.c = self.daemon.connect()
        self.addCleanup(self.c.close)

    def write(self, name, text):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as out:
            out.write(text)
        return path

    def count(self, query):
        return self.c.request({"op": "count", "query": query})["total"]

    def found_soon(self, query, total):
        """Waits until so many are found; tells after how long."""
        began = time.monotonic()
        wait_until(lambda: self.count(query) == total, 30, "%s = %d" % (query, total))
        return time.monotonic() - began

    def failed(self):
        reply = self.c.request({"op": "failed", "limit": 100})
        return {f["uri"].rsplit("/", 1)[1]: f for f in reply["failed"]}

    def stats(self):
        return self.c.request({"op": "stats"})["collections"]["default"]

    def test_a_change_is_found_at_once(self):
        self.start()
        self.write("first.txt", "ferry")
        self.found_soon("ferry", 1)
        slowest = 0
        for i in range(20):
            self.write("sub%d/deep/a%d.html" % (i % 3, i), "<p>canoe number%d" % i)
            slowest = max(slowest, self.found_soon("number%d" % i, 1))
        self.assertLess(slowest, PROMISE_S)
        self.write("sub0/deep/a0.html", "<p>kayak")
        self.assertLess(self.found_soon("kayak", 1), PROMISE_S)
        self.assertEqual(self.count("number0"), 0)
        shutil.rmtree(os.path.join(self.root, "sub0"))
        self.assertLess(self.found_soon("kayak", 0), PROMISE_S)
        self.assertEqual(self.count("canoe"), 13)

    def test_a_change_is_found_while_a_root_is_read(self):
        for i in range(10000):
            self.write("bulk/%d.txt" % i, "ferry")
        self.start()
        wait_until(lambda: self.count("ferry") > 0)
        self.write("a.html", "<p>canoe")
        self.assertLess(self.found_soon("canoe", 1), PROMISE_S)
        self.assertLess(self.count("ferry"), 10000)  # and the rest comes
        self.found_soon("ferry", 10000)
        self.assertEqual(self.count("canoe"), 1)
        self.assertEqual(self.failed(), {})

    def test_a_change_is_found_while_a_large_file_is_read(self):
        with open(os.path.join(self.root, "large.jsonl"), "w") as out:
            for i in range(60000):
                out.write(json.dumps({"body": "ferry %d %s" % (i, "word " * 20)}) + "\n")
        self.write("a.html", "<p>first")
        self.start()
        wait_until(lambda: self.count("ferry") > 0)
        rounds = 0
        while self.count("ferry") < 60000:  # it goes on, though something changes all the time
            self.write("b.html", "<p>canoe%d" % rounds)
            self.assertLess(self.found_soon("canoe%d" % rounds, 1), PROMISE_S)
            rounds += 1
        self.assertGreater(rounds, 3)
        self.assertEqual(self.count("ferry"), 60000)
        self.assertEqual(self.failed(), {})

    def test_a_change_is_found_behind_a_mass_that_is_moved_in(self):
        mass = os.path.join(self.daemon.home, "mass")
        os.mkdir(mass)
        for i in range(8000):
            with open(os.path.join(mass, "%d.html" % i), "w") as out:
                out.write("<p>ferry %d" % i)
        self.write("a.html", "<p>first")
        self.start()
        self.found_soon("first", 1)
        os.rename(mass, os.path.join(self.root, "mass"))
        self.write("b.html", "<p>canoe")
        self.assertLess(self.found_soon("canoe", 1), PROMISE_S)
        rounds = 0
        while self.count("ferry") < 8000:
            self.write("b.html", "<p>kayak%d" % rounds)
            self.assertLess(self.found_soon("kayak%d" % rounds, 1), PROMISE_S)
            rounds += 1
        self.assertGreater(rounds, 1)
        self.assertEqual(self.count("ferry"), 8000)

    def test_a_root_that_goes_is_told(self):
        self.write("a.txt", "ferry")
        self.start()
        self.found_soon("ferry", 1)
        shutil.rmtree(self.root)
        wait_until(lambda: "root" in self.failed())
        self.assertIn("no such folder", self.failed()["root"]["reason"])
        self.assertTrue(self.failed()["root"]["retry"])
        self.assertEqual(self.stats()["coverage"], {"docs": 0, "failed": 1, "pending": 0})

    def test_a_root_that_is_moved_away_is_told(self):
        self.write("a.txt", "ferry")
        self.start()
        self.found_soon("ferry", 1)
        os.rename(self.root, self.root + ".away")
        wait_until(lambda: "root" in self.failed())
        self.assertEqual(self.stats()["coverage"]["failed"], 1)
        os.rename(self.root + ".away", self.root)
        self.write("b.txt", "ferry")
        self.assertLess(self.found_soon("ferry", 2), 10)  # not as late as the next scan
        self.assertEqual(self.failed(), {})

    def test_a_root_that_is_no_folder_is_not_looked_into_again_and_again(self):
        program = os.path.join(self.daemon.home, "program")
        with open(program, "w") as out:
            out.write("#!/bin/sh")
        os.chmod(program, 0o755)
        self.daemon.arguments += ["--root", program]
        self.write("a.txt", "ferry")
        self.start()
        self.found_soon("ferry", 1)
        self.daemon.wait_for_log("sync failed")
        time.sleep(3)
        failed = [line for line in self.daemon.log if "sync failed" in line]
        self.assertEqual(len(failed), 1)

    def test_what_goes_together_is_one_sync(self):
        for i in range(500):
            self.write("tree/%d/a.txt" % i, "ferry")
        self.start()
        self.found_soon("ferry", 500)
        before = len(self.daemon.log)
        shutil.rmtree(os.path.join(self.root, "tree"))
        self.found_soon("ferry", 0)
        syncs = [line for line in self.daemon.log[before:] if "removed=" in line]
        self.assertLess(len(syncs), 20)

    def test_a_change_is_found_while_puts_never_end(self):
        self.start()
        self.write("first.txt", "first")
        self.found_soon("first", 1)
        stop = threading.Event()

        def put():
            with self.daemon.connect() as c:
                n = 0
                while not stop.is_set():
                    docs = [{"uri": "p:%d" % (n % 500 + i), "body": "put %d" % n}
                            for i in range(50)]
                    self.assertTrue(c.request({"op": "put", "docs": docs})["ok"])
                    n += 50

        thread = threading.Thread(target=put)
        thread.start()
        try:
            for i in range(3):
                self.write("busy%d.html" % i, "<p>canoe%d" % i)
                self.assertLess(self.found_soon("canoe%d" % i, 1), PROMISE_S)
        finally:
            stop.set()
            thread.join()

    def test_what_moves_is_not_read_again(self):
        self.start()
        self.write("a/one.html", "<p>ferry one")
        self.write("a/two.txt", "ferry two")
        self.found_soon("ferry", 2)
        os.rename(os.path.join(self.root, "a"), os.path.join(self.root, "b"))
        uri = "file://%s/b/one.html" % self.root
        wait_until(lambda: self.c.request({"op": "get", "uri": uri})["ok"])
        wait_until(lambda: self.count("ferry") == 2)
        stats = self.stats()["sync"]
        self.assertEqual((stats["moved"], stats["docs"]), (2, 0))
        self.write("b/three.txt", "ferry three")  # the folder is watched under its new name
        self.assertLess(self.found_soon("ferry", 3), PROMISE_S)
        moved = os.path.join(self.daemon.home, "elsewhere")
        os.rename(os.path.join(self.root, "b"), moved)
        self.found_soon("ferry", 0)
        os.rename(moved, os.path.join(self.root, "c"))
        self.found_soon("ferry", 3)

    def test_a_written_file_is_read_when_it_is_closed(self):
        self.start()
        self.write("ready.txt", "ready")
        self.found_soon("ready", 1)
        path = os.path.join(self.root, "slow.txt")
        with open(path, "w") as out:
            out.write("half of a fer")
            out.flush()
            self.write("other.txt", "canoe")
            self.found_soon("canoe", 1)
            self.assertEqual(self.count("half"), 0)
            out.write("ry")
        self.found_soon("ferry half", 1)

    def test_temporary_names_and_links(self):
        self.start()
        self.write(".hidden.tmp", "ferry")
        os.rename(os.path.join(self.root, ".hidden.tmp"), os.path.join(self.root, "shown.txt"))
        self.assertLess(self.found_soon("ferry", 1), PROMISE_S)
        os.symlink("/etc", os.path.join(self.root, "etc"))
        os.mkfifo(os.path.join(self.root, "pipe.txt"))
        wait_until(lambda: len(self.failed()) == 2)
        self.assertIn("link", self.failed()["etc"]["reason"])
        self.assertTrue(self.failed()["pipe.txt"]["retry"])
        os.unlink(os.path.join(self.root, "etc"))
        wait_until(lambda: len(self.failed()) == 1)

    def test_more_at_once_than_events_are_told(self):
        self.start()
        self.write("first.txt", "first")
        self.found_soon("first", 1)
        os.kill(self.daemon.process.pid, signal.SIGSTOP)
        for i in range(12000):
            os.close(os.open(os.path.join(self.root, "f%d.txt" % i), os.O_WRONLY | os.O_CREAT))
        for i in range(0, 12000, 100):
            self.write("f%d.txt" % i, "ferry")
        os.kill(self.daemon.process.pid, signal.SIGCONT)
        wait_until(lambda: self.count("ferry") == 120, 120, "all are found")

    def test_without_watches_the_next_look_finds_it(self):
        other = configured("[collection default]\nroot = %s\nrescan = 1\n" % self.root)
        self.addCleanup(other.clean)
        self.daemon = other
        self.start()
        shutil.rmtree(self.root)  # and its watch is gone with it
        wait_until(lambda: self.failed())
        os.mkdir(self.root)
        self.write("a.txt", "ferry")
        self.found_soon("ferry", 1)
        self.write("b.txt", "ferry")
        self.assertLess(self.found_soon("ferry", 2), PROMISE_S)

    def test_pdf_has_pages_and_reasons(self):
        for name in os.listdir(PDF):
            shutil.copy(os.path.join(PDF, name), self.root)
        self.start()
        self.found_soon("ferry type:pdf", 1)
        hit = self.c.request({"query": "train night"})["hits"][0]
        self.assertEqual(hit["snippets"][0]["page"], 2)
        start, end = hit["snippets"][0]["bytes"]
        part = self.c.request({"op": "get", "uri": hit["uri"], "bytes": [start, end]})["document"]
        self.assertEqual(part["body"], hit["snippets"][0]["text"])
        self.assertEqual(part["extra"]["page_bytes"][1], 35)
        self.assertEqual(len(part["file"]["sha256"]), 64)
        wait_until(lambda: len(self.failed()) == 3)
        failed = self.failed()
        for name, reason in (("encrypted", "encrypted"), ("damaged", "damaged"),
                             ("scanned", "scanned: no text")):
            self.assertIn(reason, failed[name + ".pdf"]["reason"])
            self.assertFalse(failed[name + ".pdf"]["retry"])
        types = {t["type"]: t for t in self.stats()["types"]}
        self.assertEqual(types["pdf"], {"type": "pdf", "docs": 1, "files": 4})

    def test_reindex_reads_again(self):
        self.write("a.html", "<p>ferry")
        self.write("b.txt", "ferry")
        self.start()
        self.found_soon("ferry", 2)
        version = self.stats()["extractor_version"]
        reply = self.c.request({"op": "reindex", "extractor_older_than": version})
        self.assertEqual(reply["files"], 0)
        reply = self.c.request({"op": "reindex", "type": "html"})
        self.assertEqual((reply["ok"], reply["files"]), (True, 1))
        wait_until(lambda: (lambda s: (s["updated"], s["unchanged"]) == (1, 1))
                   (self.stats()["sync"]))
        self.assertEqual(self.count("ferry"), 2)
        for bad in ({}, {"failed": False}, {"extractor_older_than": 0}, {"type": ""}):
            reply = self.c.request(dict(bad, op="reindex"))
            self.assertEqual(reply["error"]["code"], "bad_request", bad)

    def test_readers_that_are_killed_are_replaced(self):
        self.write("a.html", "<p>ferry zero")
        self.start()
        self.found_soon("ferry", 1)
        readers = [pid for pid, name in children(self.daemon.process.pid)
                   if name == "searchd-reader"]
        self.assertTrue(readers)
        for pid in readers:
            os.kill(pid, signal.SIGKILL)
        self.write("b.html", "<p>ferry one")
        self.found_soon("ferry", 2)
        self.assertEqual(self.failed(), {})
        below = children(self.daemon.process.pid)
        self.kill(below, "searchd-spawner")
        readers = [pid for pid, name in below if name == "searchd-reader"]  # go with it
        wait_until(lambda: not any(os.path.exists("/proc/%d" % pid) for pid in readers))
        self.write("c.html", "<p>ferry two")
        self.found_soon("ferry", 3)
        self.assertEqual(self.failed(), {})
        self.daemon.wait_for_log("readers restarted")

    def kill(self, below, name):
        os.kill(next(pid for pid, other in below if other == name), signal.SIGKILL)

    def test_files_wait_when_no_reader_can_be_started(self):
        self.write("a.html", "<p>ferry zero")
        self.start()
        self.found_soon("ferry", 1)
        below = children(self.daemon.process.pid)
        self.kill(below, "searchd-keeper")
        self.kill(below, "searchd-spawner")
        readers = [pid for pid, name in below if name == "searchd-reader"]
        wait_until(lambda: not any(os.path.exists("/proc/%d" % pid) for pid in readers))
        self.write("c.html", "<p>ferry two")
        wait_until(lambda: "c.html" in self.failed())
        self.assertTrue(self.failed()["c.html"]["retry"])
        self.write("d.txt", "ferry three")
        self.found_soon("ferry", 2)
        self.daemon.stop()
        self.start()
        self.found_soon("ferry", 3)
        self.assertEqual(self.failed(), {})

    def test_nothing_is_left_of_a_daemon_that_is_killed(self):
        self.write("a.html", "<p>ferry")
        self.start()
        self.found_soon("ferry", 1)
        below = [pid for pid, _ in children(self.daemon.process.pid)]
        self.assertGreaterEqual(len(below), 3)  # the keeper, the spawner and a reader
        self.daemon.kill()
        wait_until(lambda: not any(os.path.exists("/proc/%d" % pid) for pid in below))


class IndexOnly(unittest.TestCase):
    def test_it_prints_what_was_done(self):
        daemon = Daemon()
        self.addCleanup(daemon.clean)
        root = os.path.join(daemon.home, "root")
        os.mkdir(root)
        shutil.copy(os.path.join(PDF, "two-pages.pdf"), root)
        shutil.copy(os.path.join(PDF, "scanned.pdf"), root)
        command = [bin_path("searchd"), "--index-only", "--root", root, "--data", daemon.home]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("2 files, 1 added", done.stdout)
        self.assertIn("scanned.pdf: parse: scanned", done.stderr)

    def test_a_terminal_sees_how_far_it_is(self):
        daemon = Daemon()
        self.addCleanup(daemon.clean)
        root = os.path.join(daemon.home, "root")
        os.mkdir(root)
        for i in range(50):
            with open(os.path.join(root, "%d.txt" % i), "w") as out:
                out.write("ferry")
        ours, theirs = os.openpty()
        command = [bin_path("searchd"), "--index-only", "--root", root, "--data", daemon.home]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs) as process:
            os.close(theirs)
            seen = b""
            try:
                while True:
                    seen += os.read(ours, 4096)
            except OSError:  # the terminal's other side is closed
                pass
            self.assertEqual(process.wait(60), 0)
        os.close(ours)
        self.assertRegex(seen.decode(), r"\[#{30}\] 50 of 50 files, 50 documents, 0 failed")


if __name__ == "__main__":
    unittest.main()
