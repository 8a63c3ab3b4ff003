/* How well the main text, title, date, source and language of pages are found.
 *
 * Each pages/NAME.html has a NAME.truth: lines "key: value" ("-" is absent), an empty line, and the
 * main text as a reader sees it. Words are counted as a bag: precision is the share of the body's
 * words that are in the truth, recall the share of the truth's that are in the body. Where words
 * are not spaced, each character is one. The table is printed; ctest -V shows it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "index/base/buf.h"
#include "index/base/date.h"
#include "index/base/file.h"
#include "index/base/json.h"
#include "index/base/utf8.h"
#include "index/ingest/meta.h"
#include "index/ingest/walk.h"
#include "tests/unit/ingest/capture.h"

#define WORDS_MAX 20000
#define MACRO_MIN .95      /* precision and recall over all pages */
#define DATES_MIN .95      /* right, or absent */
#define MUTATIONS_EACH 160 /* of each page */
#define KEYS 6

static const char *const keys[KEYS] = {"title", "date", "source", "lang", "must", "mustnot"};
enum { TITLE, DATE, SOURCE, LANG, MUST, MUST_NOT };

struct truth {
    struct sx_str value[KEYS]; /* ptr NULL: absent */
    struct sx_str text;
};

struct totals {
    double precision, recall;
    size_t pages, dates, titles, sources, langs, musts;
};

/* ---- words ------------------------------------------------------------------------------- */

static bool is_word_char(uint32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    return c >= 0xC0 && c != 0xD7 && c != 0xF7 && !(c >= 0x2000 && c <= 0x206F) &&
           !(c >= 0x3000 && c <= 0x303F) && !(c >= 0xFF00 && c <= 0xFF0F) && c != 0xFFFD;
}

static bool stands_alone(uint32_t c)
{
    return c >= 0x3040 && c <= 0x9FFF;
}

