"""What a search brings besides its hits: facets, cursors, explanations, batches."""

import json
import unittest
from collections import Counter

from common import Daemon

WORDS = "harbour ferry strike canal museum library storm bridge".split()


def documents():
    """120 documents: their words, sources and dates in cycles of different lengths."""
    for i in range(120):
        body = " ".join(WORDS[(i * k + k) % len(WORDS)] for k in range(1, 4 + i % 9))
        doc = {"uri": "d:%d" % i, "title": WORDS[i % 5], "body": body, "lang": ("en", "nl")[i % 2]}
        if i % 7:
            doc["source"] = "Paper %d" % (i % 4)
        if i % 5:
            doc["date"] = "20%02d-%02d" % (20 + i % 3, 1 + i % 12)
        yield doc


class Search(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon().__enter__()
        self.addCleanup(self.daemon.clean)
        self.docs = list(documents())
        self.daemon.put(self.docs)
        self.c = self.daemon.connect()
        self.addCleanup(self.c.close)

    def search(self, query, **parameters):
        reply = self.c.request({"query": query, **parameters})
        self.assertTrue(reply["ok"], reply)
        return reply

    def refused(self, request):
        reply = self.c.request(request)
        self.assertFalse(reply["ok"], reply)
        return reply["error"]["code"]

    # ---- facets

    def test_facets_count_every_match_whatever_the_page(self):
        found = [d for d in self.docs if "ferry" in (d["title"] + " " + d["body"]).split()]
        reply = self.search("ferry", limit=1, match="any",
                            facets=["source", "lang", "type", "year", "month"])
        self.assertEqual((reply["total"], reply["relation"]), (len(found), "eq"))
        expected = {"source": Counter(d.get("source") for d in found),
                    "lang": Counter(d["lang"] for d in found),
                    "type": Counter({None: len(found)}),
                    "year": Counter(d.get("date", "")[:4] or None for d in found),
                    "month": Counter(d.get("date") for d in found)}
        self.assertEqual(list(reply["facets"]), list(expected))
        for facet, counts in expected.items():
            values = reply["facets"][facet]
            self.assertEqual({v["value"]: v["count"] for v in values}, dict(counts), facet)
        sources = [v["count"] for v in reply["facets"]["source"] if v["value"] is not None]
        self.assertEqual(sources, sorted(sources, reverse=True))
        months = [v["value"] for v in reply["facets"]["month"]][:-1]
        self.assertEqual(months, sorted(months, reverse=True))
        # each is what its filter finds
        for v in reply["facets"]["month"][:-1]:
            got = self.search("ferry date:" + v["value"], limit=0, exact_total=True)
            self.assertEqual(got["total"], v["count"])

    def test_facets_of_the_default_match_cover_its_whole_list(self):
        reply = self.search("ferry museum", limit=1, facets=["lang"])
        every = self.search("ferry museum", limit=1, exact_total=True)
        self.assertEqual(sum(v["count"] for v in reply["facets"]["lang"]), every["total"])
        self.assertEqual(self.search("zebra", facets=["lang"])["facets"], {"lang": []})
        self.assertEqual(self.search("", facets=["lang"])["facets"], {"lang": []})

    # ---- cursors

    def pages(self, query, between=lambda: None, **parameters):
        reply = self.search(query, **parameters)
        while True:
            yield reply
            if "cursor" not in reply:
                return
            between()
            reply = self.search(query, cursor=reply["cursor"], **parameters)

    def test_pages_by_cursor_are_the_list(self):
        for match in ("best", "any", "all"):
            for sort in ("score", "-date"):
                whole = self.search("ferry museum", match=match, sort=sort, limit=1000)
                hits = [hit for page in self.pages("ferry museum", match=match, sort=sort, limit=7)
                        for hit in page["hits"]]
                self.assertEqual(hits, whole["hits"])
                self.assertNotIn("cursor", whole)

    def test_a_list_stays_while_documents_come_and_go(self):
        before = [h["uri"] for h in self.search("ferry museum", match="any", limit=1000)["hits"]]
        gone, step = set(), [0]

        def change():
            step[0] += 1
            self.daemon.put([{"uri": "new:%d" % step[0], "body": "ferry museum ferry"},
                             dict(self.docs[step[0]], title="again")])
            gone.update({self.docs[step[0]]["uri"], "d:%d" % (119 - step[0])})
            self.c.request({"op": "delete", "uri": "d:%d" % (119 - step[0])})

        ranks, uris = [], []
        for page in self.pages("ferry museum", change, match="any", limit=9):
            ranks += [h["rank"] for h in page["hits"]]
            uris += [h["uri"] for h in page["hits"]]
        self.assertGreater(step[0], 5)
        self.assertEqual(ranks, sorted(set(ranks)))
        self.assertEqual(len(uris), len(set(uris)))
        self.assertLessEqual(set(before) - gone, set(uris))
        self.assertLessEqual(set(uris), set(before))

    def test_a_cursor_belongs_to_its_search(self):
        cursor = self.search("ferry", match="any", limit=3)["cursor"]
        for other in ({"query": "museum", "match": "any"}, {"query": "ferry", "match": "all"},
                      {"query": "ferry", "match": "any", "sort": "date"},
                      {"query": "ferry", "match": "any", "cursor": cursor[:-1] + "x"},
                      {"query": "ferry", "match": "any", "cursor": "0" * 16 + "-1"},
                      {"query": "ferry", "match": "any", "cursor": "nonsense"}):
            self.assertEqual(self.refused({"cursor": cursor, **other}), "bad_cursor", other)
        again = [self.search("ferry", match="any", limit=3, cursor=cursor) for _ in range(2)]
        self.assertEqual(again[0]["hits"], again[1]["hits"])
        self.assertEqual([h["rank"] for h in again[0]["hits"]], [4, 5, 6])

    # ---- explanations

    def test_the_parts_add_up(self):
        for query in ("ferry museum", '"ferry museum" canal*', "ferry NEAR/3 museum strike",
                      "title:ferry harbor~ OR storm", "harbour-ferry bridge"):
            reply = self.search(query, match="any", limit=1000, explain=True)
            self.assertTrue(reply["hits"], query)
            plan = {leaf["leaf"]: leaf for leaf in reply["explain"]["leaves"]}
            for leaf in plan.values():
                self.assertAlmostEqual(sum(w["weight"] for w in leaf["words"]), leaf["weight"])
            for hit in reply["hits"]:
                told = hit["explain"]
                total = sum(part["score"] for part in told["leaves"] + told["proximity"])
                self.assertLessEqual(abs(total - hit["score"]), 1e-9 * hit["score"], query)
                for part in told["leaves"]:
                    tf, weight = 3 * part["title"] + part["body"], plan[part["leaf"]]["weight"]
                    asked = plan[part["leaf"]]["asked"]
                    x = tf / told["norm"]
                    self.assertAlmostEqual(part["score"], asked * weight * 2.2 * x / (x + 1.2))

    def test_rewriting_and_passes_are_told(self):
        # "of" says little in English and in Dutch, "the" only in one of them
        told = self.search("the ferry of -storm", limit=3, explain=True)["explain"]
        self.assertEqual(told["rewritten"], "the ferry -storm")
        self.assertEqual(told["documents"], 120)
        self.assertEqual([p["reading"] for p in told["passes"]], ["best", "any"])
        self.assertIn('"ferry"', told["passes"][0]["candidates"])

    # ---- batches

    def test_a_batch_answers_as_its_searches_do(self):
        searches = [{"query": "ferry", "limit": 3, "id": "a"}, {"query": "ferry museum"},
                    {"query": '"open'}, {"query": "canal", "facets": ["year"], "limit": 0},
                    {"query": "ferry", "nope": 1}]
        reply = self.c.request({"op": "batch", "searches": searches, "id": "b"})
        self.assertEqual((reply["id"], reply["ok"], len(reply["replies"])), ("b", True, 5))
        for asked, got in zip(searches, reply["replies"]):
            alone = self.c.request(asked)
            for r in (got, alone):
                r.pop("took_us", None)
                r.pop("cursor", None)
            self.assertEqual(got, alone)
        self.assertEqual([r["ok"] for r in reply["replies"]], [True, True, False, True, False])

    def test_a_batch_sees_one_snapshot(self):
        done = []
        with self.daemon.connect() as writer:
            writer.send("\n".join(json.dumps({"op": "put", "docs": [
                {"uri": "w:%d" % i, "body": "ferry"}]}) for i in range(200)))
            while len(done) < 200:
                reply = self.c.request({"op": "batch", "searches": [
                    {"query": "ferry", "match": "all", "limit": 0} for _ in range(50)]})
                self.assertEqual(len({r["total"] for r in reply["replies"]}), 1)
                self.assertEqual({r["generation"] for r in reply["replies"]},
                                 {reply["generation"]})
                done += [writer.receive() for _ in range(20)]
        self.assertTrue(all(r["ok"] for r in done))

    def test_a_deadline_holds_within_a_document(self):
        self.daemon.put([{"uri": "big", "body": "aa bb " * 150000}])
        nears = " ".join("aa NEAR/%d bb" % n for n in range(1, 200))
        self.assertEqual(self.refused({"query": nears, "match": "any", "timeout_ms": 100}), "timeout")
        reply = self.c.request({"op": "batch", "timeout_ms": 100, "searches": [
            {"query": nears, "match": "any"}] + [{"query": "ferry"}] * 20})
        codes = [r["error"]["code"] for r in reply["replies"] if not r["ok"]]
        self.assertEqual(codes, ["timeout"] * 21)

    def test_nears_are_limited(self):
        self.search(" ".join("aa NEAR/%d bb" % n for n in range(1, 257)))
        many = " ".join("aa NEAR/%d bb" % n for n in range(1, 258))
        self.assertEqual(self.refused({"query": many}), "bad_query")
        long = "(a OR b) NEAR/1 (a OR b) NEAR/1 (a OR b) NEAR/1 \"%s\"" % ("w " * 10000)
        self.assertEqual(self.refused({"query": long}), "bad_query")

    def test_a_facet_that_is_cut_says_so(self):
        self.daemon.put([{"uri": "s:%d" % i, "body": "zebra", "source": "S %d" % i}
                         for i in range(1100)])
        reply = self.search("zebra", limit=0, facets=["source"])
        self.assertEqual(len(reply["facets"]["source"]), 1000)
        self.assertEqual(reply["warnings"], ["a facet has 1100 values: 1000 of them are told"])

    def test_limits_of_a_batch(self):
        for searches, code in (([], "bad_request"), ([1], "bad_request"), ({}, "bad_request"),
                               ([{"query": "a", "limit": 0}] * 1001, "limit_exceeded"),
                               ([{"query": "a", "limit": 1000}] * 11, "limit_exceeded")):
            self.assertEqual(self.refused({"op": "batch", "searches": searches}), code)
        reply = self.c.request({"op": "batch", "searches": [
            {"query": "a", "collection": "default"}, {"query": "a", "op": "ping"}, {"query": 7}]})
        self.assertEqual([r["error"]["code"] for r in reply["replies"]], ["bad_request"] * 3)


if __name__ == "__main__":
    unittest.main()
