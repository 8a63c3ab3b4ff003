/* Passages.
 *
 * One walk of the analyzer gives every place where a leaf stands. A window slides over the
 * places; its worth is the sum of the weights of the different leaves in it, so that several
 * words of the query beat one word many times. The best window is widened to whole words, and
 * the next one is chosen among the places outside it. */
#include "index/rank/passage.h"

#include <stdlib.h>
#include <string.h>

#include "index/base/alloc.h"
#include "index/base/hash.h"
#include "index/base/str.h"
#include "index/text/analyzer.h"
#include "index/text/grapheme.h"

/* What is left of a leaf's weight once a passage shows it: the next passage goes first to words
 * that none has shown. */
#define SHOWN_WORTH 0.05
#define PLACES_MAX 20000 /* of one text; later ones are not looked at */
#define NO_TERM UINT32_MAX
#define TOKENS_MAX 24 /* of one position: words, parts and wholes are fewer */
/* Between two looks at the clock; where the analyzer leaves words out, more. */
#define CLOCK_TOKENS 1024
#define STOPPED 1 /* of the analyzer: time was over */

struct place {
    uint32_t start, end; /* bytes */
    uint32_t leaf;
    uint32_t at;    /* its first position */
    uint32_t entry; /* of the leaves */
};

/* A position seen lately, with its tokens that are terms of the query: phrases look back. */
struct seen {
    uint64_t position;
    uint32_t count;
    struct {
        uint32_t start, term;
    } tokens[TOKENS_MAX];
};

struct passage_finder {
    struct passage_query query;
    /* distinct terms of the leaves, open addressing */
    struct sx_str *terms;
    uint32_t *table;
    size_t mask;
    uint32_t term_count;
    struct wanted_terms wanted; /* these: most words are none of them */
    uint32_t **leaf_terms;      /* per leaf, its terms' numbers */
    uint32_t *last_first;       /* per term, the first leaf that ends with it, or NO_TERM */
    uint32_t *last_next;        /* per leaf, the next leaf that ends with the same term */
    uint32_t first_prefix;      /* list of leaves that end with a beginning, by last_next */
    uint32_t *in;               /* per leaf, how often it is in a window */
    double *weights;            /* per leaf, what is left of it */
    /* of the text at hand */
    struct seen *ring;
    size_t ring_mask;
    uint64_t words, left_out; /* words told so far, and left out by the analyzer */
    uint64_t position;        /* of the last one told */
    bool (*over)(void *ctx);
    void *over_ctx;
    struct arena *mem; /* for places */
    struct place *places;
    size_t place_count, place_cap;
};

static uint32_t term_number(const struct passage_finder *f, struct sx_str term)
{
    if (term.len == 0 || !(f->wanted.lengths[(unsigned char)term.ptr[0]] & wanted_length(term.len)))
        return NO_TERM;
    size_t i = (size_t)hash_bytes(term.ptr, term.len) & f->mask;

    for (; f->table[i] != 0; i = (i + 1) & f->mask)
        if (str_eq(f->terms[f->table[i] - 1], term))
            return f->table[i] - 1;
    return NO_TERM;
}

static uint32_t add_term(struct passage_finder *f, struct sx_str term)
{
    uint32_t known = term_number(f, term);

    if (known != NO_TERM)
        return known;
    if (term.len > 0)
        f->wanted.lengths[(unsigned char)term.ptr[0]] |= wanted_length(term.len);
    size_t i = (size_t)hash_bytes(term.ptr, term.len) & f->mask;
    while (f->table[i] != 0)
        i = (i + 1) & f->mask;
    f->terms[f->term_count++] = term;
    f->table[i] = f->term_count;
    return f->term_count - 1;
}

