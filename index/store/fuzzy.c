/* The table `term`, and the nearest of the terms in it or in lists: all of a like length are
 * compared. */
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

sx_status fuzzy_feed(struct db *c, struct sx_str term, struct buf *fresh, struct sx_error *err)
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
    rc = db_run(c, st, "store a word", err);
    if (rc == SX_OK && sqlite3_changes(c->sq) == 1) {
        buf_putc(fresh, (char)term.len);
        buf_put_str(fresh, term);
    }
    return rc;
}

int fuzzy_fresh(const struct buf *fresh, struct termlist *out)
{
    if (!buf_ok(fresh))
        return -1;
    for (size_t at = 0, len; at < fresh->len; at += 1 + len) {
        len = (unsigned char)fresh->data[at];
        if (termlist_add(out, str_make(fresh->data + at + 1, len)) != 0)
            return -1;
    }
    return 0;
}

sx_status fuzzy_renew(struct db *c, struct sx_error *err)
{
    sx_status rc = db_call(c, ST_TERM_CLEAR, "remove the words", err);

    return rc == SX_OK ? db_call(c, ST_TERM_FILL, "list the words", err) : rc;
}

/* Steps through the terms of `from` to `to` code points. */
static sx_status each_term(struct db *c, int from, int to,
                           int (*each)(void *ctx, struct sx_str term), void *ctx, bool *ended,
                           struct sx_error *err)
{
    bool row = true;
    sqlite3_stmt *st;
    sx_status rc = db_stmt(c, ST_TERM_SCAN, &st, err);

    *ended = false;
    if (rc != SX_OK)
        return rc;
    sqlite3_bind_int(st, 1, from);
    sqlite3_bind_int(st, 2, to);
    while (rc == SX_OK && row && !*ended) {
        rc = db_step(c, st, &row, "look up like words", err);
        *ended = rc == SX_OK && row && each(ctx, column_str(st, 0)) != 0;
    }
    sqlite3_reset(st);
    return rc;
}

/* ---- loading --------------------------------------------------------------------------------- */

struct loading {
    struct termlist *list;
    size_t max;
};

static int load_term(void *ctx, struct sx_str term)
{
    struct loading *l = ctx;

    if (termlist_add(l->list, term) != 0)
        return -1;
    return termlist_bytes(l->list) > l->max ? -1 : 0;
}

sx_status fuzzy_load(struct db *c, struct termlist *out, size_t max, bool *all,
                     struct sx_error *err)
{
    struct loading l = {out, max};
    bool ended;
    sx_status rc = each_term(c, 0, EDITS_POINTS_MAX, load_term, &l, &ended, err);

    *all = rc == SX_OK && !ended;
    return rc;
}

/* ---- looking up ------------------------------------------------------------------------------ */

struct near_term {
    struct sx_str term;
    unsigned edits;
    uint32_t shared; /* code points of the beginning that are the word's, too */
};

struct found {
    struct sx_str term;
    struct edits_word word;
    unsigned edits;
    bool alone; /* nothing is near to it but itself */
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
    return str_order(a->term, b->term) < 0;
}

/* Keeps the nearest KEPT_MAX, each once; -1: memory ran out. */
static int keep(struct found *f, struct near_term t)
{
    size_t at = f->count;

    while (at > 0 && nearer(&t, &f->list[at - 1]))
        at--;
    if (at > 0 && str_eq(t.term, f->list[at - 1].term))
        return 0;
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

static int compare(void *ctx, struct sx_str term)
{
    struct found *f = ctx;
    struct edits_word other;
    struct near_term t = {.term = term};

    if (edits_word(&other, term) != 0)
        return 0;
    t.edits = edits_between(&f->word, &other, f->edits);
    if (t.edits == 0 || t.edits > f->edits)
        return 0;
    while (t.shared < other.count && t.shared < f->word.count &&
           other.points[t.shared] == f->word.points[t.shared])
        t.shared++;
    return keep(f, t);
}

/* NULL: memory ran out. */
static struct found *found_new(struct fuzzy_word word, struct arena *mem)
{
    struct found *f = arena_new(mem, sizeof(*f));

    if (f == NULL)
        return NULL;
    f->mem = mem;
    f->term = word.term;
    f->edits = word.edits;
    f->alone = edits_word(&f->word, word.term) != 0;
    return f;
}

static sx_status tell(const struct found *f, struct sx_str **out, size_t *count, bool *more,
                      struct sx_error *err)
{
    *out = arena_array(f->mem, f->count + 1, sizeof(**out));
    if (*out == NULL)
        return sx_fail_oom(err);
    (*out)[0] = f->term;
    for (size_t i = 0; i < f->count; i++)
        (*out)[i + 1] = f->list[i].term;
    *count = f->count + 1;
    *more = f->more;
    return SX_OK;
}

sx_status fuzzy_of(struct db *c, struct fuzzy_word word, struct arena *mem, struct sx_str **out,
                   size_t *count, bool *more, struct sx_error *err)
{
    struct found *f = found_new(word, mem);
    bool ended = false;
    sx_status rc = SX_OK;

    if (f == NULL)
        return sx_fail_oom(err);
    if (!f->alone)
        rc = each_term(c, (int)f->word.count - (int)f->edits, (int)(f->word.count + f->edits),
                       compare, f, &ended, err);
    if (rc != SX_OK)
        return rc;
    return ended ? sx_fail_oom(err) : tell(f, out, count, more, err);
}

sx_status fuzzy_in(const struct termlist *const *lists, size_t list_count, struct fuzzy_word word,
                   struct arena *mem, struct sx_str **out, size_t *count, bool *more,
                   struct sx_error *err)
{
    struct found *f = found_new(word, mem);

    if (f == NULL)
        return sx_fail_oom(err);
    for (size_t i = 0; i < list_count && !f->alone; i++)
        if (termlist_scan(lists[i], &f->word, f->edits, compare, f) != 0)
            return sx_fail_oom(err);
    return tell(f, out, count, more, err);
}
