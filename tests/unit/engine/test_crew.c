/* Tasks are done once each, by whomever. */
#include "index/engine/crew.h"

#include <stdatomic.h>

#include "tests/support/support.h"

#define TASKS 500

struct counting {
    struct task task;
    unsigned done; /* by one thread at a time */
};

static void count(struct task *t, struct analyzer *an)
{
    (void)an;
    ((struct counting *)(void *)t)->done++;
}

static void each_task_is_done_once(void **state)
{
    static struct counting tasks[TASKS];
    struct crew *c = crew_new();

    (void)state;
    assert_non_null(c);
    for (int round = 1; round <= 20; round++) {
        for (int i = 0; i < TASKS; i++) {
            tasks[i].task.run = count;
            crew_give(c, &tasks[i].task);
        }
        for (int i = 0; i < TASKS; i++) { /* not in the order they were given */
            struct counting *t = &tasks[i * 7 % TASKS];
            crew_wait(c, &t->task, NULL);
            assert_int_equal(t->done, round);
        }
    }
    crew_free(c);
}

/* Waits until it is let go. */
struct holding {
    struct task task;
    atomic_bool begun, let_go;
};

static void hold(struct task *t, struct analyzer *an)
{
    struct holding *h = (struct holding *)(void *)t;

    (void)an;
    atomic_store(&h->begun, true);
    while (!atomic_load(&h->let_go))
        ;
}

static void hold_all(struct crew *c, struct holding *held)
{
    for (unsigned i = 0; i < crew_threads(c); i++) {
        held[i].task.run = hold;
        crew_give(c, &held[i].task);
        while (!atomic_load(&held[i].begun))
            ;
    }
}

static void let_all_go(struct crew *c, struct holding *held)
{
    for (unsigned i = 0; i < crew_threads(c); i++) {
        atomic_store(&held[i].let_go, true);
        crew_wait(c, &held[i].task, NULL);
    }
}

static void what_nobody_has_begun_is_done_by_who_waits(void **state)
{
    struct holding held[16] = {0};
    struct counting mine = {.task.run = count};
    struct crew *c = crew_new();

    (void)state;
    hold_all(c, held);
    crew_give(c, &mine.task);
    crew_wait(c, &mine.task, NULL); /* all threads are held */
    assert_int_equal(mine.done, 1);
    let_all_go(c, held);
    crew_free(c);
}

/* Notes when it was run. */
struct noting {
    struct task task;
    atomic_uint *clock;
    unsigned at;
};

static void note(struct task *t, struct analyzer *an)
{
    struct noting *n = (struct noting *)(void *)t;

    (void)an;
    n->at = atomic_fetch_add(n->clock, 1) + 1;
}

/* All threads but one are held, so that tasks are run one by one. */
static void what_is_given_first_is_done_before_the_others(void **state)
{
    struct holding held[16] = {0};
    atomic_uint clock = 0;
    struct noting tasks[4];
    struct crew *c = crew_new();

    (void)state;
    hold_all(c, held);
    for (unsigned i = 0; i < 4; i++) {
        tasks[i] = (struct noting){.task.run = note, .clock = &clock};
        (i % 2 == 0 ? crew_give : crew_give_first)(c, &tasks[i].task);
    }
    atomic_store(&held[0].let_go, true);
    while (crew_threads(c) > 0 && atomic_load(&clock) < 4)
        ;
    for (unsigned i = 0; i < 4; i++)
        crew_wait(c, &tasks[i].task, NULL);
    if (crew_threads(c) > 0) {
        assert_int_equal(tasks[3].at, 1);
        assert_int_equal(tasks[1].at, 2);
        assert_int_equal(tasks[0].at, 3);
        assert_int_equal(tasks[2].at, 4);
    }
    let_all_go(c, held);
    crew_free(c);
}

static void a_task_can_be_taken_back(void **state)
{
    static struct counting tasks[TASKS];
    struct crew *c = crew_new();

    (void)state;
    for (int i = 0; i < TASKS; i++) {
        tasks[i].task.run = count;
        crew_cancel(c, &tasks[i].task); /* it was not given */
        crew_give(c, &tasks[i].task);
    }
    for (int i = TASKS; i-- > 0;) {
        crew_cancel(c, &tasks[i].task);
        unsigned done = tasks[i].done;
        assert_true(done <= 1);
        crew_give(c, &tasks[i].task); /* it is its owner's again */
        crew_wait(c, &tasks[i].task, NULL);
        assert_int_equal(tasks[i].done, done + 1);
    }
    crew_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_is_done_once),
        cmocka_unit_test(what_nobody_has_begun_is_done_by_who_waits),
        cmocka_unit_test(what_is_given_first_is_done_before_the_others),
        cmocka_unit_test(a_task_can_be_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
