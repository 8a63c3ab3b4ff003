/* The plan: distinct leaves, the tree of conditions, matching, candidates. */
#include "index/engine/plan.h"

#include <string.h>
#include <strings.h>

#include "index/base/alloc.h"
#include "index/base/date.h"
#include "index/base/hash.h"
#include "index/base/str.h"
#include "index/store/tokenizer.h"
#include "index/text/stop.h"

/* ---- leaves ---------------------------------------------------------------------------------- */

struct builder {
    struct plan *p;
    const struct langs *langs;
    uint32_t *table; /* open addressing: leaf + 1 */
    size_t mask;
    struct buf key;
    struct sx_error *err;
};

static bool is_leaf(const struct ast *n)
{
    return n->kind == AST_WORD || n->kind == AST_PHRASE || n->kind == AST_PREFIX;
}

static size_t count_leaves(const struct ast *n)
{
    size_t count = is_leaf(n) ? 1 : 0;

    for (size_t i = 0; i < n->kid_count; i++)
        count += count_leaves(n->kids[i]);
    return count;
}

static bool same_leaf(const struct ast *a, const struct ast *b)
{
    if (a->kind != b->kind || a->field != b->field || a->term_count != b->term_count ||
        a->paired != b->paired || !str_eq(a->whole, b->whole))
        return false;
    for (size_t i = 0; i < a->term_count; i++)
        if (!str_eq(a->terms[i], b->terms[i]))
            return false;
    return true;
}

static uint64_t leaf_hash(struct builder *b, const struct ast *n)
{
    buf_clear(&b->key);
    buf_putc(&b->key, (char)('0' + (int)n->kind));
    buf_putc(&b->key, (char)('0' + (int)n->field));
    for (size_t i = 0; i < n->term_count; i++) {
        buf_putc(&b->key, TERM_MARK);
        buf_put_str(&b->key, n->terms[i]);
    }
    buf_putc(&b->key, TERM_MARK);
    buf_putc(&b->key, TERM_MARK);
    buf_put_str(&b->key, n->whole);
    return hash_bytes(b->key.data, b->key.len);
}

/* The number of the leaf, new if it was not seen before; UINT32_MAX: memory ran out. */
static uint32_t intern(struct builder *b, const struct ast *n)
{
    uint64_t hash = leaf_hash(b, n);
    size_t i = (size_t)hash & b->mask;

    if (!buf_ok(&b->key))
        return UINT32_MAX;
    while (b->table[i] != 0) {
        if (same_leaf(b->p->leaves[b->table[i] - 1].ast, n))
            return b->table[i] - 1;
        i = (i + 1) & b->mask;
    }
    uint32_t number = (uint32_t)b->p->leaf_count++;
    b->p->leaves[number].ast = n;
    b->table[i] = number + 1;
    return number;
}

/* ---- the tree -------------------------------------------------------------------------------- */

/* Asks for a word: a leaf behind no NOT. */
static bool is_item(const struct ast *n)
{
    bool item = is_leaf(n);

    for (size_t i = 0; i < n->kid_count && n->kind != AST_NOT && !item; i++)
        item = is_item(n->kids[i]);
    return item;
}

static bool is_stop_word(const struct langs *langs, const struct ast *n)
{
    if (n->kind != AST_WORD || n->required || n->emphatic || n->field != AST_ANY ||
        n->term_count != 1 || n->whole.len > 0)
        return false;
    /* German "war" is no English one: it has to say little in every language. */
    for (size_t i = 0; i < langs->count; i++)
        if (!stop_is(langs->list[i], n->terms[0]))
            return false;
    return langs->count > 0;
}

/* Whether the stop words among a node's kids go. */
static bool drops_stop_words(const struct langs *langs, const struct ast *n)
{
    for (size_t i = 0; i < n->kid_count && n->kind == AST_GROUP; i++)
        if (is_item(n->kids[i]) && !is_stop_word(langs, n->kids[i]))
            return true;
    return false;
}

