/* Normal forms: what makes sense is normalised, what does not is left out. */
#include "index/ingest/meta.h"

#include <searchd/index.h>

#include "index/base/str.h"
#include "tests/support/support.h"

typedef bool (*form)(struct sx_str written, struct buf *out);

/* `want` NULL: refused, and nothing written. */
static void assert_form(form f, const char *written, const char *want)
{
    struct buf out = {0};

    if (f(str_of(written), &out) != (want != NULL))
        fail_msg("'%s' was %s", written, want == NULL ? "taken" : "refused");
    assert_int_equal(out.len, want == NULL ? 0 : strlen(want));
    if (want != NULL && memcmp(out.data, want, out.len) != 0)
        fail_msg("'%s' gave '%.*s'", written, (int)out.len, out.data);
    buf_release(&out);
}

static void dates_take_one_form(void **state)
{
    (void)state;
    assert_form(meta_date, " 2025-08-15T10:00:00+02:00 ", "2025-08-15T10:00:00+02:00");
    assert_form(meta_date, "2025-08", "2025-08");
    assert_form(meta_date, "2025-08-15 10:00:00 +0200", "2025-08-15");
    assert_form(meta_date, "15 August 2025", "2025-08-15");
    assert_form(meta_date, "26 Sep 2025", "2025-09-26");
    assert_form(meta_date, "26 sept. 2025", "2025-09-26");
    assert_form(meta_date, "August 15, 2025", "2025-08-15");
    assert_form(meta_date, "Fri, 15 Aug 2025 10:00:00 GMT", "2025-08-15");
    assert_form(meta_date, "Friday 1 May 2025", "2025-05-01");
    assert_form(meta_date, "15 Augustus 2025", "2025-08-15");
    assert_form(meta_date, "15/08/2025", "2025-08-15");
}

static void what_is_no_date_is_left_out(void **state)
{
    (void)state;
    assert_form(meta_date, "", NULL);
    assert_form(meta_date, "yesterday", NULL);
    assert_form(meta_date, "31 February 2025", NULL);
    assert_form(meta_date, "2025-02-30", NULL);
    assert_form(meta_date, "15 Augustussen 2025", NULL);
    assert_form(meta_date, "15 August", NULL);
    assert_form(meta_date, "15 August 20256", NULL);
    assert_form(meta_date, "05/08/2025", NULL);
    assert_form(meta_date, "115 August 2025", NULL);
    assert_form(meta_date, "Ma 15, 2025", NULL);
    assert_form(meta_date,
                "August 15, 2025 and so on, for many more words than any date would have", NULL);
}

static void languages_take_one_form(void **state)
{
    (void)state;
    assert_form(meta_lang, "en_US", "en-US");
    assert_form(meta_lang, " EN ", "en");
    assert_form(meta_lang, "zh-hant-tw", "zh-Hant-TW");
    assert_form(meta_lang, "es-419", "es-419");
    assert_form(meta_lang, "de-1996", "de-1996");
    assert_form(meta_lang, "", NULL);
    assert_form(meta_lang, "english", NULL);
    assert_form(meta_lang, "en US", NULL);
    assert_form(meta_lang, "en-", NULL);
    assert_form(meta_lang, "1n", NULL);
    assert_form(meta_lang, "en-abcdefghi", NULL);
    assert_form(meta_lang, "en-a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s", NULL);
}

static void the_best_rank_stays(void **state)
{
    struct meta m = {0};
    struct sx_doc doc = {.lang = str_of("nl")};

    (void)state;
    assert_true(meta_offer(&m, META_TITLE, 3, str_of("third")));
    assert_false(meta_offer(&m, META_TITLE, 1, str_of(" \t ")));
    assert_true(meta_offer(&m, META_TITLE, 1, str_of("  the\n first ")));
    assert_false(meta_offer(&m, META_TITLE, 1, str_of("another")));
    assert_false(meta_offer(&m, META_TITLE, 2, str_of("second")));
    assert_false(meta_offer(&m, META_SOURCE, 1, str_of("https://example.org/")));
    assert_false(meta_offer(&m, META_SOURCE, 1, str_of("@handle")));
    assert_false(meta_offer(&m, META_DATE, 1, str_of("soon")));
    assert_false(meta_offer(&m, META_DATE, 1, str_of(NULL)));
    meta_fill(&m, &doc);
    assert_true(meta_ok(&m));
    assert_true(str_is(doc.title, "the first"));
    assert_null(doc.source.ptr);
    assert_null(doc.date.ptr);
    assert_true(str_is(doc.lang, "nl"));
    meta_release(&m);
}

static void an_endless_title_is_none(void **state)
{
    struct meta m = {0};
    char longest[1001];

    (void)state;
    memset(longest, 'x', sizeof(longest));
    assert_false(meta_offer(&m, META_TITLE, 1, str_make(longest, 1001)));
    assert_true(meta_offer(&m, META_TITLE, 1, str_make(longest, 1000)));
    meta_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_take_one_form),      cmocka_unit_test(what_is_no_date_is_left_out),
        cmocka_unit_test(languages_take_one_form),  cmocka_unit_test(the_best_rank_stays),
        cmocka_unit_test(an_endless_title_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
