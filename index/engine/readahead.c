/* One lock for the order of files and the stage of each; a thread that has claimed a file works on
 * it without the lock. A file that the writer has dropped belongs to the thread that works on it. */
#include "index/engine/readahead.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "index/base/alloc.h"
#include "index/base/clock.h"
#include "index/base/cores.h"
#include "index/base/str.h"
#include "index/ingest/walk.h"

#define THREADS_MAX 8
#define HEAD_BYTES ((size_t)1 << 20) /* of a long file: by which its kind is known */
/* Two changes within so long may have one time: file systems take it from a clock that ticks, some
 * in whole seconds, or two. */
#define TICK_NS 50000000
#define COARSE_TICK_NS INT64_C(2000000000)

enum stage {
    GIVEN,
    READING,   /* a thread has it */
    ASKING,    /* the writer is to say whether it may have moved */
    ANSWERED,  /* it has: to be extracted */
    TOO_LARGE, /* to be read when its turn has come */
    DONE
};

struct readahead_own {
    struct readahead *ahead;
    enum stage stage; /* under the lock */
    bool turn;        /* when a thread claimed it all before it were written */
    atomic_bool dropped;
    size_t held;         /* bytes that it has of READAHEAD_BYTES; under the lock */
    struct analyzer *an; /* of the thread that has it; NULL: memory ran out */
    struct buf bytes;    /* of the file, until they are extracted; of a long one the first */
    int fd;              /* of a long one; else -1 */
    struct finds found;  /* by the thread */
    struct finds ready;  /* for the writer; under the lock */
    bool outgrew;        /* more was found than is held beside others */
    size_t failures;     /* of it that are in its finds */
};

struct readahead {
    struct sx_extract *x;
    bool keep_boilerplate;
    pthread_t threads[THREADS_MAX];
    unsigned count;
    pthread_mutex_t lock;
    pthread_cond_t work, taken; /* for the threads: a file to be read, a part that is gone */
    pthread_cond_t news;        /* for the writer */
    struct readahead_file *files[READAHEAD_FILES];
    size_t first, given;
    size_t held; /* by all in hand, dropped ones too */
    bool ending;
};

static struct readahead_file *file_at(const struct readahead *a, size_t i)
{
    return a->files[(a->first + i) % READAHEAD_FILES];
}

/* The bytes, wherever they are. */
static void let_go(struct readahead_own *own)
{
    buf_release(&own->bytes);
    if (own->fd >= 0)
        close(own->fd);
    own->fd = -1;
}

static void file_free(struct readahead_file *f)
{
    let_go(f->own);
    finds_release(&f->own->found);
    finds_release(&f->own->ready);
    buf_release(&f->uri);
    mem_free(f->own);
    mem_free(f->path);
    mem_free(f);
}

/* Under the lock. */
static void hold(struct readahead *a, struct readahead_file *f, size_t bytes)
{
    a->held = a->held - f->own->held + bytes;
    f->own->held = bytes;
}

/* ---- a thread: reading -------------------------------------------------------------------------- */

static enum stage unreadable(struct readahead_file *f, sx_status rc)
{
    f->outcome = rc == SX_ENOTFOUND ? READAHEAD_GONE : READAHEAD_UNREADABLE;
    f->rc = rc;
    return DONE;
}

static sx_status too_large(struct readahead_file *f, uint64_t max)
{
    return sx_fail(&f->err, SX_ETOOLARGE, "file of %llu bytes is larger than %llu",
                   (unsigned long long)f->facts.size, (unsigned long long)max);
}

/* Some more bytes; 0: the end. */
static ssize_t read_some(int fd, char *to, size_t len)
{
    ssize_t n;

    do
        n = read(fd, to, len);
    while (n < 0 && errno == EINTR);
    return n;
}