static struct cond *build(struct builder *b, const struct ast *n, bool excluded)
{
    struct cond *c = arena_new(b->p->mem, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->ast = n;
    b->p->cond_count++;
    if (is_leaf(n)) {
        c->leaf = intern(b, n);
        if (c->leaf == UINT32_MAX)
            return NULL;
        c->item = true;
        if (!excluded && b->p->leaves[c->leaf].asked++ == 0)
            b->p->wanted_count++;
        return c;
    }
    c->kids = arena_array(b->p->mem, n->kid_count + 1, sizeof(struct cond *));
    if (c->kids == NULL)
        return NULL;
    bool drops = drops_stop_words(b->langs, n);
    for (size_t i = 0; i < n->kid_count; i++) {
        if (drops && is_stop_word(b->langs, n->kids[i]))
            continue;
        struct cond *kid = build(b, n->kids[i], excluded != (n->kind == AST_NOT));
        if (kid == NULL)
            return NULL;
        c->kids[c->kid_count++] = kid;
        c->item = c->item || (n->kind != AST_NOT && kid->item);
    }
    return c;
}

static bool is_flat(const struct cond *root)
{
    if (root->ast->kind == AST_NOT || root->ast->kind == AST_FILTER)
        return false;
    for (size_t i = 0; i < root->kid_count; i++)
        if (!is_leaf(root->kids[i]->ast) || root->kids[i]->ast->required)
            return false;
    return true;
}

sx_status plan_make(struct plan *p, const struct query *q, const struct langs *langs,
                    struct arena *mem, struct sx_error *err)
{
    struct builder b = {.p = p, .langs = langs, .err = err, .mask = 15};

    memset(p, 0, sizeof(*p));
    p->mem = mem;
    if (q->root == NULL)
        return SX_OK;
    size_t leaves = count_leaves(q->root);
    while (b.mask < 2 * leaves)
        b.mask = b.mask * 2 + 1;
    p->leaves = arena_array(mem, leaves + 1, sizeof(*p->leaves));
    b.table = mem_zalloc(b.mask + 1, sizeof(*b.table));
    if (p->leaves != NULL && b.table != NULL)
        p->root = build(&b, q->root, false);
    mem_free(b.table);
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
        return s->tf[c->leaf].title + s->tf[c->leaf].body > 0;
    case AST_FILTER:
        return filter_matches(c->ast, s);
    case AST_NOT:
        return !holds(c->kids[0], reading == READ_BEST ? READ_ANY : reading, s);
    case AST_OR:
        return one_holds(c, reading, s);
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
    const struct ast **out;
    size_t count;
};

static void add_missing(struct lacks *l, const struct ast *item)
{
    for (size_t i = 0; i < l->count; i++)
        if (ast_equal(l->out[i], item))
            return;
    l->out[l->count++] = item;
}

static void find_missing(const struct cond *c, const struct subject *s, struct lacks *l)
{
    if (!c->item || holds(c, READ_BEST, s))
        return;
    if (c->ast->kind == AST_OR) {
        size_t i = 0;
        while (i < c->kid_count && !(c->kids[i]->item && holds(c->kids[i], READ_ANY, s)))
            i++;
        if (i < c->kid_count)
            find_missing(c->kids[i], s, l);
        return;
    }
    for (size_t i = 0; i < c->kid_count; i++) {
        const struct cond *kid = c->kids[i];
        if (kid->item && !holds(kid, READ_ANY, s))
            add_missing(l, kid->ast);
        else
            find_missing(kid, s, l);
    }
}

size_t plan_missing(const struct plan *p, const struct phrase_tf *tf, const struct docrow *row,
                    const struct doctable *docs, const struct ast **out)
{
    struct subject s = {tf, row, docs};
    struct lacks l = {out, 0};

    find_missing(p->root, &s, &l);
    return l.count;
}
