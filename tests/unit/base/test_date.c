/* Dates: the arithmetic against a day-by-day calendar, and every form that is or is not one. */
#include "tests/support/support.h"

#include "index/base/date.h"
#include "index/base/str.h"

#define DAY 86400

static bool leap(int year)
{
    return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
}

/* A calendar that only ever counts on by one day. */
static void arithmetic_agrees_with_counting_days(void **state)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t at = -(int64_t)719162 * DAY; /* 0001-01-01 */

    (void)state;
    for (int year = 1; year <= 2400; year++) {
        for (int month = 1; month <= 12; month++) {
            int days = lengths[month - 1] + (month == 2 && leap(year));

            for (int day = 1; day <= days; day++, at += DAY) {
                int y, m, d;

                if (date_from_civil(year, month, day) != at)
                    fail_msg("from_civil %d-%d-%d", year, month, day);
                date_civil(at + (day * 7919) % DAY, &y, &m, &d);
                if (y != year || m != month || d != day)
                    fail_msg("civil %d-%d-%d gave %d-%d-%d", year, month, day, y, m, d);
            }
        }
    }
    assert_int_equal(date_from_civil(2000, 3, 1), 951868800);
}

static void civil_knows_the_last_second_of_a_day(void **state)
{
    int y, m, d;

    (void)state;
    date_civil(-1, &y, &m, &d);
    assert_true(y == 1969 && m == 12 && d == 31);
    date_civil(0, &y, &m, &d);
    assert_true(y == 1970 && m == 1 && d == 1);
    date_civil(DAY - 1, &y, &m, &d);
    assert_true(y == 1970 && m == 1 && d == 1);
    date_civil(-62167219200 - 1, &y, &m, &d);
    assert_true(y == -1 && m == 12 && d == 31);
}

static void each_precision_covers_its_span(void **state)
{
    static const struct {
        const char *text;
        int64_t lo, covers;
    } cases[] = {
        {"1970", 0, 365 * DAY},
        {"2024", 1704067200, 366 * DAY},
        {"1900", -2208988800, 365 * DAY},
        {"0001", -62135596800, 365 * DAY},
        {"9999", 253370764800, 365 * DAY},
        {"2024-02", 1706745600, 29 * DAY},
        {"2025-02", 1738368000, 28 * DAY},
        {"2025-12", 1764547200, 31 * DAY},
        {"2025-08-15", 1755216000, DAY},
        {"2024-02-29", 1709164800, DAY},
        {"2000-02-29", 951782400, DAY},
        {"2025-08-15T10:00", 1755252000, 60},
        {"2025-08-15 10:00", 1755252000, 60},
        {"2025-08-15T10:00Z", 1755252000, 60},
        {"2025-08-15T10:00:07", 1755252007, 1},
        {"2025-08-15T10:00:07.5", 1755252007, 1},
        {"2025-08-15T10:00:07.123456789012345678901234567890Z", 1755252007, 1},
        {"2025-08-15T10:00:00+02:00", 1755244800, 1},
        {"2025-08-15T10:00:00-0530", 1755271800, 1},
        {"2025-08-15T10:00+0200", 1755244800, 60},
        {"2025-08-15T00:00:00+23:59", 1755216000 - 86340, 1},
        {"2016-12-31T23:59:60Z", 1483228799, 1},
        {"2016-12-31T23:59:59Z", 1483228799, 1},
        {"2025-08-15T23:59", 1755302340, 60},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct date_span span;

        if (!date_parse(str_of(cases[i].text), &span))
            fail_msg("%s is a date", cases[i].text);
        if (span.lo != cases[i].lo || span.hi != cases[i].lo + cases[i].covers)
            fail_msg("%s: [%lld, %lld)", cases[i].text, (long long)span.lo, (long long)span.hi);
    }
}

