/* The twin's answers: every document against the whole tree, every count by walking all texts.
 *
 * What matches: a group's items (what holds a wanted word) read as ANY need all +items, else one;
 * read as ALL every one; what is no item must hold always. `best` is ANY, with the documents
 * first that hold every item while what is excluded is still read as ANY. */
#include "tests/property/twin.h"

#include <math.h>
#include <string.h>

#include "index/base/date.h"
#include "index/base/str.h"
#include "index/text/lang.h"
#include "index/text/stop.h"
#include "tests/support/support.h"

enum reading { ANY, ALL, FIRST_OF_BEST };

static bool is_leaf(const struct ast *node)
{
    return ast_is_leaf(node);
}

static bool begins_with(struct sx_str s, struct sx_str prefix)
{
    return s.len >= prefix.len && memcmp(s.ptr, prefix.ptr, prefix.len) == 0;
}

struct twin_wanted twin_wanted(const struct twin_leaf *leaf, size_t number)
{
    const struct ast *n = leaf->ast;
    bool whole = number == TWIN_WHOLE;

    return (struct twin_wanted){
        .term = whole ? n->whole : n->terms[number],
        .beginning = n->kind == AST_PREFIX && (whole || number + 1 == n->term_count),
        .forms = leaf->has_forms && whole == (n->whole.len > 0) ? leaf : NULL,
    };
}

bool twin_is(const struct twin_token *have, const struct twin_wanted *wanted)
{
    if (wanted->beginning)
        return begins_with(have->term, wanted->term);
    for (size_t i = 0; wanted->forms != NULL && i < TWIN_LANGS; i++) {
        if (str_eq(have->stems[i], wanted->forms->stems[i]))
            return true;
    }
    return str_eq(have->term, wanted->term);
}

const struct twin_leaf *twin_leaf_of(const struct twin_answer *a, const struct ast *leaf)
{
    for (size_t i = 0; i < a->leaf_count; i++) {
        if (a->leaves[i].ast == leaf)
            return &a->leaves[i];
    }
    fail_msg("a leaf of another query");
    return NULL;
}

static bool token_at(const struct twin_text *text, size_t at, struct twin_wanted wanted)
{
    for (size_t i = 0; at < text->count && i < text->words[at].count; i++) {
        if (twin_is(&text->words[at].tokens[i], &wanted))
            return true;
    }
    return false;
}

bool twin_terms_at(const struct twin_leaf *leaf, const struct twin_text *text, size_t at)
{
    for (size_t i = 0; i < leaf->ast->term_count; i++) {
        if (!token_at(text, at + i, twin_wanted(leaf, i)))
            return false;
    }
    return true;
}

bool twin_whole_at(const struct twin_leaf *leaf, const struct twin_text *text, size_t at)
{
    return leaf->ast->whole.len > 0 && token_at(text, at, twin_wanted(leaf, TWIN_WHOLE));
}

bool twin_field_allows(const struct ast *leaf, enum sx_field field)
{
    return leaf->field == AST_ANY ||
           leaf->field == (field == SX_FIELD_TITLE ? AST_TITLE : AST_BODY);
}

/* Occurrences in one text; of overlapping ones each counts. Parts and whole at one place are one,
 * but a dictionary word counts on top of its pairs. */
static size_t occurrences(const struct twin_leaf *leaf, const struct twin_text *text)
{
    size_t n = 0;

    for (size_t at = 0; at < text->count; at++) {
        bool terms = twin_terms_at(leaf, text, at);
        bool whole = twin_whole_at(leaf, text, at);
        n += leaf->ast->paired ? (size_t)terms + (size_t)whole : (size_t)(terms || whole);
    }
    return n;
}

