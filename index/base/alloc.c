/* The allocator: malloc with a countdown for tests, off unless mem_fail_after() set it. */
#include "index/base/alloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Allocations left before one fails; below zero: never. Relaxed order: one thread sets them. */
static atomic_long countdown = -1;
static atomic_bool fired;
static atomic_bool any_thread;      /* whether allocations of all threads count */
static _Thread_local bool counting; /* whether this thread set the countdown */

static bool must_fail(void)
{
    if (atomic_load_explicit(&countdown, memory_order_relaxed) < 0)
        return false;
    if (!counting && !atomic_load_explicit(&any_thread, memory_order_relaxed))
        return false;
    if (atomic_fetch_sub_explicit(&countdown, 1, memory_order_relaxed) > 0)
        return false;
    atomic_store(&fired, true);
    return true;
}

void *mem_alloc(size_t size)
{
    return must_fail() ? NULL : malloc(size == 0 ? 1 : size);
}

void *mem_zalloc(size_t count, size_t size)
{
    return must_fail() ? NULL : calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);
}

void *mem_alloc_huge(size_t size)
{
    void *p;

    if (must_fail() || posix_memalign(&p, HUGE_BYTES, size) != 0)
        return NULL;
#ifdef MADV_HUGEPAGE
    madvise(p, size, MADV_HUGEPAGE); /* else small pages do */
#endif
    return p;
}

void *mem_zalloc_huge(size_t size)
{
    void *p = mem_alloc_huge(size);

    return p == NULL ? NULL : memset(p, 0, size);
}

void *mem_realloc(void *p, size_t size)
{
    return must_fail() ? NULL : realloc(p, size == 0 ? 1 : size);
}

void mem_free(void *p)
{
    free(p);
}

char *mem_strndup(const char *p, size_t len)
{
    char *copy = len == SIZE_MAX ? NULL : mem_alloc(len + 1);

    if (copy == NULL)
        return NULL;
    if (len > 0)
        memcpy(copy, p, len);
    copy[len] = '\0';
    return copy;
}

static void arm(long n, bool everywhere)
{
    counting = !everywhere && n >= 0;
    atomic_store(&any_thread, everywhere);
    atomic_store(&fired, false);
    atomic_store(&countdown, n);
}

void mem_fail_after(long n)
{
    arm(n, false);
}

void mem_fail_anywhere_after(long n)
{
    arm(n, true);
}

int mem_failed(void)
{
    return atomic_load(&fired);
}
