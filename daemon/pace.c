/* sched_setscheduler(2). */
#include "daemon/pace.h"

#include <sched.h>

/* Of this thread. */
static bool take_policy(int policy)
{
    const struct sched_param none = {0};
    return sched_setscheduler(0, policy, &none) == 0;
}

void pace_begin(struct pace *p)
{
    /* Asked for what it is, so that a filter of system calls shows at the start. */
    *p = (struct pace){.able = sched_getscheduler(0) == SCHED_OTHER && take_policy(SCHED_OTHER)};
}

void pace_set(struct pace *p, bool behind)
{
    if (p->able && p->behind != behind) {
        p->able = take_policy(behind ? SCHED_BATCH : SCHED_OTHER);
        p->behind = behind;
    }
}