/* A file that no process holds whole: its kind by its first bytes, its hash by all. */
static sx_status read_long(struct readahead_file *f)
{
    struct readahead_own *own = f->own;
    struct sha256 h;
    ssize_t n = 0;
    char *room = buf_reserve(&own->bytes, HEAD_BYTES);

    if (room == NULL)
        return sx_fail_oom(&f->err);
    sha256_init(&h);
    while (own->bytes.len < HEAD_BYTES &&
           (n = read_some(own->fd, room + own->bytes.len, HEAD_BYTES - own->bytes.len)) > 0)
        buf_advance(&own->bytes, (size_t)n);
    f->media = media_detect(f->path, buf_str(&own->bytes));
    if (!ingest_is_long(f->media))
        return too_large(f, INGEST_FILE_MAX);
    sha256_update(&h, own->bytes.data, own->bytes.len);
    room = mem_alloc(HEAD_BYTES);
    while (room != NULL && !own->dropped && n > 0 && (n = read_some(own->fd, room, HEAD_BYTES)) > 0)
        sha256_update(&h, room, (size_t)n);
    sha256_final(&h, f->hash);
    if (room == NULL)
        return sx_fail_oom(&f->err);
    mem_free(room);
    return n < 0 ? sx_fail_errno(&f->err, "cannot read", f->path) : SX_OK;
}

/* Reads and hashes it, and finds out what it is. SX_ETOOLARGE, too, when it is not its turn. */
static sx_status read_bytes(struct readahead_file *f, const struct sx_extract *x)
{
    struct readahead_own *own = f->own;
    struct sha256 h;
    sx_status rc = file_open_in_place(f->path, &own->fd, &f->facts, &f->err);

    if (rc != SX_OK) {
        own->fd = -1;
        return rc;
    }
    int64_t age = clock_wall_ns() - f->facts.changed_ns;
    int64_t tick = f->facts.changed_ns % 1000000000 == 0 ? COARSE_TICK_NS : TICK_NS;
    f->fresh = age > -tick && age < tick;
    if (f->facts.size > (own->turn ? INGEST_LONG_MAX : READAHEAD_FILE_BYTES))
        return too_large(f, INGEST_LONG_MAX);
    if (f->facts.size > INGEST_FILE_MAX && x != NULL)
        return read_long(f);
    if (f->facts.size > INGEST_FILE_MAX)
        return too_large(f, INGEST_FILE_MAX);
    rc = file_read_open(own->fd, f->path, INGEST_FILE_MAX, &own->bytes, &f->err);
    close(own->fd);
    own->fd = -1;
    sha256_init(&h);
    sha256_update(&h, own->bytes.data, own->bytes.len);
    sha256_final(&h, f->hash);
    f->media = media_detect(f->path, buf_str(&own->bytes));
    return rc;
}

/* Reads and hashes; says what comes next. */
static enum stage look(struct readahead_file *f, struct sx_extract *x)
{
    bool turn = f->own->turn;
    sx_status rc;

    if (f->size > READAHEAD_FILE_BYTES && !turn) /* as listed */
        return TOO_LARGE;
    buf_clear(&f->uri); /* it may be looked at once more */
    let_go(f->own);
    walk_uri(f->path, &f->uri);
    rc = buf_ok(&f->uri) ? read_bytes(f, x) : sx_fail_oom(&f->err);
    if (rc == SX_ETOOLARGE && !turn) /* it has grown */
        return TOO_LARGE;
    if (rc != SX_OK)
        return unreadable(f, rc);
    if (f->known.has_hash && memcmp(f->hash, f->known.hash, sizeof(f->hash)) == 0) {
        f->outcome = READAHEAD_UNCHANGED;
        return DONE;
    }
    rc = extract_ready(x, f->media, &f->err);
    if (rc != SX_OK)
        return unreadable(f, rc);
    return f->known.id == 0 ? ASKING : ANSWERED;
}

/* ---- a thread: extracting ------------------------------------------------------------------------ */

/* Prepares what was found, while the writer is busy with what came before. */
static void prepare(struct readahead_own *own)
{
    if (!own->dropped)
        finds_prepare(&own->found, own->an);
}

/* Hands over what was found, once the writer has taken what came before. SX_ECANCELLED: it wants
 * no more. */
