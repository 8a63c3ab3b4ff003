"""The daemon's life: starting, stopping, reloading, sockets handed over, limits, slow peers."""

import json
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from common import (Connection, Daemon, bin_path, config, configured, docs, large_put, rss_kb,
                    sanitized, wait_until)


def exit_of(arguments, env=None):
    """Exit status, stdout and stderr of a command that ends by itself."""
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=env, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


class Starting(unittest.TestCase):
    def test_a_second_instance_refuses(self):
        with Daemon() as daemon:
            status, _, err = exit_of(daemon.arguments)
            self.assertEqual(status, 1, err)
            self.assertIn("start failed", err)
            with Daemon() as other:  # another index, the same socket
                arguments = [bin_path("searchd"), "--data", other.data + "2",
                             "--listen", daemon.address]
            status, _, err = exit_of(arguments)
            self.assertEqual(status, 1, err)
            self.assertIn("another process listens", err)
            self.assertTrue(daemon.request({"op": "ping"})["ok"])

    def test_a_stale_socket_is_replaced(self):
        daemon = Daemon()
        self.addCleanup(daemon.clean)
        daemon.start()
        daemon.kill()
        self.assertTrue(os.path.exists(daemon.socket_path))
        daemon.start()
        self.assertTrue(daemon.request({"op": "ping"})["ok"])
        self.assertEqual(os.stat(daemon.socket_path).st_mode & 0o777, 0o660)
        self.assertEqual(daemon.stop(), 0)
        self.assertFalse(os.path.exists(daemon.socket_path))

    def test_a_file_in_the_way_is_left_alone(self):
        daemon = Daemon()
        self.addCleanup(daemon.clean)
        with open(daemon.socket_path, "w") as out:
            out.write("mine")
        status, _, err = exit_of(daemon.arguments)
        self.assertEqual(status, 1)
        self.assertIn("is no socket", err)
        with open(daemon.socket_path) as back:
            self.assertEqual(back.read(), "mine")

    def test_wrong_options_and_configuration(self):
        searchd = bin_path("searchd")
        self.assertEqual(exit_of([searchd, "--nonsense"])[0], 2)
        self.assertEqual(exit_of([searchd, "word"])[0], 2)
        self.assertEqual(exit_of([searchd, "--config", "/nonexistent"])[0], 2)
        self.assertEqual(exit_of([searchd, "--listen", "http://x"])[0], 2)
        self.assertEqual(exit_of([searchd, "--index-only", "--data", "/tmp"])[0], 2)
        daemon = Daemon()
        self.addCleanup(daemon.clean)
        path = config(daemon.home, "[server]\n\nworkers = many\n")
        status, _, err = exit_of([searchd, "--config", path])
        self.assertEqual(status, 2)
        self.assertIn(path + ":3: ", err)
        status, _, err = exit_of([searchd, "--config", "/dev/null"])
        self.assertEqual((status, err), (2, "searchd: /dev/null: not a regular file\n"))
        path = config(daemon.home, "")
        status, _, err = exit_of(daemon.arguments + ["--config", path, "--index-only"])
        self.assertEqual(status, 2)
        self.assertIn("a root in " + path, err)

    def test_help_and_version(self):
        status, out, _ = exit_of([bin_path("searchd"), "--help"])
        self.assertEqual(status, 0)
        for option in ("--config", "--data", "--listen", "--root", "--index-only", "--check"):
            self.assertIn(option, out)
        status, out, _ = exit_of([bin_path("searchd"), "--version"])
        self.assertEqual(status, 0)
        self.assertRegex(out, r"^searchd \S+, SQLite \S+, ICU \S+, libxml2 \S+, libarchive \S+, "
                              r"libevent 2\.\S+, cJSON 1\.\S+\n$")

    def test_socket_activation_and_notification(self):
        daemon = Daemon()
        self.addCleanup(daemon.clean)
        path = os.path.join(daemon.home, "given")
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(os.path.join(daemon.home, "notify"))
        notify.settimeout(60)
        self.addCleanup(notify.close)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(path)
            listener.listen(16)
            fd = listener.fileno()
            shell = 'exec 3<&%d; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"' % fd
            process = subprocess.Popen(
                ["/bin/sh", "-c", shell, "sh"] + daemon.arguments, pass_fds=[fd],
                env=dict(os.environ, NOTIFY_SOCKET=os.path.join(daemon.home, "notify")),
                stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.assertEqual(notify.recv(100), b"READY=1")
            with Connection(path) as c:
                self.assertTrue(c.request({"op": "ping"})["ok"])
            self.assertFalse(os.path.exists(daemon.socket_path))
            process.terminate()
            self.assertEqual(notify.recv(100), b"STOPPING=1")
            self.assertEqual(process.wait(60), 0)
            self.assertTrue(os.path.exists(path))  # systemd's, not ours to remove
        finally:
            process.kill()
            process.wait()


class Stopping(unittest.TestCase):
    def load(self, daemon, stop, counts):
        """Asks until the end of stream; every request sent before it must have its answer."""
        c = daemon.connect()
        sent = received = 0
        try:
            while True:
                batch = ['{"query":"alpha n%d"}' % i for i in range(5)]
                batch.append(json.dumps({"op": "put", "docs": docs(1, 10000 + sent)}))
                c.send("\n".join(batch))
                sent += len(batch)
                for _ in batch:
                    reply = c.receive()
                    received += 1
                    if not reply["ok"]:
                        self.assertEqual(reply["error"]["code"], "shutting_down")
        except (EOFError, BrokenPipeError, ConnectionResetError):
            pass
        finally:
            counts.append((sent, received, stop.is_set()))
            c.close()

    def test_term_under_load_loses_no_reply(self):
        daemon = Daemon()
        self.addCleanup(daemon.clean)
        for _ in range(10):
            daemon.start()
            daemon.put(docs(50))
            stop, counts = threading.Event(), []
            threads = [threading.Thread(target=self.load, args=(daemon, stop, counts))
                       for _ in range(6)]
            for thread in threads:
                thread.start()
            served = daemon.request({"op": "stats"})["requests"]
            wait_until(lambda: daemon.request({"op": "stats"})["requests"] > served + 300)
            stop.set()
            self.assertEqual(daemon.stop(), 0)
            for thread in threads:
                thread.join(60)
            # A batch that was begun is answered whole, or none of it was taken: the daemon
            # closes a connection only between requests.
            for sent, received, stopping in counts:
                self.assertTrue(stopping)
                self.assertIn(sent - received, (0, 6))
            self.assertIn("stopped", daemon.log[-1])

    def test_term_waits_for_what_is_in_flight(self):
        with Daemon() as daemon:
            with daemon.connect() as c:
                c.send(large_put("p"))
                c.send({"op": "ping", "id": "taken"})
                self.assertEqual(c.receive()["id"], "taken")
                daemon.process.send_signal(signal.SIGTERM)
                reply = c.receive()
                self.assertTrue(reply["ok"], reply)
                put = reply["put"]
                self.assertIsNone(c.receive_line())
            self.assertEqual(daemon.stop(), 0)
            daemon.start()
            stats = daemon.request({"op": "stats"})["collections"]["default"]
            self.assertEqual(stats["coverage"]["docs"], put)

    def test_new_requests_are_refused(self):
        with Daemon() as daemon:
            with daemon.connect() as c:
                c.send(large_put("p"))
                c.send({"op": "ping", "id": "taken"})
                c.receive()
                daemon.process.send_signal(signal.SIGTERM)
                daemon.wait_for_log("stopping")
                reply = c.request({"op": "ping", "id": "late"})
                self.assertEqual(reply["error"]["code"], "shutting_down")
                self.assertIn("retry_after_ms", reply["error"])
                self.assertTrue(c.receive()["ok"])

    def test_sigint_stops_too(self):
        with Daemon() as daemon:
            self.assertEqual(daemon.stop(signal.SIGINT), 0)


class Reloading(unittest.TestCase):
    def test_limits_change_and_faults_do_not(self):
        daemon = configured("[limits]\ntimeout_ms = 500\n")
        self.addCleanup(daemon.clean)
        daemon.start()
        with daemon.connect() as c:
            def limit(name):
                return c.request({"op": "hello"})["limits"][name]

            self.assertEqual(limit("timeout_ms"), 500)
            config(daemon.home, "[limits]\ntimeout_ms = 700\nin_flight = 5\n[server]\nworkers = 1\n")
            daemon.process.send_signal(signal.SIGHUP)
            self.assertIn("workers", daemon.wait_for_log("reloaded"))
            self.assertEqual((limit("timeout_ms"), limit("in_flight")), (700, 5))
            config(daemon.home, "[limits]\ntimeout_ms = soon\n")
            reply = c.request({"op": "reload"})
            self.assertEqual(reply["error"]["code"], "bad_request")
            self.assertIn("searchd.conf:2: ", reply["error"]["message"])
            self.assertEqual(limit("timeout_ms"), 700)
            config(daemon.home, "[limits]\ntimeout_ms = 900\n")
            self.assertTrue(c.request({"op": "reload"})["ok"])
            self.assertEqual(limit("timeout_ms"), 900)

    def test_hup_under_load_drops_nothing(self):
        with Daemon() as daemon:
            daemon.put(docs(50))
            with daemon.connect() as c:
                for i in range(100):
                    c.send("\n".join(['{"query":"alpha"}'] * 5))
                    daemon.process.send_signal(signal.SIGHUP)
                    self.assertTrue(all(c.receive()["ok"] for _ in range(5)))


class Folders(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.clean)
        self.root = os.path.join(self.daemon.home, "root")
        os.mkdir(self.root)
        self.write("a.txt", "walnut harvest")

    def write(self, name, text):
        with open(os.path.join(self.root, name), "w") as out:
            out.write(text)

    def total(self, query):
        return self.daemon.request({"op": "count", "query": query})["total"]

    def test_a_root_is_kept_current(self):
        self.daemon.arguments += ["--root", self.root]
        self.daemon.start()
        wait_until(lambda: self.total("walnut") == 1, what="the first file")
        self.write("b.txt", "walnut two")
        os.remove(os.path.join(self.root, "a.txt"))
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.total("two") == 1 and self.total("harvest") == 0,
                   what="the change")

    def test_a_missing_root_is_told_and_survived(self):
        self.daemon.arguments += ["--root", self.root + "/none", "--root", self.root]
        self.daemon.start()
        self.daemon.wait_for_log("sync failed")
        wait_until(lambda: self.total("walnut") == 1, what="the other root")

    def test_index_only(self):
        arguments = self.daemon.arguments + ["--root", self.root, "--index-only"]
        status, out, err = exit_of(arguments)
        self.assertEqual((status, err), (0, ""))
        self.assertIn("1 added", out)
        with open(os.path.join(self.root, "z.txt"), "wb") as binary:
            binary.write(bytes(range(256)) * 8)
        os.mkfifo(os.path.join(self.root, "fifo"))
        status, out, err = exit_of(arguments)
        self.assertEqual(status, 1, (out, err))
        self.assertIn("fifo", err)
        self.assertIn("1 unchanged", out)
        status, out, err = exit_of(self.daemon.arguments + ["--check"])
        self.assertEqual(status, 0, err)
        self.assertIn("sound", out)
        nowhere = os.path.join(self.root, "nowhere")
        status, out, err = exit_of(self.daemon.arguments[:1] + ["--check", "--data", nowhere])
        self.assertEqual((status, out), (1, ""), err)
        self.assertIn("there is no index", err)
        self.assertFalse(os.path.exists(nowhere))
        self.daemon.start()
        self.assertGreaterEqual(self.daemon.request({"op": "failed"})["total"], 1)


