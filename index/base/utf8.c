/* UTF-8 by the well-formed table of the Unicode standard: the lead byte alone gives the length
 * and the range of the byte behind it, and that range is what rules out overlong forms,
 * surrogates and everything above U+10FFFF. All later bytes are 80..BF. */
#include "index/base/utf8.h"

#include <string.h>

/* How a code point that begins with one lead byte goes on. */
struct lead {
    unsigned size;           /* bytes in all; 0: no code point begins so */
    unsigned char low, high; /* range of the second byte */
};

static struct lead lead_of(unsigned char c)
{
    if (c < 0x80)
        return (struct lead){1, 0, 0};
    if (c < 0xC2)
        return (struct lead){0, 0, 0}; /* a continuation byte, or an overlong form */
    if (c < 0xE0)
        return (struct lead){2, 0x80, 0xBF};
    if (c < 0xF0)
        return (struct lead){3, c == 0xE0 ? 0xA0 : 0x80, c == 0xED ? 0x9F : 0xBF};
    if (c < 0xF5)
        return (struct lead){4, c == 0xF0 ? 0x90 : 0x80, c == 0xF4 ? 0x8F : 0xBF};
    return (struct lead){0, 0, 0};
}

uint32_t utf8_next(const char *p, size_t len, size_t *size)
{
    const unsigned char *u = (const unsigned char *)p;
    struct lead lead = lead_of(u[0]);

    *size = 1;
    if (lead.size == 1)
        return u[0];
    if (lead.size == 0 || lead.size > len || u[1] < lead.low || u[1] > lead.high)
        return 0xFFFD;
    uint32_t cp = u[0] & (0x7FU >> lead.size);
    for (unsigned i = 1; i < lead.size; i++) {
        if ((u[i] & 0xC0) != 0x80)
            return 0xFFFD;
        cp = cp << 6 | (u[i] & 0x3FU);
    }
    *size = lead.size;
    return cp;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t size = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

    for (size_t i = size - 1; i > 0; i--, cp >>= 6)
        out[i] = (char)(0x80 | (cp & 0x3F));
    out[0] = (char)(leads[size] | cp);
    return size;
}

size_t utf8_check(const char *p, size_t len)
{
    size_t at = 0;

    while (at < len) {
        uint64_t eight;
        if (len - at >= sizeof(eight)) { /* most text is long runs of ASCII */
            memcpy(&eight, p + at, sizeof(eight));
            if ((eight & 0x8080808080808080U) == 0) {
                at += sizeof(eight);
                continue;
            }
        }
        size_t size;
        if (utf8_next(p + at, len - at, &size) == 0xFFFD && size == 1)
            return at;
        at += size;
    }
    return len;
}

size_t utf8_floor(const char *p, size_t len, size_t at)
{
    if (at >= len)
        return len;
    while (at > 0 && ((unsigned char)p[at] & 0xC0) == 0x80)
        at--;
    return at;
}
