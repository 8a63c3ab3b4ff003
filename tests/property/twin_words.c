/* Words in the twin: every position of every text is looked at, each time. */
#include <math.h>
#include <string.h>

#include "index/base/str.h"
#include "index/base/utf8.h"
#include "index/text/analyzer.h"
#include "tests/property/twin.h"
#include "tests/support/support.h"

/* ---- spelling ------------------------------------------------------------------------------ */

#define LETTERS_MAX 60

struct letters {
    uint32_t of[LETTERS_MAX];
    size_t count; /* more than LETTERS_MAX: too many */
};

static struct letters letters_of(struct sx_str s)
{
    struct letters l = {.count = 0};

    for (size_t i = 0, size = 1; i < s.len && l.count <= LETTERS_MAX; i += size, l.count++) {
        uint32_t letter = (uint32_t)utf8_next(s.ptr + i, s.len - i, &size);
        if (l.count < LETTERS_MAX)
            l.of[l.count] = letter;
    }
    return l;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment, by the table of all beginnings. */
static size_t edits_between(const struct letters *a, const struct letters *b)
{
    size_t d[LETTERS_MAX + 1][LETTERS_MAX + 1];

    for (size_t i = 0; i <= a->count; i++) {
        for (size_t j = 0; j <= b->count; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
                            d[i - 1][j - 1] + (a->of[i - 1] != b->of[j - 1]));
            if (i > 1 && j > 1 && a->of[i - 1] == b->of[j - 2] && a->of[i - 2] == b->of[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a->count][b->count];
}

/* Words of one letter, very long ones, and dictionary words of unspaced scripts are near to none
 * but themselves. */
static bool is_near(struct sx_str have, struct sx_str want, unsigned edits)
{
    struct letters a = letters_of(have);
    struct letters b = letters_of(want);
    size_t apart = a.count < b.count ? b.count - a.count : a.count - b.count;

    if (a.count < 2 || b.count < 2 || a.count > LETTERS_MAX || b.count > LETTERS_MAX ||
        apart > edits || memchr(have.ptr, DICT_MARK, have.len) != NULL)
        return false;
    return edits_between(&a, &b) <= edits;
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
        .edits = n->kind == AST_FUZZY ? n->edits : 0,
        .forms = leaf->langs > 0 && whole == (n->whole.len > 0) ? leaf : NULL,
    };
}

bool twin_is(const struct twin_token *have, const struct twin_wanted *wanted)
{
    if (wanted->beginning)
        return begins_with(have->term, wanted->term);
    for (size_t i = 0; wanted->forms != NULL && i < wanted->forms->langs; i++) {
        if (str_eq(have->stems[i], wanted->forms->stems[i]))
            return true;
    }
    return str_eq(have->term, wanted->term) ||
           (wanted->edits > 0 && is_near(have->term, wanted->term, wanted->edits));
}

bool twin_same_meaning(const struct ast *a, const struct ast *b)
{
    bool same = a->kind == b->kind && a->field == b->field && a->edits == b->edits &&
                a->distance == b->distance && a->paired == b->paired &&
                str_eq(a->whole, b->whole) && a->term_count == b->term_count &&
                a->kid_count == b->kid_count;

    for (size_t i = 0; same && i < a->term_count; i++)
        same = str_eq(a->terms[i], b->terms[i]);
    for (size_t i = 0; same && i < a->kid_count; i++)
        same = twin_same_meaning(a->kids[i], b->kids[i]);
    return same;
}

/* ---- places -------------------------------------------------------------------------------- */

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

/* Where a leaf begins in one field: at[i] for its ith word. */
struct spots {
    const struct twin_leaf *leaf;
    bool *at;
    size_t count;
};

static struct spots spots_of(const struct twin_leaf *leaf, const struct twin_text *text,
                             enum sx_field field)
{
    struct spots s = {leaf, calloc(text->count + 1, sizeof(bool)), text->count};

    assert_non_null(s.at);
    for (size_t at = 0; at < text->count && twin_field_allows(leaf->ast, field); at++)
        s.at[at] = twin_terms_at(leaf, text, at) || twin_whole_at(leaf, text, at);
    return s;
}

/* Places that lie in the words from `low` to before `high`. */
static size_t places_in(const struct spots *s, size_t low, size_t high)
{
    size_t n = 0;

    for (size_t at = low; at < s->count && at + s->leaf->ast->span <= high; at++)
        n += s->at[at];
    return n;
}

/* A word that is listed twice has to stand there twice. */
static bool all_stand_in(const struct spots *kids, size_t n, size_t low, size_t high)
{
    for (size_t i = 0; i < n; i++) {
        size_t listed = 0;

        for (size_t k = 0; k < n; k++)
            listed += twin_same_meaning(kids[k].leaf->ast, kids[i].leaf->ast);
        if (places_in(&kids[i], low, high) < listed)
            return false;
    }
    return true;
}

static size_t width_of(const struct spots *kids, size_t n, size_t distance)
{
    for (size_t i = 0; i < n; i++)
        distance += kids[i].leaf->ast->span;
    return distance;
}

/* Where each stretch that holds all kids, and ends first, is a clump; the next begins behind. */
static size_t clumps(const struct spots *kids, size_t n, size_t distance)
{
    size_t width = width_of(kids, n, distance);
    size_t found = 0, behind = 0;

    /* a whole may be said to cover more words than there are */
    for (size_t end = 1; end <= kids[0].count + width; end++) {
        size_t low = end > width && end - width > behind ? end - width : behind;

        if (all_stand_in(kids, n, low, end)) {
            found++;
            behind = end;
        }
    }
    return found;
}

static void spots_release(struct spots *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(s[i].at);
}

static size_t near_in(const struct twin_leaf *near, const struct twin_text *text,
                      enum sx_field field)
{
    struct spots kids[SX_NEAR_OPERANDS_MAX] = {0};
    size_t n = near->ast->kid_count;

    assert_in_range(n, 2, SX_NEAR_OPERANDS_MAX);
    for (size_t i = 0; i < n; i++)
        kids[i] = spots_of(&near[i + 1], text, field);
    size_t found = clumps(kids, n, near->ast->distance);
    spots_release(kids, n);
    return found;
}

bool twin_in_stretch(const struct twin_leaf *kid, const struct twin_text *text, enum sx_field field,
                     size_t at)
{
    const struct twin_leaf *near = kid->near;
    struct spots kids[SX_NEAR_OPERANDS_MAX] = {0};
    size_t n = near->ast->kid_count;
    bool found = false;

    for (size_t i = 0; i < n; i++)
        kids[i] = spots_of(&near[i + 1], text, field);
    size_t width = width_of(kids, n, near->ast->distance);
    for (size_t low = 0; low <= at && !found; low++)
        found = at + kid->ast->span <= low + width && all_stand_in(kids, n, low, low + width);
    spots_release(kids, n);
    return found;
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

struct twin_tf twin_count(const struct twin_leaf *leaf, const struct twin_doc *d)
{
    struct twin_tf tf = {0, 0};

    if (leaf->ast->kind == AST_NEAR)
        return (struct twin_tf){near_in(leaf, &d->title, SX_FIELD_TITLE),
                                near_in(leaf, &d->body, SX_FIELD_BODY)};
    if (twin_field_allows(leaf->ast, SX_FIELD_TITLE))
        tf.title = occurrences(leaf, &d->title);
    if (twin_field_allows(leaf->ast, SX_FIELD_BODY))
        tf.body = occurrences(leaf, &d->body);
    return tf;
}

double twin_combined(struct twin_tf tf)
{
    return 3.0 * (double)tf.title + (double)tf.body;
}

static size_t next_to_each_other(const struct spots both[2])
{
    size_t n = 0;

    for (size_t at = 0; at < both[0].count; at++) {
        size_t behind = at + both[0].leaf->ast->span;
        n += both[0].at[at] && behind < both[1].count && both[1].at[behind];
    }
    return n;
}

struct twin_pair_tf twin_count_pair(const struct twin_leaf *left, const struct twin_leaf *right,
                                    const struct twin_doc *d)
{
    struct twin_tf adjacent, near;
    struct spots title[2] = {spots_of(left, &d->title, SX_FIELD_TITLE),
                             spots_of(right, &d->title, SX_FIELD_TITLE)};
    struct spots body[2] = {spots_of(left, &d->body, SX_FIELD_BODY),
                            spots_of(right, &d->body, SX_FIELD_BODY)};

    adjacent = (struct twin_tf){next_to_each_other(title), next_to_each_other(body)};
    near = (struct twin_tf){clumps(title, 2, 6), clumps(body, 2, 6)};
    spots_release(title, 2);
    spots_release(body, 2);
    return (struct twin_pair_tf){twin_combined(adjacent), twin_combined(near)};
}

/* ---- weights ------------------------------------------------------------------------------- */

/* The occurrences of `term`, or of all that it stands for, in one text. */
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

/* Distinct terms of a text that are wanted, and not in what was read before. */
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

/* n and F of one term, or summed of all terms that it stands for: there are no more documents than
 * N. */
static struct twin_weighed weigh_term(const struct twin_set *set, struct twin_wanted wanted)
{
    struct twin_weighed w = {.term = wanted.term};
    double docs = (double)set->count;

    for (size_t i = 0; i < set->count; i++) {
        const struct twin_doc *d = set->docs[i];

        w.f += (double)(count_in(&d->title, wanted) + count_in(&d->body, wanted));
        w.n += (double)(distinct_in(d, &d->title, wanted) + distinct_in(d, &d->body, wanted));
    }
    w.n = fmin(w.n, docs);
    if (w.n > 0)
        w.weight = log(1 + (docs - w.n + 0.5) / (w.n + 0.5)) * pow(fmin((w.f + 1) / w.n, 4), 1.5);
    return w;
}

/* The words that a leaf weighs as; returns how many. Where the whole stands somewhere it is that;
 * of pairs, which overlap, the heaviest; else all. */
static size_t words_of(const struct twin_set *set, const struct twin_leaf *leaf,
                       struct twin_weighed *out)
{
    size_t n = 0;

    if (leaf->ast->whole.len > 0) {
        out[0] = weigh_term(set, twin_wanted(leaf, TWIN_WHOLE));
        if (out[0].n > 0)
            return 1;
    }
    for (size_t i = 0; i < leaf->ast->term_count; i++) {
        struct twin_weighed one = weigh_term(set, twin_wanted(leaf, i));

        if (!leaf->ast->paired || i == 0)
            out[n++] = one;
        else if (one.weight > out[0].weight)
            out[0] = one;
    }
    return n;
}

void twin_weigh(const struct twin_set *set, struct twin_scored *s, struct arena *mem)
{
    const struct twin_leaf *leaf = s->leaf;
    size_t kids = leaf->ast->kid_count, room = leaf->ast->term_count + 1;

    for (size_t i = 1; i <= kids; i++)
        room += leaf[i].ast->term_count + 1;
    s->words = arena_array(mem, room, sizeof(*s->words));
    assert_non_null(s->words);
    if (kids == 0)
        s->word_count = words_of(set, leaf, s->words);
    for (size_t i = 1; i <= kids; i++)
        s->word_count += words_of(set, &leaf[i], s->words + s->word_count);
    s->weight = 0;
    for (size_t i = 0; i < s->word_count; i++)
        s->weight += s->words[i].weight;
}

double twin_length(const struct twin_doc *d)
{
    return twin_combined((struct twin_tf){d->title.count, d->body.count});
}
