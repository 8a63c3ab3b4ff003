/* Explanations of the index, and the forms that its words stand for, against the twin. */
#include "index/base/str.h"
#include "tests/property/both.h"

static void check_print(const struct both *b, struct sx_str told, const struct ast *node)
{
    struct buf printed = {0};

    if (node != NULL)
        query_print(node, true, &printed);
    assert_true(buf_ok(&printed));
    struct sx_str want = printed.len == 0 ? str_of("") : buf_str(&printed);
    expect(b, str_eq(told, want), "told '%.*s', twin '%.*s'\n", (int)told.len, told.ptr,
           (int)want.len, want.ptr);
    buf_release(&printed);
}

/* ---- forms --------------------------------------------------------------------------------- */

/* The distinct terms of a set that a leaf stands for besides itself. */
struct gathered {
    const struct twin_token *of[1000];
    size_t count;
};

static void gather_text(const struct twin_leaf *leaf, const struct twin_text *text,
                        struct gathered *g)
{
    struct twin_wanted wanted = twin_wanted(leaf, leaf->ast->whole.len > 0 ? TWIN_WHOLE : 0);

    for (size_t at = 0; at < text->count; at++) {
        for (size_t i = 0; i < text->words[at].count; i++) {
            const struct twin_token *t = &text->words[at].tokens[i];
            bool known = str_eq(t->term, wanted.term) || !twin_is(t, &wanted);

            for (size_t k = 0; k < g->count && !known; k++)
                known = str_eq(g->of[k]->term, t->term);
            if (known)
                continue;
            assert_true(g->count < sizeof(g->of) / sizeof(g->of[0]));
            g->of[g->count++] = t;
        }
    }
}

static void check_forms_of(const struct both *b, const struct sx_forms *told,
                           const struct twin_leaf *leaf, const struct gathered *g)
{
    expect(b, str_eq(told->word, leaf->ast->text), "forms of '%.*s', twin of '%.*s'\n",
           (int)told->word.len, told->word.ptr, (int)leaf->ast->text.len, leaf->ast->text.ptr);
    expect(b, told->count == g->count, "'%.*s' has %zu forms, twin %zu\n", (int)told->word.len,
           told->word.ptr, told->count, g->count);
    for (size_t i = 0; i < g->count; i++) {
        bool found = false;
        for (size_t k = 0; k < told->count; k++)
            found = found || str_eq(told->forms[k], g->of[i]->term);
        expect(b, found, "'%.*s' is no form of '%.*s'\n", (int)g->of[i]->term.len,
               g->of[i]->term.ptr, (int)told->word.len, told->word.ptr);
    }
}

static bool asks_for_words(const struct twin_answer *a)
{
    for (size_t i = 0; i < a->scored_count; i++) {
        if (a->scored[i].asked > 0)
            return true;
    }
    return false;
}

void both_check_forms(const struct both *b)
{
    size_t told = 0;

    for (size_t i = 0; i < b->twin->scored_count && asks_for_words(b->twin); i++) {
        const struct twin_leaf *leaf = b->twin->scored[i].leaf;
        struct gathered g = {.count = 0};

        if (leaf->langs == 0 && leaf->ast->kind != AST_FUZZY)
            continue;
        for (size_t k = 0; k < b->set->count; k++) {
            gather_text(leaf, &b->set->docs[k]->title, &g);
            gather_text(leaf, &b->set->docs[k]->body, &g);
        }
        if (g.count == 0)
            continue;
        expect(b, told < b->res->form_count, "forms of '%.*s' are not told\n",
               (int)leaf->ast->text.len, leaf->ast->text.ptr);
        check_forms_of(b, &b->res->forms[told++], leaf, &g);
    }
    expect(b, told == b->res->form_count, "forms of %zu words, twin %zu\n", b->res->form_count,
           told);
}

/* ---- the plan ------------------------------------------------------------------------------ */

/* The number that a scored leaf has among those told. */
static size_t number_of(const struct twin_answer *a, size_t scored)
{
    size_t n = 0;

    for (size_t i = 0; i < scored; i++)
        n += a->scored[i].asked > 0;
    return n;
}

