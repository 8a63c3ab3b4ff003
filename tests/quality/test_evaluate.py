"""evaluate.py against an example worked by hand, and at its edges."""

import contextlib
import io
import math
import os
import tempfile
import unittest

from quality import evaluate

QRELS = """\
a\td1\t3
a\td2\t2
a\td3\t1
a\td4\t0
b\te1\t1
b\te2\t1
c\tf1\t2
d\tg1\t0
"""

RUN = """\
a Q0 d2 1 9.5 x
a Q0 d9 2 7.25 x
a Q0 d1 3 7 x
a Q0 d4 4 1e-3 x
b Q0 e9 1 4 x
b Q0 e1 2 3 x
d Q0 g1 1 2 x
"""

# Worked by hand. 1/log2(2) = 1; 1/log2(3) = 1/1.584962500721156 = 0.6309297535714574;
# 1/log2(4) = 0.5; 1/log2(5) = 0.43067655807339306.
#
# a: found d2 (grade 2), d9 (not judged: 0), d1 (3), d4 (0); d3 (1) is not found.
#    DCG   = 2 * 1 + 0 * 0.6309297535714574 + 3 * 0.5 + 0 * 0.43067655807339306 = 3.5
#    ideal = 3 * 1 + 2 * 0.6309297535714574 + 1 * 0.5
#          = 3 + 1.261859507142915 + 0.5 = 4.761859507142915
#    nDCG  = 3.5 / 4.761859507142915 = 0.7350069851388744
#    precision at d2 = 1/1, at d1 = 2/3; AP = (1 + 2/3) / 3 = 5/9 = 0.5555555555555556
#    2 of the first 10 are relevant: P@10 = 0.2; 2 of 3 are found: recall = 0.6666666666666666
#    the first relevant one has rank 1: reciprocal 1
# b: found e9 (not judged), e1 (1); e2 (1) is not found.
#    DCG   = 1 * 0.6309297535714574
#    ideal = 1 * 1 + 1 * 0.6309297535714574 = 1.6309297535714574
#    nDCG  = 0.6309297535714574 / 1.6309297535714574 = 0.38685280723454163
#    precision at e1 = 1/2; AP = (1/2) / 2 = 0.25
#    P@10 = 0.1; recall = 0.5; reciprocal 1/2
# c: nothing is found: all 0.
# d: no document is relevant: it does not count.
#
# Means over a, b and c:
#    nDCG@10    = (0.7350069851388744 + 0.38685280723454163 + 0) / 3
#               = 1.121859792373416 / 3 = 0.373953264124472
#    MAP        = (0.5555555555555556 + 0.25 + 0) / 3 = 0.8055555555555556 / 3 = 0.26851851851851855
#    P@10       = (0.2 + 0.1 + 0) / 3 = 0.1
#    Recall@100 = (0.6666666666666666 + 0.5 + 0) / 3 = 1.1666666666666667 / 3 = 0.3888888888888889
#    MRR        = (1 + 0.5 + 0) / 3 = 0.5
WORKED = {
    "a": {"nDCG@10": 0.7350069851388744, "MAP": 0.5555555555555556, "P@10": 0.2,
          "Recall@100": 0.6666666666666666, "MRR": 1.0},
    "b": {"nDCG@10": 0.38685280723454163, "MAP": 0.25, "P@10": 0.1, "Recall@100": 0.5, "MRR": 0.5},
    "c": {"nDCG@10": 0.0, "MAP": 0.0, "P@10": 0.0, "Recall@100": 0.0, "MRR": 0.0},
}
WORKED_MEAN = {"nDCG@10": 0.373953264124472, "MAP": 0.26851851851851855, "P@10": 0.1,
               "Recall@100": 0.3888888888888889, "MRR": 0.5}


