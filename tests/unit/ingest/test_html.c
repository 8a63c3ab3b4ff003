/* HTML: what is visible is kept whatever the markup does, and nothing stalls the parser. */
#include "index/base/buf.h"
#include "index/ingest/html_guard.h"
#include "index/ingest/readers.h"
#include "tests/unit/ingest/capture.h"

static void assert_body(const char *html, const char *want)
{
    struct capture c;

    assert_string_equal(capture_one(&c, MEDIA_HTML, html)->body, want);
    capture_release(&c);
}

static void words_neither_glue_nor_fall_apart(void **state)
{
    (void)state;
    assert_body("<p>one</p><p>two<br>three</p>", "one\ntwo\nthree");
    assert_body("<ul><li>a<li>b</ul>c", "a\nb\nc");
    assert_body("<table><tr><th>h<td>a<td>b<tr><td>c</table>", "h a b\nc");
    assert_body("in <b>bo</b>ld, <i> it </i>", "in bold, it");
    assert_body("  a \n\t b  ", "a b");
    assert_body("<button>a</button><button>b</button>", "a b");
    assert_body("<pre>x\n  y\n</pre>z", "x\n  y\nz");
}

static void characters_are_decoded(void **state)
{
    (void)state;
    assert_body("&lt;&amp;&eacute;&#233;&#xE9;&hellip;", "<&\xC3\xA9\xC3\xA9\xC3\xA9\xE2\x80\xA6");
    assert_body("don&#146;t &#128;5", "don\xE2\x80\x99t \xE2\x82\xAC"
                                      "5");
    assert_body("<meta charset=iso-8859-1>caf\xC3\xA9",
                "caf\xC3\xA9"); /* it is UTF-8 all the same */
    assert_body("<meta charset=windows-1251>\xCF\xF0\xE8", "\xD0\x9F\xD1\x80\xD0\xB8");
}

static void what_is_not_visible_goes(void **state)
{
    (void)state;
    assert_body("a<script>var x = '<p>b</p>';</script><style>p {}</style><!-- c -->d", "ad");
    assert_body("a <noscript>b</noscript><template><p>c</p></template>"
                "<svg><title>d</title><text>e</text></svg>f",
                "a f");
}

static void one_missing_tag_swallows_nothing(void **state)
{
    (void)state;
    assert_body("<p>a<noscript><div>b</noscript><p>c", "a\nc");
    assert_body("<p>a<noscript><p>b", "a\nb");
    assert_body("<body>a<svg><p>b</body>c", "a\nb\nc");
    assert_body("a</html>b", "a\nb");
    assert_body("<p>a<p title='>b", "a");
}

static void a_title_that_was_dropped_cuts_no_text(void **state)
{
    struct capture c;
    struct captured *d = capture_one(&c, MEDIA_HTML,
                                     "<noscript><div>abc<title>t</noscript>"
                                     "\xC3\xA9\xC3\xA9\xC3\xA9</title>");

    (void)state;
    assert_string_equal(d->body, "\xC3\xA9\xC3\xA9\xC3\xA9");
    capture_release(&c);
}

static void the_page_names_itself(void **state)
{
    struct capture c;
    struct captured *d =
        capture_one(&c, MEDIA_HTML,
                    "<html lang=en_us><head><title>A\n title &amp; more</title>"
                    "<meta property=og:title content=other><meta property='og:site_name' "
                    "content='Delta Courier'>"
                    "<meta name=date content=2024-01-01>"
                    "<meta property=article:published_time content=2025-08-15T10:00:00Z></head>"
                    "<body><h1>Head</h1><time datetime=2020-01-01>long ago</time></body>");

    (void)state;
    assert_member(d->title, "A title & more");
    assert_member(d->source, "Delta Courier");
    assert_member(d->date, "2025-08-15T10:00:00Z");
    assert_member(d->lang, "en-US");
    assert_member(d->type, "html");
    assert_string_equal(d->body, "Head\nlong ago"); /* the heading is text, the title is not */
    capture_release(&c);
}

static void lesser_signs_serve_when_better_are_missing(void **state)
{
    struct capture c;
    struct captured *d =
        capture_one(&c, MEDIA_HTML,
                    "<html xml:lang=nl><title> </title><meta itemprop=datePublished content='soon'>"
                    "<meta name=Publisher content='https://example.org/'><meta "
                    "name=application-name content=App>"
                    "<h1>The <b>head</b></h1><h1>Second</h1><time datetime=2025-04-23>x</time>");

    (void)state;
    assert_member(d->title, "The head");
    assert_member(d->date, "2025-04-23");
    assert_member(d->source, "App");
    assert_member(d->lang, "nl");
    capture_release(&c);
    d = capture_one(&c, MEDIA_HTML, "<p>no signs");
    assert_member(d->title, NULL);
    assert_member(d->date, NULL);
    assert_member(d->source, NULL);
    assert_member(d->lang, NULL);
    capture_release(&c);
}

