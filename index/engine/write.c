/* The life of a document: validated, its old version removed, stored and indexed in one
 * transaction, durable at commit, and known to memory exactly when readers can see it.
 *
 *   put, delete ──> transaction ──> commit: state row · memory registered · COMMIT (fsync)
 *                        │                                                     │ failed
 *                        └── any failure: doom = rollback, told by commit <────┘
 */
#include "index/engine/index.h"

#include <stdio.h>
#include <string.h>

#include "index/base/clock.h"
#include "index/base/date.h"
#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/store/files.h"

#define CHECKPOINT_PAGES 512      /* 8 MB: checkpointed between commits */
#define CHECKPOINT_PAGES_MAX 4096 /* 64 MB: checkpointed at once */

/* ---- the token tap: lengths and changes of counts, from what FTS5 indexes --------------- */

static void tap_text(void *arg)
{
    struct sx_index *ix = arg;

    ix->tap_field++;
}

static int tap_length(void *arg, const struct token *t)
{
    struct sx_index *ix = arg;

    if (t->kind == TOKEN_WORD && ix->tap_field < 2)
        ix->tap_words[ix->tap_field]++;
    return 0;
}

static int tap_token(void *arg, const struct token *t)
{
    struct sx_index *ix = arg;

    tap_length(ix, t);
    return deltas_add(&ix->deltas, t->term);
}

/* The tokens of a new document are its postings, too. */
static int tap_posting(void *arg, const struct token *t)
{
    struct sx_index *ix = arg;
    bool body = ix->tap_field == 1;

    int rc = tap_token(ix, t);
    if (rc == 0)
        reach_token(ix, body, ix->tap_words[body] - 1, t->term, ix->deltas.last,
                    t->kind != TOKEN_WORD);
    return rc;
}

static void tap_begin(struct sx_index *ix, int (*token)(void *ctx, const struct token *t))
{
    ix->tap_field = -1;
    ix->tap_words[0] = 0;
    ix->tap_words[1] = 0;
    ix->w.tap.text = tap_text;
    ix->w.tap.token = token;
    ix->w.tap.ctx = ix;
}

static void tap_end(struct sx_index *ix)
{
    ix->w.tap.text = NULL;
}

/* ---- the transaction ----------------------------------------------------------------------- */

static void forget_transaction(struct sx_index *ix)
{
    tap_end(ix);
    db_rollback(&ix->w);
    ix->in_transaction = false;
    ix->failed_touched = false;
    ix->next = ix->committed;
    deltas_clear(&ix->deltas);
    buf_release(&ix->fresh);
    languages_rolled_back(ix);
    memory_rolled_back(ix);
    reach_rolled_back(ix);
}

sx_status write_doom(struct sx_index *ix, sx_status rc, const struct sx_error *err)
{
    forget_transaction(ix);
    if (err != NULL)
        ix->doom = *err;
    else
        sx_fail(&ix->doom, rc, "a write failed");
    ix->doom.code = rc;
    return rc;
}

void sx_index_rollback(struct sx_index *ix)
{
    forget_transaction(ix);
    ix->doom.code = SX_OK;
}

bool sx_index_broken(const struct sx_index *ix)
{
    return atomic_load(&ix->w.fsync_failed);
}

static sx_status fail_broken(struct sx_error *err)
{
    return sx_fail(err, SX_EREADONLY,
                   "an earlier write could not be made durable: searchd must be restarted");
}

sx_status write_begin(struct sx_index *ix, struct sx_error *err)
{
    if (atomic_load(&ix->w.fsync_failed))
        return fail_broken(err);
    if (ix->doom.code != SX_OK) {
        if (err != NULL)
            *err = ix->doom;
        return ix->doom.code;
    }
    if (ix->in_transaction)
        return SX_OK;
    if (ix->coming == NULL && sx_index_stale(ix, err))
        return SX_EVERSION;
    sx_status rc = db_begin_write(&ix->w, err);
    ix->in_transaction = rc == SX_OK;
    return rc == SX_OK ? SX_OK : write_doom(ix, rc, err);
}

