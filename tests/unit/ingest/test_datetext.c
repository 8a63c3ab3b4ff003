/* Dates in words and figures: what has one reading is read, what has two is none. */
#include "index/ingest/datetext.h"

#include "index/base/str.h"
#include "tests/support/support.h"

/* `want` NULL: no date at the beginning of `written`. */
static void assert_at(const char *written, enum date_order order, const char *want)
{
    struct datetext d;
    bool read = datetext_at(str_of(written), order, &d);

    if (read != (want != NULL))
        fail_msg("'%s' was %s", written, read ? "read" : "not read");
    if (want != NULL && strcmp(d.iso, want) != 0)
        fail_msg("'%s' gave %s, not %s", written, d.iso, want);
}

static void months_have_names_in_many_languages(void **state)
{
    static const char *const same_day[] = {
        "15 August 2025",
        "August 15, 2025",
        "Aug. 15th, 2025",
        "Friday, August 15 2025",
        "Fri, 15 Aug 2025",
        "15th of August 2025",
        "15. August 2025",
        "Freitag, 15. Aug 2025",
        "Fr., den 15. August 2025",
        "15 août 2025",
        "vendredi 15 août 2025",
        "15 AOÛT 2025",
        "15 augustus 2025",
        "vr 15 aug. 2025",
        "15 de agosto de 2025",
        "viernes, 15 de agosto de 2025",
        "15 ago 2025",
        "15 agosto 2025",
        "venerdì 15 agosto 2025",
        "15º de agosto de 2025",
        "15 augusti 2025",
        "fredag den 15. august 2025",
        "15. elokuuta 2025",
        "15 sierpnia 2025",
        "15. srpna 2025",
        "15 Ağustos 2025",
        "15 августа 2025 г.",
        "15 СЕРПНЯ 2025",
        "15-Aug-2025",
        "15\xC2\xA0"
        "August\xC2\xA0"
        "2025",
        "2025年8月15日",
        "2025년 8월 15일",
        "15 August 2025T10:00",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(same_day) / sizeof(same_day[0]); i++)
        assert_at(same_day[i], DATE_ORDER_UNKNOWN, "2025-08-15");
    assert_at("1er mars 2024", DATE_ORDER_UNKNOWN, "2024-03-01");
    assert_at("mar. 12 août 2025", DATE_ORDER_UNKNOWN, "2025-08-12");
    assert_at("Mar 12, 2025", DATE_ORDER_UNKNOWN, "2025-03-12");
    assert_at("24 ŘÍJNA 2025", DATE_ORDER_UNKNOWN, "2025-10-24");
    assert_at("29 de fev. de 2024", DATE_ORDER_UNKNOWN, "2024-02-29");
}

static void figures_need_one_reading(void **state)
{
    (void)state;
    assert_at("2025/08/05", DATE_ORDER_UNKNOWN, "2025-08-05");
    assert_at("2025.08.05", DATE_ORDER_UNKNOWN, "2025-08-05");
    assert_at("15/08/2025", DATE_ORDER_UNKNOWN, "2025-08-15");
    assert_at("8/15/2025", DATE_ORDER_UNKNOWN, "2025-08-15");
    assert_at("15.8.2025", DATE_ORDER_UNKNOWN, "2025-08-15");
    assert_at("15. 8. 2025", DATE_ORDER_UNKNOWN, "2025-08-15");
    assert_at("08/08/2025", DATE_ORDER_UNKNOWN, "2025-08-08");
    assert_at("05/08/2025", DATE_ORDER_UNKNOWN, NULL);
    assert_at("05/08/2025", DATE_ORDER_DMY, "2025-08-05");
    assert_at("05.08.2025, 10:15", DATE_ORDER_DMY, "2025-08-05");
}

static void what_is_no_date_is_none(void **state)
{
    static const char *const none[] = {
        "",
        "15 August",
        "August 2025",
        "31 February 2025",
        "15 Augu 2025",
        "32.1.2025",
        "15/8/25",
        "1.2.3.2025",
        "15-8/2025",
        "15 August 20256",
        "0 May 2025",
        "115 August 2025",
        "15 August 2025x",
        "31/31/2025",
        "15.8.2025.7",
        "15/08/1066",
        "8",
        "15 de de 2025",
        "Fri",
        "99999999999999 May 1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_at(none[i], DATE_ORDER_DMY, NULL);
}

static void assert_found(const char *text, const char *iso, const char *written)
{
    struct datetext d;

    if (datetext_find(str_of(text), DATE_ORDER_UNKNOWN, &d) != (iso != NULL))
        fail_msg("'%s' has %s date", text, iso == NULL ? "a" : "no");
    if (iso == NULL)
        return;
    assert_string_equal(d.iso, iso);
    assert_int_equal(d.to - d.from, strlen(written));
    assert_memory_equal(text + d.from, written, strlen(written));
}

static void a_date_is_found_between_words(void **state)
{
    (void)state;
    assert_found("By - Tnews 26 Sep 2025 5 Mins Read", "2025-09-26", "26 Sep 2025");
    assert_found("Updated: 15 August 2025, 10:00", "2025-08-15", "15 August 2025");
    assert_found("Publié le vendredi 15 août 2025 à 10h", "2025-08-15", "vendredi 15 août 2025");
    assert_found("v1.15.8.2025 of it", NULL, NULL);
    assert_found("x15 August 2025", NULL, NULL);
    assert_found("by May 31 people", NULL, NULL);
    assert_found("\xFF\xFE 15 May 2025 \xC3", "2025-05-15", "15 May 2025");
    assert_found("room 12 15 May 2025", "2025-05-15", "15 May 2025");
}

static void a_language_tells_the_order(void **state)
{
    static const struct {
        const char *lang;
        enum date_order order;
    } rows[] = {
        {"de", DATE_ORDER_DMY},      {"en-GB", DATE_ORDER_DMY},     {"pt-BR", DATE_ORDER_DMY},
        {"en", DATE_ORDER_UNKNOWN},  {"en-US", DATE_ORDER_UNKNOWN}, {"fr-CA", DATE_ORDER_UNKNOWN},
        {"zh", DATE_ORDER_UNKNOWN},  {"", DATE_ORDER_UNKNOWN},      {"d", DATE_ORDER_UNKNOWN},
        {"deu", DATE_ORDER_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(datetext_order(str_of(rows[i].lang)), rows[i].order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(months_have_names_in_many_languages),
        cmocka_unit_test(figures_need_one_reading),
        cmocka_unit_test(what_is_no_date_is_none),
        cmocka_unit_test(a_date_is_found_between_words),
        cmocka_unit_test(a_language_tells_the_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
