/* One pass over a JSON text that accepts exactly RFC 8259, less what this protocol forbids.
 *
 * No recursion: a stack of JSON_DEPTH_MAX open containers. The keys of all open objects lie on
 * one stack as (hash of the unescaped key, offset); when an object closes its keys are the top
 * of that stack, are compared and popped. Large objects are sorted first, by hash and then by
 * text, so that neither many keys nor chosen collisions make the scan quadratic. */
#include "index/base/json_scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "index/base/str.h"
#include "index/base/utf8.h"

#define NUMBER_BYTES_MAX 63 /* what cJSON copies of a number; a longer one it would cut */
#define PAIRWISE_MAX 16     /* so many keys are compared each with each */
#define KEY_END UINT32_MAX

struct key {
    uint64_t hash;
    size_t at; /* behind its opening quote */
};

struct scan {
    const char *text;
    size_t len, pos;
    size_t values, max_values;
    unsigned depth;
    char open[JSON_DEPTH_MAX];        /* '{' or '[' */
    size_t first_key[JSON_DEPTH_MAX]; /* where the container's keys begin in `keys` */
    struct buf keys;                  /* of struct key */
    bool long_numbers;
    struct sx_error *err;
};

static sx_status fault(struct scan *s, size_t at, const char *what)
{
    return sx_fail_at(s->err, SX_EJSON, "", (int64_t)at, "%s", what);
}

/* The byte at `pos`, 0 at the end: a raw NUL is legal nowhere, so both are faults alike. */
static unsigned char peek(const struct scan *s)
{
    return s->pos < s->len ? (unsigned char)s->text[s->pos] : 0;
}

