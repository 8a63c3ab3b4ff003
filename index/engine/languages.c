/* Choosing, feeding and filling the collection's languages.
 *
 *   commit   count documents -> choose, now and then -> feed the new terms -> COMMIT
 *   upkeep   fill a language that joined late, a slice a commit
 *
 * All but the counts is in the file, in the same transactions as the documents. */
#include "index/engine/languages.h"

#include <string.h>

#include "index/base/clock.h"
#include "index/base/str.h"
#include "index/engine/index.h"
#include "index/store/fuzzy.h"

/* A language is the collection's own if one document in so many is written in it. */
#define SHARE 20
/* Languages are chosen anew once the documents have changed by one in so many. */
#define CHANGE 10
/* A language that joins is filled at once while the index has no more terms than these. */
#define FILL_AT_ONCE 1000

static bool has(const struct langs *l, int lang)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->list[i] == lang)
            return true;
    return false;
}

sx_status languages_init(struct sx_index *ix, const struct sx_index_options *opt,
                         struct sx_error *err)
{
    struct languages *l = &ix->languages;

    l->fixed = opt != NULL && opt->language_count > 0;
    for (size_t i = 0; l->fixed && i < opt->language_count; i++) {
        int lang = lang_number(str_of(opt->languages[i]));
        if (lang < 0)
            return sx_fail_at(err, SX_EREQUEST, "languages", SX_NO_OFFSET,
                              "'%.40s' is no language that is known here", opt->languages[i]);
        if (has(&l->configured, lang))
            continue;
        if (l->configured.count == LANGS_MAX)
            return sx_fail_at(err, SX_EREQUEST, "languages", SX_NO_OFFSET, "more than %d languages",
                              LANGS_MAX);
        l->configured.list[l->configured.count++] = lang;
    }
    l->forms = forms_new();
    return l->forms == NULL ? sx_fail_oom(err) : SX_OK;
}

bool sx_language_known(struct sx_str code)
{
    return lang_number(code) >= 0;
}

void languages_release(struct sx_index *ix)
{
    forms_free(ix->languages.forms);
}

sx_status languages_load(struct sx_index *ix, struct sx_error *err)
{
    struct language_state *next = &ix->languages.next;
    sx_status rc = language_list(&ix->w, &next->active, next->ready, err);

    ix->languages.committed = *next;
    return rc;
}

void languages_count(struct sx_index *ix, struct sx_str tag, int64_t count)
{
    int lang = tag.len == 0 ? -1 : lang_number(tag);

    ix->languages.next.changes++;
    if (lang >= 0)
        ix->languages.next.docs[lang] += (uint64_t)count;
}

/* ---- choosing ---------------------------------------------------------------------------------- */

/* The most frequent one that is not chosen yet; -1: none with enough documents. */
static int next_frequent(const struct sx_index *ix, const struct langs *chosen)
{
    const uint64_t *docs = ix->languages.next.docs;
    int best = -1;

    for (int lang = 0; lang < LANG_COUNT; lang++) {
        if (docs[lang] == 0 || docs[lang] < (ix->next.docs + SHARE - 1) / SHARE)
            continue;
        if (stem_has(lang) && !has(chosen, lang) && (best < 0 || docs[lang] > docs[best]))
            best = lang;
    }
    return best;
}

static struct langs choose(const struct sx_index *ix)
{
    struct langs l = {.count = 0};

    if (ix->languages.fixed)
        return ix->languages.configured;
    while (l.count < LANGS_MAX) {
        int lang = next_frequent(ix, &l);
        if (lang < 0)
            break;
        l.list[l.count++] = lang;
    }
    return l;
}

static bool same(const struct langs *a, const struct langs *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (!has(b, a->list[i]))
            return false;
    return a->count == b->count;
}

static bool choice_due(const struct sx_index *ix)
{
    const struct language_state *s = &ix->languages.next;

    return !s->chosen || (s->changes > 0 && s->changes * CHANGE >= s->chosen_at);
}

