/* The life of a query, top to bottom: parsed, planned and weighed on one snapshot, run, and the
 * hits of the page read with their passages. Everything of it lives in the result's arena. */
#include <string.h>

#include "index/base/alloc.h"
#include "index/base/clock.h"
#include "index/base/date.h"
#include "index/base/sha256.h"
#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/engine/run.h"
#include "index/engine/weigh.h"
#include "index/rank/passage.h"
#include "index/rank/score.h"

#define WARNINGS_MAX 64
/* What was found is told though the deadline is over: reading a page is quick. Where it is not
 * (large documents, a thousand words), the page is cut so long after the deadline. */
#define PAGE_NS ((uint64_t)100 * 1000000)

struct search {
    struct sx_results res; /* first: what the caller frees */
    struct arena mem;
    struct sx_reader *r;
    const struct sx_search *ask;
    struct query q;
    struct state snap;
    struct plan plan;
    struct run run;
    uint64_t until; /* when the page has to be read; 0: whenever */
    struct sx_hit *hits;
    struct passage_leaf *shown; /* leaves to look for in titles and bodies */
    size_t shown_count;
    struct sx_str warnings[WARNINGS_MAX];
};

static struct search *search_new(void)
{
    return mem_zalloc(1, sizeof(struct search));
}

void sx_results_free(struct sx_results *res)
{
    struct search *s = (struct search *)res;

    if (s == NULL)
        return;
    topk_release(&s->run.top);
    arena_release(&s->mem);
    mem_free(s);
}

static void warn(struct search *s, struct sx_str text)
{
    if (s->res.warning_count < WARNINGS_MAX)
        s->warnings[s->res.warning_count++] = text;
    s->res.warnings = s->warnings;
}

/* ---- the query ------------------------------------------------------------------------------- */

static sx_status check_utf8(struct sx_str query, struct sx_error *err)
{
    size_t bad = utf8_check(query.ptr, query.len);

    if (bad < query.len)
        return sx_fail_at(err, SX_EREQUEST, "query", (int64_t)bad, "the query is not valid UTF-8");
    return SX_OK;
}

static sx_status parse(struct search *s, struct sx_str query, struct analyzer *an,
                       struct sx_error *err)
{
    sx_status rc = check_utf8(query, err);

    if (rc == SX_OK)
        rc = query_parse(&s->q, query, clock_wall(), an, &s->mem, err);
    if (rc != SX_OK)
        return rc;
    s->res.parsed = s->q.parsed;
    for (size_t i = 0; i < s->q.warning_count; i++)
        warn(s, s->q.warnings[i]);
    return SX_OK;
}

static sx_status tell_forms(struct search *s, struct sx_error *err)
{
    struct sx_forms *forms = arena_array(&s->mem, s->plan.leaf_count + 1, sizeof(*forms));

    if (forms == NULL)
        return sx_fail_oom(err);
    s->res.forms = forms;
    for (size_t i = 0; i < s->plan.leaf_count; i++) {
        const struct leaf *l = &s->plan.leaves[i];
        if (l->form_count > 0)
            forms[s->res.form_count++] = (struct sx_forms){l->ast->text, l->forms, l->form_count};
    }
    return SX_OK;
}

/* Plans the query for the snapshot that `c` reads. `exact`: for deletion. Then words are meant as
 * they stand, stop words too, and only what is excluded is so in every form. */
static sx_status plan(struct search *s, struct db *c, struct stemmer **stemmer, bool exact,
                      struct sx_error *err)
{
    static const struct langs none = {.count = 0};
    bool cut = false;
    struct langs langs;
    sx_status rc = language_ready(c, &langs, err);

    if (rc == SX_OK)
        rc = plan_make(&s->plan, &s->q, exact ? &none : &langs, &s->mem, err);
    if (rc == SX_OK && s->plan.wanted_count == 0) {
        s->plan.root = NULL;
        warn(s, str_of("the query asks for no word, so nothing is found"));
    }
    if (rc == SX_OK)
        rc = find_forms(c, stemmer, &langs, &s->plan, exact, &cut, err);
    if (rc == SX_OK && cut && exact)
        return sx_fail_at(err, SX_EQUERY, "query", SX_NO_OFFSET,
                          "a word has too many forms to exclude them all: quote it");
    if (rc == SX_OK && cut)
        warn(s, str_of("the words have more forms than are looked for: some were left out"));
    return rc;
}

