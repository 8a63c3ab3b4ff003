/* The twin's rewriting, from the contract alone (index/query/rewrite.h, index/query/GRAMMAR.md). */
#include <string.h>

#include "index/base/str.h"
#include "index/text/lang.h"
#include "index/text/stop.h"
#include "tests/property/twin.h"
#include "tests/support/support.h"

struct rewriting {
    size_t langs;
    struct arena *mem;
};

bool twin_is_item(const struct ast *node)
{
    if (ast_is_leaf(node) || node->kind == AST_NOT)
        return ast_is_leaf(node);
    for (size_t i = 0; i < node->kid_count; i++) {
        if (twin_is_item(node->kids[i]))
            return true;
    }
    return false;
}

static bool is_stop_word(const struct rewriting *r, const struct ast *node)
{
    bool stop = node->kind == AST_WORD && !node->required && !node->emphatic &&
                node->field == AST_ANY && node->term_count == 1 && node->whole.len == 0;

    for (size_t i = 0; i < r->langs; i++)
        stop = stop && stop_is(lang_number(str_of(twin_langs[i])), node->terms[0]);
    return stop && r->langs > 0;
}

/* Whether a kid of a group is a stop word that goes, since another item stays. */
static bool is_dropped(const struct rewriting *r, const struct ast *group, const struct ast *kid)
{
    if (group->kind != AST_GROUP || !is_stop_word(r, kid))
        return false;
    for (size_t i = 0; i < group->kid_count; i++) {
        if (twin_is_item(group->kids[i]) && !is_stop_word(r, group->kids[i]))
            return true;
    }
    return false;
}

static struct ast *copy(const struct rewriting *r, const struct ast *node)
{
    struct ast *made = arena_new(r->mem, sizeof(*made));

    assert_non_null(made);
    *made = *node;
    return made;
}

/* Three letters or more, none of them a digit. */
static bool says_something(struct sx_str term)
{
    size_t letters = 0;

    for (size_t i = 0; i < term.len; i++) {
        if (strchr("0123456789", term.ptr[i]) != NULL)
            return false;
        letters += ((unsigned char)term.ptr[i] & 0xc0) != 0x80;
    }
    return letters >= 3;
}

static bool is_compound(const struct ast *node)
{
    bool compound =
        node->kind == AST_WORD && !node->required && !node->paired && node->term_count > 1;

    for (size_t i = 0; compound && i < node->term_count; i++)
        compound = says_something(node->terms[i]);
    return compound;
}

static struct ast *one_term(const struct rewriting *r, const struct ast *word,
                            const struct sx_str *term)
{
    struct ast *made = copy(r, word);

    made->text = *term;
    made->terms = term;
    made->term_count = 1;
    made->span = 1;
    made->whole = str_make("", 0);
    return made;
}

/* The word as it is written, its parts, its whole; the word itself, where no part says more. */
static struct ast *compound_of(const struct rewriting *r, const struct ast *word)
{
    struct ast *made = copy(r, word);

    made->kind = AST_COMPOUND;
    made->kids = arena_array(r->mem, word->term_count + 2, sizeof(struct ast *));
    assert_non_null(made->kids);
    made->kids[made->kid_count++] = copy(r, word);
    for (size_t i = 0; i < word->term_count; i++) {
        struct ast *part = one_term(r, word, &word->terms[i]);
        if (!is_stop_word(r, part))
            made->kids[made->kid_count++] = part;
    }
    if (made->kid_count == 1)
        return made->kids[0];
    if (word->whole.len > 0)
        made->kids[made->kid_count++] = one_term(r, word, &word->whole);
    return made;
}

/* `beside`: it stands beside other items, or alone. */
static struct ast *rewritten(const struct rewriting *r, const struct ast *node, bool excluded,
                             bool beside)
{
    struct ast *made = copy(r, node);

    if (beside && !excluded && is_compound(node))
        return compound_of(r, node);
    made->kids = arena_array(r->mem, node->kid_count + 1, sizeof(struct ast *));
    made->kid_count = 0;
    assert_non_null(made->kids);
    for (size_t i = 0; i < node->kid_count; i++) {
        if (!is_dropped(r, node, node->kids[i]))
            made->kids[made->kid_count++] = rewritten(
                r, node->kids[i], excluded != (node->kind == AST_NOT), node->kind == AST_GROUP);
    }
    if (node->kind != AST_GROUP || made->kid_count > 1)
        return made;
    made->kids[0]->required = node->required;
    return made->kids[0];
}

struct ast *twin_rewrite(const struct ast *root, size_t langs, struct arena *mem)
{
    struct rewriting r = {langs, mem};

    return rewritten(&r, root, false, true);
}
