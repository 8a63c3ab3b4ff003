/* The table of documents: read when an index opens, of its file and what came since, or else all of it from
 * SQLite; and its file, DIR/blockmax/documents (store/docfile.h), which upkeep writes. */
#ifndef INDEX_ENGINE_DOCUMENTS_H
#define INDEX_ENGINE_DOCUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "index/base/error.h"

struct sx_index;
struct reach_docs;

/* What upkeep knows of the file; 0 rows: there is none that would do. */
struct documents_file {
    uint64_t rows, next;
    bool served; /* when the index was opened */
};

/* Fills ix->memory, notes each document in `docs`, which may have some after a failure, too, and counts
 * their languages; ix->committed.sum is right then. */
sx_status documents_load(struct sx_index *ix, struct reach_docs *docs, struct sx_error *err);
/* Whether a new file would save much when the index opens next. One that is not closing waits until much has
 * changed: a file of all documents is not to be written for each. */
bool documents_due(struct sx_index *ix, bool closing);
/* Writes it, where the segments reach all documents; else SX_EBUSY. */
sx_status documents_write(struct sx_index *ix, struct sx_error *err);

#endif
