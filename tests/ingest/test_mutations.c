/* Damaged samples: each ends in time as sound documents or reasons. The damage comes from a fixed
 * seed, so that a failure comes again. */
#include <dirent.h>
#include <time.h>

#include "index/base/str.h"
#include "tests/ingest/gather.h"
#include "tests/support/support.h"

#define MUTATIONS 200 /* of each sample */
#define CUTS 60
#define SECONDS_MAX 5.0 /* of CPU time, for one of them */

static uint64_t seed = 0x9E3779B97F4A7C15u;
static struct {
    size_t inputs, docs, fails;
    double slowest;
} sum;

static size_t roll(size_t below)
{
    seed ^= seed << 13; /* xorshift64 */
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return below == 0 ? 0 : (size_t)(seed % below);
}

static double cpu_seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void read_one(const char *name, struct sx_str bytes, const char *how)
{
    struct gather g;
    double start = cpu_seconds(), took;
    char *exact = malloc(bytes.len > 0 ? bytes.len : 1); /* so that reading past it is seen */

    assert_non_null(exact);
    memcpy(exact, bytes.ptr, bytes.len);
    gather_read(&g, name, str_make(exact, bytes.len), NULL);
    took = cpu_seconds() - start;
    free(exact);
    if (g.unsound > 0)
        fail_msg("%s, %s %zu: something unsound came of it", name, how, sum.inputs);
    if (bytes.len > 0 && g.doc_count + g.fail_count == 0)
        fail_msg("%s, %s %zu: nothing came of it, and nothing was told", name, how, sum.inputs);
    if (took > SECONDS_MAX)
        fail_msg("%s, %s %zu: took %.1f seconds", name, how, sum.inputs, took);
    sum.slowest = took > sum.slowest ? took : sum.slowest;
    sum.inputs++;
    sum.docs += g.doc_count;
    sum.fails += g.fail_count;
    gather_release(&g);
}

/* One change: a byte, a bit, a run copied elsewhere, a large number, or bytes left out. */
static void change(struct buf *b)
{
    size_t at = roll(b->len), len = roll(b->len - at < 200 ? b->len - at : 200);

    if (b->len < 8)
        return;
    switch (roll(6)) {
    case 0:
        b->data[at] = (char)roll(256);
        break;
    case 1:
        b->data[at] = (char)(b->data[at] ^ (1 << roll(8)));
        break;
    case 2:
        memmove(b->data + roll(b->len - len), b->data + at, len);
        break;
    case 3:
        memset(b->data + roll(b->len - 4), roll(2) == 0 ? 0xFF : 0, 4);
        break;
    case 4:
        memmove(b->data + at, b->data + at + len, b->len - at - len);
        b->len -= len;
        break;
    default:
        b->data[at] = "<>\"'&=;:-\n\r\0"[roll(12)];
        break;
    }
}

static void damage(const char *name, struct sx_str bytes)
{
    for (int i = 0; i < MUTATIONS; i++) {
        struct buf copy = {0};
        buf_put_str(&copy, bytes);
        for (size_t n = 1 + roll(6); n > 0; n--)
            change(&copy);
        read_one(name, buf_str(&copy), "mutation");
        buf_release(&copy);
    }
    for (size_t i = 1; i < CUTS; i++)
        read_one(name, str_make(bytes.ptr, bytes.len * i / CUTS), "cut");
}

static void damaged_samples_are_accounted_for(void **state)
{
    char folder[4096], path[4400];
    struct dirent **entries;

    (void)state;
    snprintf(folder, sizeof(folder), "%s/tests/ingest/samples", source_dir());
    int count = scandir(folder, &entries, NULL, alphasort); /* the same order everywhere */
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        struct buf bytes = {0};
        if (entries[i]->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
            assert_true(gather_file(path, &bytes));
            damage(entries[i]->d_name, buf_str(&bytes));
        }
        buf_release(&bytes);
        free(entries[i]);
    }
    free(entries);
    print_message("%zu damaged files: %zu documents, %zu reasons, none lost; slowest %.2f s\n",
                  sum.inputs, sum.docs, sum.fails, sum.slowest);
    assert_true(sum.inputs >= 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_samples_are_accounted_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
