/* The parts of a document that is a zip file: DOCX, ODT, EPUB. */
#ifndef INDEX_INGEST_PARTS_H
#define INDEX_INGEST_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "index/base/arena.h"
#include "index/ingest/item.h"

struct part {
    struct sx_str name, bytes;
};

/* A zeroed struct parts is empty and valid. */
struct parts {
    struct arena arena; /* owns all below */
    struct part *list;  /* by name */
    size_t count;
    size_t room;
};

/* Unpacks the entries for which `wanted` holds. They may be so large together as one item.
 * SX_EREQUEST: damaged, or an entry that is wanted is encrypted. */
sx_status parts_load(struct parts *p, const struct item *it, struct sx_str zip,
                     bool (*wanted)(struct sx_str name), struct sx_error *err);
void parts_release(struct parts *p);

/* The part of that name; absent when there is none. */
struct sx_str parts_find(const struct parts *p, struct sx_str name);

/* The same once: from then on it is absent. */
struct sx_str parts_take(struct parts *p, struct sx_str name);

#endif
