/* CSV (RFC 4180) and its kin with semicolons or tabs. Where the first row has a column that names
 * a text (body, text, content …), each further row is a document, PARENT#LINE by the line it
 * begins in; columns that are no part of a document go to its extra. Without such a column it
 * cannot be told what a row is, and the whole file is one text document. */
#include "index/ingest/readers.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <searchd/index.h>

#include "index/base/arena.h"
#include "index/base/str.h"
#include "index/ingest/charset.h"
#include "index/ingest/meta.h"
#include "index/ingest/mime.h"

#define COLUMNS_MAX 1000
#define NAME_MAX_BYTES 64          /* of a column that goes to extra, with its NUL */
#define ROW_MAX ((size_t)16 << 20) /* bytes, as the longest line of JSON Lines */

enum role { BODY, TITLE, DATE, SOURCE, LANG, URI, ROLE_COUNT };

/* Which column a name is; of several for one role the first row here wins. */
static const struct {
    const char *name;
    enum role role;
} names[] = {
    {"body", BODY},         {"text", BODY},        {"full_text", BODY},
    {"fulltext", BODY},     {"content", BODY},     {"article", BODY},
    {"article_text", BODY}, {"message", BODY},     {"description", BODY},
    {"abstract", BODY},     {"summary", BODY},     {"title", TITLE},
    {"headline", TITLE},    {"subject", TITLE},    {"name", TITLE},
    {"date", DATE},         {"published", DATE},   {"published_at", DATE},
    {"publish_date", DATE}, {"pubdate", DATE},     {"publication_date", DATE},
    {"created_at", DATE},   {"timestamp", DATE},   {"datetime", DATE},
    {"source", SOURCE},     {"publisher", SOURCE}, {"publication", SOURCE},
    {"outlet", SOURCE},     {"lang", LANG},        {"language", LANG},
    {"uri", URI},
};

struct row {
    struct arena arena;
    struct sx_str cells[COLUMNS_MAX];
    size_t count;
    size_t line;  /* where it begins, from 1 */
    bool cut_off; /* a quote was never closed */
};

struct table {
    const struct item *it;
    struct sx_str rest;
    char separator;
    size_t line;
    struct row head, row;
    int column[ROLE_COUNT]; /* -1: none has the role */
    bool extra[COLUMNS_MAX];
    struct buf cell;
    bool oom; /* a cell did not find room */
};

/* ---- rows ------------------------------------------------------------------------------ */

/* Which sign separates cells: the most frequent of the first line, outside quotes. */
static char find_separator(struct sx_str text)
{
    static const char signs[] = ",;\t";
    size_t counts[3] = {0}, best = 0;
    bool quoted = false;

    for (size_t i = 0; i < text.len && (quoted || text.ptr[i] != '\n'); i++) {
        quoted = quoted != (text.ptr[i] == '"');
        for (size_t s = 0; s < 3 && !quoted; s++)
            counts[s] += text.ptr[i] == signs[s];
    }
    for (size_t s = 1; s < 3; s++)
        best = counts[s] > counts[best] ? s : best;
    return signs[best];
}

/* A cell in quotes, the first of which is past; *end is behind the last. */
static const char *take_quoted(struct table *t, const char *p, const char *end, bool *cut_off)
{
    while (p < end) {
        const char *quote = memchr(p, '"', (size_t)(end - p));
        const char *stop = quote == NULL ? end : quote;
        for (const char *q = p; (q = memchr(q, '\n', (size_t)(stop - q))) != NULL; q++)
            t->line++;
        buf_put(&t->cell, p, (size_t)(stop - p));
        if (quote == NULL)
            break;
        p = quote + 1;
        if (p == end || *p != '"')
            return p;
        buf_putc(&t->cell, *p++); /* two quotes are one */
    }
    *cut_off = true;
    return end;
}

/* The next row; false at the end. A row with more cells or bytes than can be is cut short and
 * says so by `count` and its text. */
