"""The index of a running daemon in the sqlite3 shell."""

import json
import os
import subprocess
import unittest

from support.daemon import Daemon

EXTENSION = os.environ["SEARCHD_FTS5"]

DOCS = {
    "english": ("Quiet ferries", "The harbour's ferries leave hourly. An e-mail says so."),
    "email": ("", "Write an email to the harbour master."),
    "cpp": ("", "Modern C++ design, and what it owes to older languages."),
    "c": ("", "The C language is older."),
    "bengali": ("নদী", "ঢাকা বাংলাদেশের রাজধানী।"),
    "arabic": ("", "كَتَبَ الطَّالِبُ رِسَالَةً."),
    "sign": ("", "قال محمد ﷺ ذلك"),
    "chinese": ("", "我们住在北京市的中心。"),
    "thai": ("", "ฉันรักประเทศไทยมาก"),
    "german": ("", "Die Straße führt zum Hafen."),
}

# What is asked, which documents have it, and what highlight() marks in the body of the first.
TABLE = (
    ("ferries", ["english"], "The harbour's [ferries] leave hourly. An e-mail says so."),
    ("harbours", ["english"], "The [harbour's] ferries leave hourly. An e-mail says so."),
    ('"e-mail"', ["english"], "The harbour's ferries leave hourly. An [e-mail] says so."),
    ("email", ["email", "english"], "Write an [email] to the harbour master."),
    ('"c++"', ["cpp"], "Modern [C++] design, and what it owes to older languages."),
    ('"modern C++ design"', ["cpp"],
     "[Modern C++ design], and what it owes to older languages."),
    ("c", ["c", "cpp"], "The [C] language is older."),
    ("ঢাকা", ["bengali"], "[ঢাকা] বাংলাদেশের রাজধানী।"),
    ("كتب", ["arabic"], "[كَتَبَ] الطَّالِبُ رِسَالَةً."),
    ("عليه", ["sign"], None),
    ("北京", ["chinese"], "我们住在[北京]市的中心。"),
    ("京", ["chinese"], "我们住在北[京]市的中心。"),
    ("京北", [], None),
    ("北京*", ["chinese"], "我们住在[北京]市的中心。"),
    ("ไทย", ["thai"], "ฉันรักประเทศ[ไทย]มาก"),
    ("ประเทศไทย", ["thai"], "ฉันรัก[ประเทศไทย]มาก"),
    ("STRASSE", ["german"], "Die [Straße] führt zum Hafen."),
    ("title : ferries", ["english"], None),
    ("body : quiet", [], None),
    ("ferr*", ["english"], None),
    ('"!!"', [], None),
)


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


