"""What all engines of the comparison are given, made from a corpus of documents.

    python3 prepare.py CORPUS.jsonl SEED DIR

DIR/docs.tsv     a document a line: number TAB title TAB body, as lower-case words with one space
                 between, so that every engine cuts the same words whatever its own rules are
DIR/queries.tsv  a query a line: kind TAB word TAB word ...; the same for the same corpus and seed

The words of a query are drawn from documents, by the share of all documents that they stand in:
high (over a fifth), mid (1 to 5 in a hundred), low (under one in a thousand, and in at least three).
The words of an `and`, `or` or `phrase` query are drawn from one document, so that each query has
a hit; those of a phrase stand there side by side. The word of `prefix` is a beginning of 3 or 4
letters; it stands for all words that begin so."""

import json
import os
import random
import re
import sys
from collections import Counter

PER_KIND = 40
SAMPLE = 4000
TRIES = 20000
WORD = re.compile(r"[a-z0-9]+")
KINDS = ("term_high", "term_mid", "term_low", "and2_mid", "and2_high", "or2_high", "or3_mixed",
         "or5_mixed", "phrase2", "phrase3", "prefix")


def words_of(text):
    return WORD.findall(text.lower())


def read_corpus(path):
    """(title, body), as lists of words, of each document."""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                doc = json.loads(line)
                yield words_of(doc.get("title", "")), words_of(doc["body"])
            except (ValueError, KeyError, AttributeError, TypeError) as fault:
                raise SystemExit(f"prepare: {path}:{number}: not a JSON object with a body: "
                                 f"{fault!r}") from fault


def count(docs, rng, out):
    """Writes docs.tsv; returns (how many, documents a word stands in, a sample of bodies)."""
    found, sample, total = Counter(), [], 0
    for total, (title, body) in enumerate(docs, 1):
        out.write(f"{total}\t{' '.join(title)}\t{' '.join(body)}\n")
        found.update(set(title).union(body))
        if len(sample) < SAMPLE:
            sample.append(body)
        else:
            at = rng.randrange(total)
            if at < SAMPLE:
                sample[at] = body
    return total, found, sample


class Drawer:
    def __init__(self, total, found, sample, rng):
        self.sample, self.rng = sample, rng
        self.bands = {"high": (total / 5, total), "mid": (total / 100, total / 20),
                      "low": (3, total / 1000)}
        self.found = found
        self.by_band = {b: sorted(w for w in found if self.band(w) == b) for b in self.bands}

    def band(self, word):
        n = self.found[word]
        for band, (least, most) in self.bands.items():
            if least <= n <= most:
                return band
        return None

    def terms(self, band):
        """Different words of a band; over again where there are too few."""
        words = self.by_band[band]
        if not words:
            raise SystemExit(f"prepare: no word of the corpus is {band}: it is too small")
        if len(words) >= PER_KIND:
            return [[w] for w in self.rng.sample(words, PER_KIND)]
        self.rng.shuffle(words)
        return [[words[i % len(words)]] for i in range(PER_KIND)]

    def some(self, body, **wanted):
        """Words of one document: so many of each band."""
        chosen = []
        for band, k in wanted.items():
            words = sorted(w for w in set(body) if self.band(w) == band)
            if len(words) < k:
                return None
            chosen += self.rng.sample(words, k)
        return chosen

    def run(self, body, k):
        if len(body) < k:
            return None
        at = self.rng.randrange(len(body) - k + 1)
        return body[at:at + k]

    def beginning(self, body):
        word = self.rng.choice(body) if body else ""
        if len(word) < 5 or not word.isalpha() or self.found[word] > self.bands["mid"][1]:
            return None
        return [word[:self.rng.choice((3, 4))]]

    def draw(self, kind):
        """40 different queries of a kind, or as many as the sample has."""
        if kind.startswith("term_"):
            return self.terms(kind[5:])
        how = {
            "and2_mid": lambda b: self.some(b, mid=2),
            "and2_high": lambda b: self.some(b, high=2),
            "or2_high": lambda b: self.some(b, high=2),
            "or3_mixed": lambda b: self.some(b, high=1, mid=1, low=1),
            "or5_mixed": lambda b: self.some(b, high=2, mid=2, low=1),
            "phrase2": lambda b: self.run(b, 2),
            "phrase3": lambda b: self.run(b, 3),
            "prefix": self.beginning,
        }[kind]
        queries = []
        for _ in range(TRIES):
            query = how(self.rng.choice(self.sample))
            if query and query not in queries:
                queries.append(query)
                if len(queries) == PER_KIND:
                    break
        if not queries:
            raise SystemExit(f"prepare: no {kind} query in the corpus: it is too small")
        return queries


def prepare(corpus, seed, folder):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "docs.tsv"), "w", encoding="utf-8") as out:
        total, found, sample = count(read_corpus(corpus), random.Random(seed), out)
    if total == 0:
        raise SystemExit(f"prepare: {corpus}: no documents")
    drawer = Drawer(total, found, sample, random.Random(seed + 1))
    with open(os.path.join(folder, "queries.tsv"), "w", encoding="utf-8") as out:
        for kind in KINDS:
            for query in drawer.draw(kind):
                out.write("\t".join([kind] + query) + "\n")
    return total


def main(args):
    if len(args) != 3 or not args[1].isdigit():
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    print(f"{prepare(args[0], int(args[1]), args[2])} documents")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
