/* Tokens are logged as they come, sorted by term when the segment is written. */
#include "index/blockmax/invert.h"

#include <stdlib.h>
#include <string.h>

#include "index/base/alloc.h"
#include "index/base/arena.h"
#include "index/base/hash.h"
#include "index/base/str.h"

#define BODY_BIT (UINT32_C(1) << 31)
#define BESIDE_BIT (UINT32_C(1) << 30)
/* Kept by inverter_clear(). */
#define KEPT_TOKENS ((size_t)1 << 20)
#define KEPT_TERMS ((size_t)1 << 16)

/* As it comes; of which document, `docs` tells. */
struct token_log {
    uint32_t term;
    uint32_t at; /* position; BODY_BIT: in the body; BESIDE_BIT: beside the token before it */
};

/* The same among those of its term. */
struct sorted_token {
    uint32_t doc; /* its number in `docs` */
    uint32_t at;
};

struct inverted_term {
    struct sx_str text;
    uint64_t hash;
    uint32_t tokens; /* in the log; this and flags are known when it is written */
    unsigned flags;
};

struct inverted_doc {
    uint64_t rowid;
    size_t tokens; /* in the log before its first */
    struct doc_length length;
    bool dropped;
};

struct inverter {
    struct token_log *log;
    size_t tokens, log_cap;
    struct inverted_term *terms;
    size_t term_count, term_cap;
    uint32_t *table; /* open addressing: term + 1 */
    size_t mask;
    uint32_t *numbered; /* term + 1 by the caller's number */
    size_t numbered_cap;
    struct inverted_doc *docs;
    size_t doc_count, doc_cap;
    struct arena text;
};

struct inverter *inverter_new(void)
{
    return mem_zalloc(1, sizeof(struct inverter));
}

static void release(struct inverter *v)
{
    mem_free(v->log);
    mem_free(v->terms);
    mem_free(v->table);
    mem_free(v->numbered);
    mem_free(v->docs);
    arena_release(&v->text);
    memset(v, 0, sizeof(*v));
}

void inverter_free(struct inverter *v)
{
    if (v == NULL)
        return;
    release(v);
    mem_free(v);
}

void inverter_clear(struct inverter *v)
{
    if (v->log_cap > KEPT_TOKENS || v->term_cap > KEPT_TERMS) {
        release(v);
        return;
    }
    if (v->doc_count == 0) /* clear already: its tables need not be wiped again */
        return;
    if (v->table != NULL)
        memset(v->table, 0, (v->mask + 1) * sizeof(*v->table));
    if (v->numbered != NULL)
        memset(v->numbered, 0, v->numbered_cap * sizeof(*v->numbered));
    v->tokens = 0;
    v->term_count = 0;
    v->doc_count = 0;
    arena_release(&v->text);
}

size_t inverter_tokens(const struct inverter *v)
{
    return v->tokens;
}

/* Room for one more of `size` bytes; -1: memory ran out. */
static int grow(void **items, size_t *cap, size_t count, size_t size, size_t least)
{
    if (count < *cap)
        return 0;
    size_t more = *cap == 0 ? least : *cap * 2;
    void *grown = mem_realloc(*items, more * size);
    if (grown == NULL)
        return -1;
    *items = grown;
    *cap = more;
    return 0;
}

int inverter_begin(struct inverter *v, uint64_t rowid)
{
    void *docs = v->docs;

    if (grow(&docs, &v->doc_cap, v->doc_count, sizeof(*v->docs), 64) != 0)
        return -1;
    v->docs = docs;
    v->docs[v->doc_count++] = (struct inverted_doc){.rowid = rowid, .tokens = v->tokens};
    return 0;
}

void inverter_lengths(struct inverter *v, struct doc_length length)
{
    v->docs[v->doc_count - 1].length = length;
}

void inverter_drop(struct inverter *v, uint64_t rowid)
{
    for (size_t low = 0, high = v->doc_count; low < high;) {
        size_t middle = (low + high) / 2;
        if (v->docs[middle].rowid == rowid) {
            v->docs[middle].dropped = true;
            return;
        }
        if (v->docs[middle].rowid < rowid)
            low = middle + 1;
        else
            high = middle;
    }
}

