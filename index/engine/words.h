/* The terms of the index in memory, for words that may be misspelt (store/fuzzy.h). The first
 * search that asks for such a word reads them from the file; from then on commits add theirs.
 *
 *              words_claim()                words_take()
 *   none ─────────────────────> claimed ─────────────────────> loaded
 *     ^                            │                              │
 *     └── not loaded after all ────┴── no memory for a commit's ──┘
 *
 * None is lost between the two: a search claims before its snapshot begins, and a commit looks
 * after COMMIT whether one has. If none had by then, its terms are in the snapshot of whoever does.
 *
 * They belong to struct memory, so that a rebuild, after which terms are others, begins with none.
 * Where these do not serve a snapshot, the table `term` does: while they are loaded, between COMMIT
 * and its terms here, in a snapshot held since before, and where there are too many. They may have
 * terms that are newer than a snapshot, and stand in no document of it. */
#ifndef INDEX_ENGINE_WORDS_H
#define INDEX_ENGINE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/base/arena.h"
#include "index/base/error.h"
#include "index/store/fuzzy.h"

struct sx_index;
struct sx_reader;
struct state;

/* Terms take 25 bytes each; more than so many stay in the file. */
#define WORDS_BYTES_MAX ((size_t)256 << 20)

struct words {
    struct termlist *read;  /* from the file; the loader's alone until all are there */
    struct termlist *added; /* by commits since the claim; the writer's to add to */
    /* by the lock of the index */
    bool loaded;
    uint64_t upto; /* the last generation whose terms are all here */
    unsigned refs; /* that of the memory, of readers, of the writer amid adding */
};

void words_free(struct words *w); /* NULL is fine */

/* A reader that is going to look up fuzzy words, before its snapshot begins: if the terms are not
 * in memory, nor about to be, r->words are claimed. */
void words_claim(struct sx_reader *r);
/* In its snapshot `snap`: loads what is claimed, else takes what serves the snapshot; r->words is
 * NULL where the file has to. Fails as reading does. */
sx_status words_take(struct sx_reader *r, const struct state *snap, struct sx_error *err);
/* At the end of its snapshot, or of the attempt to begin it. */
void words_leave(struct sx_reader *r);

/* fuzzy_of() or, where `w` is there, in it. */
sx_status words_near(const struct words *w, struct db *c, struct fuzzy_word word, struct arena *mem,
                     struct sx_str **out, size_t *count, bool *more, struct sx_error *err);

/* The writer, after COMMIT: what was new in it (ix->fresh) joins. Where memory runs out for that,
 * all are dropped, to be loaded anew. */
void words_committed(struct sx_index *ix);

#endif
