/* Group commit: whoever waits while a commit runs shares the next one, so that many small puts
 * cost one fsync. Nothing is acknowledged before its commit.
 *
 * Between commits roots are brought in line: each wholly at the start and now and then, and what a
 * watch tells of at once. */
#include "daemon/writer.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <searchd/index.h>

#include "daemon/log.h"
#include "daemon/ops.h"
#include "daemon/reply.h"
#include "daemon/watcher.h"
#include "index/base/alloc.h"
#include "index/base/clock.h"

#define BATCH_DOCS 5000
#define BATCH_BYTES ((size_t)8 << 20)
#define BATCH_NS ((uint64_t)50 * 1000000)
#define SLICE_MS 20
#define NS_PER_S ((uint64_t)1000000000)
/* Upkeep begins after a moment without a write, as whoever puts one by one should not wait for a
 * slice each time; under writes without end it gets one slice a second. */
#define QUIET_NS (NS_PER_S / 10)
#define OVERDUE_NS NS_PER_S
/* What a watch tells is gathered for so long: a tree that is removed, or unpacked, is not one sync a
 * file. */
#define GATHER_NS (NS_PER_S / 10)
/* Between two looks for a root that is gone. */
#define LOOK_NS NS_PER_S

/* The folders of a collection; handed over whole on reload. */
struct roots {
    char *paths[CONFIG_ROOTS_MAX];
    bool gone[CONFIG_ROOTS_MAX]; /* could not be begun: the writer's */
    size_t count;
    uint64_t rescan_ns;
};

struct writer {
    char *name;
    struct sx_index *index;
    struct sx_reader *reader; /* tells the generation */
    struct queue queue;
    struct mailbox *mail;
    pthread_t thread;
    _Atomic(struct roots *) news; /* loop leaves, writer takes */
    atomic_bool broken, stopping;
    /* The thread's own. */
    struct roots *roots;
    struct watcher *watcher;
    size_t root;        /* which one is being synced, or count */
    bool syncing;       /* that one has begun */
    bool again;         /* all are to be synced once more, soon */
    uint64_t stir_at;   /* when the watches are to be emptied; 0: nothing stirs */
    unsigned restarts;  /* of the processes that start readers, as told */
    size_t draining;    /* whose watch is being emptied, or count */
    bool upkeep;        /* there may be something to merge */
    uint64_t wrote_at;  /* last commit */
    uint64_t idled_at;  /* last slice */
    uint64_t rescan_at; /* when all roots are scanned again */
    uint64_t look_at;   /* when roots that are gone are looked for; 0: none is */
};

struct batch {
    struct job *head, *tail; /* answered after the commit */
    size_t docs, bytes;
    uint64_t began_ns;
    bool open; /* a transaction may have begun */
};

static void roots_free(struct roots *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->count; i++)
        mem_free(r->paths[i]);
    mem_free(r);
}

static struct roots *roots_new(const struct config_collection *conf)
{
    struct roots *r = mem_zalloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->rescan_ns = conf->rescan_s * NS_PER_S;
    for (; r->count < conf->root_count; r->count++) {
        const char *path = conf->roots[r->count];
        r->paths[r->count] = mem_strndup(path, strlen(path));
        if (r->paths[r->count] == NULL) {
            roots_free(r);
            return NULL;
        }
    }
    return r;
}

bool writer_broken(const struct writer *w)
{
    return atomic_load(&w->broken);
}

struct queue *writer_queue(struct writer *w)
{
    return &w->queue;
}

/* After any failure: a file that cannot be trusted with another write ends the process. */
static void notice_broken(struct writer *w)
{
    if (writer_broken(w) || !sx_index_broken(w->index))
        return;
    atomic_store(&w->broken, true);
    log_error("index broken collection=%s: no more writes, restart", w->name);
    mailbox_poke(w->mail);
}

static void fail(struct writer *w, struct job *job, const struct sx_error *err)
{
    job_fail(job, err);
    mailbox_post(w->mail, job);
}

/* ---- commits ---- */

static sx_status apply(struct writer *w, struct job *job, struct sx_error *err)
{
    if (writer_broken(w))
        return sx_fail(err, SX_EIO, "a write failed; the daemon is about to restart");
    if (job_stopped(job))
        return sx_fail(err, SX_ECANCELLED, "cancelled before it began");
    struct op_ctx ctx = {.index = w->index, .stopping = &w->stopping};
    return job->req.op->run(&ctx, job, err);
}

static uint64_t generation(struct writer *w)
{
    struct sx_stats stats = {0};
    return sx_reader_stats(w->reader, &stats, NULL) == SX_OK ? stats.generation : 0;
}

