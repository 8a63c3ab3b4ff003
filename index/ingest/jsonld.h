/* What a page tells search engines about its article: schema.org in JSON-LD. */
#ifndef INDEX_INGEST_JSONLD_H
#define INDEX_INGEST_JSONLD_H

#include <stdbool.h>
#include <stddef.h>

#include "index/base/buf.h"

struct meta;

#define JSONLD_MAX ((size_t)256 << 10) /* bytes of one script; a longer one is not read */

/* What the scripts of one page said. A zeroed one is empty and valid. */
struct jsonld {
    struct buf headline; /* of the article */
    char day[16];        /* that it was published on */
    unsigned articles;
    bool many; /* articles of different days: a list, which has no date of its own */
};

void jsonld_release(struct jsonld *ld);

/* Reads one script; offers date, author, source, language and address to `m` (ranks 1 to 3 and, for
 * the day of a change, JSONLD_CHANGED). Read laxly: raw control characters, and what stands around
 * the JSON, are fine; what is no JSON, too deep or too long says nothing. */
void jsonld_read(struct jsonld *ld, struct sx_str script, struct meta *m);

/* Once all are read: takes back what cannot be the page's. */
void jsonld_settle(struct jsonld *ld, struct meta *m);

#define JSONLD_CHANGED 35

#endif
