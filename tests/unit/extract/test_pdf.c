/* PDF by way of pdftotext: text, pages, what it says of itself, and why one cannot be read. The
 * samples in pdf/ were made for this: two pages of Helvetica, the same encrypted, cut short, and
 * two pages without a letter. */
#include "index/extract/extract.h"

#include <sys/stat.h>
#include <unistd.h>

#include "index/base/file.h"
#include "index/base/str.h"
#include "tests/support/support.h"

struct got {
    size_t docs;
    char title[256], body[8192], extra[1024], type[16], date[64];
};

static void copy(char *to, size_t room, struct sx_str s)
{
    snprintf(to, room, "%.*s", (int)s.len, s.ptr == NULL ? "" : s.ptr);
}

static sx_status take(void *ctx, const struct sx_doc *doc, size_t line, struct sx_error *err)
{
    struct got *g = ctx;

    (void)err;
    assert_int_equal(line, 0);
    g->docs++;
    copy(g->title, sizeof(g->title), doc->title);
    copy(g->body, sizeof(g->body), doc->body);
    copy(g->extra, sizeof(g->extra), doc->extra);
    copy(g->type, sizeof(g->type), doc->type);
    copy(g->date, sizeof(g->date), doc->date);
    return SX_OK;
}

static sx_status read_pdf(struct sx_extract *x, const char *name, struct got *g,
                          struct sx_error *err)
{
    const struct ingest_sink sink = {.doc = take, .ctx = g};
    struct buf bytes = {0};
    char path[4096];

    snprintf(path, sizeof(path), "%s/tests/unit/extract/pdf/%s", source_dir(), name);
    assert_int_equal(file_read(path, INGEST_FILE_MAX, &bytes, err), SX_OK);
    memset(g, 0, sizeof(*g));
    assert_int_equal(media_detect(path, buf_str(&bytes)), MEDIA_PDF);
    sx_status rc = extract_read(x, MEDIA_PDF, str_of("file:///a.pdf"), buf_str(&bytes), &sink, err);
    buf_release(&bytes);
    return rc;
}

static void start_as(struct sx_extract **x, const char *program)
{
    struct extract_setup setup;
    struct sx_error err;

    extract_defaults(&setup, NULL);
    setup.pdftotext = program == NULL ? setup.pdftotext : program;
    if (extract_start(x, &setup, &err) != SX_OK)
        fail_msg("%s", err.msg);
}

static int start(void **state)
{
    struct sx_extract *x;

    start_as(&x, NULL);
    *state = x;
    return 0;
}

static int stop(void **state)
{
    sx_extract_stop(*state);
    return 0;
}

static void text_and_pages_come(void **state)
{
    struct got g;
    struct sx_error err;

    if (read_pdf(*state, "two-pages.pdf", &g, &err) != SX_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(g.docs, 1);
    assert_string_equal(g.title, "Ferry <timetable> & more");
    assert_string_equal(g.date, "2025-08-15T10:15:00Z");
    assert_string_equal(g.type, "pdf");
    assert_string_equal(g.extra, "{\"page_bytes\":[0,35]}");
    assert_memory_equal(g.body, "The ferry <sails> at dawn & noon\n", 33);
    assert_memory_equal(g.body + 35, "The train leaves at night\n", 26);
}

static void fails(struct sx_extract *x, const char *name, const char *with)
{
    struct got g;
    struct sx_error err;

    assert_int_equal(read_pdf(x, name, &g, &err), SX_EREQUEST);
    if (strstr(err.msg, with) == NULL)
        fail_msg("'%s' instead of '%s'", err.msg, with);
    assert_int_equal(g.docs, 0);
}

static void what_is_wrong_is_named(void **state)
{
    fails(*state, "encrypted.pdf", "encrypted");
    fails(*state, "damaged.pdf", "damaged");
    fails(*state, "scanned.pdf", "scanned: no text on its 2 pages");
}

static void the_program_may_be_absent(void **state)
{
    struct sx_extract *x;

    (void)state;
    start_as(&x, "/usr/bin/no-such-program");
    fails(x, "two-pages.pdf", "pdftotext is not installed");
    sx_extract_stop(x);
}

/* Another program in its place does not get further than pdftotext would. */
static char *script(const char *text)
{
    static char path[4200];
    char *dir = temp_dir();
    FILE *f;

    snprintf(path, sizeof(path), "%s/program", dir);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return dir;
}

static void programs_elsewhere_are_not_run(void **state)
{
    struct sx_extract *x;
    char program[4200];
    char *dir = script("#!/bin/sh\necho hello\n");

    (void)state;
    snprintf(program, sizeof(program), "%s/program", dir);
    assert_int_equal(chmod(program, 0755), 0);
    start_as(&x, program);
    if (strstr(sx_extract_lacks(x), "Landlock") == NULL)
        fails(x, "two-pages.pdf", "cannot be run");
    sx_extract_stop(x);
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text_and_pages_come, start, stop),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_named, start, stop),
        cmocka_unit_test(the_program_may_be_absent),
        cmocka_unit_test(programs_elsewhere_are_not_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
