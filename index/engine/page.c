/* The documents of a page, each with what shows the query best. */
#include <string.h>

#include "index/base/clock.h"
#include "index/base/sha256.h"
#include "index/base/str.h"
#include "index/engine/search.h"

static bool page_over(void *arg)
{
    const struct search *s = arg;

    return search_cancelled(s) || (s->until != 0 && clock_now_ns() > s->until);
}

static void show(struct shown *s, const struct leaf *l, uint32_t number, const struct sx_str *terms,
                 size_t count)
{
    s->leaves[s->count++] = (struct passage_leaf){
        .leaf = number,
        .terms = terms,
        .term_count = count,
        .prefix = l->ast->kind == AST_PREFIX,
        .span = l->ast->span,
        .only_near = l->asked == 0 && !l->compound,
        /* a word in every document weighs nothing, yet is worth showing */
        .weight = l->weight + 1e-3,
    };
}

static bool stands_in(const struct ast *n, enum sx_field field)
{
    return n->field == AST_ANY || (n->field == AST_TITLE) == (field == SX_FIELD_TITLE);
}

/* The NEARs whose words may all stand in this field; `numbers` are of leaves among those shown. */
static sx_status list_near(struct search *s, struct shown *to, const uint32_t *numbers,
                           struct sx_error *err)
{
    to->near = arena_array(&s->mem, s->plan.leaf_count + 1, sizeof(*to->near));
    if (to->near == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < s->plan.leaf_count; i++) {
        const struct leaf *l = &s->plan.leaves[i];
        bool all = l->asked > 0 && l->operand_count > 0;
        for (size_t k = 0; k < l->operand_count && all; k++)
            all = numbers[l->operands[k]] != UINT32_MAX;
        if (!all)
            continue;
        uint32_t *leaves = arena_array(&s->mem, l->operand_count, sizeof(*leaves));
        if (leaves == NULL)
            return sx_fail_oom(err);
        for (size_t k = 0; k < l->operand_count; k++)
            leaves[k] = numbers[l->operands[k]];
        to->near[to->near_count++] =
            (struct passage_near){leaves, l->operand_count, l->ast->distance};
    }
    return SX_OK;
}

/* Every spelling of every leaf that is wanted in this field. */
static sx_status list_leaves(struct search *s, enum sx_field field, struct sx_error *err)
{
    struct shown *to = &s->shown[field];
    size_t count = 0;

    for (size_t i = 0; i < s->plan.leaf_count; i++)
        count += 2 + s->plan.leaves[i].form_count;
    uint32_t *numbers = arena_array(&s->mem, s->plan.leaf_count + 1, sizeof(*numbers));
    to->leaves = arena_array(&s->mem, count + 1, sizeof(*to->leaves));
    if (to->leaves == NULL || numbers == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < s->plan.leaf_count; i++) {
        const struct leaf *l = &s->plan.leaves[i];
        numbers[i] = UINT32_MAX;
        if (!leaf_is_wanted(l) || l->operand_count > 0 || !stands_in(l->ast, field))
            continue;
        uint32_t number = (uint32_t)to->count;
        numbers[i] = number;
        show(to, l, number, l->ast->terms, l->ast->term_count);
        if (l->ast->whole.len > 0 && !l->ast->paired)
            show(to, l, number, &l->ast->whole, 1);
        for (size_t k = 0; k < l->form_count; k++)
            show(to, l, number, &l->forms[k], 1);
    }
    return list_near(s, to, numbers, err);
}

static sx_status prepare_shown(struct search *s, enum sx_field field, struct sx_error *err)
{
    struct shown *to = &s->shown[field];

    if (to->finder != NULL)
        return SX_OK;
    sx_status rc = list_leaves(s, field, err);
    if (rc != SX_OK)
        return rc;
    return passage_prepare(&(struct passage_query){to->leaves, to->count, to->near, to->near_count},
                           &s->mem, &to->finder, err);
}

/* The page on which byte `at` of the body stands, by {"page_bytes":[0,812,…]}: where each begins.
 * (A string cannot hold that key as it is written here: its quotes would be escaped.) */
