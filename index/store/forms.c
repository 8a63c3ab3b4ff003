/* The tables `form` and `language`. */
#include "index/store/forms.h"

#include <stdlib.h>
#include <string.h>

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/store/fuzzy.h"
#include "index/text/lang.h"

/* A direct-mapped cache of 8 MB: of a news article's 100 distinct terms, 4 are not in it. */
#define SEEN_SLOTS ((size_t)1 << 20)

struct forms {
    struct stemmer *stemmer;
    uint64_t *seen; /* hashes of terms whose rows are there; NULL: of none */
};

struct forms *forms_new(void)
{
    struct forms *f = mem_zalloc(1, sizeof(*f));

    if (f == NULL)
        return NULL;
    f->stemmer = stemmer_new();
    if (f->stemmer == NULL) {
        forms_free(f);
        return NULL;
    }
    return f;
}

void forms_free(struct forms *f)
{
    if (f == NULL)
        return;
    stemmer_free(f->stemmer);
    mem_free(f->seen);
    mem_free(f);
}

void forms_forget(struct forms *f)
{
    mem_free(f->seen);
    f->seen = NULL;
}

/* ---- rows of form ------------------------------------------------------------------------------ */

static sx_status insert(struct db *c, int lang, struct sx_str stem, struct sx_str term,
                        struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FORM_INSERT, &st, err);

    if (rc != SX_OK)
        return rc;
    bind_str(st, 1, str_of(lang_code(lang)));
    bind_str(st, 2, stem);
    bind_str(st, 3, term);
    return db_run(c, st, "store a word form", err);
}

static sx_status feed_term(struct forms *f, struct db *c, int lang, struct sx_str term,
                           struct sx_error *err)
{
    struct sx_str stem;

    if (stem_term(f->stemmer, lang, term, &stem) != 0)
        return sx_fail_oom(err);
    return str_eq(stem, term) ? SX_OK : insert(c, lang, stem, term, err);
}

/* Whether a term was fed lately; it counts as fed from now on. */
static bool seen(struct forms *f, uint64_t hash)
{
    uint64_t *slot = &f->seen[hash & (SEEN_SLOTS - 1)];

    if (*slot == hash)
        return true;
    *slot = hash;
    return false;
}

static int by_term(const void *a, const void *b)
{
    const struct delta *const *x = a, *const *y = b;

    return str_order((*x)->term, (*y)->term);
}

/* The terms whose rows may not be there, in the order of their bytes: rows that lie side by side are
 * looked at one after the other. NULL: memory ran out. */
static const struct delta **find_unseen(struct forms *f, const struct deltas *d, size_t *count)
{
    const struct delta **unseen = mem_alloc(d->count * sizeof(struct delta *));

    *count = 0;
    for (size_t i = 0; i < d->count && unseen != NULL; i++) {
        const struct delta *t = &d->list[i];
        /* What a transaction leaves in as many documents as before has its rows. */
        if (t->n > 0 && !seen(f, t->hash))
            unseen[(*count)++] = t;
    }
    if (unseen != NULL)
        qsort(unseen, *count, sizeof(struct delta *), by_term);
    return unseen;
}

sx_status forms_feed(struct forms *f, struct db *c, const struct langs *langs,
                     const struct deltas *d, struct buf *fresh, struct sx_error *err)
{
    sx_status rc = SX_OK;
    size_t count;

    if (d->count == 0)
        return SX_OK;
    if (f->seen == NULL)
        f->seen = mem_zalloc(SEEN_SLOTS, sizeof(*f->seen));
    const struct delta **unseen = f->seen == NULL ? NULL : find_unseen(f, d, &count);
    if (unseen == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < count && rc == SX_OK; i++) {
        rc = fuzzy_feed(c, unseen[i]->term, fresh, err);
        for (size_t j = 0; j < langs->count && rc == SX_OK; j++)
            rc = feed_term(f, c, langs->list[j], unseen[i]->term, err);
    }
    mem_free(unseen);
    return rc;
}

sx_status forms_clear(struct forms *f, struct db *c, struct sx_error *err)
{
    forms_forget(f);
    return db_call(c, ST_FORM_CLEAR, "remove the word forms", err);
}

