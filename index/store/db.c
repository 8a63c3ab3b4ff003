/* Connections: opening, statements by number, errors, deadlines. */
#include "index/store/db.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "index/base/clock.h"
#include "index/base/cores.h"
#include "index/store/fuzzy.h"
#include "index/store/match.h"

/* SQLite opcodes between two looks at the clock: overshoot stays near 10 ms, cost below 3 %. */
#define PROGRESS_OPS 100

#define BUSY_WAIT_MS 10000

#define DOC_COLUMNS                                                                                \
    "id, uri, hash, source, date, lang, type, at, title_len, body_len, checksum, file,"            \
    " lang_detected"

#define FILE_COLUMNS "id, size, changed, modified, hash, type, extractor"

static const char *const sql[ST_COUNT] = {
    [ST_BEGIN_READ] = "BEGIN",
    [ST_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [ST_COMMIT] = "COMMIT",
    [ST_ROLLBACK] = "ROLLBACK",
    [ST_STATE_GET] = "SELECT generation, next_id, docs, title_words, body_words, failed, analyzer,"
                     " sum FROM state",
    [ST_STATE_SET] = "UPDATE state SET generation = ?1, next_id = ?2, docs = ?3, title_words = ?4,"
                     " body_words = ?5, failed = ?6, analyzer = ?7, sum = ?8",
    [ST_DOC_BY_URI] = "SELECT " DOC_COLUMNS ", put_checksum FROM doc WHERE uri = ?1",
    [ST_DOC_BY_HASH] =
        "SELECT " DOC_COLUMNS ", put_checksum FROM doc WHERE substr(hash, 1, 8) = substr(?1, 1, 8)"
        " AND hash = ?1",
    [ST_DOC_BY_ID] = "SELECT " DOC_COLUMNS ", put_checksum FROM doc WHERE id = ?1",
    [ST_DOC_WHOLE] = "SELECT " DOC_COLUMNS ", put_checksum, title, body, extra"
                     " FROM doc JOIN text USING(id) WHERE id = ?1",
    [ST_DOC_AFTER] =
        "SELECT " DOC_COLUMNS ", put_checksum FROM doc WHERE id > ?1 ORDER BY id LIMIT 1",
    [ST_DOC_INSERT] = "INSERT INTO doc(" DOC_COLUMNS ")"
                      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [ST_DOC_LENGTHS] = "UPDATE doc SET title_len = ?2, body_len = ?3 WHERE id = ?1",
    [ST_DOC_DELETE] = "DELETE FROM doc WHERE id = ?1",
    [ST_DOC_ALL] = "SELECT " DOC_COLUMNS ", put_checksum FROM doc WHERE id >= ?1 ORDER BY id",
    [ST_DOC_OF_FILE] = "SELECT id FROM doc WHERE file = ?1 AND id < ?2 LIMIT 256",
    [ST_DOC_MANY] = "SELECT count(*) > ?2 FROM (SELECT 1 FROM doc WHERE file = ?1 LIMIT ?2 + 1)",
    [ST_DOC_RENAME] = "UPDATE doc SET uri = ?2, hash = ?3, checksum = ?4,"
                      " put_checksum = coalesce(put_checksum, checksum) WHERE id = ?1",
    [ST_DOC_TYPES] = "SELECT type, count(*) FROM doc GROUP BY type ORDER BY type",
    [ST_TEXT_GET] = "SELECT title, body, extra FROM text WHERE id = ?1",
    [ST_TEXT_INSERT] = "INSERT INTO text(id, title, body, extra) VALUES(?1, ?2, ?3, ?4)",
    [ST_TEXT_DELETE] = "DELETE FROM text WHERE id = ?1",
    [ST_FTS_INSERT] = "INSERT INTO fts(rowid, title, body) VALUES(?1, ?2, ?3)",
    [ST_FTS_DELETE] = "INSERT INTO fts(fts, rowid, title, body) VALUES('delete', ?1, ?2, ?3)",
    [ST_FTS_CLEAR] = "INSERT INTO fts(fts) VALUES('delete-all')",
    [ST_FTS_MERGE] = "INSERT INTO fts(fts, rank) VALUES('merge', ?1)",
    [ST_FTS_CHECK] = "INSERT INTO fts(fts, rank) VALUES('integrity-check', ?1)",
    [ST_FTS_MATCH] = "SELECT rowid FROM fts WHERE fts MATCH ?1 AND sx_match(fts)",
    [ST_FTS_MATCH_ONE] = "SELECT rowid FROM fts WHERE fts MATCH ?1 AND rowid = ?2"
                         " AND sx_match(fts)",
    [ST_VOCAB_TERM] = "SELECT doc, cnt FROM temp.vocab WHERE term = ?1",
    [ST_VOCAB_PREFIX] = "SELECT doc, cnt FROM temp.vocab WHERE term >= ?1 AND term <= ?2 LIMIT ?3",
    [ST_FILE_GET] = "SELECT " FILE_COLUMNS " FROM file WHERE path = ?1",
    [ST_FILE_INSERT] = "INSERT INTO file(path, size, changed, modified, hash, type, extractor)"
                       " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [ST_FILE_UPDATE] = "UPDATE file SET size = ?2, changed = ?3, modified = ?4, hash = ?5,"
                       " type = ?6, extractor = ?7 WHERE id = ?1",
    [ST_FILE_DELETE] = "DELETE FROM file WHERE id = ?1",
    [ST_FILE_ALL] = "SELECT id, path FROM file WHERE path > ?1 ORDER BY path LIMIT 256",
    [ST_FILE_PATH] = "SELECT path FROM file WHERE id = ?1",
    [ST_FILE_BY_ID] = "SELECT " FILE_COLUMNS " FROM file WHERE id = ?1",
    [ST_FILE_BY_HASH] = "SELECT id, path FROM file WHERE hash = ?1 AND type = ?2"
                        " AND extractor = ?3 ORDER BY id LIMIT 64",
    [ST_FILE_MOVE] = "UPDATE file SET path = ?2 WHERE id = ?1",
    [ST_FILE_FORGET_HASHES] = "UPDATE file SET hash = NULL WHERE (NOT ?1 OR id IN"
                              " (SELECT file FROM failed)) AND (?2 IS NULL OR type = ?2)"
                              " AND (?3 IS NULL OR extractor < ?3)",
    [ST_FILE_TYPES] = "SELECT type, count(*) FROM file GROUP BY type ORDER BY type",
    [ST_FILE_REREAD] = "UPDATE file SET hash = NULL WHERE id IN"
                       " (SELECT file FROM failed WHERE stage = 'put')",
    [ST_FILE_REFUSED] = "SELECT " FILE_COLUMNS ", path FROM file WHERE id IN"
                        " (SELECT file FROM failed WHERE stage = 'put') ORDER BY path",
    [ST_FAILED_PUT] = "INSERT OR REPLACE INTO failed(uri, stage, reason, at, file, retry)"
                      " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [ST_FAILED_DELETE] = "DELETE FROM failed WHERE uri = ?1",
    [ST_FAILED_DELETE_FILE] = "DELETE FROM failed WHERE file = ?1",
    [ST_FAILED_COUNT] = "SELECT count(*) FROM failed",
    [ST_FAILED_REASON] = "SELECT reason FROM failed WHERE uri = ?1",
    [ST_FAILED_OF_FILE] = "SELECT 1 FROM failed WHERE file = ?1 LIMIT 1",
    [ST_FAILED_LIST] = "SELECT uri, stage, reason, at, retry FROM failed ORDER BY uri"
                       " LIMIT ?1 OFFSET ?2",
    [ST_FORM_INSERT] = "INSERT OR IGNORE INTO form(lang, stem, term) VALUES(?1, ?2, ?3)",
    [ST_FORM_CLEAR] = "DELETE FROM form",
    [ST_TERM_INSERT] = "INSERT OR IGNORE INTO term(length, term) VALUES(?1, ?2)",
    [ST_TERM_SCAN] = "SELECT term FROM term WHERE length >= ?1 AND length <= ?2",
    [ST_TERM_CLEAR] = "DELETE FROM term",
    [ST_TERM_FILL] = "INSERT INTO term SELECT length(term), term FROM temp.vocab" FUZZY_TERMS,
    [ST_FORM_FIND] = "SELECT term FROM form WHERE lang = ?1 AND stem = ?2 ORDER BY term LIMIT ?3",
    [ST_VOCAB_AFTER] = "SELECT term FROM temp.vocab WHERE term > ?1",
    [ST_LANGUAGE_ALL] = "SELECT code, ready FROM language ORDER BY code",
    [ST_LANGUAGE_READY] = "SELECT code FROM language WHERE ready ORDER BY code",
    [ST_LANGUAGE_GET] = "SELECT filled_to FROM language WHERE code = ?1",
    [ST_LANGUAGE_INSERT] = "INSERT INTO language(code, filled_to, ready) VALUES(?1, '', ?2)",
    [ST_LANGUAGE_DELETE] = "DELETE FROM language WHERE code = ?1",
    [ST_LANGUAGE_FILLED] = "UPDATE language SET filled_to = ?2, ready = ?3 WHERE code = ?1",
};

sx_status db_fail(struct db *c, int rc, const char *what, struct sx_error *err)
{
    const char *why = sqlite3_errmsg(c->sq);
    sx_status code = SX_EINTERNAL;

    c->failed = true;
    if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC)
        atomic_store(&c->fsync_failed, true);
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return sx_fail_oom(err);
    case SQLITE_FULL:
        code = SX_EFULL;
        break;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        code = SX_EIO;
        break;
    case SQLITE_CORRUPT:
        code = SX_ECORRUPT;
        break;
    case SQLITE_NOTADB: /* the first thing read of a file: its header */
        return sx_fail(err, SX_EVERSION, "the file is no searchd index: not an SQLite database");
    case SQLITE_READONLY:
    case SQLITE_PERM:
        code = SX_EREADONLY;
        break;
    case SQLITE_INTERRUPT:
        code = c->stopped == SX_OK ? SX_ECANCELLED : c->stopped;
        return sx_fail(err, code,
                       code == SX_ETIMEOUT ? "the deadline passed" : "the request was cancelled");
    default:
        break;
    }
    return sx_fail(err, code, "cannot %s: %s (SQLite code %d)", what, why, rc);
}

