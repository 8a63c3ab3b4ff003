/* What the parser makes of a query: its tree, its warnings, its errors and its limits. */
#include "tests/unit/query/tree.h"

#include "index/base/alloc.h"
#include "index/base/date.h"

#include <searchd/index.h>

static void operators_bind_as_described(void **state)
{
    static const struct tree_case cases[] = {
        {"", ""},
        {" \t\n\xc2\xa0\xe3\x80\x80", ""},
        {"a", "[a]"},
        {"a b", "(group [a] [b])"},
        {"Unit 8200 OR Netherlands", "(group [unit] (or [8200] [netherlands]))"},
        {"a OR b c OR d", "(group (or [a] [b]) (or [c] [d]))"},
        {"a AND b OR c AND d", "(or (and [a] [b]) (and [c] [d]))"},
        {"a AND (b OR c)", "(and [a] (or [b] [c]))"},
        {"a AND (b c)", "(and [a] (group [b] [c]))"},
        {"(a AND b) AND (c AND d)", "(and [a] [b] [c] [d])"},
        {"(a OR b) OR c", "(or [a] [b] [c])"},
        {"a (b c)", "(group [a] (group [b] [c]))"},
        {"((a b))", "(group [a] [b])"},
        {"a ((b))", "(group [a] [b])"},
        {"a () b", "(group [a] [b])"},
        {"AND(a)", "(group [and] [a])"},
        {"a AND(b)", "(and [a] [b])"},
        {"\"a\"OR\"b\"", "(or \"a\" \"b\")"},
    };

    (void)state;
    assert_trees(cases, COUNT(cases));
}

static void signs_and_not(void **state)
{
    static const struct tree_case cases[] = {
        {"a -b", "(group [a] (not [b]))"},
        {"a NOT b", "(group [a] (not [b]))"},
        {"-a", "(not [a])"},
        {"NOT NOT a", "[a]"},
        {"NOT -a", "[a]"},
        {"-(NOT a)", "[a]"},
        {"NOT NOT NOT a", "(not [a])"},
        {"NOT NOT (a AND b) AND c", "(and [a] [b] [c])"},
        {"a AND NOT b", "(and [a] (not [b]))"},
        {"a AND -b", "(and [a] (not [b]))"},
        {"NOT a OR b", "(or (not [a]) [b])"},
        {"-(a b)", "(not (group [a] [b]))"},
        {"+a b", "(group +[a] [b])"},
        {"+a", "[a]"},
        {"(+a)", "[a]"},
        {"a (+b)", "(group [a] [b])"},
        {"a +(b OR c)", "(group [a] +(or [b] [c]))"},
        {"a +(b c)", "(group [a] +(group [b] [c]))"},
        {"+a OR +b", "(or [a] [b])"},
        {"+a AND b c", "(group (and [a] [b]) [c])"},
        {"a +(NOT b)", "(group [a] (not [b]))"},
        {"a +lang:en", "(group [a] {lang en})"},
        {"a -(+b)", "(group [a] (not [b]))"},
        {"a +(+b)", "(group [a] +[b])"},
        {"a -\"b c\"", "(group [a] (not \"b c\"))"},
        {"a -title:b", "(group [a] (not title:[b]))"},
        {"\"a\"-b", "(group \"a\" (not [b]))"},
    };

    (void)state;
    assert_trees(cases, COUNT(cases));
}

static void what_cannot_be_an_operator_is_a_word(void **state)
{
    static const struct tree_case cases[] = {
        {"AND", "[and]"},
        {"OR NOT", "(group [or] [not])"},
        {"a OR", "(group [a] [or])"},
        {"a AND (OR)", "(and [a] [or])"},
        {"(NOT) a", "(group [not] [a])"},
        {"AND a", "(group [and] [a])"},
        {"a AND OR b", "(group (and [a] [or]) [b])"},
        {"NOT AND a", "(group (not [and]) [a])"},
        {"a and b or not c", "(group [a] [and] [b] [or] [not] [c])"},
        {"-AND +OR", "(group (not [and]) +[or])"},
        {"-NOT a", "(group (not [not]) [a])"},
        {"title:OR", "title:[or]"},
        {"AND*", "[and*]"},
        {"- a", "[a]"},
        {"a - b + c", "(group [a] [b] [c])"},
        {"--a ++b -+c", "(group [a] [b] [c])"},
        {"a-b", "[a b]"},
        {"-", ""},
        {"+ - -- +- !!!", ""},
        {"()", ""},
        {"\"\" \"!\"", ""},
        {"!!! AND a", "[a]"},
        {"a AND !!! b", "(group [a] [b])"},
        {"NOT !!! a", "[a]"},
        {"-\"\" +() a", "[a]"},
    };

    (void)state;
    assert_trees(cases, COUNT(cases));
}

