/* Pages made to cost much: none takes much longer than an ordinary one of its size, or it is
 * refused. */
#include "tests/unit/ingest/capture.h"

#include <time.h>

#include "index/base/buf.h"

#define LARGE ((size_t)3 << 20)
/* How much longer than an ordinary page of the same size one may take. */
#define SLOWER_MAX 25

#define PARAGRAPH                                                                                  \
    "<p class=text>The ferry between the two harbours was taken out of service on Thursday after " \
    "an inspection found cracks in its hull, <a href=/x>the company</a> that runs it said.</p>\n"

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* `unit` again and again, `bytes` of it. */
static void put_times(struct buf *b, const char *unit, size_t bytes)
{
    for (size_t n = bytes / strlen(unit); n > 0; n--)
        buf_puts(b, unit);
}

/* Reads and releases `b`; how long it took. What is not refused must hold its last words. */
static double read_page(struct buf *b)
{
    struct capture c = {0};
    struct sx_error err;

    buf_puts(b, "<p>last words of this page, which must not be lost whatever came before</p>");
    assert_true(buf_ok(b));
    double begun = seconds();
    sx_status rc = capture_read(&c, MEDIA_HTML, buf_str(b), &err);
    double took = seconds() - begun;
    if (rc != SX_OK)
        assert_int_equal(rc, SX_EREQUEST);
    if (rc == SX_OK && strstr(c.docs[0].body, "last words") == NULL &&
        (c.docs[0].extra == NULL || (strstr(c.docs[0].extra, "last words") == NULL &&
                                     strstr(c.docs[0].extra, "boilerplate_cut") == NULL)))
        fail_msg("the last words are lost");
    capture_release(&c);
    buf_release(b);
    return took;
}

static const struct {
    const char *first, *unit, *then;
} shapes[] = {
    {"", "<p>a", ""},                  /* blocks */
    {"", "<a href=/>link</a> ", ""},   /* links */
    {"", "<ul><li><a>x</a></ul>", ""}, /* lists of links */
    {"<title>a title of it</title>", "<h1>a title of it</h1>", ""},
    {"<title>a title of it</title>", "<h2>title of</h2><p>x", ""},
    {"", "<time datetime=2025-08-15>x</time>", ""}, /* days */
    {"", "<article>a<header>b</header></article>", ""},
    {"", "<script type=application/ld+json>{\"@type\":\"Article\"}</script>", ""},
    {"<script type=application/ld+json>[", "[1,2],", "]</script>"},
    {"", "<meta name=date content=x>", ""},
    {"<div class='", "sidebar ", "'>x</div>"}, /* names */
    {"", "<b><i>x</i></b>", ""},
    {"", "<table><tr><td>x<td>y</table>", ""},
    {"", "word ", ""},     /* text */
    {"<p>", "\n", "</p>"}, /* white space */
    {"<pre>", "\n", "</pre>"},
    {"", "<noscript><p>x</noscript>", ""}, /* what is cut again */
    {"<h1>", "x ", "</h1>"},
    {"<title>", "x ", "</title>"},
    {"", "<time>1 May 2025 ", ""},
};

static double read_ordinary(void)
{
    struct buf b = {0};

    put_times(&b, PARAGRAPH, LARGE);
    return read_page(&b);
}

static void no_page_takes_long(void **state)
{
    double limit;

    (void)state;
    read_ordinary();
    limit = read_ordinary() * SLOWER_MAX;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        struct buf b = {0};
        buf_puts(&b, shapes[i].first);
        put_times(&b, shapes[i].unit, LARGE);
        buf_puts(&b, shapes[i].then);
        double took = read_page(&b);
        if (took > limit)
            fail_msg("%s took %.1f s, not %.1f", shapes[i].unit, took, limit);
    }
}

/* Text at every depth, as deep as is taken, again and again. */
static void depth_costs_no_more_than_its_bytes(void **state)
{
    struct buf b = {0};
    double limit = read_ordinary() * SLOWER_MAX;

    (void)state;
    for (int times = 0; times < 6; times++) {
        for (int i = 0; i < 19000; i++)
            buf_puts(&b, "<div class=a>some text <h2>x</h2>");
        for (int i = 0; i < 19000; i++)
            buf_puts(&b, "</div>");
    }
    double took = read_page(&b);
    if (took > limit)
        fail_msg("deep nesting took %.1f s, not %.1f", took, limit);
}

static void a_hundred_thousand_levels_are_refused(void **state)
{
    struct buf b = {0};
    struct capture c = {0};
    struct sx_error err;
    double begun = seconds();

    (void)state;
    for (int i = 0; i < 100000; i++)
        buf_puts(&b, "<div>");
    assert_int_equal(capture_read(&c, MEDIA_HTML, buf_str(&b), &err), SX_EREQUEST);
    assert_non_null(strstr(err.msg, "nests deeper than 20000"));
    assert_true(seconds() - begun < 10);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_page_takes_long),
        cmocka_unit_test(depth_costs_no_more_than_its_bytes),
        cmocka_unit_test(a_hundred_thousand_levels_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
