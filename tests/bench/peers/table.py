"""Writes what run.sh measured as Markdown tables:

    python3 table.py WORK_DIR [OUT.tsv]

WORK_DIR/results.tsv has lines `engine kind mode median_ms p99_ms`, one each pass; a figure is the
median of its passes, and OUT.tsv gets them as one line each. WORK_DIR/index.tsv has the lines of
timed.py. WORK_DIR/hits/ENGINE.hits has lines `kind words total id,id,...`: whether all engines
found as many documents, and how many of the best ten of each two are the same."""

import os
import sys
from itertools import combinations
from statistics import mean, median

MODES = (("top10", "Ten hits"), ("total", "Ten hits and the exact number of matches"),
         ("page", "Ten hits with their text"))
# Ways to the same answer: the faster one counts. To count as well can be the faster way to ten hits,
# where skipping costs more than it saves.
ALTERNATIVES = {"total": ("total", "total_count"), "top10": ("top10", "total"), "page": ("page",)}


def read_rows(path, columns):
    rows = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            part = line.rstrip("\n").split("\t")
            if len(part) != columns:
                raise SystemExit(f"table: {path}:{number}: has {len(part)} columns, "
                                 f"expected {columns}")
            rows.append(part)
    return rows


def passes_joined(rows):
    """{(engine, kind, mode): (median, p99)}, searchd's first, else in the order of appearance."""
    seen = {}
    for engine, kind, mode, mid, high in rows:
        seen.setdefault((engine, kind, mode), []).append((float(mid), float(high)))
    return {key: (median(a for a, _ in seen[key]), median(b for _, b in seen[key]))
            for key in sorted(seen, key=lambda key: not key[0].startswith("searchd"))}


def ordered(values):
    return list(dict.fromkeys(values))


def figure(figures, engine, kind, mode):
    """The faster of the ways to this mode, or None."""
    ways = [figures[engine, kind, way] for way in ALTERNATIVES[mode]
            if (engine, kind, way) in figures]
    return min(ways) if ways else None


def digits(ms):
    return f"{ms:.3f}" if ms < 10 else f"{ms:.1f}"


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def latency(figures):
    kinds = ordered(kind for _, kind, _ in figures)
    lines = []
    for mode, title in MODES:
        engines = ordered(e for e, _, m in figures if m in ALTERNATIVES[mode])
        if not engines:
            continue
        rows = []
        for kind in kinds:
            cells = [figure(figures, engine, kind, mode) for engine in engines]
            if any(cells):
                rows.append([kind] + ["" if c is None else f"{digits(c[0])} ({digits(c[1])})"
                                      for c in cells])
        lines += [f"### {title}: CPU ms, median (p99)", ""]
        lines += markdown(["kind"] + engines, rows) + [""]
    return lines


def indexing(rows):
    return ["### Indexing", ""] + markdown(
        ["engine", "wall s", "CPU s", "peak MB", "MB on disk"], rows) + [""]


def read_hits(folder):
    """{engine: {(kind, words): (total, ids)}}"""
    found = {}
    for engine in sorted(name[:-5] for name in os.listdir(folder) if name.endswith(".hits")):
        found[engine] = {(kind, words): (int(total), ids.split(",") if ids else [])
                         for kind, words, total, ids
                         in read_rows(os.path.join(folder, engine + ".hits"), 4)}
    return found


def agreement(found):
    """A row for each two engines: equal totals, and of each kind the share of the best ten that
    both have."""
    kinds = ordered(kind for of in found.values() for kind, _ in of)
    rows = []
    for a, b in combinations(found, 2):
        equal, shares = [], {}
        for key in found[a].keys() & found[b].keys():
            (total, ids), (other, others) = found[a][key], found[b][key]
            equal.append(total == other)
            common = len(set(ids) & set(others)) / max(len(ids), len(others), 1)
            shares.setdefault(key[0], []).append(common)
        rows.append([a, b, f"{sum(equal)} of {len(equal)}"] +
                    [f"{mean(shares[k]):.2f}" if k in shares else "" for k in kinds])
    return ["### Agreement: equal totals, and the share of the best ten in common", ""] + markdown(
        ["one", "other", "equal totals"] + kinds, rows) + [""]


def write_tsv(figures, path):
    with open(path, "w", encoding="utf-8") as out:
        for (engine, kind, mode), (mid, high) in figures.items():
            out.write(f"{engine}\t{kind}\t{mode}\t{mid:.4f}\t{high:.4f}\n")


def main(args):
    if len(args) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    figures = passes_joined(read_rows(os.path.join(args[0], "results.tsv"), 5))
    lines = latency(figures)
    index = os.path.join(args[0], "index.tsv")
    if os.path.exists(index):
        lines = indexing(read_rows(index, 5)) + lines
    hits = os.path.join(args[0], "hits")
    if os.path.isdir(hits):
        lines += agreement(read_hits(hits))
    print("\n".join(lines).rstrip())
    if len(args) == 2:
        write_tsv(figures, args[1])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
