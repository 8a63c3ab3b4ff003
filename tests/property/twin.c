/* The twin's documents: put, delete, commit, roll back. */
#include "tests/property/twin.h"

#include <string.h>

#include "index/base/date.h"
#include "index/base/sha256.h"
#include "index/base/str.h"
#include "index/text/lang.h"
#include "tests/support/support.h"

void twin_init(struct twin *t, size_t langs)
{
    memset(t, 0, sizeof(*t));
    t->committed.langs = t->open.langs = langs;
    t->an = analyzer_new();
    t->stemmer = stemmer_new();
    assert_non_null(t->stemmer);
    assert_non_null(t->an);
}

void twin_release(struct twin *t)
{
    analyzer_free(t->an);
    stemmer_free(t->stemmer);
    twin_set_release(&t->committed);
    twin_set_release(&t->open);
    arena_release(&t->mem);
    memset(t, 0, sizeof(*t));
}

const char *const twin_langs[TWIN_LANGS] = {"en", "hu"};

void twin_stems(struct stemmer *stemmer, struct sx_str term, struct arena *mem,
                struct sx_str out[TWIN_LANGS])
{
    for (size_t i = 0; i < TWIN_LANGS; i++) {
        struct sx_str stem;
        assert_int_equal(stem_term(stemmer, lang_number(str_of(twin_langs[i])), term, &stem), 0);
        out[i] = arena_str(mem, stem);
        assert_non_null(out[i].ptr);
    }
}

struct gather {
    struct arena *mem;
    struct stemmer *stemmer;
    struct twin_text *text; /* NULL words: only count */
};

static int count_word(void *ctx, const struct token *token)
{
    struct twin_text *text = ((struct gather *)ctx)->text;

    assert_true(token->kind == TOKEN_WORD || text->count > 0);
    text->count += token->kind == TOKEN_WORD;
    return 0;
}

static int gather_word(void *ctx, const struct token *token)
{
    struct gather *g = ctx;
    struct twin_token added = {
        .term = arena_str(g->mem, token->term), .start = token->start, .end = token->end};

    twin_stems(g->stemmer, token->term, g->mem, added.stems);

    g->text->count += token->kind == TOKEN_WORD;
    struct twin_word *w = &g->text->words[g->text->count - 1];
    struct twin_token *tokens = arena_array(g->mem, w->count + 1, sizeof(*tokens));
    assert_non_null(tokens);
    assert_non_null(added.term.ptr);
    if (w->count > 0)
        memcpy(tokens, w->tokens, w->count * sizeof(*tokens));
    tokens[w->count++] = added;
    w->tokens = tokens;
    return 0;
}

static void read_text(struct twin *t, struct sx_str text, struct twin_text *out)
{
    struct gather g = {&t->mem, t->stemmer, out};

    memset(out, 0, sizeof(*out));
    out->text = text;
    assert_int_equal(analyzer_run(t->an, text.ptr, text.len, count_word, &g), 0);
    if (out->count == 0)
        return;
    out->words = arena_array(&t->mem, out->count, sizeof(*out->words));
    assert_non_null(out->words);
    memset(out->words, 0, out->count * sizeof(*out->words));
    out->count = 0;
    assert_int_equal(analyzer_run(t->an, text.ptr, text.len, gather_word, &g), 0);
}

static struct sx_str keep(struct twin *t, struct sx_str s)
{
    struct sx_str copy = arena_str(&t->mem, s);

    assert_true(s.ptr == NULL || copy.ptr != NULL);
    return copy;
}

static void hash_doc(const struct sx_doc *d, char out[65])
{
    struct sha256 h;
    unsigned char digest[32];

    sha256_init(&h);
    sha256_update(&h, d->uri.ptr, d->uri.len);
    sha256_update(&h, "", 1);
    sha256_update(&h, d->title.ptr, d->title.len);
    sha256_update(&h, "", 1);
    sha256_update(&h, d->body.ptr, d->body.len);
    sha256_final(&h, digest);
    hex_encode(digest, sizeof(digest), out);
}

/* An empty value is none. */
static struct sx_str keep_value(struct twin *t, struct sx_str s)
{
    return keep(t, s.len == 0 ? str_of(NULL) : s);
}

/* Given, else what the text is written in. */
static struct sx_str lang_of(const struct sx_doc *d)
{
    int lang;

    if (d->lang.len > 0)
        return d->lang;
    lang = lang_detect(d->body.ptr, d->body.len);
    if (lang < 0)
        lang = lang_detect(d->title.ptr, d->title.len);
    return str_of(lang < 0 ? NULL : lang_code(lang));
}

