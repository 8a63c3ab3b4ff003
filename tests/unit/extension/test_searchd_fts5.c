/* The extension inside a program of ours, so that the sanitizers watch it: what it scores, and
 * what odd queries, failing memory and many threads do to it. */
#include <math.h>
#include <pthread.h>
#include <stdbool.h>

#include <sqlite3.h>

#include <searchd/index.h>

#include "index/base/alloc.h"
#include "index/base/str.h"
#include "index/extension/extension.h"
#include "tests/support/support.h"

#define DOCS 200
#define WORDS 12

static const char *const words[WORDS] = {"amber", "birch", "cedar", "delta", "ember", "fjord",
                                         "grove", "heath", "islet", "jetty", "knoll", "larch"};

static struct {
    char *dir, *path;
    struct sx_index *ix;
    struct sx_reader *r;
} bed;

static unsigned roll(unsigned below)
{
    static uint32_t state = 8200;

    state = state * 1664525u + 1013904223u;
    return (state >> 16) % below;
}

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s", sx_status_name(rc), err->msg);
}

/* Up to `count` words, the first ones more often. */
static void write_text(char *out, size_t cap, unsigned count)
{
    size_t len = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < count; i++)
        len += (size_t)snprintf(out + len, cap - len, "%s ", words[roll(roll(WORDS) + 1)]);
}

static void put(const char *uri, const char *title, const char *body)
{
    struct sx_doc doc = {.uri = str_of(uri), .title = str_of(title), .body = str_of(body)};
    struct sx_error err;

    must(sx_index_put(bed.ix, &doc, 1, NULL, &err), &err);
}

static int set_up(void **state)
{
    char uri[16];
    char title[64];
    char body[1024];
    struct sx_error err;

    (void)state;
    bed.dir = temp_dir();
    assert_true(asprintf(&bed.path, "%s/index.db", bed.dir) > 0);
    must(sx_index_open(&bed.ix, bed.dir, NULL, &err), &err);
    must(sx_reader_open(&bed.r, bed.ix, &err), &err);
    for (int i = 0; i < DOCS; i++) {
        snprintf(uri, sizeof(uri), "n:%d", i);
        write_text(title, sizeof(title), roll(5));
        write_text(body, sizeof(body), 1 + roll(80));
        put(uri, title, body);
    }
    put("c++", "C++ and e-mail", "北京市 ไทย don't AT&T");
    must(sx_index_commit(bed.ix, &err), &err);
    /* The index has its connections; those that are opened from here on load the extension. */
    return sqlite3_auto_extension((void (*)(void))sqlite3_searchdfts_init);
}

static int tear_down(void **state)
{
    (void)state;
    sqlite3_reset_auto_extension();
    sx_reader_close(bed.r);
    sx_index_close(bed.ix);
    free(bed.path);
    temp_dir_remove(bed.dir);
    return 0;
}

static sqlite3 *open_index(void)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open_v2(bed.path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql, const char *match, int len)
{
    sqlite3_stmt *st;

    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_bind_text(st, 1, match, len, SQLITE_STATIC);
    return st;
}

#define SCORES                                                                                     \
    "SELECT uri, searchd_rank(fts) FROM fts JOIN doc ON doc.id = fts.rowid WHERE fts MATCH ?1"

static double score_of(const struct sx_results *res, const char *uri)
{
    for (size_t i = 0; i < res->hit_count; i++)
        if (str_eq(res->hits[i].uri, str_of(uri)))
            return res->hits[i].score;
    fail_msg("%s is no hit", uri);
    return 0;
}

static void one_word_scores_what_the_index_says(void **state)
{
    sqlite3 *db = open_index();

    (void)state;
    for (int i = 0; i < WORDS; i++) {
        char query[32];
        struct sx_results *res;
        struct sx_error err;
        size_t rows = 0;

        snprintf(query, sizeof(query), "\"%s\"", words[i]);
        struct sx_search ask = {.query = str_of(query), .limit = SX_LIMIT_MAX};
        must(sx_reader_search(bed.r, &ask, &res, &err), &err);
        sqlite3_stmt *st = prepare(db, SCORES, words[i], -1);
        for (; sqlite3_step(st) == SQLITE_ROW; rows++) {
            const char *uri = (const char *)sqlite3_column_text(st, 0);
            double score = sqlite3_column_double(st, 1);
            assert_true(fabs(score + score_of(res, uri)) < 1e-9);
            assert_true(score < 0);
        }
        assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
        assert_int_equal(rows, res->hit_count);
        sx_results_free(res);
    }
    sqlite3_close(db);
}

