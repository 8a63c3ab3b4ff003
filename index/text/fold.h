/* Folding: the form in which words are compared. fold_rule.h tells what the form is; this is
 * the same form, most of it read from a table of the Basic Multilingual Plane. */
#ifndef INDEX_TEXT_FOLD_H
#define INDEX_TEXT_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/text/fold_rule.h"

#include <searchd/str.h>

/* A word's form is made of its first so many UTF-16 units. No term needs more, and putting
 * marks in order takes time quadratic in their number. */
#define FOLD_UNITS_MAX 512
#define FOLD_WIDE_MAX (FOLD_UNITS_MAX * FOLD_GROWTH)

struct fold {
    struct fold_rule rule;
    const uint16_t *table; /* shared by all threads, never freed */
    UChar wide[FOLD_WIDE_MAX], spare[FOLD_WIDE_MAX];
    char bytes[FOLD_WIDE_MAX * 3];
};

/* False: ICU's data is missing or memory ran out. Needs no release. */
bool fold_init(struct fold *f);

/* Writes `len` ASCII bytes in lower case to `out`. */
void fold_ascii(char *out, const char *p, size_t len);

/* Folds units[0..len), a word that ICU found or a piece of one; *out lives in `f` till the next
 * call, and may be empty. *reshaped: see fold_exact(). False: memory ran out. */
bool fold_word(struct fold *f, const UChar *units, int32_t len, struct sx_str *out, bool *reshaped);

/* `cp` in lower case when that alters neither its folded form nor where ICU breaks words, else
 * `cp`. */
uint32_t fold_lower(uint32_t cp);

#endif
