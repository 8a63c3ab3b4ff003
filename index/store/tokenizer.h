/* The analyzer as FTS5's tokenizer `searchd`.
 *
 * In a query, a string that begins with the byte 1 is a list of terms already analysed, each
 * behind such a byte: the planner hands FTS5 exactly the terms it means, and no text that a user
 * types is ever read by FTS5's own parser as more than a string. No term holds that byte. */
#ifndef INDEX_STORE_TOKENIZER_H
#define INDEX_STORE_TOKENIZER_H

#include <sqlite3.h>

#include "index/text/analyzer.h"

#define TERM_MARK '\1'

/* Told of each text and token as FTS5 indexes or un-indexes a document on this connection: the
 * title is a document's first text, the body its second. */
struct token_tap {
    void (*text)(void *ctx);                        /* NULL: the tap is off */
    int (*token)(void *ctx, const struct token *t); /* non-zero: memory ran out */
    void *ctx;
};

/* Registers the tokenizer on `db`; `tap` (may be NULL) must outlive it. An SQLite code. */
int tokenizer_register(sqlite3 *db, struct token_tap *tap);

/* The fts5_api of a connection. An SQLite code. */
struct fts5_api;
int tokenizer_api(sqlite3 *db, struct fts5_api **out);

#endif
