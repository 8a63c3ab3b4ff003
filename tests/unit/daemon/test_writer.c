/* Group commit, with operations of the test's own: one that holds the writer until the queue is
 * filled, and some that fail. */
#include "tests/support/support.h"

#include <poll.h>
#include <pthread.h>

#include "daemon/log.h"
#include "daemon/ops.h"
#include "daemon/writer.h"
#include "index/base/alloc.h"
#include "index/base/str.h"

#define ATTEMPTS 50 /* a batch also ends after a while, which a busy machine may use up */

struct fixture {
    char *dir;
    struct config conf;
    struct sx_index *index;
    struct mailbox mail;
    struct writer *writer;
};

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static sx_status wait_at_gate(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    (void)ctx;
    (void)err;
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    buf_puts(&job->reply, "gate");
    return SX_OK;
}

static sx_status put_of(const struct op_ctx *ctx, const char *uri, const char *date,
                        struct sx_error *err)
{
    const struct sx_doc doc = {.uri = str_of(uri), .body = str_of("word"), .date = str_of(date)};
    return sx_index_put(ctx->index, &doc, 1, NULL, err);
}

static sx_status put(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    static unsigned count;
    char uri[16];
    snprintf(uri, sizeof uri, "u:%u", count++);
    sx_status rc = put_of(ctx, uri, NULL, err);
    if (rc == SX_OK)
        buf_puts(&job->reply, "{\"ok\":true");
    return rc;
}

static sx_status put_bad_date(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    (void)job;
    return put_of(ctx, "bad", "2025-13", err);
}

static sx_status put_long_uri(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    char uri[SX_URI_MAX + 2];
    (void)job;
    memset(uri, 'u', sizeof uri);
    uri[sizeof uri - 1] = '\0';
    return put_of(ctx, uri, NULL, err);
}

static sx_status delete_bad_query(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    size_t deleted;
    (void)job;
    return sx_index_delete_query(ctx->index, str_of("\"open"), &deleted, err);
}

static sx_status cancelled(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    (void)ctx;
    (void)job;
    return sx_fail(err, SX_ECANCELLED, "cancelled");
}

/* More new words than there is room for. */
static sx_status put_without_memory(const struct op_ctx *ctx, struct job *job, struct sx_error *err)
{
    struct buf body = {0};
    (void)job;
    for (int i = 0; i < 5000; i++)
        buf_printf(&body, "word%d ", i);
    const struct sx_doc doc = {.uri = str_of("none"), .body = buf_str(&body)};
    mem_fail_after(0);
    sx_status rc = sx_index_put(ctx->index, &doc, 1, NULL, err);
    mem_fail_after(-1);
    buf_release(&body);
    return rc;
}

static const struct op op_gate = {.name = "gate", .run = wait_at_gate, .alone = true};
static const struct op op_good = {.name = "put", .run = put};
static const struct op op_lost = {.name = "lost", .run = put_without_memory};
static const struct op faulty[] = {
    {.name = "bad_request", .run = put_bad_date},
    {.name = "too_large", .run = put_long_uri},
    {.name = "bad_query", .run = delete_bad_query},
    {.name = "cancelled", .run = cancelled},
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct sx_error err;
    assert_non_null(f);
    f->dir = temp_dir();
    log_set_level(LOG_LEVEL_ERROR);
    config_init(&f->conf);
    assert_int_equal(config_finish(&f->conf, &err), SX_OK);
    assert_int_equal(sx_index_open(&f->index, f->dir, NULL, &err), SX_OK);
    assert_true(mailbox_init(&f->mail));
    assert_int_equal(writer_start(&f->writer, "default", f->index, &f->conf.collections[0], 1 << 20,
                                  &f->mail, &err),
                     SX_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    writer_stop(f->writer);
    sx_index_close(f->index);
    mailbox_release(&f->mail);
    config_release(&f->conf);
    temp_dir_remove(f->dir);
    free(f);
    return 0;
}

static void push(struct fixture *f, const struct op *op)
{
    struct job *job = job_new();
    assert_non_null(job);
    job->req.op = op;
    job->state = JOB_RUNNING;
    assert_true(queue_push(writer_queue(f->writer), job));
}

/* Puts the reply to each operation, in the order of `list`, into `replies`. */
static void run(struct fixture *f, const struct op *const *list, size_t count, char (*replies)[128])
{
    size_t got = 0;
    pthread_mutex_lock(&gate);
    push(f, &op_gate);
    for (size_t i = 0; i < count; i++) {
        replies[i][0] = '\0';
        push(f, list[i]);
    }
    pthread_mutex_unlock(&gate);
    while (got < count + 1) {
        struct pollfd p = {.fd = f->mail.fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 60000), 1);
        for (struct job *job = mailbox_take(&f->mail), *next; job != NULL; job = next, got++) {
            size_t i = 0;
            next = job->next;
            while (i < count && (list[i] != job->req.op || replies[i][0] != '\0'))
                i++;
            if (i < count)
                snprintf(replies[i], sizeof *replies, "%s", buf_cstr(&job->reply));
            job_free(job);
        }
    }
}

static bool says(const char *reply, const char *code)
{
    char text[64];
    snprintf(text, sizeof text, "\"code\":\"%s\"", code);
    return strstr(reply, text) != NULL;
}

static void a_faulty_write_leaves_its_batch_alone(void **state)
{
    for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++) {
        const struct op *list[] = {&op_good, &faulty[i], &op_good};
        char replies[3][128];
        int attempts = 0;
        do {
            run(*state, list, 3, replies);
            assert_non_null(strstr(replies[0], "{\"ok\":true,\"generation\":"));
            assert_non_null(strstr(replies[2], "{\"ok\":true,\"generation\":"));
            assert_true(says(replies[1], faulty[i].name));
            if (++attempts == ATTEMPTS)
                fail_msg("%s: never one commit: %s%s", faulty[i].name, replies[0], replies[2]);
        } while (strcmp(replies[0], replies[2]) != 0); /* one generation: one commit */
    }
}

static void a_lost_transaction_fails_all_that_came_before(void **state)
{
    const struct op *list[] = {&op_good, &op_lost, &op_good};
    char replies[3][128];
    int attempts = 0;
    do {
        run(*state, list, 3, replies);
        assert_true(says(replies[1], "internal"));
        assert_non_null(strstr(replies[2], "{\"ok\":true,\"generation\":"));
        if (++attempts == ATTEMPTS)
            fail_msg("never in one batch: %s", replies[0]);
    } while (strstr(replies[0], "\"ok\":true") != NULL);
    assert_true(says(replies[0], "internal"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_faulty_write_leaves_its_batch_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lost_transaction_fails_all_that_came_before, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
