/* Rewriting: what is searched where a query asks for something. */
#include "tests/unit/query/tree.h"

#include "index/base/alloc.h"
#include "index/query/rewrite.h"
#include "index/text/lang.h"

static void rewrites_to(const char *text, const char *expected, size_t langs)
{
    const int list[] = {LANG_EN, LANG_DE};
    struct arena mem = {0};
    struct sx_error err = {0};
    struct buf got = {0};
    struct query q;
    const struct ast *root;

    assert_int_equal(query_parse(&q, str_of(text), NOW, an, &mem, &err), SX_OK);
    assert_int_equal(query_rewrite(q.root, list, langs, &mem, &root, &err), SX_OK);
    if (root != NULL)
        dump(root, &got);
    if (!str_is(buf_str(&got), expected))
        fail_msg("%s becomes %s, not %s", text, buf_cstr(&got), expected);
    buf_release(&got);
    arena_release(&mem);
}

static void stop_words_go_where_a_word_says_more(void **state)
{
    (void)state;
    rewrites_to("the harbour of Oslo", "(group [harbour] [oslo])", 1);
    rewrites_to("the harbour", "[harbour]", 1);
    rewrites_to("the of and", "(group [the] [of] [and])", 1);
    rewrites_to("the +harbour", "[harbour]", 1);
    rewrites_to("+(the harbour) x", "(group +[harbour] [x])", 1);
    rewrites_to("x (the harbour)", "(group [x] [harbour])", 1);
    rewrites_to("-(the harbour) x", "(group (not [harbour]) [x])", 1);
    rewrites_to("the OR harbour", "(or [the] [harbour])", 1);
    rewrites_to("the -water", "(group [the] (not [water]))", 1);
    rewrites_to("the WHO \"the\" +the title:the", "(group [who] \"the\" +[the] title:[the])", 1);
    rewrites_to("the harbour", "(group [the] [harbour])", 0);
    rewrites_to("the harbour", "(group [the] [harbour])", 2); /* "the" is no German stop word */
    rewrites_to("", "", 1);
}

static void compounds_are_also_their_parts(void **state)
{
    (void)state;
    rewrites_to("boundary-layer", "(compound [boundary layer] [boundary] [layer] [boundarylayer])",
                1);
    rewrites_to("x boundary-layer",
                "(group [x] (compound [boundary layer] [boundary] [layer] [boundarylayer]))", 1);
    rewrites_to("input/output x", "(group (compound [input output] [input] [output]) [x])", 1);
    rewrites_to("over-the-counter", "(compound [over the counter] [counter] [overthecounter])", 1);
    rewrites_to("title:high-speed x",
                "(group (compound title:[high speed] title:[high] title:[speed]"
                " title:[highspeed]) [x])",
                1);
    /* not where it is meant as it stands, nor where a part says little */
    rewrites_to("+boundary-layer x", "(group +[boundary layer] [x])", 1);
    rewrites_to("-boundary-layer x", "(group (not [boundary layer]) [x])", 1);
    rewrites_to("boundary-layer AND x", "(and [boundary layer] [x])", 1);
    rewrites_to("boundary-layer OR x", "(or [boundary layer] [x])", 1);
    rewrites_to("-(x boundary-layer) y", "(group (not (group [x] [boundary layer])) [y])", 1);
    rewrites_to("\"boundary-layer\" x", "(group \"boundary layer\" [x])", 1);
    rewrites_to("wi-fi e-mail AT&T covid-19", "(group [wi fi] [e mail] [at t] [covid 19])", 1);
    rewrites_to("boundary-lay*", "[boundary lay*]", 1);
    rewrites_to("a NEAR/3 boundary-layer", "(near3 [a] [boundary layer])", 1);
}

static void memory_may_run_out(void **state)
{
    const int en = LANG_EN;
    struct arena mem = {0};
    struct query q;
    struct sx_error err = {0};
    sx_status rc = SX_ENOMEM;
    long n = 0;

    (void)state;
    assert_int_equal(
        query_parse(&q, str_of("the boundary-layer (the x) +(of y)"), NOW, an, &mem, &err), SX_OK);
    for (; rc != SX_OK; n++) {
        struct arena own = {0};
        const struct ast *root;

        assert_true(n < 100);
        mem_fail_after(n);
        rc = query_rewrite(q.root, &en, 1, &own, &root, &err);
        mem_fail_after(-1);
        assert_true(rc == SX_OK || rc == SX_ENOMEM);
        arena_release(&own);
    }
    arena_release(&mem);
    assert_true(n > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_words_go_where_a_word_says_more),
        cmocka_unit_test(compounds_are_also_their_parts),
        cmocka_unit_test(memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, open_analyzer, close_analyzer);
}