/* Ends the transaction and answers everybody in it. */
static void batch_end(struct writer *w, struct batch *b)
{
    struct sx_error err = {.offset = SX_NO_OFFSET};
    sx_status rc = SX_OK;
    uint64_t now = 0;
    if (b->head != NULL)
        rc = sx_index_commit(w->index, &err);
    else if (b->open)
        sx_index_rollback(w->index); /* every call failed: nothing to keep */
    if (rc != SX_OK) {
        log_error("commit failed collection=%s code=%s docs=%zu why=\"%s\"", w->name,
                  sx_status_name(rc), b->docs, err.msg);
        if (rc == SX_EREADONLY) /* the fsync behind it failed */
            err.code = SX_EIO;
        notice_broken(w);
    } else if (b->head != NULL) {
        now = generation(w);
        w->upkeep = true;
    }
    w->wrote_at = clock_now_ns();
    while (b->head != NULL) {
        struct job *job = b->head;
        b->head = job->next;
        if (rc == SX_OK) {
            reply_u64(&job->reply, "generation", now);
            reply_end(&job->reply);
        } else {
            job_fail(job, &err);
        }
        mailbox_post(w->mail, job);
    }
    *b = (struct batch){.began_ns = clock_now_ns()};
}

/* Whether a write failed by its own fault: the transaction then is as it was before it, and stays
 * open for those it shares it with. After any other failure it is lost. */
static bool own_fault(sx_status code)
{
    return code == SX_EREQUEST || code == SX_ETOOLARGE || code == SX_EQUERY ||
           code == SX_ECANCELLED || code == SX_EVERSION;
}

static void batch_add(struct writer *w, struct batch *b, struct job *job)
{
    struct sx_error err = {.offset = SX_NO_OFFSET};
    bool alone = job->req.op->alone;
    if (alone)
        batch_end(w, b);
    b->open = !alone;
    if (apply(w, job, &err) != SX_OK) {
        if (err.code == SX_EREADONLY)
            err.code = SX_EIO;
        /* A transaction that is lost is lost for those before, and for nobody who comes after. */
        if (!own_fault(err.code))
            batch_end(w, b);
        fail(w, job, &err);
        notice_broken(w);
        return;
    }
    if (alone) {
        w->upkeep = true;
        mailbox_post(w->mail, job);
        return;
    }
    w->again = w->again || job->req.op->rescan;
    b->docs += job->req.doc_count;
    b->bytes += job->cost;
    job->next = NULL;
    if (b->head == NULL)
        b->head = job;
    else
        b->tail->next = job;
    b->tail = job;
}

static void run_batch(struct writer *w, struct job *job)
{
    struct batch b = {.began_ns = clock_now_ns()};
    while (job != NULL) {
        batch_add(w, &b, job);
        if (b.docs >= BATCH_DOCS || b.bytes >= BATCH_BYTES ||
            clock_now_ns() - b.began_ns >= BATCH_NS)
            break;
        job = queue_pop(&w->queue, 0);
    }
    batch_end(w, &b);
}

/* ---- between commits ---- */

static void take_news(struct writer *w)
{
    struct roots *news = atomic_exchange(&w->news, NULL);
    if (news == NULL)
        return;
    roots_free(w->roots);
    w->roots = news;
    watcher_clear(w->watcher);
    sx_sync_end(w->index);
    w->look_at = 0;
    w->root = 0;
    w->syncing = false;
    w->stir_at = 0;
    w->draining = news->count;
    w->rescan_at = 0;
}

static void tell_file(void *ctx, const struct sx_sync_event *ev)
{
    struct writer *w = ctx;
    if (ev->reason != NULL)
        log_debug("file failed collection=%s stage=%s path=\"%s\" why=\"%s\"", w->name, ev->stage,
                  ev->path, ev->reason);
}

/* Of a sync of changes none, as they may be of several. */
static const char *synced_root(const struct writer *w, const struct sx_sync_progress *p)
{
    return p->paths || w->root >= w->roots->count ? "" : w->roots->paths[w->root];
}

static void tell_sync(struct writer *w, const struct sx_sync_progress *p)
{
    if (p->added + p->updated + p->moved + p->removed == 0)
        return;
    log_info("synced collection=%s root=\"%s\" files=%llu added=%llu updated=%llu moved=%llu "
             "removed=%llu failed=%llu",
             w->name, synced_root(w, p), (unsigned long long)p->files, (unsigned long long)p->added,
             (unsigned long long)p->updated, (unsigned long long)p->moved,
             (unsigned long long)p->removed, (unsigned long long)p->failed);
    w->upkeep = true;
}

static void sync_failed(struct writer *w, const char *root, const struct sx_error *err)
{
    log_warn("sync failed collection=%s root=\"%s\" code=%s why=\"%s\"", w->name, root,
             sx_status_name(err->code), err->msg);
    notice_broken(w);
}

