/* Two engines, one answer: random documents, replaced and deleted, in segments that are merged,
 * dropped and made anew, are searched by block-max and by FTS5.
 *
 * The corpora are larger than those of the twin, so that they have many ranges and files; what the
 * answer ought to be is the twin's business. FTS5 counts its words by itself. SEARCHD_SEED runs a printed seed again; SEARCHD_QUERIES
 * says how many queries to compare. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "index/base/str.h"
#include "tests/property/gen.h"
#include "tests/support/support.h"

#define VOCABULARY 400
#define BODY_MAX 60

struct bed {
    char *dir;
    struct sx_index *ix;
    struct sx_reader *r;
    struct gen g;
    size_t uris;
    size_t queries, hits, pages, reached, refused, pruned, commits;
};

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s (%s)", sx_status_name(rc), err->msg, err->param);
}

/* ---- documents -------------------------------------------------------------------------------- */

/* Few words are frequent, most are rare. */
static void put_word(struct gen *g, struct buf *out)
{
    size_t n = gen_below(g, VOCABULARY);
    size_t word = n * n / VOCABULARY * n / VOCABULARY;

    buf_printf(out,
               gen_one_in(g, 60)   ? "W%zu.js "
               : gen_one_in(g, 60) ? "w-%zu "
               : gen_one_in(g, 30) ? "w%zus " /* another form of it */
                                   : "w%zu ",
               word);
}

static void put_text(struct gen *g, size_t words, struct buf *out)
{
    buf_clear(out);
    buf_puts(out, "");
    for (size_t i = 0; i < words; i++)
        put_word(g, out);
}

static void put_one(struct bed *b)
{
    struct buf title = {0}, body = {0}, uri = {0}, date = {0};
    struct sx_error err;
    struct gen *g = &b->g;

    put_text(g, gen_below(g, 4), &title);
    put_text(g, gen_one_in(g, 50) ? 600 : gen_below(g, BODY_MAX), &body);
    buf_printf(&uri, "u:%zu", gen_below(g, b->uris));
    buf_printf(&date, "20%02zu-%02zu", 10 + gen_below(g, 4), 1 + gen_below(g, 12));
    struct sx_doc d = {.uri = buf_str(&uri),
                       .title = title.data == NULL ? str_of("") : buf_str(&title),
                       .body = body.data == NULL ? str_of("") : buf_str(&body)};
    if (!gen_one_in(g, 3))
        d.date = buf_str(&date);
    d.source = str_of(gen_one_in(g, 2) ? "Gazette" : "Courier");
    if (gen_one_in(g, 2))
        d.lang = str_of(gen_one_in(g, 3) ? "en-GB" : "en");
    if (gen_one_in(g, 2))
        d.type = str_of(gen_one_in(g, 3) ? "pdf" : "html");
    must(sx_index_put(b->ix, &d, 1, NULL, &err), &err);
    buf_release(&title);
    buf_release(&body);
    buf_release(&uri);
    buf_release(&date);
}

static void delete_one(struct bed *b)
{
    struct buf uri = {0};
    struct sx_error err;
    size_t deleted;

    buf_printf(&uri, "u:%zu", gen_below(&b->g, b->uris));
    must(sx_index_delete_uri(b->ix, buf_str(&uri), &deleted, &err), &err);
    buf_release(&uri);
}

static void open_bed(struct bed *b)
{
    struct sx_error err;
    struct sx_index_options opt = {.relaxed = true};

    must(sx_index_open(&b->ix, b->dir, &opt, &err), &err);
    must(sx_reader_open(&b->r, b->ix, &err), &err);
}

static void close_bed(struct bed *b)
{
    sx_reader_close(b->r);
    sx_index_close(b->ix);
}

static void change(struct bed *b, size_t n)
{
    struct sx_error err;

    for (size_t i = 0; i < n; i++) {
        if (gen_one_in(&b->g, 5))
            delete_one(b);
        else
            put_one(b);
    }
    if (gen_one_in(&b->g, 10))
        sx_index_rollback(b->ix);
    else
        must(sx_index_commit(b->ix, &err), &err);
    b->commits++;
}

/* ---- queries ---------------------------------------------------------------------------------- */