static uint32_t page_of(struct sx_str extra, uint64_t at)
{
    static const char key[] = "\"page_bytes\":[";
    const char *p = extra.len == 0 ? NULL : memmem(extra.ptr, extra.len, key, strlen(key));
    const char *end = extra.ptr + extra.len;
    uint32_t page = 0;

    for (p = p == NULL ? end : p + strlen(key); p < end && *p >= '0' && *p <= '9'; p++) {
        uint64_t begin = 0;
        for (; p < end && *p >= '0' && *p <= '9' && begin <= SX_TEXT_MAX; p++)
            begin = begin * 10 + (uint64_t)(*p - '0');
        if (begin > at)
            break;
        page++;
        if (p == end || *p != ',')
            break;
    }
    return page;
}

/* What a passage is cited for: its first word that was asked for, else its beginning. */
static uint64_t page_mark(const struct passage *p)
{
    return p->start + (p->mark_count > 0 ? p->marks[0].start : 0);
}

static sx_status add_snippets(struct search *s, struct sx_hit *hit, struct sx_snippet *out,
                              enum sx_field field, const struct sx_doc *d, bool or_beginning,
                              struct sx_error *err)
{
    struct sx_str text = field == SX_FIELD_TITLE ? d->title : d->body;
    struct passage found[SX_SNIPPETS_MAX];
    size_t count = 0;
    sx_status rc = prepare_shown(s, field, err);

    if (rc == SX_OK)
        rc = passage_find(s->shown[field].finder, s->r->an, text,
                          s->ask->snippets - hit->snippet_count, page_over, s, found, &count, err);
    for (size_t i = 0; i < count && rc == SX_OK; i++) {
        struct passage *p = &found[i];
        struct sx_str copy = arena_str(&s->mem, str_make(text.ptr + p->start, p->end - p->start));
        if (copy.ptr == NULL)
            return sx_fail_oom(err);
        if (p->worth > 0 || or_beginning)
            out[hit->snippet_count++] = (struct sx_snippet){
                .field = field,
                .text = copy,
                .marks = p->marks,
                .mark_count = p->mark_count,
                .start = p->start,
                .end = p->end,
                .page = field == SX_FIELD_BODY ? page_of(d->extra, page_mark(p)) : 0};
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
    sx_status rc = add_snippets(s, hit, out, SX_FIELD_BODY, d, false, err);
    if (rc == SX_OK && hit->snippet_count < s->ask->snippets)
        rc = add_snippets(s, hit, out, SX_FIELD_TITLE, d, false, err);
    if (rc == SX_OK && hit->snippet_count == 0)
        rc = add_snippets(s, hit, out, SX_FIELD_BODY, d, true, err);
    return rc;
}

/* An item as it is printed, once for all hits that lack it. */
static struct sx_str print_item(struct search *s, struct cond *item)
{
    struct buf text = {0};

