"""Draws tables of the comparison with peers (peers/table.py) as SVG, on a log scale:

    python3 plot.py latency OUT.svg MODE TABLE.tsv            a kind a group, an engine a bar
    python3 plot.py growth OUT.svg MODE NAME=TABLE.tsv ...    a kind a panel, an engine a line,
                                                              one point a table, in this order

A table has lines `engine kind mode median_ms p99_ms`. MODE is top10, total or page; total is the
faster of total and total_count, top10 of top10 and total. A bar reaches to the median, a thin line from there to p99."""

import math
import sys
from xml.sax.saxutils import escape

# Told apart by most people who do not see all colours; an engine's place in the table decides.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999", "#000000",
          "#7f3b08", "#5e4fa2", "#66c2a5", "#f0a3c0")
ALTERNATIVES = {"total": ("total", "total_count"), "top10": ("top10", "total")}
FONT = 'font-family="sans-serif" font-size="12"'


def read_table(path, mode):
    """{(kind, engine): (median, p99)}, the faster way where there are two."""
    ways = ALTERNATIVES.get(mode, (mode,))
    figures = {}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            part = line.rstrip("\n").split("\t")
            if len(part) != 5:
                raise SystemExit(f"plot: {path}:{number}: has {len(part)} columns, expected 5")
            engine, kind, way = part[:3]
            if way in ways:
                pair = (float(part[3]), float(part[4]))
                figures[kind, engine] = min(pair, figures.get((kind, engine), pair))
    if not figures:
        raise SystemExit(f"plot: {path}: has no row of mode {mode}")
    return figures


def ordered(values):
    return list(dict.fromkeys(values))


class Scale:
    """Milliseconds to pixels: whole decades around all values; `low` and `high` are pixels."""

    def __init__(self, values, low, high):
        # A time of 0.0000 ms is below what the table can say, not below all decades.
        values = [max(v, 0.0001) for v in values]
        self.first = math.floor(math.log10(min(values)))
        self.last = max(math.ceil(math.log10(max(values))), self.first + 1)
        self.low, self.high = low, high

    def at(self, ms):
        share = (math.log10(max(ms, 10.0 ** self.first)) - self.first) / (self.last - self.first)
        return self.low + share * (self.high - self.low)

    def decades(self):
        return [10.0 ** d for d in range(self.first, self.last + 1)]


def text(x, y, what, anchor="start", extra=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {FONT}{extra}>'
            f'{escape(what)}</text>')


def line(x1, y1, x2, y2, color, width=1.0):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" '
            f'stroke-width="{width}"/>')


def grid(scale, left, right):
    out = []
    for ms in scale.decades():
        y = scale.at(ms)
        out += [line(left, y, right, y, "#dddddd"), text(left - 6, y + 4, f"{ms:g} ms", "end")]
    return out


def legend(engines, x, y):
    out = []
    for i, engine in enumerate(engines):
        color = COLORS[i % len(COLORS)]
        out.append(f'<rect x="{x:.1f}" y="{y + 18 * i:.1f}" width="12" height="12" '
                   f'fill="{color}"/>')
        out.append(text(x + 18, y + 18 * i + 11, engine))
    return out


def svg(width, height, parts):
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
                      f'height="{height}" viewBox="0 0 {width} {height}">',
                      f'<rect width="{width}" height="{height}" fill="white"/>']
                     + parts + ["</svg>", ""])


def latency(figures, mode):
    kinds = ordered(kind for kind, _ in figures)
    engines = ordered(engine for _, engine in figures)
    bar, left, top, bottom = 9, 80, 30, 400
    group = bar * len(engines) + 14
    right = left + group * len(kinds)
    scale = Scale([v for pair in figures.values() for v in pair], bottom, top)
    parts = [text(left, 18, f"CPU time of a query, {mode}: median, and p99 as a thin line")]
    parts += grid(scale, left, right)
    for k, kind in enumerate(kinds):
        x = left + k * group + 7
        for e, engine in enumerate(engines):
            if (kind, engine) not in figures:
                continue
            mid, high = (scale.at(v) for v in figures[kind, engine])
            color = COLORS[e % len(COLORS)]
            parts.append(f'<rect class="bar" x="{x + e * bar:.1f}" y="{mid:.1f}" '
                         f'width="{bar - 1}" height="{bottom - mid:.1f}" fill="{color}"/>')
            middle = x + e * bar + (bar - 1) / 2
            parts.append(line(middle, mid, middle, high, color))
        parts.append(text(x + group / 2 - 7, bottom + 16, kind, "middle"))
    parts += legend(engines, right + 20, top)
    return svg(right + 160, bottom + 30, parts)


def panel(kind, engines, tables, names, box):
    """One kind: a line an engine through its points."""
    left, top, right, bottom = box
    values = [pair[0] for t in tables for (k, _), pair in t.items() if k == kind]
    scale = Scale(values, bottom, top)
    xs = [left + (right - left) * (i + 0.5) / len(names) for i in range(len(names))]
    parts = [text((left + right) / 2, top - 8, kind, "middle")] + grid(scale, left, right)
    parts += [text(x, bottom + 16, name, "middle") for x, name in zip(xs, names)]
    for e, engine in enumerate(engines):
        points = [(x, scale.at(t[kind, engine][0])) for x, t in zip(xs, tables)
                  if (kind, engine) in t]
        color = COLORS[e % len(COLORS)]
        where = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{where}" fill="none" stroke="{color}" '
                     'stroke-width="1.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in points]
    return parts


def growth(tables, names, mode):
    kinds = ordered(kind for t in tables for kind, _ in t)
    engines = ordered(engine for t in tables for _, engine in t)
    columns, wide, high = 4, 250, 210
    parts = [text(20, 20, f"CPU time of a query, {mode}: medians by size of the corpus")]
    for i, kind in enumerate(kinds):
        x, y = (i % columns) * wide, 30 + (i // columns) * high
        parts += panel(kind, engines, tables, names, (x + 75, y + 30, x + wide - 10, y + 170))
    rows = -(-len(kinds) // columns)
    parts += legend(engines, columns * wide + 10, 60)
    return svg(columns * wide + 150, 40 + rows * high, parts)


def main(args):
    if len(args) == 4 and args[0] == "latency":
        drawn = latency(read_table(args[3], args[2]), args[2])
    elif len(args) > 3 and args[0] == "growth" and all("=" in a for a in args[3:]):
        pairs = [a.split("=", 1) for a in args[3:]]
        drawn = growth([read_table(path, args[2]) for _, path in pairs],
                       [name for name, _ in pairs], args[2])
    else:
        print(__doc__, file=sys.stderr)
        return 2
    with open(args[1], "w", encoding="utf-8") as out:
        out.write(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
