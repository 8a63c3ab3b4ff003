"""The judged collection is what its README says: whole, of one form, and judged throughout."""

import json
import os
import re
import unittest

from quality import evaluate, run

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "collection")
KEYS = ["id", "title", "body", "source", "date", "lang"]


class Collection(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(FOLDER, "corpus.jsonl"), encoding="utf-8") as file:
            cls.docs = [json.loads(line) for line in file]
        cls.queries = dict(run.read_queries(os.path.join(FOLDER, "queries.tsv")))
        cls.qrels = evaluate.read_qrels(os.path.join(FOLDER, "qrels.tsv"))

    def test_documents(self):
        self.assertGreaterEqual(len(self.docs), 220)
        for doc in self.docs:
            self.assertEqual(list(doc), KEYS)
            self.assertTrue(all(doc.values()), doc["id"])
            self.assertIn(len(doc["body"].split()), range(50, 121), doc["id"])
        for key in ("id", "title", "body"):
            self.assertEqual(len({doc[key] for doc in self.docs}), len(self.docs), key)

    def test_every_query_is_judged_and_every_judgement_names_a_document(self):
        self.assertEqual(list(self.qrels), list(self.queries))
        lang = {doc["id"]: doc["lang"] for doc in self.docs}
        for qid, judged in self.qrels.items():
            self.assertGreaterEqual(len(judged), 3, qid)
            self.assertLessEqual(set(judged.values()), {1, 2, 3}, qid)
            self.assertEqual(len({lang[docid] for docid in judged}), 1, qid)

    def test_queries_are_short_and_differ(self):
        self.assertEqual(len(set(self.queries.values())), len(self.queries))
        for qid, text in self.queries.items():
            self.assertIn(len(text.split()), range(2, 8), qid)
            self.assertEqual(run.plain(text), text, qid)

    def test_the_readme_counts_right_and_tells_each_need(self):
        with open(os.path.join(FOLDER, "README.md"), encoding="utf-8") as file:
            text = file.read()
        judged = sum(len(grades) for grades in self.qrels.values())
        self.assertIn("%d short news reports, %d queries, and %d judgements"
                      % (len(self.docs), len(self.queries), judged), text)
        foreign = {doc["id"] for doc in self.docs if doc["lang"] != "en"}
        asked = sum(not foreign.isdisjoint(judged) for judged in self.qrels.values())
        self.assertIn("%d reports and %d queries are in German" % (len(foreign), asked), text)
        self.assertEqual(re.findall(r"^\| (q\d+) \| \S", text, flags=re.M), list(self.queries))


if __name__ == "__main__":
    unittest.main()
