/* See html_about.h for the order of dates. */
#include "index/ingest/html_about.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "index/base/str.h"
#include "index/ingest/article.h"
#include "index/ingest/meta.h"

#define TITLE_MAX 1000
#define NEAR_TITLE_LINES 12 /* runs around the heading in which author and date are looked for */
#define BEFORE_TITLE 3
#define PROSE_BYTES 80 /* of a paragraph with a day in it */
#define LONG_RUN 120   /* bytes: here the text has begun */
#define SHORT_RUN 200

enum { NOT_MARKED_ONLY = 10, TWO_DAYS = 30, NO_MAIN_TEXT = 32 }; /* ranks of time elements */

/* <meta name=…> or property or itemprop, and how far each is trusted (1 is best). */
static const struct {
    const char *key;
    enum meta_field field;
    unsigned rank;
    double confidence;
} meta_keys[] = {
    {"article:published_time", META_DATE, 2, .95},
    {"og:article:published_time", META_DATE, 2, .95},
    {"datePublished", META_DATE, 3, .95},
    {"date", META_DATE, 4, .9},
    {"parsely-pub-date", META_DATE, 4, .9},
    {"sailthru.date", META_DATE, 4, .9},
    {"pubdate", META_DATE, 4, .9},
    {"publish-date", META_DATE, 4, .9},
    {"publish_date", META_DATE, 4, .9},
    {"publication_date", META_DATE, 4, .9},
    {"citation_publication_date", META_DATE, 4, .9},
    {"citation_date", META_DATE, 4, .9},
    {"dc.date", META_DATE, 5, .9},
    {"dc.date.issued", META_DATE, 6, .9},
    {"dcterms.issued", META_DATE, 6, .9},
    {"dcterms.date", META_DATE, 6, .9},
    {"dcterms.created", META_DATE, 6, .9},
    {"article:modified_time", META_DATE, JSONLD_CHANGED + 1, .5},
    {"dateModified", META_DATE, JSONLD_CHANGED + 1, .5},
    {"og:site_name", META_SOURCE, 1, 1},
    {"publisher", META_SOURCE, 3, 1},
    {"dc.publisher", META_SOURCE, 3, 1},
    {"citation_journal_title", META_SOURCE, 3, 1},
    {"application-name", META_SOURCE, 5, 1},
    {"content-language", META_LANG, 3, 1},
    {"og:locale", META_LANG, 4, 1},
    {"author", META_AUTHOR, 2, 1},
    {"article:author", META_AUTHOR, 3, 1},
    {"parsely-author", META_AUTHOR, 3, 1},
    {"sailthru.author", META_AUTHOR, 3, 1},
    {"dc.creator", META_AUTHOR, 3, 1},
    {"citation_author", META_AUTHOR, 3, 1},
    {"canonical", META_CANONICAL, 1, 1},
    {"og:url", META_CANONICAL, 2, 1},
};

void html_about_release(struct html_about *a)
{
    buf_release(&a->title);
    buf_release(&a->og_title);
    buf_release(&a->heading);
    buf_release(&a->author);
    jsonld_release(&a->ld);
}

/* ---- while it is parsed ------------------------------------------------------------------ */

static bool same(struct sx_str s, const char *z)
{
    return s.len == strlen(z) && strncasecmp(s.ptr, z, s.len) == 0;
}

void html_about_meta(struct html_about *a, struct sx_str key, struct sx_str content)
{
    if (key.ptr == NULL || content.ptr == NULL)
        return;
    if (same(key, "og:title") || same(key, "twitter:title"))
        html_about_title(&a->og_title, content);
    else if (same(key, "og:type"))
        a->website = same(meta_trim(content), "website");
    else if (same(key, "keywords") || same(key, "article:tag"))
        return; /* not tags: pages put there whatever may be searched for */
    for (size_t i = 0; i < sizeof(meta_keys) / sizeof(meta_keys[0]); i++) {
        if (same(key, meta_keys[i].key))
            meta_guess(a->meta, meta_keys[i].field, meta_keys[i].rank, "meta",
                       meta_keys[i].confidence, content);
    }
}

void html_about_time(struct html_about *a, const struct html_outline *o, struct sx_str value,
                     bool published)
{
    struct html_time *t = &a->times[a->time_count];

    value = meta_trim(value);
    if (a->time_count == HTML_TIMES_MAX || value.len == 0 || value.len >= sizeof(t->value))
        return;
    memcpy(t->value, value.ptr, value.len);
    t->value[value.len] = '\0';
    t->run = (uint32_t)o->run_count;
    t->node = o->open;
    t->published = published;
    a->time_count++;
}

void html_about_author(struct html_about *a, const struct html_outline *o, struct sx_str name)
{
    if (a->author.len > 0)
        return;
    a->author_node = o->open;
    html_about_title(&a->author, name);
}

bool html_about_title(struct buf *held, struct sx_str text)
{
    size_t start = held->len;

    text = meta_trim(text);
    if (start > 0 || text.len == 0 || text.len / 2 > TITLE_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        bool space = text.ptr[i] == ' ' || (text.ptr[i] >= '\t' && text.ptr[i] <= '\r');
        if (!space)
            buf_putc(held, text.ptr[i]);
        else if (held->len > 0 && held->data[held->len - 1] != ' ')
            buf_putc(held, ' ');
    }
    if (held->len <= TITLE_MAX)
        return true;
    held->len = 0;
    return false;
}

