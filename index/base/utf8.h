/* UTF-8: validity and stepping. */
#ifndef INDEX_BASE_UTF8_H
#define INDEX_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Offset of the first byte that is not valid UTF-8 (RFC 3629: no overlong form, no surrogate,
 * nothing above U+10FFFF), or `len` when all is. NUL is valid here. */
size_t utf8_check(const char *p, size_t len);

/* The code point at p (len >= 1), *size its bytes; U+FFFD with *size 1 where it is not valid. */
uint32_t utf8_next(const char *p, size_t len, size_t *size);

/* Writes `cp`, a code point that is no surrogate, and returns its bytes: 1 to 4. */
size_t utf8_encode(uint32_t cp, char out[4]);

/* The largest offset <= `at` that does not stand inside a code point of valid text. */
size_t utf8_floor(const char *p, size_t len, size_t at);

#endif
