"""searchc's searches: what is sent, what is printed, how it exits."""

import json
import os
import pty
import signal
import subprocess
import threading
import unittest

from cli.fake import Fake, error, hits
from support.daemon import bin_path


def run(reply, *arguments, **more):
    """One run against one reply: (status, output, errors, requests)."""
    with Fake(lambda request: reply) as fake:
        status, out, err = fake.run(*arguments, **more)
        return status, out, err, fake.requests


class Requests(unittest.TestCase):
    def sent(self, *arguments):
        return run(hits(1), *arguments)[3][0]

    def test_words_are_joined_and_one_argument_is_verbatim(self):
        self.assertEqual(self.sent("unit", "8200")["query"], "unit 8200")
        self.assertEqual(self.sent('"unit 8200"  -x')["query"], '"unit 8200"  -x')
        self.assertEqual(self.sent("--", "-x", "y")["query"], "-x y")

    def test_parameters_are_sent_only_when_given(self):
        self.assertEqual(self.sent("x"), {"op": "search", "id": "searchc", "query": "x"})
        self.assertEqual(
            self.sent("-n5", "--offset", "7", "--match", "all", "--sort", "-date", "-C", "news", "x"),
            {"op": "search", "id": "searchc", "collection": "news", "query": "x", "match": "all",
             "limit": 5, "offset": 7, "sort": "-date"})

    def test_a_cursor_takes_the_place_of_an_offset(self):
        for cursor in ("-aZ.0_9", "c" * 64):
            self.assertEqual(self.sent("--cursor", cursor, "x"),
                             {"op": "search", "id": "searchc", "query": "x", "cursor": cursor})

    def test_filters_join_the_query(self):
        self.assertEqual(
            self.sent("a OR b", "--since", "2025-08", "--until=2025-09", "--source", "The Post",
                      "--lang", "en", "--type", "pdf")["query"],
            'a OR b date:2025-08..2025-09 source:"The Post" lang:"en" type:"pdf"')
        self.assertEqual(self.sent("x", "--since", "2025")["query"], "x date:2025..")
        self.assertEqual(self.sent("x", "--until", "2025")["query"], "x date:..2025")
        self.assertEqual(self.sent("--source", "P")["query"], 'source:"P"')

    def test_passages_are_not_asked_for_where_they_are_not_shown(self):
        for flags in (["-l"], ["--format", "paths"], ["--format", "tsv"], ["--format", "trec"]):
            self.assertEqual(self.sent("x", *flags)["snippets"], 0)

    def test_queries_are_escaped_as_json(self):
        self.assertEqual(self.sent('a\\"b\n\t\x01é')["query"], 'a\\"b\n\t\x01é')


class Usage(unittest.TestCase):
    def test_wrong_options_exit_2_and_ask_nobody(self):
        for bad in (["--nonsense", "x"], ["-n", "x", "y"], ["-n", "1001", "x"], ["-n", "-1", "x"],
                    ["--match", "some", "x"], ["--format", "xml", "x"], ["--source", 'a"b', "x"],
                    ["--since", "2025 x", "x"], ["--until", "2025-13", "x"], ["--since", "30x", "x"],
                    ["--cursor", "x"], ["--cursor", "", "x"], ["--cursor", "a b", "x"],
                    ["--cursor", "a" * 65, "x"], ["--cursor", "a", "--offset", "0", "x"],
                    ["--cursor", "a", "-c", "x"], ["--cursor", "a", "--batch", "-"],
                    [], ["--ping", "x"], ["--delete"], ["--put"],
                    ["--reindex"], ["--reindex", "all"], ["--reindex", "failed,"],
                    ["--reindex", "type:"], ["--reindex", "older:x"], ["--reindex", "older:1x"],
                    ["--ping", "--stats"], ["--batch", "-", "--format", "tsv"], ["-n"]):
            status, out, err, requests = run(hits(1), *bad)
            self.assertEqual((bad, status, out, requests), (bad, 2, b"", []))
            self.assertIn("searchc: ", err)

    def test_help_and_version(self):
        status, out, _, _ = run(hits(1), "--help")
        self.assertEqual(status, 0)
        self.assertEqual(out, run(hits(1), "-h")[1])
        self.assertIn(b"--match best|all|any", out)
        self.assertIn(b"searchc ", run(hits(1), "--version")[1])


