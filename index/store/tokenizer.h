/* The analyzer as FTS5's tokenizer `searchd`.
 *
 * In a query, a string that begins with the byte 1 is a list of terms already analysed, each
 * behind such a byte: the planner hands FTS5 exactly the terms it means, and no text that a user
 * types is ever read by FTS5's own parser as more than a string. No term holds that byte.
 *
 * Any other string in a query is text, as users of the loadable extension write it: a phrase of one
 * term a position. That is the word there; but c++ for c where that is written, and in an unspaced
 * script the pair of clusters that begins there, which far fewer documents hold. So e-mail finds
 * "e mail" too, and email alone also finds e-mail.
 *
 * Nothing of SQLite is called here, so that the extension, which must reach SQLite through a table
 * of functions, is made of the same file. */
#ifndef INDEX_STORE_TOKENIZER_H
#define INDEX_STORE_TOKENIZER_H

#include <sqlite3.h>

#include "index/text/analyzer.h"
#include "index/text/record.h"

#define TERM_MARK '\1'

/* A document on its way to FTS5, to be indexed or un-indexed, whose tokens are known: where FTS5 asks
 * for those of a text of its, it is told them again. Any other text is analysed. */
struct replay {
    const struct record *record; /* NULL: nothing is known */
    struct sx_str texts[2];      /* title, body */
    size_t from[3]; /* where in the record the tokens of each begin, and the last end */
};

/* Registers the tokenizer on the connection of `api`; `replay` (may be NULL) must outlive it. An
 * SQLite code. */
struct fts5_api;
int tokenizer_register(struct fts5_api *api, struct replay *replay);

#endif