static sx_status check_window(const struct sx_search *ask, struct sx_error *err)
{
    if (ask->limit > SX_LIMIT_MAX)
        return sx_fail_at(err, SX_EREQUEST, "limit", SX_NO_OFFSET, "limit is at most %d",
                          SX_LIMIT_MAX);
    if (ask->offset > SX_WINDOW_MAX || ask->offset + ask->limit > SX_WINDOW_MAX)
        return sx_fail_at(err, SX_ELIMIT, "offset", SX_NO_OFFSET, "offset + limit is at most %d",
                          SX_WINDOW_MAX);
    if (ask->snippets > SX_SNIPPETS_MAX)
        return sx_fail_at(err, SX_EREQUEST, "snippets", SX_NO_OFFSET, "snippets is at most %d",
                          SX_SNIPPETS_MAX);
    return SX_OK;
}

/* ---- running it ------------------------------------------------------------------------------ */

static double average_length(const struct state *snap)
{
    return snap->docs == 0
               ? 0
               : score_combined(snap->title_words, snap->body_words) / (double)snap->docs;
}

/* The documents with every item may fill the page alone: then the rest need not be scored, nor
 * even counted, unless that was asked. */
static bool first_part_is_enough(const struct search *s)
{
    return s->run.total > s->ask->offset + s->ask->limit;
}

static sx_status run_query(struct search *s, struct sx_error *err)
{
    const struct sx_search *ask = s->ask;
    sx_status rc;

    if (ask->match == SX_MATCH_ALL) {
        rc = run_pass(&s->run, &s->r->c, READ_ALL, err);
        s->res.total_exact = true;
    } else if (ask->match == SX_MATCH_BEST && !ask->exact_total) {
        rc = run_pass(&s->run, &s->r->c, READ_BEST, err);
        if (rc == SX_OK && !first_part_is_enough(s)) {
            rc = run_pass(&s->run, &s->r->c, READ_ANY, err);
            s->res.total_exact = true;
        }
    } else {
        rc = run_pass(&s->run, &s->r->c, READ_ANY, err);
        s->res.total_exact = true;
    }
    s->res.total = s->run.total;
    s->res.total_all = s->run.total_all;
    if (rc == SX_ETIMEOUT && s->run.top.count > 0) {
        s->res.partial = true;
        s->res.total_exact = false;
        return SX_OK;
    }
    return rc;
}

static sx_status find(struct search *s, struct sx_error *err)
{
    static const enum topk_sort sorts[] = {TOPK_SCORE, TOPK_DATE_UP, TOPK_DATE_DOWN};
    size_t k = s->ask->limit == 0 ? 0 : s->ask->offset + s->ask->limit;

    if (s->plan.root == NULL) {
        s->res.total_exact = true;
        return SX_OK;
    }
    s->run.p = &s->plan;
    s->run.docs = &s->r->memory->docs;
    s->run.match = s->ask->match;
    s->run.avglen = average_length(&s->snap);
    if (!topk_init(&s->run.top, k, sorts[s->ask->sort]))
        return sx_fail_oom(err);
    sx_status rc = weigh_leaves(s->r, &s->snap, &s->plan, err);
    if (rc == SX_OK)
        rc = tell_forms(s, err);
    if (rc == SX_OK)
        rc = run_init(&s->run, err);
    if (rc == SX_OK)
        rc = run_query(s, err);
    topk_finish(&s->run.top);
    return rc;
}

/* ---- hits ------------------------------------------------------------------------------------ */

static bool cancelled(const struct search *s)
{
    const struct sx_limits *l = &s->ask->limits;

    return l->stop != NULL && l->stop(l->stop_ctx);
}

static bool page_over(void *arg)
{
    const struct search *s = arg;

    return cancelled(s) || (s->until != 0 && clock_now_ns() > s->until);
}

static void show(struct search *s, const struct leaf *l, uint32_t number,
                 const struct sx_str *terms, size_t count)
{

    s->shown[s->shown_count++] = (struct passage_leaf){
        .leaf = number,
        .terms = terms,
        .term_count = count,
        .prefix = l->ast->kind == AST_PREFIX,
        /* a word in every document weighs nothing, yet is worth showing */
        .weight = l->weight + 1e-3,
    };
}

