"""searchc --batch: order, formats, what is put off, what finds nothing."""

import json
import unittest

from cli.fake import Fake, error, hits


def answer(request):
    """Finds as many documents as the query says; "bad" is refused."""
    if request["query"] == "bad":
        return error("bad_query", "no")
    return hits(int(request["query"].split()[0]))


class Batch(unittest.TestCase):
    def run_batch(self, lines, *arguments, reply=answer):
        with Fake(reply) as fake:
            status, out, err = fake.run("--batch", "-", *arguments, stdin=lines.encode())
            return status, out.decode(), err, fake.requests

    def test_answers_come_in_order_with_qid_and_query(self):
        lines = "".join("q%d\t%d\n" % (i, i % 3) for i in range(500))
        status, out, err, requests = self.run_batch(lines)
        replies = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([(r["qid"], r["query"], r["total"]) for r in replies],
                         [("q%d" % i, str(i % 3), i % 3) for i in range(500)])
        self.assertEqual(err.count("nothing found"), 167)
        self.assertIn("searchc: q3: nothing found: 0\n", err)
        self.assertEqual((status, len(requests)), (0, 500))
        self.assertNotIn("limit", requests[0])

    def test_lines_without_qid_are_numbered_and_blank_ones_left_out(self):
        _, out, _, _ = self.run_batch("1\r\n\n2 x\n3")
        self.assertEqual([(r["qid"], r["query"]) for r in map(json.loads, out.splitlines())],
                         [("1", "1"), ("3", "2 x"), ("4", "3")])

    def test_trec_asks_for_a_thousand(self):
        status, out, _, requests = self.run_batch("a\t2\n\nb\t1\n", "--format", "trec")
        self.assertEqual(out, "a Q0 u0 1 10.5 searchd\na Q0 u1 2 9.5 searchd\n"
                              "b Q0 u0 1 10.5 searchd\n")
        self.assertEqual((status, requests[0]["limit"], requests[0]["snippets"]), (0, 1000, 0))
        self.assertEqual(self.run_batch("1", "--format", "trec", "-n", "7")[3][0]["limit"], 7)

    def test_filters_hold_for_every_line(self):
        _, out, _, requests = self.run_batch("1\n2\n", "--source", "P", "--match", "all")
        self.assertEqual([r["query"] for r in requests], ['1 source:"P"', '2 source:"P"'])
        self.assertEqual(json.loads(out.splitlines()[0])["query"], "1")
        self.assertEqual(requests[0]["match"], "all")

    def test_status_tells_the_worst(self):
        self.assertEqual(self.run_batch("0\n0\n")[0], 1)
        self.assertEqual(self.run_batch("")[0], 1)
        self.assertEqual(self.run_batch("0\n1\n")[0], 0)
        status, out, err, _ = self.run_batch("1\nq\tbad\n2\n")
        self.assertEqual((status, len(out.splitlines())), (2, 3))
        self.assertIn("searchc: q: bad_query: no\n", err)
        self.assertEqual(self.run_batch("1\n", reply=lambda r: hits(1, partial=True))[0], 5)
        self.assertEqual(self.run_batch("1\n2\n", reply=lambda r: None)[0], 3)

    def test_counting_is_finding(self):
        status, _, err, _ = self.run_batch("0\n7\n", "-n0",
                                           reply=lambda r: hits(0, total=int(r["query"])))
        self.assertEqual((status, err), (0, "searchc: 1: nothing found: 0\n"))

    def test_what_is_put_off_is_asked_again_and_keeps_its_place(self):
        seen = {}

        def busy_at_first(request):
            query = request["query"]
            seen[query] = seen.get(query, 0) + 1
            if int(query) % 5 == 2 and seen[query] == 1:
                return error("busy", retry_after_ms=1)
            return hits(1, took_us=int(query))

        lines = "".join("%d\n" % i for i in range(100))
        status, out, _, requests = self.run_batch(lines, reply=busy_at_first)
        self.assertEqual([json.loads(line)["took_us"] for line in out.splitlines()],
                         list(range(100)))
        self.assertEqual((status, len(requests)), (0, 120))

    def test_large_replies_do_not_stop_it(self):
        big = hits(200)
        big["hits"][0]["title"] = "x" * 2000000
        lines = "".join("q%d\t%s\n" % (i, "w" * 30000) for i in range(60))
        status, out, _, _ = self.run_batch(lines, "-n", "1", reply=lambda r: big)
        self.assertEqual((status, out.count("\n")), (0, 60))

    def test_a_file_that_is_not_there(self):
        with Fake(answer) as fake:
            status, _, err = fake.run("--batch", "/nonexistent")
        self.assertEqual(status, 2)
        self.assertIn("/nonexistent", err)


if __name__ == "__main__":
    unittest.main()
