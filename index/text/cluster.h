/* Scripts without spaces: clusters, the letters that readers see, and runs of them. Where the
 * words are in such a text is a guess, and what was guessed of a sentence and of the word in a
 * query differ; so each cluster takes a position, and carries the pair that begins with it and the
 * dictionary word that does. */
#ifndef INDEX_TEXT_CLUSTER_H
#define INDEX_TEXT_CLUSTER_H

#include "index/text/fold.h"
#include "index/text/sink.h"

/* Where the cluster that begins at text[at] ends (at < len): a base and what extends it. Only the
 * text from `at` on has a say. */
size_t cluster_end(const char *text, size_t len, size_t at);

/* A dictionary word of more clusters is too long for a term: each has three bytes or more. */
#define RUN_CLUSTERS_MAX 96
/* What a cluster's term holds at most: two fit a term. */
#define RUN_CLUSTER_BYTES 96

/* A run of clusters with nothing between. The last is held back until it is known what follows. */
struct run {
    const char *text;
    size_t len;
    struct fold *fold;
    uint32_t end; /* in the text, of the last cluster so far */
    uint32_t count;
    uint32_t word; /* the cluster with which the word begins, or RUN_CLUSTERS_MAX: none does */
    struct run_cluster {
        uint32_t start, end; /* in the text */
        uint32_t at;         /* in `form` */
    } clusters[RUN_CLUSTERS_MAX + 1];
    char form[RUN_CLUSTERS_MAX * RUN_CLUSTER_BYTES];
};

void run_begin(struct run *r, struct fold *fold, const char *text, size_t len);

/* Takes the word text[start..end) of clusters into the run, or begins another with it, and tells
 * the clusters of which all is known. 0, ANALYZER_NOMEM or what the sink returned. r->end may
 * be past `end`: where ICU breaks a cluster. */
int run_word(struct run *r, uint32_t start, uint32_t end, const struct sink *to);

/* Tells the cluster held back, if one is. */
int run_finish(struct run *r, const struct sink *to);

#endif
