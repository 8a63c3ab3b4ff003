/* What is copied from a stored text and quoted finds that text, whatever it is written in, and so
 * does a run of characters that is not quoted; as it was printed, each finds the same. And the
 * index agrees with its texts after every kind of change.
 *
 * A copy begins where a position begins and ends where one ends: at words, at what stands between
 * hyphens, at clusters of a script without spaces; or at either end it is cut at white space.
 * Other cuts are none:
 * - inside a position, a piece of a word is another word (ode.j of node.js), or none at all;
 * - between a position and the white space behind it, what is left out may have meant something
 *   (C++11 is no C++).
 * Within the copy, a straight quote is a space in a query, for quoting has no escape; but where it
 * abbreviates a Hebrew word, the query takes it as it is.
 *
 * SEARCHD_SEED runs a printed seed again; SEARCHD_COPIES says how many copies to look for. */
#include "index/base/arena.h"
#include "index/base/buf.h"
#include "index/base/utf8.h"
#include "index/text/analyzer.h"
#include "tests/property/gen.h"
#include "tests/search/words.h"
#include "tests/search/world.h"

#define DOCS 60           /* uris in an index */
#define WORDS_MAX 60      /* words of a text */
#define COPY_SPANS_MAX 25 /* positions of a copy */
#define SPANS_MAX 4096    /* positions of a text that copies are taken from */

struct text {
    const char *title, *body; /* body NULL: the document is not there */
};

struct span {
    uint32_t start, end; /* of a position */
};

struct corpus {
    struct world w;
    struct gen g;
    struct analyzer *an;
    struct text now[DOCS], committed[DOCS]; /* strings of `now` may be shared with `committed` */
    struct arena mem;                       /* of all strings */
    struct span spans[SPANS_MAX];
    size_t span_count;
    size_t copies, unquoted, checks, puts, replaces, deletes, rollbacks, reopens, merges;
};

/* ---- texts --------------------------------------------------------------------------------- */

static const char *separator(struct gen *g, bool spaced)
{
    static const char *const rare[] = {
        ", ",     ". ",  "\n", "-",  "/",      " - ",    "; ",     " (",     ") ",     "'",
        " \"",    "\" ", "…",  "\t", "、",     "。",     "·",      "\u200B", "\u00A0", ":",
        "\u2011", " — ", "_",  "&",  "።",      "،",      "\u3000", "",       "",       "++",
        "#",      "@",   ".",  "’",  "\u0301", "\u200D", "\u00AD"};

    if (gen_one_in(g, spaced ? 4 : 8))
        return rare[gen_below(g, sizeof(rare) / sizeof(rare[0]))];
    return spaced ? " " : "";
}

/* Mostly of one list, with words of others in between. */
static const char *make_text(struct corpus *c, size_t words)
{
    struct gen *g = &c->g;
    const struct word_list *home = &word_lists[gen_below(g, word_list_count)];
    struct buf b = {0};

    for (size_t i = 0; i < words; i++) {
        const struct word_list *list = home;
        if (gen_one_in(g, 6))
            list = &word_lists[gen_below(g, word_list_count)];
        buf_puts(&b, list->words[gen_below(g, list->count)]);
        buf_puts(&b, separator(g, list->spaced));
    }
    assert_true(buf_ok(&b));
    struct sx_str text = arena_str(&c->mem, b.len == 0 ? str_of("") : buf_str(&b));
    assert_non_null(text.ptr);
    buf_release(&b);
    return text.ptr;
}

/* ---- copies -------------------------------------------------------------------------------- */

static int add_span(void *ctx, const struct token *t)
{
    struct corpus *c = ctx;

    if (t->kind == TOKEN_WORD && c->span_count < SPANS_MAX)
        c->spans[c->span_count++] = (struct span){t->start, t->end};
    return 0;
}

