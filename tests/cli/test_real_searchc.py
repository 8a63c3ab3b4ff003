"""searchc and searchd together, from put to delete."""

import json
import os
import subprocess
import unittest

from support.daemon import Daemon, bin_path

DOCS = [
    {"uri": "a", "title": "Harbour lights", "body": "The ferry left the harbour at dawn.",
     "source": "Gazette", "date": "2024-05-02", "lang": "en", "tweet": 1786412345678901234},
    {"uri": "b", "title": "Ferry timetable", "body": "Ferries leave hourly. The harbour is closed.",
     "source": "The Post", "date": "2025-01-10", "lang": "en"},
    {"uri": "c", "title": "", "body": "Nothing about boats.", "date": "2025-02"},
]


class Together(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.daemon.__enter__()
        cls.addClassCleanup(cls.daemon.clean)
        text = "".join(json.dumps(doc) + "\n" for doc in DOCS)
        status, _, err = cls.run_searchc("--put", "-", stdin=text)
        assert status == 0 and err.startswith("3 documents put"), err

    @classmethod
    def run_searchc(cls, *arguments, stdin=""):
        result = subprocess.run([bin_path("searchc"), "--socket", cls.daemon.address, *arguments],
                                input=stdin, capture_output=True, text=True, timeout=60,
                                env=dict(os.environ, LC_ALL="C.UTF-8"), check=False)
        return result.returncode, result.stdout, result.stderr

    def test_hits_and_none(self):
        status, out, err = self.run_searchc("harbour", "dawn")
        self.assertEqual(status, 0)
        self.assertTrue(out.startswith(" 1  2024-05-02  Gazette  Harbour lights\n    a\n"), out)
        self.assertIn("ferry left the harbour at dawn", out)
        self.assertIn("missing: dawn", out)
        self.assertIn("2 documents (1 with every word)", err)
        self.assertEqual(self.run_searchc("zebra")[0], 1)

    def test_filters_and_match(self):
        self.assertEqual(self.run_searchc("-l", "harbour", "--since", "2025")[1], "b\n")
        self.assertEqual(self.run_searchc("-l", "harbour", "--until", "2024-12")[1], "a\n")
        self.assertEqual(self.run_searchc("-l", "harbour OR boats", "--source", "The Post")[1], "b\n")
        self.assertEqual(self.run_searchc("-l", "harbour", "--sort", "-date")[1], "b\na\n")
        self.assertEqual(self.run_searchc("-l", "harbour dawn", "--match", "all")[1], "a\n")

    def test_query_errors_are_told(self):
        status, out, err = self.run_searchc('"unclosed')
        self.assertEqual((status, out), (2, ""))
        self.assertIn("searchc: bad_query: ", err)

    def test_count_and_parse(self):
        self.assertEqual(self.run_searchc("-c", "harbour")[:2], (0, "2\n"))
        self.assertEqual(self.run_searchc("-c", "zebra")[:2], (1, "0\n"))
        self.assertEqual(self.run_searchc("--parse", '"Harbour  Lights" +dawn')[0], 0)

    def test_batch(self):
        status, out, err = self.run_searchc("--batch", "-", stdin="q1\tharbour\nq2\tzebra\n")
        replies = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([(r["qid"], len(r["hits"])) for r in replies], [("q1", 2), ("q2", 0)])
        self.assertEqual((status, err), (0, "searchc: q2: nothing found: zebra\n"))
        out = self.run_searchc("--batch", "-", "--format", "trec", stdin="q1\tdawn\n")[1]
        self.assertRegex(out, r"^q1 Q0 a 1 [0-9.e-]+ searchd\n$")

    def test_get_keeps_what_was_put(self):
        status, out, _ = self.run_searchc("--get", "a", "--format", "json")
        document = json.loads(out)
        self.assertEqual((status, document["body"], document["extra"]),
                         (0, DOCS[0]["body"], {"tweet": 1786412345678901234}))
        self.assertEqual(self.run_searchc("--get", document["doc"])[0], 0)
        self.assertEqual(self.run_searchc("--get", "nowhere")[0], 2)

    def test_refused_lines_are_named(self):
        lines = [{"uri": "x%d" % i, "body": "mooring", "date": "2025"} for i in range(5)]
        lines[2]["date"] = "2025-02-30"
        del lines[4]["body"]
        status, _, err = self.run_searchc("--put", "-",
                                          stdin="".join(json.dumps(d) + "\n" for d in lines))
        self.assertEqual(status, 4)
        self.assertIn("standard input:3: ", err)
        self.assertIn("standard input:5: ", err)
        self.assertEqual(self.run_searchc("-c", "mooring")[1], "3\n")
        self.assertEqual(self.run_searchc("--delete", "x0", "x1", "x3")[2], "3 deleted\n")
        self.assertEqual(self.run_searchc("-c", "mooring")[0], 1)

    def test_the_rest(self):
        self.assertEqual(self.run_searchc("--ping")[0], 0)
        self.assertEqual(self.run_searchc("--failed")[0], 1)
        self.assertTrue(json.loads(self.run_searchc("--stats")[1])["ok"])
        self.assertTrue(json.loads(self.run_searchc("--raw", '{"query":"dawn"}')[1])["ok"])
        self.assertEqual(self.run_searchc("--raw", '{"op":"nonsense"}')[0], 2)


if __name__ == "__main__":
    unittest.main()
