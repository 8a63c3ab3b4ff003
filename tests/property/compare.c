/* The index against its twin: lists, totals, scores, what is missing. */
#include "tests/property/compare.h"

#include <math.h>

#include "index/base/clock.h"
#include "index/base/str.h"
#include "tests/property/both.h"

static void print_lists(const struct both *b)
{
    for (size_t i = 0; i < b->res->hit_count; i++) {
        const struct sx_hit *h = &b->res->hits[i];

        print_error("  index %zu: %.*s %.17g", h->rank, (int)h->uri.len, h->uri.ptr, h->score);
        for (size_t m = 0; m < h->missing_count; m++)
            print_error(" [-%.*s]", (int)h->missing[m].len, h->missing[m].ptr);
        print_error("\n");
    }
    for (size_t i = b->s->offset; i < b->twin->count && i < b->s->offset + b->s->limit; i++) {
        const struct twin_hit *h = &b->twin->hits[i];

        print_error("  twin  %zu: %s %.17g tier %d number %llu", i + 1, h->doc->doc.uri.ptr,
                    h->score, h->tier, (unsigned long long)h->doc->number);
        for (size_t m = 0; m < h->missing_count; m++)
            print_error(" [-%s]", h->missing[m].ptr);
        print_error("\n");
    }
}

void both_print(const struct both *b)
{
    print_error(
        "query: %.*s\nparsed: %.*s\nmatch %d sort %d offset %zu limit %zu exact %d docs %zu\n",
        (int)b->s->query.len, b->s->query.ptr, (int)b->twin->q.parsed.len,
        b->twin->q.parsed.ptr == NULL ? "" : b->twin->q.parsed.ptr, (int)b->s->match,
        (int)b->s->sort, b->s->offset, b->s->limit, (int)b->s->exact_total, b->set->count);
    if (b->res == NULL)
        return;
    print_error("index: total %llu all %llu exact %d; twin: total %llu all %llu\n",
                (unsigned long long)b->res->total, (unsigned long long)b->res->total_all,
                (int)b->res->total_exact, (unsigned long long)b->twin->total,
                (unsigned long long)b->twin->total_all);
    print_lists(b);
}

bool both_same(struct sx_str a, struct sx_str b)
{
    if (a.ptr == NULL || b.ptr == NULL)
        return a.ptr == b.ptr;
    return str_eq(a, b);
}

bool both_near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

/* ---- hits ---------------------------------------------------------------------------------- */

const struct twin_hit *both_hit_of(const struct both *b, struct sx_str uri)
{
    for (size_t i = 0; i < b->twin->count; i++) {
        if (str_eq(b->twin->hits[i].doc->doc.uri, uri))
            return &b->twin->hits[i];
    }
    return NULL;
}

void both_check_hit(const struct both *b, const struct sx_hit *h, const struct twin_hit *t,
                    double score)
{
    const struct sx_doc *d = &t->doc->doc;

    expect(b, both_near(h->score, score), "score of %s: %.17g, twin %.17g\n", d->uri.ptr, h->score,
           score);
    expect(b, strcmp(h->doc, t->doc->hash) == 0, "hash of %s: %s\n", d->uri.ptr, h->doc);
    expect(b, both_same(h->title, d->title), "title of %s\n", d->uri.ptr);
    expect(b, both_same(h->source, d->source), "source of %s\n", d->uri.ptr);
    expect(b, both_same(h->date, d->date), "date of %s\n", d->uri.ptr);
    expect(b, both_same(h->lang, d->lang), "lang of %s\n", d->uri.ptr);
    expect(b, both_same(h->type, d->type), "type of %s\n", d->uri.ptr);
    expect(b, h->missing_count == t->missing_count, "%s lacks %zu items, twin %zu\n", d->uri.ptr,
           h->missing_count, t->missing_count);
    for (size_t i = 0; i < h->missing_count; i++)
        expect(b, str_eq(h->missing[i], t->missing[i]), "%s: missing %zu: '%.*s', twin '%s'\n",
               d->uri.ptr, i, (int)h->missing[i].len, h->missing[i].ptr, t->missing[i].ptr);
    both_check_snippets(b, h, t->doc);
}

