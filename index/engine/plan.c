/* The plan: distinct leaves, the tree of conditions, matching, candidates. */
#include "index/engine/plan.h"

#include <string.h>
#include <strings.h>

#include "index/base/alloc.h"
#include "index/base/date.h"
#include "index/base/hash.h"
#include "index/base/str.h"
#include "index/query/rewrite.h"
#include "index/rank/proximity.h"
#include "index/store/tokenizer.h"

/* ---- leaves ---------------------------------------------------------------------------------- */

struct builder {
    struct plan *p;
    uint32_t *table; /* open addressing: leaf + 1 */
    size_t mask;
    uint32_t *pair_table; /* the same of pairs */
    struct buf key;
    bool apart; /* what is excluded is another leaf than what is wanted */
};

/* What the plan counts: words, and NEAR over words. */
static bool is_leaf(const struct ast *n)
{
    return ast_is_leaf(n) || n->kind == AST_NEAR;
}

static size_t count_leaves(const struct ast *n)
{
    size_t count = is_leaf(n) ? 1 : 0;

    for (size_t i = 0; i < n->kid_count; i++)
        count += count_leaves(n->kids[i]);
    return count;
}

static void put_key(struct buf *key, const struct ast *n)
{
    buf_printf(key, "%d %d %u %u %d ", (int)n->kind, (int)n->field, n->edits, n->distance,
               (int)n->paired);
    for (size_t i = 0; i < n->term_count; i++) {
        buf_putc(key, TERM_MARK);
        buf_put_str(key, n->terms[i]);
    }
    buf_putc(key, TERM_MARK);
    buf_putc(key, TERM_MARK);
    buf_put_str(key, n->whole);
    for (size_t i = 0; i < n->kid_count; i++)
        put_key(key, n->kids[i]);
}

/* Whether two leaves count alike: what is written of one as of a name does not matter. */
static bool same_leaf(const struct ast *a, const struct ast *b)
{
    if (a->kind != b->kind || a->field != b->field || a->term_count != b->term_count ||
        a->edits != b->edits || a->distance != b->distance || a->paired != b->paired ||
        a->kid_count != b->kid_count || !str_eq(a->whole, b->whole))
        return false;
    for (size_t i = 0; i < a->term_count; i++)
        if (!str_eq(a->terms[i], b->terms[i]))
            return false;
    for (size_t i = 0; i < a->kid_count; i++)
        if (!same_leaf(a->kids[i], b->kids[i]))
            return false;
    return true;
}

static uint32_t intern(struct builder *b, const struct ast *n, bool apart);

/* The leaves that NEAR joins; false: memory ran out. */
static bool intern_operands(struct builder *b, const struct ast *n, struct leaf *l)
{
    uint32_t *operands = arena_array(b->p->mem, n->kid_count, sizeof(*operands));

    for (size_t i = 0; operands != NULL && i < n->kid_count; i++) {
        operands[i] = intern(b, n->kids[i], l->apart);
        if (operands[i] == UINT32_MAX)
            return false;
    }
    l->operands = operands;
    l->operand_count = n->kid_count;
    return operands != NULL;
}

/* The number of the leaf, new if it was not seen before; UINT32_MAX: memory ran out. */
static uint32_t intern(struct builder *b, const struct ast *n, bool apart)
{
    buf_clear(&b->key);
    put_key(&b->key, n);
    buf_putc(&b->key, apart ? '-' : '+');
    if (!buf_ok(&b->key))
        return UINT32_MAX;
    size_t i = (size_t)hash_bytes(b->key.data, b->key.len) & b->mask;
    while (b->table[i] != 0) {
        const struct leaf *known = &b->p->leaves[b->table[i] - 1];
        if (known->apart == apart && same_leaf(known->ast, n))
            return b->table[i] - 1;
        i = (i + 1) & b->mask;
    }
    uint32_t number = (uint32_t)b->p->leaf_count++;
    b->p->leaves[number].ast = n;
    b->p->leaves[number].apart = apart;
    b->table[i] = number + 1;
    if (n->kind == AST_NEAR && !intern_operands(b, n, &b->p->leaves[number]))
        return UINT32_MAX;
    return number;
}

