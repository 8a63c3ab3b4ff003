/* Documents 0 to 23, in a first and a second version, put and deleted in four steps and a fifth.
 * The long ones fill pages of their own; some are in scripts that go through ICU. */
#include "tests/crash/workload.h"

#include "index/base/str.h"

#define DOCS 24
#define TEXT_MAX 20000

struct text {
    char uri[16], title[32], date[32];
    char body[TEXT_MAX];
};

static void fill_body(struct text *t, int doc, int version)
{
    static const char *const sentences[] = {
        "An old canal runs beside the harbour. ",
        "Die Prüfung des Vertrags dauert an. ",
        "运河旁边的仓库已经关闭。 ",
        "The reporters asked about the lock keeper's list at node.js. ",
        "القناة القديمة قرب الميناء. ",
    };
    size_t want = (size_t)(doc == 5 || doc == 17 ? TEXT_MAX - 400 : 150 + doc * 60);
    size_t len =
        (size_t)snprintf(t->body, sizeof(t->body), "%s report %d%s canal. ",
                         version == 1 ? "First" : "Second", doc, doc % 2 == 0 ? " even" : "");

    for (int i = doc; len < want; i++)
        len += (size_t)snprintf(t->body + len, sizeof(t->body) - len, "%s",
                                sentences[i % (doc % 3 == 0 ? 5 : 1)]);
}

static struct sx_doc make_doc(struct text *t, int doc, int version)
{
    snprintf(t->uri, sizeof(t->uri), "doc:%d", doc);
    snprintf(t->title, sizeof(t->title), "Report %d of the harbour", doc);
    snprintf(t->date, sizeof(t->date), "2025-08-%02d", doc + 1);
    fill_body(t, doc, version);
    return (struct sx_doc){
        .uri = str_of(t->uri),
        .title = str_of(t->title),
        .body = str_of(t->body),
        .source = str_of(doc % 4 == 0 ? "Harbour Courier" : "Évening Post"),
        .date = str_of(t->date),
        .lang = str_of("en"),
        .type = str_of("text"),
        .extra = str_of("{\"page\":1}"),
    };
}

/* What the index holds of a document at a step: 0, or its version. */
static int version_at(int doc, int step)
{
    static const char *const versions[WORK_STEPS + 1] = {
        "000000000000000000000000", "111111111111111100000000", "111111112222222222222222",
        "111001112222222222222222", "110001110202020202020202", "222222220202020202020202",
    };

    return versions[step][doc] - '0';
}

static sx_status put_changed(struct sx_index *ix, int step, struct sx_error *err)
{
    struct sx_doc docs[DOCS];
    struct text *texts = calloc(DOCS, sizeof(*texts));
    size_t n = 0;

    assert_non_null(texts);
    for (int doc = 0; doc < DOCS; doc++) {
        int version = version_at(doc, step);
        if (version != 0 && version != version_at(doc, step - 1)) {
            docs[n] = make_doc(&texts[n], doc, version);
            n++;
        }
    }
    sx_status rc = sx_index_put(ix, docs, n, NULL, err);
    free(texts);
    return rc;
}

sx_status work_step(struct sx_index *ix, int step, struct sx_error *err)
{
    size_t deleted = 0;
    sx_status rc;

    if (step == 3) {
        rc = sx_index_delete_uri(ix, str_of("doc:3"), &deleted, err);
        if (rc == SX_OK)
            rc = sx_index_delete_uri(ix, str_of("doc:4"), &deleted, err);
    } else if (step == 4) {
        rc = sx_index_delete_uri(ix, str_of("doc:2"), &deleted, err);
        if (rc == SX_OK)
            rc = sx_index_delete_query(ix, str_of("+even +second"), &deleted, err);
    } else {
        rc = put_changed(ix, step, err);
    }
    if (rc != SX_OK) { /* the commit must say so too, and end it */
        assert_true(sx_index_broken(ix) || sx_index_commit(ix, NULL) == rc);
        return rc;
    }
    return sx_index_commit(ix, err);
}

/* The version that the index holds, told by its exact text. */
static int version_in(struct sx_reader *r, int doc, struct text *t)
{
    struct sx_stored *stored = NULL;
    struct sx_error err = {0};
    struct sx_doc one = make_doc(t, doc, 1);
    sx_status rc = sx_reader_get_uri(r, one.uri, &stored, &err);
    int version;

    if (rc == SX_ENOTFOUND)
        return 0;
    if (rc != SX_OK)
        fail_msg("get %s: %s: %s", t->uri, sx_status_name(rc), err.msg);
    version = str_eq(stored->doc.body, one.body) ? 1 : 2;
    one = make_doc(t, doc, version);
    if (!str_eq(stored->doc.body, one.body) || !str_eq(stored->doc.title, one.title) ||
        !str_eq(stored->doc.source, one.source) || !str_eq(stored->doc.extra, one.extra))
        fail_msg("%s is stored with another text", t->uri);
    sx_stored_free(stored);
    return version;
}

