/* The crew's part is one task at a time, so that chunks are counted in the order they were stored in. */
#include "index/engine/feed.h"

#include <stddef.h>

#include "index/engine/index.h"

/* ---- tokens ------------------------------------------------------------------------------------ */

/* Gives the terms of a record their numbers in this transaction, where those that they have are
 * another's, or none. Each look-up waits for memory three times: the next ones begin meanwhile. -1: memory
 * ran out. */
static int number_terms(struct sx_index *ix, struct record *r)
{
    struct deltas *d = &ix->deltas;
    struct record_term *t = r->terms;
    size_t n = r->term_count;

    if (r->read_in == d->age && r->numbered == n)
        return 0;
    for (size_t i = r->read_in == d->age ? r->numbered : 0; i < n; i++) {
        if (i + 12 < n)
            deltas_expect(d, t[i + 12].hash);
        if (i + 8 < n)
            deltas_expect_entry(d, t[i + 8].hash);
        if (i + 4 < n)
            deltas_expect_text(d, t[i + 4].hash);
        t[i].number = deltas_number(d, t[i].text, t[i].hash);
        if (t[i].number == DELTA_NONE)
            return -1;
    }
    r->read_in = d->age;
    r->numbered = n;
    return 0;
}

/* Counts the tokens of one text; those of a document that is put are its postings, too. */
static void feed_text(struct sx_index *ix, const struct prepared *p, const struct prepared_doc *d,
                      bool body, bool put)
{
    const struct record *r = &p->record;
    uint32_t words = 0;

    for (size_t i = d->from[body]; i < d->from[body + 1]; i++) {
        const struct record_term *t = &r->terms[record_term_of(r->tokens[i])];
        bool beside = record_is_beside(r->tokens[i]);
        deltas_count(&ix->deltas, t->number);
        words += !beside;
        if (put)
            reach_token(ix, body, words - 1, t->text, t->number, beside);
    }
}

static sx_status feed(struct sx_index *ix, struct prepared *p, const struct prepared_doc *d,
                      bool put)
{
    deltas_begin(&ix->deltas, put ? +1 : -1);
    if (number_terms(ix, &p->record) != 0)
        return SX_ENOMEM;
    feed_text(ix, p, d, false, put);
    feed_text(ix, p, d, true, put);
    return SX_OK;
}

static sx_status feed_one(struct sx_index *ix, struct prepared *p, struct prepared_doc *d,
                          double average)
{
    d->unfed = false;
    reach_put(ix, d->d.id);
    sx_status rc = feed(ix, p, d, true);
    if (rc == SX_OK)
        reach_put_end(ix, &d->d, average);
    return rc;
}

/* ---- chunks ------------------------------------------------------------------------------------ */

static sx_status feed_chunk(struct sx_index *ix, struct prepared *p, double average)
{
    sx_status rc = SX_OK;

    for (size_t i = 0; i < p->count && rc == SX_OK; i++)
        if (p->docs[i].unfed)
            rc = feed_one(ix, p, &p->docs[i], average);
    return rc;
}

static void feed_given(struct task *task, struct analyzer *an)
{
    struct feeding *f = (struct feeding *)(void *)((char *)task - offsetof(struct feeding, task));

    (void)an;
    f->failed = feed_chunk(f->ix, f->given, f->average) != SX_OK;
}

static sx_status tell(sx_status rc, struct sx_error *err)
{
    return rc == SX_OK ? rc : sx_fail_oom(err);
}

void feed_open(struct sx_index *ix, struct prepared *p)
{
    ix->feeding.open = p;
}

sx_status feed_wait(struct sx_index *ix, struct sx_error *err)
{
    struct feeding *f = &ix->feeding;

    if (f->given == NULL)
        return SX_OK;
    crew_wait(ix->crew, &f->task, ix->an);
    f->given = NULL;
    return tell(f->failed ? SX_ENOMEM : SX_OK, err);
}

void feed_give(struct sx_index *ix)
{
    struct feeding *f = &ix->feeding;

    if (f->open == NULL)
        return;
    f->ix = ix;
    f->task.run = feed_given;
    f->given = f->open;
    f->open = NULL;
    f->average = reach_average(&ix->next);
    crew_give_first(ix->crew, &f->task);
}

void feed_stop(struct sx_index *ix)
{
    struct feeding *f = &ix->feeding;

    if (f->given != NULL)
        crew_cancel(ix->crew, &f->task);
    f->given = NULL;
    f->open = NULL;
}

/* Counts all that is stored. */
static sx_status settle(struct sx_index *ix, struct sx_error *err)
{
    sx_status rc = feed_wait(ix, err);

    if (rc != SX_OK || ix->feeding.open == NULL)
        return rc;
    return tell(feed_chunk(ix, ix->feeding.open, reach_average(&ix->next)), err);
}

/* ---- documents --------------------------------------------------------------------------------- */

sx_status feed_put(struct sx_index *ix, struct prepared *p, struct prepared_doc *d,
                   struct sx_error *err)
{
    d->unfed = true;
    if (ix->feeding.open == p)
        return SX_OK;
    sx_status rc = settle(ix, err);
    return rc == SX_OK ? tell(feed_one(ix, p, d, reach_average(&ix->next)), err) : rc;
}

sx_status feed_removed(struct sx_index *ix, struct prepared *p, struct sx_error *err)
{
    sx_status rc = settle(ix, err);

    return rc == SX_OK ? tell(feed(ix, p, &p->docs[0], false), err) : rc;
}
