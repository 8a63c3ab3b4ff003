/* Text and link density over the tree of blocks.
 *
 * Each run of text has a score: its bytes that are in no link, if it is long enough for where it
 * stands. What calls itself a menu, a sidebar, comments and so on, and lists of links, are junk,
 * unless too much of the page's score is in them to believe it. What is left has a main text if
 * most of its score lies in one element: the article or main that the page marks, else the
 * innermost container that holds nearly all. If there is too little, nothing is left out: a page
 * that is searched with its menus is better than one that is not found. */
#include "index/ingest/html_main.h"

#include <string.h>
#include <strings.h>

#include "index/base/str.h"
#include "index/ingest/meta.h"

#define PARAGRAPH_SCORES 20 /* bytes from which a paragraph counts */
#define LOOSE_SCORES 40     /* and text that stands in no paragraph */
#define CLEAR_SCORE 140     /* of the main text, at least */
#define CONSENT_MAX 1000    /* bytes of a word about cookies */
#define HEADING_MIN 8       /* bytes of a heading that is known by the page's title */

#define PROSE_SCORE 2500 /* that no menu has, whatever it is called, unless it is full of links */

/* Percent of the page's score in an element that it may have and still be junk. */
#define JUNK_SHARE 50    /* by its name: nav, aside, footer */
#define HEADER_SHARE 30  /* header, outside of an article */
#define FORM_SHARE 20    /* whole pages stand in forms */
#define HINT_SHARE 40    /* by its class */
#define COMMENT_SHARE 80 /* they may well be longer than the article */
#define ARTICLE_SHARE 15 /* an article by its class: a teaser */
#define LINKS_SHARE 30   /* a list of links */

/* Percent of the score that the main text's element must have. */
#define ROOT_TITLED 40  /* an article with the page's heading, twice as long as any other */
#define ROOT_MARKED 50  /* main, article */
#define ROOT_ARTICLE 70 /* an article inside of main */
#define ROOT_SHARE 85   /* any other */
#define CLEAR_SHARE 50
#define WIDEN_SHARE 130 /* to take in the heading, of what the root alone has */

struct choosing {
    struct html_outline *o;
    struct sx_str body;
    const struct html_names *names;
    uint64_t total;      /* score of the page */
    bool comments_count; /* they are not junk this time */
};

static bool is_heading(uint8_t role)
{
    return role == ROLE_HEADING || role == ROLE_HEADING1;
}

static bool is_container(uint8_t role)
{
    return role == ROLE_PAGE || role == ROLE_CONTAINER || role == ROLE_ARTICLE ||
           role == ROLE_MAIN || role == ROLE_FORM || role == ROLE_TABLE || role == ROLE_CELL ||
           role == ROLE_HEADER;
}

static bool above(uint64_t part, uint64_t percent, uint64_t whole)
{
    return part * 100 > percent * whole;
}

/* ---- scores ------------------------------------------------------------------------------ */

static uint32_t run_score(uint8_t role, size_t len, size_t link)
{
    size_t plain = len > link ? len - link : 0;

    if (link * 2 > len)
        return 0;
    switch ((enum html_role)role) {
    case ROLE_PARAGRAPH:
    case ROLE_QUOTE:
    case ROLE_CODE:
    case ROLE_CAPTION:
    case ROLE_ITEM:
        return plain >= PARAGRAPH_SCORES ? (uint32_t)plain : 0;
    case ROLE_CELL:
        return (uint32_t)plain / 2;
    case ROLE_HEADING1:
    case ROLE_HEADING:
    case ROLE_CONTROL:
        return 0;
    case ROLE_NONE:
    case ROLE_PAGE:
    case ROLE_CONTAINER:
    case ROLE_ARTICLE:
    case ROLE_MAIN:
    case ROLE_LIST:
    case ROLE_TABLE:
    case ROLE_FIGURE:
    case ROLE_NAV:
    case ROLE_ASIDE:
    case ROLE_HEADER:
    case ROLE_FOOTER:
    case ROLE_FORM:
    case ROLE_DIALOG:
        break;
    }
    return plain >= LOOSE_SCORES ? (uint32_t)plain : 0;
}

/* Each node's text, links and score, with all below it. A heading that is a link is no menu. */
static void add_up(struct choosing *c)
{
    struct html_outline *o = c->o;

    for (size_t i = 0; i < o->run_count; i++) {
        const struct html_run *r = &o->runs[i];
        struct html_node *n = &o->nodes[r->node];
        size_t len = html_run_text(r, c->body).len, link = is_heading(n->role) ? 0 : r->link;
        n->text += (uint32_t)len;
        n->link += (uint32_t)(link < len ? link : len);
        n->score += run_score(n->role, len, link);
    }
    for (size_t i = o->node_count; i-- > 1;) {
        struct html_node *n = &o->nodes[i], *up = &o->nodes[n->parent];
        up->text += n->text;
        up->link += n->link;
        up->score += n->score;
    }
    c->total = o->node_count == 0 ? 0 : o->nodes[0].score;
}

