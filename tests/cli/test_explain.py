"""searchc --explain: what is asked, and what a score is made of as people and programs read it."""

import json
import unittest

from cli.fake import Fake, hits

QUERY = {
    "rewritten": 'unit 8200 "data centre"', "documents": 1204, "average_length": 123.4,
    "leaves": [
        {"leaf": "unit", "asked": 1, "weight": 2.13,
         "words": [{"term": "unit", "documents": 120, "occurrences": 170, "weight": 2.13}]},
        {"leaf": "8200", "asked": 2, "weight": 5.5,
         "words": [{"term": "8200", "documents": 12, "occurrences": 40, "weight": 5.5}]},
        {"leaf": '"data centre"', "asked": 1, "weight": 7.25,
         "words": [{"term": "data", "documents": 300, "occurrences": 800, "weight": 3},
                   {"term": "centre", "documents": 40, "occurrences": 60, "weight": 4.25}]}],
    "pairs": [{"pair": ["unit", "8200"], "asked": 1, "weight": 3.0}],
    "passes": [{"reading": "best", "candidates": '("unit") AND ("8200")', "matches": 37},
               {"reading": "any", "candidates": '("unit") OR ("8200")', "matches": 1}]}
HIT = {
    "length": 154, "norm": 1.0248,
    "leaves": [{"leaf": "unit", "title": 0, "body": 3, "tf": 3, "score": 4.1},
               {"leaf": "8200", "title": 1, "body": 3, "tf": 6, "score": 5.02},
               {"leaf": '"data centre"', "title": 0, "body": 1, "tf": 1, "score": 12.4041}],
    "proximity": [{"pair": ["unit", "8200"], "adjacent": 2, "near": 1, "score": 0.35}]}
HEAD = ('query rewritten  unit 8200 "data centre"\n'
        'documents        N 1204, average length 123.4\n'
        'pass best        37 matches: ("unit") AND ("8200")\n'
        'pass any         1 match: ("unit") OR ("8200")\n\n')
TABLE = ('      score  leaf                 tf  title  body  weight    n    F\n'
         '     4.1000  unit                  3      0     3  2.1300  120  170\n'
         '     5.0200  8200 ×2               6      1     3  5.5000   12   40\n'
         '    12.4041  "data centre"         1      0     1  7.2500\n'
         '               data                                3.0000  300  800\n'
         '               centre                              4.2500   40   60\n'
         '      score  pair           adjacent   near        weight\n'
         '     0.3500  unit + 8200           2      1        3.0000\n'
         '    21.8741  sum = score; length 154, norm 1.025\n')


def reply(query=None, hit=None, **more):
    """One hit and what explains it."""
    found = hits(1, explain=QUERY if query is None else query)
    found["hits"][0].update(dict({"score": 21.8741, "explain": HIT if hit is None else hit}, **more))
    return found


