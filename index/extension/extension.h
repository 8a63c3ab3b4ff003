/* searchd_fts5.so: the tokenizer `searchd` and the function searchd_rank() for other programs that
 * hold SQLite: its shell, Python. With it they read the index of a daemon, running or not. */
#ifndef INDEX_EXTENSION_EXTENSION_H
#define INDEX_EXTENSION_EXTENSION_H

#include <sqlite3.h>

/* The entry point, under the name that SQLite derives from that of the file. An SQLite code;
 * *why, freed by the caller with sqlite3_free(), tells of a failure. */
struct sqlite3_api_routines;
int sqlite3_searchdfts_init(sqlite3 *db, char **why,
                            const struct sqlite3_api_routines *sqlite3_api);

#endif
