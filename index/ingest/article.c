/* See article.h for the rules. Lines are looked at one by one; days are gathered by rule before
 * one is offered, so that two different ones can cancel each other. */
#include "index/ingest/article.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "index/base/date.h"
#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/ingest/meta.h"

#define TOP_BYTES 65536    /* title and top are looked for in the first of these */
#define TOP_LINES 10       /* labels stand among the first of these */
#define TITLE_WITHIN 60    /* lines: a page's menus may stand before its title */
#define TITLE_BEFORE 3     /* lines before the title that belong to it */
#define TITLE_AFTER 8      /* and behind it */
#define END_LINES 40       /* a byline or a copyright at the end */
#define END_BYTES 8192     /* of the text, in which these are */
#define TITLE_LINE_MAX 200 /* bytes */
#define TITLE_WORDS_MIN 4  /* fewer is a menu item as often as a title */
#define PARAGRAPH_MIN 160  /* bytes: no menu, no caption has so many */
#define RUNNING_MIN 40     /* bytes of a line that the next goes on from */
#define BYLINE_MAX 120
#define BYLINE_WORDS_MAX 6
#define ADDRESS_DAY_RANK 45
#define DATELINE_MAX 90 /* bytes before a paragraph's own words */

/* By confidence, best first: what finds a date. */
enum date_rule { PUBLISHED, WHOLE_LINE, BYLINE, DATELINE, UPDATED, END_BYLINE, DATE_RULES };

static const double date_confidence[DATE_RULES] = {.95, .8, .8, .7, .7, .5};

struct days {
    char iso[DATE_RULES][16];
    bool clash[DATE_RULES];
};

struct article {
    struct meta *m;
    enum date_order order;
    struct days days;
};

static const struct label {
    const char *words;
    bool colon; /* must be followed by one */
    enum meta_field field;
    unsigned rank; /* of a date: its rule */
    double confidence;
} labels[] = {
    {"Title", true, META_TITLE, 1, 1},
    {"Source", true, META_SOURCE, 1, 1},
    {"Quelle", true, META_SOURCE, 1, 1},
    {"Bron", true, META_SOURCE, 1, 1},
    {"Fuente", true, META_SOURCE, 1, 1},
    {"Fonte", true, META_SOURCE, 1, 1},
    {"Credited from", true, META_SOURCE, 2, .9},
    {"Author", true, META_AUTHOR, 1, 1},
    {"Date", true, META_DATE, PUBLISHED, 0},
    {"Datum", true, META_DATE, PUBLISHED, 0},
    {"Published", false, META_DATE, PUBLISHED, 0},
    {"Published on", false, META_DATE, PUBLISHED, 0},
    {"Posted", false, META_DATE, PUBLISHED, 0},
    {"Posted on", false, META_DATE, PUBLISHED, 0},
    {"First published", false, META_DATE, PUBLISHED, 0},
    {"Veröffentlicht", false, META_DATE, PUBLISHED, 0},
    {"Veröffentlicht am", false, META_DATE, PUBLISHED, 0},
    {"Publié", false, META_DATE, PUBLISHED, 0},
    {"Publié le", false, META_DATE, PUBLISHED, 0},
    {"Gepubliceerd", false, META_DATE, PUBLISHED, 0},
    {"Gepubliceerd op", false, META_DATE, PUBLISHED, 0},
    {"Geplaatst op", false, META_DATE, PUBLISHED, 0},
    {"Publicado", false, META_DATE, PUBLISHED, 0},
    {"Publicado el", false, META_DATE, PUBLISHED, 0},
    {"Publicado em", false, META_DATE, PUBLISHED, 0},
    {"Pubblicato", false, META_DATE, PUBLISHED, 0},
    {"Pubblicato il", false, META_DATE, PUBLISHED, 0},
    {"Updated", false, META_DATE, UPDATED, 0},
    {"Updated on", false, META_DATE, UPDATED, 0},
    {"Last updated", false, META_DATE, UPDATED, 0},
    {"Last updated on", false, META_DATE, UPDATED, 0},
    {"Aktualisiert", false, META_DATE, UPDATED, 0},
    {"Aktualisiert am", false, META_DATE, UPDATED, 0},
    {"Stand", true, META_DATE, UPDATED, 0},
    {"Mis à jour le", false, META_DATE, UPDATED, 0},
    {"Bijgewerkt", false, META_DATE, UPDATED, 0},
    {"Bijgewerkt op", false, META_DATE, UPDATED, 0},
    {"Actualizado", false, META_DATE, UPDATED, 0},
    {"Actualizado el", false, META_DATE, UPDATED, 0},
    {"Atualizado em", false, META_DATE, UPDATED, 0},
    {"Aggiornato il", false, META_DATE, UPDATED, 0},
};