static bool make_tables(struct passage_finder *f)
{
    struct arena *mem = f->mem;
    size_t terms = 0;
    size_t longest = 1;

    for (size_t i = 0; i < f->query.leaf_count; i++) {
        terms += f->query.leaves[i].term_count;
        if (f->query.leaves[i].term_count > longest)
            longest = f->query.leaves[i].term_count;
    }
    f->mask = 15;
    while (f->mask < 2 * terms)
        f->mask = 2 * f->mask + 1;
    f->ring_mask = 15;
    while (f->ring_mask < longest)
        f->ring_mask = 2 * f->ring_mask + 1;
    f->terms = arena_array(mem, terms + 1, sizeof(*f->terms));
    f->table = arena_array(mem, f->mask + 1, sizeof(*f->table));
    f->leaf_terms = arena_array(mem, f->query.leaf_count + 1, sizeof(*f->leaf_terms));
    f->last_first = arena_array(mem, terms + 1, sizeof(*f->last_first));
    f->last_next = arena_array(mem, f->query.leaf_count + 1, sizeof(*f->last_next));
    f->in = arena_array(mem, f->query.leaf_count + 1, sizeof(*f->in));
    f->weights = arena_array(mem, f->query.leaf_count + 1, sizeof(*f->weights));
    f->ring = arena_array(mem, f->ring_mask + 1, sizeof(*f->ring));
    if (f->terms == NULL || f->table == NULL || f->leaf_terms == NULL || f->last_first == NULL ||
        f->last_next == NULL || f->in == NULL || f->weights == NULL || f->ring == NULL)
        return false;
    memset(f->last_first, 0xff, (terms + 1) * sizeof(*f->last_first));
    f->first_prefix = NO_TERM;
    return true;
}

/* All that begins so is wanted. */
static void want_beginning(struct passage_finder *f, struct sx_str term)
{
    if (term.len == 0)
        memset(&f->wanted, 0xff, sizeof(f->wanted));
    else
        f->wanted.lengths[(unsigned char)term.ptr[0]] |= -wanted_length(term.len);
}

/* Numbers the leaves' terms and files each leaf under its last one. */
static bool file_leaves(struct passage_finder *f)
{
    for (uint32_t i = 0; i < f->query.leaf_count; i++) {
        const struct passage_leaf *l = &f->query.leaves[i];
        uint32_t *numbers = arena_array(f->mem, l->term_count, sizeof(*numbers));
        if (numbers == NULL)
            return false;
        for (size_t k = 0; k < l->term_count; k++)
            numbers[k] = add_term(f, l->terms[k]);
        f->leaf_terms[i] = numbers;
        if (l->prefix)
            want_beginning(f, l->terms[l->term_count - 1]);
        uint32_t *head = l->prefix ? &f->first_prefix : &f->last_first[numbers[l->term_count - 1]];
        f->last_next[i] = *head;
        *head = i;
    }
    return true;
}

static int add_place(struct passage_finder *f, struct place p)
{
    if (f->place_count == PLACES_MAX)
        return 0;
    if (f->place_count == f->place_cap) {
        size_t cap = f->place_cap == 0 ? 64 : f->place_cap * 2;
        struct place *grown = arena_array(f->mem, cap, sizeof(*grown));
        if (grown == NULL)
            return ANALYZER_NOMEM;
        if (f->place_count > 0)
            memcpy(grown, f->places, f->place_count * sizeof(*grown));
        f->places = grown;
        f->place_cap = cap;
    }
    /* Of co-located tokens a longer one may come first; places stand by their ends. */
    size_t at = f->place_count++;
    for (; at > 0 && f->places[at - 1].end > p.end; at--)
        f->places[at] = f->places[at - 1];
    f->places[at] = p;
    return 0;
}

/* Where `term` begins at a position, or NO_TERM: it does not stand there. */
static uint32_t start_at(const struct passage_finder *f, uint64_t position, uint32_t term)
{
    const struct seen *s = &f->ring[position & f->ring_mask];

    for (uint32_t i = 0; i < s->count && s->position == position; i++)
        if (s->tokens[i].term == term)
            return s->tokens[i].start;
    return NO_TERM;
}