/* ---- filling ----------------------------------------------------------------------------------- */

/* Appends where filling stands to `out`. */
static sx_status filled_to(struct db *c, int lang, struct buf *out, struct sx_error *err)
{
    bool row;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_LANGUAGE_GET, &st, err);

    if (rc != SX_OK)
        return rc;
    bind_str(st, 1, str_of(lang_code(lang)));
    rc = db_step(c, st, &row, "read a language", err);
    if (rc == SX_OK && row)
        buf_put_str(out, column_str(st, 0));
    sqlite3_reset(st);
    return rc;
}

static sx_status set_filled(struct db *c, int lang, struct sx_str to, bool ready,
                            struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_LANGUAGE_FILLED, &st, err);

    if (rc != SX_OK)
        return rc;
    bind_str(st, 1, str_of(lang_code(lang)));
    bind_str(st, 2, to);
    sqlite3_bind_int(st, 3, ready);
    return db_run(c, st, "store a language", err);
}

/* Feeds the terms after *at, and leaves the last of them there. */
static sx_status walk(struct forms *f, struct db *c, int lang, size_t max, uint64_t deadline_ns,
                      struct buf *at, bool *ready, struct sx_error *err)
{
    sqlite3_stmt *st;
    bool row = true;
    sx_status rc = db_stmt(c, ST_VOCAB_AFTER, &st, err);

    if (rc != SX_OK)
        return rc;
    int bound = sqlite3_bind_text64(st, 1, at->len == 0 ? "" : at->data, at->len, SQLITE_TRANSIENT,
                                    SQLITE_UTF8);
    if (bound != SQLITE_OK)
        return db_fail(c, bound, "read the vocabulary", err);
    for (size_t n = 0; rc == SX_OK && n < max; n++) {
        rc = db_step(c, st, &row, "read the vocabulary", err);
        if (rc != SX_OK || !row)
            break;
        struct sx_str term = column_str(st, 0);
        rc = feed_term(f, c, lang, term, err);
        buf_clear(at);
        buf_put_str(at, term);
        if (deadline_ns != 0 && clock_now_ns() >= deadline_ns)
            break;
    }
    sqlite3_reset(st);
    *ready = !row;
    return rc == SX_OK && !buf_ok(at) ? sx_fail_oom(err) : rc;
}

sx_status forms_fill(struct forms *f, struct db *c, int lang, size_t max, uint64_t deadline_ns,
                     bool *ready, struct sx_error *err)
{
    struct buf at = {0};
    sx_status rc = filled_to(c, lang, &at, err);

    *ready = false;
    if (rc == SX_OK && !buf_ok(&at))
        rc = sx_fail_oom(err);
    if (rc == SX_OK)
        rc = walk(f, c, lang, max, deadline_ns, &at, ready, err);
    if (rc == SX_OK)
        rc = set_filled(c, lang, at.len == 0 ? str_of("") : buf_str(&at), *ready, err);
    buf_release(&at);
    return rc;
}

/* ---- rows of language -------------------------------------------------------------------------- */

static sx_status list_languages(struct db *c, enum stmt which, struct langs *out,
                                bool ready[LANGS_MAX], struct sx_error *err)
{
    bool row = true;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, which, &st, err);

    out->count = 0;
    while (rc == SX_OK && row) {
        rc = db_step(c, st, &row, "read the languages", err);
        int lang = rc == SX_OK && row ? lang_number(column_str(st, 0)) : -1;
        if (lang < 0 || out->count == LANGS_MAX)
            continue;
        if (ready != NULL)
            ready[out->count] = sqlite3_column_int(st, 1) != 0;
        out->list[out->count++] = lang;
    }
    return rc;
}

sx_status language_list(struct db *c, struct langs *out, bool ready[LANGS_MAX],
                        struct sx_error *err)
{
    return list_languages(c, ST_LANGUAGE_ALL, out, ready, err);
}

sx_status language_ready(struct db *c, struct langs *out, struct sx_error *err)
{
    return list_languages(c, ST_LANGUAGE_READY, out, NULL, err);
}