static const char *const by_words[] = {"By", "Von", "Par", "Door", "Por", "Di", "Text by"};

/* Words that may follow a date on its line, in small letters. */
static const char beside_a_date[] =
    " at um uhr h à a le las alle às om uur kl am pm gmt utc cet cest est edt pst pdt bst ist min "
    "mins minute minutes minuten read lesezeit leestijd lecture updated z г в ";

/* ---- what lines look like ---------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool begins(struct sx_str s, const char *with)
{
    size_t len = strlen(with);

    return s.len >= len && strncasecmp(s.ptr, with, len) == 0;
}

static struct sx_str after(struct sx_str s, size_t n)
{
    return str_make(s.ptr + n, s.len - n);
}

/* Thai to Burmese and Khmer, and the East Asian scripts: no spaces between words. */
static bool is_unspaced(uint32_t c)
{
    return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) ||
           (c >= 0x1780 && c <= 0x17FF) || (c >= 0x3040 && c <= 0x9FFF) ||
           (c >= 0x20000 && c <= 0x3FFFF);
}

/* Words by spaces; in unspaced scripts two characters count as one. */
static size_t count_words(struct sx_str s)
{
    size_t words = 0, unspaced = 0, size;
    bool inside = false;

    for (size_t i = 0; i < s.len; i += size) {
        uint32_t c = utf8_next(s.ptr + i, s.len - i, &size);
        bool space = c == ' ' || c == '\t';
        unspaced += is_unspaced(c);
        words += !space && !inside;
        inside = !space;
    }
    return words + unspaced / 2;
}

static bool ends_like_a_sentence(struct sx_str s)
{
    static const char *const ends[] = {".", ",", ";", "!", "\xE3\x80\x82", "\xE0\xA5\xA4"};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        size_t n = strlen(ends[i]);
        if (s.len >= n && memcmp(s.ptr + s.len - n, ends[i], n) == 0)
            return true;
    }
    return false;
}

/* `rest` is what follows the line: a title has a text below it. */
static bool looks_like_title(struct sx_str line, struct sx_str rest)
{
    return line.len <= TITLE_LINE_MAX && !ends_like_a_sentence(line) &&
           count_words(line) >= TITLE_WORDS_MIN && meta_trim(rest).len > 0;
}

/* The next line that is not blank, trimmed; false at the end. */
static bool next_line(struct sx_str *rest, struct sx_str *line)
{
    while (meta_line(rest, line)) {
        *line = meta_trim(*line);
        if (line->len > 0)
            return true;
    }
    return false;
}

static bool above_a_paragraph(struct sx_str rest)
{
    struct sx_str line;

    return next_line(&rest, &line) && line.len >= PARAGRAPH_MIN;
}

/* Whether the same line comes again among the next. */
static bool comes_again(struct sx_str line, struct sx_str rest)
{
    struct sx_str other;

    for (int n = 0; n < TITLE_WITHIN && next_line(&rest, &other); n++) {
        if (str_eq(other, line))
            return true;
    }
    return false;
}

/* ---- dates ------------------------------------------------------------------------------- */

static void vote(struct article *a, enum date_rule rule, const char *iso)
{
    char *held = a->days.iso[rule];

    if (held[0] == '\0')
        memcpy(held, iso, strlen(iso) + 1);
    else if (strcmp(held, iso) != 0)
        a->days.clash[rule] = true;
}

/* The best rule's day, or none when it has two. */
static void elect(struct article *a)
{
    for (unsigned rule = 0; rule < DATE_RULES; rule++) {
        if (a->days.iso[rule][0] == '\0')
            continue;
        if (a->days.clash[rule] && a->m->rank[META_DATE] >= ARTICLE_RANK)
            meta_drop(a->m, META_DATE); /* one that was kept with its time */
        else if (!a->days.clash[rule])
            meta_guess(a->m, META_DATE, ARTICLE_RANK + rule, "text", date_confidence[rule],
                       str_of(a->days.iso[rule]));
        return;
    }
}

