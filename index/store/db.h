/* One SQLite connection to the index file, with our tokenizer and match function, and its
 * prepared statements. The writer has the only read-write one; every other is read-only. */
#ifndef INDEX_STORE_DB_H
#define INDEX_STORE_DB_H

#include <stdatomic.h>
#include <stdbool.h>

#include <sqlite3.h>

#include "index/base/error.h"
#include "index/store/tokenizer.h"

#include <searchd/index.h>

/* The statements, each prepared at its first use. */
enum stmt {
    ST_BEGIN_READ,
    ST_BEGIN_WRITE,
    ST_COMMIT,
    ST_ROLLBACK,
    ST_STATE_GET,
    ST_STATE_SET,
    ST_DOC_BY_URI,
    ST_DOC_BY_HASH,
    ST_DOC_BY_ID,
    ST_DOC_WHOLE,
    ST_DOC_AFTER,
    ST_DOC_INSERT,
    ST_DOC_LENGTHS,
    ST_DOC_DELETE,
    ST_DOC_ALL,
    ST_DOC_OF_FILE,
    ST_DOC_MANY,
    ST_DOC_RENAME,
    ST_DOC_TYPES,
    ST_TEXT_GET,
    ST_TEXT_INSERT,
    ST_TEXT_DELETE,
    ST_FTS_INSERT,
    ST_FTS_DELETE,
    ST_FTS_CLEAR,
    ST_FTS_MERGE,
    ST_FTS_CHECK,
    ST_FTS_MATCH,
    ST_FTS_MATCH_ONE,
    ST_VOCAB_TERM,
    ST_VOCAB_PREFIX,
    ST_FILE_GET,
    ST_FILE_INSERT,
    ST_FILE_UPDATE,
    ST_FILE_DELETE,
    ST_FILE_ALL,
    ST_FILE_PATH,
    ST_FILE_BY_ID,
    ST_FILE_BY_HASH,
    ST_FILE_MOVE,
    ST_FILE_FORGET_HASHES,
    ST_FILE_TYPES,
    ST_FILE_REREAD,
    ST_FILE_REFUSED,
    ST_FAILED_PUT,
    ST_FAILED_DELETE,
    ST_FAILED_DELETE_FILE,
    ST_FAILED_COUNT,
    ST_FAILED_REASON,
    ST_FAILED_OF_FILE,
    ST_FAILED_LIST,
    ST_FORM_INSERT,
    ST_FORM_FIND,
    ST_FORM_CLEAR,
    ST_TERM_INSERT,
    ST_TERM_SCAN,
    ST_TERM_CLEAR,
    ST_TERM_FILL,
    ST_VOCAB_AFTER,
    ST_LANGUAGE_ALL,
    ST_LANGUAGE_READY,
    ST_LANGUAGE_GET,
    ST_LANGUAGE_INSERT,
    ST_LANGUAGE_DELETE,
    ST_LANGUAGE_FILLED,
    ST_COUNT
};

struct match;

struct db {
    sqlite3 *sq;
    sqlite3_stmt *st[ST_COUNT];
    struct match *match;     /* the one that runs; see store/match.h */
    struct replay replay;    /* the writer's only */
    int wal_pages;           /* in the WAL after the writer's last commit */
    struct sx_limits limits; /* of the running call */
    bool limited;            /* whether `limits` is looked at */
    bool failed;             /* since db_settle() */
    /* An fsync failed, in a commit, a checkpoint or amid a transaction: what the file holds is
     * unknown from then on, and no later write by this process may be trusted. Any thread. */
    _Atomic(bool) fsync_failed;
    sx_status stopped; /* SX_ETIMEOUT or SX_ECANCELLED: why the progress handler stopped it */
};

/* Opens in place; on failure nothing is left. */
sx_status db_open(struct db *c, const char *path, bool writer, bool relaxed, struct sx_error *err);
void db_close(struct db *c); /* safe on a zeroed one */

/* Makes temp.vocab, the terms of the index. Readers have it from the start; the writer once its
 * file is known to be an index. */
sx_status db_open_vocab(struct db *c, struct sx_error *err);

/* The statement, ready to bind. */
sx_status db_stmt(struct db *c, enum stmt which, sqlite3_stmt **out, struct sx_error *err);

/* Runs a bound statement to its end and resets it; `what` words the failure. */
sx_status db_run(struct db *c, sqlite3_stmt *st, const char *what, struct sx_error *err);
/* The same for one that has nothing to bind. */
sx_status db_call(struct db *c, enum stmt which, const char *what, struct sx_error *err);
/* Steps once; *row tells whether there is one. Resets at the end or on failure. */
sx_status db_step(struct db *c, sqlite3_stmt *st, bool *row, const char *what,
                  struct sx_error *err);
sx_status db_exec(struct db *c, const char *text, const char *what, struct sx_error *err);

/* Transactions. A read transaction is one snapshot; rolling back when none is open is fine. */
sx_status db_begin_read(struct db *c, struct sx_error *err);
sx_status db_begin_write(struct db *c, struct sx_error *err);
/* On failure the transaction is rolled back. */
sx_status db_commit(struct db *c, struct sx_error *err);
void db_rollback(struct db *c);

bool db_in_transaction(const struct db *c);

/* FTS5 holds the postings of a transaction in memory. When SQLite rolls back of its own accord amid
 * one of FTS5's calls, some stay there and would join the next transaction. This makes FTS5 forget
 * them, where anything has failed; db_begin_write() does it too. Outside a transaction. */
sx_status db_settle(struct db *c, struct sx_error *err);

/* Merges FTS5 segments by about `pages` pages, outside a transaction; *worked false: nothing to
 * merge. */
sx_status db_merge(struct db *c, int pages, bool *worked, struct sx_error *err);
/* Copies the WAL into the file as far as readers allow; `truncate` also empties it when nobody
 * reads. Being kept from it by a reader is no error. */
sx_status db_checkpoint(struct db *c, bool truncate, struct sx_error *err);

/* Gives back what memory the cache of pages has taken. Outside a transaction. */
void db_release_memory(struct db *c);

/* SQLite's last error on `c` as ours: full, I/O, corrupt, out of memory, interrupted. */
sx_status db_fail(struct db *c, int rc, const char *what, struct sx_error *err);

/* From here on (until db_unlimit) statements stop at these limits. */
void db_limit(struct db *c, const struct sx_limits *limits);
void db_unlimit(struct db *c);

/* "3.40.1" */
const char *db_library_version(void);

/* Binding and reading text; an absent run is NULL, an empty one is not. Bound bytes must outlive the
 * step; what is read has no NUL behind it, and lives until the next step or reset. */
void bind_str(sqlite3_stmt *st, int at, struct sx_str s);
struct sx_str column_str(sqlite3_stmt *st, int at);

#endif
