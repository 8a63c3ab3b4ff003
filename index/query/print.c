/* The canonical form: as few signs and parentheses as give the same tree again. */
#include "index/query/ast.h"

#include "index/query/lexer.h"

static bool is_single(const struct ast *node)
{
    return node->kid_count == 0;
}

static void print_value(struct sx_str text, bool quoted, struct buf *out)
{
    if (quoted)
        buf_putc(out, '"');
    buf_put_str(out, text);
    if (quoted)
        buf_putc(out, '"');
}

static void print_leaf(const struct ast *node, struct buf *out)
{
    static const char *const fields[] = {"", "title:", "body:"};
    static const char *const filters[] = {"source:", "lang:", "type:", "date:"};

    if (node->kind == AST_FILTER) {
        buf_puts(out, filters[node->filter]);
        print_value(node->text, !lexer_is_run(node->text), out);
        return;
    }
    buf_puts(out, fields[node->field]);
    print_value(node->text, node->kind == AST_PHRASE, out);
    if (node->kind == AST_PREFIX)
        buf_putc(out, '*');
    if (node->kind == AST_FUZZY)
        buf_printf(out, "~%u", node->edits);
}

/* Whether a sign before this leaf would be read as part of it (--x is a word). */
static bool swallows_sign(const struct ast *node)
{
    return ast_is_leaf(node) && node->kind != AST_PHRASE && node->field == AST_ANY &&
           (node->text.ptr[0] == '-' || node->text.ptr[0] == '+');
}

/* In parentheses unless it is a leaf. */
static void print_tight(const struct ast *node, struct buf *out)
{
    if (node->kind == AST_COMPOUND)
        node = node->kids[0];
    if (is_single(node)) {
        print_leaf(node, out);
        return;
    }
    buf_putc(out, '(');
    query_print(node, true, out);
    buf_putc(out, ')');
}

/* As an operand of AND or OR, or of nothing when `parent` is GROUP: parentheses where it binds
 * looser than its parent. */
static void print_operand(const struct ast *node, enum ast_kind parent, struct buf *out)
{
    bool bare =
        node->kind == AST_NEAR ||
        (parent == AST_GROUP ? node->kind != AST_GROUP : node->kind == AST_AND && parent == AST_OR);

    if (node->kind == AST_NOT) {
        bool word = parent != AST_GROUP || swallows_sign(node->kids[0]);

        buf_puts(out, word ? "NOT " : "-");
        print_tight(node->kids[0], out);
    } else if (bare && !is_single(node) && node->kind != AST_COMPOUND) {
        query_print(node, true, out);
    } else {
        print_tight(node, out);
    }
}

static void print_required(const struct ast *node, struct buf *out)
{
    buf_putc(out, '+');
    if (!swallows_sign(node)) {
        print_tight(node, out);
        return;
    }
    buf_putc(out, '(');
    print_leaf(node, out);
    buf_putc(out, ')');
}

static void print_near(const struct ast *node, struct buf *out)
{
    for (size_t i = 0; i < node->kid_count; i++) {
        if (i > 0)
            buf_printf(out, " NEAR/%u ", node->distance);
        print_leaf(node->kids[i], out);
    }
}

static void print_kids(const struct ast *node, const char *between, struct buf *out)
{
    for (size_t i = 0; i < node->kid_count; i++) {
        if (i > 0)
            buf_puts(out, between);
        if (node->kids[i]->required)
            print_required(node->kids[i], out);
        else
            print_operand(node->kids[i], node->kind, out);
    }
}

void query_print(const struct ast *node, bool top, struct buf *out)
{
    switch (node->kind) {
    case AST_WORD:
    case AST_PHRASE:
    case AST_PREFIX:
    case AST_FUZZY:
    case AST_FILTER:
        print_leaf(node, out);
        return;
    case AST_NOT:
        print_operand(node, AST_GROUP, out);
        return;
    case AST_COMPOUND:
        print_leaf(node->kids[0], out);
        return;
    case AST_NEAR:
    case AST_AND:
    case AST_OR:
    case AST_GROUP:
        break;
    }
    if (!top) {
        print_tight(node, out);
        return;
    }
    if (node->kind == AST_NEAR) {
        print_near(node, out);
        return;
    }
    print_kids(node, node->kind == AST_AND ? " AND " : node->kind == AST_OR ? " OR " : " ", out);
}