class Shell(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.addClassCleanup(cls.daemon.clean)
        cls.daemon.start()
        cls.daemon.put([{"uri": uri, "title": title, "body": body}
                        for uri, (title, body) in DOCS.items()])
        cls.index = os.path.join(cls.daemon.data, "default", "index.db")

    def shell(self, *lines, path=None, options=("-readonly",)):
        """Runs lines behind a .load; returns the exit status, the rows, and what was complained."""
        text = "\n".join((f".load {EXTENSION}",) + lines) + "\n"
        done = subprocess.run(["sqlite3", "-json", "-bail", *options, path or self.index],
                              input=text, capture_output=True, text=True, timeout=60, check=False)
        rows = [row for part in done.stdout.split("]\n") if part.strip()
                for row in json.loads(part + "]")]
        return done.returncode, rows, done.stderr

    def rows(self, *lines, **how):
        status, rows, complaint = self.shell(*lines, **how)
        self.assertEqual((status, complaint), (0, ""))
        return rows

    def assert_fails(self, why, *lines, **how):
        status, _, complaint = self.shell(*lines, **how)
        self.assertEqual(status, 1)
        self.assertIn(why, complaint)

    def copy(self, name):
        path = os.path.join(self.daemon.home, name)
        self.rows(f".backup {path}")
        return path

    def test_words_of_many_scripts_are_found_and_marked_whole(self):
        for asked, uris, marked in TABLE:
            with self.subTest(asked):
                rows = self.rows("SELECT uri, highlight(fts, 1, '[', ']') AS marked,"
                                 " snippet(fts, 1, '[', ']', '...', 64) AS part"
                                 " FROM fts JOIN doc ON doc.id = fts.rowid"
                                 f" WHERE fts MATCH {quoted(asked)} ORDER BY rank;")
                self.assertEqual(sorted(row["uri"] for row in rows), uris)
                if marked:
                    found = {row["uri"]: row for row in rows}[uris[0]]
                    self.assertEqual((found["marked"], found["part"]), (marked, marked))

    def test_a_sign_of_several_words_is_not_repeated(self):
        rows = self.rows("SELECT highlight(fts, 1, '[', ']') AS marked FROM fts"
                         " WHERE fts MATCH 'الله OR عليه OR وسلم';")
        self.assertEqual(rows[0]["marked"].replace("[", "").replace("]", ""), DOCS["sign"][1])

    def test_scores_are_those_of_the_daemon(self):
        for word in ("harbour", "ferries", "the", "older"):
            reply = self.daemon.request({"query": f'"{word}"', "limit": 100})
            wanted = {hit["uri"]: hit["score"] for hit in reply["hits"]}
            rows = self.rows("SELECT uri, searchd_rank(fts) AS score FROM fts"
                             f" JOIN doc ON doc.id = fts.rowid WHERE fts MATCH '{word}';")
            self.assertEqual({row["uri"] for row in rows}, set(wanted))
            for row in rows:
                self.assertAlmostEqual(-row["score"], wanted[row["uri"]], delta=1e-9)

    def test_best_is_first_either_way(self):
        asked = "SELECT rowid AS id FROM fts WHERE fts MATCH 'the OR harbour OR c' "
        plain = self.rows(asked + "ORDER BY searchd_rank(fts), rowid;")
        sorted_by_fts5 = self.rows(asked + "AND rank MATCH 'searchd_rank()' ORDER BY rank, rowid;")
        self.assertEqual(plain, sorted_by_fts5)
        self.assertGreater(len(plain), 3)

    def test_vocabulary(self):
        rows = self.rows("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, fts, row);",
                         "SELECT term, doc, cnt FROM words WHERE term = 'older';")
        self.assertEqual(rows, [{"term": "older", "doc": 2, "cnt": 2}])

    def test_what_the_daemon_writes_is_seen(self):
        count = "SELECT count(*) AS n FROM fts WHERE fts MATCH 'newcomer';"
        self.assertEqual(self.rows(count), [{"n": 0}])
        self.daemon.put([{"uri": "new", "body": "A newcomer."}])
        self.assertEqual(self.rows(count), [{"n": 1}])
        self.assertEqual(self.daemon.request({"op": "delete", "uri": ["new"]})["deleted"], 1)
        self.assertEqual(self.rows(count), [{"n": 0}])

    def test_loading_twice_is_loading(self):
        rows = self.rows(f".load {EXTENSION}",
                         "SELECT count(*) AS n FROM fts WHERE fts MATCH 'older'"
                         " AND searchd_rank(fts) < 0;")
        self.assertEqual(rows, [{"n": 2}])

    def test_wrong_use_is_an_error(self):
        self.assert_fails("takes the table and nothing else",
                          "SELECT searchd_rank(fts, 1) FROM fts WHERE fts MATCH 'older';")
        self.assert_fails("unable to use function searchd_rank", "SELECT searchd_rank(1);")
        self.assert_fails("unable to use function searchd_rank",
                          "SELECT searchd_rank(title) FROM text;")
        self.assert_fails("syntax error", "SELECT 1 FROM fts WHERE fts MATCH 'older AND';")
        self.assert_fails("readonly", "INSERT INTO fts(fts, rank) VALUES('merge', 1);")
        self.assert_fails("error in tokenizer constructor",
                          "CREATE VIRTUAL TABLE t USING fts5(x, tokenize='searchd extra');",
                          path=":memory:", options=())
        self.assert_fails("for tables of a title and a body",
                          "CREATE VIRTUAL TABLE t USING fts5(x, tokenize='searchd');",
                          "INSERT INTO t VALUES('Straße');",
                          "SELECT searchd_rank(t) FROM t WHERE t MATCH 'strasse';",
                          path=":memory:", options=())

    def test_index_of_another_analyzer_is_refused(self):
        path = self.copy("other.db")
        self.rows("UPDATE state SET analyzer = 99;", path=path, options=())
        self.assert_fails("the index was made by analyzer 99", "SELECT 1;", path=path)

    def test_integrity_of_a_copy(self):
        path = self.copy("copy.db")
        check = "INSERT INTO fts(fts, rank) VALUES('integrity-check', 1);"
        self.rows(check, path=path, options=())
        self.assertEqual(self.rows("PRAGMA integrity_check;", path=path),
                         [{"integrity_check": "ok"}])
        self.assert_fails("malformed", "UPDATE text SET body = 'other' WHERE id = 1;", check,
                          path=path, options=())

    def test_only_the_entry_point_is_visible(self):
        def names(*options):
            done = subprocess.run(["nm", "-D", *options, EXTENSION], capture_output=True, text=True,
                                  check=True)
            return [line.split()[-1] for line in done.stdout.splitlines()]

        self.assertEqual(names("--defined-only"), ["sqlite3_searchdfts_init"])
        self.assertEqual([name for name in names("--undefined-only") if "sqlite" in name], [])