/* `times` copies of `piece` between `head` and `tail`. */
static struct buf repeat(const char *head, const char *piece, size_t times, const char *tail)
{
    struct buf b = {0};

    buf_puts(&b, head);
    for (size_t i = 0; i < times; i++)
        buf_puts(&b, piece);
    buf_puts(&b, tail);
    assert_true(buf_ok(&b));
    return b;
}

static void deep_pages_lose_nothing(void **state)
{
    struct buf page = repeat("<p>before", "<div>", 10000, "deep");
    struct capture c;

    (void)state;
    for (int i = 0; i < 10000; i++)
        buf_puts(&page, "</div>");
    buf_puts(&page, "<p>after");
    assert_string_equal(capture_one(&c, MEDIA_HTML, buf_cstr(&page))->body, "before\ndeep\nafter");
    capture_release(&c);
    buf_release(&page);
}

static void long_attributes_and_comments_lose_nothing(void **state)
{
    struct buf page = repeat("<p title='", "0123456789abcdef", 800000, "'>text</p><!--");
    struct capture c;

    (void)state;
    for (int i = 0; i < 800000; i++)
        buf_puts(&page, "0123456789abcdef");
    buf_puts(&page, "--><p>after");
    assert_string_equal(capture_one(&c, MEDIA_HTML, buf_cstr(&page))->body, "text\nafter");
    capture_release(&c);
    buf_release(&page);
}

static void assert_refused(struct buf page, const char *why)
{
    struct capture c = {0};
    struct sx_error err;

    assert_int_equal(capture_read(&c, MEDIA_HTML, buf_str(&page), &err), SX_EREQUEST);
    assert_non_null(strstr(err.msg, why));
    assert_int_equal(c.count, 0);
    buf_release(&page);
}

static void pages_that_would_stall_are_refused(void **state)
{
    struct buf stray = repeat("", "<b>", 19000, "");

    (void)state;
    for (int i = 0; i < 20000; i++)
        buf_puts(&stray, "</i>");
    assert_refused(stray, "too many faults");
    struct buf bodies = repeat("<body>", "<b>", 19000, "");
    for (int i = 0; i < 20000; i++)
        buf_puts(&bodies, "<body>");
    assert_refused(bodies, "too many faults");
    assert_refused(repeat("", "<div>", 30000, "x"), "nests deeper");
    assert_refused(repeat("<a ", "b=1 c ", 2000, ">x</a>"), "too many attributes");
    assert_refused(repeat("", "&", 5000000, ""), "too many faults");
}

static void spaces_outside_tags_are_no_attributes(void **state)
{
    static const char *const sane[] = {"<p>", "<!-- <a ", "<script>if (x <a ", "<p title='",
                                       "1 < 2 "};
    static const char *const after[] = {"", "-->", "</script>", "'>", ""};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct buf page = repeat(sane[i], "b = 1 ", 5000, after[i]);
        assert_true(html_tags_are_sane(buf_str(&page)));
        buf_release(&page);
    }
    assert_true(html_tags_are_sane(str_of("")));
    assert_true(html_tags_are_sane(str_of("<")));
    assert_true(html_tags_are_sane(str_of("<a b='")));
}