/* Every spelling of every leaf that is wanted in this field. */
static sx_status list_shown(struct search *s, enum sx_field field, struct sx_error *err)
{
    size_t count = 0;

    for (size_t i = 0; i < s->plan.leaf_count; i++)
        count += 2 + s->plan.leaves[i].form_count;
    s->shown = arena_array(&s->mem, count + 1, sizeof(*s->shown));
    s->shown_count = 0;
    if (s->shown == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < s->plan.leaf_count; i++) {
        const struct leaf *l = &s->plan.leaves[i];
        enum ast_field only = l->ast->field;
        if (l->asked == 0 || (only == AST_TITLE && field != SX_FIELD_TITLE) ||
            (only == AST_BODY && field != SX_FIELD_BODY))
            continue;
        uint32_t number = (uint32_t)s->shown_count;
        show(s, l, number, l->ast->terms, l->ast->term_count);
        if (l->ast->whole.len > 0 && !l->ast->paired)
            show(s, l, number, &l->ast->whole, 1);
        for (size_t k = 0; k < l->form_count; k++)
            show(s, l, number, &l->forms[k], 1);
    }
    return SX_OK;
}

static sx_status add_snippets(struct search *s, struct sx_hit *hit, struct sx_snippet *out,
                              enum sx_field field, struct sx_str text, bool or_beginning,
                              struct sx_error *err)
{
    struct passage found[SX_SNIPPETS_MAX];
    size_t count = 0;
    sx_status rc = list_shown(s, field, err);

    if (rc == SX_OK)
        rc = passage_find(s->r->an, text, s->shown, s->shown_count,
                          s->ask->snippets - hit->snippet_count, page_over, s, &s->mem, found,
                          &count, err);
    for (size_t i = 0; i < count && rc == SX_OK; i++) {
        struct passage *p = &found[i];
        struct sx_str copy = arena_str(&s->mem, str_make(text.ptr + p->start, p->end - p->start));
        if (copy.ptr == NULL)
            return sx_fail_oom(err);
        if (p->worth > 0 || or_beginning)
            out[hit->snippet_count++] =
                (struct sx_snippet){field, copy, p->marks, p->mark_count, p->start, p->end};
    }
    return rc;
}

/* From the body; from the title what is left; else how the body begins. */
static sx_status read_snippets(struct search *s, struct sx_hit *hit, const struct sx_doc *d,
                               struct sx_error *err)
{
    struct sx_snippet *out = arena_array(&s->mem, s->ask->snippets, sizeof(*out));

    if (out == NULL)
        return sx_fail_oom(err);
    hit->snippets = out;
    sx_status rc = add_snippets(s, hit, out, SX_FIELD_BODY, d->body, false, err);
    if (rc == SX_OK && hit->snippet_count < s->ask->snippets)
        rc = add_snippets(s, hit, out, SX_FIELD_TITLE, d->title, false, err);
    if (rc == SX_OK && hit->snippet_count == 0)
        rc = add_snippets(s, hit, out, SX_FIELD_BODY, d->body, true, err);
    return rc;
}

static sx_status read_missing(struct search *s, struct sx_hit *hit, const struct ranked *top,
                              struct sx_error *err)
{
    const struct phrase_tf *tf = run_kept(&s->run, top->slot);
    const struct docrow *row = doctable_get(&s->r->memory->docs, top->rowid);
    const struct ast **items = arena_array(&s->mem, s->plan.cond_count, sizeof(struct ast *));
    struct buf text = {0};

    if (items == NULL)
        return sx_fail_oom(err);
    hit->missing_count = plan_missing(&s->plan, tf, row, &s->r->memory->docs, items);
    struct sx_str *missing = arena_array(&s->mem, hit->missing_count, sizeof(*missing));
    hit->missing = missing;
    for (size_t i = 0; missing != NULL && i < hit->missing_count; i++) {
        buf_clear(&text);
        query_print(items[i], true, &text);
        missing[i] = arena_str(&s->mem, buf_str(&text));
        if (!buf_ok(&text) || missing[i].ptr == NULL)
            missing = NULL;
    }
    buf_release(&text);
    return missing == NULL ? sx_fail_oom(err) : SX_OK;
}

/* Copies one value; an absent one stays absent. */
static bool keep(struct search *s, struct sx_str from, struct sx_str *to)
{
    *to = arena_str(&s->mem, from);
    return to->ptr != NULL || from.ptr == NULL;
}

static sx_status copy_values(struct search *s, struct sx_hit *hit, const struct sx_doc *d,
                             struct sx_error *err)
{
    if (!keep(s, d->uri, &hit->uri) || !keep(s, d->title, &hit->title) ||
        !keep(s, d->source, &hit->source) || !keep(s, d->date, &hit->date) ||
        !keep(s, d->lang, &hit->lang) || !keep(s, d->type, &hit->type))
        return sx_fail_oom(err);
    return SX_OK;
}

