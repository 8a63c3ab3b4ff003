/* Random documents and queries over a tiny vocabulary, so that words meet, repeat and tie. */
#ifndef TESTS_PROPERTY_GEN_H
#define TESTS_PROPERTY_GEN_H

#include <searchd/index.h>

#include "index/base/arena.h"
#include "index/base/buf.h"

#define GEN_WORDS_MAX 24

struct gen {
    uint64_t state;
    const char *words[GEN_WORDS_MAX]; /* of this corpus, chosen from all */
    size_t word_count;
    size_t uris;      /* how many distinct ones there are */
    size_t words_max; /* of a body, less one */
};

/* SEARCHD_SEED, else the clock; printed, so that a failure can be run again. */
uint64_t gen_seed(void);
/* A number from the environment, else `otherwise`. */
size_t gen_env(const char *name, size_t otherwise);

/* A corpus of `uris` documents at most; its words are chosen here. */
void gen_init(struct gen *g, uint64_t seed, size_t uris);
/* 0 … n-1; n > 0. */
size_t gen_below(struct gen *g, size_t n);
/* True once in n. */
bool gen_one_in(struct gen *g, size_t n);

/* The document's strings are in `mem`. */
struct sx_doc gen_doc(struct gen *g, struct arena *mem);
/* One of the uris, perhaps not in the index. */
struct sx_str gen_uri(struct gen *g, struct arena *mem);
/* Any query: most are well formed; `body` (may be absent) is a text to quote from. */
void gen_query(struct gen *g, struct sx_str body, struct buf *out);

#endif