sx_status db_exec(struct db *c, const char *text, const char *what, struct sx_error *err)
{
    int rc = sqlite3_exec(c->sq, text, NULL, NULL, NULL);

    return rc == SQLITE_OK ? SX_OK : db_fail(c, rc, what, err);
}

static int progress(void *arg)
{
    struct db *c = arg;

    if (!c->limited)
        return 0;
    if (c->limits.stop != NULL && c->limits.stop(c->limits.stop_ctx))
        c->stopped = SX_ECANCELLED;
    else if (c->limits.deadline_ns != 0 && clock_now_ns() > c->limits.deadline_ns)
        c->stopped = SX_ETIMEOUT;
    return c->stopped != SX_OK;
}

void db_limit(struct db *c, const struct sx_limits *limits)
{
    c->limits = *limits;
    c->stopped = SX_OK;
    c->limited = limits->stop != NULL || limits->deadline_ns != 0;
}

void db_unlimit(struct db *c)
{
    c->limited = false;
}

static int wal_grew(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct db *c = arg;

    (void)db;
    (void)name;
    c->wal_pages = pages;
    return SQLITE_OK;
}

static int find_fts5(sqlite3 *sq, fts5_api **out)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(sq, "SELECT fts5(?1)", -1, &st, NULL);

    *out = NULL;
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_pointer(st, 1, out, "fts5_api_ptr", NULL);
    if (rc == SQLITE_OK)
        sqlite3_step(st);
    int step_rc = sqlite3_finalize(st);
    rc = rc == SQLITE_OK ? step_rc : rc;
    return rc == SQLITE_OK && *out == NULL ? SQLITE_ERROR : rc;
}