static double only_score(sqlite3 *db, const char *match)
{
    sqlite3_stmt *st =
        prepare(db, "SELECT searchd_rank(fts) FROM fts WHERE fts MATCH ?1", match, -1);

    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    double score = sqlite3_column_double(st, 0);
    assert_int_equal(sqlite3_step(st), SQLITE_DONE);
    sqlite3_finalize(st);
    return score;
}

/* Two documents: "red ant" twice in a title of four words and a body of two; six other words. */
static void phrases_score_by_their_own_counts(void **state)
{
    static const char fill[] = "CREATE VIRTUAL TABLE fts USING fts5(t, b, tokenize='searchd');"
                               "INSERT INTO fts VALUES('red ant red ant', 'blue bee');"
                               "INSERT INTO fts VALUES('', 'a red bee, an ant, blue');";
    double weight = log(1 + (2 - 1 + 0.5) / (1 + 0.5)) * pow((2 + 1) / 1.0, 1.5);
    double len = 3 * 4 + 2;
    double x = 3 * 2 / (0.4 + 0.6 * len / ((len + 6) / 2));
    double phrase = -weight * 2.2 * x / (x + 1.2);
    sqlite3 *db;

    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, fill, NULL, NULL, NULL), SQLITE_OK);
    assert_true(fabs(only_score(db, "\"red ant\"") - phrase) < 1e-12);
    assert_true(fabs(only_score(db, "\"red ant\" AND \"red ant\"") - 2 * phrase) < 1e-12);
    assert_true(fabs(only_score(db, "\"red ant\" NOT green") - phrase) < 1e-12);
    assert_true(only_score(db, "t : bee OR \"red ant\"") == only_score(db, "\"red ant\""));
    sqlite3_close(db);
}

struct told {
    char text[256]; /* each token before a blank; in braces, one that takes no position */
    size_t len;
};

static int note(void *ctx, int flags, const char *term, int len, int start, int end)
{
    struct told *told = ctx;

    assert_true(start >= 0 && start <= end);
    told->len += (size_t)snprintf(told->text + told->len, sizeof(told->text) - told->len,
                                  flags == FTS5_TOKEN_COLOCATED ? "{%.*s} " : "%.*s ", len, term);
    return SQLITE_OK;
}

static void text_in_a_query_is_one_term_a_position(void **state)
{
    static const struct {
        int why;
        const char *text, *told;
    } cases[] = {
        {FTS5_TOKENIZE_QUERY, "Unit 8200", "unit 8200 "},
        {FTS5_TOKENIZE_QUERY, "C++ for e-mail", "c++ for e mail "},
        {FTS5_TOKENIZE_QUERY, "parseHttpRequest", "parsehttprequest "},
        {FTS5_TOKENIZE_QUERY, "北京市", "北京 京市 市 "},
        {FTS5_TOKENIZE_QUERY, "北", "北 "},
        {FTS5_TOKENIZE_QUERY, "\1unit\18200", "unit 8200 "},
        {FTS5_TOKENIZE_QUERY, "!", ""},
        {FTS5_TOKENIZE_AUX, "C++, 北京", "c++ 北京 京 "},
        {FTS5_TOKENIZE_DOCUMENT, "C++ e-mail", "c {c++} e {email} mail "},
    };
    sqlite3 *db = open_index();
    sqlite3_stmt *st;
    fts5_api *api = NULL;
    fts5_tokenizer methods;
    Fts5Tokenizer *tok;
    void *data;

    (void)state;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &st, NULL), SQLITE_OK);
    sqlite3_bind_pointer(st, 1, &api, "fts5_api_ptr", NULL);
    sqlite3_step(st);
    sqlite3_finalize(st);
    assert_int_equal(api->xFindTokenizer(api, "searchd", &data, &methods), SQLITE_OK);
    assert_int_equal(methods.xCreate(data, NULL, 0, &tok), SQLITE_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct told told = {.len = 0};
        int len = (int)strlen(cases[i].text);
        assert_int_equal(methods.xTokenize(tok, &told, cases[i].why, cases[i].text, len, note),
                         SQLITE_OK);
        assert_string_equal(told.text, cases[i].told);
    }
    methods.xDelete(tok);
    sqlite3_close(db);
}

static void rows_without_a_match_score_nothing(void **state)
{
    sqlite3 *db = open_index();
    sqlite3_stmt *st = prepare(db, "SELECT searchd_rank(fts) FROM fts LIMIT 1", NULL, 0);

    (void)state;
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(st, 0), "0.0");
    sqlite3_finalize(st);
    sqlite3_close(db);
}

