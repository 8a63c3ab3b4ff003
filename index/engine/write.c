/* The life of a document: validated, its old version removed, stored and indexed in one
 * transaction, durable at commit, and known to memory exactly when readers can see it.
 *
 *   put, delete ──> transaction ──> commit: state row · memory registered · COMMIT (fsync)
 *                        │                                                     │ failed
 *                        └── any failure: doom = rollback, told by commit <────┘
 */
#include "index/engine/index.h"

#include <stdio.h>
#include <string.h>

#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/store/files.h"

#define CHECKPOINT_PAGES 512      /* 8 MB: checkpointed between commits */
#define CHECKPOINT_PAGES_MAX 4096 /* 64 MB: checkpointed at once */

/* So many documents are worth to be prepared by threads. */
#define PUT_AHEAD_MIN 16

/* ---- the transaction ----------------------------------------------------------------------- */

static void forget_transaction(struct sx_index *ix)
{
    feed_stop(ix);
    db_rollback(&ix->w);
    ix->in_transaction = false;
    ix->failed_touched = false;
    ix->next = ix->committed;
    deltas_clear(&ix->deltas);
    buf_release(&ix->fresh);
    languages_rolled_back(ix);
    memory_rolled_back(ix);
    reach_rolled_back(ix);
}

sx_status write_doom(struct sx_index *ix, sx_status rc, const struct sx_error *err)
{
    forget_transaction(ix);
    if (err != NULL)
        ix->doom = *err;
    else
        sx_fail(&ix->doom, rc, "a write failed");
    ix->doom.code = rc;
    return rc;
}

void sx_index_rollback(struct sx_index *ix)
{
    forget_transaction(ix);
    ix->doom.code = SX_OK;
}

bool sx_index_broken(const struct sx_index *ix)
{
    return atomic_load(&ix->w.fsync_failed);
}

static sx_status fail_broken(struct sx_error *err)
{
    return sx_fail(err, SX_EREADONLY,
                   "an earlier write could not be made durable: searchd must be restarted");
}

sx_status write_begin(struct sx_index *ix, struct sx_error *err)
{
    if (atomic_load(&ix->w.fsync_failed))
        return fail_broken(err);
    if (ix->doom.code != SX_OK) {
        if (err != NULL)
            *err = ix->doom;
        return ix->doom.code;
    }
    if (ix->in_transaction)
        return SX_OK;
    if (ix->coming == NULL && sx_index_stale(ix, err))
        return SX_EVERSION;
    sx_status rc = db_begin_write(&ix->w, err);
    ix->in_transaction = rc == SX_OK;
    return rc == SX_OK ? SX_OK : write_doom(ix, rc, err);
}

/* Registers the coming snapshot with memory, then commits. */
static sx_status commit_snapshot(struct sx_index *ix, struct sx_error *err)
{
    reach_close(ix);
    sx_status rc = languages_feed(ix, err);

    ix->next.generation++;
    if (rc == SX_OK && ix->failed_touched)
        rc = failed_count(&ix->w, &ix->next.failed, err);
    if (rc == SX_OK)
        rc = state_set(&ix->w, &ix->next, err);
    if (rc != SX_OK)
        return rc;
    memory_register(ix, ix->next.generation, &ix->deltas);
    reach_register(ix, ix->next.generation);
    rc = db_commit(&ix->w, err);
    if (rc != SX_OK) {
        reach_withdraw(ix);
        memory_withdraw(ix, ix->next.generation);
    }
    return rc;
}

sx_status sx_index_commit(struct sx_index *ix, struct sx_error *err)
{
    if (ix->doom.code != SX_OK) {
        sx_status rc = ix->doom.code;
        if (err != NULL)
            *err = ix->doom;
        ix->doom.code = SX_OK;
        return rc;
    }
    if (!ix->in_transaction)
        return SX_OK;
    sx_status rc = commit_snapshot(ix, err);
    if (rc != SX_OK) {
        forget_transaction(ix);
        return rc;
    }
    ix->committed = ix->next;
    atomic_store(&ix->analyzer, ix->committed.analyzer);
    ix->in_transaction = false;
    ix->failed_touched = false;
    ix->merged = false;
    deltas_clear(&ix->deltas);
    languages_committed(ix);
    memory_committed(ix);
    words_committed(ix);
    reach_committed(ix);
    buf_release(&ix->fresh);
    /* What is committed is durable; a checkpoint that fails now is told by the next one. */
    if (ix->w.wal_pages > CHECKPOINT_PAGES_MAX)
        db_checkpoint(&ix->w, false, NULL);
    return SX_OK;
}

