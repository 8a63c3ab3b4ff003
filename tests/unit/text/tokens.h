/* The tokens of a text, kept, and printed as the tests write them down. */
#ifndef TESTS_TOKENS_H
#define TESTS_TOKENS_H

#include <string.h>

#include "index/base/buf.h"
#include "index/text/analyzer.h"
#include "tests/support/support.h"

#define TOKENS_MAX 16384

struct tokens {
    size_t count, bytes;
    struct kept {
        uint32_t start, end, span;
        enum token_kind kind;
        size_t term, len; /* in `terms` */
    } at[TOKENS_MAX];
    char terms[1 << 18];
};

static inline int tokens_keep(void *ctx, const struct token *t)
{
    struct tokens *to = ctx;

    assert_true(to->count < TOKENS_MAX && to->bytes + t->term.len <= sizeof(to->terms));
    to->at[to->count++] = (struct kept){t->start, t->end, t->span, t->kind, to->bytes, t->term.len};
    memcpy(to->terms + to->bytes, t->term.ptr, t->term.len);
    to->bytes += t->term.len;
    return 0;
}

static inline void tokens_read(struct tokens *out, struct analyzer *a, const char *text, size_t len)
{
    out->count = out->bytes = 0;
    assert_int_equal(analyzer_run(a, text, len, tokens_keep, out), 0);
}

/* Without the mark that ends a dictionary word. */
static inline struct sx_str tokens_term(const struct tokens *t, size_t i)
{
    const struct kept *k = &t->at[i];

    return (struct sx_str){t->terms + k->term, k->len - (k->kind == TOKEN_DICT)};
}

/* Leaves out tokens of one kind. */
static inline void tokens_drop(struct tokens *t, enum token_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < t->count; i++) {
        if (t->at[i].kind != kind)
            t->at[n++] = t->at[i];
    }
    t->count = n;
}

static inline bool tokens_same_terms(const struct tokens *a, const struct tokens *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct kept *k = &a->at[i], *l = &b->at[i];
        if (k->len != l->len || k->kind != l->kind || k->span != l->span ||
            memcmp(a->terms + k->term, b->terms + l->term, k->len) != 0)
            return false;
    }
    return true;
}

static inline bool tokens_same(const struct tokens *a, const struct tokens *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (a->at[i].start != b->at[i].start || a->at[i].end != b->at[i].end)
            return false;
    }
    return tokens_same_terms(a, b);
}

#endif
