/* What so many of some scores reach, which come one by one: to within a step, and never too much. Private to the
 * scans. */
#ifndef INDEX_BLOCKMAX_HISTOGRAM_H
#define INDEX_BLOCKMAX_HISTOGRAM_H

#include <stdint.h>
#include <string.h>

#define HISTOGRAM_STEPS 4096
#define HISTOGRAM_KEEP UINT8_MAX /* so many are asked for, at most */

struct histogram {
    uint32_t keep;
    uint32_t at;       /* the step that so many reach, from 1 on; 0: they are fewer */
    uint32_t above;    /* how many are above it */
    uint32_t lowest;   /* of all steps, as long as they are fewer */
    float steps, step; /* of a score of 1; and of how much each is, but for what rounding may add */
    uint8_t count[HISTOGRAM_STEPS + 1]; /* by step: of those above `at` */
};

/* Of `keep`, at least one, none is there yet; scores are up to `most`, which is above 0 and neither tiny nor
 * infinite, as weights are. */
static inline void histogram_begin(struct histogram *h, uint32_t keep, float most)
{
    h->keep = keep;
    h->at = 0;
    h->above = 0;
    h->lowest = HISTOGRAM_STEPS;
    h->steps = (float)HISTOGRAM_STEPS / most;
    h->step = most / (float)HISTOGRAM_STEPS * 0.999999f;
    memset(h->count, 0, sizeof(h->count));
}

static inline uint32_t histogram_step(const struct histogram *h, float score)
{
    float steps = score * h->steps;

    if (!(steps >= 1))
        return 1;
    return steps < (float)HISTOGRAM_STEPS ? (uint32_t)steps + 1 : HISTOGRAM_STEPS;
}

static inline void histogram_add(struct histogram *h, float score)
{
    uint32_t i = histogram_step(h, score);

    if (i <= h->at)
        return;
    h->count[i]++;
    h->above++;
    if (h->at == 0 && i < h->lowest)
        h->lowest = i;
    if (h->above < h->keep)
        return;
    if (h->at == 0) {
        h->at = h->lowest;
        h->above -= h->count[h->at];
    }
    while (h->above >= h->keep)
        h->above -= h->count[++h->at];
}

/* What `keep` of them reach; `none`: they are fewer. */
static inline float histogram_reached(const struct histogram *h, float none)
{
    return h->at == 0 ? none : (float)(h->at - 1) * h->step;
}

#endif
