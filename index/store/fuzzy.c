/* Reading the table `term`: all terms of a like length are compared. */
#include "index/store/fuzzy.h"

#include <string.h>

#include "index/base/str.h"
#include "index/text/analyzer.h"
#include "index/text/edits.h"

#define KEPT_MAX (SX_FUZZY_TERMS_MAX - 1) /* besides the word itself */

_Static_assert(EDITS_POINTS_MAX == 60, "FUZZY_TERMS says it in SQL");
_Static_assert(DICT_MARK == 2, "and this, too");

/* Code points of a term; 0: no fuzzy word is near to it. */
static int length_of(struct sx_str term)
{
    int points = 0;

    if (term.len > (size_t)4 * EDITS_POINTS_MAX || memchr(term.ptr, DICT_MARK, term.len) != NULL)
        return 0;
    for (size_t i = 0; i < term.len; i++)
        points += ((unsigned char)term.ptr[i] & 0xc0) != 0x80;
    return points < 2 || points > EDITS_POINTS_MAX ? 0 : points;
}

sx_status fuzzy_feed(struct db *c, struct sx_str term, struct sx_error *err)
{
    sqlite3_stmt *st;
    int length = length_of(term);

    if (length == 0)
        return SX_OK;
    sx_status rc = db_stmt(c, ST_TERM_INSERT, &st, err);
    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int(st, 1, length);
    bind_str(st, 2, term);
    return db_run(c, st, "store a word", err);
}

sx_status fuzzy_renew(struct db *c, struct sx_error *err)
{
    sx_status rc = db_call(c, ST_TERM_CLEAR, "remove the words", err);

    return rc == SX_OK ? db_call(c, ST_TERM_FILL, "list the words", err) : rc;
}

/* ---- looking up ------------------------------------------------------------------------------ */

struct near_term {
    struct sx_str term;
    unsigned edits;
    uint32_t shared; /* code points of the beginning that are the word's, too */
};

struct found {
    struct edits_word word;
    struct near_term list[KEPT_MAX + 1];
    size_t count;
    bool more;
    struct arena *mem;
};

static bool nearer(const struct near_term *a, const struct near_term *b)
{
    if (a->edits != b->edits)
        return a->edits < b->edits;
    if (a->shared != b->shared)
        return a->shared > b->shared;
    int order =
        memcmp(a->term.ptr, b->term.ptr, a->term.len < b->term.len ? a->term.len : b->term.len);
    return order != 0 ? order < 0 : a->term.len < b->term.len;
}

/* Keeps the nearest KEPT_MAX; -1: memory ran out. */
static int keep(struct found *f, struct near_term t)
{
    size_t at = f->count;

    while (at > 0 && nearer(&t, &f->list[at - 1]))
        at--;
    f->more = f->more || f->count == KEPT_MAX;
    if (at == KEPT_MAX)
        return 0;
    t.term = arena_str(f->mem, t.term);
    if (t.term.ptr == NULL)
        return -1;
    if (f->count < KEPT_MAX)
        f->count++;
    memmove(&f->list[at + 1], &f->list[at], (f->count - 1 - at) * sizeof(*f->list));
    f->list[at] = t;
    return 0;
}

static int compare(struct found *f, struct sx_str term, unsigned edits)
{
    struct edits_word other;
    struct near_term t = {.term = term};

    if (edits_word(&other, term) != 0)
        return 0;
    t.edits = edits_between(&f->word, &other, edits);
    if (t.edits == 0 || t.edits > edits)
        return 0;
    while (t.shared < other.count && t.shared < f->word.count &&
           other.points[t.shared] == f->word.points[t.shared])
        t.shared++;
    return keep(f, t);
}

static sx_status scan(struct db *c, struct found *f, unsigned edits, struct sx_error *err)
{
    bool row = true;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_TERM_SCAN, &st, err);

    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int(st, 1, (int)f->word.count - (int)edits);
    sqlite3_bind_int(st, 2, (int)f->word.count + (int)edits);
    while (rc == SX_OK && row) {
        rc = db_step(c, st, &row, "look up like words", err);
        if (rc == SX_OK && row && compare(f, column_str(st, 0), edits) != 0)
            rc = sx_fail_oom(err);
    }
    sqlite3_reset(st);
    return rc;
}

sx_status fuzzy_of(struct db *c, struct sx_str term, unsigned edits, struct arena *mem,
                   struct sx_str **out, size_t *count, bool *more, struct sx_error *err)
{
    struct found *f = arena_new(mem, sizeof(*f));
    sx_status rc = SX_OK;

    if (f == NULL)
        return sx_fail_oom(err);
    f->mem = mem;
    if (edits_word(&f->word, term) == 0) /* else nothing is near to it but itself */
        rc = scan(c, f, edits, err);
    *out = arena_array(mem, f->count + 1, sizeof(**out));
    if (rc == SX_OK && *out == NULL)
        return sx_fail_oom(err);
    if (rc != SX_OK)
        return rc;
    (*out)[0] = term;
    for (size_t i = 0; i < f->count; i++)
        (*out)[i + 1] = f->list[i].term;
    *count = f->count + 1;
    *more = f->more;
    return SX_OK;
}
