/* Edit distance in a band around the diagonal. */
#include "index/text/edits.h"

#include <string.h>

#include "index/base/utf8.h"

/* Turns by half of what there is, so that of a Latin word no two bits meet. */
static uint64_t turn(uint64_t set)
{
    return set << 31 | set >> 33;
}

int edits_word(struct edits_word *w, struct sx_str text)
{
    size_t size;
    uint64_t once = 0, twice = 0;

    w->count = 0;
    w->letters = 0;
    for (size_t at = 0; at < text.len; at += size) {
        uint32_t point = utf8_next(text.ptr + at, text.len - at, &size);
        if (w->count == EDITS_POINTS_MAX)
            return -1;
        w->points[w->count++] = point;
        uint64_t bit = UINT64_C(1) << (point % 64);
        twice |= once & bit;
        once |= bit;
    }
    w->letters = once | turn(twice);
    return 0;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Cells at [k]: of column row + k - EDITS_MAX. */
#define BAND (2 * EDITS_MAX + 1)

struct rows {
    unsigned before[BAND], last[BAND], now[BAND];
};

/* Fills row `i` (i >= 1); returns its least cell. */
static unsigned fill_row(struct rows *r, const struct edits_word *a, const struct edits_word *b,
                         uint32_t i, unsigned far)
{
    unsigned low = far;

    for (uint32_t k = 0; k < BAND; k++) {
        r->now[k] = far;
        if (i + k < EDITS_MAX || i + k - EDITS_MAX > b->count)
            continue;
        uint32_t j = i + k - EDITS_MAX;
        unsigned cell = k + 1 < BAND ? r->last[k + 1] + 1 : far; /* deleted from a */
        if (j > 0 && k > 0)
            cell = least(cell, r->now[k - 1] + 1); /* inserted from b */
        if (j > 0)
            cell = least(cell, r->last[k] + (a->points[i - 1] != b->points[j - 1]));
        if (i > 1 && j > 1 && a->points[i - 1] == b->points[j - 2] &&
            a->points[i - 2] == b->points[j - 1])
            cell = least(cell, r->before[k] + 1);
        r->now[k] = least(cell, far);
        low = least(low, r->now[k]);
    }
    return low;
}

unsigned edits_between(const struct edits_word *a, const struct edits_word *b, unsigned max)
{
    unsigned far = max + 1;
    struct rows r;

    if (a->count > b->count + max || b->count > a->count + max)
        return far;
    if (!edits_may_join(a->letters, b->letters, max))
        return far;
    for (uint32_t k = 0; k < BAND; k++) {
        r.last[k] = k >= EDITS_MAX && k - EDITS_MAX <= b->count ? least(k - EDITS_MAX, far) : far;
        r.before[k] = far;
    }
    for (uint32_t i = 1; i <= a->count; i++) {
        unsigned low = fill_row(&r, a, b, i, far);
        /* An exchange may still save a row whose cells are all too far, not two of them. */
        if (low > max && i > 1)
            return far;
        memcpy(r.before, r.last, sizeof(r.before));
        memcpy(r.last, r.now, sizeof(r.last));
    }
    uint32_t k = b->count + EDITS_MAX - a->count;
    return r.last[k];
}
