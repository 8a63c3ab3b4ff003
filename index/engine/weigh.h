/* Weights of leaves: n and F of their words for one snapshot, from the cache or the postings. */
#ifndef INDEX_ENGINE_WEIGH_H
#define INDEX_ENGINE_WEIGH_H

#include "index/engine/index.h"
#include "index/engine/plan.h"
#include "index/store/forms.h"

/* Finds the other forms of each unquoted word of `p`, and what its fuzzy words are near to, in the
 * snapshot that `c` reads, which `words` serve or, where that is NULL, the file; *stemmer is made
 * when it is needed. `exact`: forms only of words that are excluded. *cut: there are more than FORMS_MAX or SX_FUZZY_TERMS_MAX of a word, or than
 * SX_QUERY_FORMS_MAX of all, and some were left out. */
sx_status find_forms(struct db *c, const struct words *words, struct stemmer **stemmer,
                     const struct langs *langs, struct plan *p, bool exact, bool *cut,
                     struct sx_error *err);
/* Sets weight, words and spread of every leaf of `p`, and the weights of its pairs, for the snapshot `snap` that `r` reads, and drops
 * the forms that stand in no document of it. */
sx_status weigh_leaves(struct sx_reader *r, const struct state *snap, struct plan *p,
                       struct sx_error *err);

#endif
