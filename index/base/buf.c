/* The growing buffer. Once an append fails, later ones do nothing until buf_clear(): the caller
 * asks buf_ok() once, at the end. */
#include "index/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "index/base/alloc.h"

static bool grow(struct buf *b, size_t more)
{
    size_t cap = b->cap < 64 ? 64 : b->cap;

    if (b->failed)
        return false;
    if (more > SIZE_MAX / 2 - b->len) {
        b->failed = true;
        return false;
    }
    while (cap < b->len + more)
        cap *= 2;
    if (cap == b->cap)
        return true;
    char *data = mem_realloc(b->data, cap);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void buf_release(struct buf *b)
{
    mem_free(b->data);
    memset(b, 0, sizeof(*b));
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
    if (n == 0 || !grow(b, n))
        return;
    memcpy(b->data + b->len, p, n);
    b->len += n;
}

void buf_putc(struct buf *b, char c)
{
    buf_put(b, &c, 1);
}

void buf_puts(struct buf *b, const char *z)
{
    buf_put(b, z, strlen(z));
}

void buf_put_str(struct buf *b, struct sx_str s)
{
    buf_put(b, s.ptr, s.len);
}

void buf_put_u64(struct buf *b, uint64_t v)
{
    char digits[20];
    size_t n = sizeof(digits);

    do
        digits[--n] = (char)('0' + v % 10);
    while ((v /= 10) != 0);
    buf_put(b, digits + n, sizeof(digits) - n);
}

/* Printed where it goes, and once more should that be too small. */
void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_list again;

    if (!grow(b, 1))
        return;
    size_t room = b->cap - b->len;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(b->data + b->len, room, fmt, ap);
    va_end(ap);
    if (n < 0)
        b->failed = true;
    else if ((size_t)n >= room && grow(b, (size_t)n + 1))
        vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
    va_end(again);
    if (!b->failed)
        b->len += (size_t)n;
}

char *buf_reserve(struct buf *b, size_t n)
{
    return grow(b, n) ? b->data + b->len : NULL;
}

void buf_advance(struct buf *b, size_t n)
{
    b->len += n;
}

void buf_consume(struct buf *b, size_t n)
{
    if (n == 0)
        return;
    memmove(b->data, b->data + n, b->len - n);
    b->len -= n;
}

bool buf_ok(const struct buf *b)
{
    return !b->failed;
}

struct sx_str buf_str(const struct buf *b)
{
    struct sx_str s = {b->data == NULL ? "" : b->data, b->len};
    return s;
}

const char *buf_cstr(struct buf *b)
{
    if (!grow(b, 1))
        return NULL;
    b->data[b->len] = '\0';
    return b->data;
}
