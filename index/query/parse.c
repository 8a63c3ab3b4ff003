/* Recursive descent over the lexemes. One function a level of binding, loosest first:
 *
 *     group  = { or }                      side by side
 *     or     = and { "OR" and }
 *     and    = unary { "AND" unary }
 *     unary  = "NOT" unary | ("-" | "+") near | near
 *     near   = item { "NEAR/N" item }
 *     item   = [ field ] ( word | phrase | "(" group ")" ) | filter
 *
 * No text without quotes and parentheses is an error: an operator that lacks an operand is read
 * as a word where it stands, and an item without words is nothing (NULL), which every level
 * above drops. Depth is counted where a text can nest, so that the stack stays small. */
#include "index/query/ast.h"

#include <string.h>

#include "index/base/str.h"
#include "index/query/leaf.h"
#include "index/query/lexer.h"

#include <searchd/index.h>

struct parser {
    struct lexer lx;
    struct lexeme cur, next; /* one lexeme ahead tells whether an operator has an operand */
    struct leaves leaves;
    struct arena *mem;
    enum ast_field field; /* what title:( or body:( says of the leaves within */
    int depth;
    size_t nears; /* made so far */
};

static sx_status parse_group(struct parser *p, struct ast **out, struct sx_error *err);

static sx_status advance(struct parser *p, struct sx_error *err)
{
    p->cur = p->next;
    return lexer_next(&p->lx, &p->next, err);
}

static sx_status go_deeper(struct parser *p, struct sx_error *err)
{
    if (p->depth == SX_QUERY_DEPTH_MAX)
        return sx_fail_at(err, SX_EQUERY, "query", (int64_t)p->cur.offset,
                          "query nests deeper than %d", SX_QUERY_DEPTH_MAX);
    p->depth++;
    return SX_OK;
}

static bool ends_group(const struct lexeme *lex)
{
    return lex->kind == LEX_END || lex->kind == LEX_CLOSE;
}

/* ---- nodes --------------------------------------------------------------------------------- */

/* The kids of a node while it is read. */
struct list {
    struct ast **items;
    size_t count, cap;
};

static sx_status list_add(struct parser *p, struct list *l, struct ast *node, struct sx_error *err)
{
    if (l->count == l->cap) {
        size_t cap = l->cap == 0 ? 4 : l->cap * 2;
        struct ast **grown = arena_array(p->mem, cap, sizeof(struct ast *));

        if (grown == NULL)
            return sx_fail_oom(err);
        if (l->count > 0)
            memcpy(grown, l->items, l->count * sizeof(struct ast *));
        l->items = grown;
        l->cap = cap;
    }
    l->items[l->count++] = node;
    return SX_OK;
}

/* Adds an operand of AND or OR, where + says nothing; one of the same kind gives its kids, as
 * (a AND b) AND c is one AND. */
static sx_status list_add_flat(struct parser *p, struct list *l, enum ast_kind kind,
                               struct ast *node, struct sx_error *err)
{
    sx_status rc = SX_OK;

    node->required = false;
    if (node->kind != kind)
        return list_add(p, l, node, err);
    for (size_t i = 0; i < node->kid_count && rc == SX_OK; i++)
        rc = list_add(p, l, node->kids[i], err);
    return rc;
}

static sx_status make_node(struct parser *p, enum ast_kind kind, size_t offset,
                           const struct list *kids, struct ast **out, struct sx_error *err)
{
    struct ast *node = arena_new(p->mem, sizeof(*node));

    if (node == NULL)
        return sx_fail_oom(err);
    node->kind = kind;
    node->offset = offset;
    node->kids = kids->items;
    node->kid_count = kids->count;
    *out = node;
    return SX_OK;
}

/* Nothing of nothing, the item itself of one, else a node over all. */
static sx_status join(struct parser *p, enum ast_kind kind, const struct list *items,
                      struct ast **out, struct sx_error *err)
{
    struct list flat = {0};
    sx_status rc = SX_OK;

    *out = items->count == 1 ? items->items[0] : NULL;
    if (items->count <= 1)
        return SX_OK;
    if (kind == AST_GROUP)
        return make_node(p, kind, items->items[0]->offset, items, out, err);
    for (size_t i = 0; i < items->count && rc == SX_OK; i++)
        rc = list_add_flat(p, &flat, kind, items->items[i], err);
    return rc == SX_OK ? make_node(p, kind, items->items[0]->offset, &flat, out, err) : rc;
}

/* NOT NOT x is x. */
static sx_status negate(struct parser *p, struct ast *kid, size_t offset, struct ast **out,
                        struct sx_error *err)
{
    struct list only = {.count = 1};

