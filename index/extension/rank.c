/* The rank function. What it needs of the whole collection is asked once a query, then kept in
 * FTS5's auxiliary data.
 *
 * sqlite3_api is the name by which the macros of sqlite3ext.h reach SQLite. Here it is no global
 * but comes with the function: threads load the extension side by side, and a process may hold
 * two copies of SQLite. */
#include "index/extension/rank.h"

#include <stdint.h>

#include "index/base/alloc.h"
#include "index/rank/score.h"

#define COLUMN_TITLE 0
#define COLUMN_BODY 1
#define COLUMN_COUNT 2

struct weights {
    double avglen;
    double of[]; /* each phrase */
};

/* Where a phrase stands in the row at hand. */
static int count_here(const Fts5ExtensionApi *fts, Fts5Context *row, int phrase,
                      uint64_t counts[COLUMN_COUNT])
{
    Fts5PhraseIter it;
    int column;
    int offset;
    int rc = fts->xPhraseFirst(row, phrase, &it, &column, &offset);

    counts[COLUMN_TITLE] = 0;
    counts[COLUMN_BODY] = 0;
    if (rc != SQLITE_OK)
        return rc;
    for (; column >= 0; fts->xPhraseNext(row, &it, &column, &offset))
        counts[column]++;
    return SQLITE_OK;
}

/* A row that holds the phrase which xQueryPhrase() looks for. */
static int count_row(const Fts5ExtensionApi *fts, Fts5Context *row, void *ctx)
{
    struct term_counts *sum = ctx;
    uint64_t counts[COLUMN_COUNT];
    int rc = count_here(fts, row, 0, counts);

    sum->n++;
    sum->f += counts[COLUMN_TITLE] + counts[COLUMN_BODY];
    return rc;
}

static int average_length(const Fts5ExtensionApi *fts, Fts5Context *row, uint64_t docs,
                          double *avglen)
{
    sqlite3_int64 title;
    sqlite3_int64 body;
    int rc = fts->xColumnTotalSize(row, COLUMN_TITLE, &title);

    if (rc == SQLITE_OK)
        rc = fts->xColumnTotalSize(row, COLUMN_BODY, &body);
    if (rc == SQLITE_OK)
        *avglen = score_combined((uint64_t)title, (uint64_t)body) / (double)docs;
    return rc;
}

static int fill(const Fts5ExtensionApi *fts, Fts5Context *row, int phrases, struct weights *w)
{
    sqlite3_int64 docs;
    int rc = fts->xRowCount(row, &docs);

    if (rc == SQLITE_OK)
        rc = average_length(fts, row, (uint64_t)docs, &w->avglen);
    for (int i = 0; i < phrases && rc == SQLITE_OK; i++) {
        struct term_counts sum = {0, 0};
        rc = fts->xQueryPhrase(row, i, &sum, count_row);
        w->of[i] = score_weight((uint64_t)docs, sum);
    }
    return rc;
}

/* *out is FTS5's, for as long as the query runs. */
static int get_weights(const Fts5ExtensionApi *fts, Fts5Context *row, int phrases,
                       struct weights **out)
{
    struct weights *w = fts->xGetAuxdata(row, 0);

    if (w == NULL) {
        w = mem_zalloc(1, sizeof(*w) + (size_t)phrases * sizeof(w->of[0]));
        if (w == NULL)
            return SQLITE_NOMEM;
        int rc = fill(fts, row, phrases, w);
        if (rc != SQLITE_OK) {
            mem_free(w);
            return rc;
        }
        rc = fts->xSetAuxdata(row, w, mem_free);
        if (rc != SQLITE_OK) /* which has freed it */
            return rc;
    }
    *out = w;
    return SQLITE_OK;
}

static int score_row(const Fts5ExtensionApi *fts, Fts5Context *row, double *sum)
{
    uint64_t counts[COLUMN_COUNT];
    int phrases = fts->xPhraseCount(row);
    int title;
    int body;
    struct weights *w;
    int rc = get_weights(fts, row, phrases, &w);

    if (rc == SQLITE_OK)
        rc = fts->xColumnSize(row, COLUMN_TITLE, &title);
    if (rc == SQLITE_OK)
        rc = fts->xColumnSize(row, COLUMN_BODY, &body);
    if (rc != SQLITE_OK)
        return rc;
    double len = score_combined((uint64_t)title, (uint64_t)body);
    double norm = score_length_norm(len, w->avglen);
    for (int i = 0; i < phrases && rc == SQLITE_OK; i++) {
        rc = count_here(fts, row, i, counts);
        double tf = score_combined(counts[COLUMN_TITLE], counts[COLUMN_BODY]);
        if (tf > 0)
            *sum += score_leaf(1, w->of[i], tf, norm);
    }
    return rc;
}

static void rank(const Fts5ExtensionApi *fts, Fts5Context *row, sqlite3_context *out,
                 int value_count, sqlite3_value **values)
{
    const sqlite3_api_routines *sqlite3_api = fts->xUserData(row);
    double sum = 0;

    (void)values;
    if (value_count != 0) {
        sqlite3_result_error(out, "searchd_rank() takes the table and nothing else", -1);
        return;
    }
    if (fts->xColumnCount(row) != COLUMN_COUNT) {
        sqlite3_result_error(out, "searchd_rank() is for tables of a title and a body", -1);
        return;
    }
    int rc = score_row(fts, row, &sum);
    if (rc == SQLITE_OK)
        sqlite3_result_double(out, 0 - sum);
    else
        sqlite3_result_error_code(out, rc);
}

int rank_register(fts5_api *fts, const sqlite3_api_routines *api)
{
    /* FTS5 hands the pointer back as it came. */
    return fts->xCreateFunction(fts, "searchd_rank", (void *)(uintptr_t)api, rank, NULL);
}