/* ---- junk -------------------------------------------------------------------------------- */

static bool is_within(const struct html_outline *o, const struct html_node *n, uint8_t a, uint8_t b,
                      uint8_t c)
{
    for (int up = 0; up < 32 && n != &o->nodes[0]; up++) {
        n = &o->nodes[n->parent];
        if (n->role == a || n->role == b || n->role == c)
            return true;
    }
    return false;
}

/* Percent of the page's score up to which the element is junk by its name; -1: it never is. */
static int junk_share(const struct html_outline *o, const struct html_node *n)
{
    switch ((enum html_role)n->role) {
    case ROLE_NAV:
    case ROLE_DIALOG:
    case ROLE_CONTROL:
    case ROLE_ASIDE:
        return JUNK_SHARE;
    case ROLE_FOOTER:
        return is_within(o, n, ROLE_QUOTE, ROLE_QUOTE, ROLE_QUOTE) ? -1 : JUNK_SHARE;
    case ROLE_HEADER:
        return is_within(o, n, ROLE_ARTICLE, ROLE_MAIN, ROLE_MAIN) ? -1 : HEADER_SHARE;
    case ROLE_FORM:
        return FORM_SHARE;
    case ROLE_NONE:
    case ROLE_PAGE:
    case ROLE_CONTAINER:
    case ROLE_ARTICLE:
    case ROLE_MAIN:
    case ROLE_PARAGRAPH:
    case ROLE_HEADING1:
    case ROLE_HEADING:
    case ROLE_LIST:
    case ROLE_ITEM:
    case ROLE_TABLE:
    case ROLE_CELL:
    case ROLE_QUOTE:
    case ROLE_FIGURE:
    case ROLE_CAPTION:
    case ROLE_CODE:
        break;
    }
    return -1;
}

/* Percent up to which it is junk by its class. */
static int hint_share(const struct choosing *c, const struct html_node *n)
{
    if (n->role == ROLE_PAGE || n->role == ROLE_MAIN)
        return -1;
    if ((n->hints & HINT_HIDDEN) != 0)
        return JUNK_SHARE;
    if ((n->hints & HINT_COMMENT) != 0 && !c->comments_count)
        return COMMENT_SHARE;
    if ((n->hints & HINT_AWAY) != 0 && n->score > PROSE_SCORE && n->link < n->text / 5)
        return -1;
    if ((n->hints & HINT_AWAY) != 0)
        return n->role == ROLE_ARTICLE ? ARTICLE_SHARE : HINT_SHARE;
    return -1;
}

/* Most of its text is links, and it is a list or holds blocks. */
static bool is_links(const struct choosing *c, const struct html_node *n)
{
    bool list = n->role == ROLE_LIST || n->role == ROLE_TABLE || n->role == ROLE_CONTAINER;

    return n->text > 0 && !above(n->score, LINKS_SHARE, c->total) &&
           above(n->link, list ? 66 : 80, n->text) &&
           (list || n->role == ROLE_PARAGRAPH || n->role == ROLE_FORM);
}

static bool is_junk(const struct choosing *c, const struct html_node *n)
{
    int name = junk_share(c->o, n), hint = hint_share(c, n);
    int share = name > hint ? name : hint;

    if (share >= 0 && !above(n->score, (uint64_t)share, c->total))
        return true;
    return is_links(c, n);
}

static bool has_word(struct sx_str text, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= text.len; i++) {
        if ((text.ptr[i] | 0x20) == word[0] && strncasecmp(text.ptr + i, word, len) == 0)
            return true;
    }
    return false;
}

/* What is said about cookies, where the class does not tell: two of these words, beside buttons. */
static bool asks_for_consent(struct sx_str text)
{
    static const char *const words[] = {
        "cookie",     "consent",        "privacy",      "partner",  "personal data",
        "legitimate", "datenschutz",    "einwilligung", "vie priv", "consentement",
        "privacidad", "consentimiento", "toestemming",  "consenso", "tracking",
    };
    int found = 0;

    if (text.len > CONSENT_MAX)
        return false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        found += has_word(text, words[i]);
    return found >= 2;
}

