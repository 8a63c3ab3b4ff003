/* Terms by a hash table whose entries hold half of the hash, so that others are seldom looked at. */
#include "index/text/record.h"

#include <string.h>

#include "index/base/alloc.h"
#include "index/base/hash.h"
#include "index/base/str.h"

#define TABLE_MIN ((size_t)1024)
/* Kept by record_clear(). */
#define KEPT_TOKENS ((size_t)1 << 17)
#define KEPT_TERMS ((size_t)1 << 15)
#define TERMS_MAX (UINT32_MAX / 2)

void record_release(struct record *r)
{
    mem_free(r->terms);
    mem_free(r->tokens);
    mem_free(r->table);
    arena_release(&r->text);
    memset(r, 0, sizeof(*r));
}

void record_clear(struct record *r)
{
    if (r->token_cap > KEPT_TOKENS || r->term_cap > KEPT_TERMS) {
        record_release(r);
        return;
    }
    if (r->mask > TABLE_MIN && r->mask > 16 * r->term_count) { /* costs more to wipe than to make */
        mem_free(r->table);
        r->table = NULL;
        r->mask = 0;
    } else if (r->term_count > 0) {
        memset(r->table, 0, (r->mask + 1) * sizeof(*r->table));
    }
    arena_release(&r->text);
    r->term_count = 0;
    r->token_count = 0;
    r->read_in = 0;
    r->numbered = 0;
}

size_t record_memory(const struct record *r)
{
    size_t table = r->table == NULL ? 0 : (r->mask + 1) * sizeof(*r->table);

    return table + r->term_cap * sizeof(*r->terms) + r->token_cap * sizeof(*r->tokens) +
           r->text.used;
}

static int grow_table(struct record *r)
{
    size_t mask = r->mask == 0 ? TABLE_MIN - 1 : r->mask * 2 + 1;
    uint64_t *table = mem_zalloc(mask + 1, sizeof(*table));

    if (table == NULL)
        return -1;
    for (size_t i = 0; i < r->term_count; i++) {
        uint64_t hash = r->terms[i].hash;
        size_t at = (size_t)hash & mask;
        while (table[at] != 0)
            at = (at + 1) & mask;
        table[at] = (hash & ~(uint64_t)UINT32_MAX) | (i + 1);
    }
    mem_free(r->table);
    r->table = table;
    r->mask = mask;
    return 0;
}

static int add_term(struct record *r, struct sx_str text, uint64_t hash)
{
    if (r->term_count == r->term_cap) {
        size_t cap = r->term_cap == 0 ? TABLE_MIN / 2 : r->term_cap * 2;
        void *grown =
            r->term_count >= TERMS_MAX ? NULL : mem_realloc(r->terms, cap * sizeof(*r->terms));
        if (grown == NULL)
            return -1;
        r->terms = grown;
        r->term_cap = cap;
    }
    struct sx_str copy = arena_str(&r->text, text);
    if (copy.ptr == NULL)
        return -1;
    r->terms[r->term_count++] = (struct record_term){copy, hash, RECORD_UNKNOWN};
    return 0;
}

/* The place of a term, new if need be; RECORD_UNKNOWN: memory ran out. */
static uint32_t intern(struct record *r, struct sx_str text)
{
    uint64_t hash = hash_bytes(text.ptr, text.len);

    if (2 * r->term_count >= r->mask && grow_table(r) != 0)
        return RECORD_UNKNOWN;
    size_t at = (size_t)hash & r->mask;
    for (; r->table[at] != 0; at = (at + 1) & r->mask) {
        uint32_t place = (uint32_t)r->table[at] - 1;
        if ((r->table[at] ^ hash) >> 32 == 0 && str_eq(r->terms[place].text, text))
            return place;
    }
    if (add_term(r, text, hash) != 0)
        return RECORD_UNKNOWN;
    r->table[at] = (hash & ~(uint64_t)UINT32_MAX) | r->term_count;
    return (uint32_t)r->term_count - 1;
}

struct recording {
    struct record *r;
    uint32_t words;
};

static int take_token(void *arg, const struct token *t)
{
    struct recording *to = arg;
    struct record *r = to->r;
    bool beside = t->kind != TOKEN_WORD;

    if (r->token_count == r->token_cap) {
        size_t cap = r->token_cap == 0 ? 4096 : r->token_cap * 2;
        uint32_t *grown = mem_realloc(r->tokens, cap * sizeof(*grown));
        if (grown == NULL)
            return -1;
        r->tokens = grown;
        r->token_cap = cap;
    }
    uint32_t place = intern(r, t->term);
    if (place == RECORD_UNKNOWN)
        return -1;
    r->tokens[r->token_count++] = place << 1 | beside;
    to->words += !beside;
    return 0;
}

int record_text(struct record *r, struct analyzer *an, struct sx_str text, uint32_t *words)
{
    struct recording to = {.r = r};
    int rc = analyzer_run(an, text.ptr, text.len, take_token, &to);

    *words = to.words;
    return rc;
}
