/* Folding: the form in which words are compared, Unicode's NFKC_Casefold. */
#ifndef INDEX_TEXT_FOLD_H
#define INDEX_TEXT_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <unicode/unorm2.h>

#include <searchd/str.h>

/* A word's form is made of its first so many UTF-16 units. No term needs more, and putting
 * marks in order takes time quadratic in their number. */
#define FOLD_UNITS_MAX 512
/* One unit folds to at most 18 (U+FDFA). */
#define FOLD_WIDE_MAX (FOLD_UNITS_MAX * 18)

struct fold {
    const UNormalizer2 *form; /* ICU's own, never freed */
    UChar wide[FOLD_WIDE_MAX];
    char bytes[FOLD_WIDE_MAX * 3];
};

/* False: ICU's data is missing or memory ran out. Needs no release. */
bool fold_init(struct fold *f);

/* Writes `len` ASCII bytes in lower case to `out`. */
void fold_ascii(char *out, const char *p, size_t len);

/* Folds units[0..len); *out lives in `f` till the next call, and may be empty. *reshaped: more
 * than the case of letters changed, so that the form may break into words otherwise than the
 * word did. False: memory ran out. */
bool fold_word(struct fold *f, const UChar *units, int32_t len, struct sx_str *out, bool *reshaped);

/* `cp` in lower case when that alters neither its folded form nor where words break, else
 * `cp`. */
uint32_t fold_lower(uint32_t cp);

#endif
