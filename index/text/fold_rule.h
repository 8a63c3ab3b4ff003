/* What folding is: Unicode's NFKC_Casefold, and then, by code point,
 * - Latin and Greek letters without their marks, and a few letters in the spelling that those
 *   without the key use (đ d, ø o, ł l, æ ae, þ th ...); Cyrillic ё as е;
 * - Arabic without tatweel, vowels and Quranic marks, one alef, yeh and kaf for all; Hebrew
 *   without points;
 * - diacritics that no letter took up dropped (Москва́), so that й and ў stay but stress goes;
 * - every decimal digit in ASCII;
 * and all this again until nothing changes: what folding gives, it leaves as it is. */
#ifndef INDEX_TEXT_FOLD_RULE_H
#define INDEX_TEXT_FOLD_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include <unicode/unorm2.h>

/* One UTF-16 unit folds to at most so many (U+FDFA). */
#define FOLD_GROWTH 18

struct fold_rule {
    const UNormalizer2 *casefold, *compose; /* ICU's own, never freed */
};

/* A syllable of Korean in one: in ICU's words they join only their kind, but not their letters. */
static inline bool fold_is_syllable(uint32_t cp)
{
    return cp >= 0xAC00 && cp < 0xD7A4;
}

/* False: ICU's data is missing or memory ran out. Needs no release. */
bool fold_rule_init(struct fold_rule *r);

/* Folds units[0..len) to `out`; that and `spare` hold len * FOLD_GROWTH units each. Returns the
 * length, or -1: memory ran out. *reshaped: where the folded form breaks into words may be
 * elsewhere than at its ends, though units[] is one word: a sign became several words or gave a
 * space, a stop, an apostrophe (U+FDFA, U+0149, U+3300), or syllables of Korean were put together
 * beside other letters. Never so because case, width, marks or digits changed, or else letters
 * became other letters. */
int32_t fold_exact(const struct fold_rule *r, const UChar *units, int32_t len, UChar *out,
                   UChar *spare, bool *reshaped);

#endif