static bool is_white(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

/* Cuts at white space instead, where some is left and right of the copy before other words. */
static void widen(const struct corpus *c, const char *text, size_t from, size_t to,
                  struct span *copy)
{
    uint32_t low = from == 0 ? 0 : c->spans[from - 1].end;
    uint32_t high = to + 1 == c->span_count ? (uint32_t)strlen(text) : c->spans[to + 1].start;
    uint32_t start = copy->start, end = copy->end;

    while (start > low && !is_white(text[start - 1]))
        start--;
    if (start == 0 || (start > low && is_white(text[start - 1])))
        copy->start = start;
    while (end < high && !is_white(text[end]))
        end++;
    if (text[end] == '\0' || (end < high && is_white(text[end])))
        copy->end = end;
}

/* U+05D0 to U+05EA, as two bytes. */
static bool is_hebrew(const char *p)
{
    return (unsigned char)p[0] == 0xD7 && (unsigned char)p[1] >= 0x90 &&
           (unsigned char)p[1] <= 0xAA;
}

/* Whether the copy is one run of characters in a query, none of which is a sign there. */
static bool is_plain(const char *text, struct span copy)
{
    static const char *const signs[] = {" ", "\n", "\t", "\"",     "(",
                                        ")", "*",  ":",  "\u00A0", "\u3000"};
    struct sx_str s = {text + copy.start, copy.end - copy.start};

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (memmem(s.ptr, s.len, signs[i], strlen(signs[i])) != NULL)
            return false;
    return s.ptr[0] != '-' && s.ptr[0] != '+';
}

static void quote(const char *text, struct span copy, struct buf *out)
{
    buf_clear(out);
    buf_putc(out, '"');
    for (uint32_t i = copy.start; i < copy.end; i++) {
        bool within = i >= copy.start + 2 && i + 2 < copy.end;
        bool gershayim = within && is_hebrew(text + i - 2) && is_hebrew(text + i + 1);
        buf_putc(out, text[i] == '"' && !gershayim ? ' ' : text[i]);
    }
    buf_putc(out, '"');
    assert_true(buf_ok(out));
}

/* Looks for a copy of `text`, which document `number` has as its title or body. */
static void check_copy(struct corpus *c, size_t number, const char *text)
{
    struct buf query = {0};

    c->span_count = 0;
    assert_int_equal(analyzer_run(c->an, text, strlen(text), add_span, c), 0);
    if (c->span_count == 0)
        return;
    size_t from = gen_below(&c->g, c->span_count);
    size_t left = c->span_count - from;
    size_t to = from + gen_below(&c->g, left < COPY_SPANS_MAX ? left : COPY_SPANS_MAX);
    struct span copy = {c->spans[from].start, c->spans[to].end};
    if (gen_one_in(&c->g, 2))
        widen(c, text, from, to, &copy);
    if (is_plain(text, copy) && gen_one_in(&c->g, 2)) {
        buf_put(&query, text + copy.start, copy.end - copy.start);
        c->unquoted++;
    } else {
        quote(text, copy, &query);
    }
    struct sx_results *res = world_search(&c->w, buf_str(&query), DOCS, 0);
    struct sx_results *again = world_search(&c->w, res->parsed, DOCS, 0);
    if (world_hit(res, number) == NULL)
        fail_msg("%.*s (bytes %u to %u) does not find its text: %s", (int)query.len, query.data,
                 copy.start, copy.end, text);
    if (again->total != res->total)
        fail_msg("%.*s finds %llu texts, as it was printed %llu: %.*s", (int)query.len, query.data,
                 (unsigned long long)res->total, (unsigned long long)again->total,
                 (int)res->parsed.len, res->parsed.ptr);
    c->copies++;
    sx_results_free(again);
    sx_results_free(res);
    buf_release(&query);
}

static void check_copies(struct corpus *c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t number = gen_below(&c->g, DOCS);
        const struct text *t = &c->committed[number];
        if (t->body != NULL)
            check_copy(c, number, gen_one_in(&c->g, 6) ? t->title : t->body);
    }
}

/* ---- changes ------------------------------------------------------------------------------- */

