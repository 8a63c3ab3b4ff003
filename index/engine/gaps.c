/* The same tokens that FTS5 was given, from the same text. */
#include "index/engine/gaps.h"

#include "index/base/str.h"

struct reading {
    struct inverter *v;
    bool body;
    uint32_t words[2];
};

static int take_token(void *arg, const struct token *t)
{
    struct reading *r = arg;
    uint32_t *words = &r->words[r->body];
    bool beside = t->kind != TOKEN_WORD;

    *words += beside ? 0 : 1;
    return inverter_token(r->v, r->body, *words - 1, t->term, beside);
}

static sx_status take_doc(struct analyzer *an, const struct stored_doc *d, struct inverter *v,
                          struct sx_error *err)
{
    struct reading r = {.v = v};
    const struct sx_str *fields[2] = {&d->doc.title, &d->doc.body};

    if (inverter_begin(v, (uint64_t)d->id) != 0)
        return sx_fail_oom(err);
    for (int f = 0; f < 2; f++) {
        r.body = f == 1;
        if (analyzer_run(an, fields[f]->ptr, fields[f]->len, take_token, &r) != 0)
            return sx_fail_oom(err);
    }
    inverter_lengths(v, (struct doc_length){r.words[0], r.words[1], d->put_checksum});
    if (r.words[0] != d->title_len || r.words[1] != d->body_len)
        return sx_fail(err, SX_ECORRUPT, "the words of document %lld are not those of its index",
                       (long long)d->id);
    return SX_OK;
}

sx_status gap_read(struct db *c, struct analyzer *an, uint64_t first, uint64_t below, size_t tokens,
                   const _Atomic(bool) *stop, struct inverter *v, uint64_t *next,
                   struct sx_error *err)
{
    struct stored_doc d = {.id = (int64_t)first - 1};
    bool found = true;
    sx_status rc = SX_OK;

    *next = first;
    while (rc == SX_OK && *next < below && inverter_tokens(v) < tokens) {
        if (stop != NULL && atomic_load(stop))
            return sx_fail(err, SX_ECANCELLED, "upkeep was stopped");
        rc = doc_find(c, DOC_KEY_AFTER, str_make(NULL, 0), d.id, &d, &found, err);
        if (rc != SX_OK)
            break;
        if (!found || (uint64_t)d.id >= below) {
            *next = below;
            break;
        }
        *next = (uint64_t)d.id + 1;
        rc = doc_text(c, &d, err);
        if (rc == SX_OK)
            rc = take_doc(an, &d, v, err);
    }
    doc_done(c);
    return rc;
}