static void entities_stand_for_characters(void **state)
{
    static const char *const rows[][2] = {
        {"&eacute;", "\xC3\xA9"},
        {"&#233;", "\xC3\xA9"},
        {"&#xE9;", "\xC3\xA9"},
        {"&#x1F600;", "\xF0\x9F\x98\x80"},
        {"&nosuch;", "&nosuch;"},
        {"&#0;", "&#0;"},
        {"&#xD800;", "&#xD800;"},
        {"&#99999999999;", "&#99999999999;"},
        {"&;", "&;"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf out = {0};
        html_entity(str_of(rows[i][0]), &out);
        assert_string_equal(buf_cstr(&out), rows[i][1]);
        buf_release(&out);
    }
}

/* ---- main text ----------------------------------------------------------------------------- */

#define PARAGRAPH                                                                                  \
    "<p>The ferry between the two harbours was taken out of service on Thursday after an "         \
    "inspection found cracks in its hull, the company that runs it said.</p>"

#define TEXT                                                                                       \
    "The ferry between the two harbours was taken out of service on Thursday after an inspection " \
    "found cracks in its hull, the company that runs it said."

static void assert_page(const char *html, const char *body, const char *extra)
{
    struct capture c;
    struct captured *d = capture_one(&c, MEDIA_HTML, html);

    assert_string_equal(d->body, body);
    assert_member(d->extra, extra);
    capture_release(&c);
}

static void menus_are_left_out_and_told(void **state)
{
    (void)state;
    assert_page(
        "<body><nav><a href=/>Home</a> <a href=/n>News</a></nav><h1>Ferry stops</h1>" PARAGRAPH
            PARAGRAPH "<div class=related-links><a href=/a>Other news</a></div><footer>Imprint"
        "</footer></body>",
        "Ferry stops\n" TEXT "\n" TEXT, "{\"boilerplate\":\"Home News\\nOther news\\nImprint\"}");
    assert_page("<body><article>" PARAGRAPH PARAGRAPH
                "<p hidden>not shown</p></article><div class=sidebar><p>A word about our shop and "
                "what it sells.</p></div></body>",
                TEXT "\n" TEXT,
                "{\"boilerplate\":\"not shown\\nA word about our shop and what it sells.\"}");
}

static void a_page_without_a_clear_main_text_is_kept_whole(void **state)
{
    (void)state;
    assert_page("<nav><a href=/>Home</a></nav><p>Short.</p><footer>Imprint</footer>",
                "Home\nShort.\nImprint", NULL);
    assert_page("<ul><li><a href=/1>One headline of many</a><li><a href=/2>Another headline of "
                "many</a></ul>",
                "One headline of many\nAnother headline of many", NULL);
    /* what calls itself a sidebar holds the text */
    assert_page("<div class=sidebar>" PARAGRAPH PARAGRAPH "</div><p>x</p>", TEXT "\n" TEXT,
                "{\"boilerplate\":\"x\"}");
}

static void teasers_beside_the_article_are_left_out(void **state)
{
    (void)state;
    assert_page(
        "<title>Ferry stops</title><main><article><h1>Ferry stops</h1>" PARAGRAPH PARAGRAPH
        "</article><article><h3>Tram</h3><p>It has been late again on most days of this "
        "week.</p></article><article><h3>Bus</h3><p>It has been early on all of them, which "
        "is no better at all.</p></article></main>",
        "Ferry stops\n" TEXT "\n" TEXT,
        "{\"boilerplate\":\"Tram\\nIt has been late again on most days of this week.\\n"
        "Bus\\nIt has been early on all of them, which is no better at all.\"}");
}

static void a_word_about_cookies_beside_buttons_is_left_out(void **state)
{
    static const char notice[] =
        "We and our partners use cookies with your consent to measure this.";
    char html[2000];

    (void)state;
    snprintf(html, sizeof(html), "<div><p>%s</p><button>OK</button></div><div>%s%s</div>", notice,
             PARAGRAPH, PARAGRAPH);
    assert_page(html, TEXT "\n" TEXT,
                "{\"boilerplate\":\"We and our partners use cookies with your consent to measure "
                "this.\\nOK\"}");
    snprintf(html, sizeof(html), "<div><p>%s</p>%s%s</div>", notice, PARAGRAPH, PARAGRAPH);
    assert_page(
        html, "We and our partners use cookies with your consent to measure this.\n" TEXT "\n" TEXT,
        NULL); /* no buttons: an article about it */
}

static void comments_are_text_where_there_is_no_other(void **state)
{
    (void)state;
    assert_page("<body><nav>Menu</nav><div class=comments>" PARAGRAPH PARAGRAPH "</div></body>",
                TEXT "\n" TEXT, "{\"boilerplate\":\"Menu\"}");
}

static void what_is_left_out_is_cut_when_long(void **state)
{
    struct buf page = repeat("<body><main>" PARAGRAPH PARAGRAPH "</main><nav>",
                             "<a>menu\xC3\xA9</a> ", 8000, "</nav></body>");
    struct capture c;
    struct captured *d = capture_one(&c, MEDIA_HTML, buf_cstr(&page));

    (void)state;
    assert_string_equal(d->body, TEXT "\n" TEXT);
    assert_non_null(strstr(d->extra, "\"boilerplate_cut\":23231}")); /* 7 * 8000 - 1 - 32768 */
    assert_int_equal(strlen(d->extra),
                     32768 + strlen("{\"boilerplate\":\"\",\"boilerplate_cut\":23231}"));
    capture_release(&c);
    buf_release(&page);
}

static void an_option_keeps_all(void **state)
{
    static const char html[] = "<body><nav>Menu</nav><main>" PARAGRAPH PARAGRAPH "</main></body>";
    const struct ingest_options keep = {.keep_boilerplate = true};
    struct capture c = {0};
    const struct ingest_sink sink = {
        .doc = capture_doc, .failed = capture_failed, .ctx = &c, .options = &keep};
    struct sx_error err;

    (void)state;
    assert_int_equal(ingest_read(MEDIA_HTML, str_of("file:///x"), str_of(html), &sink, &err),
                     SX_OK);
    assert_string_equal(c.docs[0].body, "Menu\n" TEXT "\n" TEXT);
    assert_member(c.docs[0].extra, NULL);
    capture_release(&c);
}

/* ---- what pages say of themselves ------------------------------------------------------------ */

static void assert_date(const char *html, const char *date, const char *extra)
{
    struct capture c;
    struct buf page = {0}; /* a page without text is none */

    buf_printf(&page, "%s<p>x", html);
    struct captured *d = capture_one(&c, MEDIA_HTML, buf_cstr(&page));
    assert_member(d->date, date);
    if (extra != NULL)
        assert_non_null(d->extra);
    if (extra != NULL && strstr(d->extra, extra) == NULL)
        fail_msg("'%s' is not in %s", extra, d->extra);
    capture_release(&c);
    buf_release(&page);
}

static void dates_say_where_they_come_from(void **state)
{
    (void)state;
    assert_date("<script type=application/ld+json>{\"@type\":\"NewsArticle\",\"datePublished\":"
                "\"2025-08-15T10:00:00Z\"}</script><meta name=date content=2020-01-01>",
                "2025-08-15T10:00:00Z", "\"date_from\":\"json-ld\",\"date_confidence\":0.98");
    assert_date("<meta name=date content=2025-08-15><time datetime=2020-01-01>x</time>",
                "2025-08-15", "\"date_from\":\"meta\",\"date_confidence\":0.9");
    assert_date("<time datetime=2020-01-01>x</time><time pubdate datetime=2025-08-15>x</time>",
                "2025-08-15", "\"date_from\":\"time\",\"date_confidence\":0.9");
    assert_date("<html lang=de><time>5.8.2025</time>", "2025-08-05",
                "\"date_from\":\"time\",\"date_confidence\":0.5");
    assert_date("<span itemprop=datePublished content=2025-08-15T10:00>x</span>",
                "2025-08-15T10:00", "\"date_from\":\"time\",\"date_confidence\":0.9");
    assert_date("<h1>Ferry stops</h1><p>Published 15 August 2025</p>" PARAGRAPH PARAGRAPH,
                "2025-08-15", "\"date_from\":\"text\",\"date_confidence\":0.95");
    assert_date("<link rel=canonical href=https://example.org/2025/08/15/ferry>", "2025-08-15",
                "\"date_from\":\"url\",\"date_confidence\":0.6");
    assert_date("<meta property=article:modified_time content=2025-08-15>", "2025-08-15",
                "\"date_from\":\"meta\",\"date_confidence\":0.5");
}

static void a_list_has_no_date(void **state)
{
    (void)state;
    assert_date("<main>" PARAGRAPH
                "<p>The harbour festival with its boats, bands and fireworks begins "
                "on <time datetime=2026-05-01>the first of May</time> next year.</p></main>",
                NULL, NULL);
    assert_date("<time datetime=2025-08-01>x</time><time datetime=2025-08-02>x</time>", NULL, NULL);
    assert_date("<main>" PARAGRAPH "<time datetime=2025-08-01>x</time>" PARAGRAPH
                "<time datetime=2025-08-02>x</time><time datetime=2025-08-03>x</time></main>",
                NULL, NULL);
    assert_date("<script type=application/ld+json>[{\"@type\":\"NewsArticle\",\"datePublished\":"
                "\"2025-08-15\"},{\"@type\":\"NewsArticle\",\"datePublished\":\"2025-08-16\"}]"
                "</script>",
                NULL, NULL);
    assert_date("<main>" PARAGRAPH PARAGRAPH "</main><div class=comments><time "
                "datetime=2025-08-01>x</time></div>",
                NULL, NULL);
    assert_date("<link rel=canonical href=https://example.org/2025/13/15/ferry>", NULL, NULL);
}

static void assert_title(const char *html, const char *title)
{
    struct capture c;

    assert_member(capture_one(&c, MEDIA_HTML, html)->title, title);
    capture_release(&c);
}

static void the_site_is_no_part_of_the_title(void **state)
{
    (void)state;
    assert_title("<title>Ferry stops | Courier</title><meta property=og:site_name content=Courier>",
                 "Ferry stops");
    assert_title("<title>Courier: Ferry stops</title><meta property=og:site_name content=Courier>",
                 "Ferry stops");
    assert_title("<title>Courier - Ferry stops</title><h1>Ferry stops</h1>",
                 "Courier - Ferry stops");
    assert_title("<title>Ferry stops - News - Courier</title><h1>Ferry stops</h1>", "Ferry stops");
    assert_title("<title>Courier</title><meta property=og:site_name content=Courier>"
                 "<h1>Ferry stops</h1>",
                 "Ferry stops");
    assert_title(
        "<title>Ferry stops - Courier</title><header><h1>Courier news</h1></header><main><h2>"
        "Ferry stops</h2>" PARAGRAPH PARAGRAPH "</main>",
        "Ferry stops - Courier");
    assert_title(
        "<title>Ferry stops - The Courier</title><header><h1>The Courier</h1></header><main>"
        "<h1>Ferry stops</h1>" PARAGRAPH PARAGRAPH "</main>",
        "Ferry stops");
    assert_title(
        "<title>Ferry stops - The Courier</title><div class=menu><h1>The Courier</h1></div>"
        "<main>" PARAGRAPH PARAGRAPH "</main>",
        "Ferry stops - The Courier");
    assert_title("<title>Ferry - and tram</title>", "Ferry - and tram");
    assert_title(
        "<script type=application/ld+json>{\"@type\":\"Report\",\"headline\":\"A &amp; B\"}"
        "</script>",
        "A & B");
}

static void author_and_address_go_to_extra(void **state)
{
    (void)state;
    assert_page(
        "<p itemprop=author itemscope>By <b itemprop=name>Ada Quill</b></p>", "By Ada Quill",
        "{\"author\":\"Ada Quill\",\"author_from\":\"microdata\",\"author_confidence\":0.9}");
    assert_page(
        "<a rel=author>Ada Quill</a> <a rel=author>Bo</a>", "Ada Quill Bo",
        "{\"author\":\"Ada Quill\",\"author_from\":\"microdata\",\"author_confidence\":0.9}");
    assert_page(
        "<meta name=author content='Ada Quill'><link rel=canonical href=https://example.org/a>"
        "<p>x",
        "x", "{\"author\":\"Ada Quill\",\"canonical\":\"https://example.org/a\"}");
    assert_page(
        "<meta name=author content=https://example.org/ada><link rel=canonical href=/a><p>x", "x",
        NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_neither_glue_nor_fall_apart),
        cmocka_unit_test(characters_are_decoded),
        cmocka_unit_test(what_is_not_visible_goes),
        cmocka_unit_test(one_missing_tag_swallows_nothing),
        cmocka_unit_test(a_title_that_was_dropped_cuts_no_text),
        cmocka_unit_test(the_page_names_itself),
        cmocka_unit_test(lesser_signs_serve_when_better_are_missing),
        cmocka_unit_test(deep_pages_lose_nothing),
        cmocka_unit_test(long_attributes_and_comments_lose_nothing),
        cmocka_unit_test(pages_that_would_stall_are_refused),
        cmocka_unit_test(spaces_outside_tags_are_no_attributes),
        cmocka_unit_test(entities_stand_for_characters),
        cmocka_unit_test(menus_are_left_out_and_told),
        cmocka_unit_test(a_page_without_a_clear_main_text_is_kept_whole),
        cmocka_unit_test(teasers_beside_the_article_are_left_out),
        cmocka_unit_test(a_word_about_cookies_beside_buttons_is_left_out),
        cmocka_unit_test(comments_are_text_where_there_is_no_other),
        cmocka_unit_test(what_is_left_out_is_cut_when_long),
        cmocka_unit_test(an_option_keeps_all),
        cmocka_unit_test(dates_say_where_they_come_from),
        cmocka_unit_test(a_list_has_no_date),
        cmocka_unit_test(the_site_is_no_part_of_the_title),
        cmocka_unit_test(author_and_address_go_to_extra),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