    *out = NULL;
    if (kid == NULL)
        return SX_OK;
    kid->required = false;
    if (kid->kind == AST_NOT) {
        *out = kid->kids[0];
        return SX_OK;
    }
    only.items = arena_array(p->mem, 1, sizeof(struct ast *));
    if (only.items == NULL)
        return sx_fail_oom(err);
    only.items[0] = kid;
    return make_node(p, AST_NOT, offset, &only, out, err);
}

/* ---- levels -------------------------------------------------------------------------------- */

static sx_status parse_parens(struct parser *p, struct ast **out, struct sx_error *err)
{
    size_t open = p->cur.offset;
    sx_status rc = go_deeper(p, err);

    if (rc == SX_OK)
        rc = advance(p, err);
    if (rc == SX_OK)
        rc = parse_group(p, out, err);
    if (rc != SX_OK)
        return rc;
    if (p->cur.kind != LEX_CLOSE)
        return sx_fail_at(err, SX_EQUERY, "query", (int64_t)open, "unclosed parenthesis");
    p->depth--;
    return advance(p, err);
}

/* An item, where one begins; an operator here has no operand before it and is a word. */
static sx_status parse_item(struct parser *p, struct ast **out, struct sx_error *err)
{
    enum ast_field around = p->field;
    size_t offset = p->cur.offset;
    sx_status rc = SX_OK;

    if (p->cur.kind == LEX_FIELD) {
        p->field = p->cur.field;
        rc = advance(p, err);
    }
    if (rc == SX_OK && p->cur.kind == LEX_OPEN) {
        bool whole = p->leaves.whole_runs;
        p->leaves.whole_runs = false;
        rc = parse_parens(p, out, err);
        p->leaves.whole_runs = whole;
    } else if (rc == SX_OK) {
        bool whole = p->leaves.whole_runs;
        p->leaves.whole_runs = whole || p->next.kind == LEX_NEAR;
        rc = leaves_make(&p->leaves, &p->cur, p->field, out, err);
        p->leaves.whole_runs = whole;
        if (rc == SX_OK)
            rc = advance(p, err);
    }
    if (rc == SX_OK && *out != NULL)
        (*out)->offset = offset;
    p->field = around;
    return rc;
}

/* ---- NEAR ---------------------------------------------------------------------------------- */

/* What `a NEAR/5 (b OR c)` stands for: one NEAR for each way to choose a kid of each operand. */
#define NEAR_CHOICES_MAX 64

static bool is_near_operand(const struct ast *n)
{
    if (n->kind != AST_OR)
        return ast_is_leaf(n);
    for (size_t i = 0; i < n->kid_count; i++)
        if (!ast_is_leaf(n->kids[i]))
            return false;
    return true;
}

static sx_status parse_near_operand(struct parser *p, struct ast **out, struct sx_error *err)
{
    size_t offset = p->cur.offset;
    sx_status rc = SX_OK;

    *out = NULL;
    p->leaves.whole_runs = true;
    if (p->cur.kind != LEX_MINUS && p->cur.kind != LEX_PLUS)
        rc = parse_item(p, out, err);
    p->leaves.whole_runs = false;
    if (rc != SX_OK || (*out != NULL && is_near_operand(*out)))
        return rc;
    if (*out == NULL && p->cur.offset > offset)
        return SX_OK; /* without words, it is nothing */
    return sx_fail_at(err, SX_EQUERY, "query", (int64_t)offset,
                      "NEAR stands between words, phrases and prefixes, or such joined by OR");
}

/* One NEAR over a choice of kids; `choice` counts through them like a number of mixed base. */
static sx_status choose_near(struct parser *p, const struct list *operands, size_t choice,
                             uint32_t distance, struct ast **out, struct sx_error *err)
{
    struct list kids = {0};
    struct ast *near = NULL;
    sx_status rc = SX_OK;

    for (size_t i = 0; i < operands->count && rc == SX_OK; i++) {
        struct ast *kid = operands->items[i];
        if (kid->kind == AST_OR) {
            size_t base = kid->kid_count;
            kid = kid->kids[choice % base];
            choice /= base;
        }
        rc = list_add(p, &kids, kid, err);
    }
    if (rc == SX_OK)
        rc = make_node(p, AST_NEAR, operands->items[0]->offset, &kids, &near, err);
    if (near != NULL)
        near->distance = distance;
    *out = near;
    return rc;
}

/* The operands of one distance: the only one itself, else a NEAR, or an OR of such. */
static sx_status join_near(struct parser *p, const struct list *operands, uint32_t distance,
                           struct ast **out, struct sx_error *err)
{
    struct list all = {0};
    size_t choices = 1;
    sx_status rc = SX_OK;