static void leaves_hold_what_was_written(void **state)
{
    static const struct tree_case cases[] = {
        {"foo-bar", "[foo bar]"},
        {"\"Foo  Bar\"", "\"foo bar\""},
        {"\"foo\"", "\"foo\""},
        {"micro*", "[micro*]"},
        {"foo-mi*", "[foo mi*]"},
        {"a*", "[a]"},
        {"foo-b*", "[foo b]"},
        {"foo-*", "[foo]"},
        {"foo** *foo f*o", "(group [foo] [foo] [f o])"},
        {"\"foo\"* \"foo*\"", "(group \"foo\" \"foo\")"},
        {"\"foo (bar) AND -baz\"", "\"foo bar and baz\""},
        {"title:Foo BODY:\"b c\"", "(group title:[foo] body:\"b c\")"},
        {"title:(a OR -b)", "(or title:[a] (not title:[b]))"},
        {"title:(a body:(b c) d)", "(group title:[a] (group body:[b] body:[c]) title:[d])"},
        {"title:(lang:en a)", "(group {lang en} title:[a])"},
        {"title:-a title:title:a", "(group title:[a] title:[title a])"},
        {"title:fo*", "title:[fo*]"},
        {"source:Guardian", "{source guardian}"},
        {"source:\"The Guardian\"x", "(group {source the guardian} [x])"},
        {"LANG:pt-BR Type:\"PDF\"", "(group {lang pt-br} {type pdf})"},
        {"source:!!! lang:\"\" a", "[a]"},
        {"source:(a)", "(group [source] [a])"},
        {"source: a", "(group [source] [a])"},
        {"date: a", "(group [date] [a])"},
        {"col:on", "[col on]"},
        {"\xe2\x80\x9c"
         "a\xe2\x80\x9d \xc2\xab"
         "b\xc2\xbb \xe2\x80\x9e"
         "c",
         "(group [a] [b] [c])"},
    };

    (void)state;
    assert_trees(cases, COUNT(cases));
}

/* ---- gershayim, offsets, counts -------------------------------------------------------------- */

static struct query parse_ok(const char *text, struct arena *mem)
{
    struct sx_error err = {0};
    struct query q;

    if (query_parse(&q, str_of(text), NOW, an, mem, &err) != SX_OK)
        fail_msg("%s: %s", text, err.msg);
    return q;
}

static void a_quote_between_hebrew_letters_is_part_of_the_word(void **state)
{
    struct arena mem = {0};
    struct query q =
        parse_ok("\xd7\xa6\xd7\x94\"\xd7\x9c \"a \xd7\xa6\xd7\x94\"\xd7\x9c b\"", &mem);
    struct sx_error err;

    (void)state;
    assert_int_equal(q.root->kind, AST_GROUP);
    assert_int_equal(q.root->kid_count, 2);
    assert_int_equal(q.root->kids[0]->kind, AST_WORD);
    assert_int_equal(q.root->kids[0]->text.len, 7);
    assert_int_equal(q.root->kids[1]->kind, AST_PHRASE);
    assert_int_equal(q.root->kids[1]->text.len, 11);
    assert_int_equal(query_parse(&q, str_of("\xd7\xa6\xd7\x94\"x"), NOW, an, &mem, &err),
                     SX_EQUERY);
    assert_int_equal(err.offset, 4);
    arena_release(&mem);
}

