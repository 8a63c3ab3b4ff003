/* Trees that mean the same, whatever was written and where; and what is in a tree. */
#include "index/query/ast.h"

#include "index/base/str.h"

static bool terms_equal(const struct ast *a, const struct ast *b)
{
    if (a->term_count != b->term_count)
        return false;
    for (size_t i = 0; i < a->term_count; i++) {
        if (!str_eq(a->terms[i], b->terms[i]))
            return false;
    }
    return a->paired == b->paired && str_eq(a->whole, b->whole);
}

static bool filters_equal(const struct ast *a, const struct ast *b)
{
    if (a->filter != b->filter)
        return false;
    switch (a->filter) {
    case AST_SOURCE:
        return terms_equal(a, b);
    case AST_DATE:
        return a->date_lo == b->date_lo && a->date_hi == b->date_hi;
    case AST_LANG:
    case AST_TYPE:
        break;
    }
    return str_eq(a->text, b->text);
}

static bool kids_equal(const struct ast *a, const struct ast *b)
{
    if (a->kid_count != b->kid_count)
        return false;
    for (size_t i = 0; i < a->kid_count; i++) {
        if (!ast_equal(a->kids[i], b->kids[i]))
            return false;
    }
    return true;
}

bool ast_equal(const struct ast *a, const struct ast *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->kind != b->kind || a->required != b->required)
        return false;
    switch (a->kind) {
    case AST_WORD:
    case AST_PHRASE:
    case AST_PREFIX:
    case AST_FUZZY:
        return a->edits == b->edits && a->field == b->field && a->emphatic == b->emphatic &&
               terms_equal(a, b);
    case AST_FILTER:
        return filters_equal(a, b);
    case AST_NEAR:
        if (a->distance != b->distance)
            return false;
        break;
    case AST_AND:
    case AST_OR:
    case AST_NOT:
    case AST_GROUP:
    case AST_COMPOUND:
        break;
    }
    return kids_equal(a, b);
}

bool ast_has(const struct ast *root, enum ast_kind kind)
{
    if (root->kind == kind)
        return true;
    for (size_t i = 0; i < root->kid_count; i++) {
        if (ast_has(root->kids[i], kind))
            return true;
    }
    return false;
}