static int by_bytes(const void *a, const void *b)
{
    const struct sx_str *x = a, *y = b;
    size_t n = x->len < y->len ? x->len : y->len;
    int order = memcmp(x->ptr, y->ptr, n);

    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

/* The words of a text, sorted; how many there are. */
static size_t words_of(struct sx_str text, struct sx_str *out)
{
    size_t n = 0, from = 0, size;
    bool inside = false;

    for (size_t i = 0; i <= text.len; i += size) {
        uint32_t c = i < text.len ? utf8_next(text.ptr + i, text.len - i, &size) : ' ';
        bool alone = i < text.len && stands_alone(c);
        if (i == text.len)
            size = 1;
        if (inside && (alone || !is_word_char(c))) {
            assert_true(n < WORDS_MAX);
            out[n++] = str_make(text.ptr + from, i - from);
            inside = false;
        }
        if (alone) {
            assert_true(n < WORDS_MAX);
            out[n++] = str_make(text.ptr + i, size);
        } else if (!inside && is_word_char(c)) {
            from = i;
            inside = true;
        }
    }
    qsort(out, n, sizeof(*out), by_bytes);
    return n;
}

/* How many words two bags share. */
static size_t shared(const struct sx_str *a, size_t a_count, const struct sx_str *b, size_t b_count)
{
    size_t i = 0, j = 0, both = 0;

    while (i < a_count && j < b_count) {
        int order = by_bytes(&a[i], &b[j]);
        both += order == 0;
        i += order <= 0;
        j += order >= 0;
    }
    return both;
}

/* ---- one page ---------------------------------------------------------------------------- */

static struct truth read_truth(struct sx_str rest)
{
    struct truth t = {0};
    struct sx_str line;

    while (meta_line(&rest, &line) && line.len > 0) {
        const char *colon = memchr(line.ptr, ':', line.len);
        assert_non_null(colon);
        size_t at = (size_t)(colon - line.ptr);
        for (size_t k = 0; k < KEYS; k++) {
            if (strlen(keys[k]) == at && memcmp(line.ptr, keys[k], at) == 0)
                t.value[k] = meta_trim(str_make(colon + 1, line.len - at - 1));
        }
    }
    for (size_t k = 0; k < KEYS; k++) {
        if (str_is(t.value[k], "-"))
            t.value[k] = str_of(NULL);
    }
    t.text = rest;
    return t;
}

static bool is_right(const char *got, struct sx_str want)
{
    return got == NULL ? want.ptr == NULL : want.ptr != NULL && str_is(want, got);
}

static bool holds(const char *text, struct sx_str part)
{
    return text != NULL && part.ptr != NULL &&
           memmem(text, strlen(text), part.ptr, part.len) != NULL;
}

static void judge(const char *name, const struct captured *d, const struct truth *t,
                  struct totals *sum)
{
    static struct sx_str got[WORDS_MAX], want[WORDS_MAX];
    size_t got_count = words_of(str_of(d->body), got), want_count = words_of(t->text, want);
    size_t both = shared(got, got_count, want, want_count);
    double precision = got_count == 0 ? 1 : (double)both / (double)got_count;
    double recall = want_count == 0 ? 1 : (double)both / (double)want_count;
    bool date = is_right(d->date, t->value[DATE]);
    bool title = is_right(d->title, t->value[TITLE]),
         source = is_right(d->source, t->value[SOURCE]);
    bool lang = is_right(d->lang, t->value[LANG]);
    const char *show = getenv("PAGES_SHOW");
    bool must = holds(d->body, t->value[MUST]) && !holds(d->body, t->value[MUST_NOT]);

    print_message("%-22s %5zu  %.3f  %.3f  %-5s %-5s %-6s %-4s %s\n", name, want_count, precision,
                  recall, title ? "yes" : "NO",
                  date              ? "yes"
                  : d->date == NULL ? "none"
                                    : "WRONG",
                  source ? "yes" : "NO", lang ? "yes" : "NO", must ? "yes" : "NO");
    if (show != NULL && strcmp(show, name) == 0)
        print_message("%s\n----\n%s | %s | %s\n%s\n", d->body, d->title, d->date, d->source,
                      d->extra == NULL ? "" : d->extra);
    sum->pages++;
    sum->precision += precision;
    sum->recall += recall;
    sum->dates += date || d->date == NULL;
    sum->titles += title;
    sum->sources += source;
    sum->langs += lang;
    sum->musts += must;
}

/* Calls `each` for every page with its bytes. */
static void for_each_page(void (*each)(const char *name, const char *path, struct sx_str bytes,
                                       void *ctx),
                          void *ctx)
{
    char root[4096];
    struct walk *w;
    struct walk_file file;
    struct sx_error err;
    struct buf bytes = {0};
    bool more;

    snprintf(root, sizeof(root), "%s/tests/ingest/pages", source_dir());
    assert_int_equal(walk_open(&w, root, &err), SX_OK);
    while (walk_next(w, &file, &more, &err) == SX_OK && more) {
        size_t len = strlen(file.path);
        if (len < 5 || strcmp(file.path + len - 5, ".html") != 0)
            continue;
        buf_clear(&bytes);
        assert_int_equal(file_read(file.path, INGEST_FILE_MAX, &bytes, &err), SX_OK);
        char name[128];
        const char *base = strrchr(file.path, '/') + 1;
        snprintf(name, sizeof(name), "%.*s", (int)(strlen(base) - 5), base);
        each(name, file.path, buf_str(&bytes), ctx);
    }
    walk_close(w);
    buf_release(&bytes);
}

static void judge_page(const char *name, const char *path, struct sx_str bytes, void *ctx)
{
    char truth_path[4096];
    struct buf truth_bytes = {0}, page = {0};
    struct sx_error err;
    struct capture c;

    snprintf(truth_path, sizeof(truth_path), "%.*s.truth", (int)strlen(path) - 5, path);
    assert_int_equal(file_read(truth_path, INGEST_FILE_MAX, &truth_bytes, &err), SX_OK);
    buf_put_str(&page, bytes);
    assert_int_equal(media_detect(path, bytes), MEDIA_HTML);
    struct captured *d = capture_one(&c, MEDIA_HTML, buf_cstr(&page));
    struct truth t = read_truth(buf_str(&truth_bytes));
    judge(name, d, &t, ctx);
    capture_release(&c);
    buf_release(&page);
    buf_release(&truth_bytes);
}

static void the_main_text_is_found(void **state)
{
    struct totals sum = {0};

    (void)state;
    print_message("%-22s %5s  %-5s  %-5s  %-5s %-5s %-6s %-4s %s\n", "page", "words", "prec.",
                  "rec.", "title", "date", "source", "lang", "must");
    for_each_page(judge_page, &sum);
    double n = (double)sum.pages;
    print_message("%-22s %5s  %.3f  %.3f  %zu    %zu    %zu     %zu   %zu  of %zu\n", "all", "",
                  sum.precision / n, sum.recall / n, sum.titles, sum.dates, sum.sources, sum.langs,
                  sum.musts, sum.pages);
    assert_true(sum.pages >= 20);
    assert_true(sum.precision / n >= MACRO_MIN);
    assert_true(sum.recall / n >= MACRO_MIN);
    assert_true((double)sum.dates >= n * DATES_MIN);
}

/* ---- what holds for any page --------------------------------------------------------------- */

static sx_status add_words(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    struct sx_str *const out = ctx;

    (void)line;
    (void)err;
    out[0] = str_make(strndup(doc->body.ptr, doc->body.len), doc->body.len);
    out[1] = doc->extra.ptr == NULL
                 ? str_of(strdup(""))
                 : str_make(strndup(doc->extra.ptr, doc->extra.len), doc->extra.len);
    return SX_OK;
}

/* The words of the body and of what was left out are those of the page kept whole. */
static void lose_nothing(const char *name, const char *path, struct sx_str bytes, void *ctx)
{
    static struct sx_str all[WORDS_MAX], parts[WORDS_MAX];
    const struct ingest_options keep = {.keep_boilerplate = true};
    struct sx_str whole[2], split[2];
    struct sx_error err = {0};
    struct ingest_sink sink = {
        .doc = add_words, .failed = capture_failed, .ctx = whole, .options = &keep};
    struct buf both = {0};
    cJSON *extra;

    (void)path;
    (void)ctx;
    assert_int_equal(ingest_read(MEDIA_HTML, str_of("x"), bytes, &sink, &err), SX_OK);
    sink.ctx = split;
    sink.options = NULL;
    assert_int_equal(ingest_read(MEDIA_HTML, str_of("x"), bytes, &sink, &err), SX_OK);
    buf_put_str(&both, split[0]);
    if (split[1].len > 0) {
        struct sx_str left = {0};
        assert_int_equal(json_parse(split[1], 1000, &extra, &err), SX_OK);
        json_get_str(extra, "boilerplate", &left, &err);
        buf_putc(&both, '\n');
        buf_put_str(&both, left);
        cJSON_Delete(extra);
    }
    size_t n = words_of(whole[0], all), m = words_of(buf_str(&both), parts);
    if (n != m || shared(all, n, parts, m) != n)
        fail_msg("%s: %zu words whole, %zu in parts", name, n, m);
    for (size_t i = 0; i < 2; i++) {
        free((char *)(uintptr_t)whole[i].ptr);
        free((char *)(uintptr_t)split[i].ptr);
    }
    buf_release(&both);
}

static void what_is_left_out_is_kept(void **state)
{
    (void)state;
    for_each_page(lose_nothing, NULL);
}

/* Deterministic: xorshift64. */
static uint64_t seed = 0x9E3779B97F4A7C15u;

static size_t below(size_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed % n);
}