/* Its words may stand before the buttons, so that these are noted first. */
static void mark_consent(struct choosing *c)
{
    struct html_outline *o = c->o;

    for (size_t i = 1; i < o->node_count; i++) {
        struct html_node *n = &o->nodes[i], *up = &o->nodes[n->parent];
        if (n->role == ROLE_CONTROL && up->role != ROLE_PAGE) {
            up->choices = true;
            if (o->nodes[up->parent].role == ROLE_CONTAINER)
                o->nodes[up->parent].choices = true;
        }
    }
    for (size_t i = 0; i < o->run_count; i++) {
        const struct html_run *r = &o->runs[i];
        struct html_node *n = &o->nodes[r->node];
        if ((n->choices || o->nodes[n->parent].choices) && n->role != ROLE_PAGE &&
            asks_for_consent(html_run_text(r, c->body)))
            n->hints |= HINT_AWAY;
    }
}

/* Marks junk, and adds up the score of the rest. */
static void mark_junk(struct choosing *c)
{
    struct html_outline *o = c->o;

    for (size_t i = 0; i < o->node_count; i++) {
        struct html_node *n = &o->nodes[i];
        n->junk = i > 0 && (o->nodes[n->parent].junk || is_junk(c, n));
        n->good = 0;
    }
    for (size_t i = 0; i < o->run_count; i++) {
        const struct html_run *r = &o->runs[i];
        struct html_node *n = &o->nodes[r->node];
        size_t len = html_run_text(r, c->body).len;
        if (!n->junk)
            n->good += run_score(n->role, len, r->link);
    }
    for (size_t i = o->node_count; i-- > 1;)
        o->nodes[o->nodes[i].parent].good += o->nodes[i].good;
}

/* ---- the element of the main text -------------------------------------------------------- */

/* The best node of the kind that the page marks as such; 0: none holds enough. */
static uint32_t best_marked(const struct html_outline *o, uint8_t role, unsigned hint,
                            uint64_t percent)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < o->node_count; i++) {
        const struct html_node *n = &o->nodes[i];
        bool is_one = n->role == role || (n->hints & hint) != 0;
        if (is_one && !n->junk && (uint64_t)n->good * 100 >= percent * o->nodes[0].good &&
            (best == 0 || n->good > o->nodes[best].good))
            best = i;
    }
    return best;
}

/* The innermost container with nearly all of the score. Children have higher numbers than their
 * parents, and all that hold so much lie on one path, so that the last of them is it. */
static uint32_t innermost(const struct html_outline *o)
{
    uint32_t root = 0;

    for (uint32_t i = 1; i < o->node_count; i++) {
        const struct html_node *n = &o->nodes[i];
        if (n->good * (uint64_t)100 >= (uint64_t)ROOT_SHARE * o->nodes[0].good &&
            is_container(n->role) && n->parent == root)
            root = i;
    }
    return root;
}

/* A heading that says what the page is called. What stands at the end of its title may be the
 * site's name as well: only `inside` of the main text is it believed. */
static bool is_title(const struct choosing *c, const struct html_run *r, bool inside)
{
    struct sx_str text = html_run_text(r, c->body);

    if (!is_heading(c->o->nodes[r->node].role) || text.len < HEADING_MIN ||
        str_eq(text, c->names->site))
        return false;
    for (size_t i = 0; i < sizeof(c->names->titles) / sizeof(c->names->titles[0]); i++) {
        struct sx_str title = c->names->titles[i];
        if (title.len < text.len)
            continue;
        if (memcmp(title.ptr, text.ptr, text.len) == 0 ||
            (inside && memmem(title.ptr, title.len, text.ptr, text.len) != NULL))
            return true;
    }
    return false;
}

/* Nodes are numbered in the order of the page, so that all within `root` come next to each other. */
static uint32_t end_of(const struct html_outline *o, uint32_t root)
{
    uint32_t end = root + 1;

    while (end < o->node_count && o->nodes[end].depth > o->nodes[root].depth)
        end++;
    return end;
}

/* The longest article, when it has the page's heading and teasers of others stand beside it. */
static uint32_t titled_article(const struct choosing *c)
{
    const struct html_outline *o = c->o;
    uint32_t best = best_marked(o, ROLE_ARTICLE, 0, ROOT_TITLED), end;

    if (best == 0)
        return 0;
    end = end_of(o, best);
    for (uint32_t i = 1; i < o->node_count; i++) {
        const struct html_node *n = &o->nodes[i];
        if (n->role == ROLE_ARTICLE && !n->junk && (i < best || i >= end) &&
            n->good * (uint64_t)2 > o->nodes[best].good)
            return 0;
    }
    for (size_t i = 0; i < o->run_count; i++) {
        const struct html_run *r = &o->runs[i];
        if (r->node >= best && r->node < end && o->nodes[r->node].role == ROLE_HEADING1 &&
            is_title(c, r, true))
            return best;
    }
    return 0;
}

static uint32_t find_root(const struct choosing *c)
{
    const struct html_outline *o = c->o;
    uint32_t root = best_marked(o, ROLE_ARTICLE, 0, ROOT_ARTICLE);

    if (root == 0)
        root = titled_article(c);

    if (root == 0)
        root = best_marked(o, ROLE_MAIN, 0, ROOT_MARKED);
    if (root == 0)
        root = best_marked(o, ROLE_MAIN, HINT_MAIN, ROOT_ARTICLE);
    return root != 0 ? root : innermost(o);
}

