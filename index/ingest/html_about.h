/* What a page says about itself: its title, date, author, source, language and address.
 *
 *   date, best first                                        confidence
 *   json-ld  datePublished of the page's one article         0.98
 *   meta     article:published_time; datePublished; date,
 *            dc.date and others                              0.95 to 0.9
 *   time     a time element marked as the publication's      0.9
 *   time     the only day among the time elements of the
 *            main text and above it, but in sentences        0.8
 *   text     the lines around the title (article.h)          0.8, 0.7
 *   time     the first of two days                           0.6
 *   time     the only day, on a page without a main text     0.5
 *   meta, json-ld  the day of the last change                0.5
 *   url      /2025/08/15/ or /2025-08-15 in the address      0.6
 *
 * Three different days in time elements are a list's, which has no day of its own.
 *
 * The title is the title element's, without the site's name when that stands before or behind it:
 * what is left must be what a heading, og:title or the article's headline says, or the name what
 * og:site_name says. */
#ifndef INDEX_INGEST_HTML_ABOUT_H
#define INDEX_INGEST_HTML_ABOUT_H

#include "index/ingest/html_main.h"
#include "index/ingest/jsonld.h"

struct meta;

#define HTML_TIMES_MAX 64

struct html_time {
    uint32_t run; /* how many runs there were before it */
    uint32_t node;
    bool published; /* it says so */
    char value[64];
};

/* A zeroed one, with `meta` set, is empty and valid. */
struct html_about {
    struct meta *meta;
    struct buf title, og_title, heading; /* of the title element, og:title, the first h1 */
    struct jsonld ld;
    bool website; /* og:type: no article */
    struct html_time times[HTML_TIMES_MAX];
    size_t time_count;
    struct buf author; /* the first that an element marks */
    uint32_t author_node;
};

void html_about_release(struct html_about *a);

/* One meta or link element: what it is called (name, property, itemprop, http-equiv; rel) and what
 * it says. */
void html_about_meta(struct html_about *a, struct sx_str key, struct sx_str content);

/* A time element: its datetime or text. */
void html_about_time(struct html_about *a, const struct html_outline *o, struct sx_str value,
                     bool published);

/* The text of an element that is marked as the author's name; the first counts. */
void html_about_author(struct html_about *a, const struct html_outline *o, struct sx_str name);

/* White space becomes single spaces; false when it is empty or too long for a title. */
bool html_about_title(struct buf *held, struct sx_str text);

/* The names by which html_main_choose() knows the heading; they borrow from `a`. */
void html_about_names(const struct html_about *a, struct html_names *out);

/* When the main text is chosen: title and date are, too. `uri` may tell a day. */
void html_about_settle(struct html_about *a, const struct html_outline *o, struct sx_str body,
                       struct html_choice choice, struct sx_str uri);

#endif
