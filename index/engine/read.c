/* Reading what is stored: one document, the failures, the figures. */
#include "index/engine/index.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "index/base/alloc.h"
#include "index/base/arena.h"
#include "index/base/str.h"
#include "index/base/sha256.h"
#include "index/base/utf8.h"
#include "index/ingest/reader.h"
#include "index/store/files.h"
#include "index/store/schema.h"

struct stored {
    struct sx_stored pub; /* first: what the caller frees */
    struct arena mem;
};

void sx_stored_free(struct sx_stored *s)
{
    struct stored *own = (struct stored *)s;

    if (own == NULL)
        return;
    arena_release(&own->mem);
    mem_free(own);
}

static bool copy_doc(struct stored *s, const struct sx_doc *d)
{
    const struct sx_str *from[] = {&d->uri,  &d->title, &d->body, &d->source,
                                   &d->date, &d->lang,  &d->type, &d->extra};
    struct sx_doc *t = &s->pub.doc;
    struct sx_str *to[] = {&t->uri,  &t->title, &t->body, &t->source,
                           &t->date, &t->lang,  &t->type, &t->extra};

    for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
        *to[i] = arena_str(&s->mem, *from[i]);
        if (to[i]->ptr == NULL && from[i]->ptr != NULL)
            return false;
    }
    return true;
}

/* What the document was read from. */
static sx_status read_origin(struct sx_reader *r, int64_t file, struct stored *s,
                             struct sx_error *err)
{
    struct file_row row;
    sx_status rc = file_get(&r->c, file, &row, err);

    if (rc == SX_OK && row.has_hash)
        hex_encode(row.hash, FILE_HASH_BYTES, s->pub.file_hash);
    s->pub.extractor = row.extractor;
    return rc;
}

static sx_status get_on_snapshot(struct sx_reader *r, enum doc_key by, struct sx_str key,
                                 struct stored *s, struct sx_error *err)
{
    struct stored_doc d;
    bool found;
    sx_status rc = doc_find(&r->c, by, key, 0, &d, &found, err);

    if (rc == SX_OK && !found)
        return sx_fail(err, SX_ENOTFOUND, "there is no such document");
    if (rc == SX_OK)
        rc = doc_text(&r->c, &d, err);
    if (rc == SX_OK && !copy_doc(s, &d.doc))
        rc = sx_fail_oom(err);
    if (rc == SX_OK)
        hex_encode(d.hash, DOC_HASH_BYTES, s->pub.hash);
    s->pub.lang_detected = rc == SX_OK && d.lang_detected;
    return rc == SX_OK && d.file != 0 ? read_origin(r, d.file, s, err) : rc;
}

static sx_status get(struct sx_reader *r, enum doc_key by, struct sx_str key,
                     struct sx_stored **out, struct sx_error *err)
{
    struct state snap;
    struct sx_error own;
    struct stored *s = mem_zalloc(1, sizeof(*s));

    *out = NULL;
    err = err == NULL ? &own : err;
    if (s == NULL)
        return sx_fail_oom(err);
    sx_status rc = reader_begin(r, &snap, err);
    if (rc == SX_OK) {
        s->pub.generation = snap.generation;
        rc = get_on_snapshot(r, by, key, s, err);
        reader_end(r);
    }
    if (rc != SX_OK) {
        sx_stored_free(&s->pub);
        return rc;
    }
    *out = &s->pub;
    return SX_OK;
}

sx_status sx_reader_get_uri(struct sx_reader *r, struct sx_str uri, struct sx_stored **out,
                            struct sx_error *err)
{
    return get(r, DOC_KEY_URI, uri, out, err);
}

sx_status sx_reader_get_doc(struct sx_reader *r, struct sx_str hex, struct sx_stored **out,
                            struct sx_error *err)
{
    unsigned char hash[DOC_HASH_BYTES];

    *out = NULL;
    if (hex.len != 2 * sizeof(hash) || hex_decode(hex.ptr, sizeof(hash), hash) != 0)
        return sx_fail_at(err, SX_EREQUEST, "doc", SX_NO_OFFSET, "doc must be 64 hex digits");
    return get(r, DOC_KEY_HASH, str_make((const char *)hash, sizeof(hash)), out, err);
}

/* ---- failures -------------------------------------------------------------------------------- */

struct failures {
    struct sx_failed_list pub; /* first: what the caller frees */
    struct arena mem;
    struct sx_failed *items;
};

void sx_failed_list_free(struct sx_failed_list *list)
{
    struct failures *own = (struct failures *)list;

    if (own == NULL)
        return;
    arena_release(&own->mem);
    mem_free(own);
}

static sx_status add_failure(void *arg, struct sx_str uri, struct sx_str stage,
                             struct sx_str reason, int64_t at, bool retry)
{
    struct failures *l = arg;
    struct sx_failed *f = &l->items[l->pub.count];

    f->uri = arena_str(&l->mem, uri);
    f->stage = arena_str(&l->mem, stage);
    f->reason = arena_str(&l->mem, reason);
    f->at = at;
    f->retry = retry;
    if (f->uri.ptr == NULL || f->stage.ptr == NULL || f->reason.ptr == NULL)
        return SX_ENOMEM;
    l->pub.count++;
    return SX_OK;
}

static sx_status list_failures(struct sx_reader *r, size_t offset, size_t limit, struct failures *l,
                               struct sx_error *err)
{
    struct state snap;
    sx_status rc = reader_begin(r, &snap, err);