/* tf of the formula: the title counts three times. */
static double leaf_tf(const struct twin_leaf *leaf, const struct twin_doc *d)
{
    double tf = 0;

    if (twin_field_allows(leaf->ast, SX_FIELD_TITLE))
        tf += 3.0 * (double)occurrences(leaf, &d->title);
    if (twin_field_allows(leaf->ast, SX_FIELD_BODY))
        tf += (double)occurrences(leaf, &d->body);
    return tf;
}

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

/* An item asks for a word; what does not is a filter or an exclusion, and must hold always. */
static bool is_item(const struct ast *node)
{
    if (is_leaf(node) || node->kind == AST_NOT)
        return is_leaf(node);
    for (size_t i = 0; i < node->kid_count; i++) {
        if (is_item(node->kids[i]))
            return true;
    }
    return false;
}

static bool is_stop_word(const struct ast *node)
{
    bool stop = node->kind == AST_WORD && !node->required && !node->emphatic &&
                node->field == AST_ANY && node->term_count == 1 && node->whole.len == 0;

    for (size_t i = 0; i < TWIN_LANGS; i++)
        stop = stop && stop_is(lang_number(str_of(twin_langs[i])), node->terms[0]);
    return stop;
}

/* Whether a kid of a group is a stop word that goes, since another item stays. */
static bool is_dropped(const struct ast *node, const struct ast *kid)
{
    if (node->kind != AST_GROUP || !is_stop_word(kid))
        return false;
    for (size_t i = 0; i < node->kid_count; i++) {
        if (is_item(node->kids[i]) && !is_stop_word(node->kids[i]))
            return true;
    }
    return false;
}

void twin_each_wanted(const struct ast *node, bool negated,
                      void (*fn)(void *ctx, const struct ast *leaf), void *ctx)
{
    if (is_leaf(node) && !negated)
        fn(ctx, node);
    for (size_t i = 0; i < node->kid_count; i++) {
        if (!is_dropped(node, node->kids[i]))
            twin_each_wanted(node->kids[i], negated != (node->kind == AST_NOT), fn, ctx);
    }
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

        if (is_dropped(group, kid))
            continue;
        if (!kid_holds && (!is_item(kid) || kid->required || reading != ANY))
            return false;
        items += is_item(kid);
        held += is_item(kid) && kid_holds;
    }
    return items == 0 || held > 0;
}

static bool holds(const struct ast *node, enum reading reading, const struct twin_doc *d,
                  const struct twin_answer *a)
{
    switch (node->kind) {
    case AST_WORD:
    case AST_PHRASE:
    case AST_PREFIX:
    case AST_FUZZY:
        return leaf_tf(twin_leaf_of(a, node), d) > 0;
    case AST_FILTER:
        return filter_holds(node, d, a->an);
    case AST_NOT:
        return !holds(node->kids[0], reading == FIRST_OF_BEST ? ANY : reading, d, a);
    case AST_GROUP:
        return group_holds(node, reading, d, a);
    case AST_NEAR:
    case AST_COMPOUND:
    case AST_AND:
    case AST_OR:
        break;
    }
    for (size_t i = 0; i < node->kid_count; i++) {
        if (holds(node->kids[i], reading, d, a) == (node->kind == AST_OR))
            return node->kind == AST_OR;
    }
    return node->kind == AST_AND;
}

/* ---- scores -------------------------------------------------------------------------------- */

struct counts {
    double n, f;
};

/* Adds the occurrences of `term`, or of what begins so, in one text. */
static size_t count_in(const struct twin_text *text, struct twin_wanted wanted)
{
    size_t f = 0;

    for (size_t at = 0; at < text->count; at++)
        for (size_t i = 0; i < text->words[at].count; i++)
            f += twin_is(&text->words[at].tokens[i], &wanted);
    return f;
}