static void nodes_know_where_they_begin(void **state)
{
    struct arena mem = {0};
    struct query q = parse_ok("  ab title:cd -(ef) (gh ij)", &mem);
    static const size_t expected[] = {2, 5, 14, 20};

    (void)state;
    assert_int_equal(q.root->kid_count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_int_equal(q.root->kids[i]->offset, expected[i]);
    assert_int_equal(q.root->kids[3]->kids[1]->offset, 24);
    arena_release(&mem);
}

static void leaves_are_counted_once(void **state)
{
    static const struct {
        const char *text;
        size_t leaves;
    } cases[] = {
        {"", 0},          {"a", 1},       {"a A a", 1},           {"a \"a\" aa* aa", 4},
        {"a title:a", 2}, {"lang:en", 0}, {"\"a b\" a-b a b", 4}, {"-a OR (a AND b)", 2},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena mem = {0};
        struct query q = parse_ok(cases[i].text, &mem);

        if (q.leaf_count != cases[i].leaves)
            fail_msg("%s has %zu leaves", cases[i].text, q.leaf_count);
        arena_release(&mem);
    }
}

/* ---- dates --------------------------------------------------------------------------------- */

static int64_t at(const char *date)
{
    struct date_span span;

    assert_true(date_parse(str_of(date), &span));
    return span.lo;
}

static void dates_cover_what_they_say(void **state)
{
    const struct {
        const char *text;
        int64_t lo, hi;
    } cases[] = {
        {"date:2025", at("2025"), at("2026")},
        {"date:2025-08", at("2025-08"), at("2025-09")},
        {"DATE:\"2025-08-15\"", at("2025-08-15"), at("2025-08-16")},
        {"date:2025-06..2025-08-15", at("2025-06"), at("2025-08-16")},
        {"date:2025..2025-03", at("2025"), at("2025-04")},
        {"date:2025-03..2025", at("2025-03"), at("2026")},
        {"date:2025..", at("2025"), INT64_MAX},
        {"date:..2025", INT64_MIN, at("2026")},
        {"date:30d", NOW - 30 * 86400, NOW + 1},
        {"date:2w", NOW - 14 * 86400, NOW + 1},
        {"date:6m", at("2025-02-15T10:00:07"), NOW + 1},
        {"date:1y", at("2024-08-15T10:00:07"), NOW + 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena mem = {0};
        struct query q = parse_ok(cases[i].text, &mem);

        assert_int_equal(q.root->kind, AST_FILTER);
        assert_int_equal(q.root->filter, AST_DATE);
        if (q.root->date_lo != cases[i].lo || q.root->date_hi != cases[i].hi)
            fail_msg("%s: [%lld, %lld)", cases[i].text, (long long)q.root->date_lo,
                     (long long)q.root->date_hi);
        arena_release(&mem);
    }
}

/* ---- warnings ------------------------------------------------------------------------------ */

static void warnings_are_told_once(void **state)
{
    static const struct {
        const char *text;
        const char *warnings[2];
    } cases[] = {
        {"a !!! -- \"\" AND", {NULL, NULL}},
        {"http://x.example note: 12:30 a:", {NULL, NULL}},
        {"col:on Col:off \"col:x\"", {"\"col:\" is no field: searched as words", NULL}},
        {"x:\"a\" y:(b)",
         {"\"x:\" is no field: searched as words", "\"y:\" is no field: searched as words"}},
        {"-col:x", {"\"col:\" is no field: searched as words", NULL}},
        {"a* a*", {"\"a*\" is too short for a prefix: searched as a word", NULL}},
        {"source:!!! lang:\" \"",
         {"\"source:\" has no value: left out", "\"lang:\" has no value: left out"}},
        {"title:!!! title: x", {NULL, NULL}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena mem = {0};
        struct query q = parse_ok(cases[i].text, &mem);

        for (size_t k = 0; k < 2; k++) {
            const char *expected = cases[i].warnings[k];

            if ((k < q.warning_count) != (expected != NULL))
                fail_msg("%s: %zu warnings", cases[i].text, q.warning_count);
            if (expected != NULL && !str_is(q.warnings[k], expected))
                fail_msg("%s: %.*s", cases[i].text, (int)q.warnings[k].len, q.warnings[k].ptr);
        }
        arena_release(&mem);
    }
}

static void many_warnings_end_with_one_that_says_so(void **state)
{
    struct arena mem = {0};
    struct buf text = {0};
    struct query q;

    (void)state;
    for (int i = 0; i < 100; i++)
        buf_printf(&text, "x%c%c:y ", 'a' + i / 26, 'a' + i % 26);
    q = parse_ok(buf_cstr(&text), &mem);
    assert_int_equal(q.warning_count, 32);
    assert_true(str_is(q.warnings[30], "\"xbe:\" is no field: searched as words"));
    assert_true(str_is(q.warnings[31], "more warnings were left out"));
    buf_release(&text);
    arena_release(&mem);
}

/* ---- errors and limits ----------------------------------------------------------------------- */

static void assert_error(struct sx_str text, sx_status code, int64_t offset, const char *msg)
{
    struct arena mem = {0};
    struct sx_error err = {0};
    struct query q;

    assert_int_equal(query_parse(&q, text, NOW, an, &mem, &err), code);
    assert_int_equal(err.code, code);
    assert_string_equal(err.param, "query");
    assert_int_equal(err.offset, offset);
    assert_string_equal(err.msg, msg);
    assert_null(q.root);
    arena_release(&mem);
}

static void errors_name_the_byte(void **state)
{
    static const struct {
        const char *text;
        int64_t offset;
        const char *msg;
    } cases[] = {
        {"\"", 0, "unclosed quote"},
        {"a \"b\" \"c", 6, "unclosed quote"},
        {"5\" disk", 1, "unclosed quote"},
        {"source:\"x", 7, "unclosed quote"},
        {"title:\"x", 6, "unclosed quote"},
        {"a (b (c) d", 2, "unclosed parenthesis"},
        {"(", 0, "unclosed parenthesis"},
        {"-(a", 1, "unclosed parenthesis"},
        {"a NOT ) b", 6, "unopened parenthesis"},
        {":)", 1, "unopened parenthesis"},
        {"date:foo", 5, "\"foo\" is no date"},
        {"a -date:2025-13", 8, "\"2025-13\" is no date"},
        {"date:..", 5, "\"..\" is no date"},
        {"date:2025...", 5, "\"2025...\" is no date"},
        {"date:30d..", 5, "\"30d..\" is no date"},
        {"date:\"\"", 5, "\"\" is no date"},
        {"date:\"2025-02-30\"", 5, "\"2025-02-30\" is no date"},
        {"date:2025-08..2025-07", 5, "\"2025-08..2025-07\" ends before it begins"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_error(str_of(cases[i].text), SX_EQUERY, cases[i].offset, cases[i].msg);
}

/* `n` times `unit`, then `tail`. */
static struct buf repeat(const char *unit, size_t n, const char *tail)
{
    struct buf b = {0};

    for (size_t i = 0; i < n; i++)
        buf_puts(&b, unit);
    buf_puts(&b, tail);
    assert_true(buf_ok(&b));
    return b;
}

static void depth_is_limited(void **state)
{
    static const struct {
        const char *unit, *tail;
        int64_t offset; /* of the 33rd level */
    } cases[] = {{"(", "", 32},        {"-(", "", 32},     {"NOT ", "x", 128}, {"title:(", "", 230},
                 {"a AND (", "", 230}, {"NOT -(", "", 65}, {"+(", "", 32}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t room = SX_QUERY_MAX - strlen(cases[i].tail);
        struct buf b = repeat(cases[i].unit, room / strlen(cases[i].unit), cases[i].tail);

        assert_error(buf_str(&b), SX_EQUERY, cases[i].offset, "query nests deeper than 32");
        buf_release(&b);
    }
    struct buf deepest = repeat("(", 32, "x))))))))))))))))))))))))))))))))");
    assert_tree(buf_cstr(&deepest), "[x]");
    buf_release(&deepest);
    deepest = repeat("NOT ", 32, "x");
    assert_tree(buf_cstr(&deepest), "[x]");
    buf_release(&deepest);
    deepest = repeat("-", SX_QUERY_MAX - 1, "x");
    assert_tree(buf_cstr(&deepest), "[x]");
    buf_release(&deepest);
}

static void distinct_leaves_are_limited(void **state)
{
    struct arena mem = {0};
    struct buf b = {0};
    struct query q;
    size_t full;

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < SX_QUERY_WORDS_MAX; i++)
            buf_printf(&b, "w%d ", i);
    }
    q = parse_ok(buf_cstr(&b), &mem);
    assert_int_equal(q.leaf_count, SX_QUERY_WORDS_MAX);
    assert_int_equal(q.root->kid_count, 2 * SX_QUERY_WORDS_MAX);
    full = b.len;
    buf_puts(&b, "straw");
    assert_error(buf_str(&b), SX_EQUERY, (int64_t)full, "more than 1024 distinct words");
    b.len = full;
    buf_puts(&b, "lang:en");
    assert_error(buf_str(&b), SX_EQUERY, (int64_t)full, "more than 1024 distinct words");
    buf_release(&b);
    arena_release(&mem);
}

static void words_of_phrases_count(void **state)
{
    struct arena mem = {0};
    struct buf b = repeat("\"x ", 1, "");

    (void)state;
    for (int i = 0; i < SX_QUERY_WORDS_MAX - 2; i++)
        buf_printf(&b, "a%d ", i / SX_PHRASE_REPEATS_MAX);
    buf_puts(&b, "b\"");
    assert_int_equal(parse_ok(buf_cstr(&b), &mem).leaf_count, 1);
    buf_puts(&b, " c");
    assert_error(buf_str(&b), SX_EQUERY, (int64_t)b.len - 1, "more than 1024 distinct words");
    buf_release(&b);
    arena_release(&mem);
}

static void a_word_repeats_so_often_in_a_phrase(void **state)
{
    struct arena mem = {0};
    struct buf b = repeat("c \"", 1, "");

    (void)state;
    for (int i = 0; i < SX_PHRASE_REPEATS_MAX; i++)
        buf_puts(&b, "A b ");
    buf_puts(&b, "c\"");
    assert_int_equal(parse_ok(buf_cstr(&b), &mem).leaf_count, 2);
    b.len--;
    buf_puts(&b, " a\"");
    assert_error(buf_str(&b), SX_EQUERY, 2, "a phrase has one word more than 32 times");
    buf_release(&b);
    arena_release(&mem);
}

static void length_is_limited(void **state)
{
    struct buf b = repeat("a ", SX_QUERY_MAX / 2, "");
    struct arena mem = {0};
    struct query q = parse_ok(buf_cstr(&b), &mem);

    (void)state;
    assert_int_equal(q.leaf_count, 1);
    assert_int_equal(q.root->kid_count, SX_QUERY_MAX / 2);
    buf_putc(&b, ' ');
    assert_error(buf_str(&b), SX_ETOOLARGE, SX_QUERY_MAX, "query is over 65536 bytes");
    buf_release(&b);
    arena_release(&mem);
}

/* ---- memory -------------------------------------------------------------------------------- */

/* The analyzer's own memory is warm by then or fails too; either way the query says so. */
static void every_failed_allocation_is_told(void **state)
{
    static const char text[] = "+a \"b  c\" d-e-f-g-h fo* x* (i OR j OR k OR l OR m) -title:(n o) "
                               "source:\"The X\" lang:EN date:2025.. col:on NOT (p AND NOT q)";
    struct buf b = repeat(text, 1, "");
    bool finished = false;

    (void)state;
    for (int i = 0; i < 300; i++)
        buf_printf(&b, " w%d", i);
    for (long n = 0; !finished; n++) {
        struct arena mem = {0};
        struct sx_error err = {0};
        struct query q;
        sx_status rc;

        mem_fail_after(n);
        rc = query_parse(&q, buf_str(&b), NOW, an, &mem, &err);
        finished = !mem_failed();
        mem_fail_after(-1);
        if (rc != (finished ? SX_OK : SX_ENOMEM))
            fail_msg("allocation %ld: %s", n, sx_status_name(rc));
        assert_true((q.root != NULL) == finished);
        arena_release(&mem);
        assert_true(n < 100000);
    }
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_bind_as_described),
        cmocka_unit_test(signs_and_not),
        cmocka_unit_test(what_cannot_be_an_operator_is_a_word),
        cmocka_unit_test(leaves_hold_what_was_written),
        cmocka_unit_test(a_quote_between_hebrew_letters_is_part_of_the_word),
        cmocka_unit_test(nodes_know_where_they_begin),
        cmocka_unit_test(leaves_are_counted_once),
        cmocka_unit_test(dates_cover_what_they_say),
        cmocka_unit_test(warnings_are_told_once),
        cmocka_unit_test(many_warnings_end_with_one_that_says_so),
        cmocka_unit_test(errors_name_the_byte),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(distinct_leaves_are_limited),
        cmocka_unit_test(words_of_phrases_count),
        cmocka_unit_test(a_word_repeats_so_often_in_a_phrase),
        cmocka_unit_test(length_is_limited),
        cmocka_unit_test(every_failed_allocation_is_told),
    };

    return cmocka_run_group_tests(tests, open_analyzer, close_analyzer);
}