static void tell_restarts(struct writer *w, unsigned restarts)
{
    if (restarts > w->restarts)
        log_warn("readers restarted collection=%s times=%u: what starts them was killed", w->name,
                 restarts - w->restarts);
    w->restarts = restarts;
}

/* A slice of a sync that runs. What fails is left for the next scan, of changes for one soon. */
static void sync_slice(struct writer *w)
{
    struct sx_error err = {.offset = SX_NO_OFFSET};
    bool more;
    sx_status rc = sx_sync_step(w->index, SLICE_MS, &more, tell_file, w, &err);
    struct sx_sync_progress p = sx_sync_progress(w->index);
    tell_restarts(w, p.restarts);
    if (rc != SX_OK)
        sync_failed(w, synced_root(w, &p), &err);
    else if (!more)
        tell_sync(w, &p);
    w->again = w->again || p.missed || (rc != SX_OK && p.paths);
    if (!more && !p.paths && w->syncing) {
        w->syncing = false;
        w->root++;
    }
}

/* Before it is looked through, so that no change comes in between. */
static void watch_root(struct writer *w, const char *root)
{
    const char *lacks;
    watcher_open(w->watcher, w->root, root, &lacks);
    if (lacks != NULL)
        log_warn("not all is watched collection=%s root=\"%s\" why=\"%s\"; changes are found "
                 "every %llu s",
                 w->name, root, lacks, (unsigned long long)(w->roots->rescan_ns / NS_PER_S));
}

/* A folder that cannot be read is told and left for the next scan. */
static void begin_root(struct writer *w)
{
    struct sx_error err = {.offset = SX_NO_OFFSET};
    const char *root = w->roots->paths[w->root];
    watch_root(w, root);
    w->syncing = sx_sync_begin(w->index, root, &err) == SX_OK;
    w->roots->gone[w->root] = !w->syncing;
    if (w->syncing)
        return;
    sync_failed(w, root, &err);
    w->root++;
    w->look_at = clock_now_ns() + LOOK_NS;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && access(path, R_OK | X_OK) == 0;
}

/* A folder that is put back is synced at once; no watch can tell of it. */
static void look_for_roots(struct writer *w)
{
    bool any = false;
    if (w->look_at == 0 || clock_now_ns() < w->look_at)
        return;
    for (size_t i = 0; i < w->roots->count; i++) {
        any = any || w->roots->gone[i];
        w->again = w->again || (w->roots->gone[i] && is_folder(w->roots->paths[i]));
    }
    w->look_at = any ? clock_now_ns() + LOOK_NS : 0;
}

/* Takes what a watch has to tell. It may have more by and by: it is asked again. */
static void drain_watch(struct writer *w)
{
    struct sx_error err = {.offset = SX_NO_OFFSET};
    struct sx_watch_news news = {.all = true};
    struct sx_watch *watch = watcher_get(w->watcher, w->draining++);
    sx_status rc = SX_OK;
    if (watch == NULL)
        return;
    rc = sx_watch_take(watch, &news, &err);
    if (rc == SX_OK && news.lost)
        w->again = true;
    if (rc == SX_OK && !news.all && news.count == 0)
        return;
    w->stir_at = clock_now_ns() + GATHER_NS;
    if (rc == SX_OK && !news.all)
        rc = sx_sync_begin_paths(w->index, news.paths, news.count, &err);
    /* what cannot be told apart is looked for everywhere */
    w->again = w->again || rc != SX_OK || news.all;
}

static void upkeep_slice(struct writer *w)
{
    struct sx_error err = {.offset = SX_NO_OFFSET};
    bool more = false;
    if (sx_index_maintain(w->index, SLICE_MS, &more, &err) != SX_OK) {
        log_warn("upkeep failed collection=%s code=%s why=\"%s\"", w->name,
                 sx_status_name(err.code), err.msg);
        more = false; /* again after the next commit */
        notice_broken(w);
    }
    w->upkeep = more;
}

/* Those of a stale index wait for its rebuild. */
static bool has_roots(const struct writer *w)
{
    return w->roots->count > 0 && !sx_index_stale(w->index, NULL);
}

static bool roots_left(const struct writer *w)
{
    return has_roots(w) && w->root < w->roots->count;
}

/* There are watches to be emptied now. */
static bool stirring(struct writer *w)
{
    if (!has_roots(w))
        return false;
    if (watcher_stirred(w->watcher) && w->stir_at == 0)
        w->stir_at = clock_now_ns() + GATHER_NS;
    if (w->stir_at != 0 && clock_now_ns() >= w->stir_at) {
        w->stir_at = 0;
        w->draining = 0;
    }
    return w->draining < w->roots->count;
}

static bool overdue(const struct writer *w)
{
    return clock_now_ns() - w->idled_at >= OVERDUE_NS;
}

/* What a watch tells comes first: a file that changed does not wait for all that are read at the
 * start. */