static sx_status hand_over(struct readahead_file *f)
{
    struct readahead_own *own = f->own;
    struct readahead *a = own->ahead;

    prepare(own);
    pthread_mutex_lock(&a->lock);
    while (own->ready.first != NULL && !own->dropped)
        pthread_cond_wait(&a->taken, &a->lock);
    bool dropped = own->dropped;
    if (!dropped) {
        own->ready = own->found;
        own->found = (struct finds){0};
        pthread_cond_signal(&a->news);
    }
    pthread_mutex_unlock(&a->lock);
    return dropped ? SX_ECANCELLED : SX_OK;
}

/* Too much is held: a part is handed over, in the file's turn; else SX_ELIMIT. */
static sx_status make_room(struct readahead_file *f)
{
    if (!f->own->turn) {
        f->own->outgrew = true;
        return SX_ELIMIT;
    }
    if (!f->parts) /* it is the writer's to read, once it is set */
        f->parts = true;
    return hand_over(f);
}

static sx_status take_doc(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    struct readahead_file *f = ctx;
    struct readahead_own *own = f->own;
    sx_status rc = own->dropped ? SX_ECANCELLED : SX_OK;

    if (rc == SX_OK &&
        own->found.mem.used >= (f->parts ? READAHEAD_PART_BYTES : READAHEAD_FILE_BYTES))
        rc = make_room(f);
    if (rc != SX_OK)
        return sx_fail(err, rc, "given up");
    return finds_doc(&own->found, doc, line, err);
}

/* A file may fail in every line: of more than are told it takes no memory to know. */
static bool is_told(struct readahead_file *f)
{
    bool told = f->own->failures < FINDS_FAILED_MAX;

    f->own->failures += told;
    f->untold += !told;
    return told;
}

static void take_line(void *ctx, size_t line, const struct sx_error *why)
{
    struct readahead_file *f = ctx;

    if (is_told(f))
        finds_line(&f->own->found, line, why);
}

static void take_item(void *ctx, struct sx_str uri, const struct sx_error *why)
{
    struct readahead_file *f = ctx;

    if (is_told(f))
        finds_item(&f->own->found, uri, why);
}

static void extract_once(struct readahead_file *f, const struct readahead *a)
{
    const struct ingest_options options = {.keep_boilerplate = a->keep_boilerplate};
    const struct ingest_sink sink = {.doc = take_doc,
                                     .failed = take_line,
                                     .item = take_item,
                                     .ctx = f,
                                     .options = &options,
                                     .stopped = &f->own->dropped};
    struct readahead_own *own = f->own;
    struct sx_str uri = buf_str(&f->uri);

    own->failures = 0;
    f->untold = 0;
    if (own->fd >= 0)
        f->rc = extract_read_long(a->x, f->media, uri, own->fd, f->facts.size, &sink, &f->err);
    else
        f->rc = extract_read(a->x, f->media, uri, buf_str(&own->bytes), &sink, &f->err);
}

static enum stage extract(struct readahead_file *f, const struct readahead *a)
{
    struct readahead_own *own = f->own;

    f->outcome = READAHEAD_READ;
    own->outgrew = false;
    extract_once(f, a);
    if (f->rc == SX_EBUSY && !f->parts) { /* its reader was taken away: another may do better */
        finds_release(&own->found);
        extract_once(f, a);
    }
    if (own->found.oom)
        f->rc = sx_fail_oom(&f->err);
    if (own->outgrew) {
        finds_release(&own->found);
        return TOO_LARGE;
    }
    let_go(own);
    if (f->parts)
        hand_over(f);
    else
        prepare(own);
    return DONE;
}

/* ---- a thread: its life -------------------------------------------------------------------------- */

/* The first that can be worked on. The writer waits for the first of all, so that this one is begun
 * whatever is held. */
static struct readahead_file *choose(const struct readahead *a)
{
    for (size_t i = 0; i < a->given; i++) {
        struct readahead_file *f = file_at(a, i);
        if (f->own->stage == ANSWERED)
            return f;
        if (f->own->stage == GIVEN && (i == 0 || a->held < READAHEAD_BYTES))
            return f;
        if (f->own->stage == TOO_LARGE && i == 0)
            return f;
    }
    return NULL;
}

