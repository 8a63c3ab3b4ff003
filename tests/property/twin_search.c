/* The twin's answers: every document against the whole tree, every count by walking all texts.
 *
 * What matches: a group's items (what holds a wanted word) read as ANY need all +items, else one;
 * read as ALL every one; what is no item must hold always. `best` is ANY, with the documents
 * first that hold every item while what is excluded is still read as ANY. A compound read as ANY
 * needs any of its parts, else all of it as it is written. */
#include <math.h>
#include <string.h>

#include "index/base/date.h"
#include "index/base/str.h"
#include "tests/property/twin.h"
#include "tests/support/support.h"

enum reading { ANY, ALL, FIRST_OF_BEST };

/* ---- filters ------------------------------------------------------------------------------- */

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool begins_with_value(struct sx_str have, struct sx_str want)
{
    if (have.ptr == NULL || have.len < want.len)
        return false;
    for (size_t i = 0; i < want.len; i++) {
        if (lower(have.ptr[i]) != lower(want.ptr[i]))
            return false;
    }
    return true;
}

struct words_wanted {
    const struct ast *filter;
    size_t run; /* how many of the filter's words stood last, in order */
    struct sx_str recent[16];
    size_t seen;
    bool found;
    struct arena mem;
};

/* Keeps the last words of a source and compares them with all of the filter's. */
static int compare_source_word(void *ctx, const struct token *token)
{
    struct words_wanted *w = ctx;
    size_t n = w->filter->term_count;
    bool same = true;

    if (token->kind != TOKEN_WORD)
        return 0;
    assert_in_range(n, 1, 16);
    memmove(&w->recent[0], &w->recent[1], sizeof(w->recent) - sizeof(w->recent[0]));
    w->recent[15] = arena_str(&w->mem, token->term);
    w->seen++;
    for (size_t i = 0; i < n; i++)
        same = same && w->seen >= n && str_eq(w->recent[16 - n + i], w->filter->terms[i]);
    w->found = w->found || same;
    return 0;
}

static bool source_has(const struct ast *filter, struct sx_str source, struct analyzer *an)
{
    struct words_wanted w = {.filter = filter};

    if (source.ptr != NULL)
        assert_int_equal(analyzer_run(an, source.ptr, source.len, compare_source_word, &w), 0);
    arena_release(&w.mem);
    return w.found;
}

static bool filter_holds(const struct ast *f, const struct twin_doc *d, struct analyzer *an)
{
    switch (f->filter) {
    case AST_SOURCE:
        return source_has(f, d->doc.source, an);
    case AST_LANG: /* en also finds en-GB */
        return begins_with_value(d->doc.lang, f->text) &&
               (d->doc.lang.len == f->text.len || d->doc.lang.ptr[f->text.len] == '-');
    case AST_TYPE:
        return begins_with_value(d->doc.type, f->text) && d->doc.type.len == f->text.len;
    case AST_DATE:
        break;
    }
    return d->at != DATE_NONE && d->at >= f->date_lo && d->at < f->date_hi;
}

/* ---- what matches -------------------------------------------------------------------------- */

/* How often a leaf stands in the document at hand. */
static struct twin_tf tf_of(const struct twin_answer *a, const struct ast *leaf)
{
    for (size_t i = 0; i < a->leaf_count; i++) {
        if (a->leaves[i].ast == leaf)
            return a->leaves[i].tf;
    }
    fail_msg("a leaf of another query");
    return (struct twin_tf){0, 0};
}

static void take_in_hand(struct twin_answer *a, const struct twin_doc *d)
{
    for (size_t i = 0; i < a->leaf_count; i++)
        a->leaves[i].tf = twin_count(&a->leaves[i], d);
}

static bool holds(const struct ast *node, enum reading reading, const struct twin_doc *d,
                  const struct twin_answer *a);