bool both_rounding_decides(const struct both *b, const struct twin_hit *t)
{
    for (size_t i = 0; i < b->twin->count; i++) {
        const struct twin_hit *h = &b->twin->hits[i];

        if (h->tier == t->tier && h->inputs != t->inputs && both_near(h->score, t->score))
            return b->s->sort == SX_SORT_SCORE;
    }
    return false;
}

/* By the index's own scores, `h` goes before `next`. */
static bool in_order(const struct both *b, const struct sx_hit *h, const struct sx_hit *next)
{
    const struct twin_hit *t = both_hit_of(b, h->uri);
    const struct twin_hit *u = both_hit_of(b, next->uri);
    struct twin_hit first;
    struct twin_hit second;

    if (t == NULL || u == NULL)
        return false;
    first = *t;
    second = *u;
    first.score = h->score;
    second.score = next->score;
    return twin_before(&first, &second, b->s->sort);
}

/* The documents stand in the twin's order, but where rounding decides. */
static void check_hits(const struct both *b)
{
    const struct sx_results *res = b->res;
    size_t rest = b->twin->count > b->s->offset ? b->twin->count - b->s->offset : 0;
    size_t want = rest < b->s->limit ? rest : b->s->limit;

    expect(b, res->hit_count == want, "%zu hits, twin %zu\n", res->hit_count, want);
    expect(b, (res->cursor.ptr != NULL) == (b->s->limit > 0 && rest > want),
           "a cursor where there is no more, or none where there is\n");
    b->sum->blurred += b->twin->blurred;
    if (b->twin->blurred)
        return;
    for (size_t i = 0; i < want; i++) {
        const struct sx_hit *h = &res->hits[i];
        const struct twin_hit *there = &b->twin->hits[b->s->offset + i];
        const struct twin_hit *same = both_hit_of(b, h->uri);

        expect(b, h->rank == b->s->offset + i + 1, "rank %zu\n", h->rank);
        expect(b, same != NULL, "%.*s is no match\n", (int)h->uri.len, h->uri.ptr);
        expect(b,
               same == there || (both_rounding_decides(b, there) && same->tier == there->tier &&
                                 both_near(same->score, there->score)),
               "place %zu: %s, twin %s\n", h->rank, same->doc->doc.uri.ptr,
               there->doc->doc.uri.ptr);
        expect(b, i == 0 || in_order(b, h - 1, h), "place %zu: out of order\n", h->rank);
        both_check_hit(b, h, same, same->score);
        both_check_explanation(b, h, same, h->rank - 1);
    }
    b->sum->hits += want;
}

static void check_totals(const struct both *b)
{
    const struct sx_results *res = b->res;
    size_t seen = b->s->offset + b->s->limit;

    expect(b, !res->partial, "partial without a deadline\n");
    expect(b, res->coverage.docs == b->set->count, "coverage of %llu documents\n",
           (unsigned long long)res->coverage.docs);
    expect(b, str_eq(res->parsed, b->twin->q.parsed), "parsed '%.*s'\n", (int)res->parsed.len,
           res->parsed.ptr);
    expect(b, res->warning_count >= b->twin->q.warning_count, "warnings\n");
    if (res->total_exact) {
        expect(b, res->total == b->twin->total, "total\n");
        expect(b, res->total_all == b->twin->total_all, "total_all\n");
        return;
    }
    b->sum->inexact++;
    expect(b, !b->s->exact_total && b->s->facets == 0 && b->twin->total > seen,
           "the total must be exact\n");
    expect(b, res->total > seen && res->total <= b->twin->total, "the bound is wrong\n");
    expect(b, res->total_all <= b->twin->total_all, "total_all\n");
}

