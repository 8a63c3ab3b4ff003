/* The table of word forms: what is fed and filled is found, as a loop over all terms finds it. */
#include "index/store/forms.h"

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/str.h"
#include "index/store/docs.h"
#include "index/store/schema.h"
#include "index/text/lang.h"
#include "tests/support/support.h"

struct bed {
    char *dir, *path;
    struct db c;
    struct forms *forms;
    struct stemmer *stemmer;
    struct arena words; /* of vocabularies */
    struct buf fresh;
};

static const struct langs three = {{LANG_DE, LANG_EN, LANG_RU}, 3};

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s", sx_status_name(rc), err->msg);
}

static void open_db(struct bed *b)
{
    struct sx_error err;

    must(db_open(&b->c, b->path, true, true, &err), &err);
    must(schema_prepare(&b->c, &err), &err);
    must(db_open_vocab(&b->c, &err), &err);
    b->forms = forms_new();
    assert_non_null(b->forms);
}

static void close_db(struct bed *b)
{
    forms_free(b->forms);
    db_close(&b->c);
}

static int set_up(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));

    b->dir = temp_dir();
    assert_true(asprintf(&b->path, "%s/index.db", b->dir) > 0);
    b->stemmer = stemmer_new();
    assert_non_null(b->stemmer);
    open_db(b);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *b = *state;

    close_db(b);
    stemmer_free(b->stemmer);
    buf_release(&b->fresh);
    arena_release(&b->words);
    free(b->path);
    temp_dir_remove(b->dir);
    free(b);
    return 0;
}

/* ---- vocabularies ------------------------------------------------------------------------- */

struct vocabulary {
    struct sx_str *terms;
    size_t count;
};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Few roots with many endings, so that most words have forms. */
static struct vocabulary make_vocabulary(struct bed *b, uint32_t seed, size_t count)
{
    static const char *const roots[] = {"court",  "arbeit", "commun", "gut",   "suchen", "happi",
                                        "работ",  "город",  "книг",   "hous",  "kind",   "die",
                                        "nation", "vers",   "новост", "gener", "8200",   "東"};
    static const char *const ends[] = {"",   "s",   "es",   "e",  "en",  "er",  "ing", "ed",  "ly",
                                       "al", "ung", "ungs", "y",  "ies", "а",   "у",   "ами", "ой",
                                       "ы",  "е",   "ов",   "em", "ern", "ion", "ions"};
    struct vocabulary v = {arena_array(&b->words, count, sizeof(struct sx_str)), count};

    for (size_t i = 0; i < count; i++) {
        char word[64];
        snprintf(word, sizeof(word), "%s%s%s",
                 roots[next_random(&seed) % (sizeof(roots) / sizeof(*roots))],
                 next_random(&seed) % 3 == 0
                     ? ends[next_random(&seed) % (sizeof(ends) / sizeof(*ends))]
                     : "",
                 ends[next_random(&seed) % (sizeof(ends) / sizeof(*ends))]);
        v.terms[i] = arena_str(&b->words, str_of(word));
    }
    return v;
}

static void feed(struct bed *b, const struct langs *langs, const struct vocabulary *v)
{
    struct deltas d = {0};
    struct sx_error err;

    deltas_begin(&d, +1);
    for (size_t i = 0; i < v->count; i++)
        assert_int_equal(deltas_add(&d, v->terms[i]), 0);
    must(db_begin_write(&b->c, &err), &err);
    must(forms_feed(b->forms, &b->c, langs, &d, &b->fresh, &err), &err);
    must(db_commit(&b->c, &err), &err);
    deltas_release(&d);
}

/* ---- the twin ------------------------------------------------------------------------------- */

static bool share_stem(struct bed *b, const struct langs *langs, struct sx_str x, struct sx_str y)
{
    for (size_t i = 0; i < langs->count; i++) {
        char copy[STEM_TERM_MAX + 1];
        struct sx_str stem;
        assert_int_equal(stem_term(b->stemmer, langs->list[i], x, &stem), 0);
        assert_true(stem.len < sizeof(copy));
        memcpy(copy, stem.ptr, stem.len);
        struct sx_str first = str_make(copy, stem.len);
        assert_int_equal(stem_term(b->stemmer, langs->list[i], y, &stem), 0);
        if (str_eq(first, stem))
            return true;
    }
    return false;
}

static bool in_list(const struct sx_str *list, size_t count, struct sx_str term)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(list[i], term))
            return true;
    return false;
}

static int order_of(struct sx_str a, struct sx_str b)
{
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

    return order != 0 ? order : (int)a.len - (int)b.len;
}

/* Each form that the table gives shares a stem; each that the vocabulary has is given. */
static void assert_like_twin(struct bed *b, const struct langs *langs, const struct vocabulary *v,
                             struct sx_str word)
{
    struct arena mem = {0};
    struct sx_str *got;
    size_t count;
    bool more;
    struct sx_error err;

