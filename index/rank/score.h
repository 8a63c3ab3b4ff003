/* The ranking formula: one function for every engine, in double, with -ffp-contract=off.
 *
 *   score  = sum over leaves, in query order, of  q · w · 2.2 x / (x + 1.2)
 *   x      = tf / (0.4 + 0.6 · len / avglen)
 *   w      = ln(1 + (N − n + 0.5) / (n + 0.5)) · min((F + 1) / n, 4)^1.5
 *
 * This is BM25 (Robertson and others, TREC-3, 1994) with k1 = 1.2 and b = 0.6 over one combined
 * field, the idf in Lucene's never-negative form, and a burst factor (F + 1) / n: a word that
 * repeats where it occurs says more about those documents (the after-effect of Amati and van
 * Rijsbergen's DFR models, 2002). tf and len count the title SCORE_TITLE_WEIGHT times.
 *
 * A leaf of several words, a phrase or NEAR, has the sum of their w. Words that stand side by side
 * in the query score once more where they are close together in the text: each pair of neighbours
 * like a leaf with w = SCORE_PROXIMITY times the mean of the two, once with tf = how often the one
 * directly follows the other, once with tf = how many clumps of both there are
 * (rank/proximity.h). */
#ifndef INDEX_RANK_SCORE_H
#define INDEX_RANK_SCORE_H

#include <stdint.h>

#define SCORE_TITLE_WEIGHT 3.0

/* What a collection says of one word. */
struct term_counts {
    uint64_t n; /* documents that hold it */
    uint64_t f; /* its occurrences, the title counted once */
};

#define SCORE_K1 1.2
#define SCORE_B 0.6
#define SCORE_BURST_MAX 4.0
#define SCORE_PROXIMITY 0.1

/* w of a word among `docs` documents; 0 for a word that stands nowhere. */
double score_weight(uint64_t docs, struct term_counts c);

/* The rest is called for every matching document: in line, so that it costs no calls. */

/* tf or len of both fields together. */
static inline double score_combined(uint64_t title, uint64_t body)
{
    return SCORE_TITLE_WEIGHT * (double)title + (double)body;
}

/* How far a document's length is from the average: 0.4 + 0.6 · len / avglen. */
static inline double score_length_norm(double len, double avglen)
{
    return (1.0 - SCORE_B) + SCORE_B * len / avglen;
}

/* One leaf's part; `norm` from score_length_norm(). 0 when tf is 0. The formula with x = tf / norm
 * multiplied out, which saves a division. */
static inline double score_leaf(double asked, double weight, double tf, double norm)
{
    return asked * weight * (SCORE_K1 + 1.0) * tf / (tf + SCORE_K1 * norm);
}

/* w of a pair of neighbours. */
static inline double score_pair_weight(double a, double b)
{
    return SCORE_PROXIMITY * ((a + b) / 2.0);
}

/* A pair's part; `weight` from score_pair_weight(). */
static inline double score_pair(double asked, double weight, double adjacent, double near,
                                double norm)
{
    return score_leaf(asked, weight, adjacent, norm) + score_leaf(asked, weight, near, norm);
}

#endif
