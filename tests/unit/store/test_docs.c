/* Stored documents: their hash, their checksum, and what a changed byte does. */
#include "index/store/docs.h"

#include <fcntl.h>
#include <unistd.h>

#include <searchd/index.h>

#include "index/base/sha256.h"
#include "index/base/str.h"
#include "tests/support/support.h"

static void hash_is_of_uri_title_and_body(void **state)
{
    static const char joined[] = "u\0t\0b";
    struct sx_doc d = {.uri = str_of("u"), .title = str_of("t"), .body = str_of("b")};
    unsigned char have[DOC_HASH_BYTES], want[DOC_HASH_BYTES];
    struct sha256 h;

    (void)state;
    sha256_init(&h);
    sha256_update(&h, joined, 5);
    sha256_final(&h, want);
    doc_hash(&d, have);
    assert_memory_equal(have, want, sizeof(want));
    d.source = str_of("s");
    doc_hash(&d, have);
    assert_memory_equal(have, want, sizeof(want));
}

static void checksum_covers_every_value(void **state)
{
    struct sx_doc plain = {.uri = str_of("u"), .title = str_of("t"), .body = str_of("b")};
    uint32_t sum = doc_checksum(&plain);

    (void)state;
    for (int i = 0; i < 8; i++) {
        struct sx_doc d = plain;
        struct sx_str *values[] = {&d.uri,  &d.title, &d.body, &d.source,
                                   &d.date, &d.lang,  &d.type, &d.extra};

        *values[i] = str_of("x");
        assert_int_not_equal(doc_checksum(&d), sum);
        if (i >= 3) { /* absent is not empty */
            *values[i] = str_of("");
            assert_int_not_equal(doc_checksum(&d), sum);
        }
    }
    struct sx_doc moved = {.uri = str_of("u"), .title = str_of("tb"), .body = str_of("")};
    assert_int_not_equal(doc_checksum(&moved), sum);
}

/* ---- a byte that changed on disk ------------------------------------------------------------- */

static char *make_index(void)
{
    struct sx_index *ix;
    struct sx_error err;
    struct sx_doc docs[] = {
        {.uri = str_of("good"), .body = str_of("a sound ferry")},
        {.uri = str_of("bad"), .body = str_of("a broken ferry"), .title = str_of("t")},
    };
    char *dir = temp_dir();

    assert_int_equal(sx_index_open(&ix, dir, NULL, &err), SX_OK);
    assert_int_equal(sx_index_put(ix, docs, 2, NULL, &err), SX_OK);
    assert_int_equal(sx_index_commit(ix, &err), SX_OK);
    assert_int_equal(sx_index_check(ix, &err), SX_OK);
    sx_index_close(ix);
    return dir;
}

static char *database(const char *dir)
{
    char *path = NULL;

    assert_true(asprintf(&path, "%s/index.db", dir) > 0);
    return path;
}

/* The document is told as corrupt by whoever reads it, and nobody quotes it. */
static void assert_damage_is_told(const char *dir)
{
    struct sx_index *ix;
    struct sx_reader *r;
    struct sx_stored *got;
    struct sx_results *res;
    struct sx_error err;
    struct sx_search s = {.query = str_of("ferry"), .limit = 10, .snippets = 1};

    assert_int_equal(sx_index_open(&ix, dir, NULL, &err), SX_OK);
    assert_int_equal(sx_reader_open(&r, ix, &err), SX_OK);
    assert_int_equal(sx_reader_get_uri(r, str_of("bad"), &got, &err), SX_ECORRUPT);
    assert_non_null(strstr(err.msg, "'bad'"));
    assert_int_equal(sx_reader_get_uri(r, str_of("good"), &got, &err), SX_OK);
    sx_stored_free(got);
    assert_int_equal(sx_reader_search(r, &s, &res, &err), SX_OK);
    assert_int_equal(res->hit_count, 2);
    assert_true(res->warning_count > 0);
    for (size_t i = 0; i < res->hit_count; i++) {
        bool bad = str_is(res->hits[i].uri, "bad");
        assert_int_equal(res->hits[i].snippet_count, bad ? 0 : 1);
    }
    sx_results_free(res);
    sx_reader_close(r);
    assert_int_equal(sx_index_check(ix, &err), SX_ECORRUPT);
    sx_index_close(ix);
}

static void changed_text_fails_its_checksum(void **state)
{
    static const char *const changes[] = {
        "UPDATE text SET body = 'a brOken ferry' WHERE id = 2",
        "UPDATE text SET title = 'T' WHERE id = 2",
        "UPDATE text SET extra = '{}' WHERE id = 2",
        "UPDATE doc SET source = 'forged' WHERE id = 2",
        "UPDATE text SET extra = '' WHERE id = 2",
        "UPDATE text SET title = x'74' WHERE id = 2; UPDATE doc SET checksum = 1 WHERE id = 2",
        "DELETE FROM text WHERE id = 2",
        "PRAGMA writable_schema = ON;"
        "UPDATE sqlite_schema SET sql = replace(sql, 'title TEXT NOT NULL', 'title TEXT')"
        " WHERE name = 'text';"
        "PRAGMA writable_schema = RESET;"
        "UPDATE text SET title = NULL WHERE id = 2;"
        "PRAGMA writable_schema = ON;"
        "UPDATE sqlite_schema SET sql = replace(sql, 'title TEXT', 'title TEXT NOT NULL')"
        " WHERE name = 'text'",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        char *dir = make_index();
        char *path = database(dir);
        sqlite3 *db;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, changes[i], NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
        assert_damage_is_told(dir);
        free(path);
        temp_dir_remove(dir);
    }
}

/* One bit in the file, where SQLite itself sees nothing wrong. */
static void flipped_bit_fails_the_checksum(void **state)
{
    static const char words[] = "a broken ferry";
    static char bytes[4 << 20];
    char *dir = make_index();
    char *path = database(dir);
    int fd = open(path, O_RDWR | O_CLOEXEC);

    (void)state;
    assert_true(fd >= 0);
    ssize_t n = read(fd, bytes, sizeof(bytes));
    assert_true(n > 0 && n < (ssize_t)sizeof(bytes));
    char *at = memmem(bytes, (size_t)n, words, sizeof(words) - 1);
    assert_non_null(at);
    at[3] ^= 1;
    assert_int_equal(pwrite(fd, at, sizeof(words) - 1, at - bytes), sizeof(words) - 1);
    close(fd);
    assert_damage_is_told(dir);
    free(path);
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_is_of_uri_title_and_body),
        cmocka_unit_test(checksum_covers_every_value),
        cmocka_unit_test(changed_text_fails_its_checksum),
        cmocka_unit_test(flipped_bit_fails_the_checksum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
