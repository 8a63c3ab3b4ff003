/* The term that stands least often in a document says where the phrase may begin; the others are read
 * only while something is left. */
#include "index/blockmax/phrase.h"

/* The list of a term; of one that was before, that. */
static struct list *list_of(const struct phrase *p, struct list *l)
{
    for (size_t k = 0; k < p->count; k++)
        if (p->terms[k].list->data == l->data)
            return p->terms[k].list;
    return l;
}

struct phrase *phrase_open(struct source *terms, size_t count, bool title, bool body,
                           struct pool *mem)
{
    struct phrase *p = pool_array(mem, 1, sizeof(*p));

    if (p == NULL)
        return NULL;
    *p = (struct phrase){.terms = pool_array(mem, count, sizeof(*p->terms)),
                         .sorted = pool_array(mem, count, sizeof(struct phrase_term *)),
                         .doc = UINT32_MAX,
                         .fields = {title, body},
                         .mem = mem};
    if (p->terms == NULL || p->sorted == NULL)
        return NULL;
    for (uint32_t k = 0; k < count; k++) {
        struct list *l = list_of(p, source_list(&terms[k]));
        p->terms[k] = (struct phrase_term){.list = l, .offset = k};
        p->sorted[k] = &p->terms[k];
        p->count++;
    }
    return p;
}

/* The postings of one term: first where their blocks are, then what those say of the positions. */
static void find_term(struct phrase_term *t, const uint32_t *docs, size_t n)
{
    struct list *l = t->list;

    for (size_t i = 0; i < n; i++) {
        uint32_t number = t->spots[i].number;
        uint32_t block = number != NO_POSTING ? number / PACK_BLOCK : list_block_ahead(l, docs[i]);
        if (block < l->blocks && block != l->read)
            list_fetch(l, block);
    }
    for (size_t i = 0; i < n; i++) {
        struct list_spot *spot = &t->spots[i];
        if (spot->number == NO_POSTING)
            spot->number = list_number(l, docs[i]);
        bool other = i == 0 || spot->number / PACK_BLOCK != spot[-1].number / PACK_BLOCK;
        list_find(l, spot);
        if (other) /* the positions of a block lie together */
            list_expect_field(l, spot);
    }
}

void phrase_find(struct phrase *p, const uint32_t *docs, size_t n)
{
    for (size_t k = 0; k < p->count; k++)
        find_term(&p->terms[k], docs, n);
}

bool phrase_seek(struct phrase *p, uint32_t doc)
{
    if (p->doc == doc)
        return true;
    p->doc = UINT32_MAX;
    p->spot = PHRASE_BATCH;
    for (size_t k = 0; k < p->count; k++) {
        struct phrase_term *t = &p->terms[k];
        t->spots[PHRASE_BATCH].number = list_number(t->list, doc);
        if (t->spots[PHRASE_BATCH].number == NO_POSTING)
            return false;
    }
    for (size_t k = 0; k < p->count; k++)
        list_find(p->terms[k].list, &p->terms[k].spots[PHRASE_BATCH]);
    p->doc = doc;
    return true;
}

static uint32_t count_of(const struct phrase *p, const struct phrase_term *t, int field)
{
    return t->spots[p->spot].count[field];
}

/* Those that stand least often come first. */
static void sort_terms(struct phrase *p, int field)
{
    for (size_t k = 1; k < p->count; k++) {
        struct phrase_term *t = p->sorted[k];
        size_t at = k;
        for (; at > 0 && count_of(p, p->sorted[at - 1], field) > count_of(p, t, field); at--)
            p->sorted[at] = p->sorted[at - 1];
        p->sorted[at] = t;
    }
}

/* Reads the positions in a field; behind them stands what is none. */
static sx_status read_positions(struct phrase *p, struct phrase_term *t, int field)
{
    uint32_t n = count_of(p, t, field);

    if (n + LIST_SLACK > t->room) {
        size_t room = 2 * (size_t)n + 64;
        t->at = pool_array(p->mem, room, sizeof(*t->at));
        t->room = t->at == NULL ? 0 : room;
        if (t->at == NULL)
            return SX_ENOMEM;
    }
    if (!list_field(t->list, &t->spots[p->spot], field, t->at))
        return SX_ECORRUPT;
    for (uint32_t i = 0; i < LIST_SLACK; i++)
        t->at[n + i] = UINT32_MAX;
    return SX_OK;
}