static void skip_space(struct scan *s)
{
    unsigned char c;

    while ((c = peek(s)) == ' ' || c == '\t' || c == '\n' || c == '\r')
        s->pos++;
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

/* ---- strings --------------------------------------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits at p, or UINT32_MAX. */
static uint32_t hex4(const char *p, size_t len)
{
    uint32_t value = 0;

    if (len < 4)
        return UINT32_MAX;
    for (size_t i = 0; i < 4; i++) {
        int digit = hex_value(p[i]);
        if (digit < 0)
            return UINT32_MAX;
        value = value << 4 | (uint32_t)digit;
    }
    return value;
}

/* Reads the escape whose backslash is at `pos`. */
static sx_status scan_escape(struct scan *s)
{
    size_t at = s->pos++;
    unsigned char c = peek(s);

    if (c != 'u') {
        if (c == 0 || strchr("\"\\/bfnrt", c) == NULL)
            return fault(s, at, "unknown escape in a string");
        s->pos++;
        return SX_OK;
    }
    s->pos++;
    uint32_t unit = hex4(s->text + s->pos, s->len - s->pos);
    if (unit == UINT32_MAX)
        return fault(s, at, "\\u needs four hexadecimal digits");
    if (unit == 0)
        return fault(s, at, "NUL in a string");
    s->pos += 4;
    if ((unit & 0xF800) != 0xD800)
        return SX_OK;
    if ((unit & 0x0400) != 0 || s->len - s->pos < 6 || s->text[s->pos] != '\\' ||
        s->text[s->pos + 1] != 'u' || (hex4(s->text + s->pos + 2, 4) & ~0x3FFU) != 0xDC00)
        return fault(s, at, "lone surrogate in a string");
    s->pos += 6;
    return SX_OK;
}

/* Reads the string whose opening quote is at `pos`. */
static sx_status scan_string(struct scan *s)
{
    size_t begin = s->pos++;

    for (;;) {
        while (s->pos < s->len && (unsigned char)s->text[s->pos] >= 0x20 &&
               s->text[s->pos] != '"' && s->text[s->pos] != '\\')
            s->pos++;
        if (s->pos == s->len)
            return fault(s, begin, "unclosed string");
        if (s->text[s->pos] == '"')
            break;
        if (s->text[s->pos] != '\\')
            return fault(s, s->pos, "raw control character in a string");
        sx_status rc = scan_escape(s);
        if (rc != SX_OK)
            return rc;
    }
    s->pos++;
    return SX_OK;
}

/* ---- keys ------------------------------------------------------------------------------ */

/* The next code point of the scanned key at *p, KEY_END at its closing quote. */
static uint32_t key_next(const char **p)
{
    static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *at = *p;

    if (*at == '"')
        return KEY_END;
    if (*at != '\\') {
        size_t size;
        /* Four bytes may be looked at: the text is valid, so none is read past its quote. */
        uint32_t cp = utf8_next(at, 4, &size);
        *p = at + size;
        return cp;
    }
    if (at[1] != 'u') {
        *p = at + 2;
        return (unsigned char)meant[strchr(plain, at[1]) - plain];
    }
    uint32_t high = hex4(at + 2, 4);
    *p = at + 6;
    if ((high & 0xFC00) != 0xD800)
        return high;
    *p = at + 12;
    return 0x10000 + ((high & 0x3FF) << 10) + (hex4(at + 8, 4) & 0x3FF);
}

static uint64_t key_hash(const char *p)
{
    uint64_t hash = 14695981039346656037U; /* FNV-1a */
    uint32_t cp;

    while ((cp = key_next(&p)) != KEY_END)
        hash = (hash ^ cp) * 1099511628211U;
    return hash;
}

static int key_compare(const void *left, const void *right, void *scan)
{
    const struct key *a = left, *b = right;
    const char *text = ((const struct scan *)scan)->text;
    const char *p = text + a->at, *q = text + b->at;
    uint32_t x, y;

    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    do {
        x = key_next(&p);
        y = key_next(&q);
    } while (x == y && x != KEY_END);
    return (x > y) - (x < y);
}

static sx_status check_pair(struct scan *s, const struct key *a, const struct key *b)
{
    if (a->hash != b->hash || key_compare(a, b, s) != 0)
        return SX_OK;
    return fault(s, (a->at > b->at ? a->at : b->at) - 1, "duplicate key");
}

/* Pops the keys of the object that closes. */
static sx_status check_keys(struct scan *s)
{
    size_t first = s->first_key[s->depth - 1], count = s->keys.len / sizeof(struct key) - first;
    sx_status rc = SX_OK;

    if (count == 0)
        return SX_OK;
    struct key *keys = (struct key *)(void *)s->keys.data + first;
    size_t reach = count;
    if (count > PAIRWISE_MAX) {
        qsort_r(keys, count, sizeof(*keys), key_compare, s);
        reach = 1; /* equals are neighbours now */
    }
    for (size_t i = 0; rc == SX_OK && i < count; i++)
        for (size_t j = i + 1; rc == SX_OK && j < count && j <= i + reach; j++)
            rc = check_pair(s, &keys[i], &keys[j]);
    s->keys.len = first * sizeof(struct key);
    return rc;
}

/* Reads `"key" :`, with the white space around. */
static sx_status scan_key(struct scan *s)
{
    skip_space(s);
    if (peek(s) != '"')
        return fault(s, s->pos, "expected a key in quotes");
    struct key key = {.at = s->pos + 1};
    sx_status rc = scan_string(s);
    if (rc != SX_OK)
        return rc;
    key.hash = key_hash(s->text + key.at);
    buf_put(&s->keys, &key, sizeof(key));
    if (!buf_ok(&s->keys))
        return sx_fail_oom(s->err);
    skip_space(s);
    if (peek(s) != ':')
        return fault(s, s->pos, "expected ':' behind a key");
    s->pos++;
    return SX_OK;
}

/* ---- values ---------------------------------------------------------------------------- */

/* Reads one or more digits. */
static bool skip_digits(struct scan *s)
{
    size_t begin = s->pos;

    while (is_digit(peek(s)))
        s->pos++;
    return s->pos > begin;
}

/* Whether the number is too large for a double; only one with an exponent can be. */
static bool overflows(const char *p, size_t len)
{
    char copy[NUMBER_BYTES_MAX + 1];

    memcpy(copy, p, len);
    copy[len] = '\0';
    return isinf(strtod(copy, NULL)) != 0;
}

static sx_status scan_number(struct scan *s)
{
    size_t begin = s->pos;
    bool exponent = false, good = true;

    if (peek(s) == '-')
        s->pos++;
    if (peek(s) == '0')
        s->pos++;
    else
        good = skip_digits(s);
    if (good && peek(s) == '.') {
        s->pos++;
        good = skip_digits(s);
    }
    if (good && (peek(s) | 0x20) == 'e') {
        exponent = true;
        s->pos++;
        if (peek(s) == '+' || peek(s) == '-')
            s->pos++;
        good = skip_digits(s);
    }
    if (!good || is_digit(peek(s)))
        return fault(s, begin, "malformed number");
    if (s->pos - begin > NUMBER_BYTES_MAX)
        return fault(s, begin, "number of more than 63 bytes");
    if (exponent && overflows(s->text + begin, s->pos - begin))
        return fault(s, begin, "number out of range");
    if (s->pos - begin > JSON_EXACT_BYTES)
        s->long_numbers = true;
    return SX_OK;
}

static sx_status scan_word(struct scan *s)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t len = strlen(words[i]);
        if (s->len - s->pos >= len && memcmp(s->text + s->pos, words[i], len) == 0) {
            s->pos += len;
            return SX_OK;
        }
    }
    return fault(s, s->pos, s->pos == s->len ? "unexpected end" : "expected a value");
}

