/* The main text of a page, from its blocks. */
#ifndef INDEX_INGEST_HTML_MAIN_H
#define INDEX_INGEST_HTML_MAIN_H

#include <stdbool.h>

#include "index/base/buf.h"
#include "index/ingest/html_outline.h"

/* What the page and its site are called elsewhere; any may be empty. */
struct html_names {
    struct sx_str titles[3];
    struct sx_str site;
};

/* What a page's main text was found to be. */
struct html_choice {
    bool clear;    /* else all runs are kept */
    uint32_t root; /* the node that holds it; 0 when not clear */
};

/* Sets `keep` of each run of the main text, or of all runs when it is not clear which that is.
 * A heading that is the page's title, and not its site's name, is kept wherever it stands. Time is linear in the blocks. */
struct html_choice html_main_choose(struct html_outline *o, struct sx_str body,
                                    const struct html_names *names);

/* Appends the runs whose `keep` is `kept`, with the white space between them that the page has, or
 * a line's end where something was left out. */
void html_main_put(const struct html_outline *o, struct sx_str body, bool kept, struct buf *out);

#endif
