/* Opening and closing: the lock, the file, what memory keeps of it, readers. */
#include "index/engine/index.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/file.h"
#include "index/base/str.h"
#include "index/blockmax/guard.h"
#include "index/blockmax/memo.h"
#include "index/engine/documents.h"
#include "index/engine/segfiles.h"
#include "index/ingest/reader.h"
#include "index/store/schema.h"
#include "index/text/analyzer.h"

static sx_status load(struct sx_index *ix, struct sx_error *err)
{
    struct reach_docs docs = {NULL, 0};
    sx_status rc = state_get(&ix->w, &ix->committed, err);

    if (rc != SX_OK)
        return rc;
    atomic_store(&ix->analyzer, ix->committed.analyzer);
    termcache_start(ix->memory->terms, ix->committed.generation);
    rc = documents_load(ix, &docs, err);
    ix->next = ix->committed;
    if (rc == SX_OK) {
        bool stale = sx_index_stale(ix, NULL);
        reach_open(ix,
                   stale ? segset_new(NULL, 0, 0) : segfiles_load(ix->dir, ix->committed.analyzer),
                   &docs);
        rc = languages_load(ix, err);
    }
    mem_free(docs.bits);
    return rc == SX_ENOMEM ? sx_fail_oom(err) : rc;
}

/* dir/name, the caller's to free. */
static char *path_in(const char *dir, const char *name)
{
    struct buf b = {0};

    buf_printf(&b, "%s/%s", dir, name);
    if (buf_cstr(&b) == NULL)
        buf_release(&b);
    return b.data;
}

static sx_status lock_folder(struct sx_index *ix, uint64_t wait_ms, struct sx_error *err)
{
    char *lock = path_in(ix->dir, "lock");
    sx_status rc;

    if (lock == NULL)
        return sx_fail_oom(err);
    rc = file_make_dirs(ix->dir, err);
    if (rc == SX_OK)
        rc = file_lock(lock, wait_ms, &ix->lock_fd, err);
    mem_free(lock);
    return rc;
}

static sx_status open_parts(struct sx_index *ix, const struct sx_index_options *opt,
                            struct sx_error *err)
{
    sx_status rc;

    if (opt != NULL && opt->existing && access(ix->path, F_OK) != 0)
        return sx_fail(err, SX_ENOTFOUND, "there is no index in '%s'", ix->dir);
    rc = languages_init(ix, opt, err);
    if (rc == SX_OK)
        rc = lock_folder(ix, opt == NULL ? 0 : opt->lock_wait_ms, err);
    if (rc != SX_OK)
        return rc;
    ix->an = analyzer_new();
    ix->memory = memory_new();
    ix->cursors = cursors_new();
    ix->crew = crew_new();
    if (ix->an == NULL || ix->memory == NULL || ix->cursors == NULL || ix->crew == NULL)
        return sx_fail_oom(err);
    rc = db_open(&ix->w, ix->path, true, ix->relaxed, err);
    if (rc == SX_OK)
        rc = schema_prepare(&ix->w, err);
    if (rc == SX_OK)
        rc = db_open_vocab(&ix->w, err);
    if (rc == SX_OK)
        rc = load(ix, err);
    return rc;
}

sx_status sx_index_open(struct sx_index **out, const char *dir, const struct sx_index_options *opt,
                        struct sx_error *err)
{
    struct sx_index *ix = mem_zalloc(1, sizeof(*ix));

    *out = NULL;
    if (ix == NULL)
        return sx_fail_oom(err);
    guard_install();
    ix->lock_fd = -1;
    ix->words_max = WORDS_BYTES_MAX;
    ix->relaxed = opt != NULL && opt->relaxed;
    ix->keep_boilerplate = opt != NULL && opt->keep_boilerplate;
    ix->extract = opt == NULL ? NULL : opt->extract;
    pthread_mutex_init(&ix->lock, NULL);
    ix->dir = mem_strndup(dir, strlen(dir));
    ix->path = path_in(dir, "index.db");
    ix->syncs = syncs_new();
    sx_status rc = ix->dir == NULL || ix->path == NULL || ix->syncs == NULL
                       ? sx_fail_oom(err)
                       : open_parts(ix, opt, err);
    if (rc != SX_OK) {
        sx_index_close(ix);
        return rc;
    }
    upkeep_start(ix);
    *out = ix;
    return SX_OK;
}