    for (size_t i = 0; i < operands->count && choices <= NEAR_CHOICES_MAX; i++)
        choices *= operands->items[i]->kind == AST_OR ? operands->items[i]->kid_count : 1;
    if (choices > NEAR_CHOICES_MAX || operands->count > SX_NEAR_OPERANDS_MAX)
        return sx_fail_at(err, SX_EQUERY, "query", (int64_t)operands->items[0]->offset,
                          "NEAR joins more than %d words, or more than %d choices of them",
                          SX_NEAR_OPERANDS_MAX, NEAR_CHOICES_MAX);
    if (operands->count == 1)
        choices = 0;
    p->nears += choices;
    if (p->nears > SX_QUERY_NEARS_MAX)
        return sx_fail_at(err, SX_EQUERY, "query", (int64_t)operands->items[0]->offset,
                          "more than %d NEARs, each choice of words counted", SX_QUERY_NEARS_MAX);
    for (size_t i = 0; i < choices && rc == SX_OK; i++) {
        struct ast *near = NULL;
        rc = choose_near(p, operands, i, distance, &near, err);
        if (rc == SX_OK)
            rc = list_add(p, &all, near, err);
    }
    return rc == SX_OK ? join(p, AST_OR, choices == 0 ? operands : &all, out, err) : rc;
}

static bool at_near(const struct parser *p)
{
    return p->cur.kind == LEX_NEAR && !ends_group(&p->next);
}

/* `first` and what NEAR joins to it. Where the distance changes, two conditions meet in a word. */
static sx_status parse_near_rest(struct parser *p, struct ast *first, struct ast **out,
                                 struct sx_error *err)
{
    struct list links = {0}, operands = {0};
    struct ast *last = first;
    sx_status rc = list_add(p, &operands, first, err);

    while (rc == SX_OK && at_near(p)) {
        struct ast *operand = NULL, *link = NULL;
        size_t distance = p->cur.number;

        if (distance > SX_NEAR_MAX)
            return sx_fail_at(err, SX_EQUERY, "query", (int64_t)p->cur.offset,
                              "NEAR/N takes at most %d", SX_NEAR_MAX);
        rc = advance(p, err);
        if (rc == SX_OK)
            rc = parse_near_operand(p, &operand, err);
        if (rc == SX_OK && operand != NULL) {
            rc = list_add(p, &operands, operand, err);
            last = operand;
        }
        if (rc != SX_OK || (at_near(p) && p->cur.number == distance))
            continue;
        rc = join_near(p, &operands, (uint32_t)distance, &link, err);
        if (rc == SX_OK)
            rc = list_add(p, &links, link, err);
        operands = (struct list){0};
        if (rc == SX_OK)
            rc = list_add(p, &operands, last, err);
    }
    return rc == SX_OK ? join(p, AST_AND, &links, out, err) : rc;
}

static sx_status parse_near(struct parser *p, struct ast **out, struct sx_error *err)
{
    size_t offset = p->cur.offset;
    sx_status rc = parse_item(p, out, err);

    if (rc != SX_OK || *out == NULL || !at_near(p))
        return rc;
    if (!is_near_operand(*out))
        return sx_fail_at(err, SX_EQUERY, "query", (int64_t)offset,
                          "NEAR stands between words, phrases and prefixes, or such joined by OR");
    return parse_near_rest(p, *out, out, err);
}

/* ---- signs and operators ------------------------------------------------------------------- */

static sx_status parse_signed(struct parser *p, struct ast **out, struct sx_error *err)
{
    struct lexeme sign = p->cur;
    sx_status rc = go_deeper(p, err);

    if (rc == SX_OK)
        rc = advance(p, err);
    p->leaves.whole_runs = true;
    if (rc == SX_OK)
        rc = parse_near(p, out, err);
    p->leaves.whole_runs = false;
    if (rc != SX_OK)
        return rc;
    p->depth--;
    if (sign.kind == LEX_MINUS)
        return negate(p, *out, sign.offset, out, err);
    /* what is excluded or filtered by holds anyway */
    if (*out != NULL && (*out)->kind != AST_NOT && (*out)->kind != AST_FILTER)
        (*out)->required = true;
    return SX_OK;
}

