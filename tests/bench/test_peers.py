"""The frame of the comparison with peers: questions from a corpus, the library's rows, tables."""

import contextlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest

from bench.peers import prepare, table, timed

BENCH = os.path.join(os.environ.get("SEARCHD_BIN_DIR", "build/dev/bin"), "bench")
DOCS = 4000


def made_up_docs():
    """Two common words, ten in a few of a hundred documents, many rare ones."""
    rng = random.Random(5)
    for number in range(1, DOCS + 1):
        words = [f"common{c}" for c in "ab" if rng.random() < 0.6]
        words += [f"middle{c}" for c in "abcdefghij" if rng.random() < 0.03]
        words += [f"rare{rng.randrange(8000):x}" for _ in range(4)]
        words += ["outcome" + rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(2)]
        rng.shuffle(words)
        yield {"id": number, "title": f"Head {rng.choice(words)}", "body": " ".join(words)}


def write_corpus(folder):
    path = os.path.join(folder, "docs.jsonl")
    with open(path, "w", encoding="utf-8") as out:
        for doc in made_up_docs():
            out.write(json.dumps(doc) + "\n")
    return path


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def lines_of(path):
    return [line.split("\t") for line in read(path).splitlines()]


class Corpus(unittest.TestCase):
    """With a corpus, its questions, and each document as lists of words."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.corpus = write_corpus(cls.folder)
        prepare.prepare(cls.corpus, 3, cls.folder)
        cls.questions = lines_of(os.path.join(cls.folder, "queries.tsv"))
        # Title and body as text with a space at each end, and all words.
        cls.docs = [(f" {t} ", f" {b} ", set(f"{t} {b}".split()))
                    for _, t, b in lines_of(os.path.join(cls.folder, "docs.tsv"))]
        cls.counted = {}

    def matches(self, kind, words):
        """How many documents a question matches, counted the slow way, once."""
        key = (kind, *words)
        if key not in self.counted:
            self.counted[key] = sum(self.one_matches(kind, words, *doc) for doc in self.docs)
        return self.counted[key]

    @staticmethod
    def one_matches(kind, words, title, body, both):
        if kind.startswith("phrase"):
            run = f" {' '.join(words)} "
            return run in title or run in body
        if kind == "prefix":
            return any(f" {words[0]}" in field for field in (title, body))
        return (all if kind.startswith("and") else any)(w in both for w in words)


class TestPrepare(Corpus):
    def test_every_kind_has_questions_and_every_question_a_hit(self):
        self.assertEqual([k for k in prepare.KINDS],
                         list(dict.fromkeys(kind for kind, *_ in self.questions)))
        for kind, *words in self.questions:
            self.assertGreater(self.matches(kind, words), 0, (kind, words))

    def test_words_are_of_the_band_that_the_kind_says(self):
        for kind, *words in self.questions:
            share = self.matches(kind, words) / DOCS
            if kind == "term_high":
                self.assertGreaterEqual(share, 0.2, words)
            if kind == "term_mid":
                self.assertTrue(0.01 <= share <= 0.05, words)
            if kind == "term_low":
                self.assertLessEqual(share, 0.001, words)

    def test_a_seed_gives_the_same_questions_again_and_another_seed_others(self):
        name = os.path.join(self.folder, "again")
        prepare.prepare(self.corpus, 3, name)
        self.assertEqual(lines_of(os.path.join(name, "queries.tsv")), self.questions)
        prepare.prepare(self.corpus, 4, name)
        self.assertNotEqual(lines_of(os.path.join(name, "queries.tsv")), self.questions)

    def test_documents_become_lower_case_words(self):
        self.assertEqual(self.docs[0][0][:6], " head ")
        self.assertEqual(len(self.docs), DOCS)

    def test_a_line_that_is_no_document_is_named(self):
        path = os.path.join(self.folder, "wrong.jsonl")
        with open(path, "w", encoding="utf-8") as out:
            out.write('{"body":"fine"}\n{"title":"no body"}\n')
        with self.assertRaisesRegex(SystemExit, "wrong.jsonl:2: not a JSON object with a body"):
            prepare.prepare(path, 1, os.path.join(self.folder, "w"))


@unittest.skipUnless(os.access(BENCH, os.X_OK), f"there is no {BENCH}: build it first")
class TestRows(Corpus):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        index = os.path.join(cls.folder, "index")
        cls.hits = os.path.join(cls.folder, "x")
        questions = os.path.join(cls.folder, "queries.tsv")
        subprocess.run([BENCH, "index", cls.corpus, index], check=True, stdout=subprocess.DEVNULL)
        done = subprocess.run([BENCH, "rows", index, questions, "1", "0", cls.hits], check=True,
                              stdout=subprocess.PIPE, text=True)
        cls.index = index
        cls.rows = [line.split("\t") for line in done.stdout.splitlines()]

    def test_there_is_a_row_for_each_variant_kind_and_mode(self):
        variants = list(dict.fromkeys(row[0] for row in self.rows))
        self.assertIn("searchd", variants)
        self.assertIn("searchd-forms", variants)
        modes = list(dict.fromkeys(row[2] for row in self.rows))
        self.assertEqual(modes[:2], ["top10", "total"])
        wanted = [[variant, kind, mode] for variant in variants
                  for kind in prepare.KINDS for mode in modes]
        self.assertEqual([row[:3] for row in self.rows], wanted)
        for *_, mid, high in self.rows:
            self.assertTrue(0 < float(mid) <= float(high), (mid, high))

    def test_quoted_questions_find_as_many_as_counting_does(self):
        for kind, words, total, ids in lines_of(self.hits + ".searchd.hits"):
            self.assertEqual(int(total), self.matches(kind, words.split(" ")), (kind, words))
            self.assertEqual(len(ids.split(",")), min(10, int(total)))

    def test_a_wrong_line_of_questions_is_named(self):
        path = os.path.join(self.folder, "wrong.tsv")
        with open(path, "w", encoding="utf-8") as out:
            out.write("term_mid\tfine\nterm_mid\n")
        done = subprocess.run([BENCH, "rows", self.index, path], check=False,
                              stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("line 2 is not kind TAB word", done.stderr)


@unittest.skipUnless(os.access(BENCH, os.X_OK), f"there is no {BENCH}: build it first")
class TestRun(Corpus):
    def run_sh(self, **variables):
        script = os.path.join(os.path.dirname(prepare.__file__), "run.sh")
        source = os.path.join(self.folder, "corpus")
        os.makedirs(source, exist_ok=True)
        if not os.path.exists(os.path.join(source, "docs.jsonl")):
            os.link(self.corpus, os.path.join(source, "docs.jsonl"))
        work = os.path.join(self.folder, "work")
        return work, subprocess.run(
            ["sh", script, source, work, "2", "1", "0"], check=False, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "BIN": os.path.dirname(os.path.abspath(BENCH)), **variables})

    def test_an_engine_that_cannot_be_built_is_told_and_the_others_are_asked(self):
        work, done = self.run_sh(ENGINES="other searchd")
        self.assertEqual(done.returncode, 1)
        self.assertIn("SKIPPED other", done.stdout)
        told = read(os.path.join(work, "table.md"))
        self.assertIn("| kind | searchd | ", told)
        self.assertIn("| searchd | searchd-forms | ", told)
        rows = lines_of(os.path.join(work, "results.tsv"))
        self.assertEqual(sum(row[:3] == ["searchd", "prefix", "total"] for row in rows), 2)

        # Once more: what is indexed stays, and so does what others took; its own rows are made anew.
        with open(os.path.join(work, "results.tsv"), "a", encoding="utf-8") as out:
            out.write("other\tterm_mid\ttop10\t1\t2\n")
        before = read(os.path.join(work, "index.tsv"))
        work, done = self.run_sh(ENGINES="searchd")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(read(os.path.join(work, "index.tsv")), before)
        again = lines_of(os.path.join(work, "results.tsv"))
        self.assertEqual(again[0], ["other", "term_mid", "top10", "1", "2"])
        self.assertEqual(len(again), 1 + len(rows))
        self.assertRegex(read(os.path.join(work, "table.md")),
                         r"\| kind \| searchd \| .*searchd-forms .*\| other \|")


class TestTable(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, lines):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.writelines("\t".join(line.split()) + "\n" for line in lines)
        return path

    def test_a_figure_is_the_median_of_its_passes(self):
        figures = table.passes_joined(table.read_rows(self.write("r.tsv", [
            "one term top10 1 9", "one term top10 3 7", "one term top10 2 50"]), 5))
        self.assertEqual(figures, {("one", "term", "top10"): (2.0, 9.0)})

    def test_the_faster_way_to_a_total_counts(self):
        figures = {("one", "term", "total"): (2.0, 3.0), ("one", "term", "total_count"): (1.0, 9.0)}
        self.assertEqual(table.figure(figures, "one", "term", "total"), (1.0, 9.0))
        self.assertEqual(table.figure(figures, "one", "term", "top10"), (2.0, 3.0))
        self.assertIsNone(table.figure(figures, "one", "term", "page"))

    def test_all_of_a_run_is_told(self):
        self.write("results.tsv", ["one term top10 1 2", "two term top10 20 30",
                                   "two prefix top10 5 6"])
        self.write("index.tsv", ["one 10.5 20.1 300 40"])
        self.write("hits/one.hits", ["term a 3 1,2,3"])
        self.write("hits/two.hits", ["term a 3 1,3,4"])
        out = io.StringIO()
        made = os.path.join(self.folder, "out.tsv")
        with contextlib.redirect_stdout(out):
            self.assertEqual(table.main([self.folder, made]), 0)
        told = out.getvalue()
        self.assertIn("| term | 1.000 (2.000) | 20.0 (30.0) |", told)
        self.assertIn("| prefix |  | 5.000 (6.000) |", told)
        self.assertIn("| one | 10.5 | 20.1 | 300 | 40 |", told)
        self.assertIn("| one | two | 1 of 1 | 0.67 |", told)
        self.assertEqual(read(made).splitlines()[1], "two\tterm\ttop10\t20.0000\t30.0000")

    def test_a_row_with_too_few_columns_is_named(self):
        path = self.write("r.tsv", ["one term top10 1 9", "one term"])
        with self.assertRaisesRegex(SystemExit, "r.tsv:2: has 2 columns, expected 5"):
            table.read_rows(path, 5)


class TestTimed(unittest.TestCase):
    def test_a_command_that_goes_well_gets_a_line_and_another_none(self):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "t.tsv")
            with open(os.path.join(folder, "data"), "w", encoding="utf-8") as file:
                file.write("x" * 3000000)
            ok = timed.main([out, "name", folder, sys.executable, "-c", "pass"])
            self.assertEqual(ok, 0)
            name, wall, cpu, peak, disk = lines_of(out)[0]
            self.assertEqual((name, disk), ("name", "3"))
            self.assertTrue(float(wall) >= 0 and float(cpu) >= 0 and float(peak) > 1)
            bad = timed.main([out, "name", folder, sys.executable, "-c", "raise SystemExit(3)"])
            self.assertEqual(bad, 1)
            self.assertEqual(len(lines_of(out)), 1)


if __name__ == "__main__":
    unittest.main()
