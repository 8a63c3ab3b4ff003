/* Memory that runs out at each place where ours is asked for: the reading ends and says so, and
 * nothing is lost or told as the file's fault. Libraries' own memory is not counted here. */
#include "index/base/alloc.h"
#include "index/base/str.h"
#include "tests/ingest/gather.h"
#include "tests/support/support.h"

/* `step`: of a sample that is long, every so many places are tried. */
static const struct {
    const char *name;
    long step;
} samples[] = {
    {"mail-alternative.eml", 1}, {"mail-latin1.eml", 1},
    {"mail-japanese.eml", 1},    {"mail-html-cyrillic.eml", 1},
    {"mail-encrypted.eml", 1},   {"letters.mbox", 1},
    {"courier.rss", 1},          {"journal.atom", 1},
    {"articles.csv", 1},         {"schleuse.csv", 1},
    {"prices.csv", 1},           {"libreoffice.docx", 1},
    {"libreoffice.odt", 1},      {"pandoc.epub", 1},
    {"site.warc.gz", 1},         {"again.warc", 1},
    {"harbour.txt.gz", 1},       {"papers.tar.gz", 1},
    {"papers.zip", 7},
};

static void starve(const char *name, struct sx_str bytes, long step)
{
    sx_status rc = SX_ENOMEM;
    long n;

    for (n = 0; rc != SX_OK; n += step) {
        struct gather g;
        bool ran_out;
        mem_fail_after(n);
        rc = gather_read(&g, name, bytes, NULL);
        ran_out = mem_failed();
        mem_fail_after(-1);
        size_t unsound = g.unsound;
        gather_release(&g);
        assert_int_equal(unsound, 0);
        if (rc != (ran_out ? SX_ENOMEM : SX_OK))
            fail_msg("%s: the allocation after %ld more %s, and the status is %d", name, n,
                     ran_out ? "failed" : "did not fail", rc);
    }
    print_message("%-24s %5ld places\n", name, n / step);
}

static void each_reader_says_that_memory_ran_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct buf bytes = {0};
        char path[4096];
        snprintf(path, sizeof(path), "%s/tests/ingest/samples/%s", source_dir(), samples[i].name);
        assert_true(gather_file(path, &bytes));
        starve(samples[i].name, buf_str(&bytes), samples[i].step);
        buf_release(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reader_says_that_memory_ran_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
