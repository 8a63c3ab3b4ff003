/* Random documents and queries. */
#include "tests/property/gen.h"

#include <time.h>

#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/base/utf8.h"
#include "tests/support/support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Words that begin alike, fold alike, split, or come in scripts with rules of their own. */
static const char *const all_words[] = {
    "tank",     "tanks",    "tan",       "Tank",
    "TANKER",   "water",    "waterfall", "unit",
    "Unit",     "8200",     "82",        "3.14",
    "foo-bar",  "foo",      "bar",       "don't",
    "C++",      "AT&T",     "node.js",   "user@example.com",
    "Straße",   "STRASSE",  "café",      "cafe\xcc\x81",
    "cafe",     "naïve",    "Ærø",       "İstanbul",
    "istanbul", "ﬁsh",      "fish",      "co\xc2\xadop",
    "coop",     "Москва",   "москвы",    "ёлка",
    "елка",     "हिन्दी",    "हिन्द",      "भाषा",
    "צה\"ל",    "צהל",      "דובר",      "שלום",
    "الكتاب",   "كتاب",     "كتابٌ",      "中文",
    "中文搜索", "搜索引擎", "東京都",    "とうきょう",
    "カタカナ", "ภาษาไทย",  "ไทย",       "한국어",
    "ﷺ",        "Ἀθῆναι",   "αθηναι",    "😀",
    "a",        "the",      "and",       "x",
    "and",      "_",        "ａｂｃ",    "abc",
    "½",        "²",        "layer",     "boundary",
    "player",   "harbour",  "harbor",    "boundary-layer",
    "tanker",   "tank-the", "and-the",   "boundarylayer",
    "kettős",   "kettos",   "lay-er",    "parseHttpRequest",
};

static const char *const absent_words[] = {"zebra", "qqq", "зебра", "斑馬", "zz-top", "zeb"};

static const char *const gaps[] = {" ",
                                   " ",
                                   " ",
                                   " ",
                                   ", ",
                                   ".\n",
                                   " - ",
                                   "  ",
                                   "; ",
                                   "/",
                                   "\xe2\x80\x9c",
                                   " \"",
                                   "-",
                                   "'",
                                   "\xe2\x80\xa6 "};

static const char *const sources[] = {"The Guardian",
                                      "guardian",
                                      "the GUARDIAN weekly",
                                      "Haaretz \xd7\x94\xd7\x90\xd7\xa8\xd7\xa5",
                                      "",
                                      "Guardian, The",
                                      "中文",
                                      "..."};
static const char *const langs[] = {"en", "en-GB", "de", "EN", "zh-Hant", "hi"};
static const char *const types[] = {"text", "html", "PDF", "pdf", "markdown"};
static const char *const dates[] = {
    "2025",
    "2025-08",
    "2025-08-15",
    "2025-08-15T10:00",
    "2025-08-15T10:00:00+02:00",
    "2025-08-15 08:00:00Z",
    "2025-09-01",
    "2024-02-29",
    "0001",
    "9999-12-31",
    "1969-12-31T23:59:59",
    "1970",
    "2025-08-31T23:59:59.999",
    "2026-11-20",
};
static const char *const date_filters[] = {
    "2025",
    "2025-08",
    "2025-08-15",
    "2025-08-15T10:00",
    "2025-08-15T08:00:00Z",
    "2024..2025",
    "2025-08..2025-09",
    "2025-08-15..",
    "..2025-08-14",
    "..",
    "0001..9999",
    "1969..1970",
    "30d",
    "2w",
    "18m",
    "3y",
    "1970..",
    "..1969-12-31",
    "\"2025-08-15 10:00\"",
    "2025-08-31..2025-09-01",
};

size_t gen_env(const char *name, size_t otherwise)
{
    const char *value = getenv(name);

    return value == NULL || *value == '\0' ? otherwise : (size_t)strtoull(value, NULL, 10);
}

