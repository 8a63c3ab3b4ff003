"""How good rankings are: judgements and TREC runs in, the usual measures out.

    python3 tests/quality/evaluate.py QRELS RUN...               a line a run
    python3 tests/quality/evaluate.py QRELS RUN --per-query      a line a query as well
    python3 tests/quality/evaluate.py QRELS --compare A B        the difference, and its p-value

README.md beside this file defines measures and formats. Two rules decide every figure. Each query
with at least one relevant document counts, whether the run found anything for it or not; a query
without any has no measure and is left out of everything. And documents stand in the order of the
rank column: scores are checked to be numbers, and otherwise not looked at.
"""

import argparse
import math
import random
import re
import sys

MEASURES = ("nDCG@10", "MAP", "P@10", "Recall@100", "MRR")
CUT = 10
RECALL_DEPTH = 100
DEPTH = 1000  # of MAP and MRR

ROUNDS = 10000
SEED = 20261

# Two sums of the same differences in another order are the same.
ROUNDING = 1e-12


class BadFile(Exception):
    """A file that is not what it should be; the text names it, and the line."""

    def __init__(self, path, line, what):
        super().__init__("%s:%d: %s" % (path, line, what) if line else "%s: %s" % (path, what))


def lines_of(path):
    """(number, text) of each line that is not blank."""
    try:
        with open(path, "rb") as file:
            for number, raw in enumerate(file, 1):
                try:
                    text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip(" \t\r\n")
                except UnicodeDecodeError:
                    raise BadFile(path, number, "is not UTF-8") from None
                if text:
                    yield number, text
    except OSError as error:
        raise BadFile(path, 0, error.strerror) from None


def columns_of(text):
    """Columns stand between blanks and tabs; other white space may be part of a key."""
    return re.split(r"[ \t]+", text)


def whole_number(text):
    """An integer, or None."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else None


def read_qrels(path):
    """{qid: {docid: grade}} of lines `qid docid grade`, or TREC's `qid 0 docid grade`."""
    qrels = {}
    width = None
    for number, text in lines_of(path):
        columns = columns_of(text)
        width = width or len(columns)
        if width not in (3, 4):
            raise BadFile(path, number, "has %d columns, not 3 or 4" % width)
        if len(columns) != width:
            raise BadFile(path, number, "has %d columns, the lines before %d"
                          % (len(columns), width))
        qid, docid = columns[0], columns[-2]
        grade = whole_number(columns[-1])
        if grade is None:
            raise BadFile(path, number, "grade %r is no whole number" % columns[-1])
        judged = qrels.setdefault(qid, {})
        if docid in judged:
            raise BadFile(path, number, "%s is judged twice for query %s" % (docid, qid))
        judged[docid] = grade
    if not any(relevant(judged) for judged in qrels.values()):
        raise BadFile(path, 0, "judges no document relevant")
    return qrels


def read_run(path):
    """{qid: [docid, ...]}, best first, of lines `qid Q0 docid rank score tag`."""
    ranked = {}
    for number, text in lines_of(path):
        columns = columns_of(text)
        if len(columns) != 6:
            raise BadFile(path, number, "has %d columns, not 6" % len(columns))
        qid, _, docid, rank, score, _ = columns
        place = whole_number(rank)
        if place is None or place < 0:
            raise BadFile(path, number, "rank %r is no whole number" % rank)
        try:
            if not math.isfinite(float(score)):
                raise ValueError
        except ValueError:
            raise BadFile(path, number, "score %r is no number" % score) from None
        places, docids = ranked.setdefault(qid, ({}, set()))
        if docid in docids:
            raise BadFile(path, number, "%s stands twice under query %s" % (docid, qid))
        if place in places:
            raise BadFile(path, number, "rank %d stands twice under query %s" % (place, qid))
        places[place] = docid
        docids.add(docid)
    return {qid: [places[place] for place in sorted(places)]
            for qid, (places, _) in ranked.items()}


def relevant(judged):
    """The documents of grade 1 and more."""
    return {docid for docid, grade in judged.items() if grade > 0}


def judged_queries(qrels):
    """The queries that count, in the order of the judgements."""
    return [qid for qid, judged in qrels.items() if relevant(judged)]


def dcg(grades):
    """Gains are the grades themselves; the document at rank i is divided by log2(i + 1)."""
    return math.fsum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


def measure(judged, found):
    """Every measure of one query: {docid: grade}, which has a relevant one, and the list found."""
    wanted = relevant(judged)
    gains = [max(judged.get(docid, 0), 0) for docid in found[:CUT]]
    ideal = sorted((judged[docid] for docid in wanted), reverse=True)[:CUT]
    places = [rank for rank, docid in enumerate(found[:DEPTH], 1) if docid in wanted]
    precisions = [count / rank for count, rank in enumerate(places, 1)]
    return {
        "nDCG@10": dcg(gains) / dcg(ideal),
        "MAP": math.fsum(precisions) / len(wanted),
        "P@10": sum(rank <= CUT for rank in places) / CUT,
        "Recall@100": sum(rank <= RECALL_DEPTH for rank in places) / len(wanted),
        "MRR": 1 / places[0] if places else 0.0,
    }


