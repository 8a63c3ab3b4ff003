/* Trees as text, for tests of the parser and of rewriting. */
#ifndef TESTS_UNIT_QUERY_TREE_H
#define TESTS_UNIT_QUERY_TREE_H

#include "tests/support/support.h"

#include "index/base/str.h"
#include "index/query/ast.h"
#include "index/text/analyzer.h"

#define NOW 1755252007 /* 2025-08-15T10:00:07Z */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct analyzer *an;

static inline int open_analyzer(void **state)
{
    (void)state;
    an = analyzer_new();
    return an == NULL;
}

static inline int close_analyzer(void **state)
{
    (void)state;
    analyzer_free(an);
    return 0;
}

static inline void dump_terms(const struct ast *n, struct buf *out)
{
    for (size_t i = 0; i < n->term_count; i++) {
        if (i > 0)
            buf_putc(out, ' ');
        buf_put_str(out, n->terms[i]);
    }
}

static inline void dump_leaf(const struct ast *n, struct buf *out)
{
    static const char *const fields[] = {"", "title:", "body:"};
    static const char *const filters[] = {"source", "lang", "type", "date"};

    if (n->kind == AST_FILTER) {
        buf_printf(out, "{%s ", filters[n->filter]);
        if (n->filter == AST_SOURCE)
            dump_terms(n, out);
        else
            buf_put_str(out, n->text);
        buf_putc(out, '}');
        return;
    }
    buf_puts(out, fields[n->field]);
    buf_putc(out, n->kind == AST_PHRASE ? '"' : '[');
    dump_terms(n, out);
    if (n->kind == AST_FUZZY)
        buf_printf(out, "~%u", n->edits);
    buf_puts(out, n->kind == AST_PHRASE ? "\"" : n->kind == AST_PREFIX ? "*]" : "]");
}

/* (group [a] +(or [b] [c])): every level written out. */
static inline void dump(const struct ast *n, struct buf *out)
{
    static const char *const names[] = {
        [AST_NEAR] = "near", [AST_AND] = "and",     [AST_OR] = "or",
        [AST_NOT] = "not",   [AST_GROUP] = "group", [AST_COMPOUND] = "compound",
    };

    if (n->required)
        buf_putc(out, '+');
    if (n->kid_count == 0) {
        dump_leaf(n, out);
        return;
    }
    buf_printf(out, "(%s", names[n->kind]);
    if (n->kind == AST_NEAR)
        buf_printf(out, "%u", n->distance);
    for (size_t i = 0; i < n->kid_count; i++) {
        buf_putc(out, ' ');
        dump(n->kids[i], out);
    }
    buf_putc(out, ')');
}

static inline void assert_tree(const char *text, const char *expected)
{
    struct arena mem = {0};
    struct sx_error err = {0};
    struct buf got = {0};
    struct query q;

    if (query_parse(&q, str_of(text), NOW, an, &mem, &err) != SX_OK)
        fail_msg("%s: %s at %lld", text, err.msg, (long long)err.offset);
    if (q.root != NULL)
        dump(q.root, &got);
    if (!str_is(buf_str(&got), expected))
        fail_msg("%s is %s, not %s", text, buf_cstr(&got), expected);
    buf_release(&got);
    arena_release(&mem);
}

struct tree_case {
    const char *text, *tree;
};

static inline void assert_trees(const struct tree_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_tree(cases[i].text, cases[i].tree);
}

#endif
