/* What an element is to the text of a page, by its name. */
#ifndef INDEX_INGEST_HTML_ELEMENT_H
#define INDEX_INGEST_HTML_ELEMENT_H

#include "index/ingest/html_outline.h"

/* What it does to the text around it. */
enum html_kind {
    KIND_INLINE,
    KIND_SPACED, /* a space before and behind */
    KIND_BLOCK,  /* lines of its own */
    KIND_PRE,    /* and white space is kept */
    KIND_TITLE,
    KIND_HEADING,
    KIND_DROPPED /* its text goes */
};

struct html_element {
    const char *name; /* "": any that is not in the table */
    enum html_kind kind;
    enum html_role role;
};

/* Of a name in small letters; never NULL. */
const struct html_element *html_element_find(const char *name);

#endif