static void sync_some(struct writer *w)
{
    if (!sx_sync_progress(w->index).changes && stirring(w))
        drain_watch(w);
    if (roots_left(w) && !w->syncing)
        begin_root(w);
    if (sx_sync_progress(w->index).left) /* at once: under writes there is but a slice a second */
        sync_slice(w);
    if (w->root == w->roots->count && w->rescan_at == 0)
        w->rescan_at = clock_now_ns() + w->roots->rescan_ns;
}

/* Whether there is something for sync_some(). */
static bool sync_left(struct writer *w)
{
    return has_roots(w) && (roots_left(w) || stirring(w) || sx_sync_progress(w->index).left);
}

static void idle_slice(struct writer *w)
{
    if (writer_broken(w))
        return;
    look_for_roots(w);
    if (!roots_left(w) && has_roots(w) && (w->again || clock_now_ns() >= w->rescan_at)) {
        w->again = false;
        w->root = 0;
        w->rescan_at = 0;
    }
    if (sync_left(w))
        sync_some(w);
    else if (w->upkeep && (overdue(w) || clock_now_ns() >= w->wrote_at + QUIET_NS))
        upkeep_slice(w);
    w->idled_at = clock_now_ns();
}

/* Until when the thread may sleep. */
static uint64_t next_wake(struct writer *w)
{
    if (writer_broken(w))
        return QUEUE_FOREVER;
    if (sync_left(w) || (w->again && has_roots(w)))
        return 0;
    uint64_t at = has_roots(w) ? w->rescan_at : QUEUE_FOREVER;
    if (has_roots(w) && w->stir_at != 0 && w->stir_at < at)
        at = w->stir_at;
    if (has_roots(w) && w->look_at != 0 && w->look_at < at)
        at = w->look_at;
    if (w->upkeep && w->wrote_at + QUIET_NS < at)
        at = w->wrote_at + QUIET_NS;
    return at;
}

static void *work(void *arg)
{
    struct writer *w = arg;
    for (;;) {
        struct job *job = queue_pop(&w->queue, next_wake(w));
        if (job != NULL)
            run_batch(w, job);
        else if (queue_closed(&w->queue))
            break;
        take_news(w);
        if (job == NULL || overdue(w))
            idle_slice(w);
    }
    return NULL;
}

/* ---- life ---- */

static void writer_free(struct writer *w)
{
    sx_reader_close(w->reader);
    watcher_stop(w->watcher);
    roots_free(w->roots);
    roots_free(atomic_load(&w->news));
    mem_free(w->name);
    mem_free(w);
}

sx_status writer_start(struct writer **out, const char *name, struct sx_index *index,
                       const struct config_collection *conf, size_t max_bytes, struct mailbox *mail,
                       struct sx_error *err)
{
    *out = NULL;
    struct writer *w = mem_zalloc(1, sizeof *w);
    if (w == NULL)
        return sx_fail_oom(err);
    w->index = index;
    w->mail = mail;
    w->upkeep = true;
    w->name = mem_strndup(name, strlen(name));
    w->roots = roots_new(conf);
    sx_status rc = w->name == NULL || w->roots == NULL ? sx_fail_oom(err)
                                                       : sx_reader_open(&w->reader, index, err);
    if (rc == SX_OK && !queue_init(&w->queue, WRITER_JOBS_MAX, max_bytes))
        rc = sx_fail(err, SX_EINTERNAL, "a queue cannot be made");
    if (rc != SX_OK) {
        writer_free(w);
        return rc;
    }
    w->draining = w->roots->count;
    rc = watcher_start(&w->watcher, &w->queue, err);
    if (rc != SX_OK) {
        queue_release(&w->queue);
        writer_free(w);
        return rc;
    }
    if (pthread_create(&w->thread, NULL, work, w) != 0) {
        watcher_stop(w->watcher); /* it wakes the queue */
        w->watcher = NULL;
        queue_release(&w->queue);
        writer_free(w);
        return sx_fail(err, SX_EINTERNAL, "the writer's thread cannot be started");
    }
    *out = w;
    return SX_OK;
}

void writer_interrupt(struct writer *w)
{
    atomic_store(&w->stopping, true);
}

void writer_stop(struct writer *w)
{
    if (w == NULL)
        return;
    queue_close(&w->queue);
    pthread_join(w->thread, NULL);
    watcher_stop(w->watcher);
    w->watcher = NULL;
    queue_release(&w->queue);
    writer_free(w);
}

sx_status writer_reload(struct writer *w, const struct config_collection *conf,
                        struct sx_error *err)
{
    struct roots *news = roots_new(conf);
    if (news == NULL)
        return sx_fail_oom(err);
    roots_free(atomic_exchange(&w->news, news));
    queue_wake(&w->queue);
    return SX_OK;
}