static void put_leaf(struct gen *g, struct buf *out)
{
    static const char *const filters[] = {
        "date:2012 ", "date:2011-03..2012 ", "source:gazette ", "-source:courier ",
        "lang:en ",   "lang:en-gb ",         "-type:pdf ",      "type:html ",
    };

    switch (gen_below(g, 14)) {
    case 0:
        buf_puts(out, "\"");
        put_word(g, out);
        put_word(g, out);
        if (gen_one_in(g, 3))
            put_word(g, out);
        buf_puts(out, "\" ");
        return;
    case 1:
        buf_printf(out, "w%zu* ", gen_below(g, 100));
        return;
    case 2:
        buf_printf(out, "title:w%zu ", gen_below(g, 40));
        return;
    case 3:
        buf_printf(out, "w%zu~1 ", gen_below(g, VOCABULARY));
        return;
    case 4:
        buf_printf(out, "w%zu NEAR/%zu w%zu ", gen_below(g, 40), gen_below(g, 6), gen_below(g, 40));
        return;
    case 5:
        buf_puts(out, filters[gen_below(g, sizeof(filters) / sizeof(filters[0]))]);
        return;
    case 6:
        buf_puts(out, "body:");
        put_word(g, out);
        return;
    case 7:
        buf_puts(out, gen_one_in(g, 2) ? "+" : "-");
        put_word(g, out);
        return;
    default:
        put_word(g, out);
    }
}

static void put_query(struct gen *g, struct buf *out)
{
    size_t leaves = 1 + gen_below(g, gen_one_in(g, 10) ? 9 : 4);
    bool group = gen_one_in(g, 8);

    buf_clear(out);
    for (size_t i = 0; i < leaves; i++) {
        put_leaf(g, out);
        if (i + 1 < leaves && gen_one_in(g, 6))
            buf_puts(out, gen_one_in(g, 2) ? "OR " : "AND ");
    }
    if (group) {
        buf_puts(out, "(");
        put_leaf(g, out);
        put_leaf(g, out);
        buf_puts(out, ")");
    }
}

/* Most ask for a page; what asks for hundreds of documents takes most of the time, and is rarer. */
static size_t any_limit(struct gen *g, size_t most)
{
    static const size_t limits[] = {0, 1, 3, 10, 10, 10, 30};

    if (most > 30 && gen_one_in(g, 25))
        return gen_one_in(g, 4) ? most : 200;
    return limits[gen_below(g, sizeof(limits) / sizeof(limits[0]))];
}

static struct sx_search any_search(struct gen *g, struct buf *query)
{
    struct sx_search s = {
        .match = (enum sx_match)gen_below(g, 3),
        .sort = gen_one_in(g, 6) ? (enum sx_sort)gen_below(g, 3) : SX_SORT_SCORE,
        .offset = gen_one_in(g, 5) ? gen_below(g, 300) : 0,
        .snippets = gen_one_in(g, 4),
        .exact_total = gen_one_in(g, 3),
        .facets = gen_one_in(g, 10) ? 31 : 0,
        .explain = gen_one_in(g, 10),
        .no_proximity = gen_one_in(g, 3),
    };

    s.limit = any_limit(g, s.explain && !gen_one_in(g, 20) ? 30 : 1000);
    put_query(g, query);
    s.query = buf_str(query);
    return s;
}

/* ---- comparison ------------------------------------------------------------------------------- */

static bool same(struct sx_str a, struct sx_str b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && (a.ptr == NULL || str_eq(a, b));
}

static void print_hits(const char *engine, const struct sx_results *res)
{
    print_error("%s: total %llu all %llu exact %d\n", engine, (unsigned long long)res->total,
                (unsigned long long)res->total_all, res->total_exact);
    for (size_t i = 0; i < res->hit_count && i < 12; i++)
        print_error("  %zu %.*s %.17g\n", res->hits[i].rank, (int)res->hits[i].uri.len,
                    res->hits[i].uri.ptr, res->hits[i].score);
}

#define expect(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("query: %.*s\nmatch %d sort %d offset %zu limit %zu exact %d\n",           \
                        (int)s->query.len, s->query.ptr, s->match, s->sort, s->offset, s->limit,   \
                        s->exact_total);                                                           \
            print_hits("blockmax", bm);                                                            \
            print_hits("fts5", fts);                                                               \
            fail_msg("%s", #condition);                                                            \
        }                                                                                          \
    } while (0)