/* ---- documents ------------------------------------------------------------------------------- */

sx_status index_remember(struct sx_index *ix, const struct stored_doc *d)
{
    if (memory_add(ix->memory, d, ix->an) != 0)
        return SX_ENOMEM;
    languages_count(ix, d->doc.lang, +1);
    return SX_OK;
}

static bool analyse(struct sx_index *ix, struct prepared *p, struct prepared_doc *d)
{
    if (prepare_analyse(p, d, ix->an) != 0)
        return false;
    d->d.title_len = d->words[0];
    d->d.body_len = d->words[1];
    return true;
}

static sx_status insert(struct sx_index *ix, struct prepared *p, struct prepared_doc *to,
                        struct sx_error *err)
{
    struct stored_doc *d = &to->d;

    if (!analyse(ix, p, to))
        return sx_fail_oom(err);
    d->id = ix->next.next_id++;
    sx_status rc = feed_put(ix, p, to, err);
    if (rc != SX_OK)
        return rc;
    ix->w.replay = prepared_replay(p, to);
    rc = doc_insert(&ix->w, d, err);
    ix->w.replay.record = NULL;
    if (rc == SX_OK && index_remember(ix, d) != SX_OK)
        rc = sx_fail_oom(err);
    ix->next.docs++;
    ix->next.title_words += d->title_len;
    ix->next.body_words += d->body_len;
    ix->next.sum += doc_sum(d->id, d->put_checksum, d->title_len, d->body_len);
    return rc;
}

sx_status write_reindex(struct sx_index *ix, struct prepared *p, struct prepared_doc *to,
                        struct sx_error *err)
{
    if (!analyse(ix, p, to))
        return sx_fail_oom(err);
    ix->w.replay = prepared_replay(p, to);
    sx_status rc = doc_reindex(&ix->w, &to->d, err);
    ix->w.replay.record = NULL;
    if (rc == SX_OK && memory_add(ix->coming, &to->d, ix->an) != 0)
        rc = sx_fail_oom(err);
    return rc;
}

/* Tells FTS5 to remove the words of a stored document, and counts them. */
static sx_status remove_words(struct sx_index *ix, struct stored_doc *d, struct sx_error *err)
{
    struct prepared *p = &ix->gone;

    prepared_clear(p);
    if (prepared_borrow(p, d) != 0 || prepare_analyse(p, &p->docs[0], ix->an) != 0)
        return sx_fail_oom(err);
    sx_status rc = feed_removed(ix, p, err);
    if (rc != SX_OK)
        return rc;
    ix->w.replay = prepared_replay(p, &p->docs[0]);
    rc = doc_remove(&ix->w, d, err);
    ix->w.replay.record = NULL;
    return rc;
}

/* Removes a document whose row doc_find() gave. */
static sx_status remove_found(struct sx_index *ix, struct stored_doc *d, struct sx_error *err)
{
    sx_status rc = doc_text(&ix->w, d, err);

    if (rc == SX_OK)
        rc = remove_words(ix, d, err);
    if (rc != SX_OK)
        return rc;
    languages_count(ix, d->doc.lang, -1);
    reach_delete(ix, d->id);
    ix->next.docs--;
    ix->next.title_words -= d->title_len;
    ix->next.body_words -= d->body_len;
    ix->next.sum -= doc_sum(d->id, d->put_checksum, d->title_len, d->body_len);
    return SX_OK;
}

/* The hash covers uri, title and body; of what is left only extra rests on the checksum. */
static bool unchanged(const struct stored_doc *old, const struct stored_doc *new)
{
    if (old->lang_detected != new->lang_detected)
        return false;
    if (old->file != new->file || old->checksum != new->checksum)
        return false;
    return memcmp(old->hash, new->hash, DOC_HASH_BYTES) == 0 &&
           str_eq(old->doc.source, new->doc.source) && str_eq(old->doc.date, new->doc.date) &&
           str_eq(old->doc.lang, new->doc.lang) && str_eq(old->doc.type, new->doc.type);
}

/* Two files that claim one uri would take its document from each other at every sync: the first
 * keeps it, and the other is told. */
static sx_status refuse_second_file(struct sx_index *ix, int64_t first, struct sx_error *err)
{
    struct buf path = {0};
    sx_status rc = file_path(&ix->w, first, &path, err);

    if (rc == SX_OK && buf_cstr(&path) == NULL)
        rc = sx_fail_oom(err);
    if (rc == SX_OK)
        rc = sx_fail_at(err, SX_EREQUEST, "uri", SX_NO_OFFSET, "its uri is taken by '%.200s'",
                        path.data);
    buf_release(&path);
    return rc;
}