void html_about_names(const struct html_about *a, struct html_names *out)
{
    bool sited = a->meta->rank[META_SOURCE] != 0;

    out->titles[0] = buf_str(&a->title);
    out->titles[1] = buf_str(&a->og_title);
    out->titles[2] = buf_str(&a->ld.headline);
    out->site = sited ? buf_str(&a->meta->value[META_SOURCE]) : str_of("");
}

/* ---- title ------------------------------------------------------------------------------- */

/* Whether `s` is a sign between a title and a site's name: " | ", " - ". */
static bool is_sign(struct sx_str s)
{
    static const char *const signs[] = {
        "|",        "-",        ":",        "::",          "\xE2\x80\x93", "\xE2\x80\x94",
        "\xC2\xB7", "\xC2\xBB", "\xC2\xAB", "\xE2\x80\xA2"};

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (str_is(s, signs[i]))
            return true;
    }
    return false;
}

/* `whole` is `part`, such a sign and *other. */
static bool begins_with(struct sx_str whole, struct sx_str part, struct sx_str *other)
{
    if (part.len == 0 || whole.len < part.len + 3 || memcmp(whole.ptr, part.ptr, part.len) != 0)
        return false;
    struct sx_str rest = meta_trim(str_make(whole.ptr + part.len, whole.len - part.len));
    const char *space = memchr(rest.ptr, ' ', rest.len);
    if (space == NULL || !is_sign(str_make(rest.ptr, (size_t)(space - rest.ptr))))
        return false;
    *other = meta_trim(str_make(space, (size_t)(rest.ptr + rest.len - space)));
    return true;
}

/* `whole` is *other, such a sign and `part`. */
static bool ends_with(struct sx_str whole, struct sx_str part, struct sx_str *other)
{
    size_t before = whole.len - part.len;

    if (part.len == 0 || whole.len < part.len + 3 ||
        memcmp(whole.ptr + before, part.ptr, part.len) != 0)
        return false;
    struct sx_str rest = meta_trim(str_make(whole.ptr, before));
    const char *space = memrchr(rest.ptr, ' ', rest.len);
    if (space == NULL)
        return false;
    size_t head = (size_t)(space - rest.ptr) + 1;
    *other = meta_trim(str_make(rest.ptr, head));
    return is_sign(str_make(rest.ptr + head, rest.len - head));
}

/* `in_text`: the heading stands in the main text, so that it is no site's name. */
static struct sx_str choose_title(const struct html_about *a, struct sx_str heading, bool in_text)
{
    struct sx_str source =
        a->meta->rank[META_SOURCE] == 0 ? str_of("") : buf_str(&a->meta->value[META_SOURCE]);
    struct sx_str others[] = {buf_str(&a->ld.headline), buf_str(&a->og_title), heading};
    struct sx_str title = buf_str(&a->title), rest;

    if (begins_with(title, source, &rest) || ends_with(title, source, &rest))
        title = rest;
    for (size_t i = 0; i < 3; i++) {
        bool behind = i < 2 || in_text;
        if (str_eq(others[i], source))
            continue;
        if (begins_with(title, others[i], &rest) || (behind && ends_with(title, others[i], &rest)))
            return others[i];
    }
    if (title.len > 0 && !str_eq(title, source))
        return title;
    for (size_t i = 0; i < 3; i++) {
        if (others[i].len > 0 && !str_eq(others[i], source))
            return others[i];
    }
    return title;
}

/* The first h1 of the main text, else the page's first. */
static void settle_title(struct html_about *a, const struct html_outline *o, struct sx_str body,
                         struct html_choice choice)
{
    struct buf heading = {0};

    for (size_t i = 0; i < o->run_count && choice.clear && heading.len == 0; i++) {
        const struct html_run *r = &o->runs[i];
        if (r->keep && o->nodes[r->node].role == ROLE_HEADING1)
            html_about_title(&heading, html_run_text(r, body));
    }
    meta_offer(a->meta, META_TITLE, 1,
               choose_title(a, heading.len > 0 ? buf_str(&heading) : buf_str(&a->heading),
                            heading.len > 0));
    a->meta->extra.failed = a->meta->extra.failed || heading.failed || a->title.failed ||
                            a->og_title.failed || a->heading.failed || a->ld.headline.failed ||
                            a->author.failed;
    buf_release(&heading);
}

/* ---- date -------------------------------------------------------------------------------- */

static enum date_order order_of(const struct html_about *a)
{
    return a->meta->rank[META_LANG] == 0 ? DATE_ORDER_UNKNOWN
                                         : datetext_order(buf_str(&a->meta->value[META_LANG]));
}

/* Days that were met, at most three. */
struct days {
    char iso[3][11];
    size_t count;
};

