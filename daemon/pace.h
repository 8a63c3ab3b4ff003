/* The loop's turn among the threads.
 *
 * A thread that is woken pushes another aside where no processor is free. While searches wait for
 * workers that costs more than it gives: each reply, and each request, would interrupt a search.
 * The loop then stands behind (sched(7), SCHED_BATCH): it takes its turn when a worker's is over,
 * a few milliseconds, and finds more to do at once. */
#ifndef DAEMON_PACE_H
#define DAEMON_PACE_H

#include <stdbool.h>

struct pace {
    bool able, behind;
};

/* For the thread that calls, as pace_set() is. A thread that somebody gave another policy than the
 * usual one keeps it, and so does one that may not change it. */
void pace_begin(struct pace *p);
void pace_set(struct pace *p, bool behind);

#endif
