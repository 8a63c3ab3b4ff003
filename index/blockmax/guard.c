/* The handler jumps back to where the thread entered its guard. */
#include "index/blockmax/guard.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

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

static void install(void)
{
    struct sigaction act;

    memset(&act, 0, sizeof(act));
    act.sa_sigaction = handle;
    /* The jump back leaves no mask behind that would have to be restored. */
    act.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
    sigaction(SIGBUS, &act, &before);
}

void guard_install(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, install);
}

bool guard_run(void (*fn)(void *ctx), void *ctx, const void **at)
{
    struct guard g;

    *at = NULL;
    if (sigsetjmp(g.back, 0) != 0) {
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
