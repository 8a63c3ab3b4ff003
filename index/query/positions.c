/* Positions of a query's text. */
#include "index/query/positions.h"

#include <string.h>

#include "index/base/str.h"
#include "index/text/analyzer.h"

/* French, Italian and Catalan articles and the like, as they stand before an apostrophe. */
static const char *const elided[] = {"l",    "d",    "j",     "m",      "t",      "s",      "n",
                                     "c",    "qu",   "jusqu", "lorsqu", "puisqu", "quoiqu", "dell",
                                     "nell", "sull", "dall",  "all",    "un"};

struct reading {
    struct positions *p;
    struct sx_str text;
    size_t parts; /* of the word at the last position, so far */
    struct sx_str first;
};

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

static bool is_elided(struct sx_str part)
{
    for (size_t i = 0; i < sizeof(elided) / sizeof(elided[0]); i++)
        if (str_eq(part, str_of(elided[i])))
            return true;
    return false;
}

/* Whether an apostrophe of any make stands in front of byte `at`. */
static bool after_apostrophe(struct sx_str text, size_t at)
{
    static const char *const marks[] = {"'", "\u2019", "\u2018", "\u02bc", "\uff07"};

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        size_t len = strlen(marks[i]);
        if (at >= len && memcmp(text.ptr + at - len, marks[i], len) == 0)
            return true;
    }
    return false;
}

/* Of two parts with an apostrophe between them, one may be a mere sign of grammar. */
static sx_status note_part(struct reading *r, struct position *at, const struct token *t)
{
    struct sx_str term = arena_str(r->p->mem, t->term);

    if (term.ptr == NULL)
        return SX_ENOMEM;
    r->parts++;
    at->bare = str_make("", 0);
    if (r->parts == 1)
        r->first = term;
    else if (r->parts == 2 && after_apostrophe(r->text, t->start) && is_elided(r->first))
        at->bare = term;
    else if (r->parts == 2 && after_apostrophe(r->text, t->start) && str_eq(term, str_of("s")))
        at->bare = r->first;
    return SX_OK;
}

static int take(void *ctx, const struct token *t)
{
    struct reading *r = ctx;
    struct position *at = t->kind == TOKEN_WORD ? add(r->p) : &r->p->items[r->p->count - 1];
    struct sx_str *to;

    if (at == NULL)
        return ANALYZER_NOMEM;
    to = &at->word;
    switch (t->kind) {
    case TOKEN_WORD:
        at->start = t->start;
        at->end = t->end;
        r->parts = 0;
        break;
    case TOKEN_PART:
        return note_part(r, at, t) == SX_OK ? 0 : ANALYZER_NOMEM;
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
    *to = arena_str(r->p->mem, t->term);
    return to->ptr == NULL ? ANALYZER_NOMEM : 0;
}

sx_status positions_read(struct positions *p, struct analyzer *an, struct sx_str text,
                         struct arena *mem, struct sx_error *err)
{
    struct reading r = {.p = p, .text = text};

    *p = (struct positions){.mem = mem};
    return analyzer_run(an, text.ptr, text.len, take, &r) == 0 ? SX_OK : sx_fail_oom(err);
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