class Explain(unittest.TestCase):
    def run_searchc(self, *arguments, answer=None, **more):
        with Fake(lambda request: answer or reply()) as fake:
            status, out, err = fake.run(*arguments, **more)
            self.assertNotIn("Sanitizer", err)
            return status, out.decode(), err, fake.requests

    def test_it_is_asked_for(self):
        self.assertEqual(self.run_searchc("x", "--explain")[3],
                         [{"op": "search", "id": "searchc", "query": "x", "explain": True}])
        self.assertNotIn("explain", self.run_searchc("x")[3][0])

    def test_it_is_refused_where_it_cannot_be_shown(self):
        for flags in (["--format", "tsv"], ["--format", "paths"], ["--format", "trec"], ["-l"],
                      ["-c"], ["--parse"]):
            status, out, err, requests = self.run_searchc("x", "--explain", *flags)
            self.assertEqual((flags, status, out, requests), (flags, 2, "", []))
            self.assertIn("--explain", err)
        for flags in (["--batch", "-", "--format", "trec"], ["--ping"]):
            self.assertEqual(self.run_searchc("--explain", *flags)[0], 2)

    def test_text_tells_the_query_and_each_hit(self):
        status, out, err, _ = self.run_searchc("x", "--explain")
        self.assertEqual(out, HEAD + " 1  2024-05-02  Source  Title 0\n    u0\n" + TABLE + "\n")
        self.assertEqual((status, err), (0, "1 document, 0.4 ms\n"))

    def test_it_stands_below_what_else_is_told_of_a_hit(self):
        found = reply(missing=["cheese"], snippets=[{"text": "A unit.", "marks": []}])
        found["hits"].append(dict(found["hits"][0], rank=2))
        out = self.run_searchc("x", "--explain", answer=found)[1]
        one = "    u0\n    A unit.\n    missing: cheese\n" + TABLE + "\n"
        self.assertEqual(out.count(one), 2)

    def test_without_hits_the_query_is_told(self):
        found = hits(0, total=3, explain=QUERY)
        self.assertEqual(self.run_searchc("x", "--explain", "-n0", answer=found)[:2], (0, HEAD))

    def test_facets_stand_behind(self):
        found = dict(reply(), facets={"lang": [{"value": "en", "count": 1}]})
        out = self.run_searchc("x", "--explain", "--facets", "lang", answer=found)[1]
        self.assertTrue(out.startswith(HEAD) and out.endswith(TABLE + "\nlang  en  1\n\n"), out)

    def test_a_sum_that_is_not_the_score_says_so(self):
        out = self.run_searchc("x", "--explain", answer=reply(score=20.5))[1]
        self.assertIn("    21.8741  sum, but the score is 20.5000; length 154, ", out)
        out = self.run_searchc("x", "--explain", answer=reply(score=21.874100000000002))[1]
        self.assertIn("    21.8741  sum = score; ", out)
        out = self.run_searchc("x", "--explain", answer=reply(score=None))[1]
        self.assertIn("    21.8741  sum; length 154", out)

    def test_without_leaves_and_pairs_there_is_only_the_sum(self):
        found = reply(hit={"length": 5, "norm": 1, "leaves": [], "proximity": []}, score=0)
        out = self.run_searchc("x", "--explain", answer=found)[1]
        self.assertIn("    u0\n    0.0000  sum = score; length 5, norm 1\n\n", out)

    def test_colour_sets_off_titles_and_the_sum(self):
        out = self.run_searchc("x", "--explain", "--color", "always")[1]
        self.assertIn("\033[2mquery rewritten\033[0m  unit 8200", out)
        self.assertIn("      \033[2mscore\033[0m  \033[2mleaf\033[0m  ", out)
        self.assertIn("    \033[1m21.8741\033[0m  sum = score", out)
        self.assertNotIn("\033", self.run_searchc("x", "--explain")[1])

    def test_long_texts_stay_within_the_width(self):
        leaf = "語" * 60
        query = dict(QUERY, rewritten="word " * 40, leaves=[dict(QUERY["leaves"][0], leaf=leaf)],
                     passes=[{"reading": "best", "candidates": "(x) AND " * 40, "matches": 1}])
        hit = dict(HIT, leaves=[dict(HIT["leaves"][0], leaf=leaf)])
        out = self.run_searchc("x", "--explain", answer=reply(query, hit),
                               env={"COLUMNS": "72"})[1]
        for line in out.split("\n"):
            self.assertLessEqual(sum(2 if char == "語" else 1 for char in line), 72, line)
        self.assertEqual((out.count("word"), out.count("AND")), (40, 40))
        row = next(line for line in out.split("\n") if "語" in line)
        self.assertEqual(row.split()[2:], ["3", "0", "3", "2.1300", "120", "170"])

    def test_nothing_commands_a_terminal(self):
        evil = "a\x1b[31m\u202e\u009bz"
        shown = "a\\x1b[31m\\u202e\\u009bz"
        query = {"rewritten": evil, "documents": 1, "average_length": 1,
                 "leaves": [{"leaf": evil, "asked": 1, "weight": 1, "words": [
                     {"term": evil, "documents": 1, "occurrences": 1, "weight": 1}] * 2}],
                 "pairs": [], "passes": [{"reading": evil, "candidates": evil, "matches": 1}]}
        hit = dict(HIT, leaves=[dict(HIT["leaves"][0], leaf=evil)],
                   proximity=[{"pair": [evil, evil], "adjacent": 1, "near": 1, "score": 1}])
        out = self.run_searchc("x", "--explain", answer=reply(query, hit),
                               env={"COLUMNS": "100"})[1]
        for bad in "\x1b\u202e\u009b":
            self.assertNotIn(bad, out)
        self.assertIn("query rewritten  " + shown + "\n", out)
        self.assertIn("pass " + shown, out)
        self.assertIn(shown + " + a", out)
        self.assertGreaterEqual(out.count("a\\x1b[31m"), 8)

    def test_what_a_daemon_leaves_out_or_makes_odd_does_no_harm(self):
        for query in (None, 7, [], {}, {"leaves": 7, "pairs": {}, "passes": "x"},
                      {"leaves": [None, {"leaf": "unit", "words": 7, "asked": "x"}],
                       "passes": [None, {}], "average_length": "x"}):
            for hit in (None, 7, {}, {"leaves": [None, {}, {"leaf": "unit", "score": "x"}]},
                        {"proximity": [None, {}, {"pair": 7}, {"pair": [None, 7]}]},
                        {"leaves": [{"leaf": "unit", "score": 1e308, "tf": -1.5}]}):
                found = hits(1, explain=query)
                found["hits"][0]["explain"] = hit
                status, out, _, _ = self.run_searchc("x", "--explain", answer=found)
                self.assertEqual(status, 0)
                self.assertIn("Title 0\n    u0\n", out)

    def test_json_is_the_reply_and_jsonl_its_hits(self):
        out = self.run_searchc("x", "--explain", "--format", "json")[1]
        self.assertEqual(json.loads(out), reply())
        out = self.run_searchc("x", "--explain", "--format", "jsonl")[1]
        self.assertEqual([json.loads(line) for line in out.splitlines()], reply()["hits"])

    def test_a_batch_asks_for_it_in_every_line(self):
        status, out, _, requests = self.run_searchc("--batch", "-", "--explain", stdin=b"x\ny\n")
        replies = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([r["explain"] for r in replies], [QUERY] * 2)
        self.assertEqual([r["hits"][0]["explain"] for r in replies], [HIT] * 2)
        self.assertEqual((status, [r["explain"] for r in requests]), (0, [True, True]))


if __name__ == "__main__":
    unittest.main()