/* KiB of pages that a connection keeps. A large transaction changes pages all over the indexes of doc and
 * the words' tables: those that do not fit are written and read again and again. Readers, of which there
 * are about as many as cores, share READERS_KIB: what a page of hits reads is asked for again. */
#define WRITER_KIB 32768L
#define READERS_KIB 65536L
#define READER_LEAST_KIB 8192L

static long cache_kib(bool writer)
{
    long share = READERS_KIB / (long)cores_online();

    if (writer || share > WRITER_KIB)
        return WRITER_KIB;
    return share > READER_LEAST_KIB ? share : READER_LEAST_KIB;
}

static sx_status set_up(struct db *c, bool writer, bool relaxed, struct sx_error *err)
{
    char cache[64];

    sqlite3_extended_result_codes(c->sq, 1);
    /* Until schema_prepare() knows the file as ours, closing it must not copy its WAL into it. */
    sqlite3_db_config(c->sq, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_progress_handler(c->sq, PROGRESS_OPS, progress, c);
    /* The peer of a reader's lock is only ever recovery or a checkpoint, which are short. */
    sqlite3_busy_timeout(c->sq, BUSY_WAIT_MS);
    fts5_api *fts = NULL;
    int rc = find_fts5(c->sq, &fts);
    if (rc == SQLITE_OK)
        rc = tokenizer_register(fts, writer ? &c->replay : NULL);
    if (rc == SQLITE_OK)
        rc = match_register(c, fts);
    if (rc != SQLITE_OK)
        return db_fail(c, rc, "register the tokenizer", err);
    snprintf(cache, sizeof(cache), "PRAGMA cache_size = -%ld", cache_kib(writer));
    sx_status st = db_exec(c, "PRAGMA temp_store = MEMORY", "set up", err);
    if (st == SX_OK)
        st = db_exec(c, cache, "set up", err);
    if (st == SX_OK && writer)
        st = db_exec(c, relaxed ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL",
                     "set up", err);
    /* The writer alone checkpoints, at moments of its choice (maintenance). */
    if (st == SX_OK && writer)
        st = db_exec(c, "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864",
                     "set up", err);
    if (writer)
        sqlite3_wal_hook(c->sq, wal_grew, c);
    else if (st == SX_OK)
        st = db_open_vocab(c, err);
    return st;
}

sx_status db_open_vocab(struct db *c, struct sx_error *err)
{
    return db_exec(c, "CREATE VIRTUAL TABLE temp.vocab USING fts5vocab('main', 'fts', 'row')",
                   "set up", err);
}

/* Nobody asks SQLite how much memory it has, which it would count under one lock for all threads.
 * Where another part of the program has started it already, it goes on counting. */
static void configure(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

sx_status db_open(struct db *c, const char *path, bool writer, bool relaxed, struct sx_error *err)
{
    int flags = writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;

    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, configure);
    memset(c, 0, sizeof(*c));
    int rc =
        sqlite3_open_v2(path, &c->sq, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    sx_status st = rc == SQLITE_OK
                       ? set_up(c, writer, relaxed, err)
                       : (c->sq == NULL ? sx_fail_oom(err) : db_fail(c, rc, "open the index", err));
    if (st != SX_OK)
        db_close(c);
    return st;
}

void db_close(struct db *c)
{
    for (int i = 0; i < ST_COUNT; i++)
        sqlite3_finalize(c->st[i]);
    sqlite3_close(c->sq);
    memset(c, 0, sizeof(*c));
}

sx_status db_stmt(struct db *c, enum stmt which, sqlite3_stmt **out, struct sx_error *err)
{
    int rc = SQLITE_OK;

    if (c->st[which] == NULL)
        rc = sqlite3_prepare_v3(c->sq, sql[which], -1, SQLITE_PREPARE_PERSISTENT, &c->st[which],
                                NULL);
    *out = c->st[which];
    return rc == SQLITE_OK ? SX_OK : db_fail(c, rc, "prepare a statement", err);
}

sx_status db_step(struct db *c, sqlite3_stmt *st, bool *row, const char *what, struct sx_error *err)
{
    int rc = sqlite3_step(st);

    *row = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW)
        return SX_OK;
    sx_status code = rc == SQLITE_DONE ? SX_OK : db_fail(c, rc, what, err);
    sqlite3_reset(st);
    return code;
}

sx_status db_run(struct db *c, sqlite3_stmt *st, const char *what, struct sx_error *err)
{
    bool row = true;
    sx_status rc = SX_OK;

    while (rc == SX_OK && row)
        rc = db_step(c, st, &row, what, err);
    return rc;
}

sx_status db_call(struct db *c, enum stmt which, const char *what, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, which, &st, err);

    return rc == SX_OK ? db_run(c, st, what, err) : rc;
}