int work_at(struct sx_index *ix)
{
    struct text *t = calloc(1, sizeof(*t));
    struct sx_reader *r = NULL;
    bool fits[WORK_STEPS + 1];
    int at = WORK_NOWHERE;

    assert_non_null(t);
    memset(fits, true, sizeof(fits));
    assert_int_equal(sx_reader_open(&r, ix, NULL), SX_OK);
    for (int doc = 0; doc < DOCS; doc++) {
        int version = version_in(r, doc, t);
        for (int step = 0; step <= WORK_STEPS; step++)
            fits[step] = fits[step] && version == version_at(doc, step);
    }
    for (int step = 0; step <= WORK_STEPS; step++)
        if (fits[step])
            at = step;
    sx_reader_close(r);
    free(t);
    return at;
}

/* ---- reading --------------------------------------------------------------------------------- */

static void print_str(struct buf *out, const char *name, struct sx_str s)
{
    buf_printf(out, " %s=", name);
    buf_put_str(out, s.ptr == NULL ? str_of("absent") : s);
}

static void print_explanation(struct buf *out, const struct sx_explanation *e)
{
    buf_printf(out, " length=%a", e->length);
    for (size_t i = 0; i < e->leaf_count; i++)
        buf_printf(out, " %u+%u=%a", e->leaves[i].title, e->leaves[i].body, e->leaves[i].score);
    for (size_t i = 0; i < e->pair_count; i++)
        buf_printf(out, " %a&%a=%a", e->pairs[i].adjacent, e->pairs[i].near, e->pairs[i].score);
}

static void print_hit(struct buf *out, const struct sx_hit *h)
{
    buf_printf(out, "\n%zu %a %s", h->rank, h->score, h->doc);
    print_str(out, "uri", h->uri);
    print_str(out, "title", h->title);
    print_str(out, "source", h->source);
    print_str(out, "date", h->date);
    if (h->explanation != NULL)
        print_explanation(out, h->explanation);
    for (size_t i = 0; i < h->missing_count; i++)
        print_str(out, "missing", h->missing[i]);
    for (size_t i = 0; i < h->snippet_count; i++) {
        print_str(out, "snippet", h->snippets[i].text);
        for (size_t m = 0; m < h->snippets[i].mark_count; m++)
            buf_printf(out, " %u-%u", h->snippets[i].marks[m].start, h->snippets[i].marks[m].end);
    }
}

static void print_more(struct buf *out, const struct sx_results *res)
{
    for (size_t i = 0; i < res->facet_count; i++)
        for (size_t k = 0; k < res->facets[i].count; k++) {
            print_str(out, "value", res->facets[i].values[k].value);
            buf_printf(out, "=%llu", (unsigned long long)res->facets[i].values[k].count);
        }
    if (res->plan == NULL)
        return;
    print_str(out, "rewritten", res->plan->rewritten);
    for (size_t i = 0; i < res->plan->leaf_count; i++)
        buf_printf(out, " w=%a", res->plan->leaves[i].weight);
    for (size_t i = 0; i < res->plan->pass_count; i++)
        print_str(out, "pass", res->plan->passes[i].proposed);
}

static void print_results(struct buf *out, const struct sx_results *res)
{
    buf_printf(out, "%llu %llu %d %d", (unsigned long long)res->total,
               (unsigned long long)res->total_all, res->total_exact, res->partial);
    print_str(out, "parsed", res->parsed);
    for (size_t i = 0; i < res->warning_count; i++)
        print_str(out, "warning", res->warnings[i]);
    print_more(out, res);
    for (size_t i = 0; i < res->hit_count; i++)
        print_hit(out, &res->hits[i]);
}

/* The rest of the list behind its first page. */
static sx_status go_on(struct sx_reader *r, struct sx_search ask, struct sx_str cursor,
                       struct buf *out, struct sx_error *err)
{
    struct sx_results *res = NULL;

    ask.cursor = cursor;
    ask.limit = 200;
    ask.facets = 0;
    ask.explain = false;
    sx_status rc = sx_reader_search(r, &ask, &res, err);
    if (rc == SX_OK)
        print_results(out, res);
    sx_results_free(res);
    return rc;
}