sx_status language_add(struct db *c, int lang, bool ready, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_LANGUAGE_INSERT, &st, err);

    if (rc != SX_OK)
        return rc;
    bind_str(st, 1, str_of(lang_code(lang)));
    sqlite3_bind_int(st, 2, ready);
    return db_run(c, st, "store a language", err);
}

sx_status language_drop(struct db *c, int lang, struct sx_error *err)
{
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_LANGUAGE_DELETE, &st, err);

    if (rc != SX_OK)
        return rc;
    bind_str(st, 1, str_of(lang_code(lang)));
    return db_run(c, st, "store a language", err);
}

/* ---- looking up -------------------------------------------------------------------------------- */

/* The forms found so far besides the word itself, in order. */
struct found {
    struct sx_str word;
    struct sx_str list[FORMS_MAX - 1];
    size_t count;
    bool more;
    struct arena *mem;
};

/* Keeps the first of all terms; -1: memory ran out. */
static int keep(struct found *f, struct sx_str term)
{
    size_t at = f->count;

    if (term.ptr == NULL)
        return -1;
    if (str_eq(term, f->word))
        return 0;
    while (at > 0 && str_order(f->list[at - 1], term) > 0)
        at--;
    if (at > 0 && str_eq(f->list[at - 1], term))
        return 0;
    f->more = f->more || f->count == FORMS_MAX - 1;
    if (at == FORMS_MAX - 1)
        return 0;
    struct sx_str copy = arena_str(f->mem, term);
    if (copy.ptr == NULL)
        return -1;
    if (f->count < FORMS_MAX - 1)
        f->count++;
    memmove(&f->list[at + 1], &f->list[at], (f->count - 1 - at) * sizeof(*f->list));
    f->list[at] = copy;
    return 0;
}

static sx_status find_rows(struct db *c, int lang, struct sx_str stem, struct found *f,
                           struct sx_error *err)
{
    bool row = true;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_FORM_FIND, &st, err);

    if (rc != SX_OK)
        return rc;
    bind_str(st, 1, str_of(lang_code(lang)));
    bind_str(st, 2, stem);
    sqlite3_bind_int(st, 3, FORMS_MAX + 1); /* one may be the word itself, one tells of more */
    while (rc == SX_OK && row) {
        rc = db_step(c, st, &row, "look up word forms", err);
        if (rc == SX_OK && row && keep(f, column_str(st, 0)) != 0)
            rc = sx_fail_oom(err);
    }
    sqlite3_reset(st);
    return rc;
}

static sx_status find_in(struct db *c, struct stemmer *stemmer, int lang, struct found *f,
                         struct sx_error *err)
{
    struct sx_str stem, again;

    if (stem_term(stemmer, lang, f->word, &stem) != 0)
        return sx_fail_oom(err);
    sx_status rc = find_rows(c, lang, stem, f, err);
    if (rc != SX_OK || str_eq(stem, f->word))
        return rc;
    /* A term that is its own stem has no row. Not every stem is one: a stem may have another. */
    stem = arena_str(f->mem, stem);
    if (stem.ptr == NULL || stem_term(stemmer, lang, stem, &again) != 0)
        return sx_fail_oom(err);
    return str_eq(again, stem) && keep(f, stem) != 0 ? sx_fail_oom(err) : SX_OK;
}

sx_status forms_of(struct db *c, struct stemmer *stemmer, const struct langs *langs,
                   struct sx_str term, struct arena *mem, struct sx_str **out, size_t *count,
                   bool *more, struct sx_error *err)
{
    struct found f = {.word = arena_str(mem, term), .mem = mem};

    if (f.word.ptr == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < langs->count; i++) {
        sx_status rc = find_in(c, stemmer, langs->list[i], &f, err);
        if (rc != SX_OK)
            return rc;
    }
    *out = arena_array(mem, f.count + 1, sizeof(**out));
    if (*out == NULL)
        return sx_fail_oom(err);
    (*out)[0] = f.word;
    memcpy(*out + 1, f.list, f.count * sizeof(*f.list));
    *count = f.count + 1;
    *more = f.more;
    return SX_OK;
}
