/* Dates as documents and queries write them: ISO 8601 of any precision, in UTC seconds. */
#ifndef INDEX_BASE_DATE_H
#define INDEX_BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include <searchd/str.h>

#define DATE_NONE INT64_MIN

/* What a written date covers: [lo, hi) in seconds since 1970 UTC. */
struct date_span {
    int64_t lo, hi;
};

/* Reads YYYY, YYYY-MM, YYYY-MM-DD, and YYYY-MM-DD[T ]hh:mm[:ss[.fff]][Z|±hh[:]mm] (no zone: UTC;
 * years 0001 to 9999; a leap second is second 59). False: not a date, or none that exists
 * (2025-02-30). */
bool date_parse(struct sx_str s, struct date_span *out);

/* "30d", "2w", "6m", "1y": the span that ends at `now` (exclusive end now + 1) and begins that
 * many days, weeks, calendar months or years before. False: not of that form, or over 9999. */
bool date_parse_relative(struct sx_str s, int64_t now, struct date_span *out);

/* Year, month and day of a moment, UTC. */
void date_civil(int64_t seconds, int *year, int *month, int *day);
/* Seconds since 1970 of a day's beginning; no checks. */
int64_t date_from_civil(int year, int month, int day);

#endif
