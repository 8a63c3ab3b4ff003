/* The queue's bounds and its waking; the mailbox's eventfd. */
#include "tests/support/support.h"

#include <poll.h>

#include "daemon/job.h"
#include "daemon/mailbox.h"
#include "daemon/queue.h"
#include "index/base/clock.h"

static struct job *job_of(size_t cost)
{
    struct job *job = job_new();
    assert_non_null(job);
    job->cost = cost;
    return job;
}

static void jobs_come_out_in_order(void **state)
{
    (void)state;
    struct queue q;
    struct job *jobs[3];
    assert_true(queue_init(&q, 10, 100));
    for (int i = 0; i < 3; i++) {
        jobs[i] = job_of(1);
        assert_true(queue_push(&q, jobs[i]));
    }
    assert_int_equal(queue_count(&q), 3);
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(queue_pop(&q, QUEUE_FOREVER), jobs[i]);
        job_free(jobs[i]);
    }
    assert_null(queue_pop(&q, 0));
    queue_release(&q);
}

static void both_bounds_hold(void **state)
{
    (void)state;
    struct queue q;
    struct job *spare = job_of(60);
    assert_true(queue_init(&q, 2, 100));
    assert_true(queue_push(&q, job_of(60)));
    assert_false(queue_push(&q, spare)); /* bytes */
    spare->cost = 40;
    assert_true(queue_push(&q, spare));
    struct job *third = job_of(0);
    assert_false(queue_push(&q, third)); /* count */
    job_free(third);
    queue_release(&q);
}

static void one_large_job_passes_an_empty_queue(void **state)
{
    (void)state;
    struct queue q;
    struct job *other = job_of(1);
    assert_true(queue_init(&q, 10, 100));
    assert_true(queue_push(&q, job_of(1000)));
    assert_false(queue_push(&q, other));
    job_free(queue_pop(&q, 0));
    assert_true(queue_push(&q, other));
    queue_release(&q);
}

static void a_closed_queue_empties_and_ends(void **state)
{
    (void)state;
    struct queue q;
    struct job *late = job_of(1);
    assert_true(queue_init(&q, 10, 100));
    assert_true(queue_push(&q, job_of(1)));
    queue_close(&q);
    assert_false(queue_push(&q, late));
    job_free(late);
    job_free(queue_pop(&q, QUEUE_FOREVER));
    assert_null(queue_pop(&q, QUEUE_FOREVER));
    queue_release(&q);
}

static void waiting_ends_by_wake_and_by_time(void **state)
{
    (void)state;
    struct queue q;
    assert_true(queue_init(&q, 10, 100));
    queue_wake(&q);
    assert_null(queue_pop(&q, QUEUE_FOREVER));
    uint64_t until = clock_now_ns() + 2000000;
    assert_null(queue_pop(&q, until));
    assert_true(clock_now_ns() >= until);
    queue_release(&q);
}

struct drain {
    struct queue *q;
    int count;
};

static void *drain(void *arg)
{
    struct drain *d = arg;
    struct job *job;
    while ((job = queue_pop(d->q, QUEUE_FOREVER)) != NULL) {
        d->count++;
        job_free(job);
    }
    return NULL;
}

static void no_job_is_lost_between_threads(void **state)
{
    (void)state;
    struct queue q;
    pthread_t threads[3];
    struct drain drains[3];
    assert_true(queue_init(&q, 10000, 10000));
    for (int i = 0; i < 3; i++) {
        drains[i] = (struct drain){.q = &q};
        assert_int_equal(pthread_create(&threads[i], NULL, drain, &drains[i]), 0);
    }
    for (int i = 0; i < 3000; i++)
        assert_true(queue_push(&q, job_of(1)));
    queue_close(&q);
    int total = 0;
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        total += drains[i].count;
    }
    assert_int_equal(total, 3000);
    queue_release(&q);
}

static bool readable(const struct mailbox *m)
{
    struct pollfd p = {.fd = m->fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void the_mailbox_calls_once_and_keeps_order(void **state)
{
    (void)state;
    struct mailbox m;
    struct job *a = job_of(1), *b = job_of(1);
    assert_true(mailbox_init(&m));
    assert_false(readable(&m));
    mailbox_post(&m, a);
    mailbox_post(&m, b);
    assert_true(readable(&m));
    struct job *list = mailbox_take(&m);
    assert_ptr_equal(list, a);
    assert_ptr_equal(list->next, b);
    assert_false(readable(&m));
    job_free(a);
    job_free(b);
    mailbox_post(&m, job_of(1)); /* and what is left is freed */
    mailbox_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_come_out_in_order),
        cmocka_unit_test(both_bounds_hold),
        cmocka_unit_test(one_large_job_passes_an_empty_queue),
        cmocka_unit_test(a_closed_queue_empties_and_ends),
        cmocka_unit_test(waiting_ends_by_wake_and_by_time),
        cmocka_unit_test(no_job_is_lost_between_threads),
        cmocka_unit_test(the_mailbox_calls_once_and_keeps_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
