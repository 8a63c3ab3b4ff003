/* Any bytes at all to the analyzer: tokens must lie in the text, in order, on code points, and
 * hold a term that the index can store. Also the lower case, which must change no term. */
#include "index/text/analyzer.h"

#include <stdlib.h>
#include <string.h>

#include "index/base/buf.h"
#include "index/base/utf8.h"

/* libFuzzer declares it nowhere. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct check {
    const char *text;
    size_t len;
    uint32_t start, end; /* of the token before */
    struct buf terms;    /* each ended by NUL */
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

static int see(void *ctx, const struct token *t)
{
    struct check *c = ctx;

    require(t->start < t->end && t->end <= c->len);
    require((t->start == c->start && t->end == c->end) || t->start >= c->end);
    require(on_edge(c, t->start) && on_edge(c, t->end));
    require(t->term.len > 0 && t->term.len <= TERM_MAX);
    require(utf8_check(t->term.ptr, t->term.len) == t->term.len);
    for (size_t i = 0; i < t->term.len; i++)
        require((unsigned char)t->term.ptr[i] >= 0x20);
    c->start = t->start;
    c->end = t->end;
    buf_put(&c->terms, t->term.ptr, t->term.len);
    buf_putc(&c->terms, '\0');
    return 0;
}

static void run(struct analyzer *a, struct check *c)
{
    require(analyzer_run(a, c->text, c->len, see, c) == 0);
    require(buf_ok(&c->terms));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static struct analyzer *analyzer;

    if (analyzer == NULL)
        analyzer = analyzer_new();
    require(analyzer != NULL);
    struct check plain = {.text = (const char *)data, .len = size};
    run(analyzer, &plain);

    struct buf text = {0};
    analyzer_lower((const char *)data, size, &text);
    require(buf_ok(&text));
    struct check lower = {.text = text.data, .len = text.len};
    run(analyzer, &lower);
    require(plain.terms.len == lower.terms.len);
    require(plain.terms.len == 0 ||
            memcmp(plain.terms.data, lower.terms.data, plain.terms.len) == 0);
    buf_release(&text);
    buf_release(&plain.terms);
    buf_release(&lower.terms);
    return 0;
}
