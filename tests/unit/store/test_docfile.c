/* The file of the table of documents: what is written is read, and what is not whole is not
 * believed. */
#include "index/store/docfile.h"

#include <fcntl.h>
#include <unistd.h>

#include "index/base/date.h"
#include "index/base/str.h"
#include "index/text/analyzer.h"
#include "tests/support/support.h"

#define ROWS 20000

struct bed {
    char *dir;
    char path[256];
    struct doctable table;
    struct analyzer *an;
};

static struct docrow row_of(uint64_t rowid)
{
    return (struct docrow){.at = rowid % 3 == 0 ? DATE_NONE : -(int64_t)rowid * 86400,
                           .title_len = (uint32_t)rowid % 7,
                           .body_len = (uint32_t)rowid,
                           .source = (uint32_t)(rowid % 3),
                           .lang = (uint32_t)(rowid % 2),
                           .checksum = (uint32_t)(rowid * 2654435761u)};
}

static uint64_t rowid_of(uint64_t i)
{
    return i + 1 + i / 100 * 50;
}

static void write_file(struct bed *b, uint64_t rows)
{
    struct docfile_writer w;
    struct sx_error err;
    int fd = open(b->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    docfile_begin(&w, fd, &b->table, b->table.name_count);
    for (uint64_t i = 0; i < rows; i++) {
        struct docrow row = row_of(rowid_of(i));
        docfile_put(&w, rowid_of(i), &row);
    }
    assert_int_equal(docfile_end(&w, rowid_of(rows), &err), SX_OK);
    close(fd);
}

static int set_up(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));

    b->dir = temp_dir();
    snprintf(b->path, sizeof(b->path), "%s/documents", b->dir);
    b->an = analyzer_new();
    assert_int_equal(doctable_init(&b->table), 0);
    assert_int_equal(doctable_name(&b->table, str_of("The Guardian"), b->an), 1);
    assert_int_equal(doctable_name(&b->table, str_of("Le Monde"), b->an), 2);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *b = *state;

    doctable_release(&b->table);
    analyzer_free(b->an);
    temp_dir_remove(b->dir);
    free(b);
    return 0;
}

/* All of it; false: it is not what was written. */
static bool read_all(struct bed *b, uint64_t *rows)
{
    struct docfile f;
    struct sx_str name;
    struct sx_error err;
    struct docrow row;
    uint64_t rowid;
    bool whole = false;

    *rows = 0;
    if (docfile_open(&f, b->path, &err) == SX_OK) {
        for (uint32_t i = 0; i < f.names && docfile_name(&f, &name); i++)
            continue;
        while (docfile_row(&f, &rowid, &row))
            ++*rows;
        whole = docfile_whole(&f);
    }
    docfile_close(&f);
    return whole;
}

static void what_is_written_is_read(void **state)
{
    struct bed *b = *state;
    struct docfile f;
    struct sx_str name;
    struct sx_error err;
    struct docrow row;
    uint64_t rowid;

    write_file(b, ROWS);
    assert_int_equal(docfile_open(&f, b->path, &err), SX_OK);
    assert_int_equal(f.rows, ROWS);
    assert_int_equal(f.next, rowid_of(ROWS));
    assert_int_equal(f.names, 2);
    assert_false(docfile_row(&f, &rowid, &row)); /* names come first */
    assert_true(docfile_name(&f, &name) && str_is(name, "The Guardian"));
    assert_true(docfile_name(&f, &name) && str_is(name, "Le Monde"));
    assert_false(docfile_name(&f, &name));
    for (uint64_t i = 0; i < ROWS; i++) {
        assert_true(docfile_row(&f, &rowid, &row));
        struct docrow want = row_of(rowid_of(i));
        assert_int_equal(rowid, rowid_of(i));
        assert_true(row.at == want.at && row.title_len == want.title_len &&
                    row.body_len == want.body_len && row.source == want.source &&
                    row.lang == want.lang && row.type == want.type &&
                    row.checksum == want.checksum);
    }
    assert_false(docfile_row(&f, &rowid, &row));
    assert_true(docfile_whole(&f));
    docfile_close(&f);
}

static void a_file_without_rows_is_whole(void **state)
{
    struct bed *b = *state;
    uint64_t rows;

    write_file(b, 0);
    assert_true(read_all(b, &rows));
    assert_int_equal(rows, 0);
}

static void no_file_is_no_file(void **state)
{
    uint64_t rows;

    assert_false(read_all(*state, &rows));
}

static void a_cut_file_is_not_believed(void **state)
{
    struct bed *b = *state;
    uint64_t rows;

    for (off_t size = 0; size < 400; size++) {
        write_file(b, 5);
        if (size == 64 + 2 * 4 + 12 + 8 + 5 * 36) /* all of it */
            continue;
        assert_int_equal(truncate(b->path, size), 0);
        assert_false(read_all(b, &rows));
    }
}

static void a_bit_that_flips_is_found(void **state)
{
    struct bed *b = *state;
    uint64_t rows;
    char byte;

    write_file(b, 5);
    for (off_t at = 0; at < 64 + 2 * 4 + 12 + 8 + 5 * 36; at++) {
        int fd = open(b->path, O_RDWR);
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= (char)(1 << (at % 8));
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        assert_false(read_all(b, &rows));
        byte ^= (char)(1 << (at % 8));
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        close(fd);
    }
    assert_true(read_all(b, &rows));
    assert_int_equal(rows, 5);
}

static void rows_that_are_not_in_order_are_not_written(void **state)
{
    struct bed *b = *state;
    struct docfile_writer w;
    struct sx_error err;
    struct docrow row = row_of(1);
    int fd = open(b->path, O_WRONLY | O_CREAT, 0600);

    docfile_begin(&w, fd, &b->table, 2);
    docfile_put(&w, 2, &row);
    docfile_put(&w, 2, &row);
    assert_int_equal(docfile_end(&w, 3, &err), SX_EIO);
    close(fd);
}

static void a_full_disk_is_told(void **state)
{
    struct bed *b = *state;
    struct docfile_writer w;
    struct sx_error err;
    int fd = open("/dev/full", O_WRONLY);

    assert_true(fd >= 0);
    docfile_begin(&w, fd, &b->table, 2);
    assert_int_equal(docfile_end(&w, 1, &err), SX_EFULL);
    close(fd);
}

#define with_bed(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_bed(what_is_written_is_read),   with_bed(a_file_without_rows_is_whole),
        with_bed(no_file_is_no_file),        with_bed(a_cut_file_is_not_believed),
        with_bed(a_bit_that_flips_is_found), with_bed(rows_that_are_not_in_order_are_not_written),
        with_bed(a_full_disk_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
