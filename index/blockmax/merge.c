/* The terms of all inputs in one order; the postings of a term one segment after the other. */
#include "index/blockmax/merge.h"

#include "index/base/alloc.h"
#include "index/base/str.h"
#include "index/blockmax/list.h"
#include "index/blockmax/writer.h"

#define GIVE_BACK_BYTES ((uint64_t)1 << 20)

struct merger {
    const struct merge_options *opt;
    struct term_walk *walks; /* by input */
    uint64_t *behind;        /* likewise: bytes in front of it are given back */
    struct list list;
    struct posting *postings; /* of the term at hand */
    size_t postings_cap;
    uint32_t *positions;
    size_t positions_cap;
    struct doc_length *lengths;
    struct segment_writer *w;
};

static bool is_dropped(const struct merge_options *opt, uint64_t rowid)
{
    uint64_t bit = rowid - opt->in[0]->first;

    return opt->dropped != NULL && (opt->dropped[bit / 64] >> (bit % 64) & 1);
}

static int reserve(void **items, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return 0;
    size_t more = need + need / 2 + 256;
    void *grown = mem_realloc(*items, more * size);
    if (grown == NULL)
        return -1;
    *items = grown;
    *cap = more;
    return 0;
}

/* Occurrences that share a position are told apart by F alone: once documents are left out, nobody
 * knows how many of them are left. `tokens`: positions of the input, of which `stayed` did. */
static void add_counts(const struct term_walk *walk, uint64_t stayed, uint64_t tokens,
                       struct term_postings *t)
{
    t->flags |= walk->entry.flags;
    t->f += stayed == tokens ? walk->entry.f : stayed;
    if (stayed != tokens && (walk->entry.flags & TERM_REPEATED))
        t->flags |= TERM_UNCOUNTED;
}

/* Adds the postings of one input. */
static sx_status add_list(struct merger *m, const struct term_walk *walk, struct term_postings *t,
                          size_t *positions, struct sx_error *err)
{
    struct list *l = &m->list;
    uint64_t shift = walk->s->first - m->opt->in[0]->first;
    void *postings = m->postings, *at = m->positions;
    uint64_t tokens = 0;
    size_t before = *positions;

    if (!list_open(l, walk->s, &walk->entry))
        return segment_fail(err);
    if (reserve(&postings, &m->postings_cap, t->n + l->n, sizeof(*m->postings)) != 0)
        return sx_fail_oom(err);
    m->postings = postings;
    if (reserve(&at, &m->positions_cap, *positions + walk->entry.f, sizeof(*m->positions)) != 0 ||
        at == NULL)
        return sx_fail_oom(err);
    m->positions = at;
    for (uint32_t b = 0; b < l->blocks; b++) {
        uint32_t *from = m->positions + *positions;
        list_block(l, b);
        list_counts(l);
        if (!list_block_positions(l, from))
            return segment_fail(err);
        for (uint32_t i = 0; i < l->count; i++) {
            uint32_t count = l->title[i] + l->body[i];
            if (count > 0 && !is_dropped(m->opt, walk->s->first + l->doc[i])) {
                if (from != m->positions + *positions) /* documents before it were left out */
                    memmove(m->positions + *positions, from, count * sizeof(*from));
                *positions += count;
                m->postings[t->n++] =
                    (struct posting){l->doc[i] + (uint32_t)shift, l->title[i], l->body[i]};
            }
            from += count;
            tokens += count;
        }
    }
    add_counts(walk, *positions - before, tokens, t);
    return SX_OK;
}

/* Inputs are read from front to end, once. */
static void give_back(struct merger *m, size_t i)
{
    const struct term_walk *w = &m->walks[i];

    if (w->end)
        segment_give_back(w->s, &m->behind[i], w->s->size);
    else if (w->entry.list >= m->behind[i] + GIVE_BACK_BYTES)
        segment_give_back(w->s, &m->behind[i], w->entry.list);
}

/* The input whose term comes first; NULL: all are through. */
static struct term_walk *first_term(const struct merger *m)
{
    struct term_walk *first = NULL;

