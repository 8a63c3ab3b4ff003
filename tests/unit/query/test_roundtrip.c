/* Properties of parsing and printing, on thousands of random queries: the canonical form parses
 * to the same tree and prints the same, means what the query meant, and errors are rare. */
#include "tests/support/support.h"

#include "index/base/str.h"
#include "index/query/ast.h"
#include "index/text/analyzer.h"

#include <searchd/index.h>

#define NOW 1755252007
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct analyzer *an;
static uint32_t seed;

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

/* xorshift: the same queries in each run. */
static uint32_t pick(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % n;
}

/* Parses what `text` printed as and compares; SX_OK only if `text` parsed. */
static sx_status check_roundtrip(struct sx_str text, struct sx_error *err)
{
    struct arena mem = {0}, again_mem = {0};
    struct query q, again;
    sx_status rc = query_parse(&q, text, NOW, an, &mem, err);

    if (rc == SX_OK) {
        struct sx_error e = {0};

        if (query_parse(&again, q.parsed, NOW, an, &again_mem, &e) != SX_OK)
            fail_msg("%.*s => %.*s: %s", (int)text.len, text.ptr, (int)q.parsed.len, q.parsed.ptr,
                     e.msg);
        if (!ast_equal(q.root, again.root))
            fail_msg("%.*s => %.*s is another tree", (int)text.len, text.ptr, (int)q.parsed.len,
                     q.parsed.ptr);
        if (!str_eq(q.parsed, again.parsed))
            fail_msg("%.*s => %.*s => %.*s", (int)text.len, text.ptr, (int)q.parsed.len,
                     q.parsed.ptr, (int)again.parsed.len, again.parsed.ptr);
        assert_int_equal(q.leaf_count, again.leaf_count);
    }
    arena_release(&mem);
    arena_release(&again_mem);
    return rc;
}

/* ---- soup: pieces of every construct, in any order ------------------------------------------- */

static const char *const word_pieces[] = {
    " ",
    " ",
    " ",
    " ",
    "a",
    "b",
    "Foo",
    "bar",
    "AND",
    "OR",
    "NOT",
    " AND ",
    "NEAR/",
    "~",
    "~2",
    "word~1 ",
    " OR ",
    " NOT ",
    "-",
    "+",
    " -",
    " +",
    "--",
    "*",
    "fo*",
    "a*",
    "!",
    "...",
    ",",
    ":",
    "title:",
    "Body:",
    "source:",
    "lang:",
    "type:",
    " title:",
    " source:",
    "col:",
    "http://",
    "x:y",
    "title:x",
    "C++",
    "AT&T",
    "don't",
    "3.14",
    "foo-bar",
    "node.js",
    "parseHttpRequest",
    "NOT*",
    "T\xc4\xb0TLE:x",
    "\xd7\xa6\xd7\x94",
    "\xe2\x80\x9c",
    "\xc2\xab",
    "\xc2\xa0",
    "\xe2\x80\x8d",
    "\xf0\x9f\x98\x80",
    "\xe4\xb8\xad\xe6\x96\x87",
    "\xe0\xb8\xaa\xe0\xb8\xa7\xe0\xb8\xb1",
    "\xd9\x85\xd9\x8f",
    "\xe2\x84\xaa",
    "\xc7\x85",
    "\xef\xac\x81",
    "\xce\xa3\xce\xa3",
    "\xef\xb7\xba",
    "\xcc\x81",
};

static const char *const other_pieces[] = {
    "\"",
    "\"",
    "\"",
    "(",
    ")",
    "(",
    ")",
    "\"foo bar\"",
    "\"The  X\"",
    " (a b) ",
    " NEAR/3 ",
    " NEAR/0 ",
    " NEAR/3 b ",
    "title:(",
    "-(",
    "+(",
    "\"\"",
    "()",
    "\xd7\xa6\xd7\x94\"\xd7\x9c",
    "source:\"the x\"",
    "lang:\"e n\"",
    "date:30d",
    "date:2025",
    "date:2025-08..",
    "date:..2025",
    "date:\"2025-08-15 10:00\"",
    "date:",
    "date:2025-13",
};

static void append_soup(struct buf *b, bool words_only)
{
    uint32_t pieces = 1 + pick(20);

    for (uint32_t i = 0; i < pieces; i++) {
        if (words_only || pick(3) > 0)
            buf_puts(b, word_pieces[pick(COUNT(word_pieces))]);
        else
            buf_puts(b, other_pieces[pick(COUNT(other_pieces))]);
    }
}

