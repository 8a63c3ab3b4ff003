/* The same tokens that FTS5 was given, from the same text. */
#include "index/engine/gaps.h"

#include "index/base/alloc.h"
#include "index/engine/pipeline.h"

static int take_text(struct inverter *v, struct record *r, const struct prepared_doc *d, bool body)
{
    uint32_t words = 0;

    for (size_t i = d->from[body]; i < d->from[body + 1]; i++) {
        struct record_term *t = &r->terms[record_term_of(r->tokens[i])];
        bool beside = record_is_beside(r->tokens[i]);
        if (t->number == RECORD_UNKNOWN)
            t->number = inverter_term(v, t->text, t->hash);
        words += !beside;
        if (inverter_posting(v, body, words - 1, t->number, beside) != 0)
            return -1;
    }
    return 0;
}

static sx_status take_doc(struct inverter *v, struct prepared *p, struct prepared_doc *to,
                          struct analyzer *an, struct sx_error *err)
{
    const struct stored_doc *d = &to->d;

    if (prepare_analyse(p, to, an) != 0 || inverter_begin(v, (uint64_t)d->id) != 0 ||
        take_text(v, &p->record, to, false) != 0 || take_text(v, &p->record, to, true) != 0)
        return sx_fail_oom(err);
    inverter_lengths(v, (struct doc_length){d->title_len, d->body_len, d->put_checksum});
    if (to->words[0] != d->title_len || to->words[1] != d->body_len)
        return sx_fail(err, SX_ECORRUPT, "the words of document %lld are not those of its index",
                       (long long)d->id);
    return SX_OK;
}

static sx_status take_docs(struct inverter *v, struct prepared *p, struct analyzer *an,
                           size_t tokens, uint64_t *next, struct sx_error *err)
{
    sx_status rc = SX_OK;

    for (size_t i = 0; i < p->count && rc == SX_OK && inverter_tokens(v) < tokens; i++) {
        *next = (uint64_t)p->docs[i].d.id + 1;
        rc = take_doc(v, p, &p->docs[i], an, err);
    }
    return rc;
}

sx_status gap_read(struct db *c, struct crew *crew, struct analyzer *an, uint64_t first,
                   uint64_t below, size_t tokens, const _Atomic(bool) *stop, struct inverter *v,
                   uint64_t *next, struct sx_error *err)
{
    struct pipeline *a = mem_zalloc(1, sizeof(*a));
    int64_t id = (int64_t)first - 1;
    struct prepared *p;
    bool more = true;
    sx_status rc = a == NULL ? sx_fail_oom(err) : SX_OK;

    *next = first;
    while (rc == SX_OK && inverter_tokens(v) < tokens) {
        if (stop != NULL && atomic_load(stop))
            rc = sx_fail(err, SX_ECANCELLED, "upkeep was stopped");
        while (rc == SX_OK && more && (p = pipeline_room(a)) != NULL) {
            rc = prepared_read(p, c, &id, (int64_t)below, &more, err);
            if (p->count > 0)
                pipeline_give(a, crew);
        }
        p = rc == SX_OK ? pipeline_next(a, crew, an) : NULL;
        if (p == NULL)
            break;
        rc = take_docs(v, p, an, tokens, next, err);
        pipeline_done(a, 0);
    }
    if (rc == SX_OK && inverter_tokens(v) < tokens)
        *next = below; /* there is none behind the last */
    if (a != NULL) {
        pipeline_stop(a, crew);
        pipeline_release(a);
    }
    mem_free(a);
    return rc;
}