/* Whether nothing but a time and the like is left of the line. */
static bool only_a_time(struct sx_str s)
{
    char word[12];
    size_t n, size;

    for (size_t i = 0; i < s.len; i += size) {
        uint32_t c = utf8_next(s.ptr + i, s.len - i, &size);
        bool hours = c == 0x6642 || c == 0x5206 || c == 0xC2DC || c == 0xBD84; /* 時分시분 */
        if ((c < 0x80 && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) || c == 0xB7 || c == 0xA0 ||
            (c >= 0x2010 && c <= 0x2022) || hours)
            continue;
        word[0] = ' ';
        for (n = 1; i < s.len && n < sizeof(word) - 2; i++) {
            char small = s.ptr[i];
            if (small >= 'A' && small <= 'Z')
                small = (char)(small | 0x20);
            if ((small < 'a' || small > 'z') && (signed char)small >= 0)
                break;
            word[n++] = small;
        }
        word[n++] = ' ';
        word[n] = '\0';
        if (strstr(beside_a_date, word) == NULL)
            return false;
        size = 0;
    }
    return true;
}

static void whole_line_date(struct article *a, struct sx_str line)
{
    struct datetext d;

    if (line.len <= DATETEXT_MAX && datetext_at(line, a->order, &d) &&
        only_a_time(after(line, d.to)))
        vote(a, WHOLE_LINE, d.iso);
}

/* ---- labels and bylines ------------------------------------------------------------------ */

/* A date with its time is kept with it: the first of its rule, as written. */
static bool take_labelled_date(struct article *a, enum date_rule rule, struct sx_str value)
{
    struct datetext d;
    struct buf iso = {0};
    bool taken = false;

    value = meta_trim(value);
    if (datetext_at(value, a->order, &d)) {
        vote(a, rule, d.iso);
        taken = true;
        if (meta_date(value, &iso) && iso.len > 10 && buf_ok(&iso) && !a->days.clash[rule])
            meta_guess(a->m, META_DATE, ARTICLE_RANK + rule, "text", date_confidence[rule],
                       buf_str(&iso));
    } else if (meta_date(value, &iso) && iso.len < sizeof(a->days.iso[0]) &&
               buf_cstr(&iso) != NULL) {
        vote(a, rule, iso.data); /* 2025, 2025-08 */
        taken = true;
    }
    a->m->extra.failed = a->m->extra.failed || iso.failed;
    buf_release(&iso);
    return taken;
}

/* Whether the line is a label with a value that makes sense. Not `all`: only dates and authors. In
 * the middle of a paragraph (`running`) it needs a colon. */
static bool take_label(struct article *a, struct sx_str line, bool all, bool running)
{
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        const struct label *l = &labels[i];
        size_t len = strlen(l->words);
        if (line.len <= len || !begins(line, l->words))
            continue;
        bool colon = line.ptr[len] == ':', taken = false;
        if (!colon && (l->colon || running || line.ptr[len] != ' '))
            continue;
        struct sx_str value = after(line, len + colon);
        if (l->field == META_DATE)
            taken = take_labelled_date(a, (enum date_rule)l->rank, value);
        else if (all || l->field == META_AUTHOR)
            taken =
                meta_guess(a->m, l->field, ARTICLE_RANK + l->rank, "text", l->confidence, value);
        if (taken)
            return true;
    }
    return false;
}

/* One to six words that each begin with a capital, "and" and "of" between them aside. */
static bool is_name(struct sx_str s)
{
    static const char small[] = " and und et en y e i de van der den la le di da of von zu ";
    size_t words = 0, from = 0, size;

    for (size_t i = 0; i <= s.len; i++) {
        if (i < s.len && s.ptr[i] != ' ')
            continue;
        char word[8] = " ";
        if (i > from && i - from < 6) {
            memcpy(word + 1, s.ptr + from, i - from);
            memcpy(word + 1 + (i - from), " ", 2);
        }
        uint32_t c = i > from ? utf8_next(s.ptr + from, i - from, &size) : 'A';
        bool capital = (c >= 'A' && c <= 'Z') || c >= 0xC0;
        if (!capital && (i - from >= 6 || strstr(small, word) == NULL))
            return false;
        words += i > from && capital;
        from = i + 1;
    }
    return words >= 1 && words <= BYLINE_WORDS_MAX;
}

static struct sx_str strip_signs(struct sx_str s)
{
    static const char *const signs[] = {
        "-", "|", ",", ":", "\xE2\x80\x93", "\xE2\x80\x94", "\xC2\xB7", "\xE2\x80\xA2"};

    for (bool more = true; more;) {
        more = false;
        s = meta_trim(s);
        for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
            size_t n = strlen(signs[i]);
            if (s.len >= n && memcmp(s.ptr, signs[i], n) == 0) {
                s = after(s, n);
                more = true;
            }
            if (s.len >= n && memcmp(s.ptr + s.len - n, signs[i], n) == 0) {
                s.len -= n;
                more = true;
            }
        }
    }
    return s;
}