static void add_day(struct days *d, const char *iso)
{
    for (size_t i = 0; i < d->count; i++) {
        if (strncmp(d->iso[i], iso, 10) == 0)
            return;
    }
    if (d->count < 3)
        snprintf(d->iso[d->count++], sizeof(d->iso[0]), "%.10s", iso);
}

/* The time in normal form, with what it has of the day; false: it is no day. */
static bool day_of(const struct html_time *t, enum date_order order, struct buf *out)
{
    struct datetext d;

    if (meta_date(str_of(t->value), out))
        return out->len >= 10;
    if (!datetext_at(str_of(t->value), order, &d))
        return false;
    buf_puts(out, d.iso);
    return true;
}

/* A day that is told of in a sentence is that of an event. */
static bool is_in_prose(const struct html_node *n)
{
    bool prose = n->role == ROLE_PARAGRAPH || n->role == ROLE_QUOTE || n->role == ROLE_ITEM ||
                 n->role == ROLE_CELL;

    return prose && n->text >= PROSE_BYTES;
}

/* The times that may be the page's: those marked, or all that are in no menu or comment. */
static void settle_times(struct html_about *a, const struct html_outline *o,
                         struct html_choice choice, bool marked)
{
    struct days days = {0};
    struct buf first = {0}, at = {0};
    unsigned rank;
    double confidence;

    for (size_t i = 0; i < a->time_count; i++) {
        const struct html_time *t = &a->times[i];
        if ((marked && !t->published) || t->node >= o->node_count || o->nodes[t->node].junk ||
            (!marked && is_in_prose(&o->nodes[t->node])))
            continue;
        at.len = 0; /* a failure stays noted */
        if (!day_of(t, order_of(a), &at))
            continue;
        add_day(&days, buf_cstr(&at) == NULL ? "" : at.data);
        if (first.len == 0)
            buf_put_str(&first, buf_str(&at));
    }
    if (marked) {
        rank = 7;
        confidence = .9;
    } else {
        rank = !choice.clear ? NO_MAIN_TEXT : days.count == 1 ? NOT_MARKED_ONLY : TWO_DAYS;
        confidence = !choice.clear ? .5 : days.count == 1 ? .8 : .6;
    }
    if (days.count == 1 || (days.count == 2 && choice.clear && !marked))
        meta_guess(a->meta, META_DATE, rank, "time", confidence, buf_str(&first));
    a->meta->extra.failed = a->meta->extra.failed || first.failed || at.failed;
    buf_release(&first);
    buf_release(&at);
}

/* The lines from the heading, or the first of the main text, to where the text begins. */
static void settle_by_lines(struct html_about *a, const struct html_outline *o, struct sx_str body)
{
    struct buf lines = {0};
    size_t from = SIZE_MAX;

    for (size_t i = 0; i < o->run_count && from == SIZE_MAX; i++) {
        if (o->runs[i].keep && o->nodes[o->runs[i].node].role == ROLE_HEADING1)
            from = i;
    }
    for (size_t i = 0; i < o->run_count && from == SIZE_MAX; i++) {
        if (o->runs[i].keep)
            from = i;
    }
    if (from == SIZE_MAX)
        return;
    from = from > BEFORE_TITLE ? from - BEFORE_TITLE : 0;
    for (size_t i = from; i < o->run_count && i < from + NEAR_TITLE_LINES; i++) {
        struct sx_str text = html_run_text(&o->runs[i], body);
        uint8_t role = o->nodes[o->runs[i].node].role;
        bool long_run = text.len >= LONG_RUN && role != ROLE_HEADING1;
        buf_put(&lines, text.ptr, text.len < SHORT_RUN ? text.len : 0);
        buf_putc(&lines, '\n');
        if (long_run && o->runs[i].keep && i > from + BEFORE_TITLE + 1)
            break;
    }
    if (buf_ok(&lines))
        article_top(buf_str(&lines), order_of(a), a->meta);
    a->meta->extra.failed = a->meta->extra.failed || lines.failed;
    buf_release(&lines);
}

/* "By Ada Quill" is Ada Quill; an author in comments or menus is not the page's. */
static void settle_author(struct html_about *a, const struct html_outline *o)
{
    struct sx_str name = buf_str(&a->author);

    if (name.len == 0 || a->author_node >= o->node_count || o->nodes[a->author_node].junk)
        return;
    if (name.len > 3 && strncasecmp(name.ptr, "by ", 3) == 0)
        name = str_make(name.ptr + 3, name.len - 3);
    meta_guess(a->meta, META_AUTHOR, 4, "microdata", .9, name);
}

void html_about_settle(struct html_about *a, const struct html_outline *o, struct sx_str body,
                       struct html_choice choice, struct sx_str uri)
{
    jsonld_settle(&a->ld, a->meta);
    settle_title(a, o, body, choice);
    settle_author(a, o);
    settle_times(a, o, choice, true);
    if (!a->website && !a->ld.many) {
        settle_times(a, o, choice, false);
        if (choice.clear)
            settle_by_lines(a, o, body);
    }
    if (a->meta->rank[META_CANONICAL] != 0)
        article_by_address(buf_str(&a->meta->value[META_CANONICAL]), a->meta);
    article_by_address(uri, a->meta);
}
