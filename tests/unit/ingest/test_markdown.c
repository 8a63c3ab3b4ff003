/* Markdown: the words without the marks, and front matter. */
#include "tests/unit/ingest/capture.h"

#include <time.h>

#include "index/base/buf.h"

#define LARGE ((size_t)4 << 20)
/* How much longer than an ordinary text one of the same size may take. */
#define SLOWER_MAX 40

static void assert_body(const char *markdown, const char *want)
{
    struct capture c;

    assert_string_equal(capture_one(&c, MEDIA_MARKDOWN, markdown)->body, want);
    capture_release(&c);
}

static void marks_go_and_words_stay(void **state)
{
    (void)state;
    assert_body("# Head\n\nA *b* **c** `d` [e](http://f) ![g](h.png)\n", "Head\nA b c d e g\n");
    assert_body("- a\n- b\n  1. c\n\n> d\n> e\n", "a\nb\nc\nd\ne\n");
    assert_body("    code <b>\n\n```c\nint x;\n```\n", "code <b>\nint x;\n");
    assert_body("| a | b |\n|---|---|\n| c | d |\n", "a b\nc d\n");
    assert_body("x &amp; y&eacute;  \nz <b>w</b><br>v", "x & y\xC3\xA9\nz w\nv\n");
    assert_body("<div>\n<p>raw <b>text</b></p>\n</div>\n\nafter\n", "raw text\nafter\n");
}

static void front_matter_names_the_document(void **state)
{
    struct capture c;
    struct captured *d = capture_one(&c, MEDIA_MARKDOWN,
                                     "---\ntitle: \"A title: two\"\ndate: 15 August 2025\n"
                                     "publisher: P\nSource: 'Delta Courier'\nlang: EN\n# c\n"
                                     "tags:\n  - x\n---\n# Head\n");

    (void)state;
    assert_member(d->title, "A title: two");
    assert_member(d->date, "2025-08-15");
    assert_member(d->source, "Delta Courier");
    assert_member(d->lang, "en");
    assert_member(d->type, "markdown");
    assert_string_equal(d->body, "Head\n");
    capture_release(&c);
}

static void assert_extra(const char *markdown, const char *extra)
{
    struct capture c;

    assert_member(capture_one(&c, MEDIA_MARKDOWN, markdown)->extra, extra);
    capture_release(&c);
}

static void what_has_no_member_goes_to_extra(void **state)
{
    (void)state;
    assert_extra("---\nauthor: Ada Quill\ntags: [harbour, 'night ferry']\n---\nx",
                 "{\"author\":\"Ada Quill\",\"tags\":[\"harbour\",\"night ferry\"]}");
    assert_extra("---\nauthors:\n  - name: Ada Quill\n    mail: a@example.org\n  - Bo Berg\n"
                 "tags:\n- one\n- two\ncanonical: https://example.org/a\n---\nx",
                 "{\"author\":\"Ada Quill, Bo Berg\",\"canonical\":\"https://example.org/a\","
                 "\"tags\":[\"one\",\"two\"]}");
    assert_extra("---\ndate: 2025-08-15\n---\nx",
                 "{\"date_from\":\"front-matter\",\"date_confidence\":1}");
    assert_extra("---\nauthor:\nurl: /a/b\ntags: []\n---\nx", NULL);
}

static void front_matter_may_be_toml(void **state)
{
    struct capture c;
    struct captured *d = capture_one(&c, MEDIA_MARKDOWN,
                                     "+++\ntitle = \"Night ferry\"\ndate = 2025-08-15T10:00:00Z\n"
                                     "language = 'nl'\n[params]\nsource = \"no\"\n+++\ntext\n");

    (void)state;
    assert_member(d->title, "Night ferry");
    assert_member(d->date, "2025-08-15T10:00:00Z");
    assert_member(d->lang, "nl");
    assert_member(d->source, NULL);
    assert_string_equal(d->body, "text\n");
    capture_release(&c);
    assert_body("+++\ntitle = x\n", "+++\ntitle = x\n");
}

