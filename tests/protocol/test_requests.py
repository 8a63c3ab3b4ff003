"""Requests and replies: shapes, codes, order."""

import json
import os
import re
import unittest

from common import Connection, Daemon, TcpConnection, docs, free_port, large_put

SOURCE = os.environ["SEARCHD_SOURCE_DIR"]


def unescape(line):
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m.group(1), 16)]), line)


class Requests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.daemon = Daemon(args=["--listen", "tcp:127.0.0.1:%d" % cls.port])
        cls.addClassCleanup(cls.daemon.clean)
        cls.daemon.start()
        cls.daemon.put(docs(200))

    def setUp(self):
        self.c = self.daemon.connect()
        self.addCleanup(self.c.close)

    def error(self, request):
        reply = self.c.request(request)
        self.assertFalse(reply["ok"], reply)
        return reply["error"]

    def test_malformed_lines_get_their_code(self):
        rows = 0
        with open(os.path.join(SOURCE, "tests/unit/daemon/malformed.tsv"), "rb") as table:
            for row in table:
                code, tab, line = row.rstrip(b"\n").partition(b"\t")
                if row.startswith(b"#") or not tab:
                    continue
                self.c.send(unescape(line) + b"\n")
                reply = self.c.receive()
                self.assertEqual(reply.get("error", {}).get("code"), code.decode(), row)
                rows += 1
        self.assertGreaterEqual(rows, 60)
        self.assertTrue(self.c.request({"op": "ping"})["ok"])

    def test_deep_and_wide_json(self):
        deep = '{"op":"ping","x_d":%s%s}'
        self.assertTrue(self.c.request(deep % ("[" * 31, "]" * 31))["ok"])
        self.assertEqual(self.error(deep % ("[" * 32, "]" * 32))["code"], "bad_json")
        self.assertEqual(self.error(deep % ("[" * 500000, ""))["code"], "bad_json")
        wide = '{"op":"ping","x_w":[%s1]}' % ("1," * 400000)
        self.assertEqual(self.error(wide)["code"], "limit_exceeded")

    def test_search_reply(self):
        reply = self.c.request({"id": "q", "query": "alpha", "limit": 3,
                                "fields": ["title", "type"], "exact_total": True})
        for key, kind in (("total", int), ("total_all", int), ("relation", str), ("parsed", str),
                          ("warnings", list), ("generation", int), ("engine", str),
                          ("took_us", int), ("partial", bool), ("coverage", dict)):
            self.assertIsInstance(reply[key], kind, key)
        self.assertEqual((reply["id"], reply["ok"], reply["relation"]), ("q", True, "eq"))
        self.assertGreaterEqual(reply["total"], 200)
        self.assertEqual([h["rank"] for h in reply["hits"]], [1, 2, 3])
        for hit in reply["hits"]:
            self.assertEqual(hit["missing"], [])
            self.assertEqual(len(hit["doc"]), 64)
            self.assertNotIn("uri", hit)
            self.assertIn("title", hit)
            snippet = hit["snippets"][0]
            start, end = snippet["marks"][0]
            self.assertEqual(snippet["text"].encode()[start:end].decode(), "alpha")

    def test_pages_join(self):
        whole = self.c.request({"query": "alpha", "limit": 20})["hits"]
        parts = [hit for at in range(0, 20, 7)
                 for hit in self.c.request({"query": "alpha", "limit": 7, "offset": at})["hits"]]
        self.assertEqual([h["doc"] for h in whole], [h["doc"] for h in parts[:20]])
        self.assertEqual(self.c.request({"query": "alpha", "limit": 0})["hits"], [])

    def test_put_get_delete(self):
        doc = {"uri": "ü/1", "title": "T", "body": "grün body", "source": "s", "date": "2025-08",
               "lang": "de", "type": "text", "pages": [1, {"a": None}], "big": 9007199254740993}
        line = json.dumps(doc)
        reply = self.c.request('{"op":"put","docs":[%s]}' % line)
        self.assertEqual((reply["put"], reply["replaced"]), (1, 0))
        again = self.c.request({"op": "put", "docs": [dict(doc, body="neuer body")]})
        self.assertEqual((again["put"], again["replaced"]), (1, 1))
        self.assertGreater(again["generation"], reply["generation"])
        self.c.request('{"op":"put","docs":[%s]}' % line)
        got = self.c.request({"op": "get", "uri": "ü/1"})["document"]
        for key in ("uri", "title", "body", "source", "date", "lang", "type"):
            self.assertEqual(got[key], doc[key])
        self.assertEqual(got["extra"], {"pages": [1, {"a": None}], "big": 9007199254740993})
        by_hash = self.c.request({"op": "get", "doc": got["doc"]})["document"]
        self.assertEqual(by_hash["uri"], "ü/1")
        self.assertEqual(self.c.request({"op": "delete", "uri": ["ü/1", "none"]})["deleted"], 1)
        self.assertEqual(self.error({"op": "get", "uri": "ü/1"})["code"], "not_found")

    def test_bytes_of_a_body_end_between_characters(self):
        self.c.request({"op": "put", "docs": [{"uri": "b", "body": "aé€z"}]})
        for asked, body, said in (([0, 100], "aé€z", [0, 7]), ([0, 2], "a", [0, 1]),
                                  ([1, 3], "é", [1, 3]), ([3, 5], "", [3, 3]),
                                  ([50, 60], "", [7, 7])):
            got = self.c.request({"op": "get", "uri": "b", "bytes": asked})["document"]
            self.assertEqual((got["body"], got["bytes"], got["body_bytes"]), (body, said, 7))

    def test_put_is_all_or_nothing(self):
        error = self.error({"op": "put", "docs": docs(3, 9000) + [{"uri": "x", "body": "b",
                                                                  "date": "2025-13"}]})
        self.assertEqual((error["code"], error["param"]), ("bad_request", "docs[3].date"))
        self.assertEqual(self.error({"op": "get", "uri": "doc:9000"})["code"], "not_found")
        self.assertEqual(self.error({"op": "put", "docs": [{"uri": "", "body": ""}]})["code"],
                         "bad_request")

    def test_a_put_is_visible_once_answered(self):
        for i in range(20):
            self.c.request({"op": "put", "docs": [{"uri": "v%d" % i, "body": "seen%dx" % i}]})
            self.assertEqual(self.c.request({"query": "seen%dx" % i})["total"], 1)

    def test_small_operations(self):
        count = self.c.request({"op": "count", "query": "alpha"})
        self.assertEqual(count["relation"], "eq")
        self.assertGreaterEqual(count["total"], 200)
        parse = self.c.request({"op": "parse", "query": "Alpha  BETA"})
        again = self.c.request({"op": "parse", "query": parse["parsed"]})
        self.assertEqual(parse["parsed"], again["parsed"])
        failed = self.c.request({"op": "failed", "offset": 0, "limit": 5})
        self.assertEqual((failed["total"], failed["failed"]), (0, []))
        self.assertTrue(self.c.request({"op": "check"})["ok"])
        stats = self.c.request({"op": "stats"})
        self.assertGreaterEqual(stats["collections"]["default"]["coverage"]["docs"], 200)
        self.assertGreaterEqual(stats["connections"], 1)

    def test_hello_tells_all_operations(self):
        hello = self.c.request({"op": "hello"})
        self.assertEqual((hello["protocol"], hello["collections"]), (1, ["default"]))
        self.assertEqual(hello["limits"]["line_bytes"], 1 << 20)
        names = {op["op"] for op in hello["operations"]}
        self.assertEqual(names, {"hello", "ping", "search", "batch", "count", "get", "put", "delete",
                                 "stats", "failed", "parse", "cancel", "reload", "check",
                                 "rebuild", "reindex"})

    def test_query_errors_name_the_offset(self):
        error = self.error({"query": 'a "b'})
        self.assertEqual((error["code"], error["param"], error["offset"]), ("bad_query", "query", 2))
        self.assertEqual(self.error({"query": "a", "collection": "nope"})["code"], "no_collection")

    def test_replies_without_id_keep_their_order(self):
        lines = []
        for i in range(300):
            lines.append('{"op":"ping","x_n":%d}' % i if i % 3 == 0 else
                         '{"query":"n%d","limit":1}' % (i % 200))
        self.c.send(("\n".join(lines) + "\n").encode())
        for i in range(300):
            reply = self.c.receive()
            if i % 3 == 0:
                self.assertEqual(reply, {"ok": True})
            else:
                self.assertEqual(reply["parsed"], "n%d" % (i % 200))

    def test_a_reply_with_id_overtakes(self):
        self.c.send(large_put("slow") + "\n" + '{"op":"ping","id":"fast"}')
        order = [self.c.receive()["id"] for _ in range(2)]
        self.assertEqual(order, ["fast", "slow"])

    def test_without_id_nothing_overtakes(self):
        put = json.loads(large_put("slow2"))
        del put["id"]
        self.c.send(json.dumps(put) + '\n{"op":"ping"}\n{"op":"ping","id":1}')
        self.assertEqual(self.c.receive(), {"id": 1, "ok": True})
        self.assertIn("put", self.c.receive())
        self.assertEqual(self.c.receive(), {"ok": True})

    def test_cancel(self):
        self.c.send(large_put("first"))
        self.c.send({"op": "put", "id": "second", "docs": docs(1, 7000)})
        self.c.send({"op": "cancel", "id": 1, "target": "second"})
        self.c.send({"op": "cancel", "id": 2, "target": "nobody"})
        replies = {r["id"]: r for r in (self.c.receive() for _ in range(4))}
        self.assertTrue(replies["first"]["ok"])
        self.assertEqual(replies["second"]["error"]["code"], "cancelled")
        self.assertEqual((replies[1]["cancelled"], replies[2]["cancelled"]), (True, False))
        self.assertEqual(self.error({"op": "get", "uri": "doc:7000"})["code"], "not_found")

    def test_writes_of_one_connection_keep_their_order(self):
        for size in (10, 200000):  # the longer is parsed by another thread
            self.c.send({"op": "put", "docs": [{"uri": "o", "body": "x " * size}]})
            self.c.send({"op": "put", "docs": [{"uri": "o", "body": "last%d" % size}]})
            self.assertTrue(self.c.receive()["ok"])
            self.assertTrue(self.c.receive()["ok"])
            got = self.c.request({"op": "get", "uri": "o"})["document"]
            self.assertEqual(got["body"], "last%d" % size)

    def test_writing_is_forbidden_on_tcp(self):
        with TcpConnection(self.port) as tcp:
            self.assertTrue(tcp.request({"op": "ping"})["ok"])
            self.assertTrue(tcp.request({"query": "alpha"})["ok"])
            for request in ({"op": "put", "docs": docs(1)}, {"op": "delete", "uri": "a"},
                            {"op": "reload"}, {"op": "check"}):
                self.assertEqual(tcp.request(request)["error"]["code"], "forbidden")
            tcp.send(large_put("long", 2 << 20))
            self.assertEqual(tcp.receive()["error"]["code"], "too_large")

    def test_http_closes_the_connection(self):
        for start in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /x HTTP/1.1\r\n", b"Host: a\n"):
            with Connection(self.daemon.socket_path) as c:
                c.send(start)
                try:
                    self.assertIsNone(c.receive_line())
                except ConnectionResetError:
                    pass

    def test_too_large_lines(self):
        limit = 1 << 20
        self.c.send(b'{"op":"ping","x_":"' + b"a" * limit + b'"}\n{"op":"ping"}\n')
        self.assertEqual(self.c.receive()["error"]["code"], "too_large")
        self.assertEqual(self.c.receive(), {"ok": True})
        self.assertEqual(self.error('{"x_op":{"op":"put"},"op":"ping","x_":"%s"}' % ("a" * limit))
                         ["code"], "too_large")
        self.assertEqual(self.error('{"op":"put","docs":[{"uri":"a","body":"%s"}]}'
                                    % ("a" * (16 << 20)))["code"], "too_large")

    def test_half_close_is_not_a_cancel(self):
        self.c.send(large_put("half") + '\n{"query":"alpha","limit":1}\n{"op":"ping"}')
        self.c.socket.shutdown(1)
        replies = [self.c.receive() for _ in range(3)]
        self.assertTrue(all(r["ok"] for r in replies))
        self.assertIsNone(self.c.receive_line())

    def test_a_last_line_needs_no_newline(self):
        self.c.send(b'{"op":"ping"}')
        self.c.socket.shutdown(1)
        self.assertEqual(self.c.receive(), {"ok": True})
        self.assertIsNone(self.c.receive_line())


if __name__ == "__main__":
    unittest.main()
