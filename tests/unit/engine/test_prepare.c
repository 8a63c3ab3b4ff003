/* Documents that others have prepared leave the same index as those that the writer puts one by one. */
#include "index/engine/prepare.h"

#include <sqlite3.h>

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/hash.h"
#include "index/base/str.h"
#include "index/engine/index.h"
#include "tests/support/support.h"

#define DOCS 1200
#define REPLACED 300

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s", sx_status_name(rc), err->msg);
}

struct texts {
    char uri[16], title[64], body[600];
};

/* Documents of few words and many; some uris come twice, and some of those unchanged. */
static void write_texts(struct texts *t, struct sx_doc *d, int i, int salt)
{
    size_t len = 0;
    unsigned words = (unsigned)(i * 7919 + salt) % 60;

    snprintf(t->uri, sizeof(t->uri), "u%d", i % (DOCS - REPLACED));
    t->title[0] = '\0';
    if (i % 5 != 0)
        snprintf(t->title, sizeof(t->title), "The e-mail of day %d", i % 31);
    t->body[0] = '\0';
    for (unsigned w = 0; w < words; w++)
        len += (size_t)snprintf(t->body + len, sizeof(t->body) - len, "w%u ",
                                (unsigned)(i / (salt + 1) + (int)(w * w)) % 997);
    *d = (struct sx_doc){.uri = str_of(t->uri), .title = str_of(t->title), .body = str_of(t->body)};
    if (i % 3 == 0)
        d->date = str_of("2025-08-15");
    if (i % 4 == 0)
        d->lang = str_of("en");
}

static struct sx_doc *make_docs(struct texts **texts, int salt)
{
    struct sx_doc *docs = calloc(DOCS, sizeof(*docs));

    *texts = calloc(DOCS, sizeof(**texts));
    assert_non_null(docs);
    assert_non_null(*texts);
    for (int i = 0; i < DOCS; i++)
        write_texts(&(*texts)[i], &docs[i], i, salt);
    return docs;
}

/* ---- what an index holds ----------------------------------------------------------------------- */

static const char *const queries[] = {
    "SELECT id, uri, hash, date, lang, at, title_len, body_len, checksum, lang_detected FROM doc",
    "SELECT id, title, body FROM text",
    "SELECT docs, next_id, title_words, body_words FROM state",
    "SELECT term, length FROM term",
    "SELECT lang, stem, term FROM form",
    "SELECT term, doc, col, offset FROM temp.instances",
};

static void append_rows(struct sx_index *ix, const char *query, struct buf *out)
{
    sqlite3_stmt *st;

    assert_int_equal(sqlite3_prepare_v2(ix->w.sq, query, -1, &st, NULL), SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(st); i++) {
            buf_put(out, sqlite3_column_blob(st, i), (size_t)sqlite3_column_bytes(st, i));
            buf_putc(out, '|');
        }
        buf_putc(out, '\n');
    }
    sqlite3_finalize(st);
}

static struct buf contents(struct sx_index *ix)
{
    struct buf out = {0};
    struct sx_error err;

