/* Where something stands in one document. */
#ifndef INDEX_BASE_PLACES_H
#define INDEX_BASE_PLACES_H

#include <stddef.h>
#include <stdint.h>

/* Occurrences of one phrase in one document. */
struct phrase_tf {
    uint32_t title, body;
};

/* Positions by field (0 title, 1 body), ascending, each once. A zeroed one is empty; clearing it
 * keeps its memory. */
struct places {
    uint32_t *at[2];
    size_t count[2], cap[2];
};

void places_release(struct places *p);
void places_clear(struct places *p);
/* Behind those of the field; -1: memory ran out. */
int places_add(struct places *p, int field, uint32_t at);
/* Room for `count` more behind those of the field, which they are once they are filled in; NULL: memory
 * ran out. */
uint32_t *places_extend(struct places *p, int field, size_t count);
/* Those of several lists, one behind the other, in order, each once. */
void places_tidy(struct places *p);

#endif
