/* Candidates: an FTS5 expression that every wanted document matches.
 *
 *   clause AND clause AND … AND (cheapest clause OR all other leaves)
 *
 * A clause is a set of leaves of which every match has one. The last part narrows nothing; it
 * puts the leaves that no clause has among the phrases, so that their counts are known for
 * every candidate. The expression is two levels deep whatever the query is (FTS5's own parser
 * gives up at about 100), and every leaf is a quoted string of analysed terms. */
#include "index/engine/plan.h"

#include <string.h>

#include "index/store/tokenizer.h"
#include "index/text/analyzer.h"

struct finder {
    const struct plan *p;
    bool failed; /* memory ran out */
};

static struct clauses find(struct finder *f, const struct cond *c, enum reading reading);

/* Keeps the narrowest PLAN_CLAUSES_MAX. */
static void add(struct clauses *to, struct clause c)
{
    size_t widest = 0;

    if (to->count < PLAN_CLAUSES_MAX) {
        to->list[to->count++] = c;
        return;
    }
    for (size_t i = 1; i < to->count; i++)
        if (to->list[i].spread > to->list[widest].spread)
            widest = i;
    if (to->list[widest].spread > c.spread)
        to->list[widest] = c;
}

/* `of` is not empty. */
static const struct clause *narrowest(const struct clauses *of)
{
    const struct clause *best = &of->list[0];

    for (size_t i = 1; i < of->count; i++)
        if (of->list[i].spread < best->spread)
            best = &of->list[i];
    return best;
}

static struct clauses every(struct finder *f, const struct cond *c, enum reading reading,
                            bool only_required)
{
    struct clauses all = {.count = 0};

    for (size_t i = 0; i < c->kid_count; i++) {
        if (!c->kids[i]->item || (only_required && !c->kids[i]->ast->required))
            continue;
        struct clauses kid = find(f, c->kids[i], reading);
        for (size_t k = 0; k < kid.count; k++)
            add(&all, kid.list[k]);
    }
    return all;
}

/* One clause: for each wanted kid, its narrowest. None when some kid has none. */
static struct clauses either(struct finder *f, const struct cond *c, enum reading reading)
{
    struct clauses none = {.count = 0};
    struct clauses one = {.count = 1};
    uint32_t *leaves = arena_array(f->p->mem, f->p->leaf_count, sizeof(*leaves));
    struct clause joined = {.leaves = leaves};

    if (leaves == NULL) {
        f->failed = true;
        return none;
    }
    for (size_t i = 0; i < c->kid_count; i++) {
        if (!c->kids[i]->item)
            continue;
        struct clauses kid = find(f, c->kids[i], reading);
        if (kid.count == 0)
            return none;
        const struct clause *best = narrowest(&kid);
        for (size_t k = 0; k < best->count; k++) {
            bool known = false;
            for (size_t j = 0; j < joined.count && !known; j++)
                known = leaves[j] == best->leaves[k];
            if (known)
                continue;
            leaves[joined.count++] = best->leaves[k];
            joined.spread += f->p->leaves[best->leaves[k]].spread;
        }
    }
    one.list[0] = joined;
    return one;
}

static bool has_required(const struct cond *c)
{
    for (size_t i = 0; i < c->kid_count; i++)
        if (c->kids[i]->item && c->kids[i]->ast->required)
            return true;
    return false;
}

/* An OR with a kid that asks for no word can hold without any: no clause. */
static bool has_filter(const struct cond *c)
{
    for (size_t i = 0; i < c->kid_count; i++)
        if (!c->kids[i]->item)
            return true;
    return false;
}

static struct clauses all_operands(const struct plan *p, const struct leaf *near)
{
    struct clauses found = {.count = 0};

    for (size_t i = 0; i < near->operand_count; i++)
        add(&found, (struct clause){&near->operands[i], 1, p->leaves[near->operands[i]].spread});
    return found;
}

static struct clauses find(struct finder *f, const struct cond *c, enum reading reading)
{
    struct clauses found = {.count = 0};

    if (!c->item) /* may hold without any word */
        return found;
    switch (c->ast->kind) {
    case AST_WORD:
    case AST_PHRASE:
    case AST_PREFIX:
    case AST_FUZZY:
        found.list[0] = (struct clause){&c->leaf, 1, f->p->leaves[c->leaf].spread};
        found.count = 1;
        return found;
    case AST_FILTER:
    case AST_NOT:
        return found;
    case AST_NEAR:
        return all_operands(f->p, &f->p->leaves[c->leaf]);
    case AST_AND:
        return every(f, c, reading, false);
    case AST_COMPOUND:
        return reading == READ_ANY ? either(f, c, reading) : find(f, c->kids[0], reading);
    case AST_OR:
        return has_filter(c) ? found : either(f, c, reading);
    case AST_GROUP:
        if (reading != READ_ANY)
            return every(f, c, reading, false);
        return has_required(c) ? every(f, c, reading, true) : either(f, c, reading);
    }
    return found;
}

/* ---- writing it down ------------------------------------------------------------------------ */

static void put_quoted(struct buf *out, struct sx_str term)
{
    for (size_t i = 0; i < term.len; i++) {
        if (term.ptr[i] == '"')
            buf_putc(out, '"');
        buf_putc(out, term.ptr[i]);
    }
}