static void a_rule_is_no_front_matter(void **state)
{
    (void)state;
    assert_body("---\ntitle: x\n", "title: x\n");
    assert_body("---\nplain words\n---\n", "plain words\n");
    assert_body("---\n---\nx", "x\n");
    assert_body("---\n\nx", "x\n");
}

static void the_first_heading_is_the_title_otherwise(void **state)
{
    struct capture c;

    (void)state;
    assert_member(capture_one(&c, MEDIA_MARKDOWN, "text\n\n## *The* head\n\n# Second\n")->title,
                  "The head");
    capture_release(&c);
    assert_member(capture_one(&c, MEDIA_MARKDOWN, "text\n")->title, NULL);
    capture_release(&c);
}

/* `unit` again and again, `bytes` of it. */
static void put_times(struct buf *b, const char *unit, size_t bytes)
{
    for (size_t n = bytes / strlen(unit); n > 0; n--)
        buf_puts(b, unit);
}

/* Also when other blocks follow that can be read. */
static void html_that_is_refused_refuses_the_text(void **state)
{
    struct buf b = {0};
    struct capture c = {0};
    struct sx_error err;

    (void)state;
    buf_puts(&b, "<div ");
    put_times(&b, "a ", 1 << 13);
    buf_puts(&b, ">\n\ntext\n\n<p>html</p>\n\nlast");
    assert_int_equal(capture_read(&c, MEDIA_MARKDOWN, buf_str(&b), &err), SX_EREQUEST);
    assert_int_equal(c.count, 0);
    buf_release(&b);
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Reads and releases `b`, with a word at its end, which must be in the body while `without` must
 * not. How long it took. */
static double read_large(struct buf *b, const char *title, const char *without)
{
    struct capture c;
    buf_puts(b, "\n\nlast words\n");
    const char *markdown = buf_cstr(b);
    double begun = seconds();
    struct captured *d = capture_one(&c, MEDIA_MARKDOWN, markdown);
    double took = seconds() - begun;

    assert_member(d->title, title);
    assert_member(d->type, "markdown");
    assert_non_null(strstr(d->body, "last words"));
    if (without != NULL)
        assert_null(strstr(d->body, without));
    capture_release(&c);
    buf_release(b);
    return took;
}

static double read_ordinary(void)
{
    struct buf b = {0};

    buf_puts(&b, "# Changes\n\n");
    put_times(&b,
              "## 1.2.3\n\n- fix *a thing* in `code` ([#123](https://example.org/issues/123))\n"
              "- add [another][ref] thing by [@user](https://example.org/user)\n\n",
              LARGE);
    buf_puts(&b, "[ref]: https://example.org/an/address/of/some/length\n");
    return read_large(&b, "Changes", "](");
}

static void large_texts_are_parsed(void **state)
{
    static const char *const units[] = {
        "- fix ~~a~~ *thing* ([#123](https://example.org/issues/123)), [a](https://example.org)\n",
        "1. see [this](https://example.org/issues/123) for [that](https://example.org)\n",
        "see [this](https://example.org/issues/123) for [that](https://example.org)\n",
        "[![a badge](https://example.org/a.svg)](https://example.org) and words\n\n",
        "> ~~a~~ ![b](https://example.org/b.png \"a title\")\n>\n",
    };
    struct buf b = {0};

    (void)state;
    read_ordinary();
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        buf_puts(&b, "# Head\n\n");
        put_times(&b, units[i], LARGE);
        read_large(&b, "Head", "](");
    }
    buf_puts(&b, "# Head\n\n| name | link |\n|------|------|\n");
    put_times(&b, "| a name | [a link](https://example.org/link) |\n", LARGE);
    read_large(&b, "Head", "|");
    buf_puts(&b, "# Head\n\n```\n");
    put_times(&b, "[[1, 2, [3, 4]], [~5]],\n", LARGE);
    buf_puts(&b, "```\n");
    read_large(&b, "Head", "```");
}

