/* Stems: the form that a term's inflections share in one language. Terms are folded (no marks on
 * Latin letters), which Snowball's algorithms do not expect: stem.c mends what suffers. A stem is
 * for comparing with stems of the same language, not for reading, and stems of stems may differ.
 *
 * Korean has a light stemmer of its own: of a term all in Hangul, endings that are particles or
 * common forms of 하다, 되다 and 이다 (에서, 으로, 를, 합니다 …) are taken off until none is left.
 * Two syllables stay; one may where the ending has two or more that seldom end a noun (에서).
 * Arabic loses article and endings likewise, Turkish plurals and cases. */
#ifndef INDEX_TEXT_STEM_H
#define INDEX_TEXT_STEM_H

#include <stdbool.h>

#include <searchd/str.h>

#define STEM_TERM_MAX 64 /* bytes; a longer term is its own stem */
#define STEM_NOMEM (-1)

struct stemmer;

/* One per thread; opens each language when it is first asked for. NULL: memory ran out. */
struct stemmer *stemmer_new(void);
void stemmer_free(struct stemmer *s);

/* Whether stem_term() ever changes a term of this language; -1 and all other numbers will do. */
bool stem_has(int lang);

/* The stem of a folded term. *out borrows from `s` until the next call, or is `term` itself where
 * nothing changes: so with a term that holds a digit or a letter of another script than the
 * language's, has fewer than 3 characters or more than STEM_TERM_MAX bytes, and in a language
 * without a stemmer. 0, or STEM_NOMEM. */
int stem_term(struct stemmer *s, int lang, struct sx_str term, struct sx_str *out);

#endif