    if (item->printed.ptr == NULL) {
        query_print(item->ast, true, &text);
        if (buf_ok(&text))
            item->printed = arena_str(&s->mem, buf_str(&text));
        buf_release(&text);
    }
    return item->printed;
}

/* `tf`: by leaf, more than 0 where it stands in the document. */
static sx_status read_missing(struct search *s, struct sx_hit *hit, int64_t rowid,
                              const struct phrase_tf *tf, struct sx_error *err)
{
    const struct docrow *row = doctable_get(&s->r->memory->docs, rowid);

    if (s->lacked == NULL)
        s->lacked = arena_array(&s->mem, s->plan.cond_count, sizeof(struct cond *));
    if (s->lacked == NULL)
        return sx_fail_oom(err);
    hit->missing_count = plan_missing(&s->plan, tf, row, &s->r->memory->docs, s->lacked);
    struct sx_str *missing = arena_array(&s->mem, hit->missing_count, sizeof(*missing));
    hit->missing = missing;
    for (size_t i = 0; missing != NULL && i < hit->missing_count; i++) {
        missing[i] = print_item(s, s->lacked[i]);
        if (missing[i].ptr == NULL)
            missing = NULL;
    }
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

/* Row and text of a document. *found false: there is none; SX_ECORRUPT with *found: its text is not
 * what was stored. */
static sx_status find_stored(struct db *c, int64_t rowid, struct stored_doc *d, bool *found,
                             struct sx_error *err)
{
    sx_status rc = doc_whole(c, rowid, d, found, err);

    if (rc == SX_OK && *found)
        return SX_OK;
    if (rc != SX_OK && rc != SX_ECORRUPT) {
        *found = false;
        return rc;
    }
    rc = doc_find(c, DOC_KEY_ID, str_make(NULL, 0), rowid, d, found, err);
    *found = rc == SX_OK && *found;
    return *found ? doc_text(c, d, err) : rc;
}

/* The document itself, once it is known what matches. */
static sx_status read_stored(struct search *s, int64_t rowid, struct sx_hit *hit,
                             struct sx_error *err)
{
    struct stored_doc d;
    bool found;
    sx_status rc = find_stored(&s->r->c, rowid, &d, &found, err);

    if (rc == SX_OK && !found)
        return sx_fail(err, SX_ECORRUPT, "the index names document %lld, which is not there",
                       (long long)rowid);
    if (!found)
        return rc;
    hex_encode(d.hash, DOC_HASH_BYTES, hit->doc);
    if (rc == SX_ECORRUPT) { /* no word of it is quoted; the others are still good */
        struct sx_str told = arena_str(&s->mem, str_of(err->msg));
        search_warn(s, told.ptr == NULL ? str_of("a document fails its checksum") : told);
        d.doc.title = str_make(NULL, 0);
        d.doc.body = str_make(NULL, 0);
        rc = SX_OK;
    } else if (rc == SX_OK && s->ask->snippets > 0) {
        rc = read_snippets(s, hit, &d.doc, err);
    }
    if (rc == SX_OK)
        rc = copy_values(s, hit, &d.doc, err);
    doc_done(&s->r->c);
    return rc;
}

/* A document of the page: where it stands in the list, from 0. */
struct entry {
    size_t at;
    int64_t rowid;
    double score;
    const struct phrase_tf *kept; /* what the passes know of it; NULL: look again */
    bool near;                    /* whether pairs are in its score */
};

static size_t entry_count(const struct search *s)
{
    return s->list != NULL ? s->list->count : s->run.top.count;
}

static struct entry entry_at(struct search *s, size_t at)
{
    struct entry e = {.at = at};

    if (s->list != NULL) {
        e.rowid = s->list->items[at].rowid;
        e.score = s->list->items[at].score;
        e.near = s->list->head.near && at < SX_PROXIMITY_HITS;
    } else {
        const struct ranked *h = &s->run.top.heap[at];
        e.rowid = h->rowid;
        e.score = h->score;
        e.near = s->run.proximity && at < SX_PROXIMITY_HITS;
        e.kept = s->ask->explain ? NULL : run_kept(&s->run, h->slot);
    }
    return e;
}

/* *found false: it is gone since the list was made. */
static sx_status read_hit(struct search *s, const struct entry *e, struct sx_hit *hit, bool *found,
                          struct sx_error *err)
{
    const struct phrase_tf *tf = e->kept == NULL ? s->run.tf : e->kept;
    sx_status rc = SX_OK;

    *hit = (struct sx_hit){.rank = e->at + 1, .score = e->score};
    *found = true;
    if (e->kept == NULL)
        rc = run_one(&s->run, &s->r->c, e->rowid, found, err);
    if (rc != SX_OK || !*found)
        return rc;
    if (s->ask->explain)
        rc = explain_hit(s, e->rowid, e->near, hit, err);
    if (rc == SX_OK && s->ask->match != SX_MATCH_ALL)
        rc = read_missing(s, hit, e->rowid, tf, err);
    return rc == SX_OK ? read_stored(s, e->rowid, hit, err) : rc;
}

sx_status page_read(struct search *s, size_t *next, struct sx_error *err)
{
    size_t at = s->list != NULL ? s->from : s->ask->offset;
    size_t end = entry_count(s);
    sx_status rc = SX_OK;

    size_t room = end > at ? end - at : 0;
    s->hits = arena_array(&s->mem, room < s->ask->limit ? room : s->ask->limit, sizeof(*s->hits));
    if (s->hits == NULL)
        return sx_fail_oom(err);
    s->res.hits = s->hits;
    for (; at < end && s->res.hit_count < s->ask->limit; at++) {
        struct entry e = entry_at(s, at);
        bool found;
        if (s->res.hit_count > 0 && page_over(s)) {
            s->res.partial = true;
            break;
        }
        rc = read_hit(s, &e, &s->hits[s->res.hit_count], &found, err);
        if (rc != SX_OK)
            return rc;
        s->res.hit_count += found;
    }
    *next = at;
    return search_cancelled(s) ? sx_fail(err, SX_ECANCELLED, "the request was cancelled") : SX_OK;
}