static void put_terms(struct buf *out, const struct ast *n, const struct sx_str *terms,
                      size_t count)
{
    if (n->field != AST_ANY)
        buf_puts(out, n->field == AST_TITLE ? "title : " : "body : ");
    buf_putc(out, '"');
    for (size_t i = 0; i < count; i++) {
        buf_putc(out, TERM_MARK);
        put_quoted(out, terms[i]);
    }
    buf_puts(out, n->kind == AST_PREFIX ? "\" *" : "\"");
}

struct writer {
    const struct plan *p;
    struct buf *out;
    struct match_phrase *phrases;
    size_t count;
};

/* One more phrase that counts for the leaf just put. */
static void put_more(struct writer *w, uint32_t leaf, const struct sx_str *term, enum match_how how)
{
    buf_puts(w->out, " OR ");
    put_terms(w->out, w->p->leaves[leaf].ast, term, 1);
    w->phrases[w->count++] = (struct match_phrase){leaf, how};
}

static void put_phrase(struct writer *w, uint32_t leaf, bool first)
{
    const struct leaf *l = &w->p->leaves[leaf];
    const struct ast *n = l->ast;

    if (!first)
        buf_puts(w->out, " OR ");
    put_terms(w->out, n, n->terms, n->term_count);
    w->phrases[w->count++] = (struct match_phrase){leaf, MATCH_SET};
    if (n->whole.len > 0)
        put_more(w, leaf, &n->whole, n->paired ? MATCH_SUM : MATCH_UNION);
    for (size_t i = 0; i < l->form_count; i++)
        put_more(w, leaf, &l->forms[i], MATCH_UNION);
}

static void put_clause(struct writer *w, const struct clause *c, bool *used)
{
    buf_puts(w->out, w->count == 0 ? "(" : " AND (");
    for (size_t i = 0; i < c->count; i++) {
        put_phrase(w, c->leaves[i], i == 0);
        used[c->leaves[i]] = true;
    }
    buf_putc(w->out, ')');
}

/* The leaves that no clause has, beside a clause that every candidate matches. */
static void put_rest(struct writer *w, const struct clause *cheapest, const bool *used)
{
    bool open = false;

    for (uint32_t i = 0; i < w->p->leaf_count; i++) {
        if (used[i] || w->p->leaves[i].operand_count > 0) /* NEAR is no phrase: its words are */
            continue;
        if (!open) {
            buf_puts(w->out, " AND (");
            for (size_t k = 0; k < cheapest->count; k++)
                put_phrase(w, cheapest->leaves[k], k == 0);
            open = true;
        }
        put_phrase(w, i, false);
    }
    if (open)
        buf_putc(w->out, ')');
}

/* Each leaf stands in at most one clause: one that shares a leaf with an earlier is left out, so
 * that the expression never holds more than twice the leaves. */
static bool overlaps(const struct clause *c, const bool *used)
{
    for (size_t i = 0; i < c->count; i++)
        if (used[c->leaves[i]])
            return true;
    return false;
}

sx_status plan_clauses(const struct plan *p, enum reading reading, struct clauses *out,
                       struct sx_error *err)
{
    struct finder f = {p, false};
    uint32_t *wanted = arena_array(p->mem, p->leaf_count, sizeof(*wanted));
    struct clause any = {.leaves = wanted};

    *out = find(&f, p->root, reading);
    if (f.failed || wanted == NULL)
        return sx_fail_oom(err);
    if (out->count > 0)
        return SX_OK;
    for (uint32_t i = 0; i < p->leaf_count; i++)
        if (leaf_is_wanted(&p->leaves[i]) && p->leaves[i].operand_count == 0)
            wanted[any.count++] = i;
    add(out, any);
    return SX_OK;
}

sx_status plan_expression(const struct plan *p, enum reading reading, struct buf *expr,
                          struct match_phrase *phrases, size_t *count, struct sx_error *err)
{
    struct writer w = {p, expr, phrases, 0};
    struct clauses found = {.count = 0};
    bool *used = arena_array(p->mem, p->leaf_count, sizeof(*used));

    if (used == NULL)
        return sx_fail_oom(err);
    sx_status rc = plan_clauses(p, reading, &found, err);
    if (rc != SX_OK)
        return rc;
    const struct clause *cheapest = narrowest(&found);
    put_clause(&w, cheapest, used);
    for (size_t i = 0; i < found.count; i++)
        if (&found.list[i] != cheapest && !overlaps(&found.list[i], used))
            put_clause(&w, &found.list[i], used);
    put_rest(&w, cheapest, used);
    *count = w.count;
    return buf_ok(expr) ? SX_OK : sx_fail_oom(err);
}

void plan_show_expression(struct sx_str expr, struct buf *out)
{
    for (size_t i = 0; i < expr.len; i++) {
        char c = expr.ptr[i];
        if (c == TERM_MARK && (i == 0 || expr.ptr[i - 1] == '"'))
            continue;
        buf_putc(out, c == TERM_MARK ? ' ' : c == DICT_MARK ? '|' : c);
    }
}
