/* Calendar arithmetic without time_t's zones and locales.
 *
 * Days are counted in eras of 400 Gregorian years, which all have the same length, with years
 * that begin in March, so that the leap day is the last of its year. The calendar is proleptic:
 * the same rules before 1582. */
#include "index/base/date.h"

#include <string.h>

#define DAY 86400
#define ERA_YEARS 400
#define ERA_DAYS 146097   /* of 400 years */
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */
#define RELATIVE_DIGITS 4 /* 9999 at most */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t date_from_civil(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = floor_div(y, ERA_YEARS);
    int64_t of_era = y - era * ERA_YEARS;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;

    return (era * ERA_DAYS + days - EPOCH_DAYS) * DAY;
}

void date_civil(int64_t seconds, int *year, int *month, int *day)
{
    int64_t days = floor_div(seconds, DAY) + EPOCH_DAYS;
    int64_t era = floor_div(days, ERA_DAYS);
    int64_t of_era = days - era * ERA_DAYS;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153; /* 0 is March */

    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(era * ERA_YEARS + y + (*month <= 2));
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* ---- reading ----------------------------------------------------------------------------- */

/* What is left of the text; each taker moves past what it takes, or leaves all and is false. */
static bool take_char(struct sx_str *s, const char *any)
{
    if (s->len == 0 || s->ptr[0] == '\0' || strchr(any, s->ptr[0]) == NULL)
        return false;
    s->ptr++;
    s->len--;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Exactly `digits` digits, between `min` and `max`. */
static bool take_number(struct sx_str *s, size_t digits, int min, int max, int *out)
{
    int n = 0;

    if (s->len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (!is_digit(s->ptr[i]))
            return false;
        n = n * 10 + (s->ptr[i] - '0');
    }
    if (n < min || n > max)
        return false;
    s->ptr += digits;
    s->len -= digits;
    *out = n;
    return true;
}

/* Z, +hh:mm, -hhmm or nothing: seconds east of UTC. */
static bool take_zone(struct sx_str *s, int *east)
{
    int hours, minutes;
    bool west;

    *east = 0;
    if (s->len == 0 || take_char(s, "Z"))
        return true;
    west = s->ptr[0] == '-';
    if (!take_char(s, "+-") || !take_number(s, 2, 0, 23, &hours))
        return false;
    take_char(s, ":");
    if (!take_number(s, 2, 0, 59, &minutes))
        return false;
    *east = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

/* A dot and digits, any number of them, or nothing: below a second, so only checked. */
static bool take_fraction(struct sx_str *s)
{
    if (!take_char(s, "."))
        return true;
    if (!take_char(s, "0123456789"))
        return false;
    while (take_char(s, "0123456789"))
        continue;
    return true;
}

/* hh:mm[:ss[.fff]][zone] to the end of the text, on the day that begins at `midnight`. */
static bool read_time(struct sx_str s, int64_t midnight, struct date_span *out)
{
    int hour, minute, east, second = 0, covers = 60;

    if (!take_number(&s, 2, 0, 23, &hour) || !take_char(&s, ":") ||
        !take_number(&s, 2, 0, 59, &minute))
        return false;
    if (take_char(&s, ":")) {
        covers = 1;
        if (!take_number(&s, 2, 0, 60, &second) || !take_fraction(&s))
            return false;
        second = second == 60 ? 59 : second;
    }
    if (!take_zone(&s, &east) || s.len != 0)
        return false;
    out->lo = midnight + (int64_t)hour * 3600 + (int64_t)minute * 60 + second - east;
    out->hi = out->lo + covers;
    return true;
}

bool date_parse(struct sx_str s, struct date_span *out)
{
    int year, month, day;

    if (!take_number(&s, 4, 1, 9999, &year))
        return false;
    out->lo = date_from_civil(year, 1, 1);
    out->hi = date_from_civil(year + 1, 1, 1);
    if (s.len == 0)
        return true;
    if (!take_char(&s, "-") || !take_number(&s, 2, 1, 12, &month))
        return false;
    out->lo = date_from_civil(year, month, 1);
    out->hi = out->lo + (int64_t)days_in_month(year, month) * DAY;
    if (s.len == 0)
        return true;
    if (!take_char(&s, "-") || !take_number(&s, 2, 1, days_in_month(year, month), &day))
        return false;
    out->lo = date_from_civil(year, month, day);
    out->hi = out->lo + DAY;
    return s.len == 0 || (take_char(&s, "T ") && read_time(s, out->lo, out));
}

/* The same time of day `months` earlier; a day that month lacks becomes its last. */
static int64_t months_before(int64_t now, int months)
{
    int64_t of_day = now - floor_div(now, DAY) * DAY;
    int year, month, day, last;
    int64_t count;

    date_civil(now, &year, &month, &day);
    count = (int64_t)year * 12 + (month - 1) - months;
    year = (int)floor_div(count, 12);
    month = (int)(count - (int64_t)year * 12) + 1;
    last = days_in_month(year, month);
    return date_from_civil(year, month, day < last ? day : last) + of_day;
}

bool date_parse_relative(struct sx_str s, int64_t now, struct date_span *out)
{
    size_t digits = 0;
    int n = 0;

    while (digits < s.len && is_digit(s.ptr[digits]))
        digits++;
    if (digits == 0 || digits > RELATIVE_DIGITS || s.len != digits + 1)
        return false;
    take_number(&s, digits, 0, 9999, &n);
    switch (s.ptr[0]) {
    case 'd':
        out->lo = now - (int64_t)n * DAY;
        break;
    case 'w':
        out->lo = now - (int64_t)n * 7 * DAY;
        break;
    case 'm':
        out->lo = months_before(now, n);
        break;
    case 'y':
        out->lo = months_before(now, n * 12);
        break;
    default:
        return false;
    }
    out->hi = now + 1;
    return true;
}
