/* Chains of words. */
#include "index/text/chain.h"

#include <string.h>

#include "index/base/utf8.h"

enum chain_joint chain_joint_at(const char *text, size_t len, uint32_t end, uint32_t *next)
{
    const unsigned char *p = (const unsigned char *)text + end;
    size_t left = len - end, size = 1;

    if (left < 2)
        return CHAIN_NONE;
    if (p[0] == 0xE2) {
        if (left < 4 || p[1] != 0x80 || (p[2] != 0x90 && p[2] != 0x91)) /* U+2010, U+2011 */
            return CHAIN_NONE;
        size = 3;
    } else if (p[0] != '-' && p[0] != '&') {
        return CHAIN_NONE;
    }
    unsigned char after = p[size];
    unsigned char lower = after | 0x20;
    *next = end + (uint32_t)size;
    if (after < 0x80 && !(lower >= 'a' && lower <= 'z') && !(after >= '0' && after <= '9') &&
        after != '_')
        return CHAIN_NONE;
    return p[0] == '&' ? CHAIN_AMPERSAND : CHAIN_HYPHEN;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static bool has_letter(struct sx_str term)
{
    for (size_t i = 0; i < term.len; i++) {
        unsigned char c = (unsigned char)term.ptr[i];
        if (c >= 0x80 || (c >= 'a' && c <= 'z'))
            return true;
    }
    return false;
}

/* Makes the token of the whole in `term`; false: it has none. */
static bool make_whole(const struct chain *c, char term[TERM_MAX], struct token *whole)
{
    size_t len = 0;
    bool letter = false;

    *whole = (struct token){.kind = TOKEN_WHOLE, .start = c->tokens[0].start};
    for (size_t i = 0; i < c->count; i++) {
        const struct token *t = &c->tokens[i];
        if (t->kind != TOKEN_WORD)
            continue;
        if (len + 1 + t->term.len > TERM_MAX)
            return false;
        if (c->joint == CHAIN_AMPERSAND && whole->span > 0)
            term[len++] = '&';
        memcpy(term + len, t->term.ptr, t->term.len);
        len += t->term.len;
        letter = letter || has_letter(t->term);
        whole->end = t->end;
        whole->span++;
    }
    if (c->joint == CHAIN_AMPERSAND && c->possessive)
        len--; /* a name has none: AT&T's is at&t */
    whole->term = (struct sx_str){term, len};
    return letter && whole->span >= 2 && (c->joint == CHAIN_HYPHEN || whole->span == 2);
}

/* Tells what was held back, with the whole behind the first word. */
static int release(struct chain *c, bool complete, const struct sink *to)
{
    char term[TERM_MAX];
    struct token whole;
    bool due = complete && make_whole(c, term, &whole);
    int rc = 0;

    for (size_t i = 0; i < c->count && rc == 0; i++) {
        if (due && i > 0 && c->tokens[i].kind == TOKEN_WORD) {
            due = false;
            rc = sink_put(to, &whole);
        }
        if (rc == 0)
            rc = sink_put(to, &c->tokens[i]);
    }
    c->count = c->used = 0;
    return rc;
}

/* ---- words, one after another -------------------------------------------------------------- */

int chain_finish(struct chain *c, const struct sink *to)
{
    int rc = c->joint == CHAIN_NONE ? 0 : release(c, !c->told, to);

    c->joint = CHAIN_NONE;
    c->told = false;
    return rc;
}

int chain_enter(struct chain *c, uint32_t start, enum chain_joint joint, const struct sink *to)
{
    int rc = 0;

    if (c->joint != CHAIN_NONE && start != c->next)
        rc = chain_finish(c, to);
    if (c->joint == CHAIN_NONE) {
        c->joint = joint;
        c->words = 1;
    } else if (++c->words > CHAIN_WORDS_MAX && !c->told) {
        c->told = true;
        rc = release(c, false, to);
    }
    return rc;
}

int chain_leave(struct chain *c, enum chain_joint joint, uint32_t next, const struct sink *to)
{
    c->next = next;
    return joint == c->joint ? 0 : chain_finish(c, to);
}

int chain_put(struct chain *c, const struct token *t, const struct sink *to)
{
    if (c->joint == CHAIN_NONE || c->told)
        return sink_put(to, t);
    if (c->count == CHAIN_TOKENS_MAX || c->used + t->term.len > CHAIN_BYTES_MAX) {
        int rc = release(c, false, to);
        c->told = true;
        return rc == 0 ? sink_put(to, t) : rc;
    }
    c->possessive = c->possessive && t->kind != TOKEN_WORD;
    struct token *held = &c->tokens[c->count++];
    *held = *t;
    held->term.ptr = c->terms + c->used;
    memcpy(c->terms + c->used, t->term.ptr, t->term.len);
    c->used += t->term.len;
    return 0;
}
