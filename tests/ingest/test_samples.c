/* Files that other programs wrote, against what is known of them (truth.txt); prints for each file
 * how many of its checks hold, by what they check. */
#include <dirent.h>

#include "index/base/str.h"
#include "index/ingest/meta.h"
#include "tests/ingest/gather.h"
#include "tests/support/support.h"

enum check { COUNTS, TITLE, DATE, SOURCE, LANG, TYPE, HAS, NOT, EXTRA, FAILS, CHECK_COUNT };

static const char *const columns[CHECK_COUNT] = {"counts", "title", "date", "source", "lang",
                                                 "type",   "has",   "not",  "extra",  "fails"};

struct score {
    int right[CHECK_COUNT], all[CHECK_COUNT];
};

/* The file whose block of the truth is read, and the document whose lines are. */
struct state {
    char name[64];
    struct buf bytes;
    struct gather got;
    const struct gathered *doc;
    struct score file, sum;
    size_t files, wrong;
};

static void print_row(const char *name, const struct score *s)
{
    printf("%-24s", name);
    for (int c = 0; c < CHECK_COUNT; c++) {
        char cell[32] = "-";
        if (s->all[c] > 0)
            snprintf(cell, sizeof(cell), "%d/%d", s->right[c], s->all[c]);
        printf(" %7s", cell);
    }
    printf("\n");
}

static void count(struct state *st, enum check c, bool holds, struct sx_str line)
{
    st->file.all[c]++;
    st->file.right[c] += holds;
    if (!holds) {
        st->wrong++;
        printf("WRONG in %s: %.*s\n", st->name, (int)line.len, line.ptr);
    }
}

static void end_file(struct state *st)
{
    if (st->name[0] == '\0')
        return;
    count(st, COUNTS, st->got.unsound == 0, str_of("all are sound"));
    print_row(st->name, &st->file);
    for (int c = 0; c < CHECK_COUNT; c++) {
        st->sum.right[c] += st->file.right[c];
        st->sum.all[c] += st->file.all[c];
    }
    memset(&st->file, 0, sizeof(st->file));
    gather_release(&st->got);
    buf_release(&st->bytes);
    st->doc = NULL;
}

static void begin_file(struct state *st, struct sx_str name)
{
    char path[4096];

    end_file(st);
    snprintf(st->name, sizeof(st->name), "%.*s", (int)name.len, name.ptr);
    snprintf(path, sizeof(path), "%s/tests/ingest/samples/%s", source_dir(), st->name);
    if (!gather_file(path, &st->bytes))
        fail_msg("no sample %s", path);
    gather_read(&st->got, st->name, buf_str(&st->bytes), NULL);
    st->files++;
}

static bool ends(const char *uri, struct sx_str with)
{
    size_t len = strlen(uri);

    return len > with.len && uri[len - with.len - 1] == '/' &&
           memcmp(uri + len - with.len, with.ptr, with.len) == 0;
}

static bool holds(const char *text, struct sx_str piece)
{
    return text != NULL && memmem(text, strlen(text), piece.ptr, piece.len) != NULL;
}

static bool same(const char *got, struct sx_str want)
{
    if (str_is(want, "-"))
        return got == NULL || got[0] == '\0';
    return got != NULL && str_is(want, got);
}

static bool find_doc(struct state *st, struct sx_str uri)
{
    st->doc = NULL;
    for (size_t i = 0; i < st->got.doc_count; i++) {
        if (ends(st->got.docs[i].uri, uri))
            st->doc = &st->got.docs[i];
    }
    return st->doc != NULL;
}

/* "URI: the beginning of the reason"; a line of the file itself is "#N". */
static bool find_failure(const struct state *st, struct sx_str want)
{
    const char *colon = memmem(want.ptr, want.len, ": ", 2);
    struct sx_str uri = str_make(want.ptr, colon == NULL ? want.len : (size_t)(colon - want.ptr));
    struct sx_str why = str_make(colon + 2, want.len - uri.len - 2);

    for (size_t i = 0; i < st->got.fail_count; i++) {
        const char *got = st->got.fails[i].uri;
        bool here = uri.ptr[0] == '#' ? str_is(uri, got) : ends(got, uri);
        if (here && strncmp(st->got.fails[i].why, why.ptr, why.len) == 0)
            return true;
    }
    return false;
}

static void check_doc(struct state *st, struct sx_str key, struct sx_str value, struct sx_str line)
{
    static const struct gathered none;
    const struct gathered *d = st->doc == NULL ? &none : st->doc;

    if (str_is(key, "title"))
        count(st, TITLE, same(d->title, value), line);
    else if (str_is(key, "date"))
        count(st, DATE, same(d->date, value), line);
    else if (str_is(key, "source"))
        count(st, SOURCE, same(d->source, value), line);
    else if (str_is(key, "lang"))
        count(st, LANG, same(d->lang, value), line);
    else if (str_is(key, "type"))
        count(st, TYPE, same(d->type, value), line);
    else if (str_is(key, "has"))
        count(st, HAS, holds(d->body, value), line);
    else if (str_is(key, "not"))
        count(st, NOT, !holds(d->body, value), line);
    else if (str_is(key, "extra"))
        count(st, EXTRA, str_is(value, "-") ? same(d->extra, value) : holds(d->extra, value), line);
    else
        fail_msg("truth.txt: unknown line '%.*s'", (int)line.len, line.ptr);
}

static void check_line(struct state *st, struct sx_str line)
{
    struct sx_str trimmed = meta_trim(line);
    const char *space = memchr(trimmed.ptr, ' ', trimmed.len);

    if (trimmed.len == 0 || trimmed.ptr[0] == '#')
        return;
    assert_non_null(space);
    struct sx_str key = str_make(trimmed.ptr, (size_t)(space - trimmed.ptr));
    struct sx_str value = str_make(space + 1, trimmed.len - key.len - 1);
    if (str_is(key, "=="))
        begin_file(st, value);
    else if (str_is(key, "docs"))
        count(st, COUNTS, strtoul(value.ptr, NULL, 10) == st->got.doc_count, trimmed);
    else if (str_is(key, "failed"))
        count(st, COUNTS, strtoul(value.ptr, NULL, 10) == st->got.fail_count, trimmed);
    else if (str_is(key, "doc"))
        count(st, COUNTS, find_doc(st, value), trimmed);
    else if (str_is(key, "fails"))
        count(st, FAILS, find_failure(st, value), trimmed);
    else
        check_doc(st, key, value, trimmed);
}

static size_t count_samples(void)
{
    char path[4096];
    size_t n = 0;
    struct dirent *entry;

    snprintf(path, sizeof(path), "%s/tests/ingest/samples", source_dir());
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void each_sample_is_read_as_what_it_is(void **state)
{
    struct state st = {0};
    struct buf truth = {0};
    struct sx_str rest, line;
    char path[4096];

    (void)state;
    snprintf(path, sizeof(path), "%s/tests/ingest/truth.txt", source_dir());
    assert_true(gather_file(path, &truth));
    printf("%-24s", "");
    for (int c = 0; c < CHECK_COUNT; c++)
        printf(" %7s", columns[c]);
    printf("\n");
    for (rest = buf_str(&truth); meta_line(&rest, &line);)
        check_line(&st, line);
    end_file(&st);
    print_row("all", &st.sum);
    buf_release(&truth);
    assert_int_equal(st.files, count_samples());
    assert_int_equal(st.wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sample_is_read_as_what_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