static void any_query_prints_as_itself(void **state)
{
    struct buf b = {0};
    int parsed = 0;

    (void)state;
    seed = 8200;
    for (int i = 0; i < 40000; i++) {
        struct sx_error err = {0};
        sx_status rc;

        buf_clear(&b);
        append_soup(&b, false);
        rc = check_roundtrip(buf_str(&b), &err);
        parsed += rc == SX_OK;
        if (rc != SX_OK && (rc != SX_EQUERY || err.offset < 0 || err.offset > (int64_t)b.len))
            fail_msg("%.*s: %s", (int)b.len, b.data, err.msg);
    }
    assert_in_range(parsed, 10000, 39000); /* both kinds are met often */
    buf_release(&b);
}

static void words_and_signs_never_fail(void **state)
{
    struct buf b = {0};

    (void)state;
    seed = 31337;
    for (int i = 0; i < 40000; i++) {
        struct sx_error err = {0};

        buf_clear(&b);
        append_soup(&b, true);
        if (check_roundtrip(buf_str(&b), &err) != SX_OK)
            fail_msg("%.*s: %s", (int)b.len, b.data, err.msg);
    }
    buf_release(&b);
}

/* Bytes that need not be UTF-8; nothing is asked of them but to do no harm. */
static void bytes_do_no_harm(void **state)
{
    static const char likely[] = "\"()-+*: aAND\xd7\xa6\xe2\x80\x9c";

    (void)state;
    seed = 4711;
    for (int i = 0; i < 40000; i++) {
        size_t len = pick(24);
        char *text = malloc(len + (len == 0)); /* so that the sanitizer sees its end */
        struct arena mem = {0};
        struct query q;

        assert_non_null(text);
        for (size_t k = 0; k < len; k++)
            text[k] = pick(2) ? (char)pick(256) : likely[pick(sizeof(likely))];
        query_parse(&q, str_make(text, len), NOW, an, &mem, NULL);
        arena_release(&mem);
        free(text);
    }
}

/* ---- meaning: random trees, written out in full, against what their canonical form matches --- */

#define LETTERS 5

/* A tree as a naive reader sees it: no simplification at all. */
struct model {
    enum ast_kind kind;
    unsigned letter; /* WORD */
    struct model *kids[3];
    size_t kid_count;
};

static struct model *model_make(unsigned depth)
{
    static const enum ast_kind kinds[] = {AST_AND, AST_OR, AST_NOT, AST_GROUP};
    struct model *m = calloc(1, sizeof(*m));

    assert_non_null(m);
    m->kind = depth == 0 || pick(4) == 0 ? AST_WORD : kinds[pick(COUNT(kinds))];
    m->letter = pick(LETTERS);
    if (m->kind == AST_NOT)
        m->kid_count = 1;
    else if (m->kind != AST_WORD)
        m->kid_count = 1 + pick(3);
    for (size_t i = 0; i < m->kid_count; i++)
        m->kids[i] = model_make(depth - 1);
    return m;
}

static void model_free(struct model *m)
{
    for (size_t i = 0; i < m->kid_count; i++)
        model_free(m->kids[i]);
    free(m);
}

/* Every node in parentheses, and some twice. */
static void model_write(const struct model *m, struct buf *out)
{
    static const char *const between[] = {
        [AST_WORD] = "", [AST_NOT] = "", [AST_AND] = " AND ", [AST_OR] = " OR ", [AST_GROUP] = " "};
    bool twice = pick(5) == 0;

    buf_puts(out, twice ? "((" : "(");
    if (m->kind == AST_WORD)
        buf_putc(out, (char)('a' + m->letter));
    if (m->kind == AST_NOT)
        buf_puts(out, pick(2) ? "NOT " : "-");
    for (size_t i = 0; i < m->kid_count; i++) {
        if (i > 0)
            buf_puts(out, between[m->kind]);
        if (m->kind != AST_NOT && pick(4) == 0)
            buf_putc(out, '+'); /* says nothing where every item is needed anyway */
        model_write(m->kids[i], out);
    }
    buf_puts(out, twice ? "))" : ")");
}

/* Whether a document of the words in `set` matches, all items of a group being needed. */
static bool model_matches(const struct model *m, unsigned set)
{
    bool all = true, any = false;

    if (m->kind == AST_WORD)
        return (set >> m->letter & 1) != 0;
    for (size_t i = 0; i < m->kid_count; i++) {
        bool kid = model_matches(m->kids[i], set);

        all = all && kid;
        any = any || kid;
    }
    return m->kind == AST_NOT ? !all : m->kind == AST_OR ? any : all;
}