sx_status work_query(struct sx_reader *r, int n, struct buf *out, struct sx_error *err)
{
    static const struct {
        const char *query;
        enum sx_match match;
        enum sx_sort sort;
        bool more; /* facets, explanations, and a second page by cursor */
    } asks[WORK_QUERIES] = {
        {"canal", SX_MATCH_BEST, SX_SORT_SCORE, false},
        {"second keeper warehouse", SX_MATCH_BEST, SX_SORT_SCORE, false},
        {"second Vertrags", SX_MATCH_ANY, SX_SORT_SCORE, false},
        {"first even", SX_MATCH_ALL, SX_SORT_SCORE, false},
        {"\"old canal\" first", SX_MATCH_BEST, SX_SORT_SCORE, false},
        {"repo* har*", SX_MATCH_ALL, SX_SORT_SCORE, false},
        {"+canal -second", SX_MATCH_BEST, SX_SORT_DATE, false},
        {"(first OR second) AND NOT even", SX_MATCH_BEST, SX_SORT_DATE_DESC, false},
        {"title:harbour source:courier", SX_MATCH_BEST, SX_SORT_SCORE, false},
        {"canal date:2025-08-03..2025-08-09 lang:en type:text", SX_MATCH_BEST, SX_SORT_SCORE,
         false},
        {"prüfung 运河 القناة", SX_MATCH_ANY, SX_SORT_SCORE, false},
        {"node.js nosuch:word", SX_MATCH_ANY, SX_SORT_SCORE, false},
        {"title:\"of the\" \"lock keeper's list\"", SX_MATCH_ANY, SX_SORT_SCORE, false},
        {"nowhere", SX_MATCH_BEST, SX_SORT_SCORE, false},
        {"canal NEAR/9 (keeper OR har*) first NEAR/3 first", SX_MATCH_BEST, SX_SORT_SCORE, true},
        {"secnod~ harbor~1 nowhere~2", SX_MATCH_ANY, SX_SORT_SCORE, false},
        {"the lock-keeper old canal second", SX_MATCH_ANY, SX_SORT_SCORE, true},
        {"canal first", SX_MATCH_BEST, SX_SORT_DATE, true},
    };
    struct sx_search ask = {.query = str_of(asks[n].query),
                            .match = asks[n].match,
                            .sort = asks[n].sort,
                            .limit = asks[n].more ? 2 : 30,
                            .snippets = 2,
                            .facets = asks[n].more ? (1U << SX_FACET_COUNT) - 1 : 0,
                            .explain = asks[n].more};
    struct sx_results *res = NULL;
    sx_status rc = sx_reader_search(r, &ask, &res, err);

    if (rc == SX_OK)
        print_results(out, res);
    if (rc == SX_OK && asks[n].more && res->cursor.ptr != NULL)
        rc = go_on(r, ask, res->cursor, out, err);
    sx_results_free(res);
    return rc;
}

static sx_status read_count(struct sx_reader *r, struct buf *out, struct sx_error *err)
{
    struct sx_count count;
    sx_status rc =
        sx_reader_count(r, str_of("canal \"old canal\""), SX_MATCH_BEST, NULL, &count, err);

    if (rc == SX_OK)
        buf_printf(out, "%llu %llu", (unsigned long long)count.total,
                   (unsigned long long)count.all);
    return rc;
}

static sx_status print_stored(sx_status rc, struct sx_stored *stored, struct buf *out)
{
    if (rc == SX_ENOTFOUND) {
        buf_puts(out, "none");
        return SX_OK;
    }
    if (rc != SX_OK)
        return rc;
    buf_puts(out, stored->hash);
    print_str(out, "body", stored->doc.body);
    print_str(out, "source", stored->doc.source);
    print_str(out, "extra", stored->doc.extra);
    sx_stored_free(stored);
    return rc;
}

static sx_status read_parsed(struct buf *out, struct sx_error *err)
{
    struct sx_results *res = NULL;
    sx_status rc = sx_query_parse(str_of("a (\"b c\" OR -d*) 运河 source:x"), &res, err);

    if (rc == SX_OK)
        print_results(out, res);
    sx_results_free(res);
    return rc;
}

static sx_status read_stats(struct sx_reader *r, struct buf *out, struct sx_error *err)
{
    struct sx_stats stats;
    sx_status rc = sx_reader_stats(r, &stats, err);

    if (rc == SX_OK)
        buf_printf(out, "%llu %llu %llu", (unsigned long long)stats.coverage.docs,
                   (unsigned long long)stats.title_words, (unsigned long long)stats.body_words);
    return rc;
}

static sx_status read_failed(struct sx_reader *r, struct buf *out, struct sx_error *err)
{
    struct sx_failed_list *list = NULL;
    sx_status rc = sx_reader_failed(r, 0, 10, &list, err);

    if (rc != SX_OK)
        return rc;
    buf_printf(out, "%llu", (unsigned long long)list->total);
    for (size_t i = 0; i < list->count; i++) {
        print_str(out, "uri", list->items[i].uri);
        print_str(out, "stage", list->items[i].stage);
    }
    sx_failed_list_free(list);
    return rc;
}

sx_status work_read(struct sx_reader *r, int n, struct buf *out, struct sx_error *err)
{
    static const char hash[] = "0000000000000000000000000000000000000000000000000000000000000000";
    struct sx_stored *stored = NULL;
    sx_status rc;

    switch (n) {
    case 0:
        return read_count(r, out, err);
    case 1:
        rc = sx_reader_get_uri(r, str_of("doc:5"), &stored, err);
        return print_stored(rc, stored, out);
    case 2:
        rc = sx_reader_get_doc(r, str_of(hash), &stored, err);
        return print_stored(rc, stored, out);
    case 3:
        return read_parsed(out, err);
    case 4:
        return read_stats(r, out, err);
    default:
        return read_failed(r, out, err);
    }
}
