"""An index of another analyzer: what the daemon says of it, and how it is mended online."""

import os
import signal
import sqlite3
import subprocess
import unittest

from common import Daemon, TcpConnection, bin_path, docs, free_port, wait_until


MANY = 14000


def make_stale(data):
    """Says of an index that no daemon has open that another analyzer made it."""
    sq = sqlite3.connect(os.path.join(data, "default", "index.db"))
    sq.execute("UPDATE state SET analyzer = analyzer + 1")
    sq.commit()
    sq.close()


def state(daemon):
    return daemon.request({"op": "stats"})["collections"]["default"]


def worked(daemon):
    """Seconds of the processor that it has had: nothing is written before a rebuild ends."""
    with open("/proc/%d/stat" % daemon.process.pid) as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Rebuild(unittest.TestCase):
    def stale_daemon(self, documents, **more):
        """A daemon on a stale index of these documents."""
        daemon = Daemon(**more)
        self.addCleanup(daemon.clean)
        roots = [at for at, word in enumerate(daemon.arguments) if word == "--root"]
        whole = daemon.arguments
        daemon.arguments = [word for at, word in enumerate(whole)
                            if at not in roots and at - 1 not in roots]
        daemon.start()
        daemon.put(documents)
        self.assertEqual(daemon.stop(), 0)
        make_stale(daemon.data)
        daemon.arguments = whole
        return daemon.start()

    def refused(self, daemon, request):
        error = daemon.request(request)["error"]
        self.assertEqual(error["code"], "bad_version", error)
        self.assertIn("rebuild", error["message"])

    def test_a_stale_index_is_told_and_mended(self):
        daemon = self.stale_daemon(docs(30))
        log = daemon.wait_for_log("index stale")
        self.assertIn("collection=default", log)
        hello, stats = daemon.request({"op": "hello"}), state(daemon)
        self.assertEqual(hello["stale"], ["default"])
        self.assertTrue(stats["stale"])
        self.assertEqual(hello["analyzer"], stats["analyzer_version"])
        self.assertNotEqual(stats["analyzer_version"], stats["index_analyzer"])
        check = daemon.request({"op": "check"})
        self.assertTrue(check["ok"], check)
        for reply in hello, stats, check:
            self.assertIn("rebuild", reply["hint"])
        self.assertEqual(daemon.request({"op": "count", "query": "alpha"})["total"], 30)
        self.assertTrue(daemon.request({"op": "get", "uri": "doc:3"})["ok"])
        self.refused(daemon, {"op": "put", "docs": docs(1)})
        self.refused(daemon, {"op": "delete", "uri": "doc:1"})
        self.refused(daemon, {"op": "delete", "query": "alpha"})
        self.assertEqual(state(daemon)["coverage"]["docs"], 30)
        reply = daemon.request({"op": "rebuild"})
        self.assertEqual([reply["ok"], reply["docs"], sorted(reply)],
                         [True, 30, ["docs", "ms", "ok"]])
        hello, now = daemon.request({"op": "hello"}), state(daemon)
        self.assertEqual(hello["stale"], [])
        self.assertFalse(now["stale"])
        self.assertNotIn("hint", {**hello, **now})
        self.assertEqual(now["generation"], stats["generation"] + 1)
        self.assertEqual(daemon.request({"op": "check"}), {"ok": True})
        daemon.put(docs(1, 30))
        self.assertEqual(daemon.request({"op": "count", "query": "alpha"})["total"], 31)

    def test_roots_wait_for_the_rebuild(self):
        home = Daemon()
        self.addCleanup(home.clean)
        root = os.path.join(home.home, "root")
        os.mkdir(root)
        with open(os.path.join(root, "a.txt"), "w") as out:
            out.write("gamma rays")
        daemon = self.stale_daemon(docs(5), roots=[root])
        self.assertIn("roots=1", daemon.wait_for_log("index stale"))
        self.refused(daemon, {"op": "put", "docs": docs(1)})  # the writer's turn came and went
        self.assertEqual(state(daemon)["coverage"]["docs"], 5)
        self.assertTrue(daemon.request({"op": "rebuild"})["ok"])
        daemon.wait_for_log("synced")
        self.assertEqual(daemon.request({"op": "count", "query": "gamma"})["total"], 1)

    def test_searchd_check_says_so(self):
        daemon = self.stale_daemon(docs(5))
        self.assertEqual(daemon.stop(), 0)
        done = subprocess.run([bin_path("searchd"), "--check", "--data", daemon.data],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^default: sound, 5 documents; stale: .*rebuild.*\n$")

    def test_it_is_closed_on_tcp(self):
        port = free_port()
        daemon = Daemon(args=["--listen", "tcp:127.0.0.1:%d" % port])
        self.addCleanup(daemon.clean)
        daemon.start()
        with TcpConnection(port) as c:
            self.assertEqual(c.request({"op": "rebuild"})["error"]["code"], "forbidden")

    def running(self, daemon, c):
        """Sends a rebuild, and waits until it is at work."""
        before = worked(daemon)
        c.send({"op": "rebuild", "id": "r"})
        wait_until(lambda: worked(daemon) >= before + 0.2)

    def many(self):
        """So many that a rebuild takes much longer than it takes to see that it runs."""
        return docs(MANY, words=" ".join("w%d" % i for i in range(150)))

    def test_searches_go_on_and_writes_wait(self):
        daemon = self.stale_daemon(self.many())
        with daemon.connect() as c, daemon.connect() as other:
            self.running(daemon, c)
            c.send({"op": "put", "id": "p", "docs": docs(1, 90000)})
            self.assertEqual(other.request({"op": "count", "query": "w3"})["total"], MANY)
            self.assertTrue(other.request({"op": "hello"})["stale"])  # so it ran meanwhile
            replies = [c.receive(), c.receive()]
            self.assertEqual([(r["id"], r["ok"]) for r in replies], [("r", True), ("p", True)])

    def test_it_can_be_cancelled(self):
        daemon = self.stale_daemon(self.many())
        with daemon.connect() as c:
            self.running(daemon, c)
            c.send({"op": "cancel", "target": "r", "id": "c"})
            replies = {r["id"]: r for r in (c.receive(), c.receive())}
            self.assertTrue(replies["c"]["cancelled"])
            self.assertEqual(replies["r"]["error"]["code"], "cancelled")
        self.assertTrue(state(daemon)["stale"])
        self.assertEqual(daemon.request({"op": "count", "query": "w3"})["total"], MANY)
        self.assertTrue(daemon.request({"op": "check"})["stale"])

    def test_term_ends_it_at_once(self):
        daemon = self.stale_daemon(self.many())
        with daemon.connect() as c:
            self.running(daemon, c)
            daemon.process.send_signal(signal.SIGTERM)
            self.assertEqual(c.receive()["error"]["code"], "cancelled")
        self.assertEqual(daemon.stop(), 0)
        daemon.start()
        self.assertTrue(state(daemon)["stale"])
        self.assertEqual(daemon.request({"op": "rebuild"})["docs"], MANY)


if __name__ == "__main__":
    unittest.main()
