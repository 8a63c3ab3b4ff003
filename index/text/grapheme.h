/* Grapheme clusters: what a reader takes for one character (Unicode Standard Annex 29). */
#ifndef INDEX_TEXT_GRAPHEME_H
#define INDEX_TEXT_GRAPHEME_H

#include <stddef.h>

/* The largest offset <= `at` at which valid UTF-8 may be cut without cutting a grapheme cluster. One
 * of more than GRAPHEME_POINTS_MAX code points is cut all the same, between two of them. */
#define GRAPHEME_POINTS_MAX 128
size_t grapheme_floor(const char *text, size_t len, size_t at);
/* The smallest such offset >= `at`. */
size_t grapheme_ceil(const char *text, size_t len, size_t at);

#endif
