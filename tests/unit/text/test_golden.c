/* The tokens of sentences in many scripts, as written down in golden/: one file a script. There a
 * line `text: ...` is followed by its tokens, one a line: kind, term, bytes from-to in the text and,
 * unless 1, the positions spanned. Lines that begin with # are comments.
 *
 * Dictionary words are those of one edition of ICU: under another they are not compared. */
#include <dirent.h>
#include <stdlib.h>

#include "tests/unit/text/tokens.h"

#define FILES_MIN 30
#define DICTIONARY "ICU 72."

static struct analyzer *analyzer;
static struct tokens tokens;

static const char *folder(void)
{
    static char path[4096];
    const char *root = getenv("SEARCHD_SOURCE_DIR");

    assert_non_null(root);
    snprintf(path, sizeof(path), "%s/tests/unit/text/golden", root);
    return path;
}

/* The tokens of `text` as the files have them. */
static void print_tokens(const char *text, size_t len, struct buf *out)
{
    static const char *const kinds[] = {"word", "part", "whole", "pair", "dict"};

    tokens_read(&tokens, analyzer, text, len);
    for (size_t i = 0; i < tokens.count; i++) {
        const struct kept *k = &tokens.at[i];
        struct sx_str term = tokens_term(&tokens, i);
        buf_printf(out, "%s %.*s %u-%u", kinds[k->kind], (int)term.len, term.ptr, k->start, k->end);
        if (k->span != 1)
            buf_printf(out, " %u", k->span);
        buf_putc(out, '\n');
    }
}

/* Takes out the lines of dictionary words. */
static void drop_dicts(struct buf *lines)
{
    struct buf kept = {0};

    for (const char *at = buf_cstr(lines); *at != '\0';) {
        size_t n = strcspn(at, "\n") + 1;
        if (strncmp(at, "dict ", 5) != 0)
            buf_put(&kept, at, n);
        at += n;
    }
    buf_release(lines);
    *lines = kept;
}

/* Goes through two texts line by line and prints where they part. */
static void print_difference(const char *want, const char *got)
{
    while (*want != '\0' || *got != '\0') {
        int w = (int)strcspn(want, "\n"), g = (int)strcspn(got, "\n");
        bool same = w == g && strncmp(want, got, (size_t)w) == 0;
        if (same) {
            print_message("  %.*s\n", w, want);
        } else {
            if (w > 0)
                print_message("- %.*s\n", w, want);
            if (g > 0)
                print_message("+ %.*s\n", g, got);
        }
        want += w + (want[w] == '\n');
        got += g + (got[g] == '\n');
    }
}

/* Checks one text; false: told what is wrong. */
static bool check(const char *file, const char *text, size_t len, struct buf *want)
{
    struct buf got = {0};

    print_tokens(text, len, &got);
    if (strncmp(analyzer_library_version(), DICTIONARY, strlen(DICTIONARY)) != 0) {
        drop_dicts(want);
        drop_dicts(&got);
    }
    bool same = strcmp(buf_cstr(want), buf_cstr(&got)) == 0;
    if (!same) {
        print_message("%s: %.*s\n", file, (int)len, text);
        print_difference(buf_cstr(want), buf_cstr(&got));
    }
    buf_release(&got);
    return same;
}

/* Reads a file of texts and tokens; how many texts fail. */
static int check_file(const char *name, int *texts)
{
    static char line[1 << 14], text[1 << 14];
    char path[5000];
    struct buf want = {0};
    size_t len = 0;
    int failed = 0;

    snprintf(path, sizeof(path), "%s/%s", folder(), name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    for (bool more = true; more;) {
        more = fgets(line, sizeof(line), f) != NULL;
        bool begins = more && strncmp(line, "text: ", 6) == 0;
        if ((begins || !more) && len > 0) {
            failed += !check(name, text, len, &want);
            ++*texts;
            buf_clear(&want);
        }
        if (begins) {
            len = strcspn(line + 6, "\n");
            memcpy(text, line + 6, len);
        } else if (more && line[0] != '#' && line[0] != '\n') {
            buf_puts(&want, line);
        }
    }
    fclose(f);
    buf_release(&want);
    return failed;
}

static void texts_have_the_tokens_written_down(void **state)
{
    DIR *dir = opendir(folder());
    struct dirent *e;
    int files = 0, texts = 0, failed = 0;

    (void)state;
    assert_non_null(dir);
    while ((e = readdir(dir)) != NULL) {
        if (strstr(e->d_name, ".txt") == NULL)
            continue;
        failed += check_file(e->d_name, &texts);
        files++;
    }
    closedir(dir);
    print_message("%d texts in %d files\n", texts, files);
    assert_int_equal(failed, 0);
    assert_true(files >= FILES_MIN && texts >= 2 * files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_have_the_tokens_written_down),
    };

    analyzer = analyzer_new();
    if (analyzer == NULL)
        return 1;
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    analyzer_free(analyzer);
    return rc;
}