/* Reads `{` with the first key, or `[`. *opened is false when the container is empty. */
static sx_status scan_open(struct scan *s, bool *opened)
{
    char open = s->text[s->pos];

    if (s->depth == JSON_DEPTH_MAX)
        return fault(s, s->pos, "nested deeper than 32");
    s->pos++;
    skip_space(s);
    if (peek(s) == (open == '{' ? '}' : ']')) {
        s->pos++;
        return SX_OK;
    }
    s->open[s->depth] = open;
    s->first_key[s->depth++] = s->keys.len / sizeof(struct key);
    *opened = true;
    return open == '{' ? scan_key(s) : SX_OK;
}

/* Reads a scalar, an empty container, or the beginning of a container (*opened). */
static sx_status scan_value(struct scan *s, bool *opened)
{
    skip_space(s);
    *opened = false;
    if (++s->values > s->max_values)
        return sx_fail_at(s->err, SX_ELIMIT, "", (int64_t)s->pos, "more than %zu values",
                          s->max_values);
    unsigned char c = peek(s);
    if (c == '{' || c == '[')
        return scan_open(s, opened);
    if (c == '"')
        return scan_string(s);
    if (c == '-' || is_digit(c))
        return scan_number(s);
    return scan_word(s);
}

/* Behind a value: closes what closes, up to where the next value begins; *done at the end. */
static sx_status scan_after(struct scan *s, bool *done)
{
    sx_status rc;

    for (;;) {
        skip_space(s);
        *done = s->depth == 0;
        if (*done)
            return s->pos == s->len ? SX_OK : fault(s, s->pos, "text behind the value");
        bool object = s->open[s->depth - 1] == '{';
        if (peek(s) == ',') {
            s->pos++;
            return object ? scan_key(s) : SX_OK;
        }
        if (peek(s) != (object ? '}' : ']'))
            return fault(s, s->pos, object ? "expected ',' or '}'" : "expected ',' or ']'");
        s->pos++;
        rc = check_keys(s);
        if (rc != SX_OK)
            return rc;
        s->depth--;
    }
}

sx_status json_scan_text(struct sx_str text, size_t max_values, bool *long_numbers,
                         struct sx_error *err)
{
    struct scan s = {.text = text.ptr, .len = text.len, .max_values = max_values, .err = err};
    size_t valid = utf8_check(text.ptr, text.len);
    bool opened, done = false;
    sx_status rc = SX_OK;

    if (valid < text.len)
        return fault(&s, valid, "invalid UTF-8");
    while (rc == SX_OK && !done) {
        rc = scan_value(&s, &opened);
        if (rc == SX_OK && !opened)
            rc = scan_after(&s, &done);
    }
    buf_release(&s.keys);
    *long_numbers = s.long_numbers;
    return rc;
}

sx_status json_scan(struct sx_str text, size_t max_values, struct sx_error *err)
{
    bool long_numbers;

    return json_scan_text(text, max_values, &long_numbers, err);
}