def evaluate(qrels, run):
    """{qid: {measure: value}} of every query that counts, also those that the run lacks."""
    return {qid: measure(qrels[qid], run.get(qid, ())) for qid in judged_queries(qrels)}


def mean(scores):
    """{measure: mean over all queries}."""
    return {name: math.fsum(score[name] for score in scores.values()) / len(scores)
            for name in MEASURES}


def p_value(differences, rounds=ROUNDS, seed=SEED):
    """Two-sided paired randomisation test: how often chance alone does as much.

    If the systems were the same, each query's difference might as well have had the other sign. A
    round draws the signs; p is the share of rounds whose sum is at least as far from zero as the
    one seen, which counts as a round itself, so that p is never 0.
    """
    moved = [difference for difference in differences if difference != 0]
    seen = abs(math.fsum(moved)) - ROUNDING
    rng = random.Random(seed)
    as_far = 1
    for _ in range(rounds):
        signs = rng.getrandbits(len(moved)) if moved else 0
        total = sum(-value if signs >> i & 1 else value for i, value in enumerate(moved))
        as_far += abs(total) >= seen
    return as_far / (rounds + 1)


def compare(a, b, rounds=ROUNDS, seed=SEED):
    """{measure: (difference of the means, B less A; p)} of two results of evaluate()."""
    result = {}
    for name in MEASURES:
        differences = [b[qid][name] - a[qid][name] for qid in a]
        result[name] = (math.fsum(differences) / len(differences),
                        p_value(differences, rounds, seed))
    return result


def table(rows, first="run"):
    """Lines of a table: rows are (name, queries, {measure: value or text})."""
    width = max([len(first)] + [len(name) for name, _, _ in rows])
    yield "%-*s  %7s" % (width, first, "queries") + "".join("  %10s" % name for name in MEASURES)
    for name, queries, values in rows:
        cells = [values[m] if isinstance(values[m], str) else "%.4f" % values[m] for m in MEASURES]
        yield "%-*s  %7s" % (width, name, queries) + "".join("  %10s" % cell for cell in cells)


def run_rows(name, scores, per_query):
    """The rows of one run: its mean, behind its queries where they are wanted."""
    if per_query:
        for qid, values in scores.items():
            yield "%s %s" % (name, qid), 1, values
    yield name, len(scores), mean(scores)


def compare_rows(names, scores):
    """The rows of two runs: both means, the difference, p, and how many queries moved."""
    a, b = scores
    difference = compare(a, b)
    yield names[0], len(a), mean(a)
    yield names[1], len(b), mean(b)
    yield "difference", "", {m: "%+.4f" % difference[m][0] for m in MEASURES}
    yield "p", "", {m: "%.4f" % difference[m][1] for m in MEASURES}
    yield "better/worse", "", {m: "%d/%d" % (sum(b[q][m] > a[q][m] for q in a),
                                             sum(b[q][m] < a[q][m] for q in a)) for m in MEASURES}


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="evaluate.py",
                                     description="nDCG@10, MAP, P@10, Recall@100 and MRR of runs")
    parser.add_argument("qrels", metavar="QRELS",
                        help="lines of qid, docid, grade; or TREC's qid, 0, docid, grade")
    parser.add_argument("runs", metavar="RUN", nargs="*", help="lines qid Q0 docid rank score tag")
    parser.add_argument("--per-query", action="store_true", help="each query's measures as well")
    parser.add_argument("--compare", metavar=("A", "B"), nargs=2,
                        help="what run B does better than A, with p of a randomisation test")
    options = parser.parse_args(arguments)
    if bool(options.runs) == bool(options.compare):
        parser.error("give runs, or --compare with two")
    if options.compare and options.per_query:
        parser.error("--per-query goes with runs, not with --compare")
    return options


def main(arguments=None):
    options = parse_arguments(arguments)
    paths = options.compare or options.runs
    try:
        qrels = read_qrels(options.qrels)
        runs = [read_run(path) for path in paths]
    except BadFile as error:
        print("evaluate.py: %s" % error, file=sys.stderr)
        return 2
    for path, run in zip(paths, runs):
        unknown = sum(qid not in qrels for qid in run)
        if unknown:
            print("evaluate.py: %s: %d queries without judgements are left out" % (path, unknown),
                  file=sys.stderr)
    scores = [evaluate(qrels, run) for run in runs]
    if options.compare:
        rows = compare_rows(paths, scores)
    else:
        rows = (row for path, score in zip(paths, scores)
                for row in run_rows(path, score, options.per_query))
    for line in table(list(rows)):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
