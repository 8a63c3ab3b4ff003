/* A look at a text before md4c parses it, for what grows with the square of its size there and
 * cannot be stopped from outside. Nothing of a line counts beyond a run of lines without a blank
 * one, which is at least a paragraph. In a run, or in all, md4c takes a step
 *
 *   lines    for each line before a ']', to find the line that this is in
 *   nested   for each byte between '[' and ']', pair by pair, to look its name up
 *   tildes   for each mark before a '~', to take back what overlaps
 *   blanks   for each list that may be open at a blank line
 *
 * All are counted from above, without knowing code from prose: so lines end in no more than a
 * blank line between two, tildes in strikethrough being off, and only the rest in no parsing. */
#include "index/ingest/markdown_guard.h"

#include <stdint.h>
#include <string.h>

/* Steps of about a nanosecond: a run, and the whole text. */
#define RUN_STEPS_MAX (1u << 20)
#define TEXT_STEPS_MAX (1u << 29)
/* Brackets that are open at once; md4c keeps 60 bytes for each. */
#define OPEN_MAX (1u << 20)

struct scan {
    const char *text;
    size_t run;      /* where the run began */
    uint64_t lines;  /* of the run; the rows of a table, each on its own to md4c, are none */
    bool head;       /* the first may be the head of a table, */
    bool table;      /* and is */
    uint64_t steps;  /* lines before its closing brackets */
    struct buf open; /* offsets of its open brackets, as size_t */
    uint64_t nested, tildes, blanks, deepest;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\f' || c == '\v';
}

static void close_bracket(struct scan *s, size_t at)
{
    size_t from;

    s->steps += s->table ? 0 : s->lines;
    if (s->open.len == 0)
        return;
    s->open.len -= sizeof(from);
    memcpy(&from, s->open.data + s->open.len, sizeof(from));
    s->nested += at - from;
}

/* "|---|---|", spaces about the dashes or not: the plainest of what md4c takes below a head. */
static bool is_below_head(const char *s, size_t len)
{
    size_t at = 0;

    while (at < len && s[at] == '|') {
        size_t from = ++at;
        while (at < len && s[at] == ' ')
            at++;
        size_t dashes = at;
        while (at < len && s[at] == '-')
            at++;
        if (at - dashes < 3)
            return at == len && from == len && len > 1;
        while (at < len && s[at] == ' ')
            at++;
    }
    return false;
}

static void count_line(struct scan *s, size_t from, size_t to)
{
    bool row = from < to && s->text[from] == '|';

    if (s->lines == 0)
        s->head = row;
    else if (s->lines == 1)
        s->table = s->head && is_below_head(s->text + from, to - from);
    else if (!row)
        s->table = false;
    if (s->lines < 2 || !s->table)
        s->lines++;
}

static void weigh_line(struct scan *s, size_t from, size_t to)
{
    size_t head = from; /* behind the marks that may open lists, and what may keep them open */

    while (head < to && memchr(" \t>-+*.)0123456789", s->text[head], 18) != NULL)
        head++;
    if (head - from > s->deepest)
        s->deepest = head - from;
    count_line(s, from, to);
    for (size_t at = from; at < to; at++) {
        switch (s->text[at]) {
        case '[':
            if (s->open.len / sizeof(at) <= OPEN_MAX)
                buf_put(&s->open, &at, sizeof(at));
            break;
        case ']':
            close_bracket(s, at);
            break;
        case '~':
            s->tildes += at - s->run;
            break;
        default:
            break;
        }
    }
}

static void begin_run(struct scan *s, size_t at)
{
    s->run = at;
    s->lines = 0;
    s->table = false;
    s->steps = 0;
    s->open.len = 0;
}

static bool is_too_much(const struct scan *s)
{
    return s->nested > TEXT_STEPS_MAX || s->open.len / sizeof(size_t) > OPEN_MAX ||
           s->blanks * (s->deepest / 2) > TEXT_STEPS_MAX;
}

/* The end of the line that begins at `at`; *next is behind its line break: \n, \r or both. */
static size_t line_end(struct sx_str text, size_t at, size_t *next)
{
    while (at < text.len && text.ptr[at] != '\n' && text.ptr[at] != '\r')
        at++;
    *next = at + (at < text.len ? 1 : 0);
    if (*next < text.len && text.ptr[at] == '\r' && text.ptr[*next] == '\n')
        ++*next;
    return at;
}

bool markdown_weigh(struct sx_str text, struct buf *mem, struct markdown_cost *out)
{
    struct scan s = {.text = text.ptr};
    size_t kept = 0; /* up to here, the text is in `mem` */

    *out = (struct markdown_cost){.text = text};
    for (size_t at = 0, next; at < text.len && !out->too_much; at = next) {
        size_t end = line_end(text, at, &next), first = at;
        while (first < end && is_space(text.ptr[first]))
            first++;
        weigh_line(&s, at, end);
        s.blanks += first == end ? 1 : 0;
        out->too_much = is_too_much(&s);
        if (first < end && s.steps <= RUN_STEPS_MAX)
            continue;
        if (first < end) {
            buf_put(mem, text.ptr + kept, next - kept);
            buf_putc(mem, '\n');
            kept = next;
        }
        begin_run(&s, next);
    }
    out->tildes = s.tildes > TEXT_STEPS_MAX;
    if (kept > 0) {
        buf_put(mem, text.ptr + kept, text.len - kept);
        out->text = buf_str(mem);
    }
    bool ok = buf_ok(mem) && buf_ok(&s.open);
    buf_release(&s.open);
    return ok;
}