/* Registers the coming snapshot with memory, then commits. */
static sx_status commit_snapshot(struct sx_index *ix, struct sx_error *err)
{
    sx_status rc = languages_feed(ix, err);

    ix->next.generation++;
    if (rc == SX_OK && ix->failed_touched)
        rc = failed_count(&ix->w, &ix->next.failed, err);
    if (rc == SX_OK)
        rc = state_set(&ix->w, &ix->next, err);
    if (rc != SX_OK)
        return rc;
    memory_register(ix, ix->next.generation, &ix->deltas);
    reach_register(ix, ix->next.generation);
    rc = db_commit(&ix->w, err);
    if (rc != SX_OK) {
        reach_withdraw(ix);
        memory_withdraw(ix, ix->next.generation);
    }
    return rc;
}

sx_status sx_index_commit(struct sx_index *ix, struct sx_error *err)
{
    if (ix->doom.code != SX_OK) {
        sx_status rc = ix->doom.code;
        if (err != NULL)
            *err = ix->doom;
        ix->doom.code = SX_OK;
        return rc;
    }
    if (!ix->in_transaction)
        return SX_OK;
    sx_status rc = commit_snapshot(ix, err);
    if (rc != SX_OK) {
        forget_transaction(ix);
        return rc;
    }
    ix->committed = ix->next;
    atomic_store(&ix->analyzer, ix->committed.analyzer);
    ix->in_transaction = false;
    ix->failed_touched = false;
    ix->merged = false;
    deltas_clear(&ix->deltas);
    languages_committed(ix);
    memory_committed(ix);
    words_committed(ix);
    reach_committed(ix);
    buf_release(&ix->fresh);
    /* What is committed is durable; a checkpoint that fails now is told by the next one. */
    if (ix->w.wal_pages > CHECKPOINT_PAGES_MAX)
        db_checkpoint(&ix->w, false, NULL);
    return SX_OK;
}

/* ---- documents ------------------------------------------------------------------------------- */

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

static struct sx_str or_null(struct sx_str s)
{
    return s.len == 0 ? str_make(NULL, 0) : s;
}

/* Lengths are known once FTS5 has read the text. */
static void fill_lengths(void *arg, struct stored_doc *d)
{
    struct sx_index *ix = arg;

    d->title_len = ix->tap_words[0];
    d->body_len = ix->tap_words[1];
}

sx_status index_remember(struct sx_index *ix, const struct stored_doc *d)
{
    if (memory_add(ix->memory, d, ix->an) != 0)
        return SX_ENOMEM;
    languages_count(ix, d->doc.lang, +1);
    return SX_OK;
}

static sx_status insert(struct sx_index *ix, struct stored_doc *d, struct sx_error *err)
{
    d->id = ix->next.next_id++;
    deltas_begin(&ix->deltas, +1);
    reach_put(ix, d->id);
    tap_begin(ix, tap_posting);
    sx_status rc = doc_insert(&ix->w, d, fill_lengths, ix, err);
    tap_end(ix);
    if (rc == SX_OK)
        reach_put_end(ix, d);
    if (rc == SX_OK && index_remember(ix, d) != SX_OK)
        rc = sx_fail_oom(err);
    ix->next.docs++;
    ix->next.title_words += d->title_len;
    ix->next.body_words += d->body_len;
    ix->next.sum += doc_sum(d->id, d->put_checksum, d->title_len, d->body_len);
    return rc;
}

sx_status write_reindex(struct sx_index *ix, struct stored_doc *d, struct sx_error *err)
{
    tap_begin(ix, tap_length);
    sx_status rc = doc_reindex(&ix->w, d, fill_lengths, ix, err);
    tap_end(ix);
    if (rc == SX_OK && memory_add(ix->coming, d, ix->an) != 0)
        rc = sx_fail_oom(err);
    return rc;
}