static int grow_table(struct inverter *v)
{
    size_t mask = v->mask == 0 ? 4095 : v->mask * 2 + 1;
    uint32_t *table = mem_zalloc(mask + 1, sizeof(*table));

    if (table == NULL)
        return -1;
    for (size_t i = 0; i < v->term_count; i++) {
        size_t at = (size_t)v->terms[i].hash & mask;
        while (table[at] != 0)
            at = (at + 1) & mask;
        table[at] = (uint32_t)i + 1;
    }
    mem_free(v->table);
    v->table = table;
    v->mask = mask;
    return 0;
}

/* A new term; UINT32_MAX: memory ran out. */
static uint32_t add_term(struct inverter *v, struct sx_str text, uint64_t hash)
{
    void *terms = v->terms;

    if (grow(&terms, &v->term_cap, v->term_count, sizeof(*v->terms), 1024) != 0)
        return UINT32_MAX;
    v->terms = terms;
    struct sx_str copy = arena_str(&v->text, text);
    if (copy.ptr == NULL)
        return UINT32_MAX;
    v->terms[v->term_count] = (struct inverted_term){.text = copy, .hash = hash};
    return (uint32_t)v->term_count++;
}

uint32_t inverter_term(struct inverter *v, struct sx_str text, uint64_t hash)
{
    if ((v->term_count + 1) * 2 > v->mask && grow_table(v) != 0)
        return UINT32_MAX;
    size_t at = (size_t)hash & v->mask;
    for (; v->table[at] != 0; at = (at + 1) & v->mask) {
        const struct inverted_term *t = &v->terms[v->table[at] - 1];
        if (t->hash == hash && str_eq(t->text, text))
            return v->table[at] - 1;
    }
    uint32_t number = add_term(v, text, hash);
    if (number != UINT32_MAX)
        v->table[at] = number + 1;
    return number;
}

/* A term's number here by the caller's; UINT32_MAX: memory ran out. */
static uint32_t intern_numbered(struct inverter *v, struct sx_str text, uint32_t number)
{
    if (number >= v->numbered_cap) {
        size_t cap = number < 2048 ? 4096 : 2 * (size_t)number;
        uint32_t *grown = mem_realloc(v->numbered, cap * sizeof(*grown));
        if (grown == NULL)
            return UINT32_MAX;
        memset(grown + v->numbered_cap, 0, (cap - v->numbered_cap) * sizeof(*grown));
        v->numbered = grown;
        v->numbered_cap = cap;
    }
    if (v->numbered[number] == 0)
        v->numbered[number] = add_term(v, text, 0) + 1;
    return v->numbered[number] - 1; /* UINT32_MAX + 1 is 0 */
}

int inverter_posting(struct inverter *v, bool body, uint32_t position, uint32_t term, bool beside)
{
    void *log = v->log;

    if (term == UINT32_MAX || grow(&log, &v->log_cap, v->tokens, sizeof(*v->log), 4096) != 0)
        return -1;
    v->log = log;
    v->log[v->tokens++] =
        (struct token_log){term, position | (body ? BODY_BIT : 0) | (beside ? BESIDE_BIT : 0)};
    return 0;
}

int inverter_token(struct inverter *v, bool body, uint32_t position, struct sx_str term,
                   bool beside)
{
    uint32_t place = inverter_term(v, term, hash_bytes(term.ptr, term.len));

    return inverter_posting(v, body, position, place, beside);
}

int inverter_numbered(struct inverter *v, bool body, uint32_t position, struct sx_str term,
                      uint32_t number, bool beside)
{
    return inverter_posting(v, body, position, intern_numbered(v, term, number), beside);
}

/* ---- writing ---------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b, void *terms)
{
    const struct inverted_term *all = terms;
    struct sx_str x = all[*(const uint32_t *)a].text, y = all[*(const uint32_t *)b].text;

    return str_order(x, y);
}

/* What writing needs: terms by text, tokens by term. */
struct sorted {
    uint32_t *terms; /* numbers, in the order of their bytes */
    size_t *first;   /* by number: of its tokens in `tokens` */
    struct sorted_token *tokens;
    struct posting *postings; /* of the term at hand */
    uint32_t *positions;
    struct doc_length *lengths;
};

static void release_sorted(struct sorted *s)
{
    mem_free(s->terms);
    mem_free(s->first);
    mem_free(s->tokens);
    mem_free(s->postings);
    mem_free(s->positions);
    mem_free(s->lengths);
}

static void count_tokens(struct inverter *v)
{
    for (size_t i = 0; i < v->term_count; i++) {
        v->terms[i].tokens = 0;
        v->terms[i].flags = 0;
    }
    for (size_t i = 0; i < v->tokens; i++) {
        struct inverted_term *t = &v->terms[v->log[i].term];
        t->tokens++;
        t->flags |= v->log[i].at & BESIDE_BIT ? TERM_BESIDE : 0;
    }
}

