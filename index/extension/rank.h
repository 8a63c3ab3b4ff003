/* searchd_rank(fts): the score of rank/score.h as an FTS5 function, for any SQLite shell.
 *
 * Negative, as bm25() is, so that ORDER BY puts the best first; also in the form
 * `rank MATCH 'searchd_rank()' ORDER BY rank`, by which FTS5 sorts. Each phrase of the MATCH is a
 * leaf with counts of its own: FTS5 tells a function neither the words of a phrase, whose weights
 * the daemon adds up, nor how often a word stands outside the columns asked for. One word scores
 * exactly what it scores there. */
#ifndef INDEX_EXTENSION_RANK_H
#define INDEX_EXTENSION_RANK_H

#include <sqlite3ext.h>

/* Registers the function on the connection of `fts`; `api` must outlive it. An SQLite code. */
int rank_register(fts5_api *fts, const sqlite3_api_routines *api);

#endif