/* `t` is the last term of the entry: adds its place if the terms before stand before it. */
static int take_entry(struct passage_finder *f, uint32_t entry, const struct token *t)
{
    size_t count = f->query.leaves[entry].term_count;
    uint32_t start = t->start;

    if (f->position + 1 < count)
        return 0;
    for (size_t k = count - 1; k > 0; k--) {
        start = start_at(f, f->position - (count - k), f->leaf_terms[entry][k - 1]);
        if (start == NO_TERM)
            return 0;
    }
    return add_place(f, (struct place){.start = start,
                                       .end = t->end,
                                       .leaf = f->query.leaves[entry].leaf,
                                       .at = (uint32_t)(f->position + 1 - count),
                                       .entry = entry});
}

/* Goes on to the next position; false: time is over. */
static bool begin_word(struct passage_finder *f)
{
    uint64_t position = f->words++ + f->left_out;

    if (f->over != NULL && position / CLOCK_TOKENS != f->position / CLOCK_TOKENS &&
        f->over(f->over_ctx))
        return false;
    f->position = position;
    struct seen *here = &f->ring[position & f->ring_mask];
    here->position = position;
    here->count = 0;
    return true;
}

static int see(void *arg, const struct token *t)
{
    struct passage_finder *f = arg;
    uint32_t number = term_number(f, t->term);
    int rc = 0;

    if (t->kind == TOKEN_WORD && !begin_word(f))
        return STOPPED;
    struct seen *here = &f->ring[f->position & f->ring_mask];
    if (number != NO_TERM && here->count < TOKENS_MAX) {
        here->tokens[here->count].start = t->start;
        here->tokens[here->count++].term = number;
    }
    if (number != NO_TERM)
        for (uint32_t l = f->last_first[number]; l != NO_TERM && rc == 0; l = f->last_next[l])
            rc = take_entry(f, l, t);
    for (uint32_t l = f->first_prefix; l != NO_TERM && rc == 0; l = f->last_next[l])
        if (str_begins(t->term, f->query.leaves[l].terms[f->query.leaves[l].term_count - 1]))
            rc = take_entry(f, l, t);
    return rc;
}

/* ---- near ------------------------------------------------------------------------------------ */

/* One leaf of a NEAR on its way through its places, which are in order; several may begin at one
 * position, as parts and whole of a word do. */
struct near_walker {
    struct place **of;
    size_t count;
    uint32_t leaf, span, times; /* `times` it is listed */
    size_t first, next, kept;   /* in the stretch at hand; behind it; behind those to keep */
};

struct near_walk {
    struct near_walker list[SX_NEAR_OPERANDS_MAX];
    size_t count;
    uint64_t width; /* of a stretch */
};

