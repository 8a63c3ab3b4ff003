/* Tokens written down are the tokens that were told. */
#include "index/text/record.h"

#include "index/base/alloc.h"
#include "index/base/hash.h"
#include "index/base/str.h"
#include "tests/support/support.h"

static const char *const texts[] = {
    "The quick e-mail of node.js, the quick one",
    "",
    "parseHttpRequest c++ \xe6\xb1\x89\xe5\xad\x97\xe6\x96\x87 ko\xc5\xbe\x61",
    "quick",
};
#define TEXTS (sizeof(texts) / sizeof(texts[0]))

struct following {
    const struct record *r;
    size_t at;
    uint32_t words;
};

static int follow(void *arg, const struct token *t)
{
    struct following *f = arg;

    assert_true(f->at < f->r->token_count);
    uint32_t token = f->r->tokens[f->at++];
    const struct record_term *term = &f->r->terms[record_term_of(token)];
    assert_true(str_eq(term->text, t->term));
    assert_true(term->hash == hash_bytes(t->term.ptr, t->term.len));
    assert_int_equal(term->number, RECORD_UNKNOWN);
    assert_int_equal(record_is_beside(token), t->kind != TOKEN_WORD);
    f->words += t->kind == TOKEN_WORD;
    return 0;
}

static void assert_recorded(struct record *r, struct analyzer *an)
{
    struct following f = {.r = r};

    for (size_t i = 0; i < TEXTS; i++) {
        uint32_t words;
        assert_int_equal(record_text(r, an, str_of(texts[i]), &words), 0);
        f.words = 0;
        assert_int_equal(analyzer_run(an, texts[i], strlen(texts[i]), follow, &f), 0);
        assert_int_equal(f.at, r->token_count);
        assert_int_equal(f.words, words);
    }
}

static void tokens_are_those_of_the_analyzer(void **state)
{
    struct analyzer *an = analyzer_new();
    struct record r = {0};

    (void)state;
    assert_recorded(&r, an);
    size_t terms = r.term_count;
    assert_true(terms < r.token_count); /* quick is kept once */
    record_clear(&r);
    assert_int_equal(r.term_count, 0);
    assert_recorded(&r, an);
    assert_int_equal(r.term_count, terms);
    record_release(&r);
    analyzer_free(an);
}

/* Past what is kept, and back to little. */
static void many_terms_are_each_kept_once(void **state)
{
    struct analyzer *an = analyzer_new();
    struct record r = {0};
    char text[32];
    uint32_t words;

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 120000; i++) {
            snprintf(text, sizeof(text), "w%d", i % 40000);
            assert_int_equal(record_text(&r, an, str_of(text), &words), 0);
            assert_int_equal(words, 1);
            assert_int_equal(record_term_of(r.tokens[i]), i % 40000);
        }
        assert_int_equal(r.term_count, 40000);
        assert_true(record_memory(&r) > 40000 * sizeof(*r.terms) + 120000 * sizeof(*r.tokens));
        record_clear(&r);
        assert_int_equal(record_memory(&r), 0); /* it was too much to be kept */
    }
    assert_recorded(&r, an);
    record_clear(&r);
    record_release(&r);
    assert_int_equal(record_memory(&r), 0);
    analyzer_free(an);
}

static void memory_may_run_out(void **state)
{
    struct analyzer *an = analyzer_new();
    struct record r = {0};
    uint32_t words;

    (void)state;
    for (long n = 0, failed = 1; failed; n++) {
        mem_fail_after(n);
        int rc = record_text(&r, an, str_of(texts[0]), &words);
        failed = mem_failed();
        mem_fail_after(-1);
        assert_int_equal(rc, failed ? -1 : 0);
        record_clear(&r);
        assert_recorded(&r, an);
        record_release(&r);
    }
    analyzer_free(an);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_those_of_the_analyzer),
        cmocka_unit_test(many_terms_are_each_kept_once),
        cmocka_unit_test(memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
