/* The table `term`: the distinct terms of the index by length, for words that may be misspelt.
 *
 * Fed with each commit, like the forms (store/forms.h), and like them it outlives documents: a
 * term that none holds any more finds nothing. What no fuzzy word is near to is left out: terms
 * of one code point or of more than EDITS_POINTS_MAX, and dictionary words of unspaced scripts. */
#ifndef INDEX_STORE_FUZZY_H
#define INDEX_STORE_FUZZY_H

#include "index/base/arena.h"
#include "index/base/buf.h"
#include "index/store/db.h"
#include "index/store/termlist.h"

/* In SQL, which terms are stored: as fuzzy_feed() has it. */
#define FUZZY_TERMS " WHERE length(term) BETWEEN 2 AND 60 AND instr(term, char(2)) = 0"

/* In a transaction: stores a term, where it may be near to a word; one that is there is fine. One
 * that was not is appended to `fresh`, for fuzzy_fresh(). */
sx_status fuzzy_feed(struct db *c, struct sx_str term, struct buf *fresh, struct sx_error *err);
/* Adds the terms in `fresh` to a list; -1: memory ran out, now or for `fresh`. */
int fuzzy_fresh(const struct buf *fresh, struct termlist *out);
/* In a transaction: forgets all, and takes the terms that are in the index. */
sx_status fuzzy_renew(struct db *c, struct sx_error *err);

/* Adds all terms of the snapshot to a list; *all: they are in it, else memory ran out, or they
 * would take more than `max` bytes. */
sx_status fuzzy_load(struct db *c, struct termlist *out, size_t max, bool *all,
                     struct sx_error *err);

/* A fuzzy word. */
struct fuzzy_word {
    struct sx_str term;
    unsigned edits; /* 1 or 2 */
};

/* The terms at most so many edits away from a word: itself first, the others by edits, then by how
 * much of their beginning they share, then by their bytes; at most SX_FUZZY_TERMS_MAX, *more tells
 * that there were others. Some may stand in no document. All of *out lives in `mem`. */
sx_status fuzzy_of(struct db *c, struct fuzzy_word word, struct arena *mem, struct sx_str **out,
                   size_t *count, bool *more, struct sx_error *err);
/* The same of the terms in some lists. */
sx_status fuzzy_in(const struct termlist *const *lists, size_t list_count, struct fuzzy_word word,
                   struct arena *mem, struct sx_str **out, size_t *count, bool *more,
                   struct sx_error *err);

#endif
