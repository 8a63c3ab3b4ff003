/* Indexing all documents anew, which an index needs whose words another analyzer has made: FTS5 must
 * be told to remove exactly the words that it was given, so until then nothing can be put or deleted.
 *
 * All is one transaction. Readers go on with what was there before; any failure leaves just that. */
#include "index/engine/index.h"

#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/text/analyzer.h"

/* SQLite looks at the limits while a statement runs; this is between two documents. */
static sx_status check_limits(const struct sx_limits *l, struct sx_error *err)
{
    if (l->stop != NULL && l->stop(l->stop_ctx))
        return sx_fail(err, SX_ECANCELLED, "the rebuild was stopped");
    if (l->deadline_ns != 0 && clock_now_ns() > l->deadline_ns)
        return sx_fail(err, SX_ETIMEOUT, "the deadline passed");
    return SX_OK;
}

/* The document after *id, and counts it. */
static sx_status reindex_next(struct sx_index *ix, int64_t *id, bool *found, struct sx_error *err)
{
    struct stored_doc d;
    sx_status rc = doc_find(&ix->w, DOC_KEY_AFTER, str_make(NULL, 0), *id, &d, found, err);

    if (rc == SX_OK && *found) {
        *id = d.id;
        rc = doc_text(&ix->w, &d, err);
    }
    if (rc == SX_OK && *found)
        rc = write_reindex(ix, &d, err);
    doc_done(&ix->w);
    if (rc != SX_OK || !*found)
        return rc;
    ix->next.docs++;
    ix->next.title_words += d.title_len;
    ix->next.body_words += d.body_len;
    ix->next.sum += doc_sum(d.id, d.put_checksum, d.title_len, d.body_len);
    return SX_OK;
}

static sx_status reindex_all(struct sx_index *ix, const struct sx_limits *limits,
                             struct sx_error *err)
{
    int64_t id = 0;
    bool found = true;
    sx_status rc = db_call(&ix->w, ST_FTS_CLEAR, "remove the words", err);

    ix->next.docs = 0;
    ix->next.title_words = 0;
    ix->next.body_words = 0;
    ix->next.sum = 0;
    ix->next.analyzer = ANALYZER_VERSION;
    while (rc == SX_OK && found) {
        rc = check_limits(limits, err);
        if (rc == SX_OK)
            rc = reindex_next(ix, &id, &found, err);
    }
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