/* Whether a token before this one has its term: title first, then body. */
static bool seen_before(const struct twin_doc *d, const struct twin_text *text, size_t at, size_t i)
{
    struct sx_str term = text->words[at].tokens[i].term;

    if (text == &d->body && count_in(&d->title, (struct twin_wanted){.term = term}) > 0)
        return true;
    for (size_t k = 0; k <= at; k++)
        for (size_t j = 0; j < (k == at ? i : text->words[k].count); j++)
            if (str_eq(text->words[k].tokens[j].term, term))
                return true;
    return false;
}

/* Documents, each once a distinct term that is `term` or begins so. */
static size_t distinct_in(const struct twin_doc *d, const struct twin_text *text,
                          struct twin_wanted wanted)
{
    size_t n = 0;

    for (size_t at = 0; at < text->count; at++)
        for (size_t i = 0; i < text->words[at].count; i++) {
            if (twin_is(&text->words[at].tokens[i], &wanted))
                n += !seen_before(d, text, at, i);
        }
    return n;
}

/* n and F of one term, or summed of all terms that begin so. */
static struct counts count_term(const struct twin_set *set, struct twin_wanted wanted)
{
    struct counts c = {0, 0};

    for (size_t i = 0; i < set->count; i++) {
        const struct twin_doc *d = set->docs[i];

        c.f += (double)(count_in(&d->title, wanted) + count_in(&d->body, wanted));
        c.n += (double)(distinct_in(d, &d->title, wanted) + distinct_in(d, &d->body, wanted));
    }
    return c;
}

static double weight(const struct twin_set *set, struct counts c)
{
    double docs = (double)set->count;
    double n = fmin(c.n, docs);

    return n == 0 ? 0 : log(1 + (docs - n + 0.5) / (n + 0.5)) * pow(fmin((c.f + 1) / n, 4), 1.5);
}

/* The sum of the words' weights; of a compound that stands somewhere as a whole, that one's; of
 * pairs, which overlap, the largest. */
static double leaf_weight(const struct twin_set *set, const struct twin_leaf *leaf)
{
    double w = 0;

    if (leaf->ast->whole.len > 0) {
        struct counts c = count_term(set, twin_wanted(leaf, TWIN_WHOLE));
        if (c.n > 0)
            return weight(set, c);
    }
    for (size_t i = 0; i < leaf->ast->term_count; i++) {
        double one = weight(set, count_term(set, twin_wanted(leaf, i)));
        w = leaf->ast->paired ? fmax(w, one) : w + one;
    }
    return w;
}

static double doc_len(const struct twin_doc *d)
{
    return 3.0 * (double)d->title.count + (double)d->body.count;
}

static double average_len(const struct twin_set *set)
{
    double sum = 0;

    for (size_t i = 0; i < set->count; i++)
        sum += doc_len(set->docs[i]);
    return sum / (double)set->count;
}

/* The wanted leaves of a query, each as often as it was written. */
struct scoring {
    const struct twin_leaf *leaves[SX_QUERY_WORDS_MAX * 2];
    const struct twin_answer *answer;
    double weights[SX_QUERY_WORDS_MAX * 2];
    size_t count;
    double avglen;
};

static void note_leaf(void *ctx, const struct ast *leaf)
{
    struct scoring *s = ctx;

    assert_true(s->count < sizeof(s->leaves) / sizeof(s->leaves[0]));
    s->leaves[s->count++] = twin_leaf_of(s->answer, leaf);
}