static sx_status check_sound(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    const struct sx_str all[] = {doc->title, doc->body, doc->source,
                                 doc->date,  doc->lang, doc->extra};
    struct date_span span;

    (void)ctx;
    (void)line;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_int_equal(utf8_check(all[i].ptr, all[i].len), all[i].len);
        assert_true(all[i].len == 0 || memchr(all[i].ptr, '\0', all[i].len) == NULL);
    }
    assert_true(doc->date.len == 0 || date_parse(doc->date, &span));
    if (doc->extra.len > 0)
        assert_int_equal(json_scan(doc->extra, 1000, err), SX_OK);
    return SX_OK;
}

/* A byte changed, a piece cut, doubled, or bytes that are no UTF-8 put in. */
static void mutate(struct buf *page)
{
    static const char odd[] = {'<',    '>', '"', '&', '\xC3', '\xFF',
                               '\x80', '{', '}', '/', '\n',   '\xED'};
    size_t at = below(page->len), n = below(page->len - at < 400 ? page->len - at + 1 : 400);

    switch (below(4)) {
    case 0:
        page->data[at] = (char)(page->data[at] ^ (1 << below(8)));
        break;
    case 1:
        page->data[at] = odd[below(sizeof(odd))];
        break;
    case 2:
        memmove(page->data + at, page->data + at + n, page->len - at - n);
        page->len -= n;
        break;
    default:
        for (size_t i = 0; i < n; i++)
            buf_putc(page, page->data[at + i]);
        break;
    }
    if (page->len == 0)
        buf_putc(page, '<');
}

static void mutate_page(const char *name, const char *path, struct sx_str bytes, void *ctx)
{
    size_t *done = ctx;
    const struct ingest_sink sink = {.doc = check_sound, .failed = capture_failed};

    (void)name;
    (void)path;
    for (int i = 0; i < MUTATIONS_EACH; i++, ++*done) {
        struct buf page = {0};
        struct sx_error err = {0};
        buf_put_str(&page, bytes);
        for (size_t steps = 1 + below(12); steps > 0; steps--)
            mutate(&page);
        assert_true(buf_ok(&page));
        sx_status rc = ingest_read(MEDIA_HTML, str_of("x"), buf_str(&page), &sink, &err);
        assert_true(rc == SX_OK || err.msg[0] != '\0');
        buf_release(&page);
    }
}

static void damaged_pages_give_sound_documents_or_a_reason(void **state)
{
    size_t done = 0;

    (void)state;
    for_each_page(mutate_page, &done);
    print_message("%zu damaged pages\n", done);
    assert_true(done >= 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_main_text_is_found),
        cmocka_unit_test(what_is_left_out_is_kept),
        cmocka_unit_test(damaged_pages_give_sound_documents_or_a_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