class Peers(unittest.TestCase):
    def test_a_slow_line_is_cut(self):
        daemon = configured("[limits]\nrequest_ms = 300\n")
        self.addCleanup(daemon.clean)
        daemon.start()
        with daemon.connect() as slow, daemon.connect() as idle:
            begun = time.monotonic()
            slow.send(b'{"op":')
            ended = None
            while ended is None and time.monotonic() - begun < 30:
                try:
                    slow.socket.send(b" ")  # a byte now and then does not extend the time
                except OSError:
                    break
                if select.select([slow.socket], [], [], 0.05)[0]:
                    ended = slow.receive()
            if ended is not None:
                self.assertEqual(ended["error"]["code"], "timeout")
            self.assertLess(time.monotonic() - begun, 20)
            self.assertTrue(idle.request({"op": "ping"})["ok"])

    def test_a_peer_that_never_reads_is_bounded_and_cut(self):
        daemon = configured("[limits]\nstall_ms = 1500\nput_bytes = 16777216\n")
        self.addCleanup(daemon.clean)
        daemon.start()
        daemon.put([{"uri": "big", "body": "x" * 65536}])
        with daemon.connect() as warm:
            for _ in range(50):
                warm.request({"op": "get", "uri": "big"})
        before = rss_kb(daemon)
        with daemon.connect() as c, daemon.connect() as other:
            c.socket.setblocking(False)
            line = b'{"op":"get","uri":"big"}\n'
            sent = 0
            try:
                for _ in range(40000):
                    sent += c.socket.send(line)
            except BlockingIOError:
                pass  # it has stopped reading us: that is the point
            self.assertLess(sent, 40000 * len(line))
            self.assertTrue(other.request({"op": "ping"})["ok"])
            grown = rss_kb(daemon) - before
            print("never-reading peer: %d KB more" % grown)
            self.assertLess(grown, 16384 if sanitized(daemon) else 4096)
            wait_until(lambda: other.request({"op": "stats"})["connections"] == 1,
                       what="the cut")

    def test_many_peers_that_never_read_are_bounded_together(self):
        daemon = configured("[limits]\nunsent_bytes = 4194304\n")
        self.addCleanup(daemon.clean)
        # A sanitizer keeps what is freed for a while, more of it the longer this takes.
        daemon.env["ASAN_OPTIONS"] = "quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
        daemon.start()
        daemon.put([{"uri": "big", "body": "x" * 65536}])
        with daemon.connect() as warm:
            for _ in range(50):
                warm.request({"op": "get", "uri": "big"})
        before = rss_kb(daemon)
        hoarders = [daemon.connect() for _ in range(100)]
        for c in hoarders:
            c.socket.setblocking(False)

        def refused(request):
            """Whether it is, as it must be once the peers have asked for more than sockets hold."""
            for c in hoarders:
                try:
                    for _ in range(30):
                        c.socket.send(b'{"op":"get","uri":"big"}\n')
                except BlockingIOError:
                    pass
            error = other.request(request).get("error", {})
            return error.get("code") == "busy" and "retry_after_ms" in error

        with daemon.connect() as other:
            for request in ({"op": "get", "uri": "big"}, {"query": "x"},
                            {"op": "count", "query": "x"}, {"op": "get", "uri": "none"}):
                wait_until(lambda asked=request: refused(asked), what="the refusal of %s" % request)
            self.assertTrue(other.request({"op": "ping"})["ok"])
            self.assertTrue(other.request({"op": "stats"})["ok"])
            self.assertTrue(other.request({"op": "put", "docs": docs(1)})["ok"])
            grown = rss_kb(daemon) - before
            print("100 never-reading peers: %d KB more" % grown)
            self.assertLess(grown, 49152 if sanitized(daemon) else 12288)
            for c in hoarders:
                c.close()
            wait_until(lambda: other.request({"op": "get", "uri": "big"})["ok"],
                       what="the memory's return")

    def test_a_huge_line_costs_no_memory(self):
        with Daemon() as daemon:
            with daemon.connect() as c:
                c.request({"op": "ping"})
                before = rss_kb(daemon)
                block = b"a" * (1 << 20)
                c.socket.sendall(b'{"op":"put","docs":"')
                for _ in range(1024):
                    c.socket.sendall(block)
                self.assertLess(rss_kb(daemon) - before, 200000 if sanitized(daemon) else 40000)
                c.send(b'"}\n{"op":"ping"}\n')
                self.assertEqual(c.receive()["error"]["code"], "too_large")
                self.assertTrue(c.receive()["ok"])

    def test_connections_over_the_limit_are_told(self):
        daemon = configured("[limits]\nmax_connections = 3\n")
        self.addCleanup(daemon.clean)
        daemon.start()
        open_ones = [daemon.connect() for _ in range(3)]
        for c in open_ones:
            self.assertTrue(c.request({"op": "ping"})["ok"])
        with daemon.connect() as extra:
            error = extra.receive()["error"]
            self.assertEqual(error["code"], "busy")
            self.assertIn("retry_after_ms", error)
            self.assertIsNone(extra.receive_line())
        open_ones.pop().close()
        wait_until(lambda: open_ones[0].request({"op": "stats"})["connections"] == 2)
        with daemon.connect() as again:
            self.assertTrue(again.request({"op": "ping"})["ok"])
        for c in open_ones:
            c.close()

    def test_in_flight_is_bounded_and_all_are_answered(self):
        daemon = configured("[limits]\nin_flight = 4\n")
        self.addCleanup(daemon.clean)
        daemon.start()
        with daemon.connect() as c:
            c.send(large_put("p"))
            c.send("\n".join('{"op":"ping","id":%d}' % i for i in range(100)))
            ids = [c.receive()["id"] for _ in range(101)]
            self.assertEqual(sorted(i for i in ids if i != "p"), list(range(100)))

    def test_ten_thousand_idle_connections(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with Daemon() as daemon:
            daemon.put(docs(100))
            count = min(10000, hard - 300)
            before = rss_kb(daemon)
            idle = []
            self.addCleanup(lambda: [s.close() for s in idle])
            for _ in range(count):
                s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                idle.append(s)
                s.connect(daemon.socket_path)
            active = [daemon.connect() for _ in range(50)]
            wait_until(lambda: active[0].request({"op": "stats"})["connections"] == count + 50)
            per = (rss_kb(daemon) - before) * 1024 // (count + 50)
            for _ in range(5):
                for c in active:
                    c.send({"query": "alpha", "limit": 3})
                for c in active:
                    self.assertEqual(len(c.receive()["hits"]), 3)
            print("%d idle and 50 active connections: %d bytes each" % (count, per))
            self.assertLess(per, 16384 if sanitized(daemon) else 2048)
            for s in idle[::1000]:
                s.sendall(b'{"op":"ping"}\n')
                self.assertEqual(s.recv(100), b'{"ok":true}\n')
            for c in active:
                c.close()
            self.assertEqual(daemon.stop(), 0)

    def test_many_replies_that_come_at_once(self):
        with Daemon() as daemon:
            daemon.put(docs(100))
            many = [daemon.connect() for _ in range(200)]
            for _ in range(3):
                for c in many:
                    c.send('{"query":"alpha","id":1}\n{"query":"beta","id":2}')
                for c in many:
                    replies = [c.receive() for _ in range(2)]
                    self.assertEqual(sorted(r["id"] for r in replies), [1, 2])
                    self.assertEqual({len(r["hits"]) for r in replies}, {10})
            for c in many:
                c.close()

    def test_the_loop_stands_behind_while_searches_wait(self):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))  # which the daemon inherits
        with Daemon() as daemon:
            def policy():
                with open("/proc/%d/stat" % daemon.process.pid) as stat:
                    return int(stat.read().rsplit(")", 1)[1].split()[38])

            daemon.put(docs(100))
            self.assertEqual(policy(), os.SCHED_OTHER)
            searches = [{"query": "alpha OR n%d" % i, "limit": 10} for i in range(100)]
            many = [daemon.connect() for _ in range(16 * (os.cpu_count() or 1))]
            for c in many:
                c.send({"op": "batch", "timeout_ms": 60000, "searches": searches})
            wait_until(lambda: policy() == os.SCHED_BATCH, 120, "the loop's standing behind")
            for c in many:
                self.assertEqual(len(c.receive()["replies"]), len(searches))
            wait_until(lambda: policy() == os.SCHED_OTHER, what="the loop's usual policy")
            for c in many:
                c.close()

    def test_no_descriptors_left_is_survived(self):
        with Daemon() as daemon:
            pid = daemon.process.pid
            used = len(os.listdir("/proc/%d/fd" % pid))
            _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 5, hard))
            served = [daemon.connect() for _ in range(5)]
            for c in served:
                self.assertTrue(c.request({"op": "ping"})["ok"])
            waiting = [daemon.connect() for _ in range(4)]
            for c in waiting:
                c.send({"op": "ping"})
            daemon.wait_for_log("accepting paused")
            self.assertTrue(served[0].request({"op": "ping"})["ok"])
            for c in served[1:]:
                c.close()
            for c in waiting:
                self.assertTrue(c.receive()["ok"])
                c.close()
            served[0].close()
            pauses = [line for line in daemon.log if "accepting paused" in line]
            self.assertLess(len(pauses), 60)  # it waits; it does not spin