class Files(unittest.TestCase):
    """A folder to write files to."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def qrels(self, content):
        return evaluate.read_qrels(self.write("qrels", content))

    def run_of(self, content):
        return evaluate.read_run(self.write("run", content))

    def assert_close(self, found, wanted):
        self.assertEqual(found.keys(), wanted.keys())
        for name, value in wanted.items():
            self.assertAlmostEqual(found[name], value, delta=1e-12, msg=name)


class Worked(Files):
    def test_each_query_and_the_mean(self):
        scores = evaluate.evaluate(self.qrels(QRELS), self.run_of(RUN))
        self.assertEqual(list(scores), ["a", "b", "c"])
        for qid, wanted in WORKED.items():
            self.assert_close(scores[qid], wanted)
        self.assert_close(evaluate.mean(scores), WORKED_MEAN)

    def test_gains_and_discounts(self):
        self.assertAlmostEqual(evaluate.dcg([2, 0, 3, 0]), 3.5, delta=1e-12)
        self.assertAlmostEqual(evaluate.dcg([3, 2, 1]), 4.761859507142915, delta=1e-12)
        self.assertAlmostEqual(evaluate.dcg([0, 1]), 0.6309297535714574, delta=1e-12)
        self.assertEqual(evaluate.dcg([]), 0)

    def test_trec_qrels_say_the_same(self):
        trec = "".join("%s 0 %s %s\n" % tuple(line.split("\t")) for line in QRELS.splitlines())
        self.assertEqual(self.qrels(trec), self.qrels(QRELS))


class Edges(Files):
    def measure(self, judged, found):
        return evaluate.measure(judged, found)

    def test_a_perfect_list(self):
        judged = {"x": 1, "y": 3, "z": 2}
        self.assert_close(self.measure(judged, ["y", "z", "x"]),
                          {"nDCG@10": 1, "MAP": 1, "P@10": .3, "Recall@100": 1, "MRR": 1})

    def test_nothing_found_is_zero_and_counts(self):
        scores = evaluate.evaluate(self.qrels("a\tx\t1\nb\ty\t1\n"), self.run_of("a Q0 x 1 1 t\n"))
        self.assertEqual(evaluate.mean(scores),
                         {"nDCG@10": .5, "MAP": .5, "P@10": .05, "Recall@100": .5, "MRR": .5})
        self.assertEqual(self.run_of(""), {})
        empty = evaluate.evaluate(self.qrels("a\tx\t1\n"), {})
        self.assertEqual(set(evaluate.mean(empty).values()), {0.0})

    def test_more_relevant_documents_than_the_cut(self):
        judged = {"r%d" % i: 1 for i in range(20)}
        found = ["r%d" % i for i in range(15)]
        # The ideal is cut at 10 as well; of the 20, 15 are found, each with precision 1.
        self.assert_close(self.measure(judged, found),
                          {"nDCG@10": 1, "MAP": .75, "P@10": 1, "Recall@100": .75, "MRR": 1})

    def test_what_lies_behind_the_cuts(self):
        judged = {"x": 2}
        for rank, p, recall, ap in ((10, .1, 1, 1 / 10), (11, 0, 1, 1 / 11), (100, 0, 1, 1 / 100),
                                    (101, 0, 0, 1 / 101), (1000, 0, 0, 1 / 1000), (1001, 0, 0, 0)):
            with self.subTest(rank=rank):
                found = ["n%d" % i for i in range(1, rank)] + ["x"]
                self.assert_close(self.measure(judged, found),
                                  {"nDCG@10": 1 / math.log2(11) if rank == 10 else 0, "MAP": ap,
                                   "P@10": p, "Recall@100": recall, "MRR": ap})

    def test_grades_of_zero_and_less_are_not_relevant(self):
        judged = {"x": 1, "zero": 0, "less": -2}
        # At rank 3: 1/log2(4) = 0.5 of an ideal 1; what stands before gains and costs nothing.
        self.assert_close(self.measure(judged, ["zero", "less", "x"]),
                          {"nDCG@10": .5, "MAP": 1 / 3, "P@10": .1, "Recall@100": 1, "MRR": 1 / 3})

    def test_documents_not_judged_hold_their_places(self):
        with_gap = self.measure({"x": 1, "y": 1}, ["x", "unknown", "y"])
        # AP = (1/1 + 2/3) / 2
        self.assertAlmostEqual(with_gap["MAP"], 5 / 6, delta=1e-12)

    def test_queries_without_relevant_documents_do_not_count(self):
        qrels = self.qrels("a\tx\t1\nnone\tx\t0\n")
        scores = evaluate.evaluate(qrels, self.run_of("none Q0 x 1 1 t\na Q0 x 1 1 t\n"))
        self.assertEqual(list(scores), ["a"])

    def test_queries_not_judged_do_not_count(self):
        scores = evaluate.evaluate(self.qrels("a\tx\t1\n"),
                                   self.run_of("a Q0 x 1 1 t\nother Q0 x 1 1 t\n"))
        self.assertEqual(evaluate.mean(scores)["MAP"], 1)

    def test_the_rank_column_orders_not_scores_nor_lines(self):
        run = self.run_of("q Q0 third 30 9 t\nq Q0 first 0 1 t\nq Q0 second 4 5 t\n")
        self.assertEqual(run, {"q": ["first", "second", "third"]})

    def test_equal_scores_stand_as_ranked(self):
        run = self.run_of("q Q0 b 1 5 t\nq Q0 a 2 5 t\nq Q0 c 3 5.0 t\n")
        self.assertEqual(run["q"], ["b", "a", "c"])


class Formats(Files):
    def assert_bad(self, read, content, line, says):
        path = self.write("file", content)
        with self.assertRaises(evaluate.BadFile) as caught:
            read(path)
        self.assertTrue(str(caught.exception).startswith("%s:%d: " % (path, line)),
                        caught.exception)
        self.assertIn(says, str(caught.exception))

    def test_bad_runs_name_file_and_line(self):
        good = "q Q0 a 1 2.5 t\n"
        for line, says in (("q Q0 a 2 1 t", "a stands twice"),
                           ("q Q0 b 1 1 t", "rank 1 stands twice"), ("q Q0 b 2 1", "5 columns"),
                           ("q Q0 b 2 1 t u", "7 columns"),
                           ("q Q0 b two 1 t", "rank 'two'"), ("q Q0 b -1 1 t", "rank '-1'"),
                           ("q Q0 b 1.5 1 t", "rank '1.5'"), ("q Q0 b 2 high t", "score 'high'"),
                           ("q Q0 b 2 nan t", "score 'nan'"), ("q Q0 b 2 inf t", "score 'inf'")):
            with self.subTest(line=line):
                self.assert_bad(evaluate.read_run, good + "\n" + line + "\n", 3, says)
        self.assert_bad(evaluate.read_run, good.encode() + b"q Q0 \xff 2 1 t\n", 2, "UTF-8")

    def test_bad_judgements_name_file_and_line(self):
        for line, says in (("q\ta\t1", "a is judged twice for query q"), ("q\tb", "2 columns"),
                           ("q\t0\tb\t1", "4 columns"), ("q\tb\tgood", "grade 'good'"),
                           ("q\tb\t0.5", "grade '0.5'")):
            with self.subTest(line=line):
                self.assert_bad(evaluate.read_qrels, "q\ta\t2\n" + line + "\n", 2, says)
        self.assert_bad(evaluate.read_qrels, "q a\n", 1, "2 columns")

    def test_judgements_must_judge_something(self):
        for content in ("", "q\ta\t0\n"):
            with self.assertRaisesRegex(evaluate.BadFile, "judges no document relevant"):
                self.qrels(content)

    def test_a_file_that_is_not_there(self):
        path = os.path.join(self.folder, "none")
        for read in (evaluate.read_qrels, evaluate.read_run):
            with self.assertRaisesRegex(evaluate.BadFile, "none: No such file"):
                read(path)

    def test_line_ends_blank_lines_and_a_byte_order_mark(self):
        self.assertEqual(self.qrels(b"\xef\xbb\xbfq\ta\t1\r\n\r\n  \nq\tb\t2"),
                         {"q": {"a": 1, "b": 2}})

    def test_the_same_key_under_two_queries(self):
        self.assertEqual(self.run_of("p Q0 a 1 1 t\nq Q0 a 1 1 t\n"), {"p": ["a"], "q": ["a"]})

    def test_keys_in_other_scripts(self):
        self.assertEqual(self.run_of("q Q0 a\u00a0b\u2003c 1 1 t\n")["q"], ["a\u00a0b\u2003c"])


class Compare(unittest.TestCase):
    def test_p_is_exact_in_small(self):
        # Two queries, both better by .5. The sums of the 4 draws are 1, 0, 0 and -1: half of them
        # are as far from 0 as the 1 seen.
        self.assertAlmostEqual(evaluate.p_value([.5, .5]), .5, delta=.02)
        # Eight queries: 2 of 256 draws.
        self.assertAlmostEqual(evaluate.p_value([.25] * 8), 2 / 256, delta=.003)

    def test_no_difference_is_no_evidence(self):
        self.assertEqual(evaluate.p_value([0, 0, 0]), 1)
        self.assertEqual(evaluate.p_value([]), 1)
        self.assertEqual(evaluate.p_value([.1, -.1]), 1)

    def test_the_same_call_gives_the_same_p(self):
        differences = [.1, -.02, .3, .07, -.15, .01]
        self.assertEqual(evaluate.p_value(differences), evaluate.p_value(differences))
        self.assertEqual(evaluate.p_value(differences),
                         evaluate.p_value([-value for value in differences]))

    def test_p_is_never_zero(self):
        self.assertEqual(evaluate.p_value([.1] * 100), 1 / (evaluate.ROUNDS + 1))

    def test_differences_are_b_less_a(self):
        qrels = {"p": {"x": 1}, "q": {"y": 1}}
        a = evaluate.evaluate(qrels, {"p": ["x"]})
        b = evaluate.evaluate(qrels, {"p": ["x"], "q": ["n", "y"]})
        difference = evaluate.compare(a, b, rounds=100)
        self.assertAlmostEqual(difference["MAP"][0], .25, delta=1e-12)
        self.assertEqual(difference["MAP"][1], 1)


class Command(Files):
    def command(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = evaluate.main(list(arguments))
            except SystemExit as end:
                status = end.code
        return status, out.getvalue(), err.getvalue()

    def setUp(self):
        super().setUp()
        self.judged = self.write("qrels.tsv", QRELS)
        self.first = self.write("first", RUN)
        self.second = self.write("second", "a Q0 d1 1 1 x\nc Q0 f1 1 1 x\n")

    def test_a_line_a_run(self):
        status, out, err = self.command(self.judged, self.first, self.second)
        lines = out.splitlines()
        self.assertEqual((status, len(lines), err), (0, 3, ""))
        self.assertEqual(lines[0].split(), ["run", "queries", *evaluate.MEASURES])
        self.assertEqual(lines[1].split(), [self.first, "3", "0.3740", "0.2685", "0.1000", "0.3889",
                                            "0.5000"])

    def test_a_line_a_query(self):
        status, out, _ = self.command(self.judged, self.first, "--per-query")
        rows = [line.split() for line in out.splitlines()[1:]]
        self.assertEqual((status, [row[1] for row in rows]), (0, ["a", "b", "c", "3"]))
        self.assertEqual(rows[0][3], "0.7350")

    def test_two_runs_compared(self):
        status, out, _ = self.command(self.judged, "--compare", self.first, self.second)
        rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
        self.assertEqual(status, 0)
        # MRR: 1, 0.5, 0 against 1, 0, 1: (0 - 0.5 + 1) / 3
        self.assertEqual(rows["difference"][-1], "+0.1667")
        self.assertEqual(rows["better/worse"][-1], "1/1")
        self.assertEqual(rows["p"][-1], "1.0000")

    def test_queries_without_judgements_are_told(self):
        extra = self.write("extra", RUN + "zz Q0 d1 1 1 x\n")
        status, _, err = self.command(self.judged, extra)
        self.assertEqual(status, 0)
        self.assertIn("extra: 1 queries without judgements", err)

    def test_faults_are_told_on_one_line(self):
        bad = self.write("bad", "a Q0 d1 1 x\n")
        status, out, err = self.command(self.judged, bad)
        self.assertEqual((status, out), (2, ""))
        self.assertEqual(err, "evaluate.py: %s:1: has 5 columns, not 6\n" % bad)

    def test_what_does_not_go_together(self):
        for arguments in ([self.judged], [self.judged, self.first, "--compare", "a", "b"],
                          [self.judged, "--compare", "a", "b", "--per-query"]):
            self.assertEqual(self.command(*arguments)[0], 2, arguments)


if __name__ == "__main__":
    unittest.main()
