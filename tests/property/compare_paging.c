/* A list, page by page: what was found first, in that order, each document once, without those
 * that went and those that came meanwhile. */
#include "index/base/clock.h"
#include "index/base/str.h"
#include "tests/property/both.h"

static void take_cursor(struct paging *p, const struct sx_results *res)
{
    buf_clear(&p->cursor);
    if (res->cursor.ptr != NULL)
        buf_put_str(&p->cursor, res->cursor);
    assert_true(buf_ok(&p->cursor));
}

/* Takes note that a hit came; false: it did before. */
static bool note(struct paging *p, const struct twin_hit *t)
{
    size_t place = (size_t)(t - p->answer.hits);
    bool was = p->seen[place];

    p->seen[place] = true;
    return !was;
}

void paging_begin(struct paging *p, const struct sx_search *s, const struct sx_results *res,
                  const struct twin_set *set, struct analyzer *an)
{
    struct twin_ask ask = {.match = s->match, .sort = s->sort, .now = clock_wall()};
    struct both b = {&p->s, &p->answer, res, set, NULL};

    memset(p, 0, sizeof(*p));
    buf_put_str(&p->query, s->query);
    assert_true(buf_ok(&p->query));
    p->s = (struct sx_search){.query = p->query.len > 0 ? buf_str(&p->query) : str_of(""),
                              .match = s->match,
                              .sort = s->sort,
                              .snippets = s->snippets};
    ask.query = p->s.query;
    twin_set_copy(&p->first, set);
    twin_search(&p->first, an, &ask, &p->answer);
    p->seen = calloc(p->answer.count + 1, sizeof(bool));
    assert_non_null(p->seen);
    p->total = res->total;
    p->total_exact = res->total_exact;
    p->in_hand = res->total_exact ? p->answer.total : p->answer.total_all;
    /* The page, or what closeness puts in order. */
    bool close = s->sort == SX_SORT_SCORE && p->answer.pair_count > 0;
    size_t kept = !close || s->limit > SX_PROXIMITY_HITS ? s->limit : SX_PROXIMITY_HITS;
    if (p->in_hand > kept)
        p->in_hand = kept;
    for (size_t i = 0; i < res->hit_count; i++)
        expect(&b, note(p, both_hit_of(&b, res->hits[i].uri)), "a document twice\n");
    p->rank = res->hit_count;
    take_cursor(p, res);
}

bool paging_more(const struct paging *p)
{
    return p->cursor.len > 0;
}

struct sx_search paging_next(const struct paging *p, size_t limit)
{
    struct sx_search s = p->s;

    s.limit = limit;
    s.cursor = buf_str(&p->cursor);
    return s;
}

static bool same_docs(const struct twin_set *a, const struct twin_set *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same = a->docs[i] == b->docs[i];
    return same;
}

/* What stands where the first page put it, or would have. */
static void check_place(const struct both *b, const struct sx_hit *h, const struct twin_hit *t)
{
    const struct twin_hit *there = &b->twin->hits[h->rank - 1];

    expect(b, h->rank <= b->twin->count, "rank %zu\n", h->rank);
    expect(b,
           t == there || (both_rounding_decides(b, there) && t->tier == there->tier &&
                          both_near(t->score, there->score)),
           "place %zu: %s, twin %s\n", h->rank, t->doc->doc.uri.ptr, there->doc->doc.uri.ptr);
}

static void check_page_hit(struct paging *p, const struct both *b, const struct sx_hit *h)
{
    const struct twin_hit *t = both_hit_of(b, h->uri);
    bool placed = !b->twin->blurred && (h->rank <= p->in_hand || !p->changed);

    expect(b, t != NULL, "%.*s was no match\n", (int)h->uri.len, h->uri.ptr);
    expect(b, twin_find(b->set, h->uri) == t->doc, "%s is not the document that was found\n",
           t->doc->doc.uri.ptr);
    expect(b, note(p, t), "%s comes twice\n", t->doc->doc.uri.ptr);
    expect(b, h->rank > p->rank, "rank %zu after %zu\n", h->rank, p->rank);
    expect(b, p->changed || h->rank == p->rank + 1, "rank %zu after %zu\n", h->rank, p->rank);
    if (placed)
        check_place(b, h, t);
    p->rank = h->rank;
    both_check_hit(b, h, t, placed ? t->score : h->score);
}

void paging_take(struct paging *p, const struct sx_search *s, sx_status status,
                 const struct sx_results *res, const struct twin_set *now, struct compared *sum)
{
    struct both b = {s, &p->answer, NULL, now, sum};

    expect(&b, status == SX_OK, "page: status %s\n", sx_status_name(status));
    b.res = res;
    p->changed = p->changed || !same_docs(&p->first, now);
    expect(&b, res->total == p->total && res->total_exact == p->total_exact,
           "the total is another one\n");
    expect(&b, res->facet_count == 0 && res->plan == NULL, "more than was asked\n");
    expect(&b, res->hit_count <= s->limit, "%zu hits\n", res->hit_count);
    for (size_t i = 0; i < res->hit_count; i++)
        check_page_hit(p, &b, &res->hits[i]);
    take_cursor(p, res);
    if (!p->changed) {
        size_t left = p->answer.count - p->rank;

        expect(&b, res->hit_count == s->limit || left == 0, "a short page\n");
        expect(&b, paging_more(p) || left == 0, "no cursor, though there is more\n");
        expect(&b, !paging_more(p) || left > 0 || !p->total_exact, "a cursor at the end\n");
    }
    sum->pages++;
    sum->hits += res->hit_count;
    sum->empty_pages += res->hit_count == 0;
}

void paging_check_all_came(const struct paging *p, const struct twin_set *now)
{
    struct both b = {&p->s, &p->answer, NULL, now, NULL};

    for (size_t i = 0; i < p->answer.count; i++) {
        const struct twin_doc *d = p->answer.hits[i].doc;
        expect(&b, p->seen[i] || twin_find(now, d->doc.uri) != d, "%s, place %zu, never came\n",
               d->doc.uri.ptr, i + 1);
    }
}

void paging_release(struct paging *p)
{
    buf_release(&p->query);
    buf_release(&p->cursor);
    twin_set_release(&p->first);
    twin_answer_release(&p->answer);
    free(p->seen);
    memset(p, 0, sizeof(*p));
}
