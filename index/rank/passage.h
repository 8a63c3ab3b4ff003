/* Passages: the parts of a text that show a query best, with the words marked.
 *
 * The text is read by the analyzer that indexed it, so that a mark stands exactly where the
 * index found the word; a phrase is marked only where all of it stands, and words of a NEAR only
 * where the others are near. */
#ifndef INDEX_RANK_PASSAGE_H
#define INDEX_RANK_PASSAGE_H

#include "index/base/arena.h"
#include "index/base/error.h"

#include <searchd/index.h>

struct analyzer;

/* Aim of a passage's length in bytes; a phrase longer than that is shown whole. */
#define PASSAGE_BYTES 240

/* A word, phrase or prefix to look for. */
struct passage_leaf {
    uint32_t leaf; /* below leaf_count: entries with the same number are spellings of one leaf */
    const struct sx_str *terms; /* >= 1, adjacent */
    size_t term_count;
    bool prefix;    /* the last term is a beginning */
    uint32_t span;  /* positions that it covers */
    bool only_near; /* it counts only where it stands in a NEAR */
    double weight;  /* how much showing it is worth, > 0 */
};

/* Leaves that have to stand together: all of them in a stretch of at most `distance` positions more
 * than they cover (rank/proximity.h). */
struct passage_near {
    /* By struct passage_leaf.leaf, which is the place of the leaf's first entry, whose span counts. */
    const uint32_t *leaves;
    size_t count;
    uint32_t distance;
};

struct passage_query {
    const struct passage_leaf *leaves;
    size_t leaf_count;
    const struct passage_near *near;
    size_t near_count;
};

struct passage {
    size_t start, end;           /* bytes of the text, on grapheme clusters */
    const struct sx_mark *marks; /* relative to start, in order, not overlapping */
    size_t mark_count;
    double worth; /* 0: nothing found, the text's beginning */
};

/* A query made ready for any number of texts, one after another, also behind one that failed. What
 * `q` points to is borrowed; all memory, that of marks too, is from `mem`. */
struct passage_finder;
sx_status passage_prepare(const struct passage_query *q, struct arena *mem,
                          struct passage_finder **out, struct sx_error *err);

/* Finds up to `want` passages of a text, best first, not overlapping; at least one when want > 0
 * and the text is not empty. When `over` (may be NULL) says that time is over, the rest of the
 * text is not looked at. */
sx_status passage_find(struct passage_finder *f, struct analyzer *an, struct sx_str text,
                       size_t want, bool (*over)(void *ctx), void *ctx, struct passage *out,
                       size_t *count, struct sx_error *err);

#endif
