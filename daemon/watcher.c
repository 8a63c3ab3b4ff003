/* The thread knows descriptors only: epoll tells it, once for each new event, that there is
 * something to take, so that it never runs while the writer is busy elsewhere. */
#include "daemon/watcher.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <searchd/index.h>

#include "daemon/config.h"
#include "index/base/alloc.h"

struct watcher {
    struct queue *queue;
    pthread_t thread;
    int epoll, stop; /* stop: an eventfd that ends the thread */
    atomic_bool stirred;
    struct sx_watch *watches[CONFIG_ROOTS_MAX]; /* the writer's */
};

static void *watch(void *arg)
{
    struct watcher *w = arg;
    for (;;) {
        struct epoll_event ev[8];
        int n = epoll_wait(w->epoll, ev, 8, -1);
        if (n < 0 && errno != EINTR)
            return NULL;
        for (int i = 0; i < n; i++)
            if (ev[i].data.ptr == w)
                return NULL;
        if (n > 0) {
            atomic_store(&w->stirred, true);
            queue_wake(w->queue);
        }
    }
}

static bool add(struct watcher *w, int fd, void *ptr, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.ptr = ptr};
    return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev) == 0;
}

static void watcher_free(struct watcher *w)
{
    watcher_clear(w);
    if (w->epoll >= 0)
        close(w->epoll);
    if (w->stop >= 0)
        close(w->stop);
    mem_free(w);
}

sx_status watcher_start(struct watcher **out, struct queue *queue, struct sx_error *err)
{
    struct watcher *w = mem_zalloc(1, sizeof *w);
    *out = NULL;
    if (w == NULL)
        return sx_fail_oom(err);
    w->queue = queue;
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    w->stop = eventfd(0, EFD_CLOEXEC);
    if (w->epoll < 0 || w->stop < 0 || !add(w, w->stop, w, EPOLLIN) ||
        pthread_create(&w->thread, NULL, watch, w) != 0) {
        watcher_free(w);
        return sx_fail(err, SX_EINTERNAL, "the thread that watches folders cannot be started");
    }
    *out = w;
    return SX_OK;
}

void watcher_stop(struct watcher *w)
{
    if (w == NULL)
        return;
    eventfd_write(w->stop, 1);
    pthread_join(w->thread, NULL);
    watcher_free(w);
}

void watcher_clear(struct watcher *w)
{
    for (size_t i = 0; i < CONFIG_ROOTS_MAX; i++) {
        sx_watch_close(w->watches[i]); /* and epoll forgets it */
        w->watches[i] = NULL;
    }
}

void watcher_open(struct watcher *w, size_t at, const char *root, const char **lacks)
{
    static const char no_events[] = "no events can be waited for";
    struct sx_watch *old = w->watches[at];
    *lacks = NULL;
    if (old != NULL && sx_watch_lacks(old)[0] == '\0')
        return;
    sx_watch_close(old);
    w->watches[at] = NULL;
    if (sx_watch_open(&w->watches[at], root, NULL) != SX_OK)
        return; /* the sync that comes says why */
    struct sx_watch *new = w->watches[at];
    if (!add(w, sx_watch_fd(new), new, EPOLLIN | EPOLLET))
        *lacks = no_events;
    else if (sx_watch_lacks(new)[0] != '\0')
        *lacks = sx_watch_lacks(new);
}

struct sx_watch *watcher_get(struct watcher *w, size_t at)
{
    return w->watches[at];
}

bool watcher_stirred(struct watcher *w)
{
    return atomic_exchange(&w->stirred, false);
}