static void what_is_no_date_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "2",
        "20",
        "202",
        "0000",
        "20255",
        "-2025",
        "+2025",
        " 2025",
        "2025 ",
        "2025-",
        "2025-8",
        "2025-13",
        "2025-00",
        "2025/08",
        "2025-08-",
        "2025-08-1",
        "2025-08-00",
        "2025-08-32",
        "2025-02-29",
        "1900-02-29",
        "2025-04-31",
        "2025-08-15T",
        "2025-08-15t10:00",
        "2025-08-15T1",
        "2025-08-15T10",
        "2025-08-15T10:",
        "2025-08-15T10:0",
        "2025-08-15T24:00",
        "2025-08-15T10:60",
        "2025-08-15T10:00:",
        "2025-08-15T10:00:61",
        "2025-08-15T10:00:00.",
        "2025-08-15T10:00:00.Z",
        "2025-08-15T10:00:00,5",
        "2025-08-15T10:00z",
        "2025-08-15T10:00ZZ",
        "2025-08-15T10:00+",
        "2025-08-15T10:00+2",
        "2025-08-15T10:00+02",
        "2025-08-15T10:00+02:",
        "2025-08-15T10:00+02:6",
        "2025-08-15T10:00+02:60",
        "2025-08-15T10:00+24:00",
        "2025-08-15T10:00+02:000",
        "2025-08-15T10:00 Z",
        "2025-08-15  10:00",
        "20250815",
        "2025-W33",
        "2025-227",
        "15.08.2025",
        "abcd",
        "2o25",
        "\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa5",
        "2025-08-15T10:00:00.5+02:00x",
    };
    struct date_span span;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (date_parse(str_of(cases[i]), &span))
            fail_msg("\"%s\" is no date", cases[i]);
    }
    assert_false(date_parse(str_make("2025\0-08", 8), &span));
    assert_false(date_parse(str_make("2025-08\0", 8), &span));
    assert_false(date_parse(str_make(NULL, 0), &span));
}

/* Every beginning of a full date either is one of the known forms or is refused; nothing is read
 * past the end (the copy has no byte behind it for the sanitizer to forgive). */
static void a_cut_date_is_never_read_past_its_end(void **state)
{
    static const char whole[] = "2025-08-15T10:00:07.25+02:00";
    static const size_t good[] = {4, 7, 10, 16, 19, 21, 22, 28};

    (void)state;
    for (size_t n = 0; n < sizeof(whole); n++) {
        char *copy = malloc(n + (n == 0));
        struct date_span span;
        bool expected = false;

        assert_non_null(copy);
        memcpy(copy, whole, n);
        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
            expected = expected || good[i] == n;
        if (date_parse(str_make(copy, n), &span) != expected)
            fail_msg("first %zu bytes", n);
        free(copy);
    }
}

static void relative_spans_end_now(void **state)
{
    static const struct {
        const char *now, *text, *lo;
    } cases[] = {
        {"2025-08-15T10:00:07", "30d", "2025-07-16T10:00:07"},
        {"2025-08-15T10:00:07", "0d", "2025-08-15T10:00:07"},
        {"2025-08-15T10:00:07", "2w", "2025-08-01T10:00:07"},
        {"2025-08-15T10:00:07", "6m", "2025-02-15T10:00:07"},
        {"2025-08-15T10:00:07", "8m", "2024-12-15T10:00:07"},
        {"2025-08-15T10:00:07", "1y", "2024-08-15T10:00:07"},
        {"2025-03-31T23:59:59", "1m", "2025-02-28T23:59:59"},
        {"2024-03-31T23:59:59", "1m", "2024-02-29T23:59:59"},
        {"2024-02-29T00:00:00", "1y", "2023-02-28T00:00:00"},
        {"2024-02-29T00:00:00", "4y", "2020-02-29T00:00:00"},
        {"1970-01-01T00:00:00", "1d", "1969-12-31T00:00:00"},
        {"2025-08-15T10:00:07", "0024m", "2023-08-15T10:00:07"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct date_span now, lo, got;

        assert_true(date_parse(str_of(cases[i].now), &now));
        assert_true(date_parse(str_of(cases[i].lo), &lo));
        if (!date_parse_relative(str_of(cases[i].text), now.lo, &got))
            fail_msg("%s is relative", cases[i].text);
        if (got.lo != lo.lo || got.hi != now.lo + 1)
            fail_msg("%s before %s: %lld", cases[i].text, cases[i].now, (long long)got.lo);
    }
}

static void what_is_not_relative_is_refused(void **state)
{
    static const char *const cases[] = {"",     "d",   "30",  "30D", "30h",    "-1d",    "+1d",
                                        "1.5d", "1dd", " 1d", "1d ", "10000d", "00001d", "1 d"};
    struct date_span span;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (date_parse_relative(str_of(cases[i]), 0, &span))
            fail_msg("\"%s\" is not relative", cases[i]);
    }
    assert_true(date_parse_relative(str_of("9999y"), 0, &span));
    assert_int_equal(span.lo, date_from_civil(1970 - 9999, 1, 1));
    assert_true(date_parse_relative(str_of("9999m"), 0, &span));
    assert_true(date_parse_relative(str_of("9999w"), 0, &span));
    assert_int_equal(span.lo, -(int64_t)9999 * 7 * DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_agrees_with_counting_days),
        cmocka_unit_test(civil_knows_the_last_second_of_a_day),
        cmocka_unit_test(each_precision_covers_its_span),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(a_cut_date_is_never_read_past_its_end),
        cmocka_unit_test(relative_spans_end_now),
        cmocka_unit_test(what_is_not_relative_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
