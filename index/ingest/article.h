/* Title, source, author and date of an article from its lines alone, as a reader would find them.
 *
 * The rules, best first. A rule that finds two different days in what it looks at finds none, and
 * no lesser rule is asked then: a wrong date is worse than none. "Top" is the first ten lines and
 * those around the title; prose is never searched for a date.
 *
 *   field   rule                                                             where     confidence
 *   title   "Title: X"                                                       top       1
 *           the first line, when it looks like a title and stands there
 *           twice, or above a long paragraph                                 top       0.9
 *           the first line, when it looks like a title                       top       0.7
 *           a line that looks like a title above the first long paragraph    60 lines  0.6
 *   source  "Source: X" (Quelle, Bron, Fuente, Fonte)                        top       1
 *           "Credited from: X"                                               top       0.9
 *           "PLACE (X) -" before the first words of a paragraph              top       0.6
 *           "By - X 26 Sep 2025"                                             top, end  0.5
 *           a copyright line: "© 2025 X"                                     end       0.5
 *   author  "Author: X"                                                      top       1
 *           "By X" (Von, Par, Door, Por, Di), one to six words, each with a capital
 *                                                                            top       0.7
 *   date    "Date: D", "Published D" and alike in seven languages            top       0.95
 *           a line that is a date, with a time or "3 min read"               top       0.8
 *           "By X D", "By X | D"                                             top       0.8
 *           "PLACE, D -" before the first words of a paragraph               top       0.7
 *           "Updated D" and alike in seven languages                         top       0.7
 *           "By X D"                                                         end       0.5
 *
 * A line looks like a title when it has four words or more, at most 200 bytes, and no full stop,
 * comma or exclamation mark at its end. */
#ifndef INDEX_INGEST_ARTICLE_H
#define INDEX_INGEST_ARTICLE_H

#include <searchd/str.h>

#include "index/ingest/datetext.h"

struct meta;

/* The ranks of these guesses come behind this one, so that whatever a document states goes first. */
#define ARTICLE_RANK 20

/* Offers to `m` what the rules find in a plain text (valid UTF-8, lines ended by \n). */
void article_read(struct sx_str text, enum date_order order, struct meta *m);

/* Only author and date, in lines that stand around a title found otherwise: the rules for "top". */
void article_top(struct sx_str lines, enum date_order order, struct meta *m);

/* Only the day, from an address, or a file's that has such a name: /2025/08/15/, or a last part that
 * begins with 2025-08-15. Confidence 0.6; less than any other of these rules. */
void article_by_address(struct sx_str address, struct meta *m);

#endif
