/* Dates as people write them: in words in the usual European languages, and in figures where they
 * can mean one day only. */
#ifndef INDEX_INGEST_DATETEXT_H
#define INDEX_INGEST_DATETEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <searchd/str.h>

/* What 5/8/2025 means where the text is from. */
enum date_order {
    DATE_ORDER_UNKNOWN, /* nothing: it is no date */
    DATE_ORDER_DMY      /* 5 August */
};

#define DATETEXT_MAX 64 /* bytes: nothing longer is a date */

struct datetext {
    char iso[16];    /* YYYY-MM-DD, a day that exists */
    size_t from, to; /* where it stands in the text: [from, to) */
};

/* The order that a BCP 47 tag tells: DMY for languages and regions that write the day first, and
 * nothing else. English alone, and en-US, tell nothing. */
enum date_order datetext_order(struct sx_str lang);

/* The date at the very beginning of `s`: what follows it is no letter or digit of it. In words, a
 * weekday may stand before it ("Fri, 15 Aug 2025", "vendredi 15 août 2025", "August 15th, 2025",
 * "15 de agosto de 2025", "15. srpna 2025", "2025年8月15日"), in years 1000 to 9999; in figures,
 * year first, or with a day above 12 or the same as the month, or as `order` says, in years 1800 to
 * 2199. */
bool datetext_at(struct sx_str s, enum date_order order, struct datetext *out);

/* The first date in `s` that begins and ends between words. Time is linear in s.len. */
bool datetext_find(struct sx_str s, enum date_order order, struct datetext *out);

#endif