static void put(struct corpus *c)
{
    size_t number = gen_below(&c->g, DOCS);
    struct text *t = &c->now[number];

    c->replaces += t->body != NULL;
    c->puts += t->body == NULL;
    t->title = make_text(c, gen_below(&c->g, 8));
    t->body = make_text(c, gen_below(&c->g, WORDS_MAX));
    world_put(&c->w, number, str_of(t->title), str_of(t->body));
}

static void delete_one(struct corpus *c)
{
    size_t number = gen_below(&c->g, DOCS);
    size_t deleted = 9;
    char uri[24];
    struct sx_error err = {0};

    snprintf(uri, sizeof(uri), "%zu", number);
    must(sx_index_delete_uri(c->w.ix, str_of(uri), &deleted, &err), &err);
    assert_int_equal(deleted, c->now[number].body != NULL);
    c->now[number] = (struct text){0};
    c->deletes += deleted;
}

static void check_index(struct corpus *c, const char *after)
{
    struct sx_error err = {0};
    sx_status rc = sx_index_check(c->w.ix, &err);

    if (rc != SX_OK)
        fail_msg("after %s: %s: %s", after, sx_status_name(rc), err.msg);
    c->checks++;
}

static void commit(struct corpus *c, const char *what)
{
    world_commit(&c->w);
    memcpy(c->committed, c->now, sizeof(c->now));
    check_index(c, what);
}

static void forget(struct corpus *c, bool reopen)
{
    if (reopen) {
        world_reopen(&c->w);
        c->reopens++;
    } else {
        sx_index_rollback(c->w.ix);
        c->rollbacks++;
    }
    memcpy(c->now, c->committed, sizeof(c->now));
    check_index(c, reopen ? "reopening" : "rolling back");
}

/* One transaction of one kind of change, or of both, then a look at all that was copied. */
static void one_round(struct corpus *c)
{
    size_t puts = gen_one_in(&c->g, 4) ? 0 : gen_below(&c->g, 12);
    size_t deletes = gen_one_in(&c->g, 2) ? 0 : gen_below(&c->g, 6);

    for (size_t i = 0; i < puts; i++)
        put(c);
    for (size_t i = 0; i < deletes; i++)
        delete_one(c);
    if (gen_one_in(&c->g, 8))
        forget(c, gen_one_in(&c->g, 2));
    else
        commit(c, deletes == 0 ? "puts" : puts == 0 ? "deletes" : "puts and deletes");
    if (gen_one_in(&c->g, 5)) {
        world_maintain(&c->w);
        c->merges++;
        check_index(c, "merging");
    }
    check_copies(c, 100);
}

static void one_corpus(struct corpus *c, uint64_t seed, size_t copies)
{
    static const char *const languages[] = {"en", "fr", "ru", "ko"};
    size_t until = c->copies + copies;

    gen_init(&c->g, seed, DOCS);
    memset(c->now, 0, sizeof(c->now));
    memset(c->committed, 0, sizeof(c->committed));
    world_open(&c->w, languages, gen_one_in(&c->g, 2) ? 4 : 0);
    for (size_t i = 0; i < DOCS; i++)
        put(c);
    commit(c, "the first puts");
    while (c->copies < until)
        one_round(c);
    world_close(&c->w);
    arena_release(&c->mem);
}

static void copied_words_find_their_text(void **state)
{
    static struct corpus c;
    uint64_t seed = gen_seed();
    size_t copies = gen_env("SEARCHD_COPIES", 6000);

    (void)state;
    c.an = analyzer_new();
    assert_non_null(c.an);
    for (uint64_t n = 0; c.copies < copies; n++)
        one_corpus(&c, seed + n * 1000003, 1500);
    analyzer_free(c.an);
    print_message("%zu copies found, %zu of them not quoted; %zu puts, %zu of them replacing, %zu "
                  "deletes, %zu rollbacks, "
                  "%zu reopens, %zu merges, %zu checks\n",
                  c.copies, c.unquoted, c.puts + c.replaces, c.replaces, c.deletes, c.rollbacks,
                  c.reopens, c.merges, c.checks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copied_words_find_their_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
