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
#include "index/base/utf8.h"
#include "index/ingest/datetext.h"

#define TITLE_MAX 1000 /* bytes; a longer one is an unclosed tag, not a title */
#define SOURCE_MAX 200
#define ADDRESS_MAX 2000
#define TAG_MAX 100
#define LANG_MAX 35 /* BCP 47: room for all registered tags */

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

bool meta_date(struct sx_str written, struct buf *out)
{
    struct sx_str s = meta_trim(written);
    struct date_span span;
    struct datetext found;

    if (s.len > DATETEXT_MAX)
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
    if (!datetext_at(s, DATE_ORDER_UNKNOWN, &found))
        return false;
    buf_puts(out, found.iso);
    return true;
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

static bool address(struct sx_str s, struct buf *out)
{
    s = meta_trim(s);
    if (s.len > ADDRESS_MAX || (strncasecmp(s.ptr, "http://", s.len < 7 ? s.len : 7) != 0 &&
                                strncasecmp(s.ptr, "https://", s.len < 8 ? s.len : 8) != 0))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] <= ' ')
            return false;
    }
    buf_put_str(out, s);
    return s.len > 8;
}

static bool normal_form(enum meta_field field, struct sx_str s, struct buf *out)
{
    switch (field) {
    case META_TITLE:
        return squeeze(s, TITLE_MAX, out);
    case META_DATE:
        return meta_date(s, out);
    case META_SOURCE:
    case META_AUTHOR:
        return !is_address(meta_trim(s)) && squeeze(s, SOURCE_MAX, out);
    case META_LANG:
        return meta_lang(s, out);
    case META_CANONICAL:
        return address(s, out);
    case META_COUNT:
        break;
    }
    return false;
}

bool meta_guess(struct meta *m, enum meta_field field, unsigned rank, const char *from,
                double confidence, struct sx_str written)
{
    struct buf *value = &m->value[field];
    size_t held = value->len;

    if (written.ptr == NULL || (m->rank[field] != 0 && m->rank[field] <= rank))
        return false;
    if (!normal_form(field, written, value)) {
        value->len = held;
        return false;
    }
    buf_consume(value, held); /* the one of lesser rank */
    m->rank[field] = rank;
    m->from[field] = from;
    m->confidence[field] = confidence;
    return true;
}

bool meta_offer(struct meta *m, enum meta_field field, unsigned rank, struct sx_str written)
{
    return meta_guess(m, field, rank, NULL, 1, written);
}

void meta_drop(struct meta *m, enum meta_field field)
{
    m->value[field].len = 0;
    m->rank[field] = 0;
    m->from[field] = NULL;
}

void meta_tag(struct meta *m, struct sx_str tag)
{
    struct buf plain = {0};

    if (m->tag_count < META_TAGS_MAX && squeeze(tag, TAG_MAX, &plain)) {
        if (m->tag_count++ > 0)
            buf_putc(&m->tags, ',');
        json_print_str(buf_str(&plain), &m->tags);
    }
    m->tags.failed = m->tags.failed || plain.failed;
    buf_release(&plain);
}

bool meta_ok(const struct meta *m)
{
    bool ok = true;

    for (int f = 0; f < META_COUNT; f++)
        ok = ok && buf_ok(&m->value[f]);
    return ok && buf_ok(&m->extra) && buf_ok(&m->tags);
}

/* ---- extra ----------------------------------------------------------------------------- */

static void put_key(struct buf *out, const char *key)
{
    buf_putc(out, out->len == 0 ? '{' : ',');
    json_print_str(str_of(key), out);
    buf_putc(out, ':');
}

static void put_member(struct buf *out, const char *key, struct sx_str value)
{
    put_key(out, key);
    json_print_str(value, out);
}

/* Where a guess comes from and how good it is. A date may stand in many places, so that its own is
 * always told. */
static void put_origin(const struct meta *m, enum meta_field field, const char *name,
                       struct buf *out)
{
    char key[32];

    if (m->rank[field] == 0 || m->from[field] == NULL ||
        (field != META_DATE && m->confidence[field] >= 1))
        return;
    snprintf(key, sizeof(key), "%s_from", name);
    put_member(out, key, str_of(m->from[field]));
    snprintf(key, sizeof(key), "%s_confidence", name);
    put_key(out, key);
    buf_printf(out, "%.2g", m->confidence[field]);
}

static void put_left_out(struct sx_str text, struct buf *out)
{
    size_t keep = text.len;

    if (text.len == 0)
        return;
    if (keep > META_LEFT_OUT_MAX)
        keep = utf8_floor(text.ptr, text.len, META_LEFT_OUT_MAX);
    put_member(out, "boilerplate", str_make(text.ptr, keep));
    if (keep < text.len) {
        put_key(out, "boilerplate_cut");
        buf_printf(out, "%zu", text.len - keep);
    }
}

static void put_extra(struct meta *m)
{
    static const struct {
        const char *name;
        enum meta_field field;
        bool value; /* goes here too */
    } rows[] = {{"author", META_AUTHOR, true},
                {"canonical", META_CANONICAL, true},
                {"date", META_DATE, false},
                {"title", META_TITLE, false},
                {"source", META_SOURCE, false}};
    struct buf *out = &m->extra;

    if (m->charset[0] != '\0')
        put_member(out, "charset", str_of(m->charset));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].value && m->rank[rows[i].field] != 0)
            put_member(out, rows[i].name, buf_str(&m->value[rows[i].field]));
        put_origin(m, rows[i].field, rows[i].name, out);
    }
    if (m->tags.len > 0) {
        put_key(out, "tags");
        buf_putc(out, '[');
        buf_put_str(out, buf_str(&m->tags));
        buf_putc(out, ']');
    }
    put_left_out(m->left_out, out);
    if (out->len > 0)
        buf_putc(out, '}');
}

void meta_fill(struct meta *m, struct sx_doc *doc)
{
    struct sx_str *const members[] = {&doc->title, &doc->date, &doc->source, &doc->lang};

    for (int f = 0; f <= META_LANG; f++) {
        if (m->rank[f] != 0)
            *members[f] = buf_str(&m->value[f]);
    }
    put_extra(m);
    if (m->extra.len > 0)
        doc->extra = buf_str(&m->extra);
}

void meta_release(struct meta *m)
{
    for (int f = 0; f < META_COUNT; f++)
        buf_release(&m->value[f]);
    buf_release(&m->tags);
    buf_release(&m->extra);
    memset(m, 0, sizeof(*m));
}
