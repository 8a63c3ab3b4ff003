/* Asking FTS5 which documents hold which phrases, row by row, without ever sorting by rank.
 *
 * The function sx_match() is called by FTS5's cursor for each matching row, inside one
 * sqlite3_step(): it counts where each phrase of the expression stands and hands the counts to
 * the engine, which alone decides what matches and what it scores. It returns NULL, so that no
 * row ever leaves the statement. */
#ifndef INDEX_STORE_MATCH_H
#define INDEX_STORE_MATCH_H

#include <stdint.h>

#include "index/base/places.h"
#include "index/store/db.h"

/* Where the counts of a phrase go: several may share a slot, and the last one holds. */
enum match_how {
    MATCH_SET,   /* it alone */
    MATCH_UNION, /* positions where it or one of those it follows stands, back to a MATCH_SET */
    MATCH_SUM    /* the positions of both, those in common twice */
};
struct match_phrase {
    uint32_t slot; /* in `tf` */
    enum match_how how;
};

/* One matching row. Non-zero stops the match and is returned by store_match(). */
typedef sx_status (*match_row)(void *ctx, int64_t rowid);

struct match {
    match_row row;
    void *ctx;
    int phrases; /* in the expression */
    const struct match_phrase *phrase;
    struct phrase_tf *tf;        /* filled before `row` is called */
    sx_status stopped;           /* what `row` returned last */
    const Fts5ExtensionApi *api; /* of the current row, for match_places() */
    Fts5Context *fts;
};

/* The places of the slot of phrase `first`, a MATCH_SET, in the current row: within `row` only; they
 * replace what `out` holds. -1: memory ran out. */
int match_places(const struct match *m, int first, struct places *out);

/* Registers sx_match on a connection, whose FTS5 is `api`. An SQLite code. */
struct fts5_api;
int match_register(struct db *c, struct fts5_api *api);

/* Runs `expr`, an FTS5 expression of m->phrases phrases. */
sx_status store_match(struct db *c, struct sx_str expr, struct match *m, struct sx_error *err);
/* The same for one document; `row` is not called where it does not match, or is not there. */
sx_status store_match_one(struct db *c, struct sx_str expr, int64_t rowid, struct match *m,
                          struct sx_error *err);

/* n and F of a term, or of all terms that begin so, from the postings of the snapshot. SX_EQUERY
 * when a prefix stands for more than `max_terms`. */
struct vocab_counts {
    uint64_t n, f;
};
sx_status vocab_term(struct db *c, struct sx_str term, struct vocab_counts *out,
                     struct sx_error *err);
sx_status vocab_prefix(struct db *c, struct sx_str prefix, size_t max_terms,
                       struct vocab_counts *out, struct sx_error *err);

#endif
