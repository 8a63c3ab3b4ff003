/* Rewriting. */
#include "index/query/rewrite.h"

#include "index/base/str.h"
#include "index/text/stop.h"

struct rewriter {
    const int *langs;
    size_t lang_count;
    struct arena *mem;
};

bool query_is_item(const struct ast *n)
{
    bool item = ast_is_leaf(n);

    for (size_t i = 0; i < n->kid_count && n->kind != AST_NOT && !item; i++)
        item = query_is_item(n->kids[i]);
    return item;
}

static bool is_stop_word(const struct rewriter *r, const struct ast *n)
{
    if (n->kind != AST_WORD || n->required || n->emphatic || n->field != AST_ANY ||
        n->term_count != 1 || n->whole.len > 0)
        return false;
    /* German "war" is no English one: it has to say little in every language. */
    for (size_t i = 0; i < r->lang_count; i++)
        if (!stop_is(r->langs[i], n->terms[0]))
            return false;
    return r->lang_count > 0;
}

/* Whether the stop words among a node's kids go. */
static bool drops_stop_words(const struct rewriter *r, const struct ast *n)
{
    for (size_t i = 0; i < n->kid_count && n->kind == AST_GROUP; i++)
        if (query_is_item(n->kids[i]) && !is_stop_word(r, n->kids[i]))
            return true;
    return false;
}

static struct ast *copy(struct rewriter *r, const struct ast *n)
{
    struct ast *made = arena_new(r->mem, sizeof(*made));

    if (made != NULL)
        *made = *n;
    return made;
}

/* ---- compounds ------------------------------------------------------------------------------- */

/* Code points that a part needs to be worth looking for by itself. */
#define PART_POINTS_MIN 3

static bool is_part(struct sx_str term)
{
    size_t points = 0;

    for (size_t i = 0; i < term.len; i++) {
        if (term.ptr[i] >= '0' && term.ptr[i] <= '9')
            return false;
        points += ((unsigned char)term.ptr[i] & 0xc0) != 0x80;
    }
    return points >= PART_POINTS_MIN;
}

static bool is_compound(const struct ast *n)
{
    if (n->kind != AST_WORD || n->required || n->paired || n->term_count < 2)
        return false;
    for (size_t i = 0; i < n->term_count; i++)
        if (!is_part(n->terms[i]))
            return false;
    return true;
}

/* A word of one term beside the compound. NULL: memory ran out. */
static struct ast *part_of(struct rewriter *r, const struct ast *n, const struct sx_str *term)
{
    struct ast *part = copy(r, n);

    if (part == NULL)
        return NULL;
    part->text = *term;
    part->terms = term;
    part->term_count = 1;
    part->span = 1;
    part->whole = str_make("", 0);
    return part;
}

static const struct ast *split(struct rewriter *r, const struct ast *n)
{
    struct ast *made = copy(r, n);
    struct ast **kids = arena_array(r->mem, n->term_count + 2, sizeof(struct ast *));
    size_t count = 0;

    if (made == NULL || kids == NULL || (kids[count++] = copy(r, n)) == NULL)
        return NULL;
    for (size_t i = 0; i <= n->term_count; i++) {
        const struct sx_str *term = i < n->term_count ? &n->terms[i] : &n->whole;
        if (term->len == 0)
            continue;
        struct ast *part = part_of(r, n, term);
        if (part == NULL)
            return NULL;
        if (i == n->term_count ? count > 1 : !is_stop_word(r, part))
            kids[count++] = part;
    }
    if (count < 2) /* the whole alone would not find it as it is written */
        return n;
    made->kind = AST_COMPOUND;
    made->kids = kids;
    made->kid_count = count;
    return made;
}

/* ---- the tree -------------------------------------------------------------------------------- */

static const struct ast *rewrite(struct rewriter *r, const struct ast *n, bool excluded);

/* The only item left of a group keeps what was said of the group. */
static const struct ast *lone(struct rewriter *r, const struct ast *group, const struct ast *kid)
{
    struct ast *made = kid->required == group->required ? NULL : copy(r, kid);

    if (kid->required == group->required)
        return kid;
    if (made != NULL)
        made->required = group->required;
    return made;
}

/* NULL: memory ran out. */
static const struct ast *rewrite_kids(struct rewriter *r, const struct ast *n, bool excluded)
{
    struct ast **kids = arena_array(r->mem, n->kid_count, sizeof(struct ast *));
    bool drops = drops_stop_words(r, n);
    bool changed = false;
    size_t count = 0;

    for (size_t i = 0; kids != NULL && i < n->kid_count; i++) {
        if (drops && is_stop_word(r, n->kids[i]))
            continue;
        const struct ast *kid = n->kids[i];
        if (!excluded && n->kind == AST_GROUP && is_compound(kid))
            kid = split(r, kid);
        else
            kid = rewrite(r, kid, excluded != (n->kind == AST_NOT));
        if (kid == NULL)
            return NULL;
        changed = changed || kid != n->kids[i];
        kids[count++] = (struct ast *)(uintptr_t)kid;
    }
    if (kids == NULL)
        return NULL;
    if (!changed && count == n->kid_count)
        return n;
    if (count == 1 && n->kind == AST_GROUP)
        return lone(r, n, kids[0]);
    struct ast *made = copy(r, n);
    if (made != NULL) {
        made->kids = kids;
        made->kid_count = count;
    }
    return made;
}

static const struct ast *rewrite(struct rewriter *r, const struct ast *n, bool excluded)
{
    return n->kid_count == 0 || n->kind == AST_NEAR ? n : rewrite_kids(r, n, excluded);
}

sx_status query_rewrite(const struct ast *root, const int *langs, size_t lang_count,
                        struct arena *mem, const struct ast **out, struct sx_error *err)
{
    struct rewriter r = {langs, lang_count, mem};

    if (root == NULL)
        *out = NULL;
    else
        *out = is_compound(root) ? split(&r, root) : rewrite(&r, root, false);
    return *out == NULL && root != NULL ? sx_fail_oom(err) : SX_OK;
}
