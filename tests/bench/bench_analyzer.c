/* How fast text is analysed, beside FTS5's own tokenizer: bench_analyzer LANGUAGES.txt [SECONDS [FILE...]]
 *
 * LANGUAGES.txt has lines `code text`, as tests/unit/text/languages.txt: those of English, of Chinese, and of
 * eight languages in turn are made longer by repetition. Each FILE is a text of its own. Both tokenizers are
 * called as FTS5 calls them, with a callback that counts; CPU time of one thread. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "index/base/buf.h"
#include "index/base/clock.h"
#include "index/base/file.h"
#include "index/store/tokenizer.h"

#define TEXT_BYTES ((size_t)1 << 20)
#define LINES_MAX 4096

static const char *const mixed[] = {"en", "de", "fr", "ru", "ar", "hi", "zh", "ja"};

struct line {
    char code[4];
    char *text;
};

static struct line lines[LINES_MAX];
static size_t line_count;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_analyzer: %s: %s\n", what, why);
    exit(1);
}

static void read_lines(const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;

    if (f == NULL)
        die(path, "cannot be read");
    while (line_count < LINES_MAX && getline(&line, &cap, f) > 0) {
        char *space = strchr(line, ' ');
        if (line[0] == '#' || space == NULL || (size_t)(space - line) >= sizeof(lines[0].code))
            continue;
        memcpy(lines[line_count].code, line, (size_t)(space - line));
        lines[line_count].text = strdup(space + 1);
        if (lines[line_count++].text == NULL)
            die(path, "memory ran out");
    }
    free(line);
    fclose(f);
}

/* Lines of the languages in turn, again and again. */
static struct buf text_of(const char *const *codes, size_t count)
{
    struct buf out = {0};
    size_t next[sizeof(mixed) / sizeof(mixed[0])] = {0};

    for (size_t i = 0, missed = 0; out.len < TEXT_BYTES; i++) {
        size_t *at = &next[i % count];
        size_t tried = 0;
        while (tried < line_count && strcmp(lines[*at % line_count].code, codes[i % count]) != 0) {
            ++*at;
            tried++;
        }
        missed += tried == line_count;
        if (line_count == 0 || missed > 0)
            die(codes[i % count], "there is no line of this language");
        buf_puts(&out, lines[(*at)++ % line_count].text);
    }
    if (!buf_ok(&out))
        die("a text", "memory ran out");
    return out;
}

static int count_token(void *ctx, int flags, const char *token, int len, int start, int end)
{
    size_t *tokens = ctx;

    (void)flags;
    (void)token;
    (void)len;
    (void)start;
    (void)end;
    ++*tokens;
    return SQLITE_OK;
}

/* MB a second. */
static double speed_of(fts5_api *api, const char *name, const struct buf *text, double seconds)
{
    fts5_tokenizer t;
    Fts5Tokenizer *one;
    void *ctx;
    size_t tokens = 0, rounds = 0;

    if (api->xFindTokenizer(api, name, &ctx, &t) != SQLITE_OK ||
        t.xCreate(ctx, NULL, 0, &one) != SQLITE_OK)
        die(name, "there is no such tokenizer");
    uint64_t start = clock_thread_ns(), spent = 0;
    for (; rounds < 2 || (double)spent < seconds * 1e9; rounds++) {
        if (t.xTokenize(one, &tokens, FTS5_TOKENIZE_DOCUMENT, text->data, (int)text->len,
                        count_token) != SQLITE_OK)
            die(name, "it fails");
        spent = clock_thread_ns() - start;
    }
    t.xDelete(one);
    return (double)rounds * (double)text->len / 1e6 / ((double)spent / 1e9);
}

static void show(fts5_api *api, const char *name, struct buf text, double seconds)
{
    double other = speed_of(api, "unicode61", &text, seconds);
    double own = speed_of(api, "searchd", &text, seconds);

    printf("| %s | %.1f | %.1f | %.1f | %.2f |\n", name, (double)text.len / 1e6, own, other,
           own / other);
    buf_release(&text);
}

static fts5_api *open_fts5(sqlite3 **db)
{
    fts5_api *api = NULL;
    sqlite3_stmt *st = NULL;

    if (sqlite3_open(":memory:", db) != SQLITE_OK ||
        sqlite3_prepare_v2(*db, "SELECT fts5(?1)", -1, &st, NULL) != SQLITE_OK ||
        sqlite3_bind_pointer(st, 1, (void *)&api, "fts5_api_ptr", NULL) != SQLITE_OK)
        die("SQLite", sqlite3_errmsg(*db));
    sqlite3_step(st);
    sqlite3_finalize(st);
    if (api == NULL || tokenizer_register(api, NULL) != SQLITE_OK)
        die("FTS5", "its tokenizers cannot be reached");
    return api;
}

int main(int argc, char **argv)
{
    static const char *const english[] = {"en"}, *const chinese[] = {"zh"};
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 1;
    sqlite3 *db;

    if (argc < 2) {
        fprintf(stderr, "usage: bench_analyzer LANGUAGES.txt [SECONDS [FILE...]]\n");
        return 2;
    }
    read_lines(argv[1]);
    fts5_api *api = open_fts5(&db);
    printf("| text | MB | MB/s | unicode61 MB/s | ratio |\n|---|---|---|---|---|\n");
    show(api, "English", text_of(english, 1), seconds);
    show(api, "eight languages", text_of(mixed, sizeof(mixed) / sizeof(mixed[0])), seconds);
    show(api, "Chinese", text_of(chinese, 1), seconds);
    for (int i = 3; i < argc; i++) {
        struct buf text = {0};
        struct sx_error err;
        if (file_read(argv[i], (size_t)1 << 30, &text, &err) != SX_OK)
            die(argv[i], err.msg);
        show(api, argv[i], text, seconds);
    }
    sqlite3_close(db);
    for (size_t i = 0; i < line_count; i++)
        free(lines[i].text);
    return 0;
}