/* Each: what comes first, and two halves of units; md4c alone takes minutes or more. */
static const struct {
    const char *first, *unit, *between, *then;
} slow[] = {
    {"", "[a] x\n", "", "[a] x\n"},              /* lines before a bracket */
    {"", "[a](b) x\n", "", "[a](\n"},            /* the same, inline */
    {"|a|\n| x |\n", "|[a]\n", "", "|[a]\n"},    /* the same, hardly a table */
    {"|a|\n|---|\n# b\n", "[a]\n", "", "[a]\n"}, /* the same, behind a table */
    {"", "[\r", "", "]\r"},                      /* the same, nested */
    {"", "[a]: x\n\"t\n", "", "[a]: x\n(t\n"},   /* definitions in prose */
    {"[a]: x\n\n", "[", "", "]"},                /* names within names */
    {"[a]: x\n\n", "![", "", "]"},               /* the same, images */
    {"", "~a ", "", "b~ "},                      /* strikethrough */
    {"", "~a *b ", "", "c~ "},                   /* the same, overlapping */
    {"", "- ", "x\n", "\n"},                     /* open lists, empty lines */
    {"", "1. ", "x\n", "\n"},                    /* the same, with numbers */
    {"[a]: /", "x", "\n\n", "[a] "},             /* an address again and again */
    {"[a]: /", "&amp;", "\n\n", "[a]\n\n"},      /* the same, with entities */
    {"[a]: / \"", "t", "\"\n\n", "[a] "},        /* a title again and again */
    {"", "[", "", "*a "},                        /* fast already; so it stays */
    {"", "`a", "", "<a "},
    {"", "a<!--", "", "&a"},
    {"", ">", "", "> - "},
};

/* A head of many columns, and many rows that have one. */
static void put_wide_table(struct buf *b)
{
    buf_putc(b, '|');
    put_times(b, "a|", LARGE / 6);
    buf_puts(b, "\n|");
    put_times(b, "---|", LARGE / 3);
    buf_puts(b, "\n");
    put_times(b, "|x\n", LARGE / 2);
}

static void assert_in_time(struct buf *b, double limit, const char *what)
{
    double took = read_large(b, "Head", NULL);

    if (took > limit)
        fail_msg("%s took %.1f s, not %.1f", what, took, limit);
}

static void no_text_takes_long(void **state)
{
    double limit = read_ordinary() * SLOWER_MAX;

    (void)state;
    for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
        struct buf b = {0};
        buf_puts(&b, "# Head\n\n");
        buf_puts(&b, slow[i].first);
        put_times(&b, slow[i].unit, LARGE / 2);
        buf_puts(&b, slow[i].between);
        put_times(&b, slow[i].then, LARGE / 2);
        assert_in_time(&b, limit, slow[i].unit);
    }
    struct buf table = {0};
    buf_puts(&table, "# Head\n\n");
    put_wide_table(&table);
    assert_in_time(&table, limit, "table");
}

static void what_is_too_much_is_read_as_lines(void **state)
{
    struct buf b = {0};
    struct capture c;

    (void)state;
    buf_puts(&b, "---\nsource: S\n---\ntext #1\n\n## The head\n\n[a]: x\n\n");
    put_times(&b, "[", LARGE / 2);
    put_times(&b, "]", LARGE / 2);
    buf_puts(&b, "\n# Second\n*marks*\n");
    struct captured *d = capture_one(&c, MEDIA_MARKDOWN, buf_cstr(&b));
    assert_member(d->title, "The head");
    assert_member(d->source, "S");
    assert_member(d->type, "markdown");
    assert_ptr_equal(strstr(d->body, "text #1\n\n## The head\n\n[a]: x\n\n[["), d->body);
    assert_non_null(strstr(d->body, "]]\n# Second\n*marks*\n"));
    capture_release(&c);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_go_and_words_stay),
        cmocka_unit_test(front_matter_names_the_document),
        cmocka_unit_test(what_has_no_member_goes_to_extra),
        cmocka_unit_test(front_matter_may_be_toml),
        cmocka_unit_test(a_rule_is_no_front_matter),
        cmocka_unit_test(the_first_heading_is_the_title_otherwise),
        cmocka_unit_test(html_that_is_refused_refuses_the_text),
        cmocka_unit_test(large_texts_are_parsed),
        cmocka_unit_test(no_text_takes_long),
        cmocka_unit_test(what_is_too_much_is_read_as_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
