/* The ranking formula. */
#include "index/rank/score.h"

#include <math.h>

#define K1 1.2
#define B 0.6
#define BURST_MAX 4.0

double score_weight(uint64_t docs, struct term_counts c)
{
    if (c.n == 0)
        return 0;
    double n = (double)c.n;
    double idf = log(1.0 + ((double)docs - n + 0.5) / (n + 0.5));
    double burst = ((double)c.f + 1.0) / n;
    if (burst > BURST_MAX)
        burst = BURST_MAX;
    return idf * burst * sqrt(burst);
}

double score_combined(uint64_t title, uint64_t body)
{
    return SCORE_TITLE_WEIGHT * (double)title + (double)body;
}

double score_length_norm(double len, double avglen)
{
    return (1.0 - B) + B * len / avglen;
}

double score_leaf(double asked, double weight, double tf, double norm)
{
    double x = tf / norm;

    return asked * weight * (K1 + 1.0) * x / (x + K1);
}
