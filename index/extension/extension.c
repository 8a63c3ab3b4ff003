/* Loading: once a connection, and again if somebody does; the later takes the earlier's place. */
#include "index/extension/extension.h"

#include <sqlite3ext.h>

#include "index/extension/rank.h"
#include "index/store/schema.h"
#include "index/store/tokenizer.h"
#include "index/text/analyzer.h"

/* sqlite3_bind_pointer() is the newest that is called, and an older table ends before it. */
#define SQLITE_OLDEST 3020000

static int find_fts5(sqlite3 *db, const sqlite3_api_routines *sqlite3_api, fts5_api **out)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &st, NULL);

    *out = NULL;
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_pointer(st, 1, out, "fts5_api_ptr", NULL);
    if (rc == SQLITE_OK)
        sqlite3_step(st);
    sqlite3_finalize(st);
    return *out == NULL ? SQLITE_ERROR : SQLITE_OK;
}

/* The analyzer that the words of the open index are from; ours when it is no index of searchd. What
 * else may be wrong with the file its user's first statement will tell: the error that is left in
 * `db` here is undone by what find_fts5() does. */
static int index_analyzer(sqlite3 *db, const sqlite3_api_routines *sqlite3_api)
{
    int version = ANALYZER_VERSION;
    sqlite3_stmt *st = NULL;
    char *sql = sqlite3_mprintf("SELECT analyzer FROM main.state, pragma_application_id"
                                " WHERE application_id = %d",
                                SCHEMA_APPLICATION_ID);

    if (sql != NULL && sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        version = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    sqlite3_free(sql);
    return version;
}

__attribute__((visibility("default"))) int
sqlite3_searchdfts_init(sqlite3 *db, char **why, const sqlite3_api_routines *sqlite3_api)
{
    fts5_api *fts;

    if (sqlite3_libversion_number() < SQLITE_OLDEST) {
        *why = sqlite3_mprintf("searchd_fts5 needs SQLite 3.20 or newer");
        return SQLITE_ERROR;
    }
    int analyzer = index_analyzer(db, sqlite3_api);
    if (analyzer != ANALYZER_VERSION) {
        *why = sqlite3_mprintf("the index was made by analyzer %d, this searchd_fts5 has %d: "
                               "load the one that came with the searchd of the index",
                               analyzer, ANALYZER_VERSION);
        return SQLITE_ERROR;
    }
    if (find_fts5(db, sqlite3_api, &fts) != SQLITE_OK) {
        *why = sqlite3_mprintf("this SQLite has no FTS5");
        return SQLITE_ERROR;
    }
    int rc = tokenizer_register(fts, NULL);
    return rc == SQLITE_OK ? rank_register(fts, sqlite3_api) : rc;
}