/* ---- pairs of neighbours --------------------------------------------------------------------- */

static void add_pair(struct builder *b, uint32_t left, uint32_t right)
{
    struct plan *p = b->p;
    uint64_t both = (uint64_t)left << 32 | right;
    size_t i = (size_t)hash_bytes((const char *)&both, sizeof(both)) & b->mask;

    for (; b->pair_table[i] != 0; i = (i + 1) & b->mask) {
        struct pair *known = &p->pairs[b->pair_table[i] - 1];
        if (known->left == left && known->right == right) {
            known->asked++;
            return;
        }
    }
    p->pairs[p->pair_count++] = (struct pair){.left = left, .right = right, .asked = 1};
    b->pair_table[i] = (uint32_t)p->pair_count;
}

static void pair_with(struct builder *b, uint32_t *left, uint32_t right)
{
    if (*left != UINT32_MAX && *left != right)
        add_pair(b, *left, right);
    *left = right;
}

/* The parts of a compound follow one another. */
static void pair_parts(struct builder *b, const struct cond *c, uint32_t *left)
{
    size_t parts = c->kid_count - (c->ast->whole.len > 0);

    for (size_t i = 1; i < parts; i++)
        pair_with(b, left, c->kids[i]->leaf);
}

/* The words of a group or of an AND are neighbours in the order they are written in, across what
 * asks for no word; anything else between two of them parts them. */
static void pair_kids(struct builder *b, const struct cond *c)
{
    uint32_t left = UINT32_MAX;

    for (size_t i = 0; i < c->kid_count; i++) {
        const struct cond *kid = c->kids[i];
        if (!kid->item)
            continue;
        if (ast_is_leaf(kid->ast))
            pair_with(b, &left, kid->leaf);
        else if (kid->ast->kind == AST_COMPOUND)
            pair_parts(b, kid, &left);
        else
            left = UINT32_MAX;
    }
}

/* ---- the tree -------------------------------------------------------------------------------- */

/* `scored` false: a compound as it is written. */
static struct cond *build_leaf(struct builder *b, struct cond *c, bool excluded, bool scored)
{
    c->leaf = intern(b, c->ast, b->apart && excluded);
    c->item = true;
    if (c->leaf == UINT32_MAX)
        return NULL;
    struct leaf *l = &b->p->leaves[c->leaf];
    if (!excluded && scored && l->asked++ == 0)
        b->p->wanted_count++;
    for (size_t i = 0; !excluded && i < l->operand_count; i++)
        b->p->leaves[l->operands[i]].joined = true;
    return c;
}

static struct cond *build(struct builder *b, const struct ast *n, bool excluded, bool scored)
{
    struct cond *c = arena_new(b->p->mem, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->ast = n;
    b->p->cond_count++;
    if (is_leaf(n))
        return build_leaf(b, c, excluded, scored);
    c->kids = arena_array(b->p->mem, n->kid_count + 1, sizeof(struct cond *));
    if (c->kids == NULL)
        return NULL;
    for (size_t i = 0; i < n->kid_count; i++) {
        struct cond *kid = build(b, n->kids[i], excluded != (n->kind == AST_NOT),
                                 !(n->kind == AST_COMPOUND && i == 0));
        if (kid == NULL)
            return NULL;
        if (!excluded && n->kind == AST_COMPOUND)
            b->p->leaves[kid->leaf].compound = true;
        c->kids[c->kid_count++] = kid;
        c->item = c->item || (n->kind != AST_NOT && kid->item);
    }
    if (!excluded && (n->kind == AST_GROUP || n->kind == AST_AND))
        pair_kids(b, c);
    return c;
}

static bool is_flat(const struct cond *root)
{
    if (root->ast->kind == AST_NOT || root->ast->kind == AST_FILTER)
        return false;
    for (size_t i = 0; i < root->kid_count; i++)
        if (!ast_is_leaf(root->kids[i]->ast) || root->kids[i]->ast->required)
            return false;
    return root->ast->kind != AST_NEAR && root->ast->kind != AST_COMPOUND;
}

sx_status plan_make(struct plan *p, const struct ast *root, bool apart, struct arena *mem,
                    struct sx_error *err)
{
    struct builder b = {.p = p, .mask = 15, .apart = apart};