uint64_t gen_seed(void)
{
    uint64_t seed =
        gen_env("SEARCHD_SEED", (size_t)(clock_now_ns() ^ (uint64_t)clock_wall() << 20));

    print_message("SEARCHD_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t next(struct gen *g)
{
    uint64_t z = g->state += 0x9e3779b97f4a7c15U;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

size_t gen_below(struct gen *g, size_t n)
{
    return (size_t)(next(g) % n);
}

bool gen_one_in(struct gen *g, size_t n)
{
    return gen_below(g, n) == 0;
}

void gen_init(struct gen *g, uint64_t seed, size_t uris)
{
    g->state = seed;
    g->uris = uris;
    g->words_max = 151;
    g->word_count = 4 + gen_below(g, GEN_WORDS_MAX - 3);
    for (size_t i = 0; i < g->word_count; i++)
        g->words[i] = all_words[gen_below(g, COUNT(all_words))];
}

/* The first of the corpus' words come more often than the last. */
static const char *word(struct gen *g)
{
    return g->words[gen_below(g, 1 + gen_below(g, g->word_count))];
}

static struct sx_str text(struct gen *g, size_t words, struct arena *mem)
{
    struct buf b = {0};
    struct sx_str out;

    for (size_t i = 0; i < words; i++) {
        buf_puts(&b, i == 0 && !gen_one_in(g, 20) ? "" : gaps[gen_below(g, COUNT(gaps))]);
        if (gen_one_in(g, 300)) {
            for (size_t n = 0; n < 150; n++)
                buf_puts(&b, "жa"); /* longer than a term can be */
        } else {
            buf_puts(&b, word(g));
        }
    }
    out = arena_str(mem, b.data == NULL ? str_of("") : buf_str(&b));
    assert_true(buf_ok(&b) && out.ptr != NULL);
    buf_release(&b);
    return out;
}

struct sx_str gen_uri(struct gen *g, struct arena *mem)
{
    char uri[64];

    snprintf(uri, sizeof(uri), gen_one_in(g, 2) ? "u:%zu" : "file:///é/%zu", gen_below(g, g->uris));
    struct sx_str out = arena_str(mem, str_of(uri));
    assert_non_null(out.ptr);
    return out;
}

static struct sx_str maybe(struct gen *g, const char *const *table, size_t n)
{
    return gen_one_in(g, 4) ? str_of(NULL) : str_of(table[gen_below(g, n)]);
}

struct sx_doc gen_doc(struct gen *g, struct arena *mem)
{
    static const size_t lengths[] = {0, 1, 2, 5, 5, 10, 20, 40, 150};
    struct sx_doc d = {0};

    d.uri = gen_uri(g, mem);
    if (!gen_one_in(g, 4))
        d.title = text(g, gen_below(g, 5), mem);
    size_t length = lengths[gen_below(g, COUNT(lengths))];
    d.body = text(g, length < g->words_max ? length : gen_below(g, g->words_max), mem);
    d.source = maybe(g, sources, COUNT(sources));
    d.date = maybe(g, dates, COUNT(dates));
    d.lang = maybe(g, langs, COUNT(langs));
    d.type = maybe(g, types, COUNT(types));
    if (gen_one_in(g, 5))
        d.extra = str_of("{\"k\":[1,2]}");
    return d;
}

/* ---- queries ------------------------------------------------------------------------------- */

static void put_word(struct gen *g, struct buf *out)
{
    buf_puts(out, gen_one_in(g, 15) ? absent_words[gen_below(g, COUNT(absent_words))] : word(g));
}

static void put_prefix(struct gen *g, struct buf *out)
{
    struct sx_str w = str_of(gen_one_in(g, 15) ? "zeb" : word(g));
    size_t end = 0, size;

    for (size_t n = 1 + gen_below(g, 6); n > 0 && end < w.len; n--) {
        utf8_next(w.ptr + end, w.len - end, &size);
        end += size;
    }
    if (gen_one_in(g, 6)) {
        put_word(g, out);
        buf_putc(out, '-');
    }
    buf_put(out, w.ptr, end);
    buf_putc(out, '*');
}

/* Some words that follow one another in a text. */
static void quote_from(struct gen *g, struct sx_str body, struct buf *out)
{
    size_t start = utf8_floor(body.ptr, body.len, gen_below(g, body.len));
    size_t end = utf8_floor(body.ptr, body.len, start + gen_below(g, 40));

    if (end > body.len)
        end = body.len;
    for (size_t i = start; i < end; i++)
        buf_putc(out, body.ptr[i] == '"' ? ' ' : body.ptr[i]);
}

/* One word, again and again. */
static void put_repeated(struct gen *g, struct buf *out)
{
    const char *of = word(g);

    buf_puts(out, of);
    for (size_t n = 1 + gen_below(g, 2); n > 0; n--)
        buf_printf(out, " %s", of);
}

static void put_phrase(struct gen *g, struct sx_str body, struct buf *out)
{
    buf_putc(out, '"');
    if (body.len > 0 && gen_one_in(g, 3)) {
        quote_from(g, body, out);
    } else if (gen_one_in(g, 6)) {
        put_repeated(g, out);
    } else {
        for (size_t n = 1 + gen_below(g, 3); n > 0; n--) {
            put_word(g, out);
            buf_puts(out, n > 1 ? " " : "");
        }
    }
    buf_putc(out, '"');
}

static void put_filter(struct gen *g, struct buf *out)
{
    static const char *const values[] = {
        "guardian", "\"The Guardian\"", "the",   "Haaretz", "weekly",
        "中文",     "\"guardian the\"", "nobody"};

    switch (gen_below(g, 4)) {
    case 0:
        buf_printf(out, "source:%s", values[gen_below(g, COUNT(values))]);
        break;
    case 1:
        buf_printf(out, "lang:%s", gen_one_in(g, 9) ? "xx" : langs[gen_below(g, COUNT(langs))]);
        break;
    case 2:
        buf_printf(out, "type:%s", types[gen_below(g, COUNT(types))]);
        break;
    default:
        buf_printf(out, "date:%s", date_filters[gen_below(g, COUNT(date_filters))]);
    }
}

/* Two or three words that have parts of their own, in one: boundary-layer. */
static void put_compound(struct gen *g, struct buf *out)
{
    static const char *const joints[] = {"-", "-", "-", ".", "'", "/", "_"};

    for (size_t n = 2 + gen_below(g, 2); n > 0; n--) {
        put_word(g, out);
        buf_puts(out, n > 1 ? joints[gen_below(g, COUNT(joints))] : "");
    }
}

/* Some letters of a word are others, or gone, or exchanged. */
static void misspell(struct gen *g, struct sx_str w, struct buf *out)
{
    static const char *const letters[] = {"a", "k", "r", "é", "щ", "1"};
    size_t edits = gen_below(g, 4);

    for (size_t i = 0, size; i < w.len; i += size) {
        bool here = edits > 0 && gen_one_in(g, 3);

        utf8_next(w.ptr + i, w.len - i, &size);
        edits -= here;
        size_t kind = here ? gen_below(g, 4) : 4;
        if (kind == 0)
            continue;
        if (kind <= 2)
            buf_puts(out, letters[gen_below(g, COUNT(letters))]);
        if (kind == 3 && i + size < w.len) {
            size_t other;
            utf8_next(w.ptr + i + size, w.len - i - size, &other);
            buf_put(out, w.ptr + i + size, other);
            buf_put(out, w.ptr + i, size);
            size += other;
        } else if (kind != 1) {
            buf_put(out, w.ptr + i, size);
        }
    }
}

static void put_fuzzy(struct gen *g, struct buf *out)
{
    static const char *const tildes[] = {"~", "~", "~1", "~2"};

    misspell(g, str_of(gen_one_in(g, 15) ? "zebra" : word(g)), out);
    buf_puts(out, tildes[gen_below(g, COUNT(tildes))]);
}

static void put_near_word(struct gen *g, struct sx_str body, struct buf *out)
{
    size_t kind = gen_below(g, 10);

    if (gen_one_in(g, 12))
        buf_puts(out, gen_one_in(g, 2) ? "title:" : "body:");
    if (kind < 5)
        put_word(g, out);
    else if (kind < 6)
        put_phrase(g, body, out);
    else if (kind < 8)
        put_prefix(g, out);
    else
        put_fuzzy(g, out);
}

static void put_near_operand(struct gen *g, struct sx_str body, struct buf *out)
{
    if (!gen_one_in(g, 6)) {
        put_near_word(g, body, out);
        return;
    }
    buf_putc(out, '(');
    for (size_t n = 1 + gen_below(g, 3); n > 0; n--) {
        put_near_word(g, body, out);
        buf_puts(out, n > 1 ? " OR " : "");
    }
    buf_putc(out, ')');
}

/* Mostly one distance, sometimes one word again. */
static void put_near(struct gen *g, struct sx_str body, struct buf *out)
{
    static const unsigned distances[] = {0, 0, 1, 2, 3, 5, 8, 20, 1000};
    unsigned distance = distances[gen_below(g, COUNT(distances))];
    const char *again = word(g);

    for (size_t n = 2 + gen_below(g, gen_one_in(g, 4) ? 4 : 2); n > 0; n--) {
        if (gen_one_in(g, 4))
            buf_puts(out, again);
        else
            put_near_operand(g, body, out);
        if (n > 1)
            buf_printf(out, " NEAR/%u ", distance);
        if (gen_one_in(g, 6))
            distance = distances[gen_below(g, COUNT(distances))];
    }
}

static void put_atom(struct gen *g, struct sx_str body, struct buf *out)
{
    static const char *const fields[] = {"title:", "body:", "Title:", "col:"};
    size_t kind = gen_below(g, 17);

    if (kind == 16) {
        put_filter(g, out);
        return;
    }
    if (kind == 15) {
        put_near(g, body, out);
        return;
    }
    if (gen_one_in(g, 6))
        buf_puts(out, fields[gen_below(g, COUNT(fields))]);
    if (kind < 7)
        put_word(g, out);
    else if (kind < 9)
        put_phrase(g, body, out);
    else if (kind < 11)
        put_prefix(g, out);
    else if (kind < 13)
        put_fuzzy(g, out);
    else
        put_compound(g, out);
}

static void put_tree(struct gen *g, struct sx_str body, size_t depth, struct buf *out)
{
    static const char *const between[] = {" ",     " ",  " ",  " AND ", " OR ",    " AND NOT ",
                                          " NOT ", " +", " -", " -",    " OR NOT "};
    size_t kids = 1 + gen_below(g, 4);

    if (depth > 0 && gen_one_in(g, 12))
        buf_puts(out, gen_one_in(g, 2) ? "-" : "+");
    for (size_t i = 0; i < kids; i++) {
        if (i > 0)
            buf_puts(out, between[gen_below(g, COUNT(between))]);
        if (depth > 0 && gen_one_in(g, 3)) {
            buf_puts(out, gen_one_in(g, 8) ? "title:(" : "(");
            put_tree(g, body, depth - 1, out);
            buf_putc(out, ')');
        } else {
            put_atom(g, body, out);
        }
    }
}

/* Anything in any order: some of it is refused, all the rest means something. */
static void put_soup(struct gen *g, struct sx_str body, struct buf *out)
{
    static const char *const bits[] = {"(",  ")",      "\"",       " ",     " ",
                                       "+",  "-",      "AND",      " OR ",  "NOT ",
                                       "*",  "title:", "body:(",   "date:", "\xe2\x80\x9d",
                                       "--", "~",      " NEAR/2 ", "NEAR/", "~3"};

    for (size_t n = 1 + gen_below(g, 10); n > 0; n--) {
        if (gen_one_in(g, 2))
            put_atom(g, body, out);
        buf_puts(out, bits[gen_below(g, COUNT(bits))]);
    }
}

/* More leaves than a machine word has bits, most of them distinct. */
static void put_many(struct gen *g, struct sx_str body, struct buf *out)
{
    for (size_t n = 40 + gen_below(g, 60); n > 0; n--) {
        put_phrase(g, body, out);
        buf_puts(out, gen_one_in(g, 3) ? " OR " : " ");
    }
    put_word(g, out);
}

void gen_query(struct gen *g, struct sx_str body, struct buf *out)
{
    size_t kind = gen_below(g, 10);

    buf_clear(out);
    if (gen_one_in(g, 60))
        put_many(g, body, out);
    else if (kind == 0)
        put_soup(g, body, out);
    else if (kind < 4)
        put_atom(g, body, out);
    else
        put_tree(g, body, kind < 7 ? 0 : 3, out);
    assert_true(buf_ok(out));
}