void compare_results(const struct sx_search *s, sx_status status, const struct sx_results *res,
                     const struct twin_set *set, struct analyzer *an, struct compared *sum)
{
    struct twin_answer twin;
    struct both b = {s, &twin, NULL, set, sum};
    struct twin_ask ask = {s->query, s->match, s->sort, false, clock_wall()};

    twin_search(set, an, &ask, &twin);
    expect(&b, status == twin.status, "status %s, twin %s\n", sx_status_name(status),
           sx_status_name(twin.status));
    sum->queries++;
    if (status == SX_OK) {
        b.res = res;
        check_totals(&b);
        both_check_facets(&b);
        both_check_plan(&b);
        check_hits(&b);
    } else {
        sum->refused++;
    }
    twin_answer_release(&twin);
}

void compare_search(struct sx_reader *r, const struct twin_set *set, struct analyzer *an,
                    const struct sx_search *s, struct compared *sum)
{
    struct sx_results *res = NULL;
    struct sx_error err = {0};
    sx_status rc = sx_reader_search(r, s, &res, &err);

    compare_results(s, rc, res, set, an, sum);
    sx_results_free(res);
}

void compare_count(struct sx_reader *r, const struct twin_set *set, struct analyzer *an,
                   struct sx_str query, enum sx_match match)
{
    struct sx_search s = {.query = query, .match = match};
    struct sx_count count = {0};
    struct twin_answer twin;
    struct sx_error err = {0};
    struct both b = {&s, &twin, NULL, set, NULL};
    struct twin_ask ask = {query, match, SX_SORT_SCORE, false, clock_wall()};

    twin_search(set, an, &ask, &twin);
    sx_status rc = sx_reader_count(r, query, match, NULL, &count, &err);
    expect(&b, rc == twin.status, "count: status %s (%s)\n", sx_status_name(rc), err.msg);
    expect(&b, rc != SX_OK || (count.total == twin.total && count.all == twin.total_all),
           "count %llu, all %llu; twin %llu, %llu\n", (unsigned long long)count.total,
           (unsigned long long)count.all, (unsigned long long)twin.total,
           (unsigned long long)twin.total_all);
    assert_true(rc != SX_OK || count.coverage.docs == set->count);
    twin_answer_release(&twin);
}

void compare_stored(struct sx_reader *r, const struct twin_doc *d, struct sx_str uri)
{
    struct sx_error err = {0};

    for (int by_hash = 0; by_hash < (d == NULL ? 1 : 2); by_hash++) {
        struct sx_stored *got = NULL;
        sx_status rc = by_hash ? sx_reader_get_doc(r, str_of(d->hash), &got, &err)
                               : sx_reader_get_uri(r, uri, &got, &err);

        assert_int_equal(rc, d == NULL ? SX_ENOTFOUND : SX_OK);
        if (d == NULL)
            return;
        assert_string_equal(got->hash, d->hash);
        assert_true(both_same(got->doc.uri, d->doc.uri));
        assert_true(both_same(got->doc.title, d->doc.title));
        assert_true(both_same(got->doc.body, d->doc.body));
        assert_true(both_same(got->doc.source, d->doc.source));
        assert_true(both_same(got->doc.date, d->doc.date));
        assert_true(both_same(got->doc.lang, d->doc.lang));
        assert_true(both_same(got->doc.type, d->doc.type));
        assert_true(both_same(got->doc.extra, d->doc.extra));
        sx_stored_free(got);
    }
}

void compare_stats(struct sx_reader *r, const struct twin_set *set)
{
    struct sx_stats stats;
    struct sx_error err = {0};
    uint64_t titles = 0, bodies = 0;

    for (size_t i = 0; i < set->count; i++) {
        titles += set->docs[i]->title.count;
        bodies += set->docs[i]->body.count;
    }
    assert_int_equal(sx_reader_stats(r, &stats, &err), SX_OK);
    assert_int_equal(stats.coverage.docs, set->count);
    assert_int_equal(stats.title_words, titles);
    assert_int_equal(stats.body_words, bodies);
}
