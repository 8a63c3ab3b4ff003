/* The schema, as a list of migrations: the nth brings user_version n - 1 to n, in one transaction.
 *
 *   doc     a document's key, hash, metadata and lengths: small rows, read whole at open
 *   text    its title, body and extra, by the same id
 *   fts     FTS5 over text (external content): the postings, no second copy of the text
 *   file    what was read from the roots: size, time and hash, to skip what did not change
 *   failed  what could not be read, and why
 *   state   one row: generation, next id, counts; written with every commit
 *   form, language   terms by stem, in the collection's languages; see store/forms.h
 *   term    terms by length; see store/fuzzy.h
 *
 * Ids are never used twice (state.next_id), so that what memory knows of an id stays true. */
#include "index/store/schema.h"

#include <stdio.h>
#include <string.h>

#include "index/store/fuzzy.h"
#include "index/text/analyzer.h"

static const char *const migrations[] = {
    "CREATE TABLE doc("
    " id INTEGER PRIMARY KEY,"
    " uri TEXT NOT NULL UNIQUE,"
    " hash BLOB NOT NULL," /* SHA-256 of uri NUL title NUL body */
    " source TEXT, date TEXT, lang TEXT, type TEXT,"
    " at INTEGER," /* the date's beginning, seconds since 1970 */
    " title_len INTEGER NOT NULL, body_len INTEGER NOT NULL," /* words */
    " checksum INTEGER NOT NULL," /* CRC-32 of everything stored of it */
    " file INTEGER);"
    "CREATE INDEX doc_hash ON doc(substr(hash, 1, 8));"
    "CREATE INDEX doc_file ON doc(file) WHERE file IS NOT NULL;"
    "CREATE TABLE text("
    " id INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL, extra TEXT);"
    "CREATE VIRTUAL TABLE fts USING fts5("
    " title, body, content='text', content_rowid='id', tokenize='searchd');"
    "INSERT INTO fts(fts, rank) VALUES('automerge', 8);"
    "CREATE TABLE file("
    " id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE, size INTEGER NOT NULL,"
    " changed INTEGER NOT NULL, hash BLOB);"
    "CREATE TABLE failed("
    " uri TEXT PRIMARY KEY, stage TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,"
    " file INTEGER) WITHOUT ROWID;"
    "CREATE TABLE state("
    " one INTEGER PRIMARY KEY CHECK(one = 1), generation INTEGER NOT NULL,"
    " next_id INTEGER NOT NULL, docs INTEGER NOT NULL, title_words INTEGER NOT NULL,"
    " body_words INTEGER NOT NULL, failed INTEGER NOT NULL, analyzer INTEGER NOT NULL);",

    /* of doc: whether its lang was found out rather than given */
    "ALTER TABLE doc ADD COLUMN lang_detected INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE form("
    " lang TEXT NOT NULL, stem TEXT NOT NULL, term TEXT NOT NULL,"
    " PRIMARY KEY(lang, stem, term)) WITHOUT ROWID;"
    "CREATE TABLE language("
    " code TEXT PRIMARY KEY, filled_to TEXT NOT NULL, ready INTEGER NOT NULL) WITHOUT ROWID;",

    "CREATE TABLE term("
    " length INTEGER NOT NULL, term TEXT NOT NULL, PRIMARY KEY(length, term)) WITHOUT ROWID;"
    "CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, fts, row);"
    "INSERT INTO term SELECT length(term), term FROM temp.words" FUZZY_TERMS ";"
    "DROP TABLE temp.words;",

    "SELECT 1;",

    /* of file: st_mtime, what kind it is, and by which version of the readers it was read;
     * of failed: whether it is tried again though the file does not change */
    "ALTER TABLE file ADD COLUMN modified INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE file ADD COLUMN type TEXT;"
    "ALTER TABLE file ADD COLUMN extractor INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE failed ADD COLUMN retry INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX file_hash ON file(hash) WHERE hash IS NOT NULL;"
    "CREATE INDEX file_type ON file(type);"
    "CREATE INDEX failed_file ON failed(file) WHERE file IS NOT NULL;"
    "CREATE INDEX doc_type ON doc(type);",

    /* of doc: the checksum before it got another uri, absent where it never did; of state: the sum of
     * doc_sum(), absent until a commit knows it */
    ("ALTER TABLE doc ADD COLUMN put_checksum INTEGER;"
     "ALTER TABLE state ADD COLUMN sum INTEGER;"),
};