/* Where the phrase begins if the term is of it. */
static uint32_t find_starts(struct phrase_term *t, uint32_t n)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = t->at[i];
        t->at[kept] = at - t->offset;
        kept += at >= t->offset;
    }
    return kept;
}

/* Keeps the starts at which the term is in its place; of `any`, one is enough. */
static uint32_t keep_starts(uint32_t *starts, uint32_t n, const struct phrase_term *t, bool any)
{
    const uint32_t *at = t->at;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t want = starts[i] + t->offset;
        while (at[3] < want)
            at += 4;
        bool found = (at[0] == want) | (at[1] == want) | (at[2] == want) | (at[3] == want);
        starts[kept] = starts[i];
        kept += found;
        if (any && found)
            break;
    }
    return kept;
}

/* Whether each term stands at most a few times in a field. */
static bool are_few(const struct phrase *p, int field)
{
    for (size_t k = 0; k < p->count; k++)
        if (count_of(p, &p->terms[k], field) > GAPS_FEW)
            return false;
    return true;
}

/* Whether it stands in a field, where each term does a few times. */
static sx_status find_few(struct phrase *p, int field, bool *stands)
{
    const struct phrase_term *first = &p->terms[0];
    uint32_t room[GAPS_FEW], other[GAPS_FEW];
    const uint32_t *gaps = list_field_gaps(first->list, &first->spots[p->spot], field, room);
    unsigned starts = (1U << count_of(p, first, field)) - 1;

    for (size_t k = 1; gaps != NULL && k < p->count && starts != 0; k++) {
        const struct phrase_term *t = &p->terms[k];
        const uint32_t *next = list_field_gaps(t->list, &t->spots[p->spot], field, other);
        if (next == NULL)
            return SX_ECORRUPT;
        starts &=
            gaps_meet(gaps, count_of(p, first, field), next, count_of(p, t, field), (int32_t)k);
    }
    *stands = starts != 0;
    return gaps == NULL ? SX_ECORRUPT : SX_OK;
}

/* Counts it in a field; `any`: whether it stands there. */
static sx_status count_field(struct phrase *p, int field, bool any, uint32_t *out)
{
    *out = 0;
    for (size_t k = 0; k < p->count; k++)
        if (!p->fields[field] || count_of(p, &p->terms[k], field) == 0)
            return SX_OK;
    sort_terms(p, field);
    struct phrase_term *first = p->sorted[0];
    sx_status rc = read_positions(p, first, field);
    uint32_t n = rc == SX_OK ? find_starts(first, count_of(p, first, field)) : 0;
    for (size_t k = 1; k < p->count && n > 0; k++) {
        struct phrase_term *next = p->sorted[k];
        rc = read_positions(p, next, field);
        if (rc != SX_OK)
            return rc;
        n = keep_starts(first->at, n, next, any && k + 1 == p->count);
    }
    *out = n;
    return rc;
}

sx_status phrase_count(struct phrase *p, struct phrase_tf *out)
{
    sx_status rc = count_field(p, 0, false, &out->title);

    return rc == SX_OK ? count_field(p, 1, false, &out->body) : rc;
}

static sx_status stands_in(struct phrase *p, int field, bool *stands)
{
    uint32_t n;

    *stands = false;
    for (size_t k = 0; k < p->count; k++)
        if (!p->fields[field] || count_of(p, &p->terms[k], field) == 0)
            return SX_OK;
    if (are_few(p, field))
        return find_few(p, field, stands);
    sx_status rc = count_field(p, field, true, &n);
    *stands = n > 0;
    return rc;
}

sx_status phrase_stands(struct phrase *p, bool *stands)
{
    sx_status rc = stands_in(p, 1, stands);

    return rc == SX_OK && !*stands ? stands_in(p, 0, stands) : rc;
}