class Exits(unittest.TestCase):
    def test_status_follows_the_reply(self):
        cases = [(hits(1), 0), (hits(0), 1), (hits(2, partial=True), 5), (hits(0, partial=True), 5)]
        cases += [(error(code), 2) for code in (
            "bad_json", "bad_request", "unknown_op", "unknown_param", "bad_version", "bad_query",
            "bad_cursor", "not_found", "no_collection", "too_large", "limit_exceeded")]
        cases += [(error(code), 4) for code in (
            "unauthorized", "forbidden", "read_only", "busy", "starting", "shutting_down", "timeout",
            "cancelled", "disk_full", "io_error", "corrupt", "internal", "never_heard_of")]
        cases += [(b"nonsense\n", 4), (None, 3)]
        for reply, expected in cases:
            status, _, err, _ = run(reply, "x")
            self.assertEqual((reply, status), (reply, expected))
            if isinstance(reply, dict) and not reply["ok"]:
                self.assertEqual(err, "searchc: %s: it is so\n" % reply["error"]["code"])

    def test_a_search_that_wants_no_hits_finds_documents(self):
        for total, expected in ((3, 0), (0, 1)):
            self.assertEqual(run(hits(0, total=total), "x", "-n0")[0], expected)
        self.assertEqual(run(hits(0, total=3), "x", "--offset", "5")[0], 1)

    def test_nobody_there_is_3(self):
        result = subprocess.run([bin_path("searchc"), "--socket", "/nonexistent/s", "x"],
                                capture_output=True, timeout=60, check=False)
        self.assertEqual(result.returncode, 3)
        self.assertIn(b"/nonexistent/s", result.stderr)

    def test_the_socket_may_come_from_the_environment(self):
        with Fake(lambda request: hits(1)) as fake:
            result = subprocess.run([bin_path("searchc"), "x"], capture_output=True, timeout=60,
                                    env=dict(os.environ, SEARCHC_SOCKET="unix:" + fake.address),
                                    check=False)
        self.assertEqual(result.returncode, 0)

    def test_an_interrupt_cancels_and_exits_130(self):
        asked, cancelled = threading.Event(), threading.Event()

        def answer(request):
            if request["op"] == "search":
                asked.set()
                return b""
            if request == {"op": "cancel", "target": "searchc"}:
                cancelled.set()
            return None

        with Fake(answer) as fake:
            process = subprocess.Popen([bin_path("searchc"), "--socket", fake.address, "x"])
            self.assertTrue(asked.wait(60))
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(60), 130)
            self.assertTrue(cancelled.wait(60))

    def test_a_reader_that_goes_away_ends_it_quietly(self):
        reply = hits(1000)
        reply["hits"] = [dict(hit, title="t" * 1000) for hit in reply["hits"]]
        with Fake(lambda request: reply) as fake:
            process = subprocess.Popen([bin_path("searchc"), "--socket", fake.address, "x"],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.stdout.read(10)
            process.stdout.close()
            err = process.stderr.read()
            self.assertEqual((process.wait(60), err), (-signal.SIGPIPE, b""))
            process.stderr.close()

    def test_a_full_disk_is_told(self):
        with Fake(lambda request: hits(3)) as fake, open("/dev/full", "wb") as full:
            result = subprocess.run([bin_path("searchc"), "--socket", fake.address, "x"],
                                    stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(result.returncode, 4)
        self.assertIn(b"cannot write", result.stderr)


class Formats(unittest.TestCase):
    HIT = {"rank": 1, "score": 11.820000000000002, "doc": "ab", "uri": "file:///srv/a%20b%C3%A9%zz",
           "title": "A\ttitle", "source": "The Post", "date": "2024-05-02T10:00:00Z", "lang": "en",
           "missing": ["netherlands", '"x y"'],
           "snippets": [{"field": "body", "text": "… by Unit 8200 in …",
                         "marks": [[7, 11], [12, 16]], "bytes": [1042, 1061]}]}

    def reply(self, **more):
        return dict(hits(0), hits=[dict(self.HIT, **more)], total=37, total_all=4)

    def out(self, *arguments, reply=None):
        return run(reply or self.reply(), "x", *arguments)[1].decode()

    def test_text_shows_what_a_reader_wants(self):
        status, out, err, _ = run(self.reply(), "x")
        self.assertEqual(out.decode(),
                         " 1  2024-05-02  The Post  A title\n"
                         "    file:///srv/a%20b%C3%A9%zz\n"
                         "    … by Unit 8200 in …\n"
                         '    missing: netherlands, "x y"\n\n')
        self.assertEqual(err, "37 documents (4 with every word), 0.4 ms\n")
        self.assertEqual(status, 0)

    def test_text_marks_words_only_in_colour(self):
        colored = self.out("--color", "always")
        self.assertIn("\033[1;33mUnit\033[0m \033[1;33m8200\033[0m in", colored)
        self.assertIn("\033[1mA title\033[0m", colored)
        self.assertIn("\033[2mfile:", colored)
        self.assertNotIn("\033", self.out("--color", "auto"))

    def test_text_is_wrapped_by_columns(self):
        for text in ("word " * 60, "語" * 120, "x" * 300, "é " * 100):
            with Fake(lambda request: self.reply(snippets=[{"text": text, "marks": []}])) as fake:
                out = fake.run("x", env={"COLUMNS": "40"})[1].decode()
            lines = out.split("\n")[2:-3]
            self.assertGreater(len(lines), 3)
            for line in lines:
                width = sum(2 if char == "語" else 1 for char in line)
                self.assertLessEqual(width, 40)
                self.assertTrue(line.startswith("    "))
            shown = "".join("".join(lines).split())
            self.assertEqual(shown.replace("…", ""), "".join(text.split()))

    def test_a_passage_cut_inside_a_sentence_says_so(self):
        for text, shown in (("cut at both ends", "… cut at both ends …"),
                            ("A whole one.", "A whole one."), ("ends, with a comma,",
                                                               "… ends, with a comma, …")):
            reply = self.reply(snippets=[{"text": text, "marks": [[0, 1]]}])
            with Fake(lambda request, reply=reply: reply) as fake:
                out = fake.run("x", "--color", "always")[1].decode()
            marked = shown.replace(text, "\033[1;33m%s\033[0m%s" % (text[0], text[1:]))
            self.assertIn("    " + marked + "\n", out)

    def test_what_commands_a_terminal_is_escaped(self):
        evil = "a\x1b[31mb\x07c\x7fd\u009be\u202ef\u2066g\rh\u200fi"
        reply = self.reply(title=evil, source=evil, uri=evil, missing=[evil],
                           snippets=[{"text": evil, "marks": []}])
        out = self.out("--color", "always", reply=reply)
        for bad in "\x07\x7f\u009b\u202e\u2066\r\u200f":
            self.assertNotIn(bad, out)
        self.assertNotIn("\x1b[31m", out)
        self.assertEqual(out.count("\\x1b[31m"), 5)
        self.assertEqual(out.count("\\u202e"), 5)
        _, _, err, _ = run(hits(1, warnings=[evil]), "x")
        self.assertIn("warning: a\\x1b[31mb", err)
        self.assertIn("\\x1b", run(error("bad_query", evil), "x")[2])

    def on_terminal(self, reply, *arguments, env=None):
        """What searchc writes to a terminal."""
        with Fake(lambda request: reply) as fake:
            master, slave = pty.openpty()
            process = subprocess.Popen([bin_path("searchc"), "--socket", fake.address, "x",
                                        *arguments], stdout=slave, stderr=subprocess.DEVNULL,
                                       env=dict(os.environ, TERM="xterm", **(env or {})))
            os.close(slave)
            out = b""
            try:
                while True:
                    out += os.read(master, 65536)
            except OSError: # the other side is closed
                pass
            process.wait(60)
            os.close(master)
        return out.decode()

    def test_a_terminal_gets_colour_and_nothing_raw_in_any_format(self):
        evil = "e\x1b[31m\u202e\u009bx"
        for form in ("text", "json", "jsonl", "tsv", "paths", "trec"):
            out = self.on_terminal(self.reply(title=evil, uri="u" + evil), "--format", form)
            self.assertNotIn("\x1b[31m", out)
            if form != "trec":
                self.assertNotIn("\u202e", out)
        self.assertIn("\033[1m", self.on_terminal(self.reply()))
        self.assertNotIn("\033", self.on_terminal(self.reply(), env={"NO_COLOR": "1"}))

    def test_json_on_a_terminal_is_the_same_json(self):
        reply = self.reply(title='q"\\{[,:]}\u202e', extra={"a": [], "b": {}, "n": 12345678901234567890})
        out = self.on_terminal(reply, "--format", "json")
        self.assertEqual(json.loads(out), reply)
        self.assertGreater(out.count("\n"), 20)

    def test_json_is_the_reply_and_jsonl_its_hits(self):
        self.assertEqual(self.out("--format", "json").count("\n"), 1)
        self.assertEqual(json.loads(self.out("--format", "json")), self.reply())
        lines = run(hits(3), "x", "--format", "jsonl")[1].decode().splitlines()
        self.assertEqual([json.loads(line) for line in lines], hits(3)["hits"])

    def test_columns(self):
        self.assertEqual(self.out("--format", "tsv"),
                         "1\t11.820000000000002\t2024-05-02T10:00:00Z\tThe Post\tA\\ttitle\t"
                         "file:///srv/a%20b%C3%A9%zz\n")
        self.assertEqual(self.out("--format", "paths"), "/srv/a bé%zz\n")
        self.assertEqual(self.out("--format", "paths", reply=hits(2)), "u0\nu1\n")
        self.assertEqual(self.out("-l"), "file:///srv/a%20b%C3%A9%zz\n")
        self.assertEqual(self.out("-l", "-0", reply=hits(2)), "u0\0u1\0")
        self.assertEqual(self.out("--format", "trec", reply=self.reply(uri="a b\n")),
                         "1 Q0 a%20b%0A 1 11.820000000000002 searchd\n")

    def test_summary_tells_every_limit(self):
        _, _, err, _ = run(hits(1, relation="gte", total=10, total_all=10, partial=True,
                                coverage={"docs": 1, "failed": 2, "pending": 3}), "x")
        self.assertEqual(err, "at least 10 documents, 0.4 ms; incomplete: out of time; "
                              "3 files still to be read; 2 files could not be read (--failed)\n")
        self.assertEqual(run(hits(0), "x")[2], "nothing found, 0.4 ms\n")
        self.assertEqual(run(hits(1), "x")[2], "1 document, 0.4 ms\n")

    def test_summary_tells_how_to_go_on(self):
        reply = hits(2, total=9, total_all=9, cursor="v1.a-_9",
                     coverage={"docs": 9, "failed": 1, "pending": 0})
        self.assertEqual(run(reply, "x")[2], "9 documents, 0.4 ms; 1 files could not be read "
                                             "(--failed); more: --cursor v1.a-_9\n")
        for cursor in (None, 7, "", "a b", "a\x1b[31m", "a;b", "c" * 65):
            self.assertEqual(run(dict(reply, cursor=cursor, coverage={}), "x")[2],
                             "9 documents, 0.4 ms\n")
        for form in ("jsonl", "tsv", "paths", "trec"):
            _, out, err, _ = run(reply, "x", "--format", form)
            self.assertEqual((err, out.count(b"\n"), out.count(b"v1.a")), ("", 2, 0))
        self.assertEqual(json.loads(run(reply, "x", "--format", "json")[1])["cursor"], "v1.a-_9")

    def test_count_and_parse(self):
        with Fake(lambda r: {"ok": True, "total": 42, "total_all": 3}) as fake:
            self.assertEqual(fake.run("-c", "--match", "any", "x")[:2], (0, b"42\n"))
            self.assertEqual(fake.requests, [{"op": "count", "query": "x", "match": "any"}])
        self.assertEqual(run({"ok": True, "total": 0}, "-c", "x")[:2], (1, b"0\n"))
        status, out, err, requests = run(
            {"ok": True, "parsed": 'a "b c"', "warnings": ["no such field"]}, "--parse", "A", "--lang", "en")
        self.assertEqual((status, out, err), (0, b'a "b c"\n', "searchc: warning: no such field\n"))
        self.assertEqual(requests, [{"op": "parse", "query": 'A lang:"en"'}])


if __name__ == "__main__":
    unittest.main()
