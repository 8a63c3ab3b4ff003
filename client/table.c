/* Cells are kept as bytes and columns of the terminal until all are known; then the rows are
 * printed. Spaces are owed until text follows, so that no line ends with them. */
#include "client/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "index/base/str.h"
#include "index/base/utf8.h"

#define GAP 2
#define CUT_LEAST 8 /* columns that are left of a cut cell */
#define ELLIPSIS "\xe2\x80\xa6"

struct cell {
    size_t end;    /* in table.text; it begins where the one before ends */
    size_t width;  /* columns of the terminal */
    size_t column; /* TABLE_COLUMNS_MAX: the end of a row */
    enum style style;
    bool wide; /* may reach into the columns behind it */
};

static void end_cell(struct table *t, size_t width, enum style style)
{
    const struct cell c = {t->text.len, width, t->column++, style, false};

    buf_put(&t->cells, &c, sizeof(c));
}

void table_skip(struct table *t)
{
    end_cell(t, 0, STYLE_PLAIN);
}

void table_text(struct table *t, struct sx_str text, enum style style)
{
    size_t width = escape_text(&t->text, text);

    end_cell(t, width, style);
}

void table_printf(struct table *t, enum style style, const char *fmt, ...)
{
    char text[400]; /* a double has up to 309 digits before the point */
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    table_text(t, str_of(text), style);
}

void table_row(struct table *t)
{
    const struct cell end = {t->text.len, 0, TABLE_COLUMNS_MAX, STYLE_PLAIN, false};

    buf_put(&t->cells, &end, sizeof(end));
    t->column = 0;
}

static size_t cell_count(const struct table *t)
{
    return t->cells.len / sizeof(struct cell);
}

static struct cell cell_at(const struct table *t, size_t i)
{
    struct cell c;

    memcpy(&c, t->cells.data + i * sizeof(c), sizeof(c));
    return c;
}

void table_widen(struct table *t)
{
    size_t count = cell_count(t);

    if (!buf_ok(&t->cells) || count == 0)
        return;
    struct cell c = cell_at(t, count - 1);
    c.wide = true;
    memcpy(t->cells.data + (count - 1) * sizeof(c), &c, sizeof(c));
}

/* How wide each column is: as its widest cell, but one marked e only as the terminal allows. */
static void measure(const struct table *t, size_t room, size_t *widths)
{
    size_t columns = strlen(t->columns), total = GAP * (columns - 1);
    const char *elastic = strchr(t->columns, 'e');

    memset(widths, 0, TABLE_COLUMNS_MAX * sizeof(*widths));
    for (size_t i = 0; i < cell_count(t); i++) {
        struct cell c = cell_at(t, i);
        if (c.column < TABLE_COLUMNS_MAX && !c.wide && c.width > widths[c.column])
            widths[c.column] = c.width;
    }
    for (size_t i = 0; i < columns; i++)
        total += widths[i];
    if (elastic == NULL || total <= room)
        return;
    size_t *width = &widths[elastic - t->columns];
    size_t least = *width < CUT_LEAST ? *width : CUT_LEAST;
    *width = *width > total - room + least ? *width - (total - room) : least;
}

/* Appends as much of `s` as fits, with a sign that it goes on. Returns the columns filled, which
 * are one less where a wide character would cross the edge. */
static size_t put_cut(struct buf *out, struct sx_str s, size_t width)
{
    size_t columns = 0, size, i;

    for (i = 0; i < s.len; i += size) {
        unsigned cp = utf8_next(s.ptr + i, s.len - i, &size);
        if (columns + char_width(cp) >= width)
            break;
        columns += char_width(cp);
    }
    buf_put(out, s.ptr, i);
    buf_puts(out, ELLIPSIS);
    return columns + 1;
}

/* Appends a cell, cut to `width`; returns the columns filled. */
static size_t put_cell(const struct terminal *terminal, const struct cell *c, struct sx_str text,
                       size_t width, struct buf *out)
{
    if (c->style != STYLE_PLAIN)
        style_on(out, terminal, c->style);
    if (width < c->width)
        width = put_cut(out, text, width);
    else
        buf_put_str(out, text);
    if (c->style != STYLE_PLAIN)
        style_off(out, terminal);
    return width;
}

void table_print(const struct table *t, const struct terminal *terminal, size_t indent,
                 struct buf *out)
{
    size_t widths[TABLE_COLUMNS_MAX], from = 0, at = 0;

    out->failed = out->failed || t->text.failed || t->cells.failed;
    if (out->failed)
        return;
    measure(t, terminal->width > indent ? terminal->width - indent : 0, widths);
    for (size_t i = 0; i < cell_count(t); i++) {
        struct cell c = cell_at(t, i);
        if (c.column == TABLE_COLUMNS_MAX) {
            buf_putc(out, '\n');
            at = 0;
        } else if (c.end > from) {
            size_t width = c.wide || c.width < widths[c.column] ? c.width : widths[c.column];
            size_t start = indent + GAP * c.column;
            for (size_t k = 0; k < c.column; k++)
                start += widths[k];
            if (t->columns[c.column] == 'r' && !c.wide)
                start += widths[c.column] - width;
            buf_printf(out, "%*s", (int)(start - at), "");
            const struct sx_str text = str_make(t->text.data + from, c.end - from);
            at = start + put_cell(terminal, &c, text, width, out);
        }
        from = c.end;
    }
}

void table_release(struct table *t)
{
    buf_release(&t->text);
    buf_release(&t->cells);
}
