/* Documents one by one; a record of tokens for all that are prepared together. */
#include "index/engine/prepare.h"

#include <stdio.h>
#include <string.h>

#include "index/base/alloc.h"
#include "index/base/date.h"
#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/text/lang.h"

#define KEPT_DOCS 256 /* by prepared_clear() */

void prepared_release(struct prepared *p)
{
    record_release(&p->record);
    arena_release(&p->text);
    mem_free(p->docs);
    memset(p, 0, sizeof(*p));
}

void prepared_clear(struct prepared *p)
{
    if (p->cap > KEPT_DOCS) {
        prepared_release(p);
        return;
    }
    record_clear(&p->record);
    arena_release(&p->text);
    p->count = 0;
    p->bytes = 0;
}

/* ---- validity ---------------------------------------------------------------------------------- */

struct rule {
    const char *key;
    size_t min, max;
    bool required;
};

static sx_status check_text(const char *prefix, const struct rule *rule, struct sx_str s,
                            struct sx_error *err)
{
    char param[sizeof(err->param)];

    snprintf(param, sizeof(param), "%s%s", prefix, rule->key);
    if (s.ptr == NULL)
        return rule->required
                   ? sx_fail_at(err, SX_EREQUEST, param, SX_NO_OFFSET, "%s is missing", rule->key)
                   : SX_OK;
    if (s.len < rule->min)
        return sx_fail_at(err, SX_EREQUEST, param, SX_NO_OFFSET, "%s is empty", rule->key);
    if (s.len > rule->max)
        return sx_fail_at(err, SX_ETOOLARGE, param, SX_NO_OFFSET,
                          "%s has %zu bytes, at most %zu are taken", rule->key, s.len, rule->max);
    size_t bad = utf8_check(s.ptr, s.len);
    if (bad < s.len)
        return sx_fail_at(err, SX_EREQUEST, param, (int64_t)bad, "%s is not valid UTF-8",
                          rule->key);
    const char *nul = memchr(s.ptr, '\0', s.len);
    if (nul != NULL)
        return sx_fail_at(err, SX_EREQUEST, param, nul - s.ptr, "%s holds a NUL character",
                          rule->key);
    return SX_OK;
}

sx_status doc_validate(const struct sx_doc *d, const char *prefix, struct sx_error *err)
{
    static const struct rule rules[] = {
        {"uri", 1, SX_URI_MAX, true},    {"title", 0, SX_TITLE_MAX, false},
        {"body", 0, SX_TEXT_MAX, true},  {"source", 0, SX_META_MAX, false},
        {"date", 0, SX_META_MAX, false}, {"lang", 0, SX_META_MAX, false},
        {"type", 0, SX_META_MAX, false}, {"extra", 0, SX_EXTRA_MAX, false},
    };
    const struct sx_str values[] = {d->uri,  d->title, d->body, d->source,
                                    d->date, d->lang,  d->type, d->extra};
    struct date_span span;
    char param[sizeof(err->param)];

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        sx_status rc = check_text(prefix, &rules[i], values[i], err);
        if (rc != SX_OK)
            return rc;
    }
    snprintf(param, sizeof(param), "%sdate", prefix);
    if (d->date.len > 0 && !date_parse(d->date, &span))
        return sx_fail_at(err, SX_EREQUEST, param, SX_NO_OFFSET,
                          "'%.*s' is no date: expected ISO 8601 such as 2025-08-15",
                          (int)(d->date.len > 40 ? 40 : d->date.len), d->date.ptr);
    return SX_OK;
}

/* ---- adding ------------------------------------------------------------------------------------ */

/* A new one, zeroed; NULL: memory ran out. */
static struct prepared_doc *add(struct prepared *p)
{
    if (p->count == p->cap) {
        size_t cap = p->cap == 0 ? 1 : 2 * p->cap;
        void *grown = mem_realloc(p->docs, cap * sizeof(*p->docs));
        if (grown == NULL)
            return NULL;
        p->docs = grown;
        p->cap = cap;
    }
    struct prepared_doc *d = &p->docs[p->count];
    memset(d, 0, sizeof(*d));
    return d;
}

static struct sx_str or_null(struct sx_str s)
{
    return s.len == 0 ? str_make(NULL, 0) : s;
}

int prepared_add(struct prepared *p, const struct sx_doc *doc, int64_t file)
{
    struct prepared_doc *to = add(p);

    if (to == NULL)
        return -1;
    struct stored_doc *d = &to->d;
    *d = (struct stored_doc){.doc = *doc, .at = DATE_NONE, .file = file};
    if (d->doc.title.ptr == NULL)
        d->doc.title = str_of("");
    d->doc.source = or_null(d->doc.source);
    d->doc.date = or_null(d->doc.date);
    d->doc.lang = or_null(d->doc.lang);
    d->doc.type = or_null(d->doc.type);
    d->doc.extra = or_null(d->doc.extra);
    p->bytes += d->doc.title.len + d->doc.body.len;
    p->count++;
    return 0;
}