void sx_index_close(struct sx_index *ix)
{
    if (ix == NULL)
        return;
    syncs_free(ix->syncs);
    if (ix->w.sq != NULL) {
        sx_index_rollback(ix);
        upkeep_stop(ix);
        /* Closing the last connection checkpoints the whole WAL and removes it. */
        db_close(&ix->w);
    }
    if (ix->lock_fd >= 0)
        close(ix->lock_fd);
    memory_free(ix->memory);
    cursors_free(ix->cursors);
    deltas_release(&ix->deltas);
    buf_release(&ix->fresh);
    languages_release(ix);
    reach_changes_release(&ix->changes);
    crew_free(ix->crew);
    pipeline_release(&ix->pipeline);
    prepared_release(&ix->one);
    prepared_release(&ix->gone);
    analyzer_free(ix->an);
    pthread_mutex_destroy(&ix->lock);
    mem_free(ix->dir);
    mem_free(ix->path);
    mem_free(ix);
}

sx_status sx_reader_open(struct sx_reader **out, struct sx_index *ix, struct sx_error *err)
{
    struct sx_reader *r = mem_zalloc(1, sizeof(*r));

    *out = NULL;
    if (r == NULL)
        return sx_fail_oom(err);
    r->ix = ix;
    r->an = analyzer_new();
    sx_status rc = r->an == NULL ? sx_fail_oom(err) : db_open(&r->c, ix->path, false, false, err);
    if (rc != SX_OK) {
        sx_reader_close(r);
        return rc;
    }
    *out = r;
    return SX_OK;
}

void sx_reader_close(struct sx_reader *r)
{
    if (r == NULL)
        return;
    sx_reader_release(r);
    if (r->c.sq != NULL)
        db_close(&r->c);
    analyzer_free(r->an);
    stemmer_free(r->stemmer);
    pool_release(&r->pool);
    memo_free(r->memo);
    mem_free(r);
}

sx_status reader_begin(struct sx_reader *r, struct state *snap, struct sx_error *err)
{
    if (r->held && !db_in_transaction(&r->c)) /* SQLite ends one that a failure has hit */
        return sx_fail(err, SX_EIO, "the snapshot that was held is lost");
    if (r->held) {
        *snap = r->held_snap;
        return SX_OK;
    }
    r->memory = memory_pin(r->ix);
    sx_status rc = db_begin_read(&r->c, err);
    if (rc == SX_OK)
        rc = state_get(&r->c, snap, err);
    if (rc != SX_OK) {
        reader_end(r);
        return rc;
    }
    r->memory = memory_follow(r->ix, r->memory, snap->generation);
    r->reached = reach_take(r->ix, r->memory, snap);
    return SX_OK;
}

void reader_end(struct sx_reader *r)
{
    doc_done(&r->c);
    words_leave(r);
    if (r->held)
        return;
    db_rollback(&r->c);
    pool_clear(&r->pool);
    reach_drop(r->reached);
    r->reached = NULL;
    memory_unpin(r->ix, r->memory);
    r->memory = NULL;
}

sx_status sx_reader_hold(struct sx_reader *r, struct sx_error *err)
{
    struct sx_error own;
    sx_status rc = reader_begin(r, &r->held_snap, err == NULL ? &own : err);

    r->held = rc == SX_OK;
    return rc;
}

void sx_reader_release(struct sx_reader *r)
{
    if (!r->held)
        return;
    r->held = false;
    reader_end(r);
}

bool sx_index_stale(const struct sx_index *ix, struct sx_error *why)
{
    uint64_t made = atomic_load(&ix->analyzer);

    if (made == ANALYZER_VERSION)
        return false;
    sx_fail(why, SX_EVERSION,
            "the index was made by analyzer %llu, this searchd has %d: it takes no writes until it"
            " is rebuilt (operation rebuild)",
            (unsigned long long)made, ANALYZER_VERSION);
    return true;
}

struct sx_coverage reader_coverage(const struct sx_reader *r, const struct state *snap)
{
    struct sx_coverage cov = {snap->docs, snap->failed, atomic_load(&r->ix->pending)};

    return cov;
}

static char version[160];

static void fill_version(void)
{
    snprintf(version, sizeof(version), "searchd %s, SQLite %s, %s, %s", SEARCHD_VERSION,
             db_library_version(), analyzer_library_version(), ingest_library_version());
}

const char *sx_version(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, fill_version);
    return version;
}