/* The rollback is prepared beforehand, as it must not need memory; and not before the set-up is
 * over, which makes SQLite prepare statements again. */
static sx_status begin(struct db *c, enum stmt which, struct sx_error *err)
{
    sqlite3_stmt *rollback;
    sx_status rc = db_stmt(c, ST_ROLLBACK, &rollback, err);

    return rc == SX_OK ? db_call(c, which, "begin", err) : rc;
}

sx_status db_begin_read(struct db *c, struct sx_error *err)
{
    return begin(c, ST_BEGIN_READ, err);
}

sx_status db_begin_write(struct db *c, struct sx_error *err)
{
    sx_status rc = db_settle(c, err);

    return rc == SX_OK ? begin(c, ST_BEGIN_WRITE, err) : rc;
}

static sx_status merge(struct db *c, int pages, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FTS_MERGE, &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int(st, 1, pages);
    return db_run(c, st, "merge", err);
}

sx_status db_settle(struct db *c, struct sx_error *err)
{
    if (!c->failed)
        return SX_OK;
    /* FTS5 forgets when a transaction that it takes part in is rolled back. */
    sx_status rc = begin(c, ST_BEGIN_WRITE, err);
    if (rc == SX_OK)
        rc = merge(c, 0, err);
    db_rollback(c);
    c->failed = rc != SX_OK;
    return rc;
}

