/* Word forms: which terms of the index share a stem, in each of the collection's languages.
 *
 * Stems are not indexed: a query word stands for all terms that share its stem, and this is where
 * they are looked up. A row of `form` is a term and its stem in one language, where the two
 * differ; a term that is its own stem needs none. Rows outlive their documents: a term that no
 * document holds any more finds nothing.
 *
 * `language` lists the languages whose terms get rows. One that joins late is not `ready` until
 * the terms that were there before it have theirs, too: filling walks them in order, a slice at a
 * time, and `filled_to` is where it goes on after a restart. What is committed meanwhile is fed
 * as for any other language, so that filling misses nothing behind its back. */
#ifndef INDEX_STORE_FORMS_H
#define INDEX_STORE_FORMS_H

#include "index/base/arena.h"
#include "index/base/buf.h"
#include "index/store/db.h"
#include "index/store/deltas.h"
#include "index/text/stem.h"

#define LANGS_MAX SX_LANGUAGES_MAX
#define FORMS_MAX 256 /* terms that one word stands for */

/* Languages by their numbers (text/lang.h). */
struct langs {
    int list[LANGS_MAX];
    size_t count;
};

/* ---- the writer's side ---------------------------------------------------------------------- */

/* What feeds the table: a stemmer, and fingerprints of the terms just fed. */
struct forms;

struct forms *forms_new(void);    /* NULL: memory ran out */
void forms_free(struct forms *f); /* NULL is fine */

/* Forgets what was fed: it was rolled back, or a language joined. */
void forms_forget(struct forms *f);

/* Gives the terms that a transaction adds to documents their rows, of forms and of fuzzy.h; inside
 * that transaction. `fresh` is fuzzy_feed()'s. */
sx_status forms_feed(struct forms *f, struct db *c, const struct langs *langs,
                     const struct deltas *d, struct buf *fresh, struct sx_error *err);

/* Removes all rows: the terms that they are of are gone. In a transaction. */
sx_status forms_clear(struct forms *f, struct db *c, struct sx_error *err);

/* Goes on filling a language, for at most `max` terms and until `deadline_ns` (0: none), but for
 * one term at least. *ready: it is filled, and the table says so. In a transaction. */
sx_status forms_fill(struct forms *f, struct db *c, int lang, size_t max, uint64_t deadline_ns,
                     bool *ready, struct sx_error *err);

/* The rows of `language`: *ready tells of each whether it is filled. Rows that this version does
 * not know are left out. */
sx_status language_list(struct db *c, struct langs *out, bool ready[LANGS_MAX],
                        struct sx_error *err);
sx_status language_add(struct db *c, int lang, bool ready, struct sx_error *err);
/* Its forms stay, and are right as far as they go: should it come back, it is filled anew. */
sx_status language_drop(struct db *c, int lang, struct sx_error *err);

/* ---- a reader's side ------------------------------------------------------------------------ */

/* The filled languages of the snapshot, in the order of their codes. */
sx_status language_ready(struct db *c, struct langs *out, struct sx_error *err);

/* The terms that share a stem with `term` in one of `langs`: `term` itself first, the others each
 * once, in the order of their bytes; at most FORMS_MAX, *more tells that there were others. Some
 * may stand in no document. All of *out lives in `mem`. */
sx_status forms_of(struct db *c, struct stemmer *stemmer, const struct langs *langs,
                   struct sx_str term, struct arena *mem, struct sx_str **out, size_t *count,
                   bool *more, struct sx_error *err);

#endif