/* False when no wanted word stands in it. */
static bool score_hit(const struct scoring *s, struct twin_hit *hit)
{
    double len = doc_len(hit->doc);
    bool has_word = false;

    hit->score = 0;
    hit->inputs = (uint64_t)len;
    for (size_t i = 0; i < s->count; i++) {
        double tf = leaf_tf(s->leaves[i], hit->doc);
        double x = tf / (0.4 + 0.6 * len / s->avglen);

        hit->inputs = hit->inputs * 1000003 + (uint64_t)tf;
        if (tf == 0)
            continue;
        has_word = true;
        hit->score += s->weights[i] * 2.2 * x / (x + 1.2);
    }
    return has_word;
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
 * alternative that holds. */
static void find_missing(struct lacked *l, const struct ast *node, const struct twin_doc *d,
                         const struct twin_answer *a)
{
    if (!is_item(node) || holds(node, FIRST_OF_BEST, d, a))
        return;
    for (size_t i = 0; i < node->kid_count; i++) {
        const struct ast *kid = node->kids[i];

        if (!is_item(kid) || is_dropped(node, kid))
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

static size_t count_nodes(const struct ast *node)
{
    size_t n = 1;

    for (size_t i = 0; i < node->kid_count; i++)
        n += count_nodes(node->kids[i]);
    return n;
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
static void put_in_order(struct twin_answer *a, enum sx_sort sort)
{
    for (size_t i = 1; i < a->count; i++) {
        struct twin_hit hit = a->hits[i];
        size_t at = i;

        for (; at > 0 && twin_before(&hit, &a->hits[at - 1], sort); at--)
            a->hits[at] = a->hits[at - 1];
        a->hits[at] = hit;
    }
}

/* Leaves are numbered in query order, those under a NOT too. */
static void list_leaves(struct twin_answer *a, struct stemmer *stemmer, const struct ast *node)
{
    if (is_leaf(node)) {
        struct twin_leaf *leaf = &a->leaves[a->leaf_count++];
        struct sx_str key = node->whole.len > 0 ? node->whole : node->terms[0];

        leaf->ast = node;
        leaf->has_forms = node->kind == AST_WORD && !node->paired &&
                          (node->whole.len > 0 || node->term_count == 1);
        twin_stems(stemmer, key, &a->mem, leaf->stems);
    }
    for (size_t i = 0; i < node->kid_count; i++)
        list_leaves(a, stemmer, node->kids[i]);
}

static void make_leaves(struct twin_answer *a)
{
    struct stemmer *stemmer = stemmer_new();

    a->leaves = arena_array(&a->mem, count_nodes(a->q.root), sizeof(*a->leaves));
    assert_non_null(a->leaves);
    assert_non_null(stemmer);
    list_leaves(a, stemmer, a->q.root);
    stemmer_free(stemmer);
}

static void answer(const struct twin_set *set, enum sx_match match, struct twin_answer *out)
{
    enum reading reading = match == SX_MATCH_ALL ? ALL : ANY;
    const struct ast *root = out->q.root;
    struct scoring *s = arena_new(&out->mem, sizeof(*s));

    struct lacked lacked = {arena_array(&out->mem, count_nodes(root), sizeof(void *)), 0};

    assert_non_null(s);
    assert_non_null(lacked.items);
    s->answer = out;
    twin_each_wanted(root, false, note_leaf, s);
    s->avglen = average_len(set);
    for (size_t i = 0; i < s->count; i++)
        s->weights[i] = leaf_weight(set, s->leaves[i]);
    for (size_t i = 0; i < set->count; i++) {
        struct twin_hit *hit = &out->hits[out->count];
        bool has_all;

        hit->doc = set->docs[i];
        if (!score_hit(s, hit) || !holds(root, reading, hit->doc, out))
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

void twin_search(const struct twin_set *set, struct analyzer *an, struct sx_str query,
                 enum sx_match match, enum sx_sort sort, int64_t now, struct twin_answer *out)
{
    struct sx_error err;

    memset(out, 0, sizeof(*out));
    out->status = query_parse(&out->q, query, now, an, &out->mem, &err);
    if (out->status != SX_OK || out->q.root == NULL || set->count == 0)
        return;
    out->hits = arena_array(&out->mem, set->count, sizeof(*out->hits));
    assert_non_null(out->hits);
    out->an = an;
    make_leaves(out);
    answer(set, match, out);
    put_in_order(out, sort);
}

void twin_answer_release(struct twin_answer *a)
{
    arena_release(&a->mem);
    memset(a, 0, sizeof(*a));
}