    must(sx_index_check(ix, &err), &err);
    assert_int_equal(sqlite3_exec(ix->w.sq,
                                  "CREATE VIRTUAL TABLE IF NOT EXISTS temp.instances USING"
                                  " fts5vocab(main, fts, instance)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
        append_rows(ix, queries[i], &out);
    assert_true(buf_ok(&out));
    return out;
}

static void assert_same(struct sx_index *a, struct sx_index *b)
{
    struct buf x = contents(a), y = contents(b);

    assert_int_equal(x.len, y.len);
    assert_memory_equal(x.data, y.data, x.len);
    buf_release(&x);
    buf_release(&y);
}

/* n and F of words, as segments have them, against FTS5. */
static void assert_searched_alike(struct sx_index *ix)
{
    struct sx_reader *r;
    struct sx_error err;
    char word[16];

    must(sx_index_settle(ix, &err), &err);
    must(sx_reader_open(&r, ix, &err), &err);
    for (int w = 0; w < 997; w += 13) {
        struct sx_results *res;
        struct sx_search s = {.limit = 50, .exact_total = true};
        uint64_t totals[2];
        snprintf(word, sizeof(word), "w%d", w);
        s.query = str_of(word);
        for (int engine = 0; engine < 2; engine++) {
            s.engine = engine == 0 ? SX_ENGINE_FTS5 : SX_ENGINE_BLOCKMAX;
            must(sx_reader_search(r, &s, &res, &err), &err);
            totals[engine] = res->total;
            sx_results_free(res);
        }
        assert_int_equal(totals[0], totals[1]);
    }
    sx_reader_close(r);
}

/* ---- tests ------------------------------------------------------------------------------------- */

struct pair {
    char *dirs[2];
    struct sx_index *many, *single;
};

static int set_up(void **state)
{
    struct pair *p = calloc(1, sizeof(*p));
    struct sx_error err;

    assert_non_null(p);
    p->dirs[0] = temp_dir();
    p->dirs[1] = temp_dir();
    must(sx_index_open(&p->many, p->dirs[0], NULL, &err), &err);
    must(sx_index_open(&p->single, p->dirs[1], NULL, &err), &err);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct pair *p = *state;

    sx_index_close(p->many);
    sx_index_close(p->single);
    temp_dir_remove(p->dirs[0]);
    temp_dir_remove(p->dirs[1]);
    free(p);
    return 0;
}

static size_t put_one_by_one(struct sx_index *ix, const struct sx_doc *docs)
{
    size_t replaced = 0;
    struct sx_error err;

    for (int i = 0; i < DOCS; i++) {
        size_t one;
        must(sx_index_put(ix, &docs[i], 1, &one, &err), &err);
        replaced += one;
    }
    return replaced;
}

static void commit(struct sx_index *ix)
{
    struct sx_error err;

    must(sx_index_commit(ix, &err), &err);
}

static void many_at_once_are_as_one_by_one(void **state)
{
    struct pair *p = *state;
    struct sx_error err;

    for (int salt = 0; salt < 3; salt++) {
        struct texts *texts;
        struct sx_doc *docs = make_docs(&texts, salt);
        size_t replaced;
        must(sx_index_put(p->many, docs, DOCS, &replaced, &err), &err);
        assert_int_equal(put_one_by_one(p->single, docs), replaced);
        assert_true(replaced >= REPLACED);
        commit(p->many);
        commit(p->single);
        assert_same(p->many, p->single);
        assert_searched_alike(p->many);
        free(docs);
        free(texts);
    }
}

/* While a chunk of much text is counted there is no room for others: they come after it. */
static void a_large_document_holds_up_no_other(void **state)
{
    struct pair *p = *state;
    struct texts *texts;
    struct sx_doc *docs = make_docs(&texts, 0);
    size_t len = PIPELINE_BYTES + 100;
    char *text = malloc(len);
    struct sx_error err;

    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = i % 8 == 7 ? ' ' : (char)('a' + i / 8 % 7 * (i % 8) % 26);
    docs[300].body = str_make(text, len);
    docs[DOCS - 400].body = str_make(text, len);
    must(sx_index_put(p->many, docs, DOCS, NULL, &err), &err);
    put_one_by_one(p->single, docs);
    commit(p->many);
    commit(p->single);
    assert_same(p->many, p->single);
    assert_searched_alike(p->many);
    free(text);
    free(docs);
    free(texts);
}

static void put_and_fail(struct sx_index *ix, const struct sx_doc *docs, void (*fail_after)(long n))
{
    struct sx_error err;

    for (long n = 1; n < 20000; n = n * 3 / 2 + 1) {
        fail_after(n);
        sx_status rc = sx_index_put(ix, docs, DOCS, NULL, &err);
        bool failed = mem_failed();
        fail_after(-1);
        assert_true(rc == SX_OK || (failed && rc == SX_ENOMEM));
        /* Whatever could not be counted dooms the transaction. */
        if (rc != SX_OK)
            assert_int_equal(sx_index_commit(ix, &err), SX_ENOMEM);
        sx_index_rollback(ix);
    }
}

/* What was put is undone as a whole, and the threads are ready for what comes next, whoever ran out of
 * memory. */
static void a_put_that_fails_leaves_nothing(void **state)
{
    struct pair *p = *state;
    struct texts *texts;
    struct sx_doc *docs = make_docs(&texts, 0);
    struct sx_error err;

    put_one_by_one(p->single, docs);
    commit(p->single);
    put_and_fail(p->many, docs, mem_fail_after);
    put_and_fail(p->many, docs, mem_fail_anywhere_after);
    must(sx_index_put(p->many, docs, DOCS, NULL, &err), &err);
    commit(p->many);
    assert_same(p->many, p->single);
    free(docs);
    free(texts);
}

/* A record's terms have numbers of one transaction, and get others in the next. */
static void what_is_prepared_together_is_written_in_two_transactions(void **state)
{
    struct pair *p = *state;
    struct texts *texts;
    struct sx_doc *docs = make_docs(&texts, 0);
    struct prepared prep = {0};
    struct analyzer *an = analyzer_new();
    struct sx_error err;

    for (int i = 0; i < DOCS; i++)
        assert_int_equal(prepared_add(&prep, &docs[i], 0), 0);
    prepare_all(&prep, an);
    for (size_t i = 0; i < DOCS; i++) {
        assert_true(prep.docs[i].analysed);
        must(write_begin(p->many, &err), &err);
        must(write_prepared(p->many, &prep, i, NULL, &err), &err);
        if (i == DOCS / 2)
            commit(p->many);
    }
    commit(p->many);
    put_one_by_one(p->single, docs);
    commit(p->single);
    assert_same(p->many, p->single);
    prepared_release(&prep);
    analyzer_free(an);
    free(docs);
    free(texts);
}

static void a_rebuild_leaves_the_same(void **state)
{
    struct pair *p = *state;
    struct texts *texts;
    struct sx_doc *docs = make_docs(&texts, 0);
    struct sx_error err;
    uint64_t done;

    must(sx_index_put(p->many, docs, DOCS, NULL, &err), &err);
    commit(p->many);
    must(sx_index_put(p->single, docs, DOCS, NULL, &err), &err);
    commit(p->single);
    must(sx_index_rebuild(p->many, NULL, &done, &err), &err);
    assert_int_equal(done, DOCS - REPLACED);
    assert_same(p->many, p->single);
    assert_searched_alike(p->many); /* segments are made of the stored text */
    free(docs);
    free(texts);
}

/* A thread whose memory has run out leaves its documents to the writer. */
static void what_could_not_be_analysed_is_analysed_by_the_writer(void **state)
{
    struct pair *p = *state;
    struct texts *texts;
    struct sx_doc *docs = make_docs(&texts, 0);
    struct prepared prep = {0};
    struct sx_error err;

    for (int i = 0; i < DOCS; i++)
        assert_int_equal(prepared_add(&prep, &docs[i], 0), 0);
    prepare_all(&prep, NULL);
    for (size_t i = 0; i < DOCS; i++) {
        assert_false(prep.docs[i].analysed);
        must(write_begin(p->many, &err), &err);
        must(write_prepared(p->many, &prep, i, NULL, &err), &err);
    }
    commit(p->many);
    put_one_by_one(p->single, docs);
    commit(p->single);
    assert_same(p->many, p->single);
    prepared_release(&prep);
    free(docs);
    free(texts);
}

/* The documents as lines of a file; they get its type. */
static void write_lines(const char *path, struct sx_doc *docs)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    for (int i = 0; i < DOCS; i++) {
        const struct sx_doc *d = &docs[i];
        fprintf(f, "{\"uri\":\"%s\",\"title\":\"%s\",\"body\":\"%s\"", d->uri.ptr, d->title.ptr,
                d->body.ptr);
        if (d->date.ptr != NULL)
            fprintf(f, ",\"date\":\"%s\"", d->date.ptr);
        if (d->lang.ptr != NULL)
            fprintf(f, ",\"lang\":\"%s\"", d->lang.ptr);
        fputs("}\n", f);
        docs[i].type = str_of("jsonl");
    }
    fclose(f);
}

/* Threads that read files prepare their documents. */
static void documents_of_a_file_are_as_those_put_one_by_one(void **state)
{
    struct pair *p = *state;
    struct texts *texts;
    struct sx_doc *docs = make_docs(&texts, 0);
    struct sx_error err;
    char *root = temp_dir();
    char path[4096];
    bool more = true;

    snprintf(path, sizeof(path), "%s/lines.jsonl", root);
    write_lines(path, docs);
    must(sx_sync_begin(p->many, root, &err), &err);
    while (more)
        must(sx_sync_step(p->many, 20, &more, NULL, NULL, &err), &err);
    assert_null(p->many->one.docs); /* not by the writer */
    put_one_by_one(p->single, docs);
    commit(p->single);
    assert_same(p->many, p->single);
    assert_searched_alike(p->many);
    temp_dir_remove(root);
    free(docs);
    free(texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_at_once_are_as_one_by_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_put_that_fails_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_document_holds_up_no_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_prepared_together_is_written_in_two_transactions,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rebuild_leaves_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(documents_of_a_file_are_as_those_put_one_by_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_could_not_be_analysed_is_analysed_by_the_writer,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
