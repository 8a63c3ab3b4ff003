/* Splits a query where spaces, quotes and parentheses stand, and nowhere else: whatever lies
 * between is one run, so that C++, AT&T and foo-bar stay whole for the analyzer to read. Signs,
 * operators and field names are recognised only where they stand as such. */
#include "index/query/lexer.h"

#include <strings.h>

#include "index/base/str.h"
#include "index/base/utf8.h"

void lexer_init(struct lexer *lx, struct sx_str text)
{
    *lx = (struct lexer){.text = text, .after = AFTER_ANY};
}

/* Unicode's White_Space, and the other ASCII controls, which nobody writes on purpose. */
static bool is_space(uint32_t c)
{
    if (c < 0x80)
        return c <= ' ' || c == 0x7f;
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* Typographic quotes only separate: text pasted with them is no phrase by accident. */
static bool is_separator(uint32_t c)
{
    return is_space(c) || c == 0xab || c == 0xbb || (c >= 0x201c && c <= 0x201e);
}

/* U+05D0 to U+05F2, two bytes that can be recognised from either end. */
static bool is_hebrew(const char *p)
{
    unsigned char lead = (unsigned char)p[0], trail = (unsigned char)p[1];

    return lead == 0xd7 && trail >= 0x90 && trail <= 0xb2;
}

/* A quote between two Hebrew letters abbreviates a word and quotes nothing. */
static bool is_gershayim(struct sx_str s, size_t at)
{
    return at >= 2 && at + 2 < s.len && is_hebrew(s.ptr + at - 2) && is_hebrew(s.ptr + at + 1);
}

static size_t run_end(struct sx_str s, size_t at)
{
    while (at < s.len) {
        char c = s.ptr[at];
        size_t size;

        if (c == '(' || c == ')' || (c == '"' && !is_gershayim(s, at)))
            break;
        if (is_separator(utf8_next(s.ptr + at, s.len - at, &size)))
            break;
        at += size;
    }
    return at;
}

bool lexer_is_run(struct sx_str text)
{
    return text.len > 0 && run_end(text, 0) == text.len;
}

void lexer_squeeze(struct sx_str text, struct buf *out)
{
    size_t begin = out->len;
    bool gap = false;
    size_t size;

    for (size_t i = 0; i < text.len; i += size) {
        if (is_space(utf8_next(text.ptr + i, text.len - i, &size))) {
            gap = true;
            continue;
        }
        if (gap && out->len > begin)
            buf_putc(out, ' ');
        gap = false;
        buf_put(out, text.ptr + i, size);
    }
}

static void skip_separators(struct lexer *lx)
{
    size_t size;

    while (lx->at < lx->text.len &&
           is_separator(utf8_next(lx->text.ptr + lx->at, lx->text.len - lx->at, &size)))
        lx->at += size;
}

/* Whether a sign here belongs to what follows it: --x, "- x" and "-)" are no signs. */
static bool is_sign(const struct lexer *lx)
{
    size_t next = lx->at + 1;
    char c = lx->text.ptr[lx->at];
    size_t size;

    if (lx->after != AFTER_ANY || (c != '-' && c != '+') || next == lx->text.len)
        return false;
    c = lx->text.ptr[next];
    return c != '-' && c != '+' && c != ')' &&
           !is_separator(utf8_next(lx->text.ptr + next, lx->text.len - next, &size));
}

/* Sets `text` to what stands between the quote at `open` and the next, and moves behind it. */
static sx_status read_quoted(struct lexer *lx, size_t open, struct sx_str *text,
                             struct sx_error *err)
{
    struct sx_str s = lx->text;

    for (size_t i = open + 1; i < s.len; i++) {
        if (s.ptr[i] == '"' && !is_gershayim(s, i)) {
            *text = str_make(s.ptr + open + 1, i - open - 1);
            lx->at = i + 1;
            return SX_OK;
        }
    }
    return sx_fail_at(err, SX_EQUERY, "query", (int64_t)open, "unclosed quote");
}

/* ---- fields -------------------------------------------------------------------------------- */

static const struct field_name {
    const char *name;
    bool is_filter;
    enum ast_field field;
    enum ast_filter filter;
} field_names[] = {
    {"title", false, AST_TITLE, 0}, {"body", false, AST_BODY, 0}, {"source", true, 0, AST_SOURCE},
    {"lang", true, 0, AST_LANG},    {"type", true, 0, AST_TYPE},  {"date", true, 0, AST_DATE},
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The letters that a colon follows, else absent. */
static struct sx_str name_of(struct sx_str run)
{
    size_t n = 0;

    while (n < run.len && is_letter(run.ptr[n]))
        n++;
    if (n == 0 || n == run.len || run.ptr[n] != ':')
        return str_make(NULL, 0);
    return str_make(run.ptr, n);
}

static const struct field_name *find_field(struct sx_str name)
{
    for (size_t i = 0; i < sizeof(field_names) / sizeof(field_names[0]); i++) {
        const char *known = field_names[i].name;

        if (strlen(known) == name.len && strncasecmp(known, name.ptr, name.len) == 0)
            return &field_names[i];
    }
    return NULL;
}

static bool stands_at(const struct lexer *lx, size_t at, char c)
{
    return at < lx->text.len && lx->text.ptr[at] == c;
}

/* Reads `run`, which has the name of a field, as field or filter if a value follows the colon
 * directly; *found tells whether it does. */
static sx_status read_field(struct lexer *lx, const struct field_name *f, struct sx_str run,
                            struct lexeme *out, bool *found, struct sx_error *err)
{
    size_t colon = lx->at + strlen(f->name), end = lx->at + run.len;
    bool in_run = colon + 1 < end;

    *found =
        in_run || stands_at(lx, colon + 1, '"') || (!f->is_filter && stands_at(lx, colon + 1, '('));
    if (!*found)
        return SX_OK;
    out->kind = f->is_filter ? LEX_FILTER : LEX_FIELD;
    out->field = f->field;
    out->filter = f->filter;
    out->value_offset = colon + 1;
    out->name = str_make(run.ptr, strlen(f->name));
    if (f->is_filter && !in_run)
        return read_quoted(lx, colon + 1, &out->text, err);
    out->text = str_make(lx->text.ptr + colon + 1, end - colon - 1);
    lx->at = f->is_filter ? end : colon + 1;
    lx->after = f->is_filter ? AFTER_ANY : AFTER_FIELD;
    return SX_OK;
}

/* ---- runs ---------------------------------------------------------------------------------- */

/* The N of NEAR/N, of at most five digits; SIZE_MAX: it is something else. */
static size_t near_number(struct sx_str run)
{
    size_t n = 0;

    if (run.len < 6 || run.len > 10 || memcmp(run.ptr, "NEAR/", 5) != 0)
        return SIZE_MAX;
    for (size_t i = 5; i < run.len; i++) {
        if (run.ptr[i] < '0' || run.ptr[i] > '9')
            return SIZE_MAX;
        n = n * 10 + (size_t)(run.ptr[i] - '0');
    }
    return n;
}

static enum lexeme_kind operator_of(struct sx_str run)
{
    if (near_number(run) != SIZE_MAX)
        return LEX_NEAR;
    if (str_is(run, "AND"))
        return LEX_AND;
    if (str_is(run, "OR"))
        return LEX_OR;
    return str_is(run, "NOT") ? LEX_NOT : LEX_WORD;
}

/* col:on and col:"on" look like a field; http://x and "note: " do not. */
static bool looks_like_field(const struct lexer *lx, struct sx_str name)
{
    size_t value = (size_t)(name.ptr - lx->text.ptr) + name.len + 1;
    size_t size;

    return value < lx->text.len && lx->text.ptr[value] != '/' && lx->text.ptr[value] != ')' &&
           !is_separator(utf8_next(lx->text.ptr + value, lx->text.len - value, &size));
}

static sx_status read_run(struct lexer *lx, struct lexeme *out, struct sx_error *err)
{
    enum lexer_after after = lx->after;
    struct sx_str run = str_make(lx->text.ptr + lx->at, run_end(lx->text, lx->at) - lx->at);
    struct sx_str name = after == AFTER_FIELD ? str_make(NULL, 0) : name_of(run);
    const struct field_name *field = name.len > 0 ? find_field(name) : NULL;

    lx->after = AFTER_ANY;
    if (field != NULL) {
        bool found;
        sx_status rc = read_field(lx, field, run, out, &found, err);

        if (rc != SX_OK || found)
            return rc;
    } else if (name.len > 0 && looks_like_field(lx, name)) {
        out->name = name;
    }
    out->kind = after == AFTER_ANY ? operator_of(run) : LEX_WORD;
    out->number = near_number(run);
    out->text = run;
    lx->at += run.len;
    return SX_OK;
}

/* A lexeme of one character. */
static sx_status read_mark(struct lexer *lx, enum lexeme_kind kind, enum lexer_after after,
                           struct lexeme *out)
{
    out->kind = kind;
    lx->at++;
    lx->after = after;
    return SX_OK;
}

sx_status lexer_next(struct lexer *lx, struct lexeme *out, struct sx_error *err)
{
    char c;

    skip_separators(lx); /* none after a sign or a field */
    *out = (struct lexeme){.kind = LEX_END, .offset = lx->at};
    if (lx->at == lx->text.len)
        return SX_OK;
    c = lx->text.ptr[lx->at];
    if (c == '(')
        return read_mark(lx, LEX_OPEN, AFTER_ANY, out);
    if (c == ')')
        return read_mark(lx, LEX_CLOSE, AFTER_ANY, out);
    if (is_sign(lx))
        return read_mark(lx, c == '-' ? LEX_MINUS : LEX_PLUS, AFTER_SIGN, out);
    if (c != '"')
        return read_run(lx, out, err);
    out->kind = LEX_PHRASE;
    lx->after = AFTER_ANY;
    return read_quoted(lx, lx->at, &out->text, err);
}
