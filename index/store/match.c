/* The FTS5 auxiliary function, and counts from fts5vocab. */
#include "index/store/match.h"

#include <string.h>

#include "index/text/analyzer.h"

#define COLUMN_TITLE 0

/* The places of one phrase in a row, in order, each once: co-located words of one prefix come
 * twice from FTS5. */
struct places {
    const Fts5ExtensionApi *api;
    Fts5Context *fts;
    Fts5PhraseIter it;
    int column, offset; /* column < 0: no more */
};

static void places_first(struct places *p, const Fts5ExtensionApi *api, Fts5Context *fts,
                         int phrase)
{
    p->api = api;
    p->fts = fts;
    if (api->xPhraseFirst(fts, phrase, &p->it, &p->column, &p->offset) != SQLITE_OK)
        p->column = -1;
}

static void places_next(struct places *p)
{
    int column = p->column;
    int offset = p->offset;

    do
        p->api->xPhraseNext(p->fts, &p->it, &p->column, &p->offset);
    while (p->column == column && p->offset == offset);
}

static void count_phrase(const Fts5ExtensionApi *api, Fts5Context *fts, int phrase,
                         struct phrase_tf *tf)
{
    struct places p;
    uint32_t counts[2] = {0, 0};

    for (places_first(&p, api, fts, phrase); p.column >= 0; places_next(&p))
        counts[p.column != COLUMN_TITLE]++;
    tf->title = counts[0];
    tf->body = counts[1];
}

static bool before(const struct places *a, const struct places *b)
{
    if (b->column < 0 || a->column < 0)
        return b->column < 0;
    return a->column != b->column ? a->column < b->column : a->offset < b->offset;
}

/* Positions where phrase - 1 or `phrase` stands. */
static void count_union(const Fts5ExtensionApi *api, Fts5Context *fts, int phrase,
                        struct phrase_tf *tf)
{
    struct places a;
    struct places b;
    uint32_t counts[2] = {0, 0};

    places_first(&a, api, fts, phrase - 1);
    places_first(&b, api, fts, phrase);
    while (a.column >= 0 || b.column >= 0) {
        bool only_a = before(&a, &b);
        bool only_b = before(&b, &a);
        counts[(only_b ? b.column : a.column) != COLUMN_TITLE]++;
        if (!only_b)
            places_next(&a);
        if (!only_a)
            places_next(&b);
    }
    tf->title = counts[0];
    tf->body = counts[1];
}

static void count_sum(const Fts5ExtensionApi *api, Fts5Context *fts, int phrase,
                      struct phrase_tf *tf)
{
    struct phrase_tf other;

    count_phrase(api, fts, phrase - 1, &other);
    count_phrase(api, fts, phrase, tf);
    tf->title += other.title;
    tf->body += other.body;
}

static void count(const Fts5ExtensionApi *api, Fts5Context *fts, int phrase,
                  const struct match_phrase *m, struct phrase_tf *tf)
{
    switch (m->how) {
    case MATCH_SET:
        count_phrase(api, fts, phrase, tf);
        break;
    case MATCH_UNION:
        count_union(api, fts, phrase, tf);
        break;
    case MATCH_SUM:
        count_sum(api, fts, phrase, tf);
        break;
    }
}

static void match_function(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *out,
                           int value_count, sqlite3_value **values)
{
    struct db *c = api->xUserData(fts);
    struct match *m = c->match;

    (void)value_count;
    (void)values;
    if (m == NULL || api->xPhraseCount(fts) != m->phrases) {
        sqlite3_result_error(out, "sx_match is for searchd only", -1);
        return;
    }
    for (int i = 0; i < m->phrases; i++)
        count(api, fts, i, &m->phrase[i], &m->tf[m->phrase[i].slot]);
    m->stopped = m->row(m->ctx, api->xRowid(fts));
    if (m->stopped != SX_OK)
        sqlite3_result_error(out, "stopped", -1);
    /* No result is NULL, which is not true: the row is done with. */
}

int match_register(struct db *c, fts5_api *api)
{
    return api->xCreateFunction(api, "sx_match", c, match_function, NULL);
}

sx_status store_match(struct db *c, struct sx_str expr, struct match *m, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FTS_MATCH, &st, err);

    if (rc != SX_OK)
        return rc;
    m->stopped = SX_OK;
    bind_str(st, 1, expr);
    c->match = m;
    rc = db_run(c, st, "search", err);
    c->match = NULL;
    sqlite3_clear_bindings(st);
    return m->stopped != SX_OK ? m->stopped : rc;
}

sx_status vocab_term(struct db *c, struct sx_str term, struct vocab_counts *out,
                     struct sx_error *err)
{
    bool row;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_VOCAB_TERM, &st, err);

    memset(out, 0, sizeof(*out));
    if (rc != SX_OK)
        return rc;
    bind_str(st, 1, term);
    rc = db_step(c, st, &row, "count a word", err);
    if (rc != SX_OK || !row)
        return rc;
    out->n = (uint64_t)sqlite3_column_int64(st, 0);
    out->f = (uint64_t)sqlite3_column_int64(st, 1);
    sqlite3_reset(st);
    return SX_OK;
}

sx_status vocab_prefix(struct db *c, struct sx_str prefix, size_t max_terms,
                       struct vocab_counts *out, struct sx_error *err)
{
    char last[TERM_MAX + 8];
    bool row = true;
    size_t terms = 0;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_VOCAB_PREFIX, &st, err);

    memset(out, 0, sizeof(*out));
    if (rc != SX_OK)
        return rc;
    /* FTS5 compares bytes; no term holds 0xff. */
    memcpy(last, prefix.ptr, prefix.len);
    last[prefix.len] = '\xff';
    bind_str(st, 1, prefix);
    sqlite3_bind_text64(st, 2, last, prefix.len + 1, SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_bind_int64(st, 3, (sqlite3_int64)max_terms + 1);
    while (rc == SX_OK && row) {
        rc = db_step(c, st, &row, "expand a prefix", err);
        if (rc != SX_OK || !row)
            break;
        if (++terms > max_terms) {
            sqlite3_reset(st);
            return sx_fail_at(err, SX_EQUERY, "query", SX_NO_OFFSET,
                              "'%.*s*' stands for more than %zu words: write more of it",
                              (int)prefix.len, prefix.ptr, max_terms);
        }
        out->n += (uint64_t)sqlite3_column_int64(st, 0);
        out->f += (uint64_t)sqlite3_column_int64(st, 1);
    }
    return rc;
}
