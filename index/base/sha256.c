/* SHA-256 as FIPS 180-4 writes it, in portable C: whole blocks are hashed where they lie, only
 * a rest is copied. The message schedule is a ring of 16 words. */
#include "index/base/sha256.h"

#include <string.h>

#define BLOCK 64

static const uint32_t round_key[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotr(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static inline uint32_t load_be(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void store_be(unsigned char *p, uint32_t v)
{
    p[0] = (unsigned char)(v >> 24);
    p[1] = (unsigned char)(v >> 16);
    p[2] = (unsigned char)(v >> 8);
    p[3] = (unsigned char)v;
}

/* The next word of the message schedule, at place t of the ring of the sixteen before it. */
static inline uint32_t schedule(uint32_t w[16], unsigned t)
{
    uint32_t a = w[(t + 1) & 15], b = w[(t + 14) & 15];

    w[t & 15] += (rotr(a, 7) ^ rotr(a, 18) ^ a >> 3) + w[(t + 9) & 15] +
                 (rotr(b, 17) ^ rotr(b, 19) ^ b >> 10);
    return w[t & 15];
}

/* One round on the variables in their rotated roles: only d and h change. */
#define ROUND(a, b, c, d, e, f, g, h, t, word)                                                     \
    do {                                                                                           \
        uint32_t t1 = (h) + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) +                             \
                      ((g) ^ ((e) & ((f) ^ (g)))) + key[t] + (word);                               \
        (d) += t1;                                                                                 \
        (h) = t1 + (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + (((a) & (b)) | ((c) & ((a) | (b)))); \
    } while (0)

/* Eight rounds bring the roles back to where they were. Constant places in the ring, so that the
 * compiler may keep it in registers. */
#define EIGHT(t, WORD)                                                                             \
    do {                                                                                           \
        ROUND(a, b, c, d, e, f, g, h, (t) + 0, WORD((t) + 0));                                     \
        ROUND(h, a, b, c, d, e, f, g, (t) + 1, WORD((t) + 1));                                     \
        ROUND(g, h, a, b, c, d, e, f, (t) + 2, WORD((t) + 2));                                     \
        ROUND(f, g, h, a, b, c, d, e, (t) + 3, WORD((t) + 3));                                     \
        ROUND(e, f, g, h, a, b, c, d, (t) + 4, WORD((t) + 4));                                     \
        ROUND(d, e, f, g, h, a, b, c, (t) + 5, WORD((t) + 5));                                     \
        ROUND(c, d, e, f, g, h, a, b, (t) + 6, WORD((t) + 6));                                     \
        ROUND(b, c, d, e, f, g, h, a, (t) + 7, WORD((t) + 7));                                     \
    } while (0)

static void compress(uint32_t s[8], const unsigned char *p)
{
    uint32_t a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
    uint32_t w[16];
    const uint32_t *key = round_key;

#define FIRST(t) (w[t] = load_be(p + (size_t)(t)*4))
#define LATER(t) schedule(w, t)
    EIGHT(0, FIRST);
    EIGHT(8, FIRST);
    for (key += 16; key < round_key + 64; key += 16) {
        EIGHT(0, LATER);
        EIGHT(8, LATER);
    }
#undef FIRST
#undef LATER
    s[0] += a;
    s[1] += b;
    s[2] += c;
    s[3] += d;
    s[4] += e;
    s[5] += f;
    s[6] += g;
    s[7] += h;
}

void sha256_init(struct sha256 *h)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

    memcpy(h->state, start, sizeof(start));
    h->bytes = 0;
}

void sha256_update(struct sha256 *h, const void *p, size_t n)
{
    const unsigned char *in = p;
    size_t held = h->bytes % BLOCK;

    if (n == 0)
        return; /* p may be NULL */
    h->bytes += n;
    if (held > 0) {
        size_t take = n < BLOCK - held ? n : BLOCK - held;
        memcpy(h->block + held, in, take);
        in += take;
        n -= take;
        if (held + take < BLOCK)
            return;
        compress(h->state, h->block);
    }
    for (; n >= BLOCK; in += BLOCK, n -= BLOCK)
        compress(h->state, in);
    memcpy(h->block, in, n);
}

void sha256_final(struct sha256 *h, unsigned char out[32])
{
    size_t held = h->bytes % BLOCK;
    uint64_t bits = h->bytes * 8;

    h->block[held++] = 0x80;
    if (held > BLOCK - 8) { /* no room for the length: one more block */
        memset(h->block + held, 0, BLOCK - held);
        compress(h->state, h->block);
        held = 0;
    }
    memset(h->block + held, 0, BLOCK - 8 - held);
    store_be(h->block + BLOCK - 8, (uint32_t)(bits >> 32));
    store_be(h->block + BLOCK - 4, (uint32_t)bits);
    compress(h->state, h->block);
    for (size_t i = 0; i < 8; i++)
        store_be(out + 4 * i, h->state[i]);
}

void hex_encode(const unsigned char *p, size_t n, char *out)
{
    static const char digit[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digit[p[i] >> 4];
        out[2 * i + 1] = digit[p[i] & 15];
    }
    out[2 * n] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20; /* lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_decode(const char *p, size_t n, unsigned char *out)
{
    for (size_t i = 0; i < n; i++) {
        int high = hex_value(p[2 * i]), low = hex_value(p[2 * i + 1]);
        if (high < 0 || low < 0)
            return -1;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return 0;
}