static bool next_row(struct table *t, struct row *row)
{
    const char *p = t->rest.ptr, *end = t->rest.ptr + t->rest.len;
    bool more = true;

    arena_release(&row->arena);
    row->count = 0;
    row->cut_off = false;
    row->line = t->line;
    if (p == end)
        return false;
    while (more) {
        buf_clear(&t->cell);
        if (p < end && *p == '"')
            p = take_quoted(t, p + 1, end, &row->cut_off);
        const char *from = p;
        while (p < end && *p != t->separator && *p != '\n')
            p++;
        buf_put(&t->cell, from, (size_t)(p - from));
        if (row->count < COLUMNS_MAX) {
            struct sx_str cell = t->cell.len > 0 ? buf_str(&t->cell) : str_of("");
            row->cells[row->count] = arena_str(&row->arena, cell);
            t->oom = t->oom || row->cells[row->count].ptr == NULL;
        }
        t->oom = t->oom || !buf_ok(&t->cell);
        row->count++;
        more = p < end && *p == t->separator;
        p += p < end;
    }
    t->line++;
    t->rest = str_make(p, (size_t)(end - p));
    return true;
}

/* ---- columns --------------------------------------------------------------------------- */

static bool same_name(struct sx_str cell, const char *name)
{
    size_t len = strlen(name);

    cell = meta_trim(cell);
    if (cell.len != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = cell.ptr[i] == ' ' || cell.ptr[i] == '-' ? '_' : cell.ptr[i];
        if (strncasecmp(&c, name + i, 1) != 0)
            return false;
    }
    return true;
}

static void find_columns(struct table *t)
{
    for (size_t r = 0; r < ROLE_COUNT; r++)
        t->column[r] = -1;
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        for (size_t c = 0; c < t->head.count && t->column[names[n].role] < 0; c++) {
            if (same_name(t->head.cells[c], names[n].name))
                t->column[names[n].role] = (int)c;
        }
    }
}

/* Which columns go to extra: those that have a name of their own and no role. */
static void find_extras(struct table *t)
{
    for (size_t c = 0; c < t->head.count; c++) {
        struct sx_str name = meta_trim(t->head.cells[c]);
        t->extra[c] = name.len > 0 && name.len < NAME_MAX_BYTES;
        for (size_t r = 0; r < ROLE_COUNT; r++)
            t->extra[c] = t->extra[c] && t->column[r] != (int)c;
        for (size_t before = 0; before < c; before++)
            t->extra[c] = t->extra[c] && !str_eq(name, meta_trim(t->head.cells[before]));
    }
}

static struct sx_str cell_of(const struct table *t, enum role role)
{
    int column = t->column[role];

    return column < 0 || (size_t)column >= t->row.count ? str_of("") : t->row.cells[column];
}

/* ---- documents ------------------------------------------------------------------------- */

static sx_status check_row(const struct table *t, struct sx_error *err)
{
    size_t bytes = 0;

    if (t->row.cut_off)
        return sx_fail(err, SX_EREQUEST, "cut off: a quote is not closed");
    if (t->row.count > t->head.count)
        return sx_fail(err, SX_EREQUEST, "%zu cells, but the first row names %zu", t->row.count,
                       t->head.count);
    for (size_t i = 0; i < t->row.count; i++)
        bytes += t->row.cells[i].len;
    if (bytes > ROW_MAX)
        return sx_fail(err, SX_ETOOLARGE, "too large: the row is longer than %zu MiB",
                       ROW_MAX >> 20);
    if (meta_trim(cell_of(t, BODY)).len == 0 && meta_trim(cell_of(t, TITLE)).len == 0)
        return sx_fail(err, SX_EREQUEST, "empty");
    return SX_OK;
}

