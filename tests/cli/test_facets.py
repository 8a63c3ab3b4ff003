"""searchc --facets: what is asked, and the counts as people and programs read them."""

import json
import unittest

from cli.fake import Fake, error, hits

FACETS = {"source": [{"value": "The Guardian", "count": 1204}, {"value": "語報", "count": 12},
                     {"value": None, "count": 3}],
          "lang": [], "month": [{"value": "2025-08", "count": 4}]}


class Facets(unittest.TestCase):
    def run_searchc(self, *arguments, reply=None, facets=None, **more):
        reply = reply or hits(1, facets=FACETS if facets is None else facets)
        with Fake(lambda request: reply) as fake:
            status, out, err = fake.run(*arguments, **more)
            return status, out.decode(), err, fake.requests

    def test_names_are_sent_in_the_order_given(self):
        for text, names in (("month", ["month"]), ("year,type,lang", ["year", "type", "lang"]),
                            ("source,lang,type,year,month", "source lang type year month".split())):
            self.assertEqual(self.run_searchc("x", "--facets", text)[3],
                             [{"op": "search", "id": "searchc", "query": "x", "facets": names}])
        self.assertNotIn("facets", self.run_searchc("x")[3][0])

    def test_another_name_is_refused_with_the_choices(self):
        for bad in ("", "author", "lang,", ",lang", "lang,,type", "lang, type", "lan", "language",
                    "lang,author", "lang|type", "lang,type,lang"):
            status, out, err, requests = self.run_searchc("x", "--facets", bad)
            self.assertEqual((bad, status, out, requests), (bad, 2, "", []))
            self.assertIn("--facets: expected source|lang|type|year|month", err)

    def test_they_are_refused_where_they_cannot_be_shown(self):
        for flags in (["--format", "paths"], ["--format", "trec"], ["-l"], ["-c"], ["--parse"],
                      ["-l", "--format", "text"], ["-c", "--format", "json"]):
            status, out, err, requests = self.run_searchc("x", "--facets", "lang", *flags)
            self.assertEqual((flags, status, out, requests), (flags, 2, "", []))
            self.assertIn("--facets", err)
        for flags in (["--batch", "-", "--format", "trec"], ["--stats"]):
            self.assertEqual(self.run_searchc("--facets", "lang", *flags)[0], 2)

    def test_text_is_a_table_behind_the_hits(self):
        for form in ([], ["--format", "text"]):
            status, out, err, _ = self.run_searchc("x", "--facets", "source,lang,month", *form)
            self.assertEqual((status, err), (0, "1 document, 0.4 ms\n"))
            self.assertEqual(out, " 1  2024-05-02  Source  Title 0\n"
                                  "    u0\n\n"
                                  "source  The Guardian  1204\n"
                                  "        語報            12\n"
                                  "        (none)           3\n\n"
                                  "month   2025-08          4\n\n")

    def test_text_without_hits_is_the_table(self):
        reply = hits(0, total=7, total_all=7, facets={"lang": [{"value": "en", "count": 7}]})
        self.assertEqual(self.run_searchc("x", "-n0", "--facets", "lang", reply=reply)[:3],
                         (0, "lang  en  7\n\n", "7 documents, 0.4 ms\n"))
        reply = hits(0, facets={"lang": []})
        self.assertEqual(self.run_searchc("x", "--facets", "lang", reply=reply)[:3],
                         (1, "", "nothing found, 0.4 ms\n"))

    def test_colour_sets_off_the_names(self):
        out = self.run_searchc("x", "-n0", "--facets", "source", "--color", "always")[1]
        self.assertIn("\033[1msource\033[0m  The Guardian  1204\n"
                      "        語報            12\n"
                      "        \033[2m(none)\033[0m           3\n", out)

    def test_a_long_value_is_cut_to_the_width(self):
        for value, shown in (("x" * 200, "x" * 25), ("語" * 200, "語" * 12)):
            items = [{"value": value, "count": 10}, {"value": "Post", "count": 9}]
            out = self.run_searchc("x", "--facets", "lang", facets={"lang": items},
                                   env={"COLUMNS": "36"})[1]
            lines = out.split("\n\n")[1].split("\n")
            self.assertEqual(lines[0].split(), ["lang", shown + "…", "10"])
            width = sum(2 if char == "語" else 1 for char in lines[0])
            self.assertEqual((width, len(lines[1])), (36, 36))
            self.assertEqual(lines[1].split(), ["Post", "9"])

    def test_values_command_no_terminal(self):
        evil = "a\x1b[31m\u202e\n\t\u009bz"
        out = self.run_searchc("x", "--facets", "source",
                               facets={"source": [{"value": evil, "count": 1}]})[1]
        self.assertIn("source  a\\x1b[31m\\u202e\\x0a\\x09\\u009bz  1\n", out)

    def test_columns(self):
        facets = dict(FACETS, lang=[{"value": "a\tb\nc\\", "count": 2}])
        reply = hits(1, facets=facets)
        self.assertEqual(self.run_searchc("x", "--facets", "source", "--format", "tsv",
                                          reply=reply)[1],
                         "1\t10.5\t2024-05-02\tSource\tTitle 0\tu0\n"
                         "facet\tsource\tThe Guardian\t1204\n"
                         "facet\tsource\t語報\t12\n"
                         "facet\tsource\t\t3\n"
                         "facet\tlang\ta\\tb\\nc\\\\\t2\n"
                         "facet\tmonth\t2025-08\t4\n")

    def test_json_is_the_reply_and_jsonl_ends_with_them(self):
        reply = hits(2, facets=FACETS)
        out = self.run_searchc("x", "--facets", "lang", "--format", "json", reply=reply)[1]
        self.assertEqual(json.loads(out), reply)
        out = self.run_searchc("x", "--facets", "lang", "--format", "jsonl", reply=reply)[1]
        self.assertEqual([json.loads(line) for line in out.splitlines()],
                         reply["hits"] + [{"facets": FACETS}])
        out = self.run_searchc("x", "--format", "jsonl", reply=reply)[1]
        self.assertEqual([json.loads(line) for line in out.splitlines()], reply["hits"])

    def test_what_is_no_table_of_facets_does_no_harm(self):
        for odd in (None, 7, [], {}, {"lang": None}, {"lang": {}}, {"lang": [None, 7, {}]},
                    {"lang": [{"value": 7, "count": "x"}]}):
            for form in ("text", "tsv", "jsonl"):
                status, _, err, _ = self.run_searchc("x", "--facets", "lang", "--format", form,
                                                     reply=hits(1, facets=odd))
                self.assertEqual((status, "Sanitizer" in err), (0, False))

    def test_a_refusal_is_told(self):
        status, _, err, _ = self.run_searchc("x", "--facets", "lang",
                                             reply=error("unknown_param", "no facets"))
        self.assertEqual((status, err), (2, "searchc: unknown_param: no facets\n"))

    def test_a_batch_asks_for_them_in_every_line(self):
        def answer(request):
            return hits(1, facets={"year": [{"value": request["query"], "count": 1}]})

        with Fake(answer) as fake:
            lines = "".join("q%d\t%d\n" % (i, i) for i in range(100))
            status, out, _ = fake.run("--batch", "-", "--facets", "year", stdin=lines.encode())
            requests = fake.requests
        replies = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([r["facets"]["year"][0]["value"] for r in replies],
                         [str(i) for i in range(100)])
        self.assertEqual([r["qid"] for r in replies], ["q%d" % i for i in range(100)])
        self.assertEqual((status, [r["facets"] for r in requests]), (0, [["year"]] * 100))


if __name__ == "__main__":
    unittest.main()