static sx_status replace(struct sx_index *ix, struct prepared *p, struct prepared_doc *to,
                         size_t *replaced, struct sx_error *err)
{
    struct stored_doc *d = &to->d, old;
    bool found;
    sx_status rc = doc_find(&ix->w, DOC_KEY_URI, d->doc.uri, 0, &old, &found, err);

    if (rc == SX_OK && found && d->file != 0 && old.file != 0 && old.file != d->file) {
        doc_done(&ix->w);
        return refuse_second_file(ix, old.file, err);
    }
    if (rc == SX_OK && found) {
        if (replaced != NULL)
            (*replaced)++;
        if (unchanged(&old, d)) {
            doc_done(&ix->w);
            return SX_OK;
        }
        rc = remove_found(ix, &old, err);
    }
    doc_done(&ix->w);
    return rc == SX_OK ? insert(ix, p, to, err) : rc;
}

sx_status write_prepared(struct sx_index *ix, struct prepared *p, size_t which, size_t *replaced,
                         struct sx_error *err)
{
    prepare_describe(&p->docs[which]);
    sx_status rc = replace(ix, p, &p->docs[which], replaced, err);
    return rc == SX_OK || rc == SX_EREQUEST ? rc : write_doom(ix, rc, err);
}

sx_status write_doc(struct sx_index *ix, const struct sx_doc *doc, int64_t file, size_t *replaced,
                    struct sx_error *err)
{
    prepared_clear(&ix->one);
    if (prepared_add(&ix->one, doc, file) != 0)
        return write_doom(ix, sx_fail_oom(err), err);
    return write_prepared(ix, &ix->one, 0, replaced, err);
}

/* Adds documents from `at` on; returns where it stopped. */
static size_t fill(struct prepared *p, const struct sx_doc *docs, size_t at, size_t n)
{
    while (at < n && !prepared_is_full(p) && prepared_add(p, &docs[at], 0) == 0)
        at++;
    return at;
}

/* Waits for what is counted; what cannot be counted dooms the transaction, unless `rc` has done so. */
static sx_status wait_counted(struct sx_index *ix, sx_status rc, struct sx_error *err)
{
    err = rc == SX_OK ? err : NULL;
    sx_status counted = feed_wait(ix, err);

    return counted == SX_OK ? rc : write_doom(ix, counted, err);
}

/* Stores those of a chunk; they are counted while the next one is stored. *done counts them. */
static sx_status put_chunk(struct sx_index *ix, struct prepared *p, size_t *done, size_t *replaced,
                           struct sx_error *err)
{
    sx_status rc = SX_OK;

    feed_open(ix, p);
    for (size_t i = 0; i < p->count && rc == SX_OK; i++, (*done)++)
        rc = write_prepared(ix, p, i, replaced, err);
    rc = wait_counted(ix, rc, err);
    feed_give(ix);
    return rc;
}

/* While one of them is written, those behind it are prepared. */
static sx_status put_ahead(struct sx_index *ix, const struct sx_doc *docs, size_t n,
                           size_t *replaced, struct sx_error *err)
{
    struct pipeline *a = &ix->pipeline;
    struct prepared *p;
    size_t at = 0, done = 0;
    sx_status rc = SX_OK;

    while (rc == SX_OK && done < n) {
        while (at < n && (p = pipeline_room(a)) != NULL) {
            size_t from = at;
            at = fill(p, docs, at, n);
            if (at == from)
                break;
            pipeline_give(a, ix->crew);
        }
        p = pipeline_next(a, ix->crew, ix->an);
        if (p == NULL && a->used > 0) { /* what is counted leaves no room */
            rc = wait_counted(ix, rc, err);
            pipeline_done(a, 0);
            continue;
        }
        if (p == NULL) { /* there was no memory for a single one */
            rc = write_doc(ix, &docs[at++], 0, replaced, err);
            done++;
            continue;
        }
        rc = put_chunk(ix, p, &done, replaced, err);
        pipeline_done(a, 1);
    }
    rc = wait_counted(ix, rc, err);
    pipeline_stop(a, ix->crew);
    return rc;
}

sx_status sx_index_put(struct sx_index *ix, const struct sx_doc *docs, size_t n, size_t *replaced,
                       struct sx_error *err)
{
    struct sx_error own;
    char prefix[32];
    sx_status rc = SX_OK;