static bool take_meta(const struct table *t, struct meta *meta)
{
    struct buf iso = {0};
    struct sx_str date = meta_trim(cell_of(t, DATE));

    meta_offer(meta, META_TITLE, 1, cell_of(t, TITLE));
    meta_offer(meta, META_SOURCE, 1, cell_of(t, SOURCE));
    meta_offer(meta, META_LANG, 1, cell_of(t, LANG));
    if (!meta_offer(meta, META_DATE, 1, date) && mime_date(date, &iso))
        meta_offer(meta, META_DATE, 1, buf_str(&iso));
    bool ok = meta_ok(meta) && buf_ok(&iso);
    buf_release(&iso);
    return ok;
}

/* The columns that are no part of a document; where the item stands is told under these names. */
static void take_extras(const struct table *t, struct sx_str taken, struct buf *more)
{
    for (size_t c = 0; c < t->row.count; c++) {
        char key[NAME_MAX_BYTES];
        struct sx_str name = meta_trim(t->head.cells[c]);
        if (!t->extra[c])
            continue;
        memcpy(key, name.ptr, name.len);
        key[name.len] = '\0';
        if (!item_has_key(taken, key) && strcmp(key, "parent") != 0 && strcmp(key, "entry") != 0)
            item_member(more, key, meta_trim(t->row.cells[c]));
    }
}

static sx_status make_doc(const struct table *t, struct sx_error *err)
{
    struct sx_doc doc = {.type = str_of(media_name(MEDIA_CSV)), .body = cell_of(t, BODY)};
    struct item with = *t->it;
    struct meta meta = {0};
    struct buf more = {0}, uri = {0};
    sx_status rc = check_row(t, err);

    if (rc != SX_OK)
        return rc;
    doc.uri = meta_trim(cell_of(t, URI));
    if (doc.uri.len == 0) {
        buf_put_str(&uri, t->it->uri);
        buf_printf(&uri, "#%zu", t->row.line);
        doc.uri = buf_str(&uri);
    }
    bool ok = take_meta(t, &meta);
    meta_fill(&meta, &doc);
    buf_put_str(&more, t->it->more);
    take_extras(t, doc.extra, &more);
    with.more = buf_str(&more);
    ok = ok && meta_ok(&meta) && buf_ok(&more) && buf_ok(&uri);
    rc = ok ? item_doc(&with, &doc, t->row.line, err) : sx_fail_oom(err);
    meta_release(&meta);
    buf_release(&more);
    buf_release(&uri);
    return rc;
}

static sx_status read_rows(struct table *t, struct sx_error *err)
{
    sx_status rc = SX_OK;

    while (rc == SX_OK && next_row(t, &t->row)) {
        struct sx_error why = {0};
        if (!t->oom && t->row.count == 1 && meta_trim(t->row.cells[0]).len == 0)
            continue; /* an empty line is no row */
        rc = nest_count(t->it->nest, err);
        if (rc != SX_OK)
            break;
        rc = t->oom ? sx_fail_oom(&why) : make_doc(t, &why);
        if (rc != SX_OK && rc != SX_ENOMEM && !t->it->nest->ended) {
            item_line_failed(t->it, t->row.line, &why);
            rc = SX_OK;
        } else if (rc != SX_OK) {
            *err = why;
        }
    }
    return rc;
}

sx_status csv_read(const struct item *it, struct sx_str bytes, struct sx_error *err)
{
    struct table t = {.it = it, .line = 1};
    struct buf mem = {0};
    char used[CHARSET_NAME_MAX];
    sx_status rc = charset_decode(bytes, "", &mem, &t.rest, used, err);

    if (rc == SX_OK) {
        t.separator = find_separator(t.rest);
        next_row(&t, &t.head);
        if (t.oom)
            rc = sx_fail_oom(err);
    }
    if (rc == SX_OK) {
        bool sane = t.head.count <= COLUMNS_MAX && !t.head.cut_off;
        if (sane) {
            find_columns(&t);
            find_extras(&t);
        }
        rc = sane && t.column[BODY] >= 0 ? read_rows(&t, err)
                                         : item_read_as(it, MEDIA_TEXT, bytes, err);
    }
    arena_release(&t.head.arena);
    arena_release(&t.row.arena);
    buf_release(&t.cell);
    buf_release(&mem);
    return rc;
}
