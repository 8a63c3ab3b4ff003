/* What a reader found in a file, kept: documents and what failed, in the order they came. A reader's
 * thread fills it, prepares the documents, and hands it to the writer's. */
#ifndef INDEX_ENGINE_FINDS_H
#define INDEX_ENGINE_FINDS_H

#include <searchd/index.h>

#include "index/base/arena.h"
#include "index/engine/prepare.h"
#include "index/ingest/reader.h"

/* Lines and items of one file that are told one by one as failed; of more, how many there were. */
#define FINDS_FAILED_MAX 1000

enum find_kind { FIND_DOC, FIND_LINE, FIND_ITEM };

struct find {
    enum find_kind kind;
    struct sx_doc doc; /* FIND_DOC */
    size_t prepared;   /* FIND_DOC: which it is of those prepared, from 1; 0: it is not */
    size_t line;       /* FIND_DOC, FIND_LINE: as the sinks have it */
    struct sx_str uri; /* FIND_ITEM */
    const char *why;   /* FIND_LINE, FIND_ITEM */
    struct find *next;
};

struct finds {
    struct arena mem;
    struct find *first, *last;
    struct prepared prepared; /* borrows the documents */
    bool oom;                 /* one that failed could not be kept */
};

/* A zeroed struct finds is empty and valid. */
void finds_release(struct finds *f); /* empty again */

/* Each appends a copy. Failures are kept or remembered as `oom`, as their sinks return nothing. */
sx_status finds_doc(struct finds *f, const struct sx_doc *doc, size_t line, struct sx_error *err);
void finds_line(struct finds *f, size_t line, const struct sx_error *why);
void finds_item(struct finds *f, struct sx_str uri, const struct sx_error *why);

/* Prepares the documents, once all are there: those that are valid, and that memory suffices for.
 * `an` may be NULL, as for prepare_all(). */
void finds_prepare(struct finds *f, struct analyzer *an);

/* Bytes of memory that it has. */
size_t finds_memory(const struct finds *f);

#endif
