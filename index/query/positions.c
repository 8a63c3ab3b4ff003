/* Positions of a query's text. */
#include "index/query/positions.h"

#include <string.h>
#include <strings.h>

#include "index/base/str.h"
#include "index/text/analyzer.h"

/* French, Italian and Catalan articles and the like, as they stand before an apostrophe. */
static const char *const elided[] = {"l",    "d",    "j",     "m",      "t",      "s",      "n",
                                     "c",    "qu",   "jusqu", "lorsqu", "puisqu", "quoiqu", "dell",
                                     "nell", "sull", "dall",  "all",    "un"};

static struct position *add(struct positions *p)
{
    if (p->count == p->cap) {
        size_t cap = p->cap == 0 ? 4 : p->cap * 2;
        struct position *grown = arena_array(p->mem, cap, sizeof(*grown));

        if (grown == NULL)
            return NULL;
        if (p->count > 0)
            memcpy(grown, p->items, p->count * sizeof(*grown));
        p->items = grown;
        p->cap = cap;
    }
    struct position *at = &p->items[p->count++];
    memset(at, 0, sizeof(*at));
    return at;
}

/* Bytes of the apostrophe, of any make, at the beginning of `s`; 0: there is none. */
static size_t apostrophe(struct sx_str s)
{
    static const char *const marks[] = {"'", "\u2019", "\u2018", "\u02bc", "\uff07"};

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        size_t len = strlen(marks[i]);
        if (s.len >= len && memcmp(s.ptr, marks[i], len) == 0)
            return len;
    }
    return 0;
}

static bool is_elided(struct sx_str s)
{
    for (size_t i = 0; i < sizeof(elided) / sizeof(elided[0]); i++)
        if (s.len == strlen(elided[i]) && strncasecmp(s.ptr, elided[i], s.len) == 0)
            return true;
    return false;
}

/* What a word with one apostrophe is without its sign of grammar; empty: it has none. 1990's is
 * no possessive. */
static struct sx_str without_sign(struct sx_str word)
{
    struct sx_str none = str_make("", 0);
    size_t at = 0, len = 0;

    for (size_t i = 0, found; i < word.len; i++) {
        found = apostrophe(str_make(word.ptr + i, word.len - i));
        if (found > 0 && len > 0)
            return none;
        if (found > 0) {
            at = i;
            len = found;
        }
    }
    struct sx_str left = str_make(word.ptr, at);
    struct sx_str right = str_make(word.ptr + at + len, word.len - at - len);
    if (len == 0 || left.len == 0)
        return none;
    if (is_elided(left))
        return right;
    bool digit = left.ptr[left.len - 1] >= '0' && left.ptr[left.len - 1] <= '9';
    return right.len == 1 && (right.ptr[0] | 0x20) == 's' && !digit ? left : none;
}

/* The only word of a text. */
struct lone {
    struct sx_str term;
    struct arena *mem;
    size_t words;
};

static int take_lone(void *ctx, const struct token *t)
{
    struct lone *l = ctx;

    if (t->kind != TOKEN_WORD)
        return 0;
    l->words++;
    l->term = arena_str(l->mem, t->term);
    return l->term.ptr == NULL ? ANALYZER_NOMEM : 0;
}

static int find_bare(struct positions *p, struct analyzer *an, struct sx_str text)
{
    int rc = 0;

    for (size_t i = 0; i < p->count && rc == 0; i++) {
        struct position *at = &p->items[i];
        struct sx_str rest = without_sign(str_make(text.ptr + at->start, at->end - at->start));
        struct lone l = {.mem = p->mem};

        if (rest.len > 0)
            rc = analyzer_run(an, rest.ptr, rest.len, take_lone, &l);
        if (l.words == 1)
            at->bare = l.term;
    }
    return rc;
}

static int take(void *ctx, const struct token *t)
{
    struct positions *p = ctx;
    struct position *at = t->kind == TOKEN_WORD ? add(p) : &p->items[p->count - 1];
    struct sx_str *to;

    if (at == NULL)
        return ANALYZER_NOMEM;
    to = &at->word;
    switch (t->kind) {
    case TOKEN_WORD:
        at->start = t->start;
        at->end = t->end;
        break;
    case TOKEN_PART:
        return 0;
    case TOKEN_PAIR:
        to = &at->pair;
        break;
    case TOKEN_DICT:
        at->dict_span = t->span;
        to = &at->dict;
        break;
    case TOKEN_WHOLE:
        at->whole_span = t->span;
        to = &at->whole;
        break;
    }
    *to = arena_str(p->mem, t->term);
    return to->ptr == NULL ? ANALYZER_NOMEM : 0;
}

sx_status positions_read(struct positions *p, struct analyzer *an, struct sx_str text,
                         struct arena *mem, struct sx_error *err)
{
    *p = (struct positions){.mem = mem};
    int rc = analyzer_run(an, text.ptr, text.len, take, p);
    if (rc == 0)
        rc = find_bare(p, an, text);
    return rc == 0 ? SX_OK : sx_fail_oom(err);
}

bool positions_in_run(const struct positions *p, size_t i)
{
    return p->items[i].pair.len > 0 || (i > 0 && p->items[i - 1].pair.len > 0);
}

size_t positions_unit(const struct positions *p, size_t i)
{
    const struct position *at = &p->items[i];
    size_t unit = at->whole.len > 0 ? at->whole_span : 1;

    if (at->dict.len > 0)
        unit = at->dict_span;
    /* Several positions of one sign (U+3300) cannot be told apart in the text. */
    while (i + unit < p->count && p->items[i + unit].start < p->items[i + unit - 1].end)
        unit++;
    return unit;
}

size_t positions_terms(const struct positions *p, struct sx_str *out)
{
    size_t count = 0;

    for (size_t i = 0; i < p->count; i++) {
        const struct position *at = &p->items[i];

        if (at->pair.len > 0)
            out[count++] = at->pair;
        else if (i > 0 && i + 1 == p->count && p->items[i - 1].pair.len > 0)
            break; /* the pair before says it */
        else
            out[count++] = at->whole.len > 0 && at->whole_span == 1 ? at->whole : at->word;
    }
    return count;
}
