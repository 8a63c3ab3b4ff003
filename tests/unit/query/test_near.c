/* NEAR, and words with a tilde. */
#include "tests/unit/query/tree.h"

static void assert_refused(const char *text, int64_t offset, const char *msg)
{
    struct arena mem = {0};
    struct sx_error err = {0};
    struct query q;

    assert_int_equal(query_parse(&q, str_of(text), NOW, an, &mem, &err), SX_EQUERY);
    assert_string_equal(err.msg, msg);
    assert_int_equal(err.offset, offset);
    arena_release(&mem);
}

static void near_joins_words(void **state)
{
    static const struct tree_case cases[] = {
        {"a NEAR/5 b", "(near5 [a] [b])"},
        {"a NEAR/5 b NEAR/5 \"c d\" NEAR/5 ef*", "(near5 [a] [b] \"c d\" [ef*])"},
        {"a NEAR/5 b NEAR/2 c", "(and (near5 [a] [b]) (near2 [b] [c]))"},
        {"x a NEAR/0 b y", "(group [x] (near0 [a] [b]) [y])"},
        {"a NEAR/3 b OR c AND d NEAR/3 e", "(or (near3 [a] [b]) (and [c] (near3 [d] [e])))"},
        {"x -a NEAR/3 b", "(group [x] (not (near3 [a] [b])))"},
        {"x +a NEAR/3 b", "(group [x] +(near3 [a] [b]))"},
        {"NOT a NEAR/3 b", "(not (near3 [a] [b]))"},
        {"title:(a NEAR/3 b)", "(near3 title:[a] title:[b])"},
        {"title:a NEAR/3 body:b", "(near3 title:[a] body:[b])"},
        {"a NEAR/3 (b OR c)", "(or (near3 [a] [b]) (near3 [a] [c]))"},
        {"(a OR b) NEAR/3 (c OR d)",
         "(or (near3 [a] [c]) (near3 [b] [c]) (near3 [a] [d]) (near3 [b] [d]))"},
        {"a NEAR/3 a", "(near3 [a] [a])"},
        {"(a) NEAR/3 ((b))", "(near3 [a] [b])"},
        {"a NEAR/3 !!!", "[a]"},
        {"!!! NEAR/3 a", "(group [near 3] [a])"},
        {"a NEAR/3 wordd~", "(near3 [a] [wordd~1])"},
        /* 京都大学 and 天气, as a phrase */
        {"京都大学天气 NEAR/3 x", "(near3 \"京都 都大 大学 学天 天气\" [x])"},
        {"x NEAR/3 title:京都大学天气", "(near3 [x] title:\"京都 都大 大学 学天 天气\")"},
        /* where it is no operator it is a word */
        {"NEAR/5 a", "(group [near 5] [a])"},
        {"a NEAR/5", "(group [a] [near 5])"},
        {"a near/5 b", "(group [a] [near 5] [b])"},
        {"a NEAR b", "(group [a] [near] [b])"},
        {"a NEAR/x b", "(group [a] [near x] [b])"},
        {"a NEAR/123456 b", "(group [a] [near 123456] [b])"},
        {"a NEAR/5 NEAR/5 b", "(group (near5 [a] [near 5]) [b])"},
        {"a NEAR/5 AND", "(near5 [a] [and])"},
    };

    (void)state;
    assert_trees(cases, COUNT(cases));
    assert_refused("a NEAR/3 (b c)", 9,
                   "NEAR stands between words, phrases and prefixes, or such"
                   " joined by OR");
    assert_refused("(a b) NEAR/3 c", 0,
                   "NEAR stands between words, phrases and prefixes, or such"
                   " joined by OR");
    assert_refused("a NEAR/3 -b", 9,
                   "NEAR stands between words, phrases and prefixes, or such"
                   " joined by OR");
    assert_refused("a NEAR/3 lang:en", 9,
                   "NEAR stands between words, phrases and prefixes, or such"
                   " joined by OR");
    assert_refused("a NEAR/1001 b", 2, "NEAR/N takes at most 1000");
    assert_refused(
        "a NEAR/1 b NEAR/1 c NEAR/1 d NEAR/1 e NEAR/1 f NEAR/1 g NEAR/1 h NEAR/1 i NEAR/1"
        " j NEAR/1 k NEAR/1 l NEAR/1 m NEAR/1 n NEAR/1 o NEAR/1 p NEAR/1 q",
        0, "NEAR joins more than 16 words, or more than 64 choices of them");
    assert_refused(
        "(a OR b OR c OR d OR e OR f OR g OR h) NEAR/1 (i OR j OR k OR l OR m OR n OR o OR"
        " p OR q)",
        0, "NEAR joins more than 16 words, or more than 64 choices of them");
}

static void a_tilde_makes_a_word_fuzzy(void **state)
{
    static const struct tree_case cases[] = {
        {"word~", "[word~1]"},
        {"worded~", "[worded~2]"},
        {"word~2", "[word~2]"},
        {"worded~1", "[worded~1]"},
        {"Straße~", "[strasse~2]"},
        {"title:word~", "title:[word~1]"},
        {"-word~", "(not [word~1])"},
        {"don't~", "[dont~1]"},
        /* what it cannot mean, it does not */
        {"wo~", "[wo]"},
        {"foo-bar~", "[foo bar]"},
        {"word~3", "[word 3]"},
        {"~", ""},
        {"~word", "[word]"},
        {"a ~ b", "(group [a] [b])"},
        {"\"a b\"~2", "(group \"a b\" [2])"},
        {"京都~", "[京都]"},
        {"word,~", "[word]"},
        {"word~*", "[word]"},
    };

    (void)state;
    assert_trees(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_joins_words),
        cmocka_unit_test(a_tilde_makes_a_word_fuzzy),
    };

    return cmocka_run_group_tests(tests, open_analyzer, close_analyzer);
}