int prepared_borrow(struct prepared *p, const struct stored_doc *d)
{
    struct prepared_doc *to = add(p);

    if (to == NULL)
        return -1;
    to->d = *d;
    to->described = true;
    p->bytes += d->doc.title.len + d->doc.body.len;
    p->count++;
    return 0;
}

int prepared_copy(struct prepared *p, const struct stored_doc *d)
{
    struct stored_doc own = *d;
    struct sx_str *copied[] = {&own.doc.uri,  &own.doc.title, &own.doc.body, &own.doc.source,
                               &own.doc.date, &own.doc.lang,  &own.doc.type, &own.doc.extra};

    for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
        struct sx_str copy = arena_str(&p->text, *copied[i]);
        if (copy.ptr == NULL && copied[i]->ptr != NULL)
            return -1;
        *copied[i] = copy;
    }
    return prepared_borrow(p, &own);
}

bool prepared_is_full(const struct prepared *p)
{
    return p->count >= PREPARED_DOCS || p->bytes >= PREPARED_BYTES;
}

size_t prepared_memory(const struct prepared *p)
{
    return p->cap * sizeof(*p->docs) + p->text.used + record_memory(&p->record);
}

sx_status prepared_read(struct prepared *p, struct db *c, int64_t *id, int64_t below, bool *more,
                        struct sx_error *err)
{
    struct stored_doc d;
    sx_status rc = SX_OK;

    while (rc == SX_OK && *more && !prepared_is_full(p)) {
        rc = doc_find(c, DOC_KEY_AFTER, str_make(NULL, 0), *id, &d, more, err);
        *more = *more && d.id < below;
        if (rc != SX_OK || !*more)
            break;
        rc = doc_text(c, &d, err);
        if (rc == SX_OK && prepared_copy(p, &d) != 0)
            rc = sx_fail_oom(err);
        *id = d.id;
    }
    doc_done(c);
    return rc;
}

/* ---- preparing --------------------------------------------------------------------------------- */

/* A document that names no language gets the one it is written in, where that shows. */
static void detect_language(struct stored_doc *d)
{
    int lang = lang_detect(d->doc.body.ptr, d->doc.body.len);

    if (lang < 0)
        lang = lang_detect(d->doc.title.ptr, d->doc.title.len);
    if (lang < 0)
        return;
    d->doc.lang = str_of(lang_code(lang));
    d->lang_detected = true;
}

static int64_t time_of(struct sx_str date)
{
    struct date_span span;

    return date.len > 0 && date_parse(date, &span) ? span.lo : DATE_NONE;
}

void prepare_describe(struct prepared_doc *to)
{
    struct stored_doc *d = &to->d;

    if (to->described)
        return;
    if (d->doc.lang.ptr == NULL)
        detect_language(d);
    d->at = time_of(d->doc.date);
    doc_hash(&d->doc, d->hash);
    d->checksum = doc_checksum(&d->doc);
    d->put_checksum = d->checksum;
    to->described = true;
}

static void forget_tokens(struct prepared *p)
{
    record_clear(&p->record);
    for (size_t i = 0; i < p->count; i++)
        p->docs[i].analysed = false;
}

int prepare_analyse(struct prepared *p, struct prepared_doc *to, struct analyzer *an)
{
    if (to->analysed)
        return 0;
    to->from[0] = p->record.token_count;
    int rc = an == NULL ? -1 : record_text(&p->record, an, to->d.doc.title, &to->words[0]);
    to->from[1] = p->record.token_count;
    if (rc == 0)
        rc = record_text(&p->record, an, to->d.doc.body, &to->words[1]);
    to->from[2] = p->record.token_count;
    to->analysed = rc == 0;
    if (rc != 0)
        forget_tokens(p);
    return rc == 0 ? 0 : -1;
}

void prepare_all(struct prepared *p, struct analyzer *an)
{
    for (size_t i = 0; i < p->count; i++)
        prepare_describe(&p->docs[i]);
    for (size_t i = 0; i < p->count; i++)
        if (prepare_analyse(p, &p->docs[i], an) != 0)
            return;
}

void prepare_task(struct task *t, struct analyzer *an)
{
    prepare_all((struct prepared *)(void *)((char *)t - offsetof(struct prepared, task)), an);
}

struct replay prepared_replay(const struct prepared *p, const struct prepared_doc *d)
{
    return (struct replay){.record = &p->record,
                           .texts = {d->d.doc.title, d->d.doc.body},
                           .from = {d->from[0], d->from[1], d->from[2]}};
}