    must(forms_of(&b->c, b->stemmer, langs, word, &mem, &got, &count, &more, &err), &err);
    assert_false(more);
    assert_true(count >= 1 && str_eq(got[0], word));
    for (size_t i = 1; i < count; i++) {
        if (!share_stem(b, langs, word, got[i]))
            fail_msg("%s is no form of %s", got[i].ptr, word.ptr);
        if (i > 1)
            assert_true(order_of(got[i - 1], got[i]) < 0);
    }
    for (size_t i = 0; i < v->count; i++)
        if (share_stem(b, langs, word, v->terms[i]) != in_list(got, count, v->terms[i]))
            fail_msg("%s lacks %s", word.ptr, v->terms[i].ptr);
    arena_release(&mem);
}

static void forms_are_those_that_share_a_stem(void **state)
{
    struct bed *b = *state;

    for (uint32_t round = 0; round < 3; round++) {
        struct vocabulary v = make_vocabulary(b, 11 + round, 150);
        struct vocabulary others = make_vocabulary(b, 77 + round, 30);
        struct langs langs = {{three.list[round], three.list[(round + 1) % 3]}, 2};
        if (round == 0)
            langs = three;
        close_db(b);
        temp_dir_remove(b->dir);
        b->dir = temp_dir();
        free(b->path);
        assert_true(asprintf(&b->path, "%s/index.db", b->dir) > 0);
        open_db(b);
        feed(b, &langs, &v);
        for (size_t i = 0; i < v.count; i++)
            assert_like_twin(b, &langs, &v, v.terms[i]);
        for (size_t i = 0; i < others.count; i++)
            assert_like_twin(b, &langs, &v, others.terms[i]);
    }
}

/* ---- rows ------------------------------------------------------------------------------------- */