static void new_documents_are_seen_by_open_connections(void **state)
{
    struct sx_error err;
    sqlite3 *db = open_index();
    sqlite3_stmt *st = prepare(db, SCORES, "newcomer", -1);

    (void)state;
    assert_int_equal(sqlite3_step(st), SQLITE_DONE);
    sqlite3_reset(st);
    put("new", "", "newcomer");
    must(sx_index_commit(bed.ix, &err), &err);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_true(sqlite3_column_double(st, 1) < 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
}

#define EVERYTHING                                                                                 \
    "SELECT searchd_rank(fts), highlight(fts, 1, '[', ']'), snippet(fts, -1, '', '', '', 8)"       \
    " FROM fts WHERE fts MATCH ?1 ORDER BY 1"

/* Any query is answered or is an error in SQL's sense. */
static void odd_queries_are_answered_or_refused(void **state)
{
    static const char *const pieces[] = {
        "\"", "(",    ")",      "*",      "^",      "+",   "-",      ":",     "{",     "}",
        " ",  " OR ", " AND ",  " NOT ",  "NEAR(",  ", 2", "title",  "body:", "amber", "birch",
        "c",  "c++",  "e-mail", "AT&T",   "don't",  "北",  "北京",   "ไทย",   "\1",    "\2",
        "\3", "\xff", "\xc3",   "\u200d", "\u0301", "''",  "\ufdfa", "rank",  "fts",   "0",
    };
    sqlite3 *db = open_index();
    sqlite3_stmt *st = prepare(db, EVERYTHING, NULL, 0);
    size_t answered = 0;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        char match[256] = "";
        size_t len = 0;
        bool whole = roll(2) == 0; /* one string, so that the tokenizer has it all */

        if (whole)
            match[len++] = '"';
        for (unsigned n = 1 + roll(8); n > 0; n--)
            len += (size_t)snprintf(match + len, sizeof(match) - len, "%s",
                                    pieces[roll(sizeof(pieces) / sizeof(pieces[0]))]);
        if (whole)
            match[len++] = '"';
        sqlite3_bind_text(st, 1, match, (int)len, SQLITE_STATIC);
        int rc;
        do
            rc = sqlite3_step(st);
        while (rc == SQLITE_ROW);
        if (rc != SQLITE_DONE && rc != SQLITE_ERROR)
            fail_msg("%s: %d, %s", match, rc, sqlite3_errmsg(db));
        answered += rc == SQLITE_DONE;
        sqlite3_reset(st);
    }
    assert_in_range(answered, 500, 2900);
    sqlite3_finalize(st);
    assert_true(only_score(db, "\"c++\"") < 0);
    sqlite3_close(db);
}

static void running_out_of_memory_is_an_error(void **state)
{
    (void)state;
    int rc = SQLITE_NOMEM;
    long n = 0;

    for (; rc == SQLITE_NOMEM; n++) {
        sqlite3 *db = open_index();
        sqlite3_stmt *st = NULL;
        mem_fail_after(n);
        rc = sqlite3_prepare_v2(db, EVERYTHING, -1, &st, NULL);
        if (rc == SQLITE_OK) {
            sqlite3_bind_text(st, 1, "\"c++\" OR 北京", -1, SQLITE_STATIC);
            rc = sqlite3_step(st);
        }
        assert_true(rc == SQLITE_ROW || mem_failed());
        mem_fail_after(-1);
        sqlite3_finalize(st);
        sqlite3_close(db);
    }
    assert_int_equal(rc, SQLITE_ROW);
    assert_true(n > 3);
}

static void *open_and_ask(void *failed)
{
    for (int i = 0; i < 10; i++) {
        sqlite3 *db = NULL;
        sqlite3_stmt *st = NULL;

        if (sqlite3_open_v2(bed.path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
            sqlite3_prepare_v2(db, EVERYTHING, -1, &st, NULL) != SQLITE_OK ||
            sqlite3_bind_text(st, 1, "amber", -1, SQLITE_STATIC) != SQLITE_OK ||
            sqlite3_step(st) != SQLITE_ROW || sqlite3_column_double(st, 0) >= 0)
            *(bool *)failed = true;
        sqlite3_finalize(st);
        sqlite3_close(db);
    }
    return NULL;
}

static void threads_load_it_side_by_side(void **state)
{
    pthread_t threads[4];
    bool failed[4] = {false};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_ask, &failed[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_false(failed[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_word_scores_what_the_index_says),
        cmocka_unit_test(phrases_score_by_their_own_counts),
        cmocka_unit_test(text_in_a_query_is_one_term_a_position),
        cmocka_unit_test(rows_without_a_match_score_nothing),
        cmocka_unit_test(new_documents_are_seen_by_open_connections),
        cmocka_unit_test(odd_queries_are_answered_or_refused),
        cmocka_unit_test(running_out_of_memory_is_an_error),
        cmocka_unit_test(threads_load_it_side_by_side),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