static bool group_holds(const struct ast *group, enum reading reading, const struct twin_doc *d,
                        const struct twin_answer *a)
{
    size_t items = 0, held = 0;

    for (size_t i = 0; i < group->kid_count; i++) {
        const struct ast *kid = group->kids[i];
        bool kid_holds = holds(kid, reading, d, a);

        if (!kid_holds && (!twin_is_item(kid) || kid->required || reading != ANY))
            return false;
        items += twin_is_item(kid);
        held += twin_is_item(kid) && kid_holds;
    }
    return items == 0 || held > 0;
}

static bool holds(const struct ast *node, enum reading reading, const struct twin_doc *d,
                  const struct twin_answer *a)
{
    bool one = node->kind == AST_OR || (node->kind == AST_COMPOUND && reading == ANY);

    switch (node->kind) {
    case AST_WORD:
    case AST_PHRASE:
    case AST_PREFIX:
    case AST_FUZZY:
    case AST_NEAR:
        return twin_combined(tf_of(a, node)) > 0;
    case AST_FILTER:
        return filter_holds(node, d, a->an);
    case AST_NOT:
        return !holds(node->kids[0], reading == FIRST_OF_BEST ? ANY : reading, d, a);
    case AST_GROUP:
        return group_holds(node, reading, d, a);
    case AST_COMPOUND:
    case AST_AND:
    case AST_OR:
        break;
    }
    if (node->kind == AST_COMPOUND && !one)
        return holds(node->kids[0], reading, d, a);
    for (size_t i = 0; i < node->kid_count; i++) {
        if (holds(node->kids[i], reading, d, a) == one)
            return one;
    }
    return !one;
}

/* ---- scores -------------------------------------------------------------------------------- */

static double part_of_score(double asked, double weight, double tf, double norm)
{
    double x = tf / norm;

    return asked * weight * 2.2 * x / (x + 1.2);
}

static double norm_of(const struct twin_answer *a, const struct twin_doc *d)
{
    return 0.4 + 0.6 * twin_length(d) / a->avglen;
}

static uint64_t mixed(uint64_t inputs, double x)
{
    return inputs * 1000003 + (uint64_t)x;
}

/* Of the document at hand. False when no wanted word stands in it. */
static bool score_hit(const struct twin_answer *a, struct twin_hit *hit)
{
    bool has_word = false;

    hit->base = 0;
    hit->base_inputs = (uint64_t)twin_length(hit->doc);
    for (size_t i = 0; i < a->scored_count; i++) {
        double tf = twin_combined(a->scored[i].leaf->tf);

        if (a->scored[i].asked == 0)
            continue;
        hit->base_inputs = mixed(hit->base_inputs, tf);
        if (tf == 0)
            continue;
        has_word = true;
        hit->base += part_of_score((double)a->scored[i].asked, a->scored[i].weight, tf,
                                   norm_of(a, hit->doc));
    }
    hit->score = hit->base;
    hit->inputs = hit->base_inputs;
    return has_word;
}

static void add_closeness(const struct twin_answer *a, struct twin_hit *hit)
{
    for (size_t i = 0; i < a->pair_count; i++) {
        const struct twin_pair *p = &a->pairs[i];
        struct twin_pair_tf tf =
            twin_count_pair(a->scored[p->left].leaf, a->scored[p->right].leaf, hit->doc);

        hit->score += twin_pair_score(a, p, tf, hit->doc);
        hit->inputs = mixed(mixed(hit->inputs, tf.adjacent), tf.near);
    }
}

double twin_pair_score(const struct twin_answer *a, const struct twin_pair *p,
                       struct twin_pair_tf tf, const struct twin_doc *d)
{
    double norm = norm_of(a, d);

    return part_of_score((double)p->asked, p->weight, tf.adjacent, norm) +
           part_of_score((double)p->asked, p->weight, tf.near, norm);
}

double twin_leaf_score(const struct twin_answer *a, const struct twin_scored *s, struct twin_tf tf,
                       const struct twin_doc *d)
{
    return part_of_score((double)s->asked, s->weight, twin_combined(tf), norm_of(a, d));
}

/* ---- what a hit lacks ---------------------------------------------------------------------- */

struct lacked {
    const struct ast **items;
    size_t count;
};

