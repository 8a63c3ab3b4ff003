/* Plain FTS5 as a peer in the comparison: SQLite as it comes, no function of our own.
 *
 * One table, title and body with their text, the `ascii` tokenizer (the words are lower-case ASCII
 * already), merged by `optimize` after indexing; searches with a memory map and a cache that hold
 * all of it. `top10` is ORDER BY bm25(t) LIMIT 10; `top10_rank` is ORDER BY rank LIMIT 10, which the
 * documentation prefers. */
#include "tests/bench/peers/driver.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum mode { TOP10, TOP10_RANK, TOTAL, PAGE };

static sqlite3 *db;
static sqlite3_stmt *by_bm25, *by_rank, *counted, *stored;

static void run(const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        driver_die(sql, sqlite3_errmsg(db));
}

static sqlite3_stmt *statement(const char *sql)
{
    sqlite3_stmt *made;

    if (sqlite3_prepare_v2(db, sql, -1, &made, NULL) != SQLITE_OK)
        driver_die(sql, sqlite3_errmsg(db));
    return made;
}

static void open_db(const char *dir)
{
    char path[4096];

    mkdir(dir, 0777);
    snprintf(path, sizeof(path), "%s/fts5.db", dir);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        driver_die(path, sqlite3_errmsg(db));
    run("PRAGMA journal_mode=wal");
    run("PRAGMA synchronous=normal");
    run("PRAGMA cache_size=-2000000");
    run("PRAGMA mmap_size=8000000000");
}

static void index_docs(const char *docs, const char *dir)
{
    char *id, *title, *body;
    FILE *f = fopen(docs, "r");

    if (f == NULL)
        driver_die(docs, "cannot be read");
    open_db(dir);
    run("PRAGMA cache_size=-64000");
    run("CREATE VIRTUAL TABLE t USING fts5(title, body, tokenize = ascii)");
    sqlite3_stmt *put = statement("INSERT INTO t(rowid, title, body) VALUES(?1, ?2, ?3)");
    run("BEGIN");
    for (int n = 1; driver_next_doc(f, &id, &title, &body); n++) {
        sqlite3_bind_text(put, 1, id, -1, SQLITE_STATIC);
        sqlite3_bind_text(put, 2, title, -1, SQLITE_STATIC);
        sqlite3_bind_text(put, 3, body, -1, SQLITE_STATIC);
        if (sqlite3_step(put) != SQLITE_DONE)
            driver_die("insert", sqlite3_errmsg(db));
        sqlite3_reset(put);
        if (n % 10000 == 0)
            run("COMMIT; BEGIN");
    }
    run("COMMIT");
    run("INSERT INTO t(t) VALUES('optimize')");
    run("PRAGMA wal_checkpoint(truncate)");
    sqlite3_finalize(put);
    fclose(f);
    sqlite3_close(db);
}

static void open_dir(const char *dir)
{
    open_db(dir);
    by_bm25 = statement("SELECT rowid FROM t WHERE t MATCH ?1 ORDER BY bm25(t) LIMIT 10");
    by_rank = statement("SELECT rowid FROM t WHERE t MATCH ?1 ORDER BY rank LIMIT 10");
    counted = statement("SELECT count(*) FROM t WHERE t MATCH ?1");
    stored = statement("SELECT title, body FROM t WHERE rowid = ?1");
}

/* The expression: "a" AND "b", "a" OR "b", "a b", "a" *. */
static void prepare(struct question *q)
{
    char text[1024] = "";
    bool phrase = strncmp(q->kind, "phrase", 6) == 0;
    const char *between = phrase ? " " : strncmp(q->kind, "and", 3) == 0 ? "\" AND \"" : "\" OR \"";
    size_t len = (size_t)snprintf(text, sizeof(text), "\"");

    for (int i = 0; i < q->word_count && len < sizeof(text); i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i == 0 ? "" : between,
                                q->words[i]);
    if (len < sizeof(text))
        snprintf(text + len, sizeof(text) - len, "\"%s",
                 strcmp(q->kind, "prefix") == 0 ? " *" : "");
    q->made = strdup(text);
}

static void top(sqlite3_stmt *st, const struct question *q, struct answer *out)
{
    sqlite3_bind_text(st, 1, q->made, -1, SQLITE_STATIC);
    out->id_count = 0;
    while (sqlite3_step(st) == SQLITE_ROW && out->id_count < DRIVER_TOP)
        out->ids[out->id_count++] = (uint64_t)sqlite3_column_int64(st, 0);
    if (sqlite3_reset(st) != SQLITE_OK)
        driver_die(q->made, sqlite3_errmsg(db));
}

static void ask(const struct question *q, int mode, struct answer *out)
{
    top(mode == TOP10_RANK ? by_rank : by_bm25, q, out);
    if (mode == TOTAL) {
        sqlite3_bind_text(counted, 1, q->made, -1, SQLITE_STATIC);
        if (sqlite3_step(counted) != SQLITE_ROW)
            driver_die(q->made, sqlite3_errmsg(db));
        out->total = (uint64_t)sqlite3_column_int64(counted, 0);
        sqlite3_reset(counted);
    }
    for (int i = 0; mode == PAGE && i < out->id_count; i++) {
        sqlite3_bind_int64(stored, 1, (sqlite3_int64)out->ids[i]);
        if (sqlite3_step(stored) == SQLITE_ROW)
            out->total += (uint64_t)sqlite3_column_bytes(stored, 0) +
                          (uint64_t)sqlite3_column_bytes(stored, 1);
        sqlite3_reset(stored);
    }
}

int main(int argc, char **argv)
{
    static const struct driver fts5 = {
        .index = index_docs,
        .open = open_dir,
        .prepare = prepare,
        .ask = ask,
        .modes = {"top10", "top10_rank", "total", "page", NULL},
    };

    return driver_main(&fts5, argc, argv);
}
