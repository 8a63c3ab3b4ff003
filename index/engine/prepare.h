/* What can be known of documents before the writer has them: their hash, checksum, time and language,
 * and their tokens. It needs no index, and so can be done by any thread, while the writer stores the
 * documents before them.
 *
 *   prepared_add() ──> prepare_all(), any thread ──> write_prepared(), the writer ──> prepared_clear()
 *
 * What is prepared together shares the record of its tokens: a term that many of the documents have
 * is looked up once. */
#ifndef INDEX_ENGINE_PREPARE_H
#define INDEX_ENGINE_PREPARE_H

#include <searchd/index.h>

#include "index/engine/crew.h"
#include "index/store/docs.h"
#include "index/store/tokenizer.h"
#include "index/text/record.h"

struct prepared_doc {
    struct stored_doc d;
    bool described;    /* d.at, hash, checksum and language are there, */
    bool analysed;     /* and its tokens: */
    size_t from[3];    /* of title and body, where their tokens begin, and the last end, */
    uint32_t words[2]; /* and how many of them take a position */
    bool unfed;        /* it is stored, and its tokens are still to be counted */
};

struct prepared {
    struct task task; /* that prepares them */
    struct prepared_doc *docs;
    size_t count, cap;
    size_t bytes; /* of titles and bodies */
    struct record record;
    struct arena text; /* for who adds documents that do not stay */
};

/* So many, or of so many bytes, are enough to be given to a thread. */
#define PREPARED_DOCS 128
#define PREPARED_BYTES ((size_t)128 << 10)

/* A zeroed struct prepared is empty. */
void prepared_release(struct prepared *p);
/* Forgets all documents, keeps a reasonable amount of memory. */
void prepared_clear(struct prepared *p);

/* Checks one document, what it says and how long that is; `prefix` ("docs[3]." or "") goes before
 * the key in err->param. */
sx_status doc_validate(const struct sx_doc *d, const char *prefix, struct sx_error *err);

bool prepared_is_full(const struct prepared *p);
/* Bytes of memory that it has; of documents only those that are copied. */
size_t prepared_memory(const struct prepared *p);

/* Adds a valid document, which is borrowed, of `file` (0: none). -1: memory ran out. */
int prepared_add(struct prepared *p, const struct sx_doc *doc, int64_t file);
/* Adds one that is stored, for its tokens: borrowed, or copied. Likewise. */
int prepared_borrow(struct prepared *p, const struct stored_doc *d);
int prepared_copy(struct prepared *p, const struct stored_doc *d);

/* Copies stored documents behind *id, below `below`, until there is enough to be given; *id is the
 * last of them. *more false: there are none behind it. */
sx_status prepared_read(struct prepared *p, struct db *c, int64_t *id, int64_t below, bool *more,
                        struct sx_error *err);

/* Fills in all that is missing. What memory does not suffice for stays as it is, to be done by the
 * writer. `an` may be NULL: memory ran out. */
void prepare_all(struct prepared *p, struct analyzer *an);
/* The same as a task. */
void prepare_task(struct task *t, struct analyzer *an);

/* All of one document but its tokens. */
void prepare_describe(struct prepared_doc *to);
/* Its tokens. -1: memory ran out, and the tokens of all are gone. */
int prepare_analyse(struct prepared *p, struct prepared_doc *to, struct analyzer *an);

/* The document as FTS5 is told of it: valid as long as its tokens are. */
struct replay prepared_replay(const struct prepared *p, const struct prepared_doc *d);

#endif