bool db_in_transaction(const struct db *c)
{
    return sqlite3_get_autocommit(c->sq) == 0;
}

void db_rollback(struct db *c)
{
    if (sqlite3_get_autocommit(c->sq))
        return;
    sqlite3_step(c->st[ST_ROLLBACK]);
    sqlite3_reset(c->st[ST_ROLLBACK]);
}

sx_status db_commit(struct db *c, struct sx_error *err)
{
    sx_status rc = db_call(c, ST_COMMIT, "commit", err);

    if (rc != SX_OK)
        db_rollback(c);
    return rc;
}

sx_status db_merge(struct db *c, int pages, bool *worked, struct sx_error *err)
{
    int before = sqlite3_total_changes(c->sq);
    sx_status rc = db_settle(c, err);

    if (rc == SX_OK)
        rc = merge(c, pages, err);
    /* FTS5's own rule: fewer than two changes mean that there was nothing to do. */
    *worked = sqlite3_total_changes(c->sq) - before >= 2;
    return rc;
}

void db_release_memory(struct db *c)
{
    sqlite3_db_release_memory(c->sq);
}

sx_status db_checkpoint(struct db *c, bool truncate, struct sx_error *err)
{
    int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int left = 0;

    sqlite3_busy_timeout(c->sq, 0);
    int rc = sqlite3_wal_checkpoint_v2(c->sq, "main", mode, &left, NULL);
    sqlite3_busy_timeout(c->sq, BUSY_WAIT_MS);
    if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY) {
        if (rc == SQLITE_OK && truncate)
            c->wal_pages = 0;
        return SX_OK;
    }
    return db_fail(c, rc, "checkpoint", err);
}

const char *db_library_version(void)
{
    return sqlite3_libversion();
}

void bind_str(sqlite3_stmt *st, int at, struct sx_str s)
{
    if (s.ptr == NULL)
        sqlite3_bind_null(st, at);
    else
        sqlite3_bind_text64(st, at, s.ptr, s.len, SQLITE_STATIC, SQLITE_UTF8);
}

struct sx_str column_str(sqlite3_stmt *st, int at)
{
    if (sqlite3_column_type(st, at) == SQLITE_NULL)
        return (struct sx_str){NULL, 0};
    /* As text it would be copied, to have a NUL behind it. */
    const char *bytes = sqlite3_column_blob(st, at);
    size_t len = (size_t)sqlite3_column_bytes(st, at);
    return (struct sx_str){bytes == NULL && len == 0 ? "" : bytes, len};
}