    err = err == NULL ? &own : err;
    if (replaced != NULL)
        *replaced = 0;
    for (size_t i = 0; i < n && rc == SX_OK; i++) {
        snprintf(prefix, sizeof(prefix), "docs[%zu].", i);
        rc = doc_validate(&docs[i], prefix, err);
    }
    if (rc == SX_OK)
        rc = write_begin(ix, err);
    if (rc == SX_OK && n >= PUT_AHEAD_MIN && crew_threads(ix->crew) > 0)
        return put_ahead(ix, docs, n, replaced, err);
    for (size_t i = 0; i < n && rc == SX_OK; i++)
        rc = write_doc(ix, &docs[i], 0, replaced, err);
    return rc;
}

/* ---- deletion ---------------------------------------------------------------------------------- */

static sx_status delete_by(struct sx_index *ix, enum doc_key by, struct sx_str key, int64_t id,
                           size_t *deleted, struct sx_error *err)
{
    struct stored_doc d;
    struct sx_error own;
    bool found = false;

    err = err == NULL ? &own : err;
    sx_status rc = write_begin(ix, err);
    if (rc != SX_OK)
        return rc;
    rc = doc_find(&ix->w, by, key, id, &d, &found, err);
    if (rc == SX_OK && found)
        rc = remove_found(ix, &d, err);
    doc_done(&ix->w);
    if (rc == SX_OK && found)
        (*deleted)++;
    return rc == SX_OK ? SX_OK : write_doom(ix, rc, err);
}

sx_status write_delete_id(struct sx_index *ix, int64_t id, struct sx_error *err)
{
    size_t deleted = 0;

    return delete_by(ix, DOC_KEY_ID, str_make(NULL, 0), id, &deleted, err);
}

sx_status sx_index_delete_uri(struct sx_index *ix, struct sx_str uri, size_t *deleted,
                              struct sx_error *err)
{
    *deleted = 0;
    return delete_by(ix, DOC_KEY_URI, uri, 0, deleted, err);
}

sx_status sx_index_delete_doc(struct sx_index *ix, struct sx_str hex, size_t *deleted,
                              struct sx_error *err)
{
    unsigned char hash[DOC_HASH_BYTES];

    *deleted = 0;
    if (hex.len != 2 * sizeof(hash) || hex_decode(hex.ptr, sizeof(hash), hash) != 0)
        return sx_fail_at(err, SX_EREQUEST, "doc", SX_NO_OFFSET, "doc must be 64 hex digits");
    return delete_by(ix, DOC_KEY_HASH, str_make((const char *)hash, sizeof(hash)), 0, deleted, err);
}

/* ---- between transactions -------------------------------------------------------------------- */

/* One merge of about half the budget, judged by what the last one took. */
static sx_status merge_slice(struct sx_index *ix, unsigned budget_ms, struct sx_error *err)
{
    bool worked = false;
    uint64_t start = clock_now_ns();

    if (ix->merge_pages == 0)
        ix->merge_pages = 64;
    sx_status rc = db_merge(&ix->w, ix->merge_pages, &worked, err);
    uint64_t took_ms = (clock_now_ns() - start) / 1000000u;
    if (took_ms > budget_ms && ix->merge_pages > 8)
        ix->merge_pages /= 2;
    else if (took_ms < budget_ms / 4 && ix->merge_pages < 4096)
        ix->merge_pages *= 2;
    ix->merged = !worked;
    return rc;
}

sx_status sx_index_maintain(struct sx_index *ix, unsigned budget_ms, bool *more,
                            struct sx_error *err)
{
    sx_status rc = SX_OK;

    *more = false;
    if (ix->in_transaction || ix->doom.code != SX_OK)
        return SX_OK;
    if (atomic_load(&ix->w.fsync_failed))
        return fail_broken(err);
    if (!ix->merged)
        rc = merge_slice(ix, budget_ms, err);
    if (rc == SX_OK && !sx_index_stale(ix, NULL))
        rc = languages_upkeep(ix, budget_ms, err);
    /* Once merged, the WAL is emptied: an idle daemon leaves none behind, and keeps no pages. */
    if (ix->merged && ix->w.wal_pages > 0)
        db_release_memory(&ix->w);
    if (rc == SX_OK && (ix->merged ? ix->w.wal_pages > 0 : ix->w.wal_pages > CHECKPOINT_PAGES))
        rc = db_checkpoint(&ix->w, ix->merged, err);
    *more = rc == SX_OK && !ix->merged;
    return rc;
}
