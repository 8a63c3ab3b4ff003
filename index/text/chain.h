/* Words joined by hyphens or an ampersand: each takes a position, and the first also carries the
 * whole as one word, which cannot be told before the last has been read. */
#ifndef INDEX_TEXT_CHAIN_H
#define INDEX_TEXT_CHAIN_H

#include "index/text/compound.h"
#include "index/text/sink.h"

#define CHAIN_WORDS_MAX 8 /* words of a chain that is told whole */
/* No chain that may be told whole has more: words, their parts, and names such as c++. */
#define CHAIN_TOKENS_MAX ((size_t)CHAIN_WORDS_MAX * (COMPOUND_PARTS_MAX + 2))
#define CHAIN_BYTES_MAX 8192

enum chain_joint { CHAIN_NONE, CHAIN_HYPHEN, CHAIN_AMPERSAND };

/* A chain being read. Zeroed: none is. */
struct chain {
    enum chain_joint joint; /* CHAIN_NONE: none is being read, tokens pass */
    uint32_t next;          /* where in the text its next word begins */
    uint32_t words;         /* so far */
    bool told;              /* it is too long to be told whole: tokens pass */
    bool possessive;        /* the last word put ends with an s that an apostrophe sets off */
    size_t count, used;
    struct token tokens[CHAIN_TOKENS_MAX];
    char terms[CHAIN_BYTES_MAX];
};

/* The joint behind the word that ends at text[end], and where the word behind that begins;
 * CHAIN_NONE: none, or no letter or digit follows. */
enum chain_joint chain_joint_at(const char *text, size_t len, uint32_t end, uint32_t *next);

/* A word that begins at `start`, ends with `joint` and has its next at `next` is about to be told:
 * takes it into the chain, or ends that one and begins another where there is a joint.
 * chain_leave() is due behind it. */
int chain_enter(struct chain *c, uint32_t start, enum chain_joint joint, const struct sink *to);
int chain_leave(struct chain *c, enum chain_joint joint, uint32_t next, const struct sink *to);

/* Tells the chain, if one is being read; due in front of anything told past it. */
int chain_finish(struct chain *c, const struct sink *to);

/* Tells a token, or holds it back. */
int chain_put(struct chain *c, const struct token *t, const struct sink *to);

#endif