static void settle(struct readahead *a, struct readahead_file *f, enum stage stage)
{
    struct readahead_own *own = f->own;

    if (own->dropped) {
        hold(a, f, 0);
        file_free(f);
        return;
    }
    if (stage == DONE && !f->parts) {
        own->ready = own->found;
        own->found = (struct finds){0};
    }
    if (stage == TOO_LARGE)
        let_go(own);
    own->stage = stage;
    hold(a, f, own->bytes.len + finds_memory(&own->ready));
    if (stage == ASKING || f == file_at(a, 0))
        pthread_cond_signal(&a->news);
    if (stage == TOO_LARGE && f == file_at(a, 0)) /* its turn came meanwhile */
        pthread_cond_signal(&a->work);
}

/* One step of a file; the lock is let go meanwhile. *an is made when it is wanted first: of most files
 * the hash says that they are not changed. */
static void work_on(struct readahead *a, struct readahead_file *f, struct analyzer **an)
{
    enum stage stage = f->own->stage;

    f->own->stage = READING;
    f->own->turn = f == file_at(a, 0);
    if (stage == GIVEN)
        hold(a, f, f->size < READAHEAD_FILE_BYTES ? f->size : READAHEAD_FILE_BYTES);
    pthread_mutex_unlock(&a->lock);
    if (stage != ANSWERED)
        stage = look(f, a->x);
    if (stage == ANSWERED) {
        if (*an == NULL)
            *an = analyzer_new();
        f->own->an = *an;
        stage = extract(f, a);
    }
    pthread_mutex_lock(&a->lock);
    settle(a, f, stage);
}

static void *run(void *arg)
{
    struct readahead *a = arg;
    struct analyzer *an = NULL;

    pthread_mutex_lock(&a->lock);
    while (!a->ending) {
        struct readahead_file *f = choose(a);
        if (f != NULL)
            work_on(a, f, &an);
        else
            pthread_cond_wait(&a->work, &a->lock);
    }
    pthread_mutex_unlock(&a->lock);
    analyzer_free(an);
    return NULL;
}

/* ---- the threads --------------------------------------------------------------------------------- */

static unsigned threads_for(const struct sx_extract *x)
{
    unsigned want = x != NULL ? extract_helpers(x) : cores_online();

    return want < THREADS_MAX ? want : THREADS_MAX;
}

/* Signals are for whoever had them before. */
static void start_threads(struct readahead *a)
{
    unsigned want = threads_for(a->x);
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (a->count < want && pthread_create(&a->threads[a->count], NULL, run, a) == 0)
        a->count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

sx_status readahead_open(struct readahead **out, struct sx_extract *x, bool keep_boilerplate,
                         struct sx_error *err)
{
    struct readahead *a = mem_zalloc(1, sizeof(*a));
    pthread_condattr_t attr;

    *out = NULL;
    if (a == NULL)
        return sx_fail_oom(err);
    a->x = x;
    a->keep_boilerplate = keep_boilerplate;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->work, NULL);
    pthread_cond_init(&a->taken, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&a->news, &attr);
    pthread_condattr_destroy(&attr);
    start_threads(a);
    if (a->count == 0) {
        readahead_close(a);
        return sx_fail(err, SX_EINTERNAL, "a thread that reads files cannot be started");
    }
    *out = a;
    return SX_OK;
}

void readahead_close(struct readahead *a)
{
    if (a == NULL)
        return;
    readahead_drop_all(a);
    pthread_mutex_lock(&a->lock);
    a->ending = true;
    pthread_cond_broadcast(&a->work);
    pthread_mutex_unlock(&a->lock);
    for (unsigned i = 0; i < a->count; i++)
        pthread_join(a->threads[i], NULL);
    pthread_cond_destroy(&a->news);
    pthread_cond_destroy(&a->taken);
    pthread_cond_destroy(&a->work);
    pthread_mutex_destroy(&a->lock);
    mem_free(a);
}

/* ---- the writer ---------------------------------------------------------------------------------- */

bool readahead_has_room(const struct readahead *a)
{
    return a->given < READAHEAD_FILES; /* which only the writer changes */
}