/* "By Jane Doe", "By Jane Doe | 15 August 2025", "By - Outlet 15 Aug 2025 5 Mins Read". At the end
 * of the text only with a date, and with the dash, since there it may be anybody's. */
static bool take_byline(struct article *a, struct sx_str line, bool at_end)
{
    struct sx_str rest = {0};
    struct datetext d;
    bool dated, dash;

    if (line.len > BYLINE_MAX)
        return false;
    for (size_t i = 0; i < sizeof(by_words) / sizeof(by_words[0]) && rest.ptr == NULL; i++) {
        size_t n = strlen(by_words[i]);
        if (line.len > n + 1 && memcmp(line.ptr, by_words[i], n) == 0 && line.ptr[n] == ' ')
            rest = meta_trim(after(line, n));
    }
    if (rest.ptr == NULL)
        return false;
    dash = rest.ptr[0] == '-';
    dated = datetext_find(rest, a->order, &d);
    struct sx_str name = strip_signs(str_make(rest.ptr, dated ? d.from : rest.len));
    if (!is_name(name) || (dated && !only_a_time(after(rest, d.to))) || (at_end && !dated))
        return false;
    if (dash)
        meta_guess(a->m, META_SOURCE, ARTICLE_RANK + 4, "text", .5, name);
    else if (!at_end)
        meta_guess(a->m, META_AUTHOR, ARTICLE_RANK + 2, "text", .7, name);
    if (dated)
        vote(a, at_end ? END_BYLINE : BYLINE, d.iso);
    return true;
}

/* The byte behind the dash that ends a dateline, within DATELINE_MAX bytes; 0: none. */
static size_t dateline_end(struct sx_str line)
{
    size_t len = line.len < DATELINE_MAX ? line.len : DATELINE_MAX;

    for (size_t i = 2; i + 3 < len; i++) {
        if (memcmp(line.ptr + i, " - ", 3) == 0)
            return i;
        if (memcmp(line.ptr + i, "\xE2\x80\x93", 3) == 0 ||
            memcmp(line.ptr + i, "\xE2\x80\x94", 3) == 0)
            return i;
    }
    return 0;
}

/* "LONDON, 15 August 2025 (Agency) - The first words": a place in capitals before anything else. */
static void take_dateline(struct article *a, struct sx_str line)
{
    struct sx_str top;
    struct datetext d;
    size_t end = dateline_end(line), capitals = 0;

    if (line.len < PARAGRAPH_MIN / 2 || end == 0)
        return;
    top = str_make(line.ptr, end);
    while (capitals < end && ((top.ptr[capitals] >= 'A' && top.ptr[capitals] <= 'Z') ||
                              (unsigned char)top.ptr[capitals] >= 0xC3))
        capitals++;
    if (capitals < 3)
        return;
    if (datetext_find(top, a->order, &d))
        vote(a, DATELINE, d.iso);
    const char *open = memchr(top.ptr, '(', top.len);
    const char *close = open == NULL ? NULL : memchr(open, ')', (size_t)(top.ptr + end - open));
    if (close != NULL && close - open > 2) {
        struct sx_str name = str_make(open + 1, (size_t)(close - open) - 1);
        if (is_name(name))
            meta_guess(a->m, META_SOURCE, ARTICLE_RANK + 3, "text", .6, name);
    }
}

/* "© 2025 Outlet. All rights reserved." */
static void take_copyright(struct article *a, struct sx_str line)
{
    static const char sign[] = "\xC2\xA9";
    bool signed_ = false;

    if (line.len > BYLINE_MAX)
        return;
    if (begins(line, "Copyright"))
        line = meta_trim(after(line, 9));
    if (line.len > 2 && memcmp(line.ptr, sign, 2) == 0) {
        line = meta_trim(after(line, 2));
        signed_ = true;
    }
    size_t years = 0;
    while (years < line.len && strchr("0123456789-, ", line.ptr[years]) != NULL &&
           line.ptr[years] != '\0')
        years++;
    line = after(line, years);
    const char *stop = line.len == 0 ? NULL : memchr(line.ptr, '.', line.len);
    if (stop != NULL)
        line.len = (size_t)(stop - line.ptr);
    if (signed_ && years >= 4 && is_name(line))
        meta_guess(a->m, META_SOURCE, ARTICLE_RANK + 5, "text", .5, line);
}

/* ---- all together ------------------------------------------------------------------------ */

/* Whether the line below it is the next of the same paragraph, in a text with broken lines. */
static bool runs_on(struct sx_str line)
{
    return line.len >= RUNNING_MIN && !ends_like_a_sentence(line);
}

