/* The handler jumps back to where the thread entered its guard. */
#include "index/blockmax/guard.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

/* ThreadSanitizer blocks all signals in a handler, which the jump back has to undo; else nothing is
 * blocked, and a mask need not be asked for. */
#ifdef __SANITIZE_THREAD__
#define SAVES_MASK 1
#else
#define SAVES_MASK 0
#endif

struct guard {
    sigjmp_buf back;
    const void *at;
};

static _Thread_local struct guard *entered;
static struct sigaction before;

static void handle(int signal, siginfo_t *info, void *context)
{
    struct guard *g = entered;

    if (g != NULL) {
        g->at = info->si_addr;
        siglongjmp(g->back, 1);
    }
    if (before.sa_flags & SA_SIGINFO) {
        before.sa_sigaction(signal, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(signal);
    } else {
        sigaction(signal, &before, NULL); /* it comes again, and ends the process */
    }
}

void guard_install(void)
{
    static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
    struct sigaction act, now;

    memset(&act, 0, sizeof(act));
    act.sa_sigaction = handle;
    /* The jump back leaves no mask behind that would have to be restored. */
    act.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
    pthread_mutex_lock(&once);
    sigaction(SIGBUS, NULL, &now);
    if (!(now.sa_flags & SA_SIGINFO) || now.sa_sigaction != handle) {
        before = now;
        sigaction(SIGBUS, &act, NULL);
    }
    pthread_mutex_unlock(&once);
}

bool guard_run(void (*fn)(void *ctx), void *ctx, const void **at)
{
    struct guard g;

    *at = NULL;
    if (sigsetjmp(g.back, SAVES_MASK) != 0) {
        *at = entered->at;
        entered = NULL;
        return false;
    }
    entered = &g;
    fn(ctx);
    entered = NULL;
    return true;
}

void guard_blame(struct segment *const *segments, size_t count, const void *at)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *from = segments[i]->bytes;
        if ((const uint8_t *)at >= from && (const uint8_t *)at < from + segments[i]->size)
            atomic_store(&segments[i]->damaged, true);
    }
}
