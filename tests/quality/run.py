"""Measures searchd on one collection with judged queries, over the real socket.

    SEARCHD_BIN_DIR=build/release/bin python3 tests/quality/run.py FOLDER... [--per-query]

FOLDER holds corpus.jsonl, queries.tsv and qrels.tsv; README.md beside this file tells their form.
A daemon of its own gets the documents through `searchc --put`, and answers all queries through
`searchc --batch`. `--keep FILE` keeps the run, for evaluate.py --compare.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from quality import evaluate  # noqa: E402
from support.daemon import Daemon, bin_path  # noqa: E402

FILES = ("corpus.jsonl", "queries.tsv", "qrels.tsv")
SECONDS = 600  # for a whole collection, on a slow machine and with sanitizers
CONFIG = "[limits]\ntimeout_ms = 60000\n"  # a slow machine must not cut a list short


class Failed(Exception):
    """The collection is not one, or the programs did not do as asked."""


def plain(query):
    """A query of free text as words alone: nothing in it is an operator of the query language.

    Judged queries are sentences and titles, whose parentheses, quotes and signs mean nothing to a
    search; an unclosed one would be refused. So `"`, `(` and `)` become spaces, a word loses the
    signs that lead it and the `*` or `~` that ends it, a field's name the colon behind it, and AND,
    OR, NOT and NEAR are words, in small letters.
    """
    words = []
    for word in re.sub(r'["()]', " ", query).split():
        word = re.sub(r"^[+-]+|[*~]+$", "", word)
        word = re.sub(r"^(title|body|source|lang|type|date):", r"\1 ", word, flags=re.I)
        if re.fullmatch(r"AND|OR|NOT|NEAR(/[0-9]*)?", word):
            word = word.lower()
        if re.search(r"\w", word):
            words.append(word.strip())
    return " ".join(words)


def read_queries(path):
    """[(qid, text)] of lines `qid<TAB>text`."""
    queries = {}
    for number, text in evaluate.lines_of(path):
        qid, tab, query = text.partition("\t")
        if not tab or not query.strip() or re.search(r"\s", qid):
            raise evaluate.BadFile(path, number, "is not qid, tab, query")
        if qid in queries:
            raise evaluate.BadFile(path, number, "has query %s again" % qid)
        queries[qid] = query
    return list(queries.items())


def searchc(daemon, *arguments):
    """Runs searchc and returns what it printed. Finding nothing is no failure."""
    done = subprocess.run([bin_path("searchc"), "--socket", daemon.address, *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
                          timeout=SECONDS, env=dict(os.environ, LC_ALL="C.UTF-8"), check=False)
    if done.returncode not in (0, 1):
        raise Failed("searchc %s: status %d\n%s"
                     % (" ".join(arguments), done.returncode, done.stderr))
    return done.stdout


def search_all(folder, keep, match="any"):
    """Puts the collection, asks its queries, and writes the answers to `keep` as a TREC run."""
    for name in FILES:
        if not os.path.exists(os.path.join(folder, name)):
            raise Failed("%s has no %s" % (folder, name))
    daemon = Daemon()
    try:
        config = os.path.join(daemon.home, "searchd.conf")
        with open(config, "w", encoding="utf-8") as out:
            out.write(CONFIG)
        daemon.arguments += ["--config", config]
        daemon.start()
        searchc(daemon, "--put", os.path.join(folder, "corpus.jsonl"))
        asked = os.path.join(daemon.home, "queries.tsv")
        with open(asked, "w", encoding="utf-8") as out:
            for qid, text in read_queries(os.path.join(folder, "queries.tsv")):
                out.write("%s\t%s\n" % (qid, plain(text)))
        answers = searchc(daemon, "--batch", asked, "--format", "trec", "--match", match)
        with open(keep, "w", encoding="utf-8") as out:
            out.write(answers)
    finally:
        daemon.clean()


def measure(folder, keep=None, match="any"):
    """{qid: {measure: value}} of a collection."""
    home = tempfile.mkdtemp(prefix="searchd-quality-")
    try:
        path = keep or os.path.join(home, "run")
        qrels = evaluate.read_qrels(os.path.join(folder, "qrels.tsv"))
        search_all(folder, path, match)
        return evaluate.evaluate(qrels, evaluate.read_run(path))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def name_of(folder):
    return os.path.basename(os.path.abspath(folder))


def main():
    parser = argparse.ArgumentParser(prog="run.py", description="measures searchd on collections")
    parser.add_argument("folders", metavar="FOLDER", nargs="+",
                        help="with corpus.jsonl, queries.tsv and qrels.tsv")
    parser.add_argument("--per-query", action="store_true", help="each query's measures as well")
    parser.add_argument("--match", default="any", choices=("best", "all", "any"),
                        help="what words side by side mean (any)")
    parser.add_argument("--keep", metavar="FILE", help="keep the run of a single collection there")
    options = parser.parse_args()
    if options.keep and len(options.folders) > 1:
        parser.error("--keep takes one collection")
    if "SEARCHD_BIN_DIR" not in os.environ:
        parser.error("SEARCHD_BIN_DIR must name the folder of searchd and searchc")
    rows = []
    try:
        for folder in options.folders:
            scores = measure(folder, options.keep, options.match)
            rows += evaluate.run_rows(name_of(folder), scores, options.per_query)
    except (evaluate.BadFile, Failed, AssertionError) as error:
        print("run.py: %s" % error, file=sys.stderr)
        return 2
    for line in evaluate.table(rows, "collection"):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