static void compare_hits(const struct sx_search *s, const struct sx_results *bm,
                         const struct sx_results *fts)
{
    expect(bm->hit_count == fts->hit_count);
    for (size_t i = 0; i < bm->hit_count; i++) {
        const struct sx_hit *x = &bm->hits[i], *y = &fts->hits[i];
        expect(same(x->uri, y->uri) && x->rank == y->rank);
        expect(fabs(x->score - y->score) <= 1e-9 * fabs(y->score));
        expect(x->missing_count == y->missing_count && x->snippet_count == y->snippet_count);
        for (size_t k = 0; k < x->missing_count; k++)
            expect(same(x->missing[k], y->missing[k]));
        for (size_t k = 0; k < x->snippet_count; k++)
            expect(same(x->snippets[k].text, y->snippets[k].text));
    }
}

static void compare_totals(const struct sx_search *s, const struct sx_results *bm,
                           const struct sx_results *fts)
{
    if (bm->total_exact && fts->total_exact) {
        expect(bm->total == fts->total && bm->total_all == fts->total_all);
        return;
    }
    expect(!s->exact_total && s->facets == 0);
    if (fts->total_exact)
        expect(bm->total <= fts->total && bm->total > s->offset + s->limit);
    expect(bm->total_all <= fts->total_all || !fts->total_exact);
    expect(bm->facet_count == fts->facet_count);
}

/* What the words were counted to: by the segments, and by FTS5 alone. */
static void compare_counts(const struct sx_search *s, const struct sx_results *bm,
                           const struct sx_results *fts)
{
    for (size_t i = 0; i < bm->plan->leaf_count; i++) {
        const struct sx_leaf *x = &bm->plan->leaves[i], *y = &fts->plan->leaves[i];
        expect(x->word_count == y->word_count);
        for (size_t k = 0; k < x->word_count; k++)
            expect(x->words[k].n == y->words[k].n && x->words[k].f == y->words[k].f);
    }
}

static void compare(const struct sx_search *s, const struct sx_results *bm,
                    const struct sx_results *fts)
{
    compare_hits(s, bm, fts);
    compare_totals(s, bm, fts);
    expect((bm->cursor.ptr == NULL) == (fts->cursor.ptr == NULL));
    expect((bm->plan == NULL) == (fts->plan == NULL));
    if (bm->plan != NULL)
        compare_counts(s, bm, fts);
}

/* Goes on behind a page, in the list of each. */
static void ask_on(struct bed *b, const struct sx_search *first, struct sx_results **bm,
                   struct sx_results **fts)
{
    struct sx_results *more[2] = {NULL, NULL};
    struct sx_search by_bm = *first, by_fts = *first;
    struct sx_error err;

    by_bm.offset = 0;
    by_bm.limit = 1 + gen_below(&b->g, 8);
    by_fts = by_bm;
    by_bm.cursor = (*bm)->cursor;
    by_fts.cursor = (*fts)->cursor;
    by_fts.engine = SX_ENGINE_FTS5;
    must(sx_reader_search(b->r, &by_bm, &more[0], &err), &err);
    must(sx_reader_search(b->r, &by_fts, &more[1], &err), &err);
    compare_hits(&by_bm, more[0], more[1]);
    b->pages++;
    sx_results_free(*bm);
    sx_results_free(*fts);
    *bm = more[0];
    *fts = more[1];
}

/* What is asked again finds its words united; the answer is to be the same. */
static void ask_before(struct bed *b, const struct sx_search *s)
{
    struct sx_results *res;
    struct sx_error err;

    for (size_t n = gen_one_in(&b->g, 6) ? 2 : 0; n > 0; n--)
        if (sx_reader_search(b->r, s, &res, &err) == SX_OK)
            sx_results_free(res);
}

static void ask(struct bed *b, struct buf *query)
{
    struct sx_search s = any_search(&b->g, query);
    struct sx_results *bm = NULL, *fts = NULL;
    struct sx_error err, other;

    ask_before(b, &s);
    sx_status rc = sx_reader_search(b->r, &s, &bm, &err);
    s.engine = SX_ENGINE_FTS5;
    sx_status expected = sx_reader_search(b->r, &s, &fts, &other);
    if (rc != expected)
        fail_msg("%.*s: %s, %s by FTS5", (int)query->len, query->data, sx_status_name(rc),
                 sx_status_name(expected));
    b->refused += rc != SX_OK;
    if (rc == SX_OK) {
        bool wordless = bm->total_exact && bm->total == 0;
        b->queries++;
        b->hits += bm->hit_count;
        b->reached += wordless || strcmp(bm->engine, "blockmax") == 0;
        b->pruned += !bm->total_exact;
        assert_string_equal(fts->engine, "fts5");
        compare(&s, bm, fts);
        bool goes_on = !s.explain && s.facets == 0 && gen_one_in(&b->g, 8);
        for (int n = 0; goes_on && n < 2 && bm->cursor.ptr != NULL && fts->cursor.ptr != NULL; n++)
            ask_on(b, &s, &bm, &fts);
    }
    sx_results_free(bm);
    sx_results_free(fts);
}

