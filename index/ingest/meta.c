/* Normal forms of what documents say about themselves. What does not make sense is left out
 * rather than guessed: a wrong date or title misleads, a missing one does not. */
#include "index/ingest/meta.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <searchd/index.h>

#include "index/base/date.h"
#include "index/base/json.h"
#include "index/base/str.h"

#define TITLE_MAX 1000 /* bytes; a longer one is an unclosed tag, not a title */
#define SOURCE_MAX 200
#define LANG_MAX 35 /* BCP 47: room for all registered tags */
#define DATE_TEXT_MAX 64

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    c |= 0x20;
    return c >= 'a' && c <= 'z';
}

struct sx_str meta_trim(struct sx_str s)
{
    while (s.len > 0 && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool meta_line(struct sx_str *rest, struct sx_str *line)
{
    const char *end;

    if (rest->len == 0)
        return false;
    end = memchr(rest->ptr, '\n', rest->len);
    line->ptr = rest->ptr;
    line->len = end == NULL ? rest->len : (size_t)(end - rest->ptr);
    size_t taken = line->len + (end != NULL);
    rest->ptr += taken;
    rest->len -= taken;
    return true;
}

/* ---- dates ----------------------------------------------------------------------------- */

/* Digits off the front, at most `max` of them; -1 when there is none. */
static int take_number(struct sx_str *s, size_t max)
{
    int n = 0;
    size_t i = 0;

    for (; i < max && i < s->len && is_digit(s->ptr[i]); i++)
        n = n * 10 + (s->ptr[i] - '0');
    if (i == 0 || (i < s->len && is_digit(s->ptr[i])))
        return -1;
    s->ptr += i;
    s->len -= i;
    return n;
}

static struct sx_str take_word(struct sx_str *s)
{
    struct sx_str word = {s->ptr, 0};

    while (word.len < s->len && is_letter(s->ptr[word.len]))
        word.len++;
    s->ptr += word.len;
    s->len -= word.len;
    return word;
}

static void skip_gap(struct sx_str *s)
{
    while (s->len > 0 && (is_space(s->ptr[0]) || s->ptr[0] == ',' || s->ptr[0] == '.')) {
        s->ptr++;
        s->len--;
    }
}

/* The English month that `word` names or abbreviates to three letters (or Sept), else 0. */
static int month_of(struct sx_str word)
{
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};

    for (int i = 0; i < 12; i++) {
        size_t full = strlen(names[i]);
        if ((word.len == 3 || word.len == full || (i == 8 && word.len == 4)) &&
            strncasecmp(word.ptr, names[i], word.len) == 0)
            return i + 1;
    }
    return 0;
}

static bool is_weekday(struct sx_str word)
{
    static const char *const names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};

    for (int i = 0; i < 7; i++) {
        if ((word.len == 3 || word.len == strlen(names[i])) &&
            strncasecmp(word.ptr, names[i], word.len) == 0)
            return true;
    }
    return false;
}

/* "15 August 2025", "August 15, 2025", "Fri, 15 Aug 2025 10:00": what follows the year after a
 * gap is not read. */
static bool date_in_words(struct sx_str s, struct buf *out)
{
    struct sx_str word = take_word(&s);
    struct date_span span;
    char iso[32];
    int day = -1, month, year;

    if (is_weekday(word)) {
        skip_gap(&s);
        word = take_word(&s);
    }
    month = month_of(word);
    if (word.len > 0 && month == 0)
        return false;
    skip_gap(&s);
    day = take_number(&s, 2);
    skip_gap(&s);
    if (month == 0) {
        month = month_of(take_word(&s));
        skip_gap(&s);
    }
    year = take_number(&s, 4);
    if (day < 1 || month < 1 || year < 1000 || (s.len > 0 && is_letter(s.ptr[0])))
        return false;
    int n = snprintf(iso, sizeof(iso), "%04d-%02d-%02d", year, month, day);
    if (!date_parse(str_make(iso, (size_t)n), &span))
        return false;
    buf_put(out, iso, (size_t)n);
    return true;
}

bool meta_date(struct sx_str written, struct buf *out)
{
    struct sx_str s = meta_trim(written);
    struct date_span span;

    if (s.len > DATE_TEXT_MAX)
        return false;
    if (date_parse(s, &span)) {
        buf_put_str(out, s);
        return true;
    }
    /* A day, and a time in a form that is not read. */
    if (s.len > 10 && (s.ptr[10] == 'T' || s.ptr[10] == ' ')) {
        s.len = 10;
        if (date_parse(s, &span)) {
            buf_put_str(out, s);
            return true;
        }
        s = meta_trim(written);
    }
    return date_in_words(s, out);
}

