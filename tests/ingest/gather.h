/* A sink that keeps all that is read of a file, for the tests of formats. */
#ifndef TESTS_INGEST_GATHER_H
#define TESTS_INGEST_GATHER_H

#include "index/base/buf.h"
#include "index/ingest/reader.h"

struct gathered {
    char *uri, *title, *body, *source, *date, *lang, *type, *extra, *why;
};

struct gather {
    struct gathered *docs, *fails; /* of fails, uri and why */
    size_t doc_count, fail_count;
    size_t unsound; /* documents and failures that break what every reader promises */
};

/* Reads `bytes` as the file `name` ("file:///name"), whose own failure counts as one of its
 * fails. `limits` may be NULL. */
sx_status gather_read(struct gather *g, const char *name, struct sx_str bytes,
                      const struct ingest_limits *limits);
void gather_release(struct gather *g);

/* Reads a file to the end of `out`; false when it cannot be. */
bool gather_file(const char *path, struct buf *out);

#endif
