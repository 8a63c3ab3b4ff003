/* Integrity checks. */
#include "index/store/verify.h"

#include <stdlib.h>
#include <string.h>

#include "index/base/str.h"

/* A page that could not be read for want of memory, or by a failing disk, is no damage of the file:
 * SQLite's check words it like one, with the code. */
static int cause_of(const char *found)
{
    const char *code = found == NULL ? NULL : strstr(found, "error code=");
    long rc = code == NULL ? 0 : strtol(code + strlen("error code="), NULL, 10);

    return (rc & 0xff) == SQLITE_NOMEM || (rc & 0xff) == SQLITE_IOERR ? (int)rc : SQLITE_OK;
}

/* Runs a query of one text; SX_ECORRUPT unless it is `good`. */
static sx_status expect(struct db *c, const char *text, const char *good, struct sx_error *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(c->sq, text, -1, &st, NULL);
    sx_status code = SX_OK;

    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW && !str_is(column_str(st, 0), good)) {
        const char *found = (const char *)sqlite3_column_text(st, 0);
        rc = cause_of(found);
        if (rc == SQLITE_OK)
            code = sx_fail(err, SX_ECORRUPT, "the file is damaged: %s", found);
    }
    if (rc != SQLITE_ROW && code == SX_OK)
        code = db_fail(c, rc, "check the file", err);
    sqlite3_finalize(st);
    return code;
}

sx_status verify_file(struct db *c, struct sx_error *err)
{
    sx_status rc = expect(c, "PRAGMA integrity_check(1)", "ok", err);

    if (rc == SX_OK)
        rc = expect(c,
                    "SELECT CASE count(*) WHEN 0 THEN 'ok' ELSE count(*) || ' texts without a"
                    " document' END FROM text WHERE id NOT IN (SELECT id FROM doc)",
                    "ok", err);
    return rc;
}

sx_status verify_fts(struct db *c, bool text, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_settle(c, err);

    if (rc == SX_OK)
        rc = db_stmt(c, ST_FTS_CHECK, &st, err);
    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int(st, 1, text);
    rc = db_run(c, st, "check the index", err);
    if (rc == SX_ECORRUPT)
        sx_fail(err, SX_ECORRUPT,
                text ? "the index does not agree with the stored text" : "the words are damaged");
    return rc;
}
