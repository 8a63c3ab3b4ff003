/* Parts, headers and their parameters. Mail is full of small faults; each is read as the writer
 * most likely meant it, and none of it can go wrong but for want of memory. */
#include "index/ingest/mime.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "index/base/str.h"
#include "index/ingest/meta.h"

#define PIECES_MAX 64                 /* of one parameter */
#define HEADER_MAX ((size_t)64 << 10) /* bytes; the rest of a longer one is not looked at */

static struct sx_str without_cr(struct sx_str line)
{
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* ---- headers --------------------------------------------------------------------------- */

static bool is_header_line(struct sx_str line)
{
    size_t n = 0;

    while (n < line.len && line.ptr[n] > ' ' && line.ptr[n] < 0x7F && line.ptr[n] != ':')
        n++;
    return n > 0 && n < line.len && line.ptr[n] == ':';
}

static bool is_folded(struct sx_str line)
{
    return line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
}

struct mime_part mime_split(struct sx_str bytes)
{
    struct sx_str rest = bytes, line;

    while (meta_line(&rest, &line)) {
        struct sx_str plain = without_cr(line);
        size_t head = (size_t)(line.ptr - bytes.ptr);
        if (plain.len == 0)
            return (struct mime_part){str_make(bytes.ptr, head), rest};
        if (!is_header_line(plain) && (head == 0 || !is_folded(plain))) /* no empty line between */
            return (struct mime_part){str_make(bytes.ptr, head),
                                      str_make(line.ptr, bytes.len - head)};
    }
    return (struct mime_part){bytes, str_make(bytes.ptr + bytes.len, 0)};
}

bool mime_header(struct sx_str head, const char *name, struct buf *out)
{
    size_t len = strlen(name);
    struct sx_str line;
    bool found = false;

    buf_clear(out);
    while (meta_line(&head, &line)) {
        line = without_cr(line);
        if (found && (!is_folded(line) || out->len + line.len > HEADER_MAX))
            break;
        if (found) {
            buf_putc(out, ' ');
            buf_put_str(out, meta_trim(line));
        } else if (line.len > len && line.ptr[len] == ':' &&
                   strncasecmp(line.ptr, name, len) == 0) {
            found = true;
            line = meta_trim(str_make(line.ptr + len + 1, line.len - len - 1));
            buf_put(out, line.ptr, line.len < HEADER_MAX ? line.len : HEADER_MAX);
        }
    }
    return found;
}

bool mime_is(struct sx_str value, const char *what)
{
    size_t len = strlen(what);

    return value.len >= len && strncasecmp(value.ptr, what, len) == 0;
}

/* ---- parameters ------------------------------------------------------------------------ */

struct param {
    struct sx_str name, value;
    bool quoted;
};

/* The next "; name=value" of *rest; false when none is left. */
static bool next_param(struct sx_str *rest, struct param *out)
{
    const char *p = rest->ptr, *end = rest->ptr + rest->len;

    while (p < end && (*p == ';' || *p == ' ' || *p == '\t'))
        p++;
    out->name.ptr = p;
    while (p < end && *p != '=' && *p != ';')
        p++;
    out->name = meta_trim(str_make(out->name.ptr, (size_t)(p - out->name.ptr)));
    if (p < end && *p == '=')
        p++;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    out->quoted = p < end && *p == '"';
    p += out->quoted;
    out->value.ptr = p;
    while (p < end && (out->quoted ? *p != '"' : *p != ';'))
        p += out->quoted && *p == '\\' && p + 1 < end ? 2 : 1;
    out->value.len = (size_t)(p - out->value.ptr);
    if (!out->quoted)
        out->value = meta_trim(out->value);
    while (p < end && *p != ';')
        p++;
    *rest = str_make(p, (size_t)(end - p));
    return out->name.len > 0;
}

static void put_quoted(struct sx_str s, bool quoted, struct buf *out)
{
    for (size_t i = 0; i < s.len; i++) {
        if (quoted && s.ptr[i] == '\\' && i + 1 < s.len)
            i++;
        buf_putc(out, s.ptr[i]);
    }
}

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c | 0x20);

    return at == NULL ? -1 : (int)(at - digits);
}

/* RFC 2231 and quoted-printable share it: `mark`, and two digits. */
static void put_unescaped(struct sx_str s, char mark, struct buf *out)
{
    for (size_t i = 0; i < s.len; i++) {
        bool escape =
            s.ptr[i] == mark && i + 2 < s.len && hex(s.ptr[i + 1]) >= 0 && hex(s.ptr[i + 2]) >= 0;
        buf_putc(out, escape ? (char)(hex(s.ptr[i + 1]) * 16 + hex(s.ptr[i + 2])) : s.ptr[i]);
        i += escape ? 2 : 0;
    }
}

/* Piece `n` of a parameter: "name*0", "name*0*"; -1 is the parameter in one, "name", "name*".
 * *encoded: percent signs are. */
static bool find_piece(struct sx_str value, const char *name, int n, struct param *out,
                       bool *encoded)
{
    char wanted[64];
    int len = n < 0 ? snprintf(wanted, sizeof(wanted), "%s", name)
                    : snprintf(wanted, sizeof(wanted), "%s*%d", name, n);
    const char *semicolon = memchr(value.ptr, ';', value.len);
    struct sx_str rest;

    if (semicolon == NULL || len < 0 || (size_t)len >= sizeof(wanted))
        return false;
    rest = str_make(semicolon, value.len - (size_t)(semicolon - value.ptr));
    while (next_param(&rest, out)) {
        *encoded = out->name.len == (size_t)len + 1 && out->name.ptr[len] == '*';
        if ((out->name.len == (size_t)len || *encoded) &&
            strncasecmp(out->name.ptr, wanted, (size_t)len) == 0)
            return true;
    }
    return false;
}

