/* What the bytes of a text are, 64 at a time and a bit for each, the first the lowest: plain words,
 * of ASCII letters and digits, are found by them without a look at every byte. */
#ifndef INDEX_TEXT_PLAIN_H
#define INDEX_TEXT_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAIN_BYTES 64

struct plain {
    uint64_t words;    /* ASCII letters and digits */
    uint64_t capitals; /* those of A to Z */
    uint64_t others;   /* what may be of a word and is none of these: _, @, all that is not ASCII */
};

/* ASCII behind a word that may join it to the next (chain.h) or make a name with it: c++, c#. */
static inline bool plain_joins(unsigned char c)
{
    return c == '-' || c == '&' || c == '+' || c == '#';
}

/* Terms to look for: a bit for each length in bytes (the last: that or longer), by their first
 * byte. */
struct wanted_terms {
    uint64_t lengths[256];
};

static inline uint64_t wanted_length(size_t len)
{
    return UINT64_C(1) << (len < 63 ? len : 63);
}

/* Of text[0..len), at most PLAIN_BYTES of it; behind its end are no bits. */
void plain_read(const unsigned char *text, size_t len, struct plain *out);
/* Its twin for any machine. */
void plain_read_portable(const unsigned char *text, size_t len, struct plain *out);

#endif
