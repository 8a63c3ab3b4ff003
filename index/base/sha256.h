/* SHA-256 (FIPS 180-4), for the identity of documents and files. */
#ifndef INDEX_BASE_SHA256_H
#define INDEX_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
    uint32_t state[8];
    uint64_t bytes;
    unsigned char block[64];
};

void sha256_init(struct sha256 *h);
void sha256_update(struct sha256 *h, const void *p, size_t n);
void sha256_final(struct sha256 *h, unsigned char out[32]);

/* Lower-case hex of `n` bytes, NUL behind; `out` holds 2n + 1. */
void hex_encode(const unsigned char *p, size_t n, char *out);
/* 2n hex digits to n bytes; -1 when one is none. */
int hex_decode(const char *p, size_t n, unsigned char *out);

#endif