static sx_status parse_unary(struct parser *p, struct ast **out, struct sx_error *err)
{
    size_t offset = p->cur.offset;
    sx_status rc;

    if (p->cur.kind == LEX_MINUS || p->cur.kind == LEX_PLUS)
        return parse_signed(p, out, err);
    if (p->cur.kind != LEX_NOT || ends_group(&p->next))
        return parse_near(p, out, err);
    rc = go_deeper(p, err);
    if (rc == SX_OK)
        rc = advance(p, err);
    p->leaves.whole_runs = true;
    if (rc == SX_OK)
        rc = parse_unary(p, out, err);
    p->leaves.whole_runs = false;
    if (rc != SX_OK)
        return rc;
    p->depth--;
    return negate(p, *out, offset, out, err);
}

/* Operands of `kind`, AND or OR, and what binds tighter between its operators. */
static sx_status parse_operator(struct parser *p, enum ast_kind kind, struct ast **out,
                                struct sx_error *err)
{
    enum lexeme_kind joiner = kind == AST_AND ? LEX_AND : LEX_OR;
    struct list l = {0};
    bool more = true;
    sx_status rc;

    while (more) {
        struct ast *operand;

        rc = kind == AST_AND ? parse_unary(p, &operand, err)
                             : parse_operator(p, AST_AND, &operand, err);
        if (rc == SX_OK && operand != NULL)
            rc = list_add(p, &l, operand, err);
        more = p->cur.kind == joiner && !ends_group(&p->next);
        if (rc == SX_OK && more)
            rc = advance(p, err);
        if (rc != SX_OK)
            return rc;
    }
    return join(p, kind, &l, out, err);
}

static sx_status parse_group(struct parser *p, struct ast **out, struct sx_error *err)
{
    struct list l = {0};

    while (!ends_group(&p->cur)) {
        struct ast *item;
        sx_status rc = parse_operator(p, AST_OR, &item, err);

        /* The words of a run stand side by side with all the others. */
        bool run = rc == SX_OK && item != NULL && item->run && !item->required;
        for (size_t i = 0; run && rc == SX_OK && i < item->kid_count; i++)
            rc = list_add(p, &l, item->kids[i], err);
        if (rc == SX_OK && item != NULL && !run)
            rc = list_add(p, &l, item, err);
        if (rc != SX_OK)
            return rc;
    }
    if (l.count == 1)
        l.items[0]->required = false;
    return join(p, AST_GROUP, &l, out, err);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static sx_status parse_text(struct parser *p, struct sx_str text, struct ast **root,
                            struct sx_error *err)
{
    sx_status rc;

    lexer_init(&p->lx, text);
    rc = lexer_next(&p->lx, &p->next, err);
    if (rc == SX_OK)
        rc = advance(p, err);
    if (rc == SX_OK)
        rc = parse_group(p, root, err);
    if (rc == SX_OK && p->cur.kind == LEX_CLOSE)
        return sx_fail_at(err, SX_EQUERY, "query", (int64_t)p->cur.offset, "unopened parenthesis");
    return rc;
}

static sx_status print_parsed(const struct ast *root, struct arena *mem, struct sx_str *out,
                              struct sx_error *err)
{
    struct buf text = {0};

    *out = str_make("", 0);
    if (root != NULL) {
        query_print(root, true, &text);
        *out = buf_ok(&text) ? arena_str(mem, buf_str(&text)) : str_make(NULL, 0);
    }
    buf_release(&text);
    if (out->ptr == NULL)
        return sx_fail_oom(err);
    /* NEAR of many choices is longer than it was written; what is told has to be a query again. */
    if (out->len > SX_QUERY_MAX)
        return sx_fail_at(err, SX_EQUERY, "query", 0, "the query is over %d bytes when written out",
                          SX_QUERY_MAX);
    return SX_OK;
}

sx_status query_parse(struct query *out, struct sx_str text, int64_t now, struct analyzer *an,
                      struct arena *mem, struct sx_error *err)
{
    struct parser p = {.mem = mem, .field = AST_ANY};
    struct ast *root = NULL;
    sx_status rc;

    *out = (struct query){0};
    if (text.len > SX_QUERY_MAX)
        return sx_fail_at(err, SX_ETOOLARGE, "query", SX_QUERY_MAX, "query is over %d bytes",
                          SX_QUERY_MAX);
    rc = leaves_init(&p.leaves, an, mem, now, err);
    if (rc == SX_OK)
        rc = parse_text(&p, text, &root, err);
    if (rc == SX_OK)
        rc = print_parsed(root, mem, &out->parsed, err);
    if (rc == SX_OK) {
        out->root = root;
        out->warnings = p.leaves.warnings;
        out->warning_count = p.leaves.warning_count;
        out->leaf_count = p.leaves.distinct;
    }
    leaves_release(&p.leaves);
    return rc;
}
