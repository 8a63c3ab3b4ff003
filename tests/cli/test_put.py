"""searchc --put and the small operations."""

import json
import threading
import unittest

from cli.fake import Fake, error


class Store:
    """What a daemon would hold: takes a put whole or names the first bad document."""

    def __init__(self, busy=0):
        self.docs = {}
        self.puts = 0
        self.busy = busy
        self.lock = threading.Lock()

    def answer(self, request):
        with self.lock:
            self.puts += 1
            if self.busy > 0 and self.puts % 3 == 1:
                self.busy -= 1
                return error("busy", retry_after_ms=1)
            for i, doc in enumerate(request["docs"]):
                if doc.get("date") == "bad":
                    return error("bad_request", "unreadable", param="docs[%d].date" % i)
                if "uri" not in doc:
                    return error("bad_request", "docs[%d].uri is missing" % i,
                                 param="docs[%d].uri" % i)
            replaced = sum(doc["uri"] in self.docs for doc in request["docs"])
            self.docs.update((doc["uri"], doc) for doc in request["docs"])
            return {"ok": True, "put": len(request["docs"]), "replaced": replaced, "generation": 1}


def lines_of(docs):
    return "".join(json.dumps(doc) + "\n" for doc in docs).encode()


class Put(unittest.TestCase):
    def put(self, text, store=None, reply=None):
        store = store or Store()
        with Fake(reply or store.answer) as fake:
            status, out, err = fake.run("--put", "-", stdin=text)
        self.assertEqual(out, b"")
        return status, err, store, fake.requests

    def test_everything_arrives_in_batches(self):
        docs = [{"uri": "u%d" % i, "body": "é\n" * (i % 50)} for i in range(3210)]
        status, err, store, requests = self.put(lines_of(docs))
        self.assertEqual(status, 0)
        self.assertEqual(list(store.docs.values()), docs)
        self.assertTrue(err.startswith("3210 documents put (0 replaced), 0 refused"))
        self.assertEqual([len(r["docs"]) for r in requests], [500] * 6 + [210])

    def test_batches_are_bounded_in_bytes(self):
        docs = [{"uri": "u%d" % i, "body": "x" * 400000} for i in range(9)]
        status, _, store, requests = self.put(lines_of(docs))
        self.assertEqual((status, list(store.docs.values())), (0, docs))
        self.assertEqual([len(r["docs"]) for r in requests], [2, 2, 2, 2, 1])

    def test_lines_that_are_no_documents_are_told_by_number(self):
        status, err, store, _ = self.put(
            b'{"uri":"a","body":""}\n\n{"uri":"b","body":01}\n[1]\n{"uri":"c","body":"\xff"}\n'
            b'{"a":1,"\\u0061":2}\n \t\r\n  {"uri":"d","body":""} \r\n{"uri":"e","body":""}')
        self.assertEqual((status, sorted(store.docs)), (4, ["a", "d", "e"]))
        for expected in ("standard input:3: byte 19: malformed number",
                         "standard input:4: a document must be an object",
                         "standard input:5: byte 20: invalid UTF-8",
                         "standard input:6: byte 8: duplicate key",
                         "3 documents put (0 replaced), 4 refused"):
            self.assertIn(expected, err)

    def test_a_refused_document_is_told_and_the_rest_goes_on(self):
        docs = [{"uri": "u%d" % i, "body": "", "date": "bad" if i % 700 == 17 else "2025"}
                for i in range(2500)]
        docs[3] = {"body": "nameless"}
        status, err, store, _ = self.put(lines_of(docs))
        self.assertEqual(status, 4)
        self.assertEqual(len(store.docs), 2500 - 5)
        self.assertIn("searchc: standard input:4: docs[3].uri is missing\n", err)
        for line in (18, 718, 1418, 2118):
            self.assertIn("searchc: standard input:%d: date: unreadable\n" % line, err)
        self.assertIn("2495 documents put (0 replaced), 5 refused", err)

    def test_later_lines_win_whatever_was_sent_again(self):
        docs = [{"uri": "u%d" % (i % 600), "body": str(i), "date": "bad" if i == 5 else "2025"}
                for i in range(3000)]
        status, err, store, _ = self.put(lines_of(docs))
        self.assertEqual(status, 4)
        self.assertIn("2999 documents put (2399 replaced), 1 refused", err)
        self.assertEqual({uri: doc["body"] for uri, doc in store.docs.items()},
                         {"u%d" % (i % 600): str(i) for i in range(2400, 3000)})

    def test_what_is_put_off_is_sent_again(self):
        docs = [{"uri": "u%d" % i, "body": "x"} for i in range(4000)]
        status, err, store, _ = self.put(lines_of(docs), Store(busy=5))
        self.assertEqual((status, len(store.docs)), (0, 4000))
        self.assertIn("4000 documents put (0 replaced), 0 refused", err)

    def test_a_batch_that_is_too_much_is_divided(self):
        store = Store()

        def answer(request):
            if sum(len(doc["body"]) for doc in request["docs"]) > 1000:
                return error("limit_exceeded", "too many values")
            return store.answer(request)

        docs = [{"uri": "u%d" % i, "body": "x" * 99, "date": "bad" if i % 400 == 7 else "2025"}
                for i in range(1200)]
        docs[600]["body"] = "x" * 1001
        status, err, _, _ = self.put(lines_of(docs), reply=answer)
        self.assertEqual((status, len(store.docs)), (4, 1196))
        for expected in (":8: date: unreadable", ":408: date: unreadable", ":808: date: unreadable",
                         ":601: too many values", "1196 documents put (0 replaced), 4 refused"):
            self.assertIn(expected, err)

    def test_a_batch_of_refused_documents_leaves_nothing(self):
        docs = [{"uri": "u", "body": "", "date": "bad"}] * 3
        status, err, store, _ = self.put(lines_of(docs))
        self.assertEqual((status, store.docs, err.count("unreadable")), (4, {}, 3))

    def test_a_daemon_that_cannot_write_ends_it(self):
        for code in ("disk_full", "forbidden", "read_only", "internal"):
            status, err, _, requests = self.put(lines_of([{"uri": "u", "body": ""}]),
                                                reply=lambda r, code=code: error(code, "sorry"))
            self.assertEqual((status, len(requests)), (4, 1))
            self.assertIn("searchc: %s: sorry\n0 documents put" % code, err)
        status, err, _, _ = self.put(lines_of([{"uri": "u", "body": ""}]),
                                     reply=lambda r: error("no_collection"))
        self.assertEqual(status, 2)
        self.assertIn("0 refused", err)
        status, err, _, _ = self.put(lines_of([{"uri": "u", "body": ""}]),
                                     reply=lambda r: error("too_large"))
        self.assertEqual(status, 4)
        self.assertIn("standard input:1: it is so", err)
        self.assertEqual(self.put(lines_of([{"uri": "u", "body": ""}]), reply=lambda r: None)[0], 3)

    def test_a_line_over_the_limit_is_skipped(self):
        docs = [{"uri": "a", "body": ""}, {"uri": "b", "body": "x" * (17 << 20)},
                {"uri": "c", "body": ""}]
        status, err, store, _ = self.put(lines_of(docs))
        self.assertEqual((status, sorted(store.docs)), (4, ["a", "c"]))
        self.assertIn("standard input:2: longer than 16 MiB", err)

    def test_digits_and_escapes_arrive_as_they_were_written(self):
        line = b'{"uri":"u","body":"\\u00e9\\/","n":12345678901234567890, "x":1.50}\n'
        with Fake(lambda r: {"ok": True, "put": 1, "replaced": 0}) as fake:
            fake.run("--put", "-", stdin=line)
            self.assertEqual(fake.requests[0]["docs"][0]["n"], 12345678901234567890)