static sx_status read_hit(struct search *s, const struct ranked *top, struct sx_hit *hit,
                          struct sx_error *err)
{
    struct stored_doc d;
    bool found;
    sx_status rc = doc_find(&s->r->c, DOC_KEY_ID, str_make(NULL, 0), top->rowid, &d, &found, err);

    if (rc != SX_OK)
        return rc;
    if (!found)
        return sx_fail(err, SX_ECORRUPT, "the index names document %lld, which is not there",
                       (long long)top->rowid);
    hit->score = top->score;
    hex_encode(d.hash, DOC_HASH_BYTES, hit->doc);
    rc = doc_text(&s->r->c, &d, err);
    if (rc == SX_ECORRUPT) { /* no word of it is quoted; the others are still good */
        struct sx_str told = arena_str(&s->mem, str_of(err->msg));
        warn(s, told.ptr == NULL ? str_of("a document fails its checksum") : told);
        d.doc.title = str_make(NULL, 0);
        d.doc.body = str_make(NULL, 0);
        rc = SX_OK;
    } else if (rc == SX_OK && s->ask->snippets > 0) {
        rc = read_snippets(s, hit, &d.doc, err);
    }
    if (rc == SX_OK)
        rc = copy_values(s, hit, &d.doc, err);
    if (rc == SX_OK && s->ask->match != SX_MATCH_ALL)
        rc = read_missing(s, hit, top, err);
    doc_done(&s->r->c);
    return rc;
}

static sx_status read_hits(struct search *s, struct sx_error *err)
{
    size_t offset = s->ask->offset;
    size_t count = s->run.top.count > offset ? s->run.top.count - offset : 0;
    sx_status rc = SX_OK;

    s->hits = arena_array(&s->mem, count, sizeof(*s->hits));
    if (s->hits == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < count && rc == SX_OK; i++) {
        if (i > 0 && page_over(s)) {
            s->res.partial = true;
            break;
        }
        s->hits[i].rank = offset + i + 1;
        rc = read_hit(s, &s->run.top.heap[offset + i], &s->hits[i], err);
        s->res.hit_count = i + 1;
    }
    s->res.hits = s->hits;
    return rc == SX_OK && cancelled(s) ? sx_fail(err, SX_ECANCELLED, "the request was cancelled")
                                       : rc;
}

/* ---- the calls ------------------------------------------------------------------------------- */

static sx_status on_snapshot(struct search *s, struct sx_error *err)
{
    s->res.generation = s->snap.generation;
    s->res.coverage = reader_coverage(s->r, &s->snap);
    s->res.engine = "fts5";
    db_limit(&s->r->c, &s->ask->limits);
    sx_status rc = plan(s, &s->r->c, &s->r->stemmer, false, err);
    if (rc == SX_OK)
        rc = find(s, err);
    db_unlimit(&s->r->c);
    if (rc != SX_OK)
        return rc;
    if (s->ask->limits.deadline_ns != 0) {
        uint64_t now = clock_now_ns();
        s->until = (now > s->ask->limits.deadline_ns ? now : s->ask->limits.deadline_ns) + PAGE_NS;
    }
    return read_hits(s, err);
}

sx_status sx_reader_search(struct sx_reader *r, const struct sx_search *ask,
                           struct sx_results **out, struct sx_error *err)
{
    struct sx_error own;
    struct search *s = search_new();

    *out = NULL;
    err = err == NULL ? &own : err;
    if (s == NULL)
        return sx_fail_oom(err);
    s->r = r;
    s->ask = ask;
    sx_status rc = check_window(ask, err);
    if (rc == SX_OK)
        rc = parse(s, ask->query, r->an, err);
    if (rc == SX_OK)
        rc = reader_begin(r, &s->snap, err);
    if (rc == SX_OK) {
        rc = on_snapshot(s, err);
        reader_end(r);
    }
    if (rc != SX_OK) {
        sx_results_free(&s->res);
        return rc;
    }
    *out = &s->res;
    return SX_OK;
}

