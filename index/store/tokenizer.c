/* The FTS5 tokenizer: a thin wrapper round the analyzer. */
#include "index/store/tokenizer.h"

#include <string.h>

#include "index/base/alloc.h"
#include "index/base/str.h"

struct instance {
    struct analyzer *an;
    struct token_tap *tap;
};

typedef int (*fts5_token_fn)(void *ctx, int flags, const char *term, int len, int start, int end);

struct relay {
    fts5_token_fn fn;
    void *ctx;
    struct token_tap *tap; /* NULL: not a document */
};

static int create(void *tap, const char **args, int arg_count, Fts5Tokenizer **out)
{
    struct instance *in;

    (void)args;
    if (arg_count != 0)
        return SQLITE_ERROR;
    in = mem_zalloc(1, sizeof(*in));
    if (in == NULL)
        return SQLITE_NOMEM;
    in->tap = tap;
    in->an = analyzer_new();
    if (in->an == NULL) {
        mem_free(in);
        return SQLITE_NOMEM;
    }
    *out = (Fts5Tokenizer *)in;
    return SQLITE_OK;
}

static void destroy(Fts5Tokenizer *tok)
{
    struct instance *in = (struct instance *)tok;

    analyzer_free(in->an);
    mem_free(in);
}

static int relay_token(void *ctx, const struct token *t)
{
    struct relay *r = ctx;

    if (r->tap != NULL && r->tap->token(r->tap->ctx, t) != 0)
        return SQLITE_NOMEM;
    return r->fn(r->ctx, t->kind == TOKEN_WORD ? 0 : FTS5_TOKEN_COLOCATED, t->term.ptr,
                 (int)t->term.len, (int)t->start, (int)t->end);
}

/* \1unit\18200: terms as they are. */
static int relay_terms(struct relay *r, const char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        size_t start = at + 1;
        const char *mark = memchr(text + start, TERM_MARK, len - start);
        size_t end = mark == NULL ? len : (size_t)(mark - text);
        int rc = r->fn(r->ctx, 0, text + start, (int)(end - start), (int)start, (int)end);
        if (rc != SQLITE_OK)
            return rc;
        at = end;
    }
    return SQLITE_OK;
}

static int tokenize(Fts5Tokenizer *tok, void *ctx, int flags, const char *text, int len,
                    fts5_token_fn fn)
{
    struct instance *in = (struct instance *)tok;
    bool document = (flags & FTS5_TOKENIZE_DOCUMENT) != 0;
    struct relay r = {fn, ctx, NULL};

    if ((flags & FTS5_TOKENIZE_QUERY) != 0 && len > 0 && text[0] == TERM_MARK)
        return relay_terms(&r, text, (size_t)len);
    if (document && in->tap != NULL && in->tap->text != NULL) {
        r.tap = in->tap;
        r.tap->text(r.tap->ctx);
    }
    int rc = analyzer_run(in->an, text, (size_t)len, relay_token, &r);
    return rc == ANALYZER_NOMEM ? SQLITE_NOMEM : rc;
}

int tokenizer_api(sqlite3 *db, struct fts5_api **out)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &st, NULL);

    *out = NULL;
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_pointer(st, 1, out, "fts5_api_ptr", NULL);
    if (rc == SQLITE_OK)
        sqlite3_step(st);
    int step_rc = sqlite3_finalize(st);
    rc = rc == SQLITE_OK ? step_rc : rc;
    return rc == SQLITE_OK && *out == NULL ? SQLITE_ERROR : rc;
}

int tokenizer_register(sqlite3 *db, struct token_tap *tap)
{
    fts5_tokenizer methods = {create, destroy, tokenize};
    fts5_api *api;
    int rc = tokenizer_api(db, &api);

    return rc == SQLITE_OK ? api->xCreateTokenizer(api, "searchd", tap, &methods, NULL) : rc;
}
