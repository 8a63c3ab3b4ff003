/* The collection's languages: those whose words find their other forms. Configured, or the most
 * frequent among the documents. The writer's commits feed their vocabulary (store/forms.h). */
#ifndef INDEX_ENGINE_LANGUAGES_H
#define INDEX_ENGINE_LANGUAGES_H

#include "index/store/forms.h"
#include "index/text/lang.h"

struct sx_index;
struct sx_reader;

/* As of a snapshot; one is made while the other stands. */
struct language_state {
    uint64_t docs[LANG_COUNT]; /* documents of each language */
    uint64_t chosen_at;        /* documents when languages were last chosen */
    uint64_t changes;          /* documents that came or went since */
    bool chosen;               /* since the index was opened */
    struct langs active;       /* what is fed */
    bool ready[LANGS_MAX];     /* and, of each, whether it is filled */
};

struct languages { /* the writer's */
    bool fixed;
    struct langs configured; /* when `fixed` */
    struct forms *forms;
    struct language_state committed, next;
};

/* Takes the configured ones; to be called before the documents are loaded and the file is
 * opened. SX_EREQUEST: too many, or one that is not known. */
sx_status languages_init(struct sx_index *ix, const struct sx_index_options *opt,
                         struct sx_error *err);
void languages_release(struct sx_index *ix);
/* Reads which are active; the documents have been counted. */
sx_status languages_load(struct sx_index *ix, struct sx_error *err);

/* A document of language `tag` (absent: of none) came (+1) or went (-1). */
void languages_count(struct sx_index *ix, struct sx_str tag, int64_t count);

/* The last of a transaction before its COMMIT: chooses, where the documents have changed by a
 * tenth, and feeds. */
sx_status languages_feed(struct sx_index *ix, struct sx_error *err);
/* Inside the transaction of a rebuild, once all documents are indexed anew: chooses, and fills all
 * that is chosen. */
sx_status languages_renew(struct sx_index *ix, struct sx_error *err);
/* After COMMIT, or after a rollback. */
void languages_committed(struct sx_index *ix);
void languages_rolled_back(struct sx_index *ix);

/* Between transactions: goes on filling for about `budget_ms`, in a commit of its own. */
sx_status languages_upkeep(struct sx_index *ix, unsigned budget_ms, struct sx_error *err);

#endif
