/* Known tokens are told to FTS5 again, for the text that they are of and no other. */
#include "index/store/tokenizer.h"

#include "index/base/str.h"
#include "index/store/docs.h"
#include "index/store/schema.h"
#include "tests/support/support.h"

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s", sx_status_name(rc), err->msg);
}

static void open_store(struct db *c, const char *dir)
{
    struct sx_error err;
    char path[4096];

    snprintf(path, sizeof(path), "%s/index.db", dir);
    must(db_open(c, path, true, false, &err), &err);
    must(schema_prepare(c, &err), &err);
    must(db_open_vocab(c, &err), &err);
}

static bool has_term(struct db *c, const char *term)
{
    sqlite3_stmt *st;
    struct sx_error err;
    bool row;

    must(db_stmt(c, ST_VOCAB_TERM, &st, &err), &err);
    bind_str(st, 1, str_of(term));
    must(db_step(c, st, &row, "look", &err), &err);
    sqlite3_reset(st);
    return row;
}

static void put(struct db *c, const struct stored_doc *d)
{
    struct sx_error err;

    must(db_begin_write(c, &err), &err);
    must(doc_insert(c, d, &err), &err);
    must(db_commit(c, &err), &err);
}

/* The record is of other words than the text, so that it shows which were taken. */
static void known_tokens_are_told_for_their_text_alone(void **state)
{
    char *dir = temp_dir();
    struct db c;
    struct analyzer *an = analyzer_new();
    struct record r = {0};
    uint32_t words;
    struct sx_error err;
    struct stored_doc d = {
        .id = 1,
        .doc = {.uri = str_of("a"), .title = str_of("title"), .body = str_of("some body")}};

    (void)state;
    open_store(&c, dir);
    c.replay = (struct replay){.record = &r, .texts = {d.doc.title, d.doc.body}};
    assert_int_equal(record_text(&r, an, str_of("first"), &words), 0);
    c.replay.from[1] = r.token_count;
    assert_int_equal(record_text(&r, an, str_of("second e-mail"), &words), 0);
    c.replay.from[2] = r.token_count;
    put(&c, &d);
    assert_true(has_term(&c, "first") && has_term(&c, "second") && has_term(&c, "email"));
    assert_false(has_term(&c, "title") || has_term(&c, "body"));
    must(db_begin_write(&c, &err), &err);
    must(doc_remove(&c, &d, &err), &err); /* the same tokens */
    must(db_commit(&c, &err), &err);
    assert_false(has_term(&c, "first") || has_term(&c, "second") || has_term(&c, "email"));

    d.doc.body = str_of("another body");
    put(&c, &d);
    assert_true(has_term(&c, "first") && has_term(&c, "another"));
    assert_false(has_term(&c, "second"));

    c.replay.record = NULL;
    d.id = 2;
    d.doc.uri = str_of("b");
    put(&c, &d);
    assert_true(has_term(&c, "title"));
    db_close(&c);
    record_release(&r);
    analyzer_free(an);
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_tokens_are_told_for_their_text_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