static struct twin_doc *make_doc(struct twin *t, const struct sx_doc *from)
{
    struct twin_doc *d = arena_new(&t->mem, sizeof(*d));
    struct date_span span;

    assert_non_null(d);
    d->number = ++t->next_number;
    d->doc.uri = keep(t, from->uri);
    d->doc.title = keep(t, from->title.ptr == NULL ? str_of("") : from->title);
    d->doc.body = keep(t, from->body);
    d->doc.source = keep_value(t, from->source);
    d->doc.date = keep_value(t, from->date);
    d->doc.lang = keep_value(t, from->lang);
    d->doc.type = keep_value(t, from->type);
    d->doc.extra = keep_value(t, from->extra);
    d->lang_given = d->doc.lang;
    d->doc.lang = keep_value(t, lang_of(&d->doc));
    d->at = DATE_NONE;
    if (d->doc.date.ptr != NULL) {
        assert_true(date_parse(d->doc.date, &span));
        d->at = span.lo;
    }
    read_text(t, d->doc.title, &d->title);
    read_text(t, d->doc.body, &d->body);
    hash_doc(&d->doc, d->hash);
    return d;
}

static void remove_at(struct twin_set *set, size_t at)
{
    memmove(&set->docs[at], &set->docs[at + 1], (set->count - at - 1) * sizeof(void *));
    set->count--;
}

static bool unchanged(const struct twin_doc *old, const struct sx_doc *b)
{
    const struct sx_doc *a = &old->doc;

    return str_eq(a->title, b->title) && str_eq(a->body, b->body) && str_eq(a->source, b->source) &&
           str_eq(a->date, b->date) && str_eq(old->lang_given, b->lang) &&
           str_eq(a->type, b->type) && str_eq(a->extra, b->extra);
}

/* The same document again changes nothing: it keeps its number. */
bool twin_put(struct twin *t, const struct sx_doc *doc)
{
    const struct twin_doc *old = twin_find(&t->open, doc->uri);
    struct twin_set *set = &t->open;

    if (old != NULL && unchanged(old, doc))
        return true;
    bool was_there = twin_delete_uri(t, doc->uri) > 0;

    set->docs = realloc(set->docs, (set->count + 1) * sizeof(void *));
    assert_non_null(set->docs);
    set->docs[set->count++] = make_doc(t, doc);
    return was_there;
}

size_t twin_delete_uri(struct twin *t, struct sx_str uri)
{
    for (size_t i = 0; i < t->open.count; i++) {
        if (str_eq(t->open.docs[i]->doc.uri, uri)) {
            remove_at(&t->open, i);
            return 1;
        }
    }
    return 0;
}

size_t twin_delete_doc(struct twin *t, struct sx_str hex)
{
    for (size_t i = 0; i < t->open.count; i++) {
        if (str_is(hex, t->open.docs[i]->hash)) {
            remove_at(&t->open, i);
            return 1;
        }
    }
    return 0;
}

size_t twin_delete_query(struct twin *t, struct sx_str query, int64_t now)
{
    struct twin_ask ask = {.query = query, .match = SX_MATCH_ALL, .exact = true, .now = now};
    struct twin_answer a;
    size_t deleted;

    twin_search(&t->open, t->an, &ask, &a);
    deleted = a.count;
    for (size_t i = 0; i < a.count; i++)
        assert_int_equal(twin_delete_uri(t, a.hits[i].doc->doc.uri), 1);
    twin_answer_release(&a);
    return deleted;
}

void twin_set_copy(struct twin_set *to, const struct twin_set *from)
{
    to->docs = realloc(to->docs, (from->count + 1) * sizeof(void *));
    assert_non_null(to->docs);
    if (from->count > 0)
        memcpy(to->docs, from->docs, from->count * sizeof(void *));
    to->count = from->count;
    to->langs = from->langs;
}

void twin_set_release(struct twin_set *set)
{
    free(set->docs);
    memset(set, 0, sizeof(*set));
}

void twin_commit(struct twin *t)
{
    twin_set_copy(&t->committed, &t->open);
}

void twin_rollback(struct twin *t)
{
    twin_set_copy(&t->open, &t->committed);
}

const struct twin_doc *twin_find(const struct twin_set *set, struct sx_str uri)
{
    for (size_t i = 0; i < set->count; i++) {
        if (str_eq(set->docs[i]->doc.uri, uri))
            return set->docs[i];
    }
    return NULL;
}
