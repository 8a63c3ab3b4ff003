/* A search in progress: what its steps share. Private to the files below.
 *
 *   search.c     parsed, planned, run; the public calls
 *   continue.c   the list a cursor goes on in
 *   page.c       the documents of the page, with their passages
 *   explain.c    what the scores are made of */
#ifndef INDEX_ENGINE_SEARCH_H
#define INDEX_ENGINE_SEARCH_H

#include "index/engine/cursors.h"
#include "index/engine/run.h"
#include "index/rank/passage.h"

#define SEARCH_WARNINGS_MAX 64

struct search {
    struct sx_results res; /* first: what the caller frees */
    struct arena mem;
    struct sx_reader *r;
    const struct sx_search *ask;
    struct query q;
    bool fuzzy;   /* a word of it is */
    bool reached; /* block-max has to find the documents */
    const struct ast *rewritten;
    struct state snap;
    struct plan plan;
    struct run run;
    /* The page: its documents are of `list` from `from` on, or else of what `run` kept. */
    struct list *list; /* in hand */
    size_t from;
    uint64_t until; /* when the page has to be read; 0: whenever */
    uint64_t begun; /* CPU time of the thread, where that is asked for */
    struct sx_hit *hits;
    struct shown { /* by enum sx_field: what to look for, made when first needed */
        struct passage_leaf *leaves;
        size_t count;
        struct passage_near *near; /* and how some have to stand together */
        size_t near_count;
        struct passage_finder *finder;
    } shown[2];
    struct cond **lacked; /* room for what a hit is missing */
    size_t *leaf_numbers; /* explain: by leaf of the plan, its number among those told */
    struct sx_str warnings[SEARCH_WARNINGS_MAX];
};

/* Memory is zeroed; sx_results_free(&s->res) frees it. NULL: memory ran out. */
struct search *search_new(void);
void search_warn(struct search *s, struct sx_str text);
/* Checks and parses the query. */
sx_status search_parse(struct search *s, struct sx_str query, struct analyzer *an,
                       struct sx_error *err);
/* Plans the query for the snapshot that `c` reads. `exact`: for deletion. Then words are meant as
 * they stand, stop words too, and only what is excluded is so in every form. */
sx_status search_plan(struct search *s, struct db *c, struct stemmer **stemmer, bool exact,
                      struct sx_error *err);
/* Fills the list of the best: run.top, sorted. `whole`: all of it, as far as a page may reach. */
sx_status search_run(struct search *s, bool whole, struct sx_error *err);
bool search_cancelled(const struct search *s);

/* Takes the list that the cursor goes on in, with all that the page asks of it. SX_ECURSOR. */
sx_status continue_list(struct search *s, struct sx_error *err);
/* Once the page is read: keeps the list, where there is more of it behind `next`, and tells the
 * cursor. */
sx_status continue_later(struct search *s, size_t next, struct sx_error *err);

/* Reads the documents of the page; *next is where the list goes on. */
sx_status page_read(struct search *s, size_t *next, struct sx_error *err);

/* Tells the plan; after the passes. */
sx_status explain_plan(struct search *s, struct sx_error *err);
/* Tells the score of a hit; run_one() has looked at it. `near`: whether its pairs are in it. */
sx_status explain_hit(struct search *s, int64_t rowid, bool near, struct sx_hit *hit,
                      struct sx_error *err);

#endif
