/* What names of classes say: words are split, and some say nothing of their element. */
#include "index/ingest/html_hints.h"

#include "index/base/str.h"
#include "index/ingest/html_outline.h"
#include "tests/support/support.h"

static void words_are_found_however_they_are_joined(void **state)
{
    static const struct {
        const char *names;
        unsigned hints;
    } rows[] = {
        {"sidebar", HINT_AWAY},
        {"Right-SideBar", HINT_AWAY},
        {"pageFooter", HINT_AWAY},
        {"c-ad__slot", HINT_AWAY},
        {"relatedposts", HINT_AWAY},
        {"most-read", HINT_AWAY},
        {"comment-list", HINT_COMMENT},
        {"comments", HINT_COMMENT},
        {"entry-content", HINT_MAIN},
        {"articleBody", HINT_MAIN},
        {"post body", HINT_MAIN},
        {"article", 0},
        {"has-sidebar", 0},
        {"no-ads", 0},
        {"with_comments", 0},
        {"header", 0},
        {"download", 0},
        {"shadow", 0},
        {"", 0},
        {"--", 0},
        {"\xC3\xA9\xFF", 0},
        {"nav menu", HINT_AWAY},
        {"widget", HINT_AWAY},
        {"ad", HINT_AWAY},
        {"zzz", 0},
        {"a-word-that-is-much-longer-than-any-in-the-table", 0},
    };

    (void)state;
    assert_int_equal(html_hints_of(str_of(NULL)), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (html_hints_of(str_of(rows[i].names)) != rows[i].hints)
            fail_msg("'%s' gave %u", rows[i].names, html_hints_of(str_of(rows[i].names)));
    }
}

static void long_ids_are_headings(void **state)
{
    (void)state;
    assert_int_equal(html_hints_of_id(str_of("sidebar")), HINT_AWAY);
    assert_int_equal(html_hints_of_id(str_of("site-footer")), HINT_AWAY);
    assert_int_equal(html_hints_of_id(str_of("file-menu-shell-and-editor")), 0);
    assert_int_equal(html_hints_of_id(str_of(NULL)), 0);
}

static void styles_hide(void **state)
{
    (void)state;
    assert_true(html_style_hides(str_of("color: red; DISPLAY:none")));
    assert_true(html_style_hides(str_of("display: none;")));
    assert_false(html_style_hides(str_of("display:block")));
    assert_false(html_style_hides(str_of("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_however_they_are_joined),
        cmocka_unit_test(long_ids_are_headings),
        cmocka_unit_test(styles_hide),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
