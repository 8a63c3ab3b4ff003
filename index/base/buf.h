/* A growing byte buffer that remembers failure: append freely, ask once. */
#ifndef INDEX_BASE_BUF_H
#define INDEX_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <searchd/str.h>

struct buf {
    char *data; /* NULL while empty; not ended by NUL unless buf_cstr() was asked */
    size_t len;
    size_t cap;
    bool failed; /* memory ran out: nothing appended since */
};

/* A zeroed struct buf is empty and valid. */
void buf_release(struct buf *b); /* frees; safe on a zeroed one; usable again */
void buf_clear(struct buf *b);   /* len = 0 and failure forgotten; keeps the memory */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_putc(struct buf *b, char c);
void buf_puts(struct buf *b, const char *z);
void buf_put_str(struct buf *b, struct sx_str s);
void buf_put_u64(struct buf *b, uint64_t v); /* decimal */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for `n` more bytes at the end, or NULL; follow with buf_advance(). */
char *buf_reserve(struct buf *b, size_t n);
void buf_advance(struct buf *b, size_t n);
/* Drops the first `n` bytes. */
void buf_consume(struct buf *b, size_t n);
bool buf_ok(const struct buf *b);
struct sx_str buf_str(const struct buf *b);
/* Ends the bytes with NUL (not counted) and returns them; NULL when memory ran out. */
const char *buf_cstr(struct buf *b);

#endif
