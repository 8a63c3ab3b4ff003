/* JSON-LD: what an article's object says is offered, whatever stands around it. */
#include "index/ingest/jsonld.h"

#include "index/base/str.h"
#include "index/ingest/meta.h"
#include "tests/support/support.h"

static void assert_read(const char *script, enum meta_field field, const char *want)
{
    struct jsonld ld = {0};
    struct meta m = {0};

    jsonld_read(&ld, str_of(script), &m);
    jsonld_settle(&ld, &m);
    assert_true(meta_ok(&m));
    if ((m.rank[field] != 0) != (want != NULL))
        fail_msg("%s: %s", script, want == NULL ? "said something" : "said nothing");
    if (want != NULL && !str_is(buf_str(&m.value[field]), want))
        fail_msg("'%.*s', not '%s'", (int)m.value[field].len, m.value[field].data, want);
    meta_release(&m);
    jsonld_release(&ld);
}

static void articles_are_found_where_they_stand(void **state)
{
    static const char *const scripts[] = {
        "{\"@type\":\"NewsArticle\",\"datePublished\":\"2025-08-15\"}",
        "[{\"@type\":\"Page\"},{\"@type\":[\"A\",\"Article\"],\"datePublished\":\"2025-08-15\"}]",
        "{\"@graph\":[{\"@type\":\"BlogPosting\",\"datePublished\":\"2025-08-15\"}]}",
        "<!-- {\"@type\":\"Report\",\"datePublished\":\"2025-08-15\"} -->",
        "//<![CDATA[\n{\"@type\":\"Report\",\"datePublished\":\"2025-08-15\"}\n//]]>",
        "{\"@type\":\"Article\",\"headline\":\"a\nb\",\"datePublished\":\"2025-08-15\"};",
        "{\"@type\":\"Article\",\"datePublished\":\"2025-08-15\",\"datePublished\":\"x\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
        assert_read(scripts[i], META_DATE, "2025-08-15");
}

static void what_is_not_the_pages_article_says_nothing(void **state)
{
    static const char *const scripts[] = {
        "",
        "{",
        "[",
        "null",
        "7",
        "\"x\"",
        "{\"@type\":7}",
        "{\"@graph\":{}}",
        "{\"@type\":\"Event\",\"datePublished\":\"2025-08-15\"}",
        "{\"@type\":\"WebPage\",\"mentions\":{\"@type\":\"Article\",\"datePublished\":\"2025-08-"
        "15\"}}",
        "{\"@type\":\"Article\",\"datePublished\":\"soon\"}",
        "{\"@type\":\"Article\",\"datePublished\":{\"a\":1}}",
        "[{\"@type\":\"Article\",\"datePublished\":\"2025-08-15\"},"
        "{\"@type\":\"Article\",\"datePublished\":\"2025-08-16\"}]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
        assert_read(scripts[i], META_DATE, NULL);
}

static void names_have_many_forms(void **state)
{
    (void)state;
    assert_read("{\"@type\":\"Article\",\"author\":\"Ada Quill\"}", META_AUTHOR, "Ada Quill");
    assert_read("{\"@type\":\"Article\",\"author\":{\"name\":\"Ada &amp; Co\"}}", META_AUTHOR,
                "Ada & Co");
    assert_read("{\"@type\":\"Article\",\"author\":[{\"name\":\"Ada\"},\"Bo\",[\"C\"],7]}",
                META_AUTHOR, "Ada, Bo");
    assert_read("{\"@type\":\"Article\",\"publisher\":{\"name\":\"Courier\"}}", META_SOURCE,
                "Courier");
    assert_read("{\"@type\":\"WebSite\",\"name\":\"Courier\"}", META_SOURCE, "Courier");
    assert_read("{\"@type\":\"Article\",\"inLanguage\":\"nl_NL\"}", META_LANG, "nl-NL");
    assert_read("{\"@type\":\"Article\",\"mainEntityOfPage\":{\"@id\":\"https://example.org/a\"}}",
                META_CANONICAL, "https://example.org/a");
}

static void bombs_say_nothing(void **state)
{
    static char text[(256 << 10) + 2];

    (void)state;
    memset(text, '[', 100000);
    assert_read(text, META_DATE, NULL);
    memset(text, ',', 100000);
    text[0] = '[';
    assert_read(text, META_DATE, NULL);
    memset(text, ' ', sizeof(text) - 1);
    text[0] = '{';
    assert_read(text, META_DATE, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(articles_are_found_where_they_stand),
        cmocka_unit_test(what_is_not_the_pages_article_says_nothing),
        cmocka_unit_test(names_have_many_forms),
        cmocka_unit_test(bombs_say_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
