/* Counting clumps. The places of all leaves are visited by their ends; at each, the latest places
 * of the other leaves make the narrowest clump that ends there. */
#include "index/rank/proximity.h"

#include <stdbool.h>

/* One distinct leaf on its way through its places. */
struct walker {
    struct place_list of;
    size_t times;      /* places of it in a clump */
    size_t from, next; /* of `of.at`: behind the last clump, and behind what was visited */
};

struct walk {
    struct walker list[PROXIMITY_LEAVES_MAX];
    size_t count;
    uint64_t width; /* of a clump, at most */
    uint64_t from;  /* position behind the last clump */
};

static void begin(struct walk *w, const struct place_list *of, size_t n, uint32_t distance)
{
    w->count = 0;
    w->width = distance;
    w->from = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        w->width += of[i].span;
        while (k < w->count && w->list[k].of.at != of[i].at)
            k++;
        if (k == w->count)
            w->list[w->count++] = (struct walker){.of = of[i]};
        w->list[k].times++;
    }
}

static uint64_t next_end(const struct walker *l)
{
    return (uint64_t)l->of.at[l->next] + l->of.span;
}

/* The walker whose next place ends first; NULL: all are through. */
static struct walker *first_to_end(struct walk *w)
{
    struct walker *first = NULL;

    for (size_t i = 0; i < w->count; i++) {
        struct walker *l = &w->list[i];
        if (l->next < l->of.count && (first == NULL || next_end(l) < next_end(first)))
            first = l;
    }
    return first;
}

/* Whether the latest places of all leaves make a clump that ends at `end`. */
static bool is_clump(const struct walk *w, uint64_t end)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct walker *l = &w->list[i];
        if (l->next - l->from < l->times || end - l->of.at[l->next - l->times] > w->width)
            return false;
    }
    return true;
}

/* A place that is far from all others. */
#define NOWHERE (INT64_MIN / 2)

/* Where place `i` ends; behind the last there is none. */
static int64_t end_of(const struct place_list *of, size_t i)
{
    int64_t end = (int64_t)of->at[i < of->count ? i : of->count - 1] + of->span;

    return i < of->count ? end : INT64_MAX;
}

/* The same of two leaves, as most are, without a branch that depends on where they stand. */
static uint32_t clumps_of_two(const struct place_list *a, const struct place_list *b,
                              uint32_t distance)
{
    int64_t width = (int64_t)distance + a->span + b->span, from = 0;
    int64_t latest_a = NOWHERE, latest_b = NOWHERE; /* that is in no clump */
    size_t i = 0, k = 0, all = a->count + b->count;
    uint32_t clumps = 0;

    while (i + k < all) {
        int64_t end_a = end_of(a, i), end_b = end_of(b, k);
        bool is_b = end_b < end_a;
        int64_t end = is_b ? end_b : end_a, place = end - (is_b ? b->span : a->span);
        int64_t here = place < from ? NOWHERE : place;
        latest_a = is_b ? latest_a : here;
        latest_b = is_b ? here : latest_b;
        bool clump = (end - latest_a <= width) & (end - latest_b <= width);
        clumps += clump;
        from = clump ? end : from;
        latest_a = clump ? NOWHERE : latest_a;
        latest_b = clump ? NOWHERE : latest_b;
        k += is_b;
        i += !is_b;
    }
    return clumps;
}

uint32_t proximity_clumps(const struct place_list *of, size_t n, uint32_t distance)
{
    struct walk w;
    struct walker *l;
    uint32_t clumps = 0;

    for (size_t i = 0; i < n; i++)
        if (of[i].count == 0)
            return 0;
    if (n == 2 && of[0].at != of[1].at)
        return clumps_of_two(&of[0], &of[1], distance);
    begin(&w, of, n, distance);
    while ((l = first_to_end(&w)) != NULL) {
        uint64_t end = next_end(l);
        if (l->of.at[l->next++] < w.from) {
            l->from = l->next;
            continue;
        }
        if (!is_clump(&w, end))
            continue;
        clumps++;
        w.from = end;
        for (size_t i = 0; i < w.count; i++)
            w.list[i].from = w.list[i].next;
    }
    return clumps;
}

uint32_t proximity_adjacent(const struct place_list *a, const struct place_list *b)
{
    uint32_t count = 0;

    for (size_t i = 0, k = 0; i < a->count; i++) {
        uint64_t behind = (uint64_t)a->at[i] + a->span;
        while (k < b->count && b->at[k] < behind)
            k++;
        count += k < b->count && b->at[k] == behind;
    }
    return count;
}
