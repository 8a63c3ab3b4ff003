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
#include "index/ingest/datetext.h"

#define TITLE_MAX 1000 /* bytes; a longer one is an unclosed tag, not a title */
#define SOURCE_MAX 200
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