    memset(p, 0, sizeof(*p));
    p->mem = mem;
    if (root == NULL)
        return SX_OK;
    size_t leaves = count_leaves(root);
    while (b.mask < 2 * leaves)
        b.mask = b.mask * 2 + 1;
    p->leaves = arena_array(mem, leaves + 1, sizeof(*p->leaves));
    p->pairs = arena_array(mem, leaves + 1, sizeof(*p->pairs));
    b.table = mem_zalloc(b.mask + 1, sizeof(*b.table));
    b.pair_table = mem_zalloc(b.mask + 1, sizeof(*b.pair_table));
    if (p->leaves != NULL && p->pairs != NULL && b.table != NULL && b.pair_table != NULL)
        p->root = build(&b, root, false, true);
    uint32_t left = UINT32_MAX;
    if (p->root != NULL && root->kind == AST_COMPOUND)
        pair_parts(&b, p->root, &left);
    mem_free(b.table);
    mem_free(b.pair_table);
    buf_release(&b.key);
    if (p->root == NULL)
        return sx_fail_oom(err);
    p->flat = is_flat(p->root);
    return SX_OK;
}

/* ---- matching -------------------------------------------------------------------------------- */

struct subject {
    const struct phrase_tf *tf;
    const struct docrow *row;
    const struct doctable *docs;
};

static bool lang_matches(struct sx_str have, struct sx_str want)
{
    return have.len >= want.len && strncasecmp(have.ptr, want.ptr, want.len) == 0 &&
           (have.len == want.len || have.ptr[want.len] == '-');
}

/* The filter's words stand side by side in the source's. */
static bool source_matches(const struct name *have, const struct ast *f)
{
    char want[TERM_MAX * 8 + 16];
    size_t len = 0;

    want[len++] = TERM_MARK;
    for (size_t i = 0; i < f->term_count; i++) {
        if (len + f->terms[i].len + 1 > sizeof(want))
            return false;
        memcpy(want + len, f->terms[i].ptr, f->terms[i].len);
        len += f->terms[i].len;
        want[len++] = TERM_MARK;
    }
    return memmem(have->words.ptr, have->words.len, want, len) != NULL;
}

static bool filter_matches(const struct ast *f, const struct subject *s)
{
    const struct name *name = NULL;

    switch (f->filter) {
    case AST_DATE:
        return s->row->at != DATE_NONE && s->row->at >= f->date_lo && s->row->at < f->date_hi;
    case AST_SOURCE:
        name = doctable_name_get(s->docs, s->row->source);
        return name != NULL && source_matches(name, f);
    case AST_LANG:
        name = doctable_name_get(s->docs, s->row->lang);
        return name != NULL && lang_matches(name->text, f->text);
    case AST_TYPE:
        name = doctable_name_get(s->docs, s->row->type);
        return name != NULL && name->text.len == f->text.len &&
               strncasecmp(name->text.ptr, f->text.ptr, f->text.len) == 0;
    }
    return false;
}

static bool holds(const struct cond *c, enum reading reading, const struct subject *s);

static bool group_any(const struct cond *c, const struct subject *s)
{
    bool required = false;
    bool one = !c->item;

    for (size_t i = 0; i < c->kid_count; i++) {
        const struct cond *kid = c->kids[i];
        bool must = !kid->item || kid->ast->required;
        bool has = (must || !one) && holds(kid, READ_ANY, s);
        if (must && !has)
            return false;
        required = required || (kid->item && kid->ast->required);
        one = one || (kid->item && has);
    }
    return one || required;
}

static bool all_hold(const struct cond *c, enum reading reading, const struct subject *s)
{
    for (size_t i = 0; i < c->kid_count; i++)
        if (!holds(c->kids[i], reading, s))
            return false;
    return true;
}

static bool one_holds(const struct cond *c, enum reading reading, const struct subject *s)
{
    for (size_t i = 0; i < c->kid_count; i++)
        if (holds(c->kids[i], reading, s))
            return true;
    return false;
}

static bool holds(const struct cond *c, enum reading reading, const struct subject *s)
{
    switch (c->ast->kind) {
    case AST_WORD:
    case AST_PHRASE:
    case AST_PREFIX:
    case AST_FUZZY:
    case AST_NEAR:
        return s->tf[c->leaf].title + s->tf[c->leaf].body > 0;
    case AST_FILTER:
        return filter_matches(c->ast, s);
    case AST_NOT:
        return !holds(c->kids[0], reading == READ_BEST ? READ_ANY : reading, s);
    case AST_OR:
        return one_holds(c, reading, s);
    case AST_COMPOUND:
        return reading == READ_ANY ? one_holds(c, reading, s) : holds(c->kids[0], reading, s);
    case AST_AND:
        return all_hold(c, reading, s);
    case AST_GROUP:
        return reading == READ_ANY ? group_any(c, s) : all_hold(c, reading, s);
    }
    return false;
}

/* How many of the leaves that are wanted stand in the document. */
static size_t count_wanted(const struct plan *p, const struct phrase_tf *tf)
{
    size_t count = 0;

    for (size_t i = 0; i < p->leaf_count; i++)
        count += p->leaves[i].asked > 0 && tf[i].title + tf[i].body > 0;
    return count;
}

bool plan_match(const struct plan *p, enum reading reading, const struct phrase_tf *tf,
                const struct docrow *row, const struct doctable *docs)
{
    struct subject s = {tf, row, docs};

    if (p->root == NULL)
        return false;
    size_t stand = count_wanted(p, tf);
    if (!p->flat || stand == 0)
        return stand > 0 && holds(p->root, reading, &s);
    bool one =
        p->root->ast->kind == AST_OR || (p->root->ast->kind == AST_GROUP && reading == READ_ANY);
    return one || stand == p->leaf_count;
}

/* ---- what is missing ----------------------------------------------------------------------- */

struct lacks {
    struct cond **out;
    size_t count;
};

static void add_missing(struct lacks *l, struct cond *item)
{
    for (size_t i = 0; i < l->count; i++)
        if (ast_equal(l->out[i]->ast, item->ast))
            return;
    l->out[l->count++] = item;
}

static void find_missing(struct cond *c, const struct subject *s, struct lacks *l)
{
    if (!c->item || holds(c, READ_BEST, s))
        return;
    if (c->ast->kind == AST_COMPOUND) {
        add_missing(l, c);
        return;
    }
    if (c->ast->kind == AST_OR) {
        size_t i = 0;
        while (i < c->kid_count && !(c->kids[i]->item && holds(c->kids[i], READ_ANY, s)))
            i++;
        if (i < c->kid_count)
            find_missing(c->kids[i], s, l);
        return;
    }
    for (size_t i = 0; i < c->kid_count; i++) {
        struct cond *kid = c->kids[i];
        if (kid->item && !holds(kid, READ_ANY, s))
            add_missing(l, kid);
        else
            find_missing(kid, s, l);
    }
}

size_t plan_missing(const struct plan *p, const struct phrase_tf *tf, const struct docrow *row,
                    const struct doctable *docs, struct cond **out)
{
    struct subject s = {tf, row, docs};
    struct lacks l = {out, 0};

    find_missing(p->root, &s, &l);
    return l.count;
}