sx_status readahead_give(struct readahead *a, const char *path, uint64_t size,
                         const struct file_row *known, struct sx_error *err)
{
    struct readahead_file *f = mem_zalloc(1, sizeof(*f));
    struct readahead_own *own = mem_zalloc(1, sizeof(*own));
    char *copy = mem_strndup(path, strlen(path));

    if (f == NULL || own == NULL || copy == NULL) {
        mem_free(f);
        mem_free(own);
        mem_free(copy);
        return sx_fail_oom(err);
    }
    *own = (struct readahead_own){.ahead = a, .stage = GIVEN, .fd = -1};
    *f = (struct readahead_file){.path = copy, .size = size, .known = *known, .own = own};
    f->err.offset = SX_NO_OFFSET;
    pthread_mutex_lock(&a->lock);
    a->files[(a->first + a->given++) % READAHEAD_FILES] = f;
    pthread_cond_signal(&a->work);
    pthread_mutex_unlock(&a->lock);
    return SX_OK;
}

static struct readahead_file *asking(const struct readahead *a)
{
    for (size_t i = 0; i < a->given; i++)
        if (file_at(a, i)->own->stage == ASKING)
            return file_at(a, i);
    return NULL;
}

struct readahead_file *readahead_asks(struct readahead *a)
{
    pthread_mutex_lock(&a->lock);
    struct readahead_file *f = asking(a);
    pthread_mutex_unlock(&a->lock);
    return f;
}

void readahead_answer(struct readahead *a, struct readahead_file *f, bool may_have_moved)
{
    pthread_mutex_lock(&a->lock);
    f->outcome = READAHEAD_MOVED;
    f->own->stage = may_have_moved ? DONE : ANSWERED;
    pthread_cond_signal(&a->work);
    pthread_mutex_unlock(&a->lock);
}

static bool is_ready(const struct readahead_file *f)
{
    return f->own->stage == DONE || f->own->ready.first != NULL;
}

void readahead_wait(struct readahead *a, uint64_t deadline, struct readahead_file **out)
{
    const struct timespec until = {.tv_sec = (time_t)(deadline / 1000000000u),
                                   .tv_nsec = (long)(deadline % 1000000000u)};
    struct readahead_file *f = file_at(a, 0);
    int rc = 0;

    pthread_mutex_lock(&a->lock);
    while (rc == 0 && !is_ready(f) && asking(a) == NULL)
        rc = pthread_cond_timedwait(&a->news, &a->lock, &until);
    *out = is_ready(f) ? f : NULL;
    pthread_mutex_unlock(&a->lock);
}

bool readahead_take(struct readahead *a, struct readahead_file *f, struct finds *part)
{
    pthread_mutex_lock(&a->lock);
    while (!is_ready(f))
        pthread_cond_wait(&a->news, &a->lock);
    bool any = f->own->ready.first != NULL;
    *part = f->own->ready;
    f->own->ready = (struct finds){0};
    pthread_cond_broadcast(&a->taken);
    pthread_mutex_unlock(&a->lock);
    return any;
}

void readahead_outdate(struct readahead *a, int64_t file)
{
    for (size_t i = 0; a != NULL && i < a->given; i++)
        if (file_at(a, i)->known.id == file)
            file_at(a, i)->outdated = true;
}

/* Under the lock. */
static void drop(struct readahead *a)
{
    struct readahead_file *f = file_at(a, 0);

    a->first = (a->first + 1) % READAHEAD_FILES;
    a->given--;
    f->own->dropped = true;
    if (f->own->stage == READING)
        return; /* the thread that has it frees it */
    hold(a, f, 0);
    file_free(f);
}

void readahead_drop(struct readahead *a)
{
    pthread_mutex_lock(&a->lock);
    drop(a);
    pthread_cond_broadcast(&a->taken);
    pthread_cond_broadcast(&a->work);
    pthread_mutex_unlock(&a->lock);
}

void readahead_drop_all(struct readahead *a)
{
    if (a == NULL)
        return;
    pthread_mutex_lock(&a->lock);
    while (a->given > 0)
        drop(a);
    pthread_cond_broadcast(&a->taken);
    pthread_mutex_unlock(&a->lock);
}
