/* The FTS5 auxiliary function, and counts from fts5vocab. */
#include "index/store/match.h"

#include <string.h>

#include "index/store/forms.h"
#include "index/text/analyzer.h"

#define COLUMN_TITLE 0
#define UNION_MAX (FORMS_MAX + 2) /* a leaf's terms, its whole, and the forms of that */

/* The places of one phrase in a row, in order, each once: co-located words of one prefix come
 * twice from FTS5. */
struct phrase_walk {
    const Fts5ExtensionApi *api;
    Fts5Context *fts;
    Fts5PhraseIter it;
    int column, offset; /* column < 0: no more */
};

static void walk_first(struct phrase_walk *p, const Fts5ExtensionApi *api, Fts5Context *fts,
                       int phrase)
{
    p->api = api;
    p->fts = fts;
    if (api->xPhraseFirst(fts, phrase, &p->it, &p->column, &p->offset) != SQLITE_OK)
        p->column = -1;
}

static void walk_next(struct phrase_walk *p)
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
    struct phrase_walk p;
    uint32_t counts[2] = {0, 0};

    for (walk_first(&p, api, fts, phrase); p.column >= 0; walk_next(&p))
        counts[p.column != COLUMN_TITLE]++;
    tf->title = counts[0];
    tf->body = counts[1];
}

static bool same_place(const struct phrase_walk *a, const struct phrase_walk *b)
{
    return a->column == b->column && a->offset == b->offset;
}

static bool before(const struct phrase_walk *a, const struct phrase_walk *b)
{
    return a->column != b->column ? a->column < b->column : a->offset < b->offset;
}

/* The places of several phrases, merged. */
struct merge {
    struct phrase_walk lists[UNION_MAX];
    int left; /* lists that have more places */
};

static void merge_begin(struct merge *m, const Fts5ExtensionApi *api, Fts5Context *fts, int first,
                        int last)
{
    m->left = 0;
    for (int i = first; i <= last; i++) {
        walk_first(&m->lists[m->left], api, fts, i);
        m->left += m->lists[m->left].column >= 0;
    }
}

/* The next place where any of them stands; co-located words share theirs. */
static bool merge_next(struct merge *m, int *column, int *offset)
{
    if (m->left == 0)
        return false;
    struct phrase_walk next = m->lists[0];
    for (int i = 1; i < m->left; i++)
        if (before(&m->lists[i], &next))
            next = m->lists[i];
    for (int i = m->left - 1; i >= 0; i--) {
        if (same_place(&m->lists[i], &next))
            walk_next(&m->lists[i]);
        if (m->lists[i].column < 0)
            m->lists[i] = m->lists[--m->left];
    }
    *column = next.column;
    *offset = next.offset;
    return true;
}

static void count_union(const Fts5ExtensionApi *api, Fts5Context *fts, int first, int last,
                        struct phrase_tf *tf)
{
    struct merge m;
    uint32_t counts[2] = {0, 0};
    int column, offset;

    merge_begin(&m, api, fts, first, last);
    while (merge_next(&m, &column, &offset))
        counts[column != COLUMN_TITLE]++;
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

int match_places(const struct match *m, int first, struct places *out)
{
    struct merge all;
    int column, offset;
    int last = first;
    int rc = 0;

    places_clear(out);
    while (last + 1 < m->phrases && m->phrase[last + 1].how != MATCH_SET &&
           last - first + 1 < UNION_MAX)
        last++;
    merge_begin(&all, m->api, m->fts, first, last);
    while (rc == 0 && merge_next(&all, &column, &offset))
        rc = places_add(out, column != COLUMN_TITLE, (uint32_t)offset);
    return rc;
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
    m->api = api;
    m->fts = fts;
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

static sx_status run(struct db *c, sqlite3_stmt *st, struct sx_str expr, struct match *m,
                     struct sx_error *err)
{
    m->stopped = SX_OK;
    bind_str(st, 1, expr);
    c->match = m;
    sx_status rc = db_run(c, st, "search", err);
    c->match = NULL;
    sqlite3_clear_bindings(st);
    return m->stopped != SX_OK ? m->stopped : rc;
}

sx_status store_match(struct db *c, struct sx_str expr, struct match *m, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FTS_MATCH, &st, err);

    return rc == SX_OK ? run(c, st, expr, m, err) : rc;
}

sx_status store_match_one(struct db *c, struct sx_str expr, int64_t rowid, struct match *m,
                          struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FTS_MATCH_ONE, &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int64(st, 2, rowid);
    return run(c, st, expr, m, err);
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