static int64_t count_rows(struct bed *b)
{
    sqlite3_stmt *st;

    assert_int_equal(sqlite3_prepare_v2(b->c.sq, "SELECT count(*) FROM form", -1, &st, NULL), 0);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

static void only_terms_that_differ_from_their_stem_have_rows(void **state)
{
    struct bed *b = *state;
    struct sx_str terms[] = {str_of("court"), str_of("courts"), str_of("8200s"), str_of("東京")};
    struct langs english = {{LANG_EN}, 1};
    struct vocabulary v = {terms, 4};

    feed(b, &english, &v);
    assert_int_equal(count_rows(b), 1);
    feed(b, &english, &v);
    forms_forget(b->forms);
    feed(b, &english, &v);
    assert_int_equal(count_rows(b), 1);
    feed(b, &(struct langs){{0}, 0}, &v);
    assert_int_equal(count_rows(b), 1);
}

static void what_a_transaction_takes_away_gets_no_rows(void **state)
{
    struct bed *b = *state;
    struct langs english = {{LANG_EN}, 1};
    struct deltas d = {0};
    struct sx_error err;

    deltas_begin(&d, -1);
    assert_int_equal(deltas_add(&d, str_of("courts")), 0);
    assert_int_equal(deltas_add(&d, str_of("kings")), 0);
    deltas_begin(&d, +1);
    assert_int_equal(deltas_add(&d, str_of("kings")), 0);
    must(forms_feed(b->forms, &b->c, &english, &d, &b->fresh, &err), &err);
    assert_int_equal(count_rows(b), 0);
    deltas_release(&d);
}

static void too_many_forms_are_cut_and_told(void **state)
{
    struct bed *b = *state;
    struct langs english = {{LANG_EN}, 1};

    for (int n = FORMS_MAX - 1; n <= FORMS_MAX + 2; n++) {
        struct arena mem = {0};
        struct sx_str *got;
        size_t count;
        bool more;
        struct sx_error err;
        char sql[200];
        /* n other terms of the stem, and the stem itself */
        snprintf(sql, sizeof(sql),
                 "DELETE FROM form; WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i"
                 " WHERE n < %d) INSERT INTO form SELECT 'en', 'court', printf('court%%04d', n)"
                 " FROM i",
                 n);
        must(db_exec(&b->c, sql, "fill", &err), &err);
        must(
            forms_of(&b->c, b->stemmer, &english, str_of("court"), &mem, &got, &count, &more, &err),
            &err);
        assert_int_equal(count, FORMS_MAX);
        assert_int_equal(more, n > FORMS_MAX - 1);
        assert_true(str_is(got[0], "court"));
        assert_true(str_is(got[1], "court0001"));
        assert_true(str_is(got[FORMS_MAX - 1], "court0255"));
        /* A word that is not its stem finds that, too, before the others. */
        must(forms_of(&b->c, b->stemmer, &english, str_of("courts"), &mem, &got, &count, &more,
                      &err),
             &err);
        assert_int_equal(count, FORMS_MAX);
        assert_true(more);
        assert_true(str_is(got[1], "court"));
        assert_true(str_is(got[FORMS_MAX - 1], "court0254"));
        arena_release(&mem);
    }
}

/* ---- filling ------------------------------------------------------------------------------------ */

static void store_terms(struct bed *b, const struct vocabulary *v)
{
    struct buf body = {0};
    struct sx_error err;

    for (size_t i = 0; i < v->count; i++) {
        buf_put_str(&body, v->terms[i]);
        buf_putc(&body, ' ');
    }
    struct stored_doc d = {
        .id = 1, .doc = {.uri = str_of("u"), .title = str_of(""), .body = buf_str(&body)}};
    must(db_begin_write(&b->c, &err), &err);
    must(doc_insert(&b->c, &d, &err), &err);
    must(db_commit(&b->c, &err), &err);
    buf_release(&body);
}

static bool fill_slice(struct bed *b, int lang, size_t max)
{
    bool ready;
    struct sx_error err;

    must(db_begin_write(&b->c, &err), &err);
    must(forms_fill(b->forms, &b->c, lang, max, 0, &ready, &err), &err);
    must(db_commit(&b->c, &err), &err);
    return ready;
}

static void filling_goes_on_where_it_stood(void **state)
{
    struct bed *b = *state;
    struct vocabulary v = make_vocabulary(b, 5, 200);
    struct langs german = {{LANG_DE}, 1};
    struct langs ready;
    bool flags[LANGS_MAX];
    struct sx_error err;
    size_t slices = 1;

    store_terms(b, &v);
    must(language_add(&b->c, LANG_DE, false, &err), &err);
    for (; !fill_slice(b, LANG_DE, 7); slices++) {
        must(language_ready(&b->c, &ready, &err), &err);
        assert_int_equal(ready.count, 0);
        close_db(b);
        open_db(b);
    }
    assert_true(slices > 10);
    must(language_ready(&b->c, &ready, &err), &err);
    assert_int_equal(ready.count, 1);
    assert_int_equal(ready.list[0], LANG_DE);
    for (size_t i = 0; i < v.count; i++)
        assert_like_twin(b, &german, &v, v.terms[i]);
    must(language_drop(&b->c, LANG_DE, &err), &err);
    must(language_list(&b->c, &ready, flags, &err), &err);
    assert_int_equal(ready.count, 0);
}

static void a_deadline_ends_a_slice(void **state)
{
    struct bed *b = *state;
    struct vocabulary v = make_vocabulary(b, 5, 50);
    struct sx_error err;
    size_t slices = 0;
    bool ready = false;

    store_terms(b, &v);
    must(language_add(&b->c, LANG_EN, false, &err), &err);
    for (; !ready; slices++) {
        assert_true(slices < 100);
        must(forms_fill(b->forms, &b->c, LANG_EN, SIZE_MAX, 1, &ready, &err), &err);
    }
    assert_true(slices > 10); /* a term each */
}

/* ---- memory -------------------------------------------------------------------------------------- */

static void want_of_memory_is_told(void **state)
{
    struct bed *b = *state;
    struct vocabulary v = make_vocabulary(b, 9, 40);
    struct deltas d = {0};
    struct sx_error err;
    sx_status rc = SX_ENOMEM;
    bool ready;
    long n = 0;

    store_terms(b, &v);
    must(language_add(&b->c, LANG_EN, false, &err), &err);
    deltas_begin(&d, +1);
    for (size_t i = 0; i < v.count; i++)
        assert_int_equal(deltas_add(&d, v.terms[i]), 0);
    for (; rc != SX_OK; n++) {
        struct arena mem = {0};
        struct sx_str *got;
        size_t count;
        bool more;
        struct stemmer *stemmer = NULL;
        forms_forget(b->forms);
        buf_clear(&b->fresh);
        mem_fail_after(n);
        rc = forms_feed(b->forms, &b->c, &three, &d, &b->fresh, &err);
        if (rc == SX_OK && !buf_ok(&b->fresh))
            rc = SX_ENOMEM;
        if (rc == SX_OK)
            rc = forms_fill(b->forms, &b->c, LANG_EN, 1, 0, &ready, &err);
        if (rc == SX_OK && (stemmer = stemmer_new()) == NULL)
            rc = SX_ENOMEM;
        if (rc == SX_OK)
            rc =
                forms_of(&b->c, stemmer, &three, str_of("courts"), &mem, &got, &count, &more, &err);
        mem_fail_after(-1);
        assert_true(rc == SX_OK || rc == SX_ENOMEM);
        stemmer_free(stemmer);
        arena_release(&mem);
    }
    assert_true(n > 2);
    deltas_release(&d);
}

#define with_db(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_db(forms_are_those_that_share_a_stem),
        with_db(only_terms_that_differ_from_their_stem_have_rows),
        with_db(what_a_transaction_takes_away_gets_no_rows),
        with_db(too_many_forms_are_cut_and_told),
        with_db(filling_goes_on_where_it_stood),
        with_db(a_deadline_ends_a_slice),
        with_db(want_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