    if (rc != SX_OK)
        return rc;
    l->pub.total = snap.failed;
    l->items = arena_array(&l->mem, limit, sizeof(*l->items));
    l->pub.items = l->items;
    rc = l->items == NULL ? SX_ENOMEM : failed_each(&r->c, offset, limit, add_failure, l, err);
    reader_end(r);
    return rc == SX_ENOMEM ? sx_fail_oom(err) : rc;
}

sx_status sx_reader_failed(struct sx_reader *r, size_t offset, size_t limit,
                           struct sx_failed_list **out, struct sx_error *err)
{
    struct sx_error own;

    *out = NULL;
    err = err == NULL ? &own : err;
    if (limit > SX_LIMIT_MAX)
        return sx_fail_at(err, SX_EREQUEST, "limit", SX_NO_OFFSET, "limit is at most %d",
                          SX_LIMIT_MAX);
    struct failures *l = mem_zalloc(1, sizeof(*l));
    if (l == NULL)
        return sx_fail_oom(err);
    sx_status rc = list_failures(r, offset, limit, l, err);
    if (rc != SX_OK) {
        sx_failed_list_free(&l->pub);
        return rc;
    }
    *out = &l->pub;
    return SX_OK;
}

/* ---- figures --------------------------------------------------------------------------------- */

static uint64_t file_size(const char *path, const char *suffix)
{
    char name[4200];
    struct stat st;

    snprintf(name, sizeof(name), "%s%s", path, suffix);
    return stat(name, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void copy_languages(const struct langs *langs, const bool *ready, struct sx_stats *out)
{
    for (size_t i = 0; i < langs->count; i++) {
        snprintf(out->languages[i].code, sizeof(out->languages[i].code), "%s",
                 lang_code(langs->list[i]));
        out->languages[i].ready = ready[i];
    }
    out->language_count = langs->count;
}

/* The place of a type; -1 when there are too many. */
static int type_at(struct sx_types *out, struct sx_str type)
{
    char name[sizeof(out->items[0].name)];
    size_t i = 0;

    if (type.len >= sizeof(name))
        type.len = utf8_floor(type.ptr, type.len, sizeof(name) - 1);
    snprintf(name, sizeof(name), "%.*s", (int)type.len, type.ptr == NULL ? "" : type.ptr);
    while (i < out->count && strcmp(out->items[i].name, name) != 0)
        i++;
    if (i == SX_TYPES_MAX)
        return -1;
    if (i == out->count)
        memcpy(out->items[out->count++].name, name, sizeof(name));
    return (int)i;
}

static sx_status count_docs(void *arg, struct sx_str type, uint64_t count)
{
    struct sx_types *out = arg;
    int at = type_at(out, type);

    if (at >= 0)
        out->items[at].docs += count;
    return SX_OK;
}

static sx_status count_files(void *arg, struct sx_str type, uint64_t count)
{
    struct sx_types *out = arg;
    int at = type_at(out, type);

    if (at >= 0)
        out->items[at].files += count;
    return SX_OK;
}

sx_status sx_reader_types(struct sx_reader *r, struct sx_types *out, struct sx_error *err)
{
    struct state snap;
    struct sx_error own;

    err = err == NULL ? &own : err;
    memset(out, 0, sizeof(*out));
    sx_status rc = reader_begin(r, &snap, err);
    if (rc != SX_OK)
        return rc;
    rc = doc_types(&r->c, count_docs, out, err);
    if (rc == SX_OK)
        rc = file_types(&r->c, count_files, out, err);
    reader_end(r);
    return rc;
}

static void read_segments(struct sx_reader *r, struct sx_stats *out)
{
    struct segset *set = reach_now(r->ix, r->memory);

    out->blockmax.reached = r->reached != NULL;
    for (size_t i = 0; set != NULL && i < set->count; i++) {
        const struct segment *s = set->at[i];
        out->blockmax.segments++;
        out->blockmax.docs += s->docs - atomic_load(&s->dead_count);
        *(s->mapped ? &out->blockmax.file_bytes : &out->blockmax.memory_bytes) += s->size;
    }
    reach_drop(set);
    upkeep_failure(r->ix, out->blockmax.failure, sizeof(out->blockmax.failure));
}

sx_status sx_reader_stats(struct sx_reader *r, struct sx_stats *out, struct sx_error *err)
{
    struct state snap;
    struct langs langs;
    bool ready[LANGS_MAX];
    struct sx_error own;

    err = err == NULL ? &own : err;
    sx_status rc = reader_begin(r, &snap, err);
    if (rc != SX_OK)
        return rc;
    rc = language_list(&r->c, &langs, ready, err);
    size_t cached_terms = termcache_count(r->memory->terms);
    memset(out, 0, sizeof(*out));
    read_segments(r, out);
    reader_end(r);
    if (rc != SX_OK)
        return rc;
    copy_languages(&langs, ready, out);
    out->generation = snap.generation;
    out->coverage = reader_coverage(r, &snap);
    out->title_words = snap.title_words;
    out->body_words = snap.body_words;
    out->file_bytes = file_size(r->ix->path, "");
    out->wal_bytes = file_size(r->ix->path, "-wal");
    out->cached_terms = cached_terms;
    out->schema_version = SCHEMA_VERSION;
    out->analyzer_version = ANALYZER_VERSION;
    out->index_analyzer = snap.analyzer;
    out->stale = snap.analyzer != ANALYZER_VERSION;
    out->extractor_version = INGEST_VERSION;
    pthread_mutex_lock(&r->ix->lock);
    out->sync = r->ix->told_progress;
    pthread_mutex_unlock(&r->ix->lock);
    return SX_OK;
}
