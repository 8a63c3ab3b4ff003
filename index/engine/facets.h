/* Facets: how many of the matching documents have which source, language, type, year and month. */
#ifndef INDEX_ENGINE_FACETS_H
#define INDEX_ENGINE_FACETS_H

#include <searchd/index.h>

#include "index/base/arena.h"
#include "index/base/error.h"
#include "index/store/doctable.h"

/* Counts by name's number, or by month; 0 is for documents that have none. */
struct facet_counts {
    uint64_t *of;
    size_t cap;
};

struct facets {
    unsigned wanted;              /* set of 1 << enum sx_facet */
    struct facet_counts names[3]; /* source, lang, type: by the number of the name */
    struct facet_counts months;   /* by year · 12 + month, years from 1 on, from 1 */
};

/* A zeroed one counts nothing; set `wanted`. */
void facets_release(struct facets *f);
/* Forgets what was counted. */
void facets_clear(struct facets *f);
/* Counts one document; -1: memory ran out. */
int facets_add(struct facets *f, const struct docrow *row);
/* What was counted, in the order of enum sx_facet, with the most frequent value first (years and
 * months: the newest); *out lives in `mem`. */
sx_status facets_read(const struct facets *f, const struct doctable *docs, struct arena *mem,
                      const struct sx_facet_counts **out, size_t *count, struct sx_error *err);

#endif
