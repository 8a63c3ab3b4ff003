/* Files that are not ours, or not yet ours, are refused and left byte for byte as they were. */
#include "index/store/schema.h"

#include <sqlite3.h>

#include <searchd/index.h>

#include "tests/support/support.h"

static char *path_of(const char *dir)
{
    char *path = NULL;

    assert_true(asprintf(&path, "%s/index.db", dir) > 0);
    return path;
}

static size_t read_all(const char *path, char *bytes, size_t cap)
{
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    size_t n = fread(bytes, 1, cap, f);
    assert_true(n < cap);
    fclose(f);
    return n;
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* Opening fails with SX_EVERSION and words that hold `why`, and changes no byte. */
static void assert_refused(const char *dir, const char *why)
{
    static char before[1 << 20], after[1 << 20];
    char *path = path_of(dir);
    size_t n = read_all(path, before, sizeof(before));
    struct sx_index *ix = NULL;
    struct sx_error err;

    for (int again = 0; again < 2; again++) {
        assert_int_equal(sx_index_open(&ix, dir, NULL, &err), SX_EVERSION);
        assert_null(ix);
        if (strstr(err.msg, why) == NULL)
            fail_msg("%s", err.msg);
        assert_int_equal(read_all(path, after, sizeof(after)), n);
        assert_memory_equal(before, after, n);
    }
    free(path);
}

static void foreign_database_is_refused(void **state)
{
    static const char *const schemas[] = {
        "CREATE TABLE t(x); INSERT INTO t VALUES(1);",
        "PRAGMA journal_mode = WAL; CREATE TABLE t(x);",
        "PRAGMA user_version = 1; CREATE TABLE doc(id); CREATE TABLE state(one);",
        "PRAGMA application_id = 42;",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        char *dir = temp_dir();
        char *path = path_of(dir);

        run_sql(path, schemas[i]);
        assert_refused(dir, "another program");
        free(path);
        temp_dir_remove(dir);
    }
}

static void copy_file(const char *from, const char *to)
{
    static char bytes[1 << 20];
    size_t n = read_all(from, bytes, sizeof(bytes));
    FILE *f = fopen(to, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

/* Closing a database copies its WAL into it: not that of another program. */
static void foreign_wal_is_left_alone(void **state)
{
    char *dir = temp_dir();
    char *path = path_of(dir);
    char *live = NULL;
    char *from = NULL;
    char *to = NULL;
    sqlite3 *db;

    (void)state;
    assert_true(asprintf(&live, "%s/live.db", dir) > 0);
    assert_true(asprintf(&from, "%s-wal", live) > 0);
    assert_true(asprintf(&to, "%s-wal", path) > 0);
    assert_int_equal(sqlite3_open(live, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "PRAGMA journal_mode = WAL; CREATE TABLE t(x)", NULL, NULL, NULL),
        SQLITE_OK);
    copy_file(live, path);
    copy_file(from, to);
    sqlite3_close(db);
    assert_refused(dir, "another program");
    run_sql(path, "INSERT INTO t VALUES(1)"); /* what only its WAL held is still there */
    free(path);
    free(live);
    free(from);
    free(to);
    temp_dir_remove(dir);
}

static void text_file_is_refused(void **state)
{
    char *dir = temp_dir();
    char *path = path_of(dir);
    FILE *f = fopen(path, "w");

    (void)state;
    assert_non_null(f);
    for (int i = 0; i < 500; i++)
        fputs("This is no database at all.\n", f);
    fclose(f);
    assert_refused(dir, "not an SQLite database");
    free(path);
    temp_dir_remove(dir);
}

static void newer_index_is_refused(void **state)
{
    char *dir = temp_dir();
    char *path = path_of(dir);
    struct sx_index *ix;
    struct sx_error err;

    (void)state;
    assert_int_equal(sx_index_open(&ix, dir, NULL, &err), SX_OK);
    sx_index_close(ix);
    run_sql(path, "PRAGMA user_version = 1000");
    assert_refused(dir, "1000");
    free(path);
    temp_dir_remove(dir);
}

/* An empty file is one that was never written: it becomes an index. */
static void empty_file_becomes_an_index(void **state)
{
    char *dir = temp_dir();
    char *path = path_of(dir);
    struct sx_index *ix;
    struct sx_error err;

    (void)state;
    fclose(fopen(path, "w"));
    for (int again = 0; again < 2; again++) {
        assert_int_equal(sx_index_open(&ix, dir, NULL, &err), SX_OK);
        assert_int_equal(sx_index_check(ix, &err), SX_OK);
        sx_index_close(ix);
    }
    free(path);
    temp_dir_remove(dir);
}

static int query_int(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *st;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    int n = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int(st, 0) : -1;
    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}

/* Those that were made before that was set, too. */
static void fts5_is_tuned(void **state)
{
    static const struct {
        const char *ask, *forget;
        int value;
    } settings[] = {
        {"SELECT v FROM fts_config WHERE k = 'hashsize'",
         "DELETE FROM fts_config WHERE k = 'hashsize'", 8 << 20},
        {"SELECT v FROM fts_config WHERE k = 'usermerge'",
         "DELETE FROM fts_config WHERE k = 'usermerge'", 8},
    };
    char *dir = temp_dir();
    char *path = path_of(dir);
    struct sx_index *ix;
    struct sx_error err;

    (void)state;
    for (int again = 0; again < 2; again++) {
        assert_int_equal(sx_index_open(&ix, dir, NULL, &err), SX_OK);
        sx_index_close(ix);
        for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
            assert_int_equal(query_int(path, settings[i].ask), settings[i].value);
            run_sql(path, settings[i].forget);
            assert_int_equal(query_int(path, settings[i].ask), -1);
        }
    }
    free(path);
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_database_is_refused), cmocka_unit_test(foreign_wal_is_left_alone),
        cmocka_unit_test(text_file_is_refused),        cmocka_unit_test(newer_index_is_refused),
        cmocka_unit_test(empty_file_becomes_an_index), cmocka_unit_test(fts5_is_tuned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
