/* The blocks of a page, noted while it is parsed: which runs of its text stand in which element.
 * No more of the tree is kept, and no more than so many blocks: a page with more is taken whole. */
#ifndef INDEX_INGEST_HTML_OUTLINE_H
#define INDEX_INGEST_HTML_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <searchd/str.h>

/* What an element is for, by its name. */
enum html_role {
    ROLE_NONE,      /* not noted */
    ROLE_PAGE,      /* html, body */
    ROLE_CONTAINER, /* div, section, center … */
    ROLE_ARTICLE,
    ROLE_MAIN,
    ROLE_PARAGRAPH, /* and dt, dd, summary */
    ROLE_HEADING1,
    ROLE_HEADING, /* h2 to h6 */
    ROLE_LIST,
    ROLE_ITEM,
    ROLE_TABLE,
    ROLE_CELL,
    ROLE_QUOTE,
    ROLE_FIGURE,
    ROLE_CAPTION,
    ROLE_CODE, /* pre */
    ROLE_NAV,
    ROLE_ASIDE,
    ROLE_HEADER,
    ROLE_FOOTER,
    ROLE_FORM,
    ROLE_CONTROL, /* button, select, label; what stands in for a video */
    ROLE_DIALOG
};

/* What its attributes say it is for, as bits. */
enum html_hint {
    HINT_AWAY = 1,    /* menu, sidebar, cookies, related, share … */
    HINT_COMMENT = 2, /* what readers wrote below */
    HINT_MAIN = 4,    /* role=main, articleBody, entry-content … */
    HINT_HIDDEN = 8
};

struct html_node {
    uint32_t parent; /* a smaller number; of the first: 0 */
    uint32_t depth;  /* of the element, as the caller counts */
    uint8_t role, hints;
    bool junk;    /* by html_main_choose(): it or what is around it is not the main text */
    bool choices; /* by the same: buttons stand in it, or beside its parent's children */
    uint32_t text, link, score, good;
};

struct html_run {
    uint32_t from, to; /* in the body, with the white space before it */
    uint32_t link;     /* bytes of it that are in links */
    uint32_t node;
    bool keep;
};

/* A zeroed one is empty and valid; the first node is the page. */
struct html_outline {
    struct html_node *nodes;
    struct html_run *runs;
    size_t node_count, node_cap, run_count, run_cap;
    uint32_t open; /* the innermost node */
    bool broken;   /* the next text begins a run */
    bool full;     /* more blocks than are noted */
    bool failed;   /* memory ran out */
};

void html_outline_release(struct html_outline *o);

/* An element begins at `depth` (from 1) or ends there; elements that were not noted may end too. */
void html_outline_open(struct html_outline *o, size_t depth, enum html_role role, unsigned hints);
void html_outline_close(struct html_outline *o, size_t depth);

/* Bytes [from, to) of the body are new; `in_link`: all of them in a link. */
void html_outline_text(struct html_outline *o, size_t from, size_t to, bool in_link);

/* The body was cut to `len` bytes. */
void html_outline_cut(struct html_outline *o, size_t len);

/* The text of a run without white space at its ends. */
struct sx_str html_run_text(const struct html_run *r, struct sx_str body);

#endif