static void check_leaf(const struct both *b, const struct sx_leaf *told,
                       const struct twin_scored *s)
{
    check_print(b, told->text, s->leaf->ast);
    expect(b, told->asked == s->asked, "'%.*s' asked %u times, twin %zu\n", (int)told->text.len,
           told->text.ptr, told->asked, s->asked);
    expect(b, both_near(told->weight, s->weight), "'%.*s' weighs %.17g, twin %.17g\n",
           (int)told->text.len, told->text.ptr, told->weight, s->weight);
    expect(b, told->word_count == s->word_count, "'%.*s' has %zu words, twin %zu\n",
           (int)told->text.len, told->text.ptr, told->word_count, s->word_count);
    for (size_t i = 0; i < s->word_count; i++) {
        const struct sx_weighed *w = &told->words[i];
        const struct twin_weighed *t = &s->words[i];

        expect(b,
               str_eq(w->term, t->term) && (double)w->n == t->n && (double)w->f == t->f &&
                   both_near(w->weight, t->weight),
               "word '%.*s' n %llu F %llu w %.17g; twin '%.*s' n %g F %g w %.17g\n",
               (int)w->term.len, w->term.ptr, (unsigned long long)w->n, (unsigned long long)w->f,
               w->weight, (int)t->term.len, t->term.ptr, t->n, t->f, t->weight);
    }
}

static void check_pairs(const struct both *b, const struct sx_plan *p)
{
    const struct twin_answer *a = b->twin;

    expect(b, p->pair_count == a->pair_count, "%zu pairs, twin %zu\n", p->pair_count,
           a->pair_count);
    for (size_t i = 0; i < a->pair_count; i++) {
        const struct twin_pair *t = &a->pairs[i];
        const struct sx_pair *found = NULL;

        for (size_t k = 0; k < p->pair_count && found == NULL; k++)
            if (p->pairs[k].left == number_of(a, t->left) &&
                p->pairs[k].right == number_of(a, t->right))
                found = &p->pairs[k];
        expect(b, found != NULL && found->asked == t->asked && both_near(found->weight, t->weight),
               "pair %zu, of leaves %zu and %zu, asked %zu, w %.17g, is told otherwise\n", i,
               number_of(a, t->left), number_of(a, t->right), t->asked, t->weight);
    }
}

static void check_passes(const struct both *b, const struct sx_plan *p)
{
    for (size_t i = 0; i < p->pass_count; i++) {
        const struct sx_pass *pass = &p->passes[i];
        bool any = strcmp(pass->reading, "any") == 0;

        expect(b, any || strcmp(pass->reading, b->s->match == SX_MATCH_ALL ? "all" : "best") == 0,
               "pass '%s'\n", pass->reading);
        expect(b, pass->matches == (any ? b->twin->total : b->twin->total_all),
               "pass '%s' has %llu matches\n", pass->reading, (unsigned long long)pass->matches);
        expect(b, pass->proposed.len > 0, "pass '%s' proposes nothing\n", pass->reading);
    }
    expect(b, (p->pass_count > 0) == asks_for_words(b->twin), "%zu passes\n", p->pass_count);
}

void both_check_plan(const struct both *b)
{
    const struct sx_plan *p = b->res->plan;
    const struct twin_answer *a = b->twin;
    struct sx_error err;
    struct arena mem = {0};
    struct query again;

    expect(b, (p != NULL) == b->s->explain, "a plan, or none, against what was asked\n");
    /* Languages, and with them stop words, are chosen with the first documents. */
    if (p == NULL || b->set->count == 0)
        return;
    both_check_forms(b);
    check_print(b, p->rewritten, a->root);
    expect(b, query_parse(&again, p->rewritten, 0, a->an, &mem, &err) == SX_OK || a->an == NULL,
           "'%.*s' does not parse\n", (int)p->rewritten.len, p->rewritten.ptr);
    arena_release(&mem);
    expect(b, p->docs == b->set->count, "N %llu\n", (unsigned long long)p->docs);
    expect(b, !asks_for_words(a) || both_near(p->average_length, a->avglen),
           "average length %.17g, twin %.17g\n", p->average_length, a->avglen);
    expect(b, p->leaf_count == number_of(a, a->scored_count), "%zu leaves, twin %zu\n",
           p->leaf_count, number_of(a, a->scored_count));
    for (size_t i = 0; i < a->scored_count; i++) {
        if (a->scored[i].asked > 0)
            check_leaf(b, &p->leaves[number_of(a, i)], &a->scored[i]);
    }
    check_pairs(b, p);
    check_passes(b, p);
}