static void add_missing(struct lacked *l, const struct ast *item)
{
    for (size_t i = 0; i < l->count; i++) {
        if (ast_equal(l->items[i], item))
            return;
    }
    l->items[l->count++] = item;
}

/* The items lacked by what holds as ANY but not as FIRST_OF_BEST; of an OR, those of the first
 * alternative that holds; of a compound, all of it. */
static void find_missing(struct lacked *l, const struct ast *node, const struct twin_doc *d,
                         const struct twin_answer *a)
{
    if (!twin_is_item(node) || holds(node, FIRST_OF_BEST, d, a))
        return;
    if (node->kind == AST_COMPOUND) {
        add_missing(l, node);
        return;
    }
    for (size_t i = 0; i < node->kid_count; i++) {
        const struct ast *kid = node->kids[i];

        if (!twin_is_item(kid))
            continue;
        if (!holds(kid, ANY, d, a)) {
            if (node->kind == AST_GROUP)
                add_missing(l, kid);
            continue;
        }
        find_missing(l, kid, d, a);
        if (node->kind == AST_OR)
            return;
    }
}

static void print_missing(const struct lacked *l, struct twin_hit *hit, struct arena *mem)
{
    struct buf printed = {0};

    hit->missing = arena_array(mem, l->count + 1, sizeof(*hit->missing));
    assert_non_null(hit->missing);
    for (size_t i = 0; i < l->count; i++) {
        buf_clear(&printed);
        query_print(l->items[i], true, &printed);
        assert_true(buf_ok(&printed));
        hit->missing[i] = arena_str(mem, buf_str(&printed));
        assert_non_null(hit->missing[i].ptr);
    }
    hit->missing_count = l->count;
    buf_release(&printed);
}

/* ---- the list ------------------------------------------------------------------------------ */

/* Negative: a goes first. Newer first, none last. */
static int newer_first(const struct twin_hit *a, const struct twin_hit *b)
{
    if (a->doc->at == b->doc->at)
        return 0;
    if (a->doc->at == DATE_NONE || b->doc->at == DATE_NONE)
        return a->doc->at == DATE_NONE ? 1 : -1;
    return a->doc->at > b->doc->at ? -1 : 1;
}

bool twin_before(const struct twin_hit *a, const struct twin_hit *b, enum sx_sort sort)
{
    int by_date = newer_first(a, b);
    bool dated = a->doc->at != DATE_NONE && b->doc->at != DATE_NONE;

    if (a->tier != b->tier)
        return a->tier < b->tier;
    if (sort == SX_SORT_SCORE && a->score != b->score)
        return a->score > b->score;
    if (by_date != 0)
        return sort == SX_SORT_DATE && dated ? by_date > 0 : by_date < 0;
    return a->doc->number < b->doc->number;
}

/* Insertion sort. */
static void put_in_order(struct twin_hit *hits, size_t n, enum sx_sort sort)
{
    for (size_t i = 1; i < n; i++) {
        struct twin_hit hit = hits[i];
        size_t at = i;

        for (; at > 0 && twin_before(&hit, &hits[at - 1], sort); at--)
            hits[at] = hits[at - 1];
        hits[at] = hit;
    }
}

/* The first are ordered once more, with the closeness of words. */
static void bring_close_ones_forward(struct twin_answer *a, enum sx_sort sort)
{
    if (sort != SX_SORT_SCORE)
        return;
    for (size_t i = SX_PROXIMITY_HITS; i < a->count && !a->blurred; i++) {
        const struct twin_hit *out = &a->hits[i];
        for (size_t k = 0; k < SX_PROXIMITY_HITS; k++) {
            const struct twin_hit *in = &a->hits[k];
            a->blurred =
                a->blurred || (in->tier == out->tier && in->base_inputs != out->base_inputs &&
                               fabs(in->base - out->base) <= 1e-9 * in->base);
        }
    }
    for (size_t i = 0; i < a->count && i < SX_PROXIMITY_HITS; i++)
        add_closeness(a, &a->hits[i]);
    put_in_order(a->hits, a->count < SX_PROXIMITY_HITS ? a->count : SX_PROXIMITY_HITS, sort);
}