/* Removes a document whose row doc_find() gave. */
static sx_status remove_found(struct sx_index *ix, struct stored_doc *d, struct sx_error *err)
{
    sx_status rc = doc_text(&ix->w, d, err);

    if (rc != SX_OK)
        return rc;
    deltas_begin(&ix->deltas, -1);
    tap_begin(ix, tap_token);
    rc = doc_remove(&ix->w, d, err);
    tap_end(ix);
    languages_count(ix, d->doc.lang, -1);
    reach_delete(ix, d->id);
    ix->next.docs--;
    ix->next.title_words -= d->title_len;
    ix->next.body_words -= d->body_len;
    ix->next.sum -= doc_sum(d->id, d->put_checksum, d->title_len, d->body_len);
    return rc;
}

/* The hash covers uri, title and body; of what is left only extra rests on the checksum. */
static bool unchanged(const struct stored_doc *old, const struct stored_doc *new)
{
    if (old->lang_detected != new->lang_detected)
        return false;
    if (old->file != new->file || old->checksum != new->checksum)
        return false;
    return memcmp(old->hash, new->hash, DOC_HASH_BYTES) == 0 &&
           str_eq(old->doc.source, new->doc.source) && str_eq(old->doc.date, new->doc.date) &&
           str_eq(old->doc.lang, new->doc.lang) && str_eq(old->doc.type, new->doc.type);
}

/* Two files that claim one uri would take its document from each other at every sync: the first
 * keeps it, and the other is told. */
static sx_status refuse_second_file(struct sx_index *ix, int64_t first, struct sx_error *err)
{
    struct buf path = {0};
    sx_status rc = file_path(&ix->w, first, &path, err);

    if (rc == SX_OK && buf_cstr(&path) == NULL)
        rc = sx_fail_oom(err);
    if (rc == SX_OK)
        rc = sx_fail_at(err, SX_EREQUEST, "uri", SX_NO_OFFSET, "its uri is taken by '%.200s'",
                        path.data);
    buf_release(&path);
    return rc;
}

static sx_status replace(struct sx_index *ix, struct stored_doc *d, size_t *replaced,
                         struct sx_error *err)
{
    struct stored_doc old;
    bool found;
    sx_status rc = doc_find(&ix->w, DOC_KEY_URI, d->doc.uri, 0, &old, &found, err);

    if (rc == SX_OK && found && d->file != 0 && old.file != 0 && old.file != d->file) {
        doc_done(&ix->w);
        return refuse_second_file(ix, old.file, err);
    }
    if (rc == SX_OK && found) {
        if (replaced != NULL)
            (*replaced)++;
        if (unchanged(&old, d)) {
            doc_done(&ix->w);
            return SX_OK;
        }
        rc = remove_found(ix, &old, err);
    }
    doc_done(&ix->w);
    return rc == SX_OK ? insert(ix, d, err) : rc;
}

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

sx_status write_doc(struct sx_index *ix, const struct sx_doc *doc, int64_t file, size_t *replaced,
                    struct sx_error *err)
{
    struct stored_doc d = {.doc = *doc, .at = DATE_NONE, .file = file};
    struct date_span span;

    if (d.doc.title.ptr == NULL)
        d.doc.title = str_of("");
    d.doc.source = or_null(d.doc.source);
    d.doc.date = or_null(d.doc.date);
    d.doc.lang = or_null(d.doc.lang);
    if (d.doc.lang.ptr == NULL)
        detect_language(&d);
    d.doc.type = or_null(d.doc.type);
    d.doc.extra = or_null(d.doc.extra);
    if (d.doc.date.ptr != NULL && date_parse(d.doc.date, &span))
        d.at = span.lo;
    doc_hash(&d.doc, d.hash);
    d.checksum = doc_checksum(&d.doc);
    d.put_checksum = d.checksum;
    sx_status rc = replace(ix, &d, replaced, err);
    return rc == SX_OK || rc == SX_EREQUEST ? rc : write_doom(ix, rc, err);
}

sx_status sx_index_put(struct sx_index *ix, const struct sx_doc *docs, size_t n, size_t *replaced,
                       struct sx_error *err)
{
    struct sx_error own;
    char prefix[32];
    sx_status rc = SX_OK;