/* ---- a hit --------------------------------------------------------------------------------- */

static double check_leaf_scores(const struct both *b, const struct sx_explanation *e,
                                const struct twin_doc *d)
{
    const struct twin_answer *a = b->twin;
    size_t told = 0;
    double sum = 0;

    for (size_t i = 0; i < a->scored_count; i++) {
        struct twin_tf tf = twin_count(a->scored[i].leaf, d);

        if (a->scored[i].asked == 0 || twin_combined(tf) == 0)
            continue;
        expect(b, told < e->leaf_count, "leaf %zu of %s is not told\n", number_of(a, i),
               d->doc.uri.ptr);
        const struct sx_leaf_score *s = &e->leaves[told++];
        double score = twin_leaf_score(a, &a->scored[i], tf, d);
        expect(b,
               s->leaf == number_of(a, i) && s->title == tf.title && s->body == tf.body &&
                   s->tf == twin_combined(tf) && both_near(s->score, score),
               "%s: leaf %zu title %u body %u tf %g %.17g; twin %zu %zu %zu %.17g\n",
               d->doc.uri.ptr, s->leaf, s->title, s->body, s->tf, s->score, number_of(a, i),
               tf.title, tf.body, score);
        sum += s->score;
        b->sum->near += a->scored[i].leaf->ast->kind == AST_NEAR;
        b->sum->fuzzy += a->scored[i].leaf->ast->kind == AST_FUZZY;
    }
    expect(b, told == e->leaf_count, "%zu leaves of %s, twin %zu\n", e->leaf_count, d->doc.uri.ptr,
           told);
    return sum;
}

static double check_pair_scores(const struct both *b, const struct sx_explanation *e,
                                const struct twin_doc *d, bool ordered)
{
    const struct twin_answer *a = b->twin;
    const struct sx_plan *p = b->res->plan;
    size_t close = 0;
    double sum = 0;

    for (size_t i = 0; i < a->pair_count && ordered; i++) {
        const struct twin_pair *t = &a->pairs[i];
        const struct sx_pair_score *s = NULL;
        struct twin_pair_tf tf =
            twin_count_pair(a->scored[t->left].leaf, a->scored[t->right].leaf, d);
        double score = twin_pair_score(a, t, tf, d);

        if (tf.near == 0 && tf.adjacent == 0)
            continue;
        close++;
        for (size_t k = 0; k < e->pair_count && s == NULL; k++)
            if (p->pairs[e->pairs[k].pair].left == number_of(a, t->left) &&
                p->pairs[e->pairs[k].pair].right == number_of(a, t->right))
                s = &e->pairs[k];
        expect(b,
               s != NULL && s->adjacent == tf.adjacent && s->near == tf.near &&
                   both_near(s->score, score),
               "%s: pair of %zu and %zu: adjacent %g near %g; twin %g %g %.17g\n", d->doc.uri.ptr,
               number_of(a, t->left), number_of(a, t->right), s == NULL ? -1 : s->adjacent,
               s == NULL ? -1 : s->near, tf.adjacent, tf.near, score);
        sum += s->score;
    }
    expect(b, e->pair_count == close, "%zu pairs of %s, twin %zu\n", e->pair_count, d->doc.uri.ptr,
           close);
    b->sum->pairs += close;
    return sum;
}

void both_check_explanation(const struct both *b, const struct sx_hit *h, const struct twin_hit *t,
                            size_t at)
{
    const struct sx_explanation *e = h->explanation;
    bool ordered = b->s->sort == SX_SORT_SCORE && at < SX_PROXIMITY_HITS;

    expect(b, (e != NULL) == b->s->explain, "an explanation, or none, against what was asked\n");
    if (e == NULL)
        return;
    double length = twin_length(t->doc);
    expect(b, e->length == length && both_near(e->norm, 0.4 + 0.6 * length / b->twin->avglen),
           "%s: length %g, norm %.17g\n", h->uri.ptr, e->length, e->norm);
    double sum = check_leaf_scores(b, e, t->doc);
    sum += check_pair_scores(b, e, t->doc, ordered);
    expect(b, both_near(sum, h->score), "%s: parts %.17g, score %.17g\n", h->uri.ptr, sum,
           h->score);
    b->sum->explained++;
}
