/* Any bytes at all to the analyzer: tokens must lie in the text, in order, on code points, span no
 * more positions than there are, and hold a term that the index can store; a second time they must
 * be the same, and so in lower case but for the parts that capitals set off. Skimmed, it has as
 * many positions, and each token that is wanted. */
#include "index/text/analyzer.h"

#include <stdlib.h>
#include <string.h>

#include "index/base/buf.h"
#include "index/base/hash.h"
#include "index/base/utf8.h"

/* libFuzzer declares it nowhere. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct check {
    const char *text;
    size_t len;
    uint32_t start, end; /* of the last word */
    size_t positions;    /* so far */
    size_t reach;        /* the position behind the last that a span covers */
    struct buf terms;    /* but parts, which hang on capitals; each ended by NUL */
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Whether `at` stands at the edge of a code point or of a bad byte. */
static bool on_edge(const struct check *c, uint32_t at)
{
    size_t floor = utf8_floor(c->text, c->len, at), size;

    if (floor == at)
        return true;
    utf8_next(c->text + floor, c->len - floor, &size);
    return floor + size <= at;
}

static void see_place(struct check *c, const struct token *t)
{
    require(t->start < t->end && t->end <= c->len);
    require(on_edge(c, t->start) && on_edge(c, t->end));
    require(t->span >= 1);
    if (t->kind == TOKEN_WORD) {
        require((t->start == c->start && t->end == c->end) || t->start >= c->end);
        require(t->span == 1);
        c->start = t->start;
        c->end = t->end;
        c->positions++;
        return;
    }
    require(c->positions > 0 && t->start >= c->start);
    require(t->kind != TOKEN_PART || (t->span == 1 && t->end <= c->end));
    require(t->kind != TOKEN_PAIR || t->span == 2);
    require(t->kind != TOKEN_DICT || t->span >= 2);
    if (c->positions - 1 + t->span > c->reach)
        c->reach = c->positions - 1 + t->span;
}

static int see(void *ctx, const struct token *t)
{
    struct check *c = ctx;
    size_t len = t->term.len - (t->kind == TOKEN_DICT);

    see_place(c, t);
    require(len > 0 && t->term.len <= TERM_MAX);
    require(utf8_check(t->term.ptr, len) == len);
    for (size_t i = 0; i < len; i++)
        require((unsigned char)t->term.ptr[i] > 0x20);
    if (t->kind == TOKEN_DICT)
        require(t->term.ptr[len] == DICT_MARK);
    if (t->kind != TOKEN_PART) {
        buf_put(&c->terms, t->term.ptr, t->term.len);
        buf_putc(&c->terms, '\0');
    }
    return 0;
}

static void run(struct analyzer *a, struct check *c)
{
    require(analyzer_run(a, c->text, c->len, see, c) == 0);
    require(buf_ok(&c->terms) && c->reach <= c->positions);
}

static bool same_terms(const struct check *a, const struct check *b)
{
    return a->terms.len == b->terms.len &&
           (a->terms.len == 0 || memcmp(a->terms.data, b->terms.data, a->terms.len) == 0);
}

/* ---- skimming ---------------------------------------------------------------------------------- */

struct skim {
    const struct wanted_terms *wanted;
    uint64_t words, left_out, sum; /* of what is wanted: what, where, and in which order */
};

static int see_skimmed(void *ctx, const struct token *t)
{
    struct skim *s = ctx;

    s->words += t->kind == TOKEN_WORD;
    if ((s->wanted->lengths[(unsigned char)t->term.ptr[0]] & wanted_length(t->term.len)) == 0)
        return 0;
    uint64_t parts[] = {
        s->sum, s->words + s->left_out, hash_bytes(t->term.ptr, t->term.len), t->kind, t->start,
        t->end};
    s->sum = hash_bytes(parts, sizeof(parts));
    return 0;
}

/* What is wanted hangs on the text. */
static void skim(struct analyzer *a, const char *text, size_t len)
{
    struct wanted_terms wanted = {0};
    struct skim all = {.wanted = &wanted}, some = {.wanted = &wanted};

    for (size_t i = 0; i + 1 < len && i < 8; i++)
        wanted.lengths[(unsigned char)text[i]] |= wanted_length((unsigned char)text[i + 1] % 16);
    require(analyzer_run(a, text, len, see_skimmed, &all) == 0);
    require(analyzer_skim(a, text, len, &wanted, &some.left_out, see_skimmed, &some) == 0);
    require(all.words == some.words + some.left_out && all.sum == some.sum);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static struct analyzer *analyzer;

    if (analyzer == NULL)
        analyzer = analyzer_new();
    require(analyzer != NULL);
    struct check plain = {.text = (const char *)data, .len = size};
    struct check again = {.text = (const char *)data, .len = size};
    run(analyzer, &plain);
    run(analyzer, &again);
    require(same_terms(&plain, &again));
    buf_release(&again.terms);
    skim(analyzer, (const char *)data, size);

    struct buf text = {0};
    analyzer_lower((const char *)data, size, &text);
    require(buf_ok(&text));
    struct check lower = {.text = text.data, .len = text.len};
    run(analyzer, &lower);
    require(same_terms(&plain, &lower));
    buf_release(&text);
    buf_release(&plain.terms);
    buf_release(&lower.terms);
    return 0;
}
