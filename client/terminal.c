/* Documents may hold anything: what moves the cursor, turns the direction of reading or ends a line
 * is written as an escape before a terminal sees it. */
#include "client/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "index/base/str.h"
#include "index/base/utf8.h"

#define WIDTH_DEFAULT 80
#define WIDTH_LEAST 30
#define WIDTH_MOST 100 /* longer lines are hard to read */

static size_t find_width(void)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    long width = columns == NULL ? 0 : strtol(columns, NULL, 10);

    if (width <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width <= 0)
        width = WIDTH_DEFAULT;
    if (width < WIDTH_LEAST)
        width = WIDTH_LEAST;
    return width > WIDTH_MOST ? WIDTH_MOST : (size_t)width;
}

void terminal_init(struct terminal *t, enum color color)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    /* Numbers stay in the C locale: JSON is read and written. */
    if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
    t->tty = isatty(STDOUT_FILENO) == 1;
    t->color = color == COLOR_ALWAYS;
    if (color == COLOR_AUTO)
        t->color = t->tty && (no_color == NULL || no_color[0] == '\0') &&
                   (term == NULL || strcmp(term, "dumb") != 0);
    t->width = find_width();
}

/* ---- escaping -------------------------------------------------------------------------- */

/* Code points that move the cursor, the reading direction or the line. */
static bool commands(unsigned cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp <= 0x9F) || cp == 0x061C || cp == 0x200E ||
           cp == 0x200F || (cp >= 0x2028 && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069);
}

size_t char_width(unsigned cp)
{
    int width = cp < 0x7F ? 1 : wcwidth((wchar_t)cp);

    return width < 0 ? 1 : (size_t)width;
}

static size_t escape_char(struct buf *out, const char *p, size_t size, unsigned cp)
{
    if (!commands(cp)) {
        buf_put(out, p, size);
        return char_width(cp);
    }
    size_t before = out->len;
    buf_printf(out, cp < 0x80 ? "\\x%02x" : "\\u%04x", cp);
    return out->len - before;
}

size_t escape_text(struct buf *out, struct sx_str s)
{
    size_t columns = 0, size;

    for (size_t i = 0; i < s.len; i += size) {
        unsigned cp = utf8_next(s.ptr + i, s.len - i, &size);
        columns += escape_char(out, s.ptr + i, size, cp);
    }
    return columns;
}

void escape_json(struct buf *out, struct sx_str s)
{
    size_t size;

    for (size_t i = 0; i < s.len; i += size) {
        unsigned cp = utf8_next(s.ptr + i, s.len - i, &size);
        if (commands(cp) && cp != '\n') /* JSON strings have no raw newline */
            buf_printf(out, "\\u%04x", cp);
        else
            buf_put(out, s.ptr + i, size);
    }
}

/* ---- style and lines ------------------------------------------------------------------- */

void style_on(struct buf *out, const struct terminal *t, enum style s)
{
    static const char *const codes[] = {"", "\033[1m", "\033[2m", "\033[1;33m"};

    if (t->color)
        buf_puts(out, codes[s]);
}

void style_off(struct buf *out, const struct terminal *t)
{
    if (t->color)
        buf_puts(out, "\033[0m");
}

static void new_line(struct wrap *w)
{
    buf_printf(w->out, "\n%*s", (int)w->indent, "");
    w->column = w->indent;
}

/* One unbreakable run: a word, or one wide character, which may follow without a space. */
struct token {
    size_t start, end, width;
    bool spaced; /* white space stands before it */
};

static bool is_space(unsigned cp)
{
    return cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0x2028 || cp == 0x2029;
}

/* Measures the token at or behind `from`; false at the end. */
static bool next_token(struct sx_str s, size_t from, struct token *out)
{
    size_t size;

    *out = (struct token){.start = from};
    for (out->end = from; out->end < s.len; out->end += size) {
        unsigned cp = utf8_next(s.ptr + out->end, s.len - out->end, &size);
        bool begun = out->end > out->start;
        if (is_space(cp) && begun)
            break;
        if (is_space(cp)) {
            out->start += size;
            out->spaced = true;
            continue;
        }
        size_t width = commands(cp) ? 6 : char_width(cp);
        if (width == 2 && begun)
            break;
        out->width += width;
        if (width == 2) {
            out->end += size;
            break;
        }
    }
    return out->end > out->start;
}

struct marking {
    const struct text_mark *next, *end;
    bool on;
};

/* Switches the style where a mark begins or ends at byte `at`. */
static void follow_marks(struct wrap *w, struct marking *m, size_t at, enum style style)
{
    while (m->next < m->end && at >= m->next->end) {
        if (m->on)
            style_off(w->out, w->t);
        m->on = false;
        m->next++;
    }
    if (m->next < m->end && !m->on && at >= m->next->start) {
        style_on(w->out, w->t, style);
        m->on = true;
    }
}

static void put_token(struct wrap *w, struct sx_str s, const struct token *tok, struct marking *m,
                      enum style style)
{
    size_t size;

    for (size_t i = tok->start; i < tok->end; i += size) {
        unsigned cp = utf8_next(s.ptr + i, s.len - i, &size);
        follow_marks(w, m, i, style);
        if (w->column >= w->t->width) /* a word longer than the line */
            new_line(w);
        w->column += escape_char(w->out, s.ptr + i, size, cp);
    }
    follow_marks(w, m, tok->end, style);
}

void wrap_text(struct wrap *w, struct sx_str s, const struct text_mark *marks, size_t count,
               enum style style)
{
    struct marking m = {marks, marks + count, false};
    struct token tok;

    for (size_t at = 0; next_token(s, at, &tok); at = tok.end) {
        bool space = tok.spaced && at > 0;
        if (w->column > w->indent && w->column + space + tok.width > w->t->width)
            new_line(w);
        else if (space && w->column > w->indent) {
            buf_putc(w->out, ' ');
            w->column++;
        }
        put_token(w, s, &tok, &m, style);
    }
    if (m.on)
        style_off(w->out, w->t);
}
