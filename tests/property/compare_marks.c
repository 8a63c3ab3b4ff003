/* Snippets of the index against the twin's places: each mark is of words that are wanted, and each
 * place of such words is marked; words of a NEAR only where all of it stands. */
#include "tests/property/both.h"

struct place {
    size_t start, end; /* bytes of the text */
};

struct marking {
    const struct twin_text *text;
    enum sx_field field;
    size_t from, to;      /* the passage's bytes */
    struct place *places; /* of leaves that stand in the passage, whole */
    size_t count, cap;
};

static void add_place(struct marking *m, size_t start, size_t end)
{
    if (start < m->from || end > m->to)
        return;
    if (m->count == m->cap) {
        m->cap = m->cap * 2 + 16;
        m->places = realloc(m->places, m->cap * sizeof(*m->places));
        assert_non_null(m->places);
    }
    m->places[m->count++] = (struct place){start, end};
}

/* Every place that begins with a token that is `first` at one position and ends with one that is
 * `last` at another. */
static void add_places(struct marking *m, size_t at, size_t end, struct twin_wanted first,
                       struct twin_wanted last)
{
    const struct twin_word *from = &m->text->words[at];
    const struct twin_word *to = &m->text->words[end];

    for (size_t i = 0; i < from->count; i++) {
        for (size_t j = 0; j < to->count; j++) {
            if (twin_is(&from->tokens[i], &first) && twin_is(&to->tokens[j], &last) &&
                (at != end || i == j))
                add_place(m, from->tokens[i].start, to->tokens[j].end);
        }
    }
}

static void mark_leaf(struct marking *m, const struct twin_leaf *leaf)
{
    const struct ast *ast = leaf->ast;
    struct twin_wanted whole = twin_wanted(leaf, TWIN_WHOLE);

    if (leaf->part == TWIN_EXCLUDED || ast->kind == AST_NEAR || !twin_field_allows(ast, m->field))
        return;
    for (size_t at = 0; at < m->text->count; at++) {
        size_t last = ast->term_count - 1;
        bool terms = twin_terms_at(leaf, m->text, at);
        bool as_whole = !ast->paired && twin_whole_at(leaf, m->text, at);

        if (!terms && !as_whole)
            continue;
        if (leaf->part == TWIN_NEAR_KID && !twin_in_stretch(leaf, m->text, m->field, at))
            continue;
        if (terms)
            add_places(m, at, at + last, twin_wanted(leaf, 0), twin_wanted(leaf, last));
        if (as_whole)
            add_places(m, at, at, whole, whole);
    }
}

/* A mark begins where a place begins, ends where one ends, and places cover all of it. */
static bool mark_is_of_places(const struct marking *m, size_t start, size_t end)
{
    bool begins = false, ends = false;
    size_t covered = start;

    for (size_t i = 0; i < m->count; i++) {
        begins = begins || m->places[i].start == start;
        ends = ends || m->places[i].end == end;
    }
    for (size_t before = SIZE_MAX; covered < end && covered != before;) {
        before = covered;
        for (size_t i = 0; i < m->count; i++)
            if (m->places[i].start <= covered && m->places[i].end > covered &&
                m->places[i].end <= end)
                covered = m->places[i].end;
    }
    return begins && ends && covered == end;
}

static bool is_marked(const struct sx_snippet *s, const struct place *p)
{
    for (size_t i = 0; i < s->mark_count; i++) {
        if (s->start + s->marks[i].start <= p->start && s->start + s->marks[i].end >= p->end)
            return true;
    }
    return false;
}

static void check_marks(const struct both *b, const struct sx_snippet *s, const struct marking *m)
{
    size_t last = 0;

    for (size_t i = 0; i < s->mark_count; i++) {
        const struct sx_mark *k = &s->marks[i];

        expect(b, k->start >= last && k->start < k->end && k->end <= s->text.len,
               "mark %zu [%u,%u) out of order\n", i, k->start, k->end);
        last = k->end;
        expect(b, mark_is_of_places(m, s->start + k->start, s->start + k->end),
               "%s: mark '%.*s' in '%.*s' is no wanted word\n",
               m->field == SX_FIELD_TITLE ? "title" : "body", (int)(k->end - k->start),
               s->text.ptr + k->start, (int)s->text.len, s->text.ptr);
    }
    for (size_t i = 0; i < m->count; i++)
        expect(b, is_marked(s, &m->places[i]), "'%.*s' not marked in '%.*s'\n",
               (int)(m->places[i].end - m->places[i].start), m->text->text.ptr + m->places[i].start,
               (int)s->text.len, s->text.ptr);
    b->sum->marks += s->mark_count;
}

static void check_snippet(const struct both *b, const struct sx_snippet *s,
                          const struct twin_doc *d)
{
    const struct twin_text *text = s->field == SX_FIELD_TITLE ? &d->title : &d->body;
    struct marking m = {.text = text, .field = s->field, .from = s->start, .to = s->end};

    expect(b, s->start <= s->end && s->end <= text->text.len && s->text.len == s->end - s->start,
           "passage [%llu,%llu) of %zu bytes\n", (unsigned long long)s->start,
           (unsigned long long)s->end, text->text.len);
    expect(b, memcmp(s->text.ptr, text->text.ptr + s->start, s->text.len) == 0, "text differs\n");
    for (size_t i = 0; i < b->twin->leaf_count; i++)
        mark_leaf(&m, &b->twin->leaves[i]);
    check_marks(b, s, &m);
    free(m.places);
}

static bool overlap(const struct sx_snippet *x, const struct sx_snippet *y)
{
    return x->field == y->field && x->start < y->end && y->start < x->end;
}

/* Every hit holds a wanted word, so a hit with snippets has a mark. */
void both_check_snippets(const struct both *b, const struct sx_hit *h, const struct twin_doc *d)
{
    size_t marks = 0;

    expect(b, h->snippet_count <= b->s->snippets, "%zu snippets\n", h->snippet_count);
    for (size_t i = 0; i < h->snippet_count; i++) {
        check_snippet(b, &h->snippets[i], d);
        marks += h->snippets[i].mark_count;
        for (size_t j = 0; j < i; j++)
            expect(b, !overlap(&h->snippets[i], &h->snippets[j]), "snippets overlap\n");
    }
    expect(b, b->s->snippets == 0 || marks > 0, "no mark in %zu snippets of '%s' / '%s'\n",
           h->snippet_count, d->doc.title.ptr, d->doc.body.ptr);
    expect(b, h->snippet_count == 0 || h->snippets[0].mark_count > 0, "no mark in the first\n");
    b->sum->snippets += h->snippet_count;
}