    err = err == NULL ? &own : err;
    if (replaced != NULL)
        *replaced = 0;
    for (size_t i = 0; i < n && rc == SX_OK; i++) {
        snprintf(prefix, sizeof(prefix), "docs[%zu].", i);
        rc = doc_validate(&docs[i], prefix, err);
    }
    if (rc == SX_OK)
        rc = write_begin(ix, err);
    for (size_t i = 0; i < n && rc == SX_OK; i++)
        rc = write_doc(ix, &docs[i], 0, replaced, err);
    return rc;
}

/* ---- deletion ---------------------------------------------------------------------------------- */

static sx_status delete_by(struct sx_index *ix, enum doc_key by, struct sx_str key, int64_t id,
                           size_t *deleted, struct sx_error *err)
{
    struct stored_doc d;
    struct sx_error own;
    bool found = false;

    err = err == NULL ? &own : err;
    sx_status rc = write_begin(ix, err);
    if (rc != SX_OK)
        return rc;
    rc = doc_find(&ix->w, by, key, id, &d, &found, err);
    if (rc == SX_OK && found)
        rc = remove_found(ix, &d, err);
    doc_done(&ix->w);
    if (rc == SX_OK && found)
        (*deleted)++;
    return rc == SX_OK ? SX_OK : write_doom(ix, rc, err);
}

sx_status write_delete_id(struct sx_index *ix, int64_t id, struct sx_error *err)
{
    size_t deleted = 0;

    return delete_by(ix, DOC_KEY_ID, str_make(NULL, 0), id, &deleted, err);
}

sx_status sx_index_delete_uri(struct sx_index *ix, struct sx_str uri, size_t *deleted,
                              struct sx_error *err)
{
    *deleted = 0;
    return delete_by(ix, DOC_KEY_URI, uri, 0, deleted, err);
}

sx_status sx_index_delete_doc(struct sx_index *ix, struct sx_str hex, size_t *deleted,
                              struct sx_error *err)
{
    unsigned char hash[DOC_HASH_BYTES];

    *deleted = 0;
    if (hex.len != 2 * sizeof(hash) || hex_decode(hex.ptr, sizeof(hash), hash) != 0)
        return sx_fail_at(err, SX_EREQUEST, "doc", SX_NO_OFFSET, "doc must be 64 hex digits");
    return delete_by(ix, DOC_KEY_HASH, str_make((const char *)hash, sizeof(hash)), 0, deleted, err);
}

/* ---- between transactions -------------------------------------------------------------------- */

/* One merge of about half the budget, judged by what the last one took. */
static sx_status merge_slice(struct sx_index *ix, unsigned budget_ms, struct sx_error *err)
{
    bool worked = false;
    uint64_t start = clock_now_ns();

    if (ix->merge_pages == 0)
        ix->merge_pages = 64;
    sx_status rc = db_merge(&ix->w, ix->merge_pages, &worked, err);
    uint64_t took_ms = (clock_now_ns() - start) / 1000000u;
    if (took_ms > budget_ms && ix->merge_pages > 8)
        ix->merge_pages /= 2;
    else if (took_ms < budget_ms / 4 && ix->merge_pages < 4096)
        ix->merge_pages *= 2;
    ix->merged = !worked;
    return rc;
}

sx_status sx_index_maintain(struct sx_index *ix, unsigned budget_ms, bool *more,
                            struct sx_error *err)
{
    sx_status rc = SX_OK;

    *more = false;
    if (ix->in_transaction || ix->doom.code != SX_OK)
        return SX_OK;
    if (atomic_load(&ix->w.fsync_failed))
        return fail_broken(err);
    if (!ix->merged)
        rc = merge_slice(ix, budget_ms, err);
    if (rc == SX_OK && !sx_index_stale(ix, NULL))
        rc = languages_upkeep(ix, budget_ms, err);
    /* Once merged, the WAL is emptied: an idle daemon leaves none behind. */
    if (rc == SX_OK && (ix->merged ? ix->w.wal_pages > 0 : ix->w.wal_pages > CHECKPOINT_PAGES))
        rc = db_checkpoint(&ix->w, ix->merged, err);
    *more = rc == SX_OK && !ix->merged;
    return rc;
}
