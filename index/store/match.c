/* The FTS5 auxiliary function, and counts from fts5vocab. */
#include "index/store/match.h"

#include <string.h>

#include "index/store/forms.h"
#include "index/text/analyzer.h"

#define COLUMN_TITLE 0
#define UNION_MAX (FORMS_MAX + 2) /* a leaf's terms, its whole, and the forms of that */

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

static bool same_place(const struct places *a, const struct places *b)
{
    return a->column == b->column && a->offset == b->offset;
}

static bool before(const struct places *a, const struct places *b)
{
    return a->column != b->column ? a->column < b->column : a->offset < b->offset;
}

/* Positions where any of the phrases first..last stands; co-located words share theirs. */
static void count_union(const Fts5ExtensionApi *api, Fts5Context *fts, int first, int last,
                        struct phrase_tf *tf)
{
    struct places lists[UNION_MAX];
    uint32_t counts[2] = {0, 0};
    int left = 0; /* lists that have more places */

    for (int i = first; i <= last; i++) {
        places_first(&lists[left], api, fts, i);
        left += lists[left].column >= 0;
    }
    while (left > 0) {
        struct places next = lists[0];
        for (int i = 1; i < left; i++)
            if (before(&lists[i], &next))
                next = lists[i];
        counts[next.column != COLUMN_TITLE]++;
        for (int i = left - 1; i >= 0; i--) {
            if (same_place(&lists[i], &next))
                places_next(&lists[i]);
            if (lists[i].column < 0)
                lists[i] = lists[--left];
        }
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

/* Counts phrase `i` and those that join it; returns the next one. */
static int count(const Fts5ExtensionApi *api, Fts5Context *fts, int i, const struct match *m)
{
    struct phrase_tf *tf = &m->tf[m->phrase[i].slot];
    int last = i;

    while (last + 1 < m->phrases && m->phrase[last + 1].how == MATCH_UNION &&
           last - i + 1 < UNION_MAX)
        last++;
    if (last > i)
        count_union(api, fts, i, last, tf);
    else if (m->phrase[i].how == MATCH_SUM)
        count_sum(api, fts, i, tf);
    else
        count_phrase(api, fts, i, tf);
    return last + 1;
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
    for (int i = 0; i < m->phrases;)
        i = count(api, fts, i, m);
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