static int by_leaf(const void *a, const void *b)
{
    const struct place *x = *(const struct place *const *)a;
    const struct place *y = *(const struct place *const *)b;

    if (x->leaf != y->leaf)
        return x->leaf > y->leaf ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

static void begin_walk(const struct passage_finder *f, const struct passage_near *n,
                       struct place **sorted, struct near_walk *w)
{
    w->count = 0;
    w->width = n->distance;
    for (size_t i = 0; i < n->count; i++) {
        size_t k = 0;
        w->width += f->query.leaves[n->leaves[i]].span;
        while (k < w->count && w->list[k].leaf != n->leaves[i])
            k++;
        struct near_walker *l = &w->list[k];
        if (k == w->count) {
            w->count++;
            *l = (struct near_walker){.leaf = n->leaves[i],
                                      .span = f->query.leaves[n->leaves[i]].span};
            while (l->first < f->place_count && sorted[l->first]->leaf < l->leaf)
                l->first++;
            l->of = sorted + l->first;
            while (l->first + l->count < f->place_count && l->of[l->count]->leaf == l->leaf)
                l->count++;
            l->first = 0;
        }
        l->times++;
    }
}

/* Goes on to where the next place ends; false: all are through. */
static bool next_end(struct near_walk *w, uint64_t *end)
{
    struct near_walker *first = NULL;

    for (size_t i = 0; i < w->count; i++) {
        struct near_walker *l = &w->list[i];
        uint64_t ends = l->next < l->count ? (uint64_t)l->of[l->next]->at + l->span : UINT64_MAX;
        if (ends < UINT64_MAX && (first == NULL || ends < *end)) {
            first = l;
            *end = ends;
        }
    }
    if (first == NULL)
        return false;
    while (first->next < first->count && first->of[first->next]->at + first->span == *end)
        first->next++;
    return true;
}

/* Whether all leaves stand in the stretch that ends at `end`, each as often as it is listed. */
static bool all_stand(struct near_walk *w, uint64_t end)
{
    for (size_t i = 0; i < w->count; i++) {
        struct near_walker *l = &w->list[i];
        uint32_t stand = 0;
        while (l->first < l->next && l->of[l->first]->at + w->width < end)
            l->first++;
        for (size_t k = l->next; k > l->first && stand < l->times; k--)
            stand += k == l->next || l->of[k - 1]->at != l->of[k]->at;
        if (stand < l->times)
            return false;
    }
    return true;
}

/* Sets keep[] of the places in each stretch that holds all of the NEAR. */
static void keep_near(const struct passage_finder *f, const struct passage_near *n,
                      struct place **sorted, bool *keep)
{
    struct near_walk w;
    uint64_t end = 0;

    begin_walk(f, n, sorted, &w);
    while (next_end(&w, &end)) {
        if (!all_stand(&w, end))
            continue;
        for (size_t i = 0; i < w.count; i++) {
            struct near_walker *l = &w.list[i];
            for (l->kept = l->kept > l->first ? l->kept : l->first; l->kept < l->next; l->kept++)
                keep[l->of[l->kept] - f->places] = true;
        }
    }
}

/* Whether some word counts only near others, which may be nowhere in this field. */
static bool has_only_near(const struct passage_query *q)
{
    for (size_t i = 0; i < q->leaf_count; i++)
        if (q->leaves[i].only_near)
            return true;
    return false;
}

/* Drops the places of words that count only near others, and are not; false: memory ran out. */
static bool drop_far(struct passage_finder *f, struct arena *mem)
{
    struct place **sorted = arena_array(mem, f->place_count + 1, sizeof(struct place *));
    bool *keep = arena_array(mem, f->place_count + 1, sizeof(*keep));
    size_t count = 0;

    if (sorted == NULL || keep == NULL)
        return false;
    for (size_t i = 0; i < f->place_count; i++)
        sorted[i] = &f->places[i];
    qsort(sorted, f->place_count, sizeof(struct place *), by_leaf);
    for (size_t i = 0; i < f->query.near_count; i++)
        keep_near(f, &f->query.near[i], sorted, keep);
    for (size_t i = 0; i < f->place_count; i++)
        if (keep[i] || !f->query.leaves[f->places[i].entry].only_near)
            f->places[count++] = f->places[i];
    f->place_count = count;
    return true;
}

/* ---- the best window --------------------------------------------------------------------- */

struct window {
    size_t first, last; /* places */
    size_t bytes;
    double worth;
};

/* More of the query, or as much of it closer together. */
static bool beats(double worth, size_t bytes, const struct window *best)
{
    double same = best->worth * 1e-9;

    return worth > best->worth + same || (worth > best->worth - same && bytes < best->bytes);
}

/* Two ends move over the places; `taken` are the passages chosen so far. */
static bool best_window(struct passage_finder *f, const struct passage *taken, size_t taken_count,
                        struct window *best)
{
    uint32_t *in = f->in;
    size_t first = 0;
    double worth = 0;

    memset(in, 0, f->query.leaf_count * sizeof(*in));
    *best = (struct window){0, 0, SIZE_MAX, 0};
    for (size_t last = 0; last < f->place_count; last++) {
        const struct place *p = &f->places[last];
        bool free_place = true;
        for (size_t i = 0; i < taken_count; i++)
            if (p->start < taken[i].end && p->end > taken[i].start)
                free_place = false;
        if (!free_place) { /* the window begins anew behind what is taken */
            memset(in, 0, f->query.leaf_count * sizeof(*in));
            worth = 0;
            first = last + 1;
            continue;
        }
        if (in[p->leaf]++ == 0)
            worth += f->weights[p->leaf];
        /* What is too far off goes, and so does what stands again further on. */
        while (first < last &&
               (p->end - f->places[first].start > PASSAGE_BYTES || in[f->places[first].leaf] > 1)) {
            uint32_t leaf = f->places[first++].leaf;
            if (--in[leaf] == 0)
                worth -= f->weights[leaf];
        }
        if (beats(worth, p->end - f->places[first].start, best))
            *best = (struct window){first, last, p->end - f->places[first].start, worth};
    }
    return best->worth > 0;
}

/* ---- whole words --------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Whether a sentence ends before byte i: its mark and a space. */
static bool after_sentence(struct sx_str t, size_t i)
{
    return i >= 2 && t.ptr[i - 1] == ' ' && memchr(".?!", t.ptr[i - 2], 3) != NULL;
}

/* A good place to begin, in [low, start]: a line or sentence if one begins there, else a word. */
static size_t widen_left(struct sx_str t, size_t low, size_t start)
{
    for (size_t i = start; i > low; i--)
        if (t.ptr[i - 1] == '\n')
            return i;
    if (low == 0)
        return 0;
    for (size_t i = low; i <= start; i++)
        if (after_sentence(t, i))
            return i;
    for (size_t i = low; i <= start; i++)
        if (is_space(t.ptr[i - 1]))
            return i;
    return grapheme_floor(t.ptr, t.len, low); /* a script without spaces */
}

/* A good place to end, in [end, high]: with the paragraph, with a sentence, else with a word. */
static size_t widen_right(struct sx_str t, size_t end, size_t high)
{
    size_t last = high < t.len ? high : t.len;

    for (size_t i = end; i < last; i++)
        if (t.ptr[i] == '\n')
            return i;
    if (high >= t.len)
        return t.len;
    for (size_t i = high; i > end + (high - end) / 2; i--)
        if (after_sentence(t, i))
            return i;
    for (size_t i = high; i > end; i--)
        if (is_space(t.ptr[i]))
            return i;
    high = grapheme_floor(t.ptr, t.len, high);
    return high > end ? high : end;
}

static void trim(struct sx_str t, size_t from, size_t to, struct passage *p)
{
    while (p->start < from && is_space(t.ptr[p->start]))
        p->start++;
    while (p->end > to && is_space(t.ptr[p->end - 1]))
        p->end--;
}

/* Widens bytes [from, to) to about PASSAGE_BYTES, keeping out of what is taken. */
static void widen(struct sx_str t, size_t from, size_t to, const struct passage *taken,
                  size_t taken_count, struct passage *p)
{
    size_t room = to - from < PASSAGE_BYTES ? PASSAGE_BYTES - (to - from) : 0;
    size_t low = from > room / 3 ? from - room / 3 : 0;

    for (size_t i = 0; i < taken_count; i++)
        if (taken[i].end <= from && taken[i].end > low)
            low = taken[i].end;
    p->start = widen_left(t, low, from);
    size_t high = p->start + (to - from < PASSAGE_BYTES ? PASSAGE_BYTES : to - p->start);
    if (high < to)
        high = to;
    for (size_t i = 0; i < taken_count; i++)
        if (taken[i].start >= to && taken[i].start < high)
            high = taken[i].start;
    p->end = widen_right(t, to, high);
    trim(t, from, to, p);
    p->start = grapheme_floor(t.ptr, t.len, p->start);
    p->end = grapheme_ceil(t.ptr, t.len, p->end);
}

static bool lies_in(const struct place *at, const struct passage *p)
{
    return at->start >= p->start && at->end <= p->end;
}

static bool add_marks(const struct passage_finder *f, struct passage *p)
{
    size_t count = 0;

    for (size_t i = 0; i < f->place_count; i++)
        count += lies_in(&f->places[i], p);
    struct sx_mark *marks = arena_array(f->mem, count, sizeof(*marks));
    if (marks == NULL)
        return false;
    count = 0;
    for (size_t i = 0; i < f->place_count; i++) {
        const struct place *at = &f->places[i];
        if (!lies_in(at, p))
            continue;
        struct sx_mark m = {(uint32_t)(at->start - p->start), (uint32_t)(at->end - p->start)};
        /* Places come by their ends; a phrase swallows the marks of its own words. */
        while (count > 0 && marks[count - 1].end > m.start) {
            count--;
            if (marks[count].start < m.start)
                m.start = marks[count].start;
            if (marks[count].end > m.end)
                m.end = marks[count].end;
        }
        marks[count++] = m;
    }
    p->marks = marks;
    p->mark_count = count;
    return true;
}

static sx_status choose(struct passage_finder *f, struct sx_str text, size_t want,
                        struct passage *out, size_t *count, struct sx_error *err)
{
    struct window w;

    for (size_t i = 0; i < f->query.leaf_count; i++)
        f->weights[f->query.leaves[i].leaf] = f->query.leaves[i].weight;
    while (*count < want && best_window(f, out, *count, &w)) {
        struct passage *p = &out[*count];
        size_t to = 0;
        size_t from = text.len;
        for (size_t i = w.first; i <= w.last; i++) {
            from = f->places[i].start < from ? f->places[i].start : from;
            to = f->places[i].end > to ? f->places[i].end : to;
        }
        memset(f->in, 0, f->query.leaf_count * sizeof(*f->in));
        for (size_t i = w.first; i <= w.last; i++)
            if (f->in[f->places[i].leaf]++ == 0)
                f->weights[f->places[i].leaf] *= SHOWN_WORTH;
        memset(p, 0, sizeof(*p));
        p->worth = w.worth;
        widen(text, from, to, out, *count, p);
        if (!add_marks(f, p))
            return sx_fail_oom(err);
        (*count)++;
    }
    return SX_OK;
}

/* Nothing of the query stands here: the beginning, unmarked. */
static void beginning(struct sx_str text, struct passage *out, size_t *count)
{
    memset(out, 0, sizeof(*out));
    out->end = text.len;
    if (text.len > PASSAGE_BYTES) {
        out->end = widen_right(text, PASSAGE_BYTES / 2, PASSAGE_BYTES);
        out->end = grapheme_floor(text.ptr, text.len, out->end);
    }
    trim(text, text.len, 0, out);
    *count = out->end > out->start ? 1 : 0;
}

sx_status passage_prepare(const struct passage_query *q, struct arena *mem,
                          struct passage_finder **out, struct sx_error *err)
{
    struct passage_finder *f = arena_array(mem, 1, sizeof(*f));

    if (f == NULL)
        return sx_fail_oom(err);
    f->query = *q;
    f->mem = mem;
    if (!make_tables(f) || !file_leaves(f))
        return sx_fail_oom(err);
    *out = f;
    return SX_OK;
}

static void begin_text(struct passage_finder *f, bool (*over)(void *ctx), void *ctx)
{
    f->over = over;
    f->over_ctx = ctx;
    f->words = f->left_out = f->position = 0;
    f->place_count = 0;
    for (size_t i = 0; i <= f->ring_mask; i++)
        f->ring[i].count = 0;
}

/* Sets the places of the text where all of a leaf stands. */
static sx_status find_places(struct passage_finder *f, struct analyzer *an, struct sx_str text,
                             struct sx_error *err)
{
    struct arena sorts = {0}; /* large for many places, and done with soon */
    int ran = analyzer_skim(an, text.ptr, text.len, &f->wanted, &f->left_out, see, f);
    sx_status rc = ran == 0 || ran == STOPPED ? SX_OK : sx_fail_oom(err);

    if (rc == SX_OK && has_only_near(&f->query) && !drop_far(f, &sorts))
        rc = sx_fail_oom(err);
    arena_release(&sorts);
    return rc;
}

sx_status passage_find(struct passage_finder *f, struct analyzer *an, struct sx_str text,
                       size_t want, bool (*over)(void *ctx), void *ctx, struct passage *out,
                       size_t *count, struct sx_error *err)
{
    *count = 0;
    if (want == 0 || text.len == 0)
        return SX_OK;
    begin_text(f, over, ctx);
    sx_status rc = find_places(f, an, text, err);
    if (rc == SX_OK)
        rc = choose(f, text, want, out, count, err);
    if (rc == SX_OK && *count == 0)
        beginning(text, out, count);
    return rc;
}