static void count_all(struct bed *b, struct buf *query)
{
    struct sx_search s = any_search(&b->g, query);
    struct sx_count count;
    struct sx_results *fts = NULL;
    struct sx_error err;
    sx_status rc = sx_reader_count(b->r, s.query, s.match, NULL, &count, &err);

    s.engine = SX_ENGINE_FTS5;
    s.exact_total = true;
    s.offset = 0;
    s.limit = 0;
    s.sort = SX_SORT_SCORE;
    assert_int_equal(sx_reader_search(b->r, &s, &fts, &err), rc);
    if (rc == SX_OK && (count.total != fts->total || count.all != fts->total_all))
        fail_msg("%.*s (%d): counted %llu, %llu; FTS5 %llu, %llu", (int)query->len, query->data,
                 s.match, (unsigned long long)count.total, (unsigned long long)count.all,
                 (unsigned long long)fts->total, (unsigned long long)fts->total_all);
    sx_results_free(fts);
}

/* One corpus: filled at once, then changed bit by bit between the questions. */
static void one_corpus(struct bed *b, uint64_t seed, size_t queries)
{
    struct buf query = {0};
    struct sx_error err;
    size_t until = b->queries + queries;

    gen_init(&b->g, seed, 10);
    b->dir = temp_dir();
    b->uris = 500 + gen_below(&b->g, 5000);
    open_bed(b);
    for (size_t n = gen_below(&b->g, 10); n > 0; n--)
        change(b, gen_below(&b->g, 1500));
    while (b->queries < until) {
        change(b, gen_one_in(&b->g, 10) ? 400 : gen_below(&b->g, 6));
        if (gen_one_in(&b->g, 40)) {
            close_bed(b);
            open_bed(b);
        }
        if (gen_one_in(&b->g, 20))
            must(sx_index_settle(b->ix, &err), &err);
        for (size_t i = 0; i < 30; i++)
            ask(b, &query);
        count_all(b, &query);
    }
    close_bed(b);
    temp_dir_remove(b->dir);
    buf_release(&query);
}

static void both_engines_answer_alike(void **state)
{
    struct bed b = {0};
    uint64_t seed = gen_seed();
    size_t queries = gen_env("SEARCHD_QUERIES", 20000) / 10 * 9;

    (void)state;
    for (uint64_t n = 0; b.queries < queries; n++)
        one_corpus(&b, seed + n * 1000003, 1500);
    print_message(
        "compared %zu queries (%zu refused by both), %zu hits, %zu pages behind the first; %zu "
        "answered by block-max, %zu lower bounds; %zu commits\n",
        b.queries, b.refused, b.hits, b.pages, b.reached, b.pruned, b.commits);
    assert_true(b.reached * 100 >= b.queries * 99);
}

/* A commit before each question, as when documents come all the time: nothing waits for upkeep, which
 * merges and writes files beside. */
static void block_max_answers_while_documents_come(void **state)
{
    struct bed b = {.uris = 4000};
    struct buf query = {0};
    struct sx_error err;
    size_t queries = gen_env("SEARCHD_QUERIES", 20000) / 10;

    (void)state;
    gen_init(&b.g, gen_seed(), 10);
    b.dir = temp_dir();
    open_bed(&b);
    change(&b, 3000);
    while (b.queries < queries) {
        if (gen_one_in(&b.g, 4))
            delete_one(&b);
        put_one(&b);
        must(sx_index_commit(b.ix, &err), &err);
        b.commits++;
        ask(&b, &query);
    }
    close_bed(&b);
    temp_dir_remove(b.dir);
    buf_release(&query);
    print_message("compared %zu queries, %zu answered by block-max; %zu commits\n", b.queries,
                  b.reached, b.commits);
    assert_true(b.reached * 100 >= b.queries * 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_engines_answer_alike),
        cmocka_unit_test(block_max_answers_while_documents_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