/* ---- languages ------------------------------------------------------------------------- */

/* BCP 47 has regions in capitals, scripts with one, all else small. */
static void put_subtag(struct sx_str tag, bool first, struct buf *out)
{
    bool region = !first && tag.len == 2, script = !first && tag.len == 4 && is_letter(tag.ptr[0]);

    for (size_t i = 0; i < tag.len; i++) {
        char c = tag.ptr[i];
        if (is_letter(c))
            c = (char)(region || (script && i == 0) ? c & ~0x20 : c | 0x20);
        buf_putc(out, c);
    }
}

bool meta_lang(struct sx_str written, struct buf *out)
{
    struct sx_str s = meta_trim(written), tag;
    size_t start = out->len;

    if (s.len > LANG_MAX)
        return false;
    for (size_t at = 0; at <= s.len; at += tag.len + 1) {
        tag = str_make(s.ptr + at, 0);
        while (at + tag.len < s.len && (is_letter(tag.ptr[tag.len]) || is_digit(tag.ptr[tag.len])))
            tag.len++;
        bool ended = at + tag.len == s.len || strchr("-_", tag.ptr[tag.len]) != NULL;
        bool fits = at > 0 ? tag.len >= 1 && tag.len <= 8
                           : (tag.len == 2 || tag.len == 3) && !is_digit(tag.ptr[0]);
        if (!ended || !fits) {
            out->len = start;
            return false;
        }
        if (at > 0)
            buf_putc(out, '-');
        put_subtag(tag, at == 0, out);
    }
    return true;
}

/* ---- all together ---------------------------------------------------------------------- */

/* Runs of white space become one space. False: nothing there, or longer than `max`. */
static bool squeeze(struct sx_str s, size_t max, struct buf *out)
{
    size_t start = out->len;

    s = meta_trim(s);
    for (size_t i = 0; i < s.len && out->len - start <= max; i++) {
        if (!is_space(s.ptr[i]))
            buf_putc(out, s.ptr[i]);
        else if (!is_space(s.ptr[i - 1]))
            buf_putc(out, ' ');
    }
    if (out->len > start && out->len - start <= max)
        return true;
    out->len = start;
    return false;
}

static bool is_address(struct sx_str s)
{
    return (s.len >= 4 && strncasecmp(s.ptr, "http", 4) == 0) || (s.len > 0 && s.ptr[0] == '@');
}

static bool normal_form(enum meta_field field, struct sx_str s, struct buf *out)
{
    switch (field) {
    case META_TITLE:
        return squeeze(s, TITLE_MAX, out);
    case META_DATE:
        return meta_date(s, out);
    case META_SOURCE:
        return !is_address(meta_trim(s)) && squeeze(s, SOURCE_MAX, out);
    case META_LANG:
        return meta_lang(s, out);
    case META_COUNT:
        break;
    }
    return false;
}

bool meta_offer(struct meta *m, enum meta_field field, unsigned rank, struct sx_str written)
{
    struct buf *value = &m->value[field];
    size_t held = value->len;

    if (written.ptr == NULL || (m->rank[field] != 0 && m->rank[field] <= rank))
        return false;
    if (!normal_form(field, written, value))
        return false;
    buf_consume(value, held); /* the one of lesser rank */
    m->rank[field] = rank;
    return true;
}

bool meta_ok(const struct meta *m)
{
    bool ok = true;

    for (int f = 0; f < META_COUNT; f++)
        ok = ok && buf_ok(&m->value[f]);
    return ok && buf_ok(&m->extra);
}

void meta_fill(struct meta *m, struct sx_doc *doc)
{
    struct sx_str *const members[] = {&doc->title, &doc->date, &doc->source, &doc->lang};

    for (int f = 0; f < META_COUNT; f++) {
        if (m->rank[f] != 0)
            *members[f] = buf_str(&m->value[f]);
    }
    if (m->charset[0] == '\0')
        return;
    buf_puts(&m->extra, "{\"charset\":");
    json_print_str(str_of(m->charset), &m->extra);
    buf_putc(&m->extra, '}');
    doc->extra = buf_str(&m->extra);
}

void meta_release(struct meta *m)
{
    for (int f = 0; f < META_COUNT; f++)
        buf_release(&m->value[f]);
    buf_release(&m->extra);
    memset(m, 0, sizeof(*m));
}
