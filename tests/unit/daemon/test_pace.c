/* The loop's policy, asked of the system. */
#include "daemon/pace.h"

#include <pthread.h>
#include <sched.h>

#include "tests/support/support.h"

static void standing_behind_and_back(void **state)
{
    const struct sched_param none = {0};
    struct pace p;

    (void)state;
    assert_int_equal(sched_setscheduler(0, SCHED_OTHER, &none), 0);
    pace_begin(&p);
    assert_true(p.able);
    assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
    for (int i = 0; i < 3; i++) {
        pace_set(&p, true);
        assert_int_equal(sched_getscheduler(0), SCHED_BATCH);
        pace_set(&p, true);
        assert_int_equal(sched_getscheduler(0), SCHED_BATCH);
        pace_set(&p, false);
        assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
    }
}

/* Its own thread: not everybody may leave SCHED_IDLE again. */
static void *under_another_policy(void *arg)
{
    const struct sched_param none = {0};
    struct pace p;
    int *after = arg;

    if (sched_setscheduler(0, SCHED_IDLE, &none) != 0)
        return NULL;
    pace_begin(&p);
    pace_set(&p, true);
    after[0] = sched_getscheduler(0);
    pace_set(&p, false);
    after[1] = sched_getscheduler(0);
    return NULL;
}

static void another_policy_is_kept(void **state)
{
    pthread_t thread;
    int after[2] = {-1, -1};

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, under_another_policy, after), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(after[0], SCHED_IDLE);
    assert_int_equal(after[1], SCHED_IDLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standing_behind_and_back),
        cmocka_unit_test(another_policy_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