static bool sort(struct inverter *v, struct sorted *s, uint64_t docs)
{
    uint32_t most = 0;
    size_t at = 0;

    s->terms = mem_alloc((v->term_count + 1) * sizeof(*s->terms));
    s->first = mem_alloc((v->term_count + 1) * sizeof(*s->first));
    s->tokens = mem_alloc((v->tokens + 1) * sizeof(*s->tokens));
    s->lengths = mem_alloc((docs + 1) * sizeof(*s->lengths));
    if (s->terms == NULL || s->first == NULL || s->tokens == NULL || s->lengths == NULL)
        return false;
    for (uint64_t i = 0; i < docs; i++)
        s->lengths[i] = DOC_ABSENT;
    count_tokens(v);
    for (size_t i = 0; i < v->term_count; i++) {
        s->terms[i] = (uint32_t)i;
        s->first[i] = at;
        at += v->terms[i].tokens;
        most = v->terms[i].tokens > most ? v->terms[i].tokens : most;
    }
    for (size_t doc = 0; doc < v->doc_count; doc++) {
        size_t end = doc + 1 < v->doc_count ? v->docs[doc + 1].tokens : v->tokens;
        for (size_t i = v->docs[doc].tokens; i < end; i++)
            s->tokens[s->first[v->log[i].term]++] =
                (struct sorted_token){(uint32_t)doc, v->log[i].at & ~BESIDE_BIT};
    }
    for (size_t i = 0; i < v->term_count; i++)
        s->first[i] -= v->terms[i].tokens;
    qsort_r(s->terms, v->term_count, sizeof(*s->terms), by_text, v->terms);
    s->postings = mem_alloc((most + (size_t)1) * sizeof(*s->postings));
    s->positions = mem_alloc((most + (size_t)1) * sizeof(*s->positions));
    return s->postings != NULL && s->positions != NULL;
}

/* The postings of one term; documents that were dropped have none. */
static void gather(const struct inverter *v, struct sorted *s, uint32_t number, uint64_t first,
                   struct term_postings *out)
{
    const struct inverted_term *t = &v->terms[number];
    const struct sorted_token *log = s->tokens + s->first[number];
    struct posting *p = NULL;
    uint32_t doc = UINT32_MAX, at = UINT32_MAX;
    size_t positions = 0;

    *out = (struct term_postings){.term = t->text, .flags = t->flags, .postings = s->postings};
    for (size_t i = 0; i < t->tokens; i++) {
        const struct inverted_doc *d = &v->docs[log[i].doc];
        if (d->dropped)
            continue;
        out->f++;
        if (log[i].doc == doc && log[i].at == at) {
            out->flags |= TERM_REPEATED;
            continue;
        }
        if (p == NULL || log[i].doc != doc) {
            p = &s->postings[out->n++];
            *p = (struct posting){.doc = (uint32_t)(d->rowid - first)};
        }
        doc = log[i].doc;
        at = log[i].at;
        *(at & BODY_BIT ? &p->body : &p->title) += 1;
        s->positions[positions++] = at & ~BODY_BIT;
    }
    out->positions = s->positions;
}

sx_status inverter_write(struct inverter *v, uint64_t first, uint64_t next, double average,
                         const uint8_t id[SEGMENT_ID_BYTES], int fd, struct buf *out,
                         struct sx_error *err)
{
    struct sorted s = {0};
    struct term_postings t;
    sx_status rc = SX_OK;
    uint32_t docs = 0;
    struct segment_writer *w = NULL;

    if (!sort(v, &s, next - first)) {
        release_sorted(&s);
        return sx_fail_oom(err);
    }
    for (size_t i = 0; i < v->doc_count; i++) {
        if (v->docs[i].dropped)
            continue;
        s.lengths[v->docs[i].rowid - first] = v->docs[i].length;
        docs++;
    }
    struct writer_options opt = {first, next, docs, average, s.lengths, id};
    w = segment_writer_new(&opt, fd);
    for (size_t i = 0; w != NULL && i < v->term_count; i++) {
        gather(v, &s, s.terms[i], first, &t);
        if (t.n > 0)
            segment_writer_term(w, &t);
    }
    rc = w == NULL ? sx_fail_oom(err) : segment_writer_end(w, out, err);
    segment_writer_free(w);
    release_sorted(&s);
    return rc;
}
