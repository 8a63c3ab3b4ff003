/* Which terms stand for a piece of a query. */
#include "tests/support/support.h"

#include "index/base/alloc.h"
#include "index/base/str.h"
#include "index/query/ast.h"
#include "index/query/positions.h"
#include "index/text/analyzer.h"

#define NOW 1755252007 /* 2025-08-15T10:00:07Z */

static struct analyzer *an;

/* A leaf as "term term|whole", with + for | where the whole counts on top. */
static void put_leaf(const struct ast *n, struct buf *out)
{
    for (size_t i = 0; i < n->term_count; i++) {
        if (i > 0)
            buf_putc(out, ' ');
        buf_put_str(out, n->terms[i]);
    }
    if (n->whole.len == 0)
        return;
    buf_putc(out, n->paired ? '+' : '|');
    for (size_t i = 0; i < n->whole.len; i++)
        if (n->whole.ptr[i] != DICT_MARK)
            buf_putc(out, n->whole.ptr[i]);
}

static void assert_leaves(const char *query, const char *expected)
{
    struct arena mem = {0};
    struct sx_error err = {0};
    struct buf got = {0};
    struct query q;

    assert_int_equal(query_parse(&q, str_of(query), NOW, an, &mem, &err), SX_OK);
    if (q.root->kid_count == 0)
        put_leaf(q.root, &got);
    for (size_t i = 0; i < q.root->kid_count; i++) {
        if (i > 0)
            buf_puts(&got, ", ");
        put_leaf(q.root->kids[i], &got);
    }
    assert_string_equal(buf_cstr(&got), expected);
    buf_release(&got);
    arena_release(&mem);
}

static void compounds(void **state)
{
    (void)state;
    assert_leaves("Plain", "plain");
    assert_leaves("e-mail", "e mail|email");
    assert_leaves("\"e-mail\"", "e mail");
    assert_leaves("e-ma*", "e ma|ema");
    assert_leaves("state-of-the-art", "state of the art|stateoftheart");
    assert_leaves("AT&T", "at t|at&t");
    assert_leaves("\"AT&T shares\"", "at t shares");
    assert_leaves("C++", "c++");
    assert_leaves("\"C++ code\"", "c++ code");
    assert_leaves("C#/C", "c# c");
    assert_leaves("U.S. don't", "us, dont");
    assert_leaves("node.js www.example.com", "node.js, www.example.com");
    assert_leaves("parseHttpRequest foo_bar", "parsehttprequest, foo_bar");
    assert_leaves("5,000,000 3.14.2", "5000000, 3.14.2");
}

static void signs_of_grammar_leave(void **state)
{
    (void)state;
    assert_leaves("Microsoft's", "microsofts|microsoft");
    assert_leaves("Microsoft\u2019s", "microsofts|microsoft");
    assert_leaves("\"Microsoft's\"", "microsofts");
    assert_leaves("Microsoft's*", "microsofts");
    assert_leaves("l'\u00c9tat", "letat|etat");
    assert_leaves("dell'arte", "dellarte|arte");
    assert_leaves("O'Brien", "obrien");
    assert_leaves("rock'n'roll", "rocknroll");
    assert_leaves("1990's", "1990 s");
    assert_leaves("l'ParseHttp", "lparsehttp|parsehttp");
    assert_leaves("t\u02bcnFaFF", "tnfaff|nfaff");
    assert_leaves("foo_s", "foo_s");
}

static void runs_are_their_words(void **state)
{
    (void)state;
    assert_leaves("\u4eac\u90fd", "\u4eac\u90fd+\u4eac\u90fd");
    assert_leaves("\u4eac\u90fd*", "\u4eac\u90fd+\u4eac\u90fd");
    assert_leaves("\u4eac\u90fd\u5927\u5b66",
                  "\u4eac\u90fd+\u4eac\u90fd, \u5927\u5b66+\u5927\u5b66");
    assert_leaves("\"\u4eac\u90fd\u5927\u5b66\"", "\u4eac\u90fd \u90fd\u5927 \u5927\u5b66");
    /* A last cluster has to be named only where something follows it. */
    assert_leaves("\"\u4eac\u90fd tower\"", "\u4eac\u90fd \u90fd tower");
    assert_leaves("\u4eac", "\u4eac");
    assert_leaves("iPhone\u624b\u673a now", "iphone, \u624b\u673a+\u624b\u673a, now");
    /* What is required or excluded is meant as it stands. */
    assert_leaves("x +\u4eac\u90fd\u5927\u5b66", "x, \u4eac\u90fd \u90fd\u5927 \u5927\u5b66");
    assert_leaves("x +(\u4eac\u90fd\u5927\u5b66)", "x, ");
    assert_leaves("iPhone\u624b\u673atyp*", "iphone, \u624b\u673a+\u624b\u673a, typ");
}

/* What one sign folds to stays together: it has no text of its own that could be read again. */
static void one_sign_is_one_word(void **state)
{
    (void)state;
    assert_leaves("\u3300", "\u30a2\u30d1 \u30d1\u30fc \u30fc\u30c8+\u30a2\u30d1\u30fc\u30c8");
    assert_leaves("\u3300\u200b", "\u30a2\u30d1 \u30d1\u30fc \u30fc\u30c8");
    assert_leaves("\ufdfa\u4eac\u90fd", "\u0635\u0644\u064a \u0627\u0644\u0644\u0647 "
                                        "\u0639\u0644\u064a\u0647 \u0648\u0633\u0644\u0645, "
                                        "\u4eac\u90fd+\u4eac\u90fd");
}

static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    for (int n = 0;; n++) {
        struct arena mem = {0};
        struct sx_error err = {0};
        struct query q;

        mem_fail_after(n);
        sx_status rc = query_parse(&q, str_of("\u4eac\u90fd\u5927\u5b66 e-mail l'\u00c9tat"), NOW,
                                   an, &mem, &err);
        mem_fail_after(-1);
        arena_release(&mem);
        if (rc == SX_OK)
            break;
        assert_int_equal(rc, SX_ENOMEM);
    }
}

static int open_analyzer(void **state)
{
    (void)state;
    an = analyzer_new();
    return an == NULL;
}

static int close_analyzer(void **state)
{
    (void)state;
    analyzer_free(an);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compounds),
        cmocka_unit_test(signs_of_grammar_leave),
        cmocka_unit_test(runs_are_their_words),
        cmocka_unit_test(one_sign_is_one_word),
        cmocka_unit_test(every_failed_allocation_is_told),
    };

    return cmocka_run_group_tests(tests, open_analyzer, close_analyzer);
}
