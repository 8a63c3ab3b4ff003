/* The weight of a word. */
#include "index/rank/score.h"

#include <math.h>

double score_weight(uint64_t docs, struct term_counts c)
{
    if (c.n == 0)
        return 0;
    double n = (double)c.n;
    double idf = log(1.0 + ((double)docs - n + 0.5) / (n + 0.5));
    double burst = ((double)c.f + 1.0) / n;
    if (burst > SCORE_BURST_MAX)
        burst = SCORE_BURST_MAX;
    return idf * burst * sqrt(burst);
}