    for (size_t i = 0; m->walks != NULL && i < m->opt->count; i++) {
        struct term_walk *w = &m->walks[i];
        if (!w->end && (first == NULL || str_order(term_walk_term(w), term_walk_term(first)) < 0))
            first = w;
    }
    return first;
}

static sx_status merge_term(struct merger *m, const struct term_walk *first, struct sx_error *err)
{
    char term[TERM_BYTES_MAX];
    struct term_postings t = {.term = {term, first->len}};
    size_t positions = 0;
    sx_status rc = SX_OK;

    memcpy(term, first->term, first->len);
    for (size_t i = 0; i < m->opt->count && rc == SX_OK; i++) {
        struct term_walk *w = &m->walks[i];
        if (w->end || !str_eq(term_walk_term(w), t.term))
            continue;
        rc = add_list(m, w, &t, &positions, err);
        if (rc == SX_OK && !term_walk_next(w))
            rc = segment_fail(err);
        give_back(m, i);
    }
    t.postings = m->postings;
    t.positions = m->positions;
    if (rc == SX_OK && t.n > 0)
        segment_writer_term(m->w, &t);
    return rc;
}

static bool read_lengths(struct merger *m, uint32_t *docs)
{
    uint64_t first = m->opt->in[0]->first;

    for (size_t i = 0; i < m->opt->count; i++) {
        struct segment *s = m->opt->in[i];
        uint32_t count = (uint32_t)(s->next - s->first);
        if (!segment_verify_lengths(s, 0, count))
            return false;
        *docs += s->docs;
        for (uint32_t d = 0; d < count; d++) {
            struct doc_length *to = &m->lengths[s->first + d - first];
            *to = (struct doc_length){segment_title_length(s, d), segment_body_length(s, d),
                                      segment_checksum(s, d)};
            if (!is_dropped(m->opt, s->first + d))
                continue;
            *docs -= to->title != DOC_ABSENT.title;
            *to = DOC_ABSENT;
        }
    }
    return true;
}

static sx_status run(struct merger *m, struct sx_error *err)
{
    const struct merge_options *opt = m->opt;
    sx_status rc = SX_OK;
    struct term_walk *first;

    for (size_t i = 0; i < opt->count; i++)
        if (!term_walk_begin(&m->walks[i], opt->in[i], (struct sx_str){"", 0}))
            return segment_fail(err);
    while (rc == SX_OK && (first = first_term(m)) != NULL) {
        rc = merge_term(m, first, err);
        if (rc == SX_OK && opt->stop != NULL && atomic_load(opt->stop))
            rc = sx_fail(err, SX_ECANCELLED, "the merge was stopped");
    }
    return rc;
}

sx_status segment_merge(const struct merge_options *opt, struct buf *out, struct sx_error *err)
{
    struct merger m = {.opt = opt};
    uint64_t first = opt->in[0]->first, next = opt->in[opt->count - 1]->next;
    uint32_t docs = 0;
    sx_status rc = SX_OK;

    m.walks = mem_alloc(opt->count * sizeof(*m.walks));
    m.behind = mem_zalloc(opt->count, sizeof(*m.behind));
    m.lengths = mem_alloc((next - first + 1) * sizeof(*m.lengths));
    if (m.walks == NULL || m.behind == NULL || m.lengths == NULL)
        rc = sx_fail_oom(err);
    else if (!read_lengths(&m, &docs))
        rc = segment_fail(err);
    if (rc == SX_OK) {
        struct writer_options w = {first, next, docs, opt->average, m.lengths, opt->id};
        m.w = segment_writer_new(&w, opt->fd);
        rc = m.w == NULL ? sx_fail_oom(err) : run(&m, err);
    }
    if (rc == SX_OK)
        rc = segment_writer_end(m.w, out, err);
    segment_writer_free(m.w);
    mem_free(m.walks);
    mem_free(m.behind);
    mem_free(m.lengths);
    mem_free(m.postings);
    mem_free(m.positions);
    return rc;
}
