/* The FTS5 tokenizer: a thin wrapper round the analyzer. */
#include "index/store/tokenizer.h"

#include <string.h>

#include "index/base/alloc.h"
#include "index/base/str.h"

struct instance {
    struct analyzer *an;
    const struct replay *replay; /* NULL: of no use */
    char term[TERM_MAX];         /* of the position at hand; not for documents */
};

typedef int (*fts5_token_fn)(void *ctx, int flags, const char *term, int len, int start, int end);

struct relay {
    fts5_token_fn fn;
    void *ctx;
};

/* Positions on their way to FTS5, one token each: a phrase, or what highlight() marks. */
struct positions {
    struct relay to;
    struct token at; /* the position at hand; its term lies in `term` */
    char *term;
    uint32_t end; /* of the one before it */
};

static int create(void *replay, const char **args, int arg_count, Fts5Tokenizer **out)
{
    struct instance *in;

    (void)args;
    if (arg_count != 0)
        return SQLITE_ERROR;
    in = mem_zalloc(1, sizeof(*in));
    if (in == NULL)
        return SQLITE_NOMEM;
    in->replay = replay;
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

    return r->fn(r->ctx, t->kind == TOKEN_WORD ? 0 : FTS5_TOKEN_COLOCATED, t->term.ptr,
                 (int)t->term.len, (int)t->start, (int)t->end);
}

/* Which text of the document that is known this is; -1: none. FTS5 has a copy. */
static int find_known(const struct replay *known, const char *text, size_t len)
{
    struct sx_str s = {text, len};

    if (known == NULL || known->record == NULL)
        return -1;
    return str_eq(known->texts[0], s) ? 0 : str_eq(known->texts[1], s) ? 1 : -1;
}

/* Of documents, FTS5 does not ask where in the text a token stands. */
static int relay_record(const struct relay *r, const struct replay *known, int text)
{
    const struct record *record = known->record;
    int rc = SQLITE_OK;

    for (size_t i = known->from[text]; i < known->from[text + 1] && rc == SQLITE_OK; i++) {
        uint32_t token = record->tokens[i];
        struct sx_str term = record->terms[record_term_of(token)].text;
        rc = r->fn(r->ctx, record_is_beside(token) ? FTS5_TOKEN_COLOCATED : 0, term.ptr,
                   (int)term.len, 0, 0);
    }
    return rc;
}

static int relay_document(struct instance *in, struct relay *r, const char *text, size_t len)
{
    int known = find_known(in->replay, text, len);

    return known >= 0 ? relay_record(r, in->replay, known)
                      : analyzer_run(in->an, text, len, relay_token, r);
}

static int relay_position(struct positions *p)
{
    struct token *t = &p->at;

    if (t->term.len == 0) /* before the first */
        return SQLITE_OK;
    /* The words of one sign (U+FDFA) share its place, which highlight() must not go back to. */
    if (t->start < p->end)
        t->start = p->end;
    if (t->end < t->start)
        t->end = t->start;
    p->end = t->end;
    return p->to.fn(p->to.ctx, 0, t->term.ptr, (int)t->term.len, (int)t->start, (int)t->end);
}

static int see_token(void *ctx, const struct token *t)
{
    struct positions *p = ctx;
    int rc = SQLITE_OK;

    if (t->kind == TOKEN_WORD) {
        rc = relay_position(p);
        p->at = *t;
    } else if (t->kind == TOKEN_WHOLE && t->span == 1) {
        p->at.end = t->end;
    } else if (t->kind != TOKEN_PAIR) {
        return SQLITE_OK;
    }
    memcpy(p->term, t->term.ptr, t->term.len);
    p->at.term = (struct sx_str){p->term, t->term.len};
    return rc;
}

/* The last cluster of a run, which the pair before it implies, is told all the same: highlight()
 * would leave its position out. */
static int relay_positions(struct instance *in, struct relay to, const char *text, size_t len)
{
    struct positions p = {.to = to, .term = in->term};
    int rc = analyzer_run(in->an, text, len, see_token, &p);

    return rc == 0 ? relay_position(&p) : rc;
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
    struct relay r = {.fn = fn, .ctx = ctx};

    if ((flags & FTS5_TOKENIZE_QUERY) != 0 && len > 0 && text[0] == TERM_MARK)
        return relay_terms(&r, text, (size_t)len);
    int rc = document ? relay_document(in, &r, text, (size_t)len)
                      : relay_positions(in, r, text, (size_t)len);
    return rc == ANALYZER_NOMEM ? SQLITE_NOMEM : rc;
}

int tokenizer_register(fts5_api *api, struct replay *replay)
{
    fts5_tokenizer methods = {create, destroy, tokenize};

    return api->xCreateTokenizer(api, "searchd", replay, &methods, NULL);
}
