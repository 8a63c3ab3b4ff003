/* Rewriting: from the query as it was asked to the one that is searched. `parsed` shows the first,
 * an explanation both.
 *
 *   stop words   leave the words they stand beside, where one of those says more
 *   groups       that are left with one item are that item
 *   compounds    boundary-layer, where it stands among other items or alone, becomes AST_COMPOUND over
 *                the word as it is written and, behind it, boundary, layer and boundarylayer: the
 *                first decides where every item is needed, any of the others where one is enough,
 *                and these alone are scored. Not where a part is short or holds a digit (wi-fi,
 *                covid-19), which says little by itself.
 *
 * Both are trees in one arena; what does not change is shared. */
#ifndef INDEX_QUERY_REWRITE_H
#define INDEX_QUERY_REWRITE_H

#include "index/query/ast.h"

/* The stop words are those of all of `langs` (numbers of text/lang.h); none where there are none.
 * *out is NULL where `root` is. SX_ENOMEM alone. */
sx_status query_rewrite(const struct ast *root, const int *langs, size_t lang_count,
                        struct arena *mem, const struct ast **out, struct sx_error *err);

/* Asks for a word: a leaf or NEAR behind no NOT. What does not is a filter or an exclusion. */
bool query_is_item(const struct ast *n);

#endif