static bool top_line(struct article *a, struct sx_str line, bool all, bool running)
{
    if (take_label(a, line, all, running))
        return true;
    if (running)
        return false;
    if (take_byline(a, line, false))
        return true;
    whole_line_date(a, line);
    take_dateline(a, line);
    return false;
}

void article_top(struct sx_str lines, enum date_order order, struct meta *m)
{
    struct article a = {.m = m, .order = order};
    struct sx_str line;

    for (int n = 0; n < TITLE_WITHIN && next_line(&lines, &line); n++)
        top_line(&a, line, false, false);
    elect(&a);
}

/* The number of the title's line, or -1. Labels at the top are taken on the way. */
static int read_title(struct article *a, struct sx_str text)
{
    struct sx_str rest = text, line = {0}, before;
    bool first = true;
    int paragraphs = 0;

    for (int n = 0; n < TITLE_WITHIN; n++) {
        before = line;
        if (!meta_line(&rest, &line))
            break;
        line = meta_trim(line);
        if (line.len == 0 || (n < TOP_LINES && top_line(a, line, true, runs_on(before))))
            continue;
        bool titled = looks_like_title(line, rest);
        bool above = titled && above_a_paragraph(rest);
        if (first && n < TOP_LINES && titled) {
            double sure = above || comes_again(line, rest) ? .9 : .7;
            meta_guess(a->m, META_TITLE, ARTICLE_RANK + 2, "text", sure, line);
            return n;
        }
        if (above) {
            meta_guess(a->m, META_TITLE, ARTICLE_RANK + 3, "text", .6, line);
            return n;
        }
        first = false;
        if (line.len >= PARAGRAPH_MIN && ends_like_a_sentence(line) && ++paragraphs == 2)
            break; /* the text has begun, and had no title; one may be a word about cookies */
    }
    return -1;
}

/* Labels, bylines and dates at the top and around the title. A line that read_title() has taken
 * already gives the same again, which changes nothing. */
static void read_around(struct article *a, struct sx_str text, int title)
{
    struct sx_str rest = text, line = {0}, before;
    int last = title < 0 ? TOP_LINES : title + TITLE_AFTER;

    for (int n = 0; n < TOP_LINES || n <= last; n++) {
        before = line;
        if (!meta_line(&rest, &line))
            break;
        line = meta_trim(line);
        bool near = title >= 0 && n >= title - TITLE_BEFORE;
        bool running = runs_on(before) && n - 1 != title;
        if (line.len > 0 && n != title && (n < TOP_LINES || near))
            top_line(a, line, n < TOP_LINES, running);
    }
}

static void read_end(struct article *a, struct sx_str text)
{
    size_t from = text.len > END_BYTES ? text.len - END_BYTES : 0;
    struct sx_str rest = after(text, from), line;
    size_t lines = 0;

    for (size_t i = rest.len; i > 0; i--) {
        lines += rest.ptr[i - 1] == '\n';
        if (lines > END_LINES) {
            rest = after(rest, i);
            break;
        }
    }
    while (next_line(&rest, &line)) {
        take_byline(a, line, true);
        take_copyright(a, line);
    }
}

void article_read(struct sx_str text, enum date_order order, struct meta *m)
{
    struct article a = {.m = m, .order = order};
    struct sx_str top = text;

    if (text.len == 0)
        return;
    if (top.len > TOP_BYTES)
        top.len = utf8_floor(text.ptr, text.len, TOP_BYTES);
    read_around(&a, top, read_title(&a, top));
    read_end(&a, text);
    elect(&a);
}

void article_by_address(struct sx_str address, struct meta *m)
{
    const char *last = address.len == 0 ? NULL : memrchr(address.ptr, '/', address.len);
    char iso[11];
    struct date_span span;

    for (size_t i = 0; i + 11 <= address.len; i++) {
        const char *p = address.ptr + i;
        char sign = p[5];
        bool parts = sign == '/' && i + 11 < address.len && p[11] == '/';
        bool name = sign == '-' && p == last && (i + 11 == address.len || !is_digit(p[11]));
        if (p[0] != '/' || p[8] != sign || !(parts || name))
            continue;
        memcpy(iso, p + 1, 10);
        iso[4] = iso[7] = '-';
        iso[10] = '\0';
        if ((iso[0] == '1' || iso[0] == '2') && date_parse(str_of(iso), &span))
            meta_guess(m, META_DATE, ADDRESS_DAY_RANK, "url", .6, str_of(iso));
    }
}