static bool ast_matches(const struct ast *n, unsigned set)
{
    bool all = true, any = false;

    if (n->kind == AST_WORD)
        return (set >> (n->terms[0].ptr[0] - 'a') & 1) != 0;
    for (size_t i = 0; i < n->kid_count; i++) {
        bool kid = ast_matches(n->kids[i], set);

        all = all && kid;
        any = any || kid;
    }
    return n->kind == AST_NOT ? !all : n->kind == AST_OR ? any : all;
}

/* No node that says nothing: canonical trees are flat. */
static void assert_normal(const struct ast *n)
{
    for (size_t i = 0; i < n->kid_count; i++) {
        const struct ast *kid = n->kids[i];

        assert_false(kid->required && n->kind != AST_GROUP);
        assert_false(kid->kind == n->kind && n->kind != AST_GROUP);
        assert_normal(kid);
    }
    assert_true(n->kind == AST_WORD || n->kid_count >= (n->kind == AST_NOT ? 1 : 2));
}

static void the_canonical_form_means_the_same(void **state)
{
    struct buf b = {0};

    (void)state;
    seed = 2025;
    for (int i = 0; i < 5000; i++) {
        struct model *m = model_make(4);
        struct arena mem = {0};
        struct sx_error err = {0};
        struct query q;

        buf_clear(&b);
        model_write(m, &b);
        assert_int_equal(check_roundtrip(buf_str(&b), &err), SX_OK);
        assert_int_equal(query_parse(&q, buf_str(&b), NOW, an, &mem, &err), SX_OK);
        assert_true(q.parsed.len <= b.len);
        assert_int_equal(query_parse(&q, q.parsed, NOW, an, &mem, &err), SX_OK);
        assert_normal(q.root);
        for (unsigned set = 0; set < 1U << LETTERS; set++) {
            if (model_matches(m, set) != ast_matches(q.root, set))
                fail_msg("%.*s => %.*s", (int)b.len, b.data, (int)q.parsed.len, q.parsed.ptr);
        }
        arena_release(&mem);
        model_free(m);
    }
    buf_release(&b);
}

/* ---- equality ------------------------------------------------------------------------------ */

static bool equal(const char *a, const char *b)
{
    struct arena mem = {0};
    struct sx_error err = {0};
    struct query qa, qb;
    bool same;

    assert_int_equal(query_parse(&qa, str_of(a), NOW, an, &mem, &err), SX_OK);
    assert_int_equal(query_parse(&qb, str_of(b), NOW, an, &mem, &err), SX_OK);
    same = ast_equal(qa.root, qb.root);
    arena_release(&mem);
    return same;
}

static void equality_sees_each_difference(void **state)
{
    static const char *const all[] = {
        "",
        "a",
        "b",
        "\"a\"",
        "aa*",
        "aa",
        "title:a",
        "aaa~",
        "aaa~2",
        "a NEAR/1 b",
        "b NEAR/1 a",
        "a NEAR/2 b",
        "a NEAR/2 b NEAR/2 c",
        "body:a",
        "-a",
        "a b",
        "b a",
        "a b c",
        "+a b",
        "a +b",
        "a AND b",
        "a OR b",
        "a -b",
        "a-b",
        "\"a b\"",
        "\"ab\"",
        "lang:a",
        "type:a",
        "source:a",
        "source:b",
        "lang:b",
        "date:2025",
        "date:2025..",
        "date:..2025",
        "a (b c)",
        "(a b) c",
        "-(a b)",
        "-(a OR b)",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        for (size_t k = 0; k < COUNT(all); k++) {
            if (equal(all[i], all[k]) != (i == k))
                fail_msg("%s and %s", all[i], all[k]);
        }
    }
    assert_true(equal("A  b", "(a (b))"));
    assert_true(equal("date:2025-08..2025-08", "date:2025-08"));
    assert_true(equal("aaa~1", "AAA~"));
    assert_true(equal("a NEAR/1 b NEAR/2 c", "(a NEAR/1 b) AND b NEAR/2 c"));
    assert_true(equal("source:\"x y\"", "source:x-y"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_query_prints_as_itself),
        cmocka_unit_test(words_and_signs_never_fail),
        cmocka_unit_test(bytes_do_no_harm),
        cmocka_unit_test(the_canonical_form_means_the_same),
        cmocka_unit_test(equality_sees_each_difference),
    };

    return cmocka_run_group_tests(tests, open_analyzer, close_analyzer);
}
