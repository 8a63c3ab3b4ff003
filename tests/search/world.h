/* An index in a folder of its own, with what these tests do to it. Any call that fails, fails the
 * test. Documents go by numbers, which are their uris. */
#ifndef TESTS_SEARCH_WORLD_H
#define TESTS_SEARCH_WORLD_H

#include <searchd/index.h>

#include "index/base/str.h"
#include "tests/support/support.h"

struct world {
    char *dir;
    struct sx_index_options options; /* its languages are borrowed */
    struct sx_index *ix;
    struct sx_reader *reader;
};

void must(sx_status rc, const struct sx_error *err);

/* With forms of `languages`; 0: of those that the documents show. */
void world_open(struct world *w, const char *const *languages, size_t language_count);
void world_reopen(struct world *w); /* what is not committed is gone */
void world_close(struct world *w);

/* Puts document `number`, in the open transaction; a title may be absent. */
void world_put(struct world *w, size_t number, struct sx_str title, struct sx_str body);
void world_commit(struct world *w);
void world_maintain(struct world *w); /* until nothing is left to merge or to fill */

/* Asks with match=all for at most `limit` hits with `snippets` passages; sx_results_free(). */
struct sx_results *world_search(struct world *w, struct sx_str query, size_t limit,
                                size_t snippets);
/* The hit that is document `number`, or NULL. */
const struct sx_hit *world_hit(const struct sx_results *res, size_t number);

#endif