/* "charset'language'text" to its charset and its text. */
static struct sx_str take_charset(struct sx_str *value)
{
    const char *first = memchr(value->ptr, '\'', value->len);
    const char *end = value->ptr + value->len, *second;
    struct sx_str charset;

    if (first == NULL || (second = memchr(first + 1, '\'', (size_t)(end - first - 1))) == NULL)
        return str_of("");
    charset = str_make(value->ptr, (size_t)(first - value->ptr));
    *value = str_make(second + 1, (size_t)(end - second - 1));
    return charset;
}

bool mime_param(struct sx_str value, const char *name, struct buf *out)
{
    struct param piece;
    struct buf bytes = {0}, mem = {0};
    struct sx_str charset = str_of(""), text = str_of(NULL);
    sx_status rc = SX_OK;
    bool encoded, whole = find_piece(value, name, -1, &piece, &encoded), found = whole;

    buf_clear(out);
    for (int n = whole ? -1 : 0; n < PIECES_MAX; n++) {
        if (!whole && !find_piece(value, name, n, &piece, &encoded))
            break;
        if (encoded && (whole || !found))
            charset = take_charset(&piece.value);
        found = true;
        if (encoded)
            put_unescaped(piece.value, '%', &bytes);
        else
            put_quoted(piece.value, piece.quoted, &bytes);
        if (whole)
            break;
    }
    if (found && !encoded && charset.len == 0)
        mime_words(buf_str(&bytes), out); /* not in the standard, and everywhere */
    else if (found)
        rc = mime_text(buf_str(&bytes), charset, &mem, &text, NULL);
    if (found && rc == SX_OK && text.ptr != NULL)
        buf_put_str(out, text);
    out->failed = out->failed || !buf_ok(&bytes) || rc == SX_ENOMEM;
    buf_release(&bytes);
    buf_release(&mem);
    return found;
}

/* ---- transfer encodings ---------------------------------------------------------------- */

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static void put_base64(struct sx_str s, struct buf *out)
{
    unsigned bits = 0, count = 0;

    for (size_t i = 0; i < s.len; i++) {
        int digit = base64_digit(s.ptr[i]);
        if (digit < 0) {
            bits = s.ptr[i] == '=' ? 0 : bits; /* a next piece may follow the padding */
            count = s.ptr[i] == '=' ? 0 : count;
            continue;
        }
        bits = bits << 6 | (unsigned)digit;
        count += 6;
        if (count >= 8) {
            count -= 8;
            buf_putc(out, (char)(bits >> count & 0xFF));
        }
    }
}

/* A line that ends in = goes on in the next; spaces at its end are not the writer's. */
static void put_quoted_printable(struct sx_str s, struct buf *out)
{
    struct sx_str line;
    size_t whole;

    while (meta_line(&s, &line)) {
        whole = line.len;
        while (line.len > 0 && strchr(" \t\r", line.ptr[line.len - 1]) != NULL)
            line.len--;
        bool soft = line.len > 0 && line.ptr[line.len - 1] == '=';
        put_unescaped(str_make(line.ptr, line.len - soft), '=', out);
        if (!soft && s.ptr > line.ptr + whole) /* it had an end */
            buf_putc(out, '\n');
    }
}

void mime_decode(struct sx_str body, struct sx_str encoding, struct buf *out)
{
    if (mime_is(encoding, "base64"))
        put_base64(body, out);
    else if (mime_is(encoding, "quoted-printable"))
        put_quoted_printable(body, out);
    else
        buf_put_str(out, body);
}

/* ---- multipart ------------------------------------------------------------------------- */

/* What a line is to the parts: 0 text, 1 the beginning of a part, 2 the end of the last. */
static int boundary_line(const struct mime_parts *p, struct sx_str line)
{
    struct sx_str tail;

    if (line.len < p->boundary.len + 2 || memcmp(line.ptr, "--", 2) != 0 ||
        memcmp(line.ptr + 2, p->boundary.ptr, p->boundary.len) != 0)
        return 0;
    tail = str_make(line.ptr + 2 + p->boundary.len, line.len - 2 - p->boundary.len);
    if (tail.len >= 2 && memcmp(tail.ptr, "--", 2) == 0)
        return 2;
    return meta_trim(tail).len == 0 ? 1 : 0;
}

/* Up to the next boundary, whose line is taken too; the part is what stands before it. */
static struct sx_str take_part(struct mime_parts *p, int *kind)
{
    const char *start = p->rest.ptr;
    struct sx_str line;
    size_t len;

    *kind = 0;
    while (*kind == 0 && meta_line(&p->rest, &line))
        *kind = boundary_line(p, line);
    if (*kind == 0)
        return str_make(start, (size_t)(p->rest.ptr - start));
    len = (size_t)(line.ptr - start); /* the line end before a boundary belongs to it */
    len -= len > 0 && start[len - 1] == '\n';
    len -= len > 0 && start[len - 1] == '\r';
    return str_make(start, len);
}

void mime_parts_init(struct mime_parts *p, struct sx_str body, struct sx_str boundary)
{
    int kind = 0;

    *p = (struct mime_parts){.rest = body, .boundary = boundary};
    if (boundary.len > 0)
        take_part(p, &kind); /* what stands before the first part is for readers without MIME */
    p->open = kind == 1;
    p->closed = kind == 2;
}

bool mime_parts_next(struct mime_parts *p, struct mime_part *out)
{
    int kind;

    if (!p->open)
        return false;
    *out = mime_split(take_part(p, &kind));
    p->open = kind == 1;
    p->closed = kind == 2;
    return true;
}
