/* Deletion by query: on the writer's connection, so that it sees the open transaction. */
#include "index/base/alloc.h"
#include "index/engine/search.h"

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
    sx_status rc = search_parse(s, query, ix->an, err);
    /* What was put since the last commit has words, too, that others are forms of or near to. */
    if (rc == SX_OK)
        rc = languages_feed(ix, err);
    if (rc == SX_OK)
        rc = search_plan(s, &ix->w, &stemmer, true, err);
    stemmer_free(stemmer);
    if (rc == SX_OK && s->plan.root != NULL) {
        rc = run_init(&s->run, err);
        if (rc == SX_OK)
            rc = run_pass(&s->run, &ix->w, READ_ALL, err);
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
