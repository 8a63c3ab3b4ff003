/* The index against its twin: lists, totals, scores, what is missing, snippets. */
#include "tests/property/compare.h"

#include <math.h>

#include "index/base/clock.h"
#include "index/base/str.h"
#include "tests/support/support.h"

/* One comparison: what was asked and both answers. */
struct both {
    const struct sx_search *s;
    const struct twin_answer *twin;
    const struct sx_results *res;
    const struct twin_set *set;
    struct compared *sum;
};

#define expect(b, condition, ...)                                                                  \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_asked(b);                                                                        \
            print_error(__VA_ARGS__);                                                              \
            fail_msg("%s", #condition);                                                            \
        }                                                                                          \
    } while (0)

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

static void print_asked(const struct both *b)
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

static bool same_str(struct sx_str a, struct sx_str b)
{
    if (a.ptr == NULL || b.ptr == NULL)
        return a.ptr == b.ptr;
    return str_eq(a, b);
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

/* ---- snippets ------------------------------------------------------------------------------ */

struct place {
    size_t start, end; /* bytes of the text */
};

struct marking {
    const struct twin_answer *answer;
    const struct twin_text *text;
    enum sx_field field;
    size_t from, to;      /* the passage's bytes */
    struct place *places; /* of leaves that stand in the passage, whole */
    size_t count, cap;
};

static void add_place(struct marking *m, size_t start, size_t end)
{
    if (start < m->from || end > m->to)
        return;
    if (m->count == m->cap) {
        m->cap = m->cap * 2 + 16;
        m->places = realloc(m->places, m->cap * sizeof(*m->places));
        assert_non_null(m->places);
    }
    m->places[m->count++] = (struct place){start, end};
}

/* Every place that begins with a token that is `first` at one position and ends with one that is
 * `last` at another. */
static void add_places(struct marking *m, size_t at, size_t end, struct twin_wanted first,
                       struct twin_wanted last)
{
    const struct twin_word *from = &m->text->words[at];
    const struct twin_word *to = &m->text->words[end];

    for (size_t i = 0; i < from->count; i++) {
        for (size_t j = 0; j < to->count; j++) {
            if (twin_is(&from->tokens[i], &first) && twin_is(&to->tokens[j], &last) &&
                (at != end || i == j))
                add_place(m, from->tokens[i].start, to->tokens[j].end);
        }
    }
}

static void mark_leaf(void *ctx, const struct ast *ast)
{
    struct marking *m = ctx;
    const struct twin_leaf *leaf = twin_leaf_of(m->answer, ast);
    struct twin_wanted whole = twin_wanted(leaf, TWIN_WHOLE);

    if (!twin_field_allows(ast, m->field))
        return;
    for (size_t at = 0; at < m->text->count; at++) {
        size_t last = ast->term_count - 1;
        if (twin_terms_at(leaf, m->text, at))
            add_places(m, at, at + last, twin_wanted(leaf, 0), twin_wanted(leaf, last));
        if (!ast->paired && twin_whole_at(leaf, m->text, at))
            add_places(m, at, at, whole, whole);
    }
}

/* A mark begins where a place begins, ends where one ends, and places cover all of it. */
static bool mark_is_of_places(const struct marking *m, size_t start, size_t end)
{
    bool begins = false, ends = false;
    size_t covered = start;

    for (size_t i = 0; i < m->count; i++) {
        begins = begins || m->places[i].start == start;
        ends = ends || m->places[i].end == end;
    }
    for (size_t before = SIZE_MAX; covered < end && covered != before;) {
        before = covered;
        for (size_t i = 0; i < m->count; i++)
            if (m->places[i].start <= covered && m->places[i].end > covered &&
                m->places[i].end <= end)
                covered = m->places[i].end;
    }
    return begins && ends && covered == end;
}

static bool is_marked(const struct sx_snippet *s, const struct place *p)
{
    for (size_t i = 0; i < s->mark_count; i++) {
        if (s->start + s->marks[i].start <= p->start && s->start + s->marks[i].end >= p->end)
            return true;
    }
    return false;
}

static void check_marks(const struct both *b, const struct sx_snippet *s, const struct marking *m)
{
    size_t last = 0;

    for (size_t i = 0; i < s->mark_count; i++) {
        const struct sx_mark *k = &s->marks[i];

        expect(b, k->start >= last && k->start < k->end && k->end <= s->text.len,
               "mark %zu [%u,%u) out of order\n", i, k->start, k->end);
        last = k->end;
        expect(b, mark_is_of_places(m, s->start + k->start, s->start + k->end),
               "mark '%.*s' in '%.*s' is no wanted word\n", (int)(k->end - k->start),
               s->text.ptr + k->start, (int)s->text.len, s->text.ptr);
    }
    for (size_t i = 0; i < m->count; i++)
        expect(b, is_marked(s, &m->places[i]), "'%.*s' not marked in '%.*s'\n",
               (int)(m->places[i].end - m->places[i].start), m->text->text.ptr + m->places[i].start,
               (int)s->text.len, s->text.ptr);
    b->sum->marks += s->mark_count;
}

static void check_snippet(const struct both *b, const struct sx_snippet *s,
                          const struct twin_doc *d)
{
    const struct twin_text *text = s->field == SX_FIELD_TITLE ? &d->title : &d->body;
    struct marking m = {
        .answer = b->twin, .text = text, .field = s->field, .from = s->start, .to = s->end};

    expect(b, s->start <= s->end && s->end <= text->text.len && s->text.len == s->end - s->start,
           "passage [%llu,%llu) of %zu bytes\n", (unsigned long long)s->start,
           (unsigned long long)s->end, text->text.len);
    expect(b, memcmp(s->text.ptr, text->text.ptr + s->start, s->text.len) == 0, "text differs\n");
    twin_each_wanted(b->twin->q.root, false, mark_leaf, &m);
    check_marks(b, s, &m);
    free(m.places);
}

static bool overlap(const struct sx_snippet *x, const struct sx_snippet *y)
{
    return x->field == y->field && x->start < y->end && y->start < x->end;
}

/* Every hit holds a wanted word, so a hit with snippets has a mark. */
static void check_snippets(const struct both *b, const struct sx_hit *h, const struct twin_doc *d)
{
    size_t marks = 0;

    expect(b, h->snippet_count <= b->s->snippets, "%zu snippets\n", h->snippet_count);
    for (size_t i = 0; i < h->snippet_count; i++) {
        check_snippet(b, &h->snippets[i], d);
        marks += h->snippets[i].mark_count;
        for (size_t j = 0; j < i; j++)
            expect(b, !overlap(&h->snippets[i], &h->snippets[j]), "snippets overlap\n");
    }
    expect(b, b->s->snippets == 0 || marks > 0, "no mark in %zu snippets of '%s' / '%s'\n",
           h->snippet_count, d->doc.title.ptr, d->doc.body.ptr);
    expect(b, h->snippet_count == 0 || h->snippets[0].mark_count > 0, "no mark in the first\n");
    b->sum->snippets += h->snippet_count;
}

/* ---- hits ---------------------------------------------------------------------------------- */

static const struct twin_hit *twin_hit_of(const struct both *b, struct sx_str uri)
{
    for (size_t i = 0; i < b->twin->count; i++) {
        if (str_eq(b->twin->hits[i].doc->doc.uri, uri))
            return &b->twin->hits[i];
    }
    return NULL;
}

static void check_hit(const struct both *b, const struct sx_hit *h, const struct twin_hit *t)
{
    const struct sx_doc *d = &t->doc->doc;

    expect(b, near(h->score, t->score), "score of %s: %.17g, twin %.17g\n", d->uri.ptr, h->score,
           t->score);
    expect(b, strcmp(h->doc, t->doc->hash) == 0, "hash of %s: %s\n", d->uri.ptr, h->doc);
    expect(b, same_str(h->title, d->title), "title of %s\n", d->uri.ptr);
    expect(b, same_str(h->source, d->source), "source of %s\n", d->uri.ptr);
    expect(b, same_str(h->date, d->date), "date of %s\n", d->uri.ptr);
    expect(b, same_str(h->lang, d->lang), "lang of %s\n", d->uri.ptr);
    expect(b, same_str(h->type, d->type), "type of %s\n", d->uri.ptr);
    expect(b, h->missing_count == t->missing_count, "%s lacks %zu items, twin %zu\n", d->uri.ptr,
           h->missing_count, t->missing_count);
    for (size_t i = 0; i < h->missing_count; i++)
        expect(b, str_eq(h->missing[i], t->missing[i]), "%s: missing %zu: '%.*s', twin '%s'\n",
               d->uri.ptr, i, (int)h->missing[i].len, h->missing[i].ptr, t->missing[i].ptr);
    check_snippets(b, h, t->doc);
}

/* Whether rounding alone may decide who stands where the twin has `t`: another score, of other
 * counts and lengths, is within it. */
static bool rounding_decides(const struct both *b, const struct twin_hit *t)
{
    for (size_t i = 0; i < b->twin->count; i++) {
        const struct twin_hit *h = &b->twin->hits[i];

        if (h->tier == t->tier && h->inputs != t->inputs && near(h->score, t->score))
            return b->s->sort == SX_SORT_SCORE;
    }
    return false;
}

/* By the index's own scores, `h` goes before `next`. */
static bool in_order(const struct both *b, const struct sx_hit *h, const struct sx_hit *next)
{
    const struct twin_hit *t = twin_hit_of(b, h->uri);
    const struct twin_hit *u = twin_hit_of(b, next->uri);
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
    for (size_t i = 0; i < want; i++) {
        const struct sx_hit *h = &res->hits[i];
        const struct twin_hit *there = &b->twin->hits[b->s->offset + i];
        const struct twin_hit *same = twin_hit_of(b, h->uri);

        expect(b, h->rank == b->s->offset + i + 1, "rank %zu\n", h->rank);
        expect(b, same != NULL, "%.*s is no match\n", (int)h->uri.len, h->uri.ptr);
        expect(b,
               same == there || (rounding_decides(b, there) && same->tier == there->tier &&
                                 near(same->score, there->score)),
               "place %zu: %s, twin %s\n", h->rank, same->doc->doc.uri.ptr,
               there->doc->doc.uri.ptr);
        expect(b, i == 0 || in_order(b, h - 1, h), "place %zu: out of order\n", h->rank);
        check_hit(b, h, same);
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
    expect(b, !b->s->exact_total && b->twin->total > seen, "the total must be exact\n");
    expect(b, res->total > seen && res->total <= b->twin->total, "the bound is wrong\n");
    expect(b, res->total_all <= b->twin->total_all, "total_all\n");
}

void compare_results(const struct sx_search *s, sx_status status, const struct sx_results *res,
                     const struct twin_set *set, struct analyzer *an, struct compared *sum)
{
    struct twin_answer twin;
    struct both b = {s, &twin, NULL, set, sum};

    twin_search(set, an, s->query, s->match, s->sort, clock_wall(), &twin);
    expect(&b, status == twin.status, "status %s, twin %s\n", sx_status_name(status),
           sx_status_name(twin.status));
    sum->queries++;
    if (status == SX_OK) {
        b.res = res;
        check_totals(&b);
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

    twin_search(set, an, query, match, SX_SORT_SCORE, clock_wall(), &twin);
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
        assert_true(same_str(got->doc.uri, d->doc.uri));
        assert_true(same_str(got->doc.title, d->doc.title));
        assert_true(same_str(got->doc.body, d->doc.body));
        assert_true(same_str(got->doc.source, d->doc.source));
        assert_true(same_str(got->doc.date, d->doc.date));
        assert_true(same_str(got->doc.lang, d->doc.lang));
        assert_true(same_str(got->doc.type, d->doc.type));
        assert_true(same_str(got->doc.extra, d->doc.extra));
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
