/* Threads that do for the writer and for upkeep what needs no index: analyse, invert. Who gives a task
 * goes on, and waits for it when its outcome is due; a task that none of the threads has begun is then
 * done by who waits. So nothing is ever slower than without threads, and none is needed. */
#ifndef INDEX_ENGINE_CREW_H
#define INDEX_ENGINE_CREW_H

#include <stdbool.h>

struct analyzer;
struct crew;
struct task;

/* What is done; `an` is the calling thread's own. NULL where memory ran out: such a task finds that
 * out for itself. */
typedef void (*task_fn)(struct task *t, struct analyzer *an);

/* To be embedded. Its owner keeps hands off what it is about from crew_give() to crew_wait(). */
struct task {
    task_fn run;
    struct task *next; /* that was given later */
    enum { TASK_IDLE, TASK_GIVEN, TASK_BEGUN, TASK_DONE } state;
};

/* As many threads as there are processors, less one for who gives; they start with the first task.
 * NULL: memory ran out. */
struct crew *crew_new(void);
/* No task may be left. NULL is fine. */
void crew_free(struct crew *c);
/* Threads that there would be. */
unsigned crew_threads(const struct crew *c);

/* Any thread. t->run is set. */
void crew_give(struct crew *c, struct task *t);
/* The same, before all others that were given. */
void crew_give_first(struct crew *c, struct task *t);
/* Returns when a task that was given is done, by itself if need be, with `an`. */
void crew_wait(struct crew *c, struct task *t, struct analyzer *an);
/* Takes a task back that none has begun; waits for it if one has. An idle task is fine. */
void crew_cancel(struct crew *c, struct task *t);

#endif