/* ---- leaves and pairs ---------------------------------------------------------------------- */

struct listing {
    struct twin_answer *a;
    struct stemmer *stemmer;
    size_t langs;
    bool exact;
};

/* The scored of this meaning, by number; new where there is none. For a deletion, what is excluded
 * has forms, what is wanted has not. */
static size_t scored_of(struct twin_answer *a, const struct twin_leaf *leaf)
{
    size_t i = 0;

    while (i < a->scored_count && (!twin_same_meaning(a->scored[i].leaf->ast, leaf->ast) ||
                                   a->scored[i].leaf->langs != leaf->langs))
        i++;
    if (i == a->scored_count)
        a->scored[a->scored_count++] = (struct twin_scored){.leaf = leaf};
    return i;
}

/* Leaves are numbered in query order, those under a NOT too; the kids of a NEAR follow it. */
static void list_leaf(const struct listing *l, const struct ast *node, enum twin_part part,
                      const struct twin_leaf *near)
{
    struct twin_leaf *leaf = &l->a->leaves[l->a->leaf_count++];
    bool one_term =
        node->kind == AST_WORD && !node->paired && (node->whole.len > 0 || node->term_count == 1);

    *leaf = (struct twin_leaf){.ast = node, .part = part, .near = near};
    if (one_term && (!l->exact || part == TWIN_EXCLUDED)) {
        leaf->langs = l->langs;
        twin_stems(l->stemmer, node->whole.len > 0 ? node->whole : node->terms[0], &l->a->mem,
                   leaf->stems);
    }
    size_t number = scored_of(l->a, leaf);
    l->a->scored[number].asked += part == TWIN_SCORED;
    for (size_t i = 0; i < node->kid_count; i++)
        list_leaf(l, node->kids[i], part == TWIN_EXCLUDED ? TWIN_EXCLUDED : TWIN_NEAR_KID, leaf);
}

static void list_leaves(const struct listing *l, const struct ast *node, bool excluded)
{
    if (ast_is_leaf(node) || node->kind == AST_NEAR) {
        list_leaf(l, node, excluded ? TWIN_EXCLUDED : TWIN_SCORED, NULL);
        return;
    }
    for (size_t i = 0; i < node->kid_count; i++) {
        if (node->kind == AST_COMPOUND && i == 0)
            list_leaf(l, node->kids[0], TWIN_AS_WRITTEN, NULL);
        else
            list_leaves(l, node->kids[i], excluded != (node->kind == AST_NOT));
    }
}

static void pair_up(struct twin_answer *a, const struct ast **left, const struct ast *right)
{
    const struct ast *before = *left;
    struct twin_pair made = {0, 0, 1, 0};

    *left = right;
    if (before == NULL || twin_same_meaning(before, right))
        return;
    while (!twin_same_meaning(a->scored[made.left].leaf->ast, before))
        made.left++;
    while (!twin_same_meaning(a->scored[made.right].leaf->ast, right))
        made.right++;
    for (size_t i = 0; i < a->pair_count; i++) {
        if (a->pairs[i].left == made.left && a->pairs[i].right == made.right) {
            a->pairs[i].asked++;
            return;
        }
    }
    a->pairs[a->pair_count++] = made;
}

/* The parts of a compound, not its whole. */
static void pair_parts(struct twin_answer *a, const struct ast **left, const struct ast *compound)
{
    size_t parts = compound->kid_count - (compound->whole.len > 0 ? 1 : 0);

    for (size_t i = 1; i < parts; i++)
        pair_up(a, left, compound->kids[i]);
}

/* Words side by side, in order; what asks for no word stands between nothing. */
static void list_pairs(struct twin_answer *a, const struct ast *node, bool excluded)
{
    const struct ast *left = NULL;

    for (size_t i = 0; i < node->kid_count; i++) {
        const struct ast *kid = node->kids[i];

        list_pairs(a, kid, excluded != (node->kind == AST_NOT));
        if (excluded || (node->kind != AST_GROUP && node->kind != AST_AND) || !twin_is_item(kid))
            continue;
        if (ast_is_leaf(kid))
            pair_up(a, &left, kid);
        else if (kid->kind == AST_COMPOUND)
            pair_parts(a, &left, kid);
        else
            left = NULL;
    }
    if (node == a->root && node->kind == AST_COMPOUND)
        pair_parts(a, &left, node);
}

