/* Indexing all documents anew, which an index needs whose words another analyzer has made: FTS5 must
 * be told to remove exactly the words that it was given, so until then nothing can be put or deleted.
 *
 * All is one transaction. Readers go on with what was there before; any failure leaves just that. */
#include "index/engine/index.h"

#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/text/analyzer.h"

/* SQLite looks at the limits while a statement runs; this is between a few documents. */
static sx_status check_limits(const struct sx_limits *l, struct sx_error *err)
{
    if (l->stop != NULL && l->stop(l->stop_ctx))
        return sx_fail(err, SX_ECANCELLED, "the rebuild was stopped");
    if (l->deadline_ns != 0 && clock_now_ns() > l->deadline_ns)
        return sx_fail(err, SX_ETIMEOUT, "the deadline passed");
    return SX_OK;
}

static sx_status reindex(struct sx_index *ix, struct prepared *p, struct prepared_doc *d,
                         struct sx_error *err)
{
    sx_status rc = write_reindex(ix, p, d, err);

    ix->next.docs++;
    ix->next.title_words += d->d.title_len;
    ix->next.body_words += d->d.body_len;
    ix->next.sum += doc_sum(d->d.id, d->d.put_checksum, d->d.title_len, d->d.body_len);
    return rc;
}

/* While the documents that were read first are indexed, those behind them are analysed. */
static sx_status reindex_docs(struct sx_index *ix, const struct sx_limits *limits,
                              struct sx_error *err)
{
    struct pipeline *a = &ix->pipeline;
    struct prepared *p;
    int64_t id = 0;
    bool more = true;
    sx_status rc = SX_OK;

    while (rc == SX_OK) {
        while (rc == SX_OK && more && (p = pipeline_room(a)) != NULL) {
            rc = prepared_read(p, &ix->w, &id, INT64_MAX, &more, err);
            if (p->count > 0)
                pipeline_give(a, ix->crew);
        }
        p = rc == SX_OK ? pipeline_next(a, ix->crew, ix->an) : NULL;
        if (p == NULL)
            break;
        rc = check_limits(limits, err);
        for (size_t i = 0; i < p->count && rc == SX_OK; i++)
            rc = reindex(ix, p, &p->docs[i], err);
        pipeline_done(a, 0);
    }
    pipeline_stop(a, ix->crew);
    return rc;
}

static sx_status reindex_all(struct sx_index *ix, const struct sx_limits *limits,
                             struct sx_error *err)
{
    sx_status rc = db_call(&ix->w, ST_FTS_CLEAR, "remove the words", err);

    ix->next.docs = 0;
    ix->next.title_words = 0;
    ix->next.body_words = 0;
    ix->next.sum = 0;
    ix->next.analyzer = ANALYZER_VERSION;
    if (rc == SX_OK)
        rc = reindex_docs(ix, limits, err);
    return rc == SX_OK ? languages_renew(ix, err) : rc;
}

sx_status sx_index_rebuild(struct sx_index *ix, const struct sx_limits *limits, uint64_t *docs,
                           struct sx_error *err)
{
    const struct sx_limits none = {0};

    *docs = 0;
    limits = limits == NULL ? &none : limits;
    if (ix->in_transaction || ix->doom.code != SX_OK)
        return sx_fail(err, SX_EBUSY, "a transaction is open: commit it before a rebuild");
    ix->coming = memory_new();
    if (ix->coming == NULL)
        return sx_fail_oom(err);
    sx_status rc = write_begin(ix, err);
    if (rc == SX_OK) {
        db_limit(&ix->w, limits);
        rc = reindex_all(ix, limits, err);
        db_unlimit(&ix->w);
    }
    if (rc == SX_OK)
        rc = sx_index_commit(ix, err);
    else
        sx_index_rollback(ix);
    if (rc == SX_OK)
        *docs = ix->committed.docs;
    return rc;
}