class Operations(unittest.TestCase):
    def ask(self, reply, *arguments):
        with Fake(lambda request: reply(request) if callable(reply) else reply) as fake:
            status, out, err = fake.run(*arguments)
            return status, out.decode(), err, fake.requests

    def test_delete(self):
        status, _, err, requests = self.ask({"ok": True, "deleted": 2}, "--delete", "a b", "c")
        self.assertEqual((status, err, requests),
                         (0, "2 deleted\n", [{"op": "delete", "uri": ["a b", "c"]}]))
        self.assertEqual(self.ask({"ok": True, "deleted": 0}, "--delete", "a")[0], 1)
        uris = ["u%d" % i for i in range(1201)]
        _, _, _, requests = self.ask({"ok": True, "deleted": 1}, "--delete", *uris)
        self.assertEqual(sum((r["uri"] for r in requests), []), uris)
        self.assertTrue(all(len(r["uri"]) <= 1000 for r in requests))

    def test_get(self):
        doc = {"doc": "ab", "uri": "u", "title": "T", "body": "line\n\x1b", "source": "S",
               "date": "2025", "extra": {"n": 12345678901234567890}}
        status, out, _, requests = self.ask({"ok": True, "document": doc}, "--get", "u")
        self.assertEqual((status, out), (0, "title: T\nuri: u\nsource: S\ndate: 2025\ndoc: ab\n\n"
                                            "line\n\x1b\n"))
        self.assertEqual(requests, [{"op": "get", "uri": "u"}])
        _, out, _, requests = self.ask({"ok": True, "document": doc}, "--get", "0aF" * 21 + "0",
                                       "--format", "json")
        self.assertEqual((json.loads(out), requests[0]["doc"]), (doc, "0aF" * 21 + "0"))
        self.assertEqual(self.ask(error("not_found"), "--get", "u")[0], 2)

    def test_failed_reads_all_pages(self):
        items = [{"uri": "u%d" % i, "stage": "read", "reason": "r\x1b", "at": 1} for i in range(250)]

        def page(request):
            offset = request["offset"]
            return {"ok": True, "total": 250, "failed": items[offset:offset + request["limit"]]}

        status, out, err, requests = self.ask(page, "--failed")
        self.assertEqual((status, err, len(requests)), (0, "250 could not be read\n", 3))
        self.assertEqual(out, "".join("u%d\n    read: r\\x1b\n" % i for i in range(250)))
        _, out, _, _ = self.ask(page, "--failed", "--format", "jsonl")
        self.assertEqual([json.loads(line) for line in out.splitlines()], items)
        self.assertEqual(self.ask({"ok": True, "total": 0, "failed": []}, "--failed")[0], 1)

    def test_reindex_says_which_files(self):
        reply = {"ok": True, "files": 3, "generation": 7}
        status, out, err, requests = self.ask(reply, "--reindex", "failed,type:pdf,older:2")
        self.assertEqual((status, out, err), (0, "", "3 files are read again\n"))
        self.assertEqual(requests, [{"op": "reindex", "failed": True, "type": "pdf",
                                     "extractor_older_than": 2}])
        status, _, _, requests = self.ask(dict(reply, files=0), "--reindex", "type:a\"b")
        self.assertEqual((status, requests), (1, [{"op": "reindex", "type": 'a"b'}]))

    def test_what_failed_and_is_tried_again_is_told(self):
        items = [{"uri": "u", "stage": "read", "reason": "r", "retry": True}]
        _, out, _, _ = self.ask({"ok": True, "total": 1, "failed": items}, "--failed")
        self.assertEqual(out, "u\n    read: r (is tried again)\n")

    def test_stats_ping_and_raw(self):
        reply = {"ok": True, "generation": 7}
        status, out, _, requests = self.ask(reply, "--stats")
        self.assertEqual((status, json.loads(out), requests), (0, reply, [{"op": "stats"}]))
        status, out, _, requests = self.ask(reply, "--ping")
        self.assertEqual((status, requests), (0, [{"op": "ping"}]))
        self.assertIn("answers", out)
        status, out, _, requests = self.ask(reply, "--raw", '{"op":\n"x"}')
        self.assertEqual((status, json.loads(out), requests), (0, reply, [{"op": "x"}]))
        self.assertEqual(self.ask(dict(reply, partial=True), "--raw", "{}")[0], 5)
        status, out, _, _ = self.ask(error("unknown_op"), "--raw", "{}")
        self.assertEqual((status, json.loads(out)), (2, error("unknown_op")))


if __name__ == "__main__":
    unittest.main()