@unittest.skipUnless(shutil.which("strace"), "needs strace, which makes fdatasync fail")
class Broken(unittest.TestCase):
    def test_a_failed_fsync_ends_the_daemon_for_a_restart(self):
        inject = "inject=fdatasync,fsync:error=EIO:when=%d+"
        daemon = Daemon(env={"ASAN_OPTIONS": "detect_leaks=0"})  # which strace rules out
        self.addCleanup(daemon.clean)
        daemon.start()
        daemon.put(docs(10))
        self.assertEqual(daemon.stop(), 0)
        daemon.arguments = ["strace", "-f", "-qq", "-o", "/dev/null", "-e",
                            "trace=fdatasync,fsync", "-e", inject % 1] + daemon.arguments
        daemon.start()
        with daemon.connect() as c:
            acknowledged = 0
            while True:
                reply = c.request({"op": "put", "docs": docs(1, 100 + acknowledged)})
                if not reply["ok"]:
                    break
                acknowledged += 1
                self.assertLess(acknowledged, 100, "fdatasync was never called")
            self.assertIn(reply["error"]["code"], ("io_error", "shutting_down"))
        self.assertEqual(daemon.process.wait(60), 70)
        self.assertTrue(any("index broken" in line for line in daemon.log), daemon.log)
        daemon.process = None
        daemon.arguments = daemon.arguments[9:]
        daemon.start()
        self.assertEqual(daemon.request({"op": "count", "query": "alpha"})["total"],
                         10 + acknowledged)


if __name__ == "__main__":
    unittest.main()