static sx_status count_snapshot(struct search *s, struct sx_count *out, struct sx_error *err)
{
    enum reading reading = s->ask->match == SX_MATCH_ALL ? READ_ALL : READ_ANY;

    db_limit(&s->r->c, &s->ask->limits);
    sx_status rc = plan(s, &s->r->c, &s->r->stemmer, false, err);
    s->run.p = &s->plan;
    s->run.docs = &s->r->memory->docs;
    s->run.match = s->ask->match;
    if (rc == SX_OK && s->plan.root != NULL) {
        rc = weigh_leaves(s->r, &s->snap, &s->plan, err);
        if (rc == SX_OK)
            rc = run_init(&s->run, err);
        if (rc == SX_OK)
            rc = run_pass(&s->run, &s->r->c, reading, err);
    }
    db_unlimit(&s->r->c);
    *out = (struct sx_count){s->run.total, s->run.total_all, s->snap.generation,
                             reader_coverage(s->r, &s->snap)};
    return rc;
}

sx_status sx_reader_count(struct sx_reader *r, struct sx_str query, enum sx_match match,
                          const struct sx_limits *limits, struct sx_count *out,
                          struct sx_error *err)
{
    struct sx_search ask = {.query = query, .match = match};
    struct sx_error own;
    struct search *s = search_new();

    err = err == NULL ? &own : err;
    if (s == NULL)
        return sx_fail_oom(err);
    if (limits != NULL)
        ask.limits = *limits;
    s->r = r;
    s->ask = &ask;
    sx_status rc = parse(s, query, r->an, err);
    if (rc == SX_OK)
        rc = reader_begin(r, &s->snap, err);
    if (rc == SX_OK) {
        rc = count_snapshot(s, out, err);
        reader_end(r);
    }
    sx_results_free(&s->res);
    return rc;
}

sx_status sx_query_parse(struct sx_str query, struct sx_results **out, struct sx_error *err)
{
    struct analyzer *an = analyzer_new();
    struct search *s = search_new();
    struct sx_error own;
    sx_status rc;

    *out = NULL;
    err = err == NULL ? &own : err;
    if (an == NULL || s == NULL)
        rc = sx_fail_oom(err);
    else
        rc = parse(s, query, an, err);
    analyzer_free(an);
    if (rc == SX_OK)
        *out = &s->res;
    else
        sx_results_free(s == NULL ? NULL : &s->res);
    return rc;
}

/* ---- deletion by query: on the writer's connection, so that it sees the open transaction ---- */

struct victims {
    int64_t *ids;
    size_t count, cap;
};

static sx_status note_victim(void *arg, int64_t rowid)
{
    struct victims *v = arg;

    if (v->count == v->cap) {
        size_t cap = v->cap == 0 ? 256 : v->cap * 2;
        int64_t *grown = mem_realloc(v->ids, cap * sizeof(*grown));
        if (grown == NULL)
            return SX_ENOMEM;
        v->ids = grown;
        v->cap = cap;
    }
    v->ids[v->count++] = rowid;
    return SX_OK;
}

static sx_status find_victims(struct sx_index *ix, struct sx_str query, struct victims *v,
                              struct sx_error *err)
{
    struct search *s = search_new();
    struct stemmer *stemmer = NULL;

    if (s == NULL)
        return sx_fail_oom(err);
    s->run.p = &s->plan;
    s->run.docs = &ix->memory->docs;
    s->run.match = SX_MATCH_ALL;
    s->run.each = note_victim;
    s->run.each_ctx = v;
    sx_status rc = parse(s, query, ix->an, err);
    if (rc == SX_OK)
        rc = plan(s, &ix->w, &stemmer, true, err);
    stemmer_free(stemmer);
    if (rc == SX_OK && s->plan.root != NULL) {
        rc = run_init(&s->run, err);
        if (rc == SX_OK)
            rc = run_pass(&s->run, &ix->w, READ_ALL, err);
        if (rc == SX_ENOMEM)
            sx_fail_oom(err);
    }
    sx_results_free(&s->res);
    return rc;
}

sx_status sx_index_delete_query(struct sx_index *ix, struct sx_str query, size_t *deleted,
                                struct sx_error *err)
{
    struct victims v = {0};
    struct sx_error own;

    err = err == NULL ? &own : err;
    *deleted = 0;
    sx_status rc = write_begin(ix, err);
    if (rc != SX_OK)
        return rc;
    rc = find_victims(ix, query, &v, err);
    for (size_t i = 0; i < v.count && rc == SX_OK; i++)
        rc = write_delete_id(ix, v.ids[i], err);
    if (rc == SX_OK)
        *deleted = v.count;
    mem_free(v.ids);
    /* SQLite rolls back when so much as a read fails, and says nothing of it. */
    bool of_query = rc == SX_EQUERY || rc == SX_EREQUEST || rc == SX_ETOOLARGE;
    return rc == SX_OK || of_query ? rc : write_doom(ix, rc, err);
}