_Static_assert(sizeof(migrations) / sizeof(migrations[0]) == SCHEMA_VERSION,
               "one migration a schema version");

static sx_status pragma_int(struct db *c, const char *sql, int64_t *out, struct sx_error *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(c->sq, sql, -1, &st, NULL);

    *out = 0;
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        *out = sqlite3_column_int64(st, 0);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    return rc == SQLITE_OK || rc == SQLITE_DONE ? SX_OK : db_fail(c, rc, "read the header", err);
}

/* What the file is: *version 0 for an empty one. Refuses foreign and newer ones. */
static sx_status identify(struct db *c, int64_t *version, struct sx_error *err)
{
    int64_t id;
    int64_t tables;
    sx_status rc = pragma_int(c, "PRAGMA application_id", &id, err);

    if (rc == SX_OK)
        rc = pragma_int(c, "PRAGMA user_version", version, err);
    if (rc == SX_OK)
        rc = pragma_int(c, "SELECT count(*) FROM sqlite_master", &tables, err);
    if (rc != SX_OK)
        return rc;
    if (id == 0 && *version == 0 && tables == 0)
        return SX_OK;
    if (id != SCHEMA_APPLICATION_ID)
        return sx_fail(err, SX_EVERSION,
                       "the file is no searchd index: an SQLite database of another program "
                       "(application id %lld)",
                       (long long)id);
    if (*version < 1 || *version > SCHEMA_VERSION)
        return sx_fail(err, SX_EVERSION,
                       "the index has schema version %lld, this searchd reads up to %d: "
                       "use a newer searchd",
                       (long long)*version, SCHEMA_VERSION);
    return SX_OK;
}

static sx_status migrate(struct db *c, int64_t from, struct sx_error *err)
{
    char stamp[256];
    sx_status rc = db_exec(c, "BEGIN IMMEDIATE", "begin", err);

    if (rc != SX_OK)
        return rc;
    for (int64_t v = from; v < SCHEMA_VERSION && rc == SX_OK; v++)
        rc = db_exec(c, migrations[v], "make the schema", err);
    snprintf(stamp, sizeof(stamp),
             "INSERT OR IGNORE INTO state VALUES(1, 0, 1, 0, 0, 0, 0, %d, 0);"
             "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             ANALYZER_VERSION, SCHEMA_APPLICATION_ID, SCHEMA_VERSION);
    if (rc == SX_OK)
        rc = db_exec(c, stamp, "make the schema", err);
    if (rc == SX_OK)
        rc = db_exec(c, "COMMIT", "commit the schema", err);
    if (rc != SX_OK)
        sqlite3_exec(c->sq, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

/* How much FTS5 gathers in memory before it writes a segment, of which it has the fewer to merge; and how
 * many of a level it merges when nothing else is to be done: no fewer than while it writes, as few searches
 * ask it. Both are kept in the file; where that cannot be written, the index is no worse than it was. */
static void tune(struct db *c)
{
    static const char *const sql =
        "INSERT INTO fts(fts, rank) SELECT 'hashsize', 8388608 WHERE NOT EXISTS"
        " (SELECT 1 FROM fts_config WHERE k = 'hashsize' AND v = 8388608);"
        "INSERT INTO fts(fts, rank) SELECT 'usermerge', 8 WHERE NOT EXISTS"
        " (SELECT 1 FROM fts_config WHERE k = 'usermerge' AND v = 8)";

    sqlite3_exec(c->sq, sql, NULL, NULL, NULL);
}

sx_status schema_prepare(struct db *c, struct sx_error *err)
{
    int64_t version;
    char page_size[64];
    sx_status rc = identify(c, &version, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_db_config(c->sq, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    if (version == 0) {
        snprintf(page_size, sizeof(page_size), "PRAGMA page_size = %d", SCHEMA_PAGE_SIZE);
        rc = db_exec(c, page_size, "set the page size", err);
    }
    if (rc == SX_OK)
        rc = db_exec(c, "PRAGMA journal_mode = WAL", "switch to WAL", err);
    if (rc == SX_OK && version < SCHEMA_VERSION)
        rc = migrate(c, version, err);
    if (rc == SX_OK)
        tune(c);
    return rc;
}
