/* What the names in an element's class, id and role say it is for. */
#ifndef INDEX_INGEST_HTML_HINTS_H
#define INDEX_INGEST_HTML_HINTS_H

#include <stdbool.h>

#include <searchd/str.h>

/* Bits of enum html_hint for a value of class, id, role or itemprop, or an element's name. Words
 * are split at signs, spaces and capitals; a word behind "has", "no", "with" and the like is about
 * something else ("has-sidebar") and counts for nothing. At most 256 bytes are looked at. */
unsigned html_hints_of(struct sx_str names);

/* The same of an id, which is often made from a heading: of more than two words, it says nothing. */
unsigned html_hints_of_id(struct sx_str id);

/* Whether a style attribute hides its element. */
bool html_style_hides(struct sx_str style);

#endif