/* The smallest element that holds the heading too, if it holds little else. */
static uint32_t widen(const struct choosing *c, uint32_t root)
{
    const struct html_node *nodes = c->o->nodes;

    for (size_t i = 0; i < c->o->run_count; i++) {
        uint32_t up = root, node = c->o->runs[i].node;
        if (nodes[node].role != ROLE_HEADING1 || nodes[node].junk ||
            !is_title(c, &c->o->runs[i], false))
            continue;
        while (up != node) { /* to where their chains of parents meet */
            if (up > node)
                up = nodes[up].parent;
            else
                node = nodes[node].parent;
        }
        return above(nodes[up].good, WIDEN_SHARE, nodes[root].good) ? root : up;
    }
    return root;
}

/* ---- runs -------------------------------------------------------------------------------- */

/* Lines that are on pages for no reader, whole. */
static bool is_noise(struct sx_str line)
{
    static const char *const noise[] = {
        "advertisement", "advertentie", "anzeige", "publicité", "publicidad", "publicidade",
        "pubblicità",    "werbung",     "share",   "teilen",    "delen",      "partager",
        "compartir",     "follow us",   "print",   "loading",   "loading...", "sponsored",
        "read more",     "share this",  "save",    "reklama",   "listen",     "read aloud",
    };

    for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++) {
        if (line.len == strlen(noise[i]) && strncasecmp(line.ptr, noise[i], line.len) == 0)
            return true;
    }
    return false;
}

/* From the end: a heading goes too when nothing is kept below it, or a list of links went there. */
static void drop_bare_headings(struct choosing *c)
{
    struct html_outline *o = c->o;
    bool text_below = false, links_next = false;

    for (size_t i = o->run_count; i-- > 0;) {
        struct html_run *r = &o->runs[i];
        uint8_t role = o->nodes[r->node].role;
        bool bare = role == ROLE_HEADING && (!text_below || links_next);
        if (r->keep && bare && !is_title(c, r, true))
            r->keep = false;
        text_below = text_below || (r->keep && !is_heading(role));
        links_next = !r->keep && r->link * 2 > r->to - r->from;
    }
}

static uint64_t keep_runs(struct choosing *c, uint32_t root)
{
    struct html_outline *o = c->o;
    uint32_t end = end_of(o, root);
    uint64_t kept = 0;

    for (size_t i = 0; i < o->run_count; i++) {
        struct html_run *r = &o->runs[i];
        const struct html_node *n = &o->nodes[r->node];
        struct sx_str text = html_run_text(r, c->body);
        bool within = r->node >= root && r->node < end;
        r->keep = !n->junk && within && !is_noise(text);
        if (!r->keep && n->role == ROLE_HEADING1 && is_title(c, r, false))
            r->keep = true;
        if (r->keep)
            kept += run_score(n->role, text.len, r->link);
    }
    drop_bare_headings(c);
    return kept;
}

static bool choose(struct choosing *c, struct html_choice *out)
{
    uint64_t kept, good;

    mark_junk(c);
    good = c->o->nodes[0].good;
    out->root = widen(c, find_root(c));
    kept = keep_runs(c, out->root);
    out->clear = kept >= CLEAR_SCORE && kept * 100 >= CLEAR_SHARE * good;
    return out->clear;
}

struct html_choice html_main_choose(struct html_outline *o, struct sx_str body,
                                    const struct html_names *names)
{
    struct choosing c = {.o = o, .body = body, .names = names};
    struct html_choice out = {false, 0};

    if (o->node_count > 0 && !o->full && !o->failed) {
        add_up(&c);
        mark_consent(&c);
        for (int pass = 0; pass < 2 && !out.clear; pass++) {
            c.comments_count = pass == 1;
            choose(&c, &out);
        }
    }
    if (out.clear)
        return out;
    out.root = 0;
    for (size_t i = 0; i < o->run_count; i++)
        o->runs[i].keep = true;
    return out;
}

void html_main_put(const struct html_outline *o, struct sx_str body, bool kept, struct buf *out)
{
    bool joined = false; /* the run before was put as well */

    for (size_t i = 0; i < o->run_count; i++) {
        const struct html_run *r = &o->runs[i];
        if (r->keep != kept) {
            joined = false;
            continue;
        }
        struct sx_str text = str_make(body.ptr + r->from, r->to - r->from);
        if (!joined) {
            text = html_run_text(r, body);
            if (out->len > 0 && text.len > 0)
                buf_putc(out, '\n');
        }
        buf_put_str(out, text);
        joined = true;
    }
}