static size_t count_nodes(const struct ast *node)
{
    size_t n = 1;

    for (size_t i = 0; i < node->kid_count; i++)
        n += count_nodes(node->kids[i]);
    return n;
}

static void make_leaves(const struct twin_set *set, bool exact, struct twin_answer *a)
{
    struct listing l = {a, stemmer_new(), set->langs, exact};
    size_t nodes = count_nodes(a->root);

    a->leaves = arena_array(&a->mem, nodes, sizeof(*a->leaves));
    a->scored = arena_array(&a->mem, nodes, sizeof(*a->scored));
    a->pairs = arena_array(&a->mem, nodes, sizeof(*a->pairs));
    assert_non_null(a->leaves);
    assert_non_null(a->scored);
    assert_non_null(a->pairs);
    assert_non_null(l.stemmer);
    list_leaves(&l, a->root, false);
    stemmer_free(l.stemmer);
    list_pairs(a, a->root, false);
    for (size_t i = 0; i < a->scored_count; i++) {
        if (a->scored[i].asked > 0)
            twin_weigh(set, &a->scored[i], &a->mem);
    }
    for (size_t i = 0; i < a->pair_count; i++)
        a->pairs[i].weight =
            0.1 * (a->scored[a->pairs[i].left].weight + a->scored[a->pairs[i].right].weight) / 2;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static void set_average_length(const struct twin_set *set, struct twin_answer *a)
{
    a->docs = (double)set->count;
    for (size_t i = 0; i < set->count; i++)
        a->avglen += twin_length(set->docs[i]);
    if (set->count > 0)
        a->avglen /= a->docs;
}

static void answer(const struct twin_set *set, enum sx_match match, struct twin_answer *out)
{
    enum reading reading = match == SX_MATCH_ALL ? ALL : ANY;
    const struct ast *root = out->root;
    struct lacked lacked = {arena_array(&out->mem, count_nodes(root), sizeof(void *)), 0};

    assert_non_null(lacked.items);
    for (size_t i = 0; i < set->count; i++) {
        struct twin_hit *hit = &out->hits[out->count];
        bool has_all;

        hit->doc = set->docs[i];
        take_in_hand(out, hit->doc);
        if (!score_hit(out, hit) || !holds(root, reading, hit->doc, out))
            continue;
        has_all = holds(root, match == SX_MATCH_ALL ? ALL : FIRST_OF_BEST, hit->doc, out);
        hit->tier = match == SX_MATCH_BEST && !has_all ? 1 : 0;
        lacked.count = 0;
        if (match != SX_MATCH_ALL)
            find_missing(&lacked, root, hit->doc, out);
        print_missing(&lacked, hit, &out->mem);
        out->count++;
        out->total_all += has_all;
    }
    out->total = out->count;
}

void twin_search(const struct twin_set *set, struct analyzer *an, const struct twin_ask *ask,
                 struct twin_answer *out)
{
    struct sx_error err;

    memset(out, 0, sizeof(*out));
    out->status = query_parse(&out->q, ask->query, ask->now, an, &out->mem, &err);
    set_average_length(set, out);
    if (out->status != SX_OK || out->q.root == NULL)
        return;
    out->an = an;
    out->root = twin_rewrite(out->q.root, ask->exact ? 0 : set->langs, &out->mem);
    make_leaves(set, ask->exact, out);
    out->hits = arena_array(&out->mem, set->count + 1, sizeof(*out->hits));
    assert_non_null(out->hits);
    answer(set, ask->match, out);
    put_in_order(out->hits, out->count, ask->sort);
    bring_close_ones_forward(out, ask->sort);
}

void twin_answer_release(struct twin_answer *a)
{
    arena_release(&a->mem);
    memset(a, 0, sizeof(*a));
}