static sx_status drop_unwanted(struct sx_index *ix, const struct langs *want, struct sx_error *err)
{
    struct language_state *s = &ix->languages.next;
    size_t kept = 0;

    for (size_t i = 0; i < s->active.count; i++) {
        if (has(want, s->active.list[i])) {
            s->ready[kept] = s->ready[i];
            s->active.list[kept++] = s->active.list[i];
            continue;
        }
        sx_status rc = language_drop(&ix->w, s->active.list[i], err);
        if (rc != SX_OK)
            return rc;
    }
    s->active.count = kept;
    return SX_OK;
}

/* Chooses anew. *joined: one of them has all its filling before it. */
static sx_status apply_choice(struct sx_index *ix, bool *joined, struct sx_error *err)
{
    struct language_state *s = &ix->languages.next;
    struct langs want = choose(ix);
    /* All terms of an index that was empty before come by this very transaction. */
    bool ready = ix->committed.docs == 0;
    sx_status rc = drop_unwanted(ix, &want, err);

    for (size_t i = 0; i < want.count && rc == SX_OK; i++) {
        if (has(&s->active, want.list[i]))
            continue;
        forms_forget(ix->languages.forms);
        rc = language_add(&ix->w, want.list[i], ready, err);
        s->ready[s->active.count] = ready;
        s->active.list[s->active.count++] = want.list[i];
        *joined = *joined || !ready;
    }
    s->chosen = true;
    s->chosen_at = ix->next.docs;
    s->changes = 0;
    return rc;
}

/* ---- feeding and filling ----------------------------------------------------------------------- */

static sx_status fill(struct sx_index *ix, size_t max, uint64_t deadline_ns, struct sx_error *err)
{
    struct language_state *s = &ix->languages.next;

    for (size_t i = 0; i < s->active.count; i++) {
        if (s->ready[i])
            continue;
        sx_status rc = forms_fill(ix->languages.forms, &ix->w, s->active.list[i], max, deadline_ns,
                                  &s->ready[i], err);
        if (rc != SX_OK)
            return rc;
        if (deadline_ns != 0 && clock_now_ns() >= deadline_ns)
            break;
    }
    return SX_OK;
}

sx_status languages_feed(struct sx_index *ix, struct sx_error *err)
{
    struct languages *l = &ix->languages;
    bool joined = false;
    sx_status rc = SX_OK;

    if (choice_due(ix))
        rc = apply_choice(ix, &joined, err);
    if (rc == SX_OK)
        rc = forms_feed(l->forms, &ix->w, &l->next.active, &ix->deltas, &ix->fresh, err);
    if (rc == SX_OK && joined)
        rc = fill(ix, FILL_AT_ONCE, 0, err);
    return rc;
}

sx_status languages_renew(struct sx_index *ix, struct sx_error *err)
{
    bool joined = false;
    const struct langs none = {.count = 0};
    sx_status rc = forms_clear(ix->languages.forms, &ix->w, err);

    if (rc == SX_OK)
        rc = drop_unwanted(ix, &none, err);
    if (rc == SX_OK)
        rc = apply_choice(ix, &joined, err);
    if (rc == SX_OK)
        rc = fuzzy_renew(&ix->w, err);
    return rc == SX_OK ? fill(ix, SIZE_MAX, 0, err) : rc;
}

void languages_committed(struct sx_index *ix)
{
    ix->languages.committed = ix->languages.next;
}

void languages_rolled_back(struct sx_index *ix)
{
    forms_forget(ix->languages.forms);
    ix->languages.next = ix->languages.committed;
}

static bool all_ready(const struct language_state *s)
{
    for (size_t i = 0; i < s->active.count; i++)
        if (!s->ready[i])
            return false;
    return true;
}

sx_status languages_upkeep(struct sx_index *ix, unsigned budget_ms, struct sx_error *err)
{
    const struct language_state *s = &ix->languages.committed;
    uint64_t deadline_ns = clock_now_ns() + (uint64_t)budget_ms * 1000000u;
    struct langs want = choose(ix);

    /* Without writes, a configuration that changed is applied here. */
    if (all_ready(s) && (s->chosen || same(&want, &s->active)))
        return SX_OK;
    sx_status rc = write_begin(ix, err);
    if (rc == SX_OK)
        rc = fill(ix, SIZE_MAX, deadline_ns, err);
    if (rc == SX_OK)
        return sx_index_commit(ix, err);
    sx_index_rollback(ix);
    return rc;
}
