/* The index as a library: one folder, one SQLite file, one collection of documents.
 *
 * Threads: a struct sx_index belongs to one thread at a time, the writer (put, delete, commit,
 * sync, rebuild, maintain). Any number of struct sx_reader, each used by one thread at a time,
 * read beside it, each call on one consistent snapshot. Nothing here logs, prints or exits.
 *
 * Text is UTF-8 without NUL. Struct members of type struct sx_str are borrowed by the call
 * they are given to, and live as long as the result they came in. */
#ifndef SEARCHD_INDEX_H
#define SEARCHD_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <searchd/error.h>
#include <searchd/str.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Limits that callers may meet. */
#define SX_URI_MAX 4096            /* bytes */
#define SX_TITLE_MAX (64 << 10)    /* bytes of a title */
#define SX_META_MAX 1024           /* bytes of source, lang, type or date */
#define SX_EXTRA_MAX (1 << 20)     /* bytes of extra */
#define SX_TEXT_MAX (64 << 20)     /* bytes of a body */
#define SX_QUERY_MAX (64 << 10)    /* bytes of a query */
#define SX_QUERY_WORDS_MAX 1024    /* distinct words of a query, and each word of its phrases */
#define SX_PHRASE_REPEATS_MAX 32   /* times one word may stand in one phrase */
#define SX_QUERY_FORMS_MAX 2048    /* other forms of all words of a query together */
#define SX_QUERY_DEPTH_MAX 32      /* nesting of a query */
#define SX_EXPANSIONS_MAX 100000   /* terms one prefix may stand for */
#define SX_FUZZY_TERMS_MAX 256     /* terms one fuzzy word may stand for: the nearest */
#define SX_NEAR_MAX 1000           /* N of NEAR/N */
#define SX_NEAR_OPERANDS_MAX 16    /* words joined by one NEAR */
#define SX_QUERY_NEARS_MAX 256     /* NEARs of a query, each choice of their words counted */
#define SX_WINDOW_MAX 10000        /* offset + limit */
#define SX_LIMIT_MAX 1000          /* limit */
#define SX_LANGUAGES_MAX 4         /* languages of a collection */
#define SX_TYPES_MAX 64            /* types of documents that are counted apart */
#define SX_SNIPPETS_MAX 5          /* passages a hit */
#define SX_FACET_VALUES_MAX 1000   /* values of a facet that are told: the most frequent */
#define SX_PROXIMITY_HITS 100      /* hits of a list that closeness of words orders */
#define SX_CURSOR_SECONDS 300      /* how long a cursor is kept after its last use */
#define SX_CURSOR_BYTES (64 << 20) /* of all cursors of an index together */
#define SX_CURSOR_MAX 64           /* bytes of a cursor */

struct sx_index;
struct sx_reader;
struct sx_extract;
struct sx_watch;

/* ---- reading files in processes of their own ------------------------------------------- */

/* All may be zero. */
struct sx_extract_options {
    /* At most so many processes read, and as many again what has changed, and what of it takes long;
     * 0: one a core, at most 8. */
    unsigned helpers;
    unsigned timeout_ms;   /* that one file may take; 0: 20 s */
    uint64_t memory_bytes; /* of one process; 0: 1 GiB */
};

/* Starts what reads files in sandboxed processes, for any number of indexes. It forks: call it
 * before the process starts a thread. `opt` may be NULL. The caller stops it, after the indexes
 * that have it are closed. */
sx_status sx_extract_start(struct sx_extract **out, const struct sx_extract_options *opt,
                           struct sx_error *err);
void sx_extract_stop(struct sx_extract *x); /* NULL is fine */
/* What of the sandbox this kernel lacks, in words; "" when it has all. */
const char *sx_extract_lacks(const struct sx_extract *x);

/* ---- life ---------------------------------------------------------------------------- */

struct sx_index_options {
    bool relaxed;          /* synchronous=NORMAL: a power cut may lose the last commits */
    bool existing;         /* SX_ENOTFOUND rather than a new index */
    uint64_t lock_wait_ms; /* how long to wait for a folder that another process holds; 0: not */
    /* Codes (ISO 639-1) of the languages whose words find their other forms, at most
     * SX_LANGUAGES_MAX; count 0: the most frequent ones among the documents. */
    const char *const *languages;
    size_t language_count;
    bool keep_boilerplate; /* index menus, comments and the like of the HTML pages of roots, which
                            * else are kept in `extra` and not searched */
    /* Reads the files of roots, which a sync else does in this process, where a file that harms
     * its reader harms all, and without PDF. Borrowed until the index is closed. */
    struct sx_extract *extract;
};

/* Opens the index in folder `dir`, made if absent, and locks the folder (flock). `opt` may be
 * NULL. SX_ELOCKED: another process has it. SX_EVERSION: the file is foreign or newer, and is
 * left untouched; but one whose words another analyzer has made opens, see sx_index_stale().
 * SX_EREQUEST: a language is not known. The caller closes *out. */
sx_status sx_index_open(struct sx_index **out, const char *dir, const struct sx_index_options *opt,
                        struct sx_error *err);

/* Whether a code may stand in `languages`. */
bool sx_language_known(struct sx_str code);

/* Rolls back what is uncommitted, checkpoints and closes. All readers must be closed first.
 * NULL is fine. */
void sx_index_close(struct sx_index *ix);

/* Opens a reader beside `ix`, from any thread; it must be closed before `ix`. */
sx_status sx_reader_open(struct sx_reader **out, struct sx_index *ix, struct sx_error *err);
void sx_reader_close(struct sx_reader *r);

/* Stops a running call early. All members may be zero: no deadline. */
struct sx_limits {
    uint64_t deadline_ns;    /* CLOCK_MONOTONIC; 0: none */
    bool (*stop)(void *ctx); /* true: give up with SX_ECANCELLED; called every few hundred
                                 microseconds from the call's thread; NULL: never */
    void *stop_ctx;
};

/* ---- writing: one thread ------------------------------------------------------------- */

struct sx_doc {
    struct sx_str uri;    /* the key: 1 to SX_URI_MAX bytes; putting it again replaces */
    struct sx_str title;  /* absent is "" */
    struct sx_str body;   /* required, may be empty */
    struct sx_str source; /* who published it; absent is none */
    struct sx_str date;   /* ISO 8601 of any precision: 2025, 2025-08, 2025-08-15T10:00:00+02:00 */
    struct sx_str lang;   /* BCP 47: en, pt-BR; absent: what it is written in, where that shows */
    struct sx_str type;   /* text, html, markdown … */
    struct sx_str extra;  /* a JSON object, kept and returned, not searched */
};

/* Puts `n` documents, all or none, into the open transaction (begun when there is none).
 * Nobody sees them before sx_index_commit(). *replaced (may be NULL) counts those whose uri was
 * there. A document at fault (SX_EREQUEST, SX_ETOOLARGE; err->param is docs[I].KEY) leaves the
 * transaction as it was. Any other failure ends it: all since the last commit is undone, further
 * writes fail alike, until sx_index_commit() has said so too or sx_index_rollback() was called.
 * The same holds for the deletes below. SX_EVERSION: the index is stale, and nothing was done. */
sx_status sx_index_put(struct sx_index *ix, const struct sx_doc *docs, size_t n, size_t *replaced,
                       struct sx_error *err);

/* Deletes by uri, by document hash (64 hex digits), or every match of a query, read as
 * SX_MATCH_ALL; *deleted counts. A key that names nothing is no error. */
sx_status sx_index_delete_uri(struct sx_index *ix, struct sx_str uri, size_t *deleted,
                              struct sx_error *err);
sx_status sx_index_delete_doc(struct sx_index *ix, struct sx_str hex, size_t *deleted,
                              struct sx_error *err);
sx_status sx_index_delete_query(struct sx_index *ix, struct sx_str query, size_t *deleted,
                                struct sx_error *err);

/* Makes the open transaction durable and visible to every search begun later. After any
 * failure nothing of it is there. After a failed fsync the index takes no more writes
 * (SX_EREADONLY; sx_index_broken() is true): close it and open it again. */
sx_status sx_index_commit(struct sx_index *ix, struct sx_error *err);

/* Forgets the open transaction, if there is one. */
void sx_index_rollback(struct sx_index *ix);

/* Files that the next sync of their root reads again though they have not changed. */
struct sx_reread {
    bool failed;        /* of which something could not be read */
    struct sx_str type; /* "html", "pdf" …; absent: of any */
    unsigned before;    /* read by an extractor of a version before this; 0: by any */
};
/* Marks those that meet every condition, in the open transaction; *files counts them. SX_EREQUEST:
 * there is no condition. */
sx_status sx_index_reread(struct sx_index *ix, const struct sx_reread *which, size_t *files,
                          struct sx_error *err);

/* True once the file cannot be trusted with another write; restart the process. */
bool sx_index_broken(const struct sx_index *ix);

/* Merges, completes word forms and checkpoints for about `budget_ms`, between transactions. *more tells whether
 * there is more to do. */
sx_status sx_index_maintain(struct sx_index *ix, unsigned budget_ms, bool *more,
                            struct sx_error *err);

/* Waits until a thread of the index's own has made and merged all block-max segments there are to
 * be: for imports and measurements; it happens anyway. SX_EIO and others: it failed, and FTS5
 * answers what is not reached. */
sx_status sx_index_settle(struct sx_index *ix, struct sx_error *err);

/* Whether the words of the index are from another analyzer than today's (another searchd made it).
 * It answers as well as it can, but takes no puts, deletes or syncs (SX_EVERSION) until a rebuild;
 * `why` (may be NULL) says so in words. Any thread. */
bool sx_index_stale(const struct sx_index *ix, struct sx_error *why);

/* Indexes the text of all documents anew, between transactions; *docs counts them. It commits by
 * itself: later searches see all of it, those that run none. After a failure, or when `limits` (may
 * be NULL) stops it, the index is as it was. */
sx_status sx_index_rebuild(struct sx_index *ix, const struct sx_limits *limits, uint64_t *docs,
                           struct sx_error *err);

/* Verifies everything: SQLite's and FTS5's own integrity checks, each document's checksum, the
 * table of documents against the index. SX_ECORRUPT says what was found first. That a stale index's
 * words are not today's is no fault. */
sx_status sx_index_check(struct sx_index *ix, struct sx_error *err);

/* ---- folders of files: the writer's thread ---------------------------------------------- */

/* Told of each file that was read or failed. Called on the writer's thread. */
struct sx_sync_event {
    const char *path;
    const char *stage;  /* "read", "parse", "put"; NULL when it went well */
    const char *reason; /* why it failed, or NULL */
};

struct sx_sync_progress {
    uint64_t files;                                      /* files seen so far */
    uint64_t pending;                                    /* of those, still to be read */
    uint64_t added, updated, unchanged, removed, failed; /* files */
    uint64_t moved;                                      /* files that have another path now */
    uint64_t docs;                                       /* documents put */
    bool listed;                                         /* all files are seen */
    bool paths;                                          /* a sync of paths, not of a root */
    /* How often the process that starts readers had died and was replaced, since the index was
     * opened; what it had in hand was read again. */
    unsigned restarts;
    bool left;    /* a step has something to do */
    bool changes; /* of it, paths that have just come: others would push them back */
    bool missed;  /* more paths waited than are kept: the roots have to be synced */
};

/* Begins to bring the index in line with the folder `root` (all its readable regular files
 * below, symbolic links not followed). Another root's that runs ends. A root that
 * cannot be listed is listed by sx_reader_failed() until it can. A document whose uri another
 * file has is refused, and tried again when that one goes. */
sx_status sx_sync_begin(struct sx_index *ix, const char *root, struct sx_error *err);

/* The same for `count` files and folders, absolute paths without links in them, such as
 * sx_watch_take() gives: what is there is read as it changed, what is not is forgotten; files that
 * are there, and are not large, first. It goes before the sync of a root, and beside it where it takes long: a mass of
 * files, or a large one. */
sx_status sx_sync_begin_paths(struct sx_index *ix, const char *const *paths, size_t count,
                              struct sx_error *err);

/* Goes on with one of the syncs for about `budget_ms`, committing as it goes. *more is false when that one
 * is done, or has failed: sx_sync_progress() is of it; others may be left. Files are
 * read by threads of the index's own, which the first sync starts, and written by the caller, in the
 * order of their paths; a slow one makes nobody wait beyond the budget. Files that cannot be read are recorded (see sx_reader_failed) and are no error. `event` may be NULL. */
sx_status sx_sync_step(struct sx_index *ix, unsigned budget_ms, bool *more,
                       void (*event)(void *ctx, const struct sx_sync_event *ev), void *ctx,
                       struct sx_error *err);

/* Ends all syncs, those of roots and of paths, as far as they are. */
void sx_sync_end(struct sx_index *ix);

/* Watches a root and the folders below it, so that what changes is known without looking for it: open
 * it before a sync of the root, take from it after. One thread. */
sx_status sx_watch_open(struct sx_watch **out, const char *root, struct sx_error *err);
void sx_watch_close(struct sx_watch *w); /* NULL is fine */
/* A descriptor that can be read, for poll() and its kind, when there is something to take. */
int sx_watch_fd(const struct sx_watch *w);
/* Why not all can be watched, which a sync now and then must make up for; "" when all is. */
const char *sx_watch_lacks(const struct sx_watch *w);

struct sx_watch_news {
    const char *const
        *paths;   /* files and folders that came, changed or went, to be synced by path; */
    size_t count; /* they live until the next call */
    bool all;     /* more than is known: the whole root is to be synced */
    bool lost;    /* the root is gone, or was moved: a sync of it tells so */
};
/* What has changed since the last call. After a failure a sync of the whole root makes up for it. */
sx_status sx_watch_take(struct sx_watch *w, struct sx_watch_news *out, struct sx_error *err);

/* Where the sync stands that was begun or stepped last. */
struct sx_sync_progress sx_sync_progress(const struct sx_index *ix);

/* ---- searching: a reader's thread -------------------------------------------------------- */

enum sx_match { SX_MATCH_BEST, SX_MATCH_ALL, SX_MATCH_ANY };
/* Who finds the documents: block-max where it reaches all of them, else FTS5. Both give the same hits
 * and scores; SX_ENGINE_BLOCKMAX fails (SX_EBUSY) where the other would have to. */
enum sx_engine { SX_ENGINE_AUTO, SX_ENGINE_FTS5, SX_ENGINE_BLOCKMAX };
enum sx_sort { SX_SORT_SCORE, SX_SORT_DATE, SX_SORT_DATE_DESC }; /* date: oldest first */

/* The values of documents that are counted; year and month are of a date's beginning in UTC, which is
 * what `date:` compares. */
enum sx_facet {
    SX_FACET_SOURCE,
    SX_FACET_LANG,
    SX_FACET_TYPE,
    SX_FACET_YEAR,
    SX_FACET_MONTH,
    SX_FACET_COUNT
};

struct sx_search {
    struct sx_str query;
    enum sx_match match;
    enum sx_sort sort;
    size_t offset;   /* offset + limit <= SX_WINDOW_MAX */
    size_t limit;    /* at most SX_LIMIT_MAX */
    size_t snippets; /* passages a hit, at most SX_SNIPPETS_MAX */
    bool exact_total;
    enum sx_engine engine;
    bool no_proximity; /* closeness of words does not order the first hits */
    bool timed;        /* tell found_ns */
    /* Goes on behind an earlier page of the same query, match and sort, in the same list: see
     * sx_results.cursor. Absent: a new list. It goes with neither
     * offset nor facets nor explain. */
    struct sx_str cursor;
    unsigned facets; /* set of 1 << enum sx_facet; the total is exact then */
    bool explain;
    struct sx_limits limits;
};

enum sx_field { SX_FIELD_TITLE, SX_FIELD_BODY };

struct sx_mark {
    uint32_t start, end; /* bytes in the snippet's text */
};

struct sx_snippet {
    enum sx_field field;
    struct sx_str text;
    const struct sx_mark *marks;
    size_t mark_count;
    uint64_t start, end; /* the passage's bytes in the stored field */
    uint32_t page;       /* of its first mark, from 1; 0: the document has no pages */
};

/* ---- explanations: what a score is made of ---- */

/* A word that a leaf's weight is made of. */
struct sx_weighed {
    struct sx_str term;
    uint64_t n, f; /* documents and occurrences of all that it stands for */
    double weight; /* w of the formula (index/rank/score.h) */
};

/* A word, phrase, prefix, fuzzy word or NEAR that is asked for. */
struct sx_leaf {
    struct sx_str text; /* as in `parsed` */
    uint32_t asked;     /* how often */
    double weight;      /* the sum of its words' */
    const struct sx_weighed *words;
    size_t word_count;
};

/* Two leaves that are neighbours in the query. */
struct sx_pair {
    size_t left, right; /* indexes of leaves */
    uint32_t asked;
    double weight;
};

/* A pass over documents that FTS5 proposed. */
struct sx_pass {
    const char *reading;    /* "all", "best": the documents that have every item; "any" */
    struct sx_str proposed; /* the expression they match */
    uint64_t matches;       /* those of them that match the query */
};

struct sx_plan {
    struct sx_str rewritten; /* the query that is searched */
    uint64_t docs;           /* N */
    double average_length;   /* in words, the title counted three times */
    const struct sx_leaf *leaves;
    size_t leaf_count;
    const struct sx_pair *pairs;
    size_t pair_count;
    const struct sx_pass *passes;
    size_t pass_count;
};

struct sx_leaf_score {
    size_t leaf;          /* index in sx_plan.leaves */
    uint32_t title, body; /* occurrences */
    double tf;            /* 3 · title + body */
    double score;
};

struct sx_pair_score {
    size_t pair;           /* index in sx_plan.pairs */
    double adjacent, near; /* tf of `right` directly behind `left`, and of both close together */
    double score;
};

/* The scores of all parts add up to the hit's. Pairs are of the first SX_PROXIMITY_HITS of a list
 * that is sorted by score; those that stand nowhere close are left out, like absent leaves. */
struct sx_explanation {
    double length, norm; /* 3 · title + body, in words; 0.4 + 0.6 · length / average */
    const struct sx_leaf_score *leaves;
    size_t leaf_count;
    const struct sx_pair_score *pairs;
    size_t pair_count;
};

struct sx_hit {
    size_t rank; /* 1 is the first of the whole list */
    double score;
    char doc[65]; /* SHA-256, hex, of uri NUL title NUL body */
    struct sx_str uri, title, source, date, lang, type;
    const struct sx_str *missing; /* the items it lacks, as printed in `parsed` */
    size_t missing_count;
    const struct sx_snippet *snippets;
    size_t snippet_count;
    const struct sx_explanation *explanation; /* NULL: not asked for */
};

/* How many matching documents have a value. */
struct sx_facet_value {
    struct sx_str value; /* absent: those that have none */
    uint64_t count;
};
struct sx_facet_counts {
    enum sx_facet facet;
    /* The most frequent first, of years and months the newest; what has no value last. */
    const struct sx_facet_value *values;
    size_t count;
    uint64_t distinct; /* values; SX_FACET_VALUES_MAX of them are told */
};

struct sx_coverage {
    uint64_t docs, failed, pending;
};

/* What an unquoted word stood for besides itself. */
struct sx_forms {
    struct sx_str word; /* as in `parsed` */
    const struct sx_str *forms;
    size_t count; /* >= 1 */
};

struct sx_results {
    uint64_t total, total_all; /* total_all: documents that have every item */
    bool total_exact;          /* else both are lower bounds */
    bool partial;              /* a deadline cut the search, or its page */
    uint64_t
        found_ns; /* `timed`: CPU time of the thread from the planned query to its hits, whose page is
                                  still to be read */
    struct sx_str parsed;
    const struct sx_forms *forms; /* in query order */
    size_t form_count;
    const struct sx_str *warnings;
    size_t warning_count;
    uint64_t generation;
    const char *engine; /* that found the documents: "fts5" or "blockmax" */
    struct sx_coverage coverage;
    const struct sx_hit *hits;
    size_t hit_count;
    const struct sx_facet_counts *facets; /* those asked for, in the order of enum sx_facet */
    size_t facet_count;
    const struct sx_plan *plan; /* NULL: not asked for */
    /* Given back in another search, it brings the next page of this list, whatever is put or deleted
     * meanwhile: documents put since are not in it, those deleted since are left out, and none
     * comes twice. Beyond the documents that were in hand (those of the page, and of what closeness
     * puts in order SX_PROXIMITY_HITS), the rest of the list is made when it is first asked for, by the words' weights of then. A list ends after
     * SX_WINDOW_MAX documents. Absent: there is no more. */
    struct sx_str cursor;
};

/* Runs a search; the caller frees *out with sx_results_free(). SX_ECURSOR: the cursor is of another
 * search, or no longer kept. A deadline that passes with
 * hits in hand gives SX_OK with `partial`, else SX_ETIMEOUT. A page that takes long to read ends
 * early, too, and has at least one hit. */
sx_status sx_reader_search(struct sx_reader *r, const struct sx_search *ask,
                           struct sx_results **out, struct sx_error *err);
void sx_results_free(struct sx_results *res);

/* Between the two, all calls of this reader see one snapshot, the one of sx_reader_hold(). */
sx_status sx_reader_hold(struct sx_reader *r, struct sx_error *err);
void sx_reader_release(struct sx_reader *r);

/* Counts the documents a query matches, exactly. *all counts those with every item. */
struct sx_count {
    uint64_t total, all;
    uint64_t generation;
    struct sx_coverage coverage;
};
sx_status sx_reader_count(struct sx_reader *r, struct sx_str query, enum sx_match match,
                          const struct sx_limits *limits, struct sx_count *out,
                          struct sx_error *err);

/* How a query is read: its canonical form, which parses to the same query again. The caller
 * frees *out with sx_results_free(); it has no hits. Needs no index. */
sx_status sx_query_parse(struct sx_str query, struct sx_results **out, struct sx_error *err);

/* One document by uri or by hash (64 hex digits); the caller frees *out with sx_stored_free().
 * SX_ENOTFOUND, or SX_ECORRUPT when its checksum does not hold. */
struct sx_stored {
    struct sx_doc doc;
    char hash[65];
    bool lang_detected; /* doc.lang was found out, not given */
    char file_hash
        [65]; /* SHA-256, hex, of the file it was read from; "": of none, or to be read again */
    unsigned extractor; /* the version of what read it; 0: it was put */
    uint64_t generation;
};
sx_status sx_reader_get_uri(struct sx_reader *r, struct sx_str uri, struct sx_stored **out,
                            struct sx_error *err);
sx_status sx_reader_get_doc(struct sx_reader *r, struct sx_str hex, struct sx_stored **out,
                            struct sx_error *err);
void sx_stored_free(struct sx_stored *s);

/* Documents that could not be read, by uri, in uri order. */
struct sx_failed {
    struct sx_str uri, stage, reason;
    int64_t at; /* seconds since 1970 */
    bool
        retry; /* every sync tries again; else one does when the file has changed, or sx_index_reread() */
};
struct sx_failed_list {
    const struct sx_failed *items;
    size_t count;
    uint64_t total;
};
sx_status sx_reader_failed(struct sx_reader *r, size_t offset, size_t limit,
                           struct sx_failed_list **out, struct sx_error *err);
void sx_failed_list_free(struct sx_failed_list *list);

struct sx_stats {
    uint64_t generation;
    struct sx_coverage coverage;
    uint64_t title_words, body_words; /* of all live documents */
    uint64_t file_bytes, wal_bytes;
    uint64_t cached_terms; /* words whose n and F are in memory */
    /* Block-max segments: whether they reach all documents, how many they have, where; and why the
     * last of them could not be made or kept: "" where all went well. */
    struct {
        bool reached;
        uint64_t docs, segments, file_bytes, memory_bytes;
        char failure[256];
    } blockmax;
    unsigned schema_version, analyzer_version;
    uint64_t index_analyzer;      /* the one that made the words of the index */
    bool stale;                   /* they differ: see sx_index_stale() */
    unsigned extractor_version;   /* what reads files now */
    struct sx_sync_progress sync; /* the running or last one */
    /* The collection's languages; one is not ready while the forms of older words are missing. */
    struct {
        char code[4];
        bool ready;
    } languages[SX_LANGUAGES_MAX];
    size_t language_count;
};
sx_status sx_reader_stats(struct sx_reader *r, struct sx_stats *out, struct sx_error *err);

/* Documents and files by type; the first SX_TYPES_MAX that are met, in no order. It reads a row of
 * each: not for every moment. */
struct sx_types {
    struct {
        char name[32]; /* its beginning; "": none */
        uint64_t docs, files;
    } items[SX_TYPES_MAX];
    size_t count;
};
sx_status sx_reader_types(struct sx_reader *r, struct sx_types *out, struct sx_error *err);

/* Versions of this library and of what it is linked with, one line:
 * "searchd 0.1.0, SQLite 3.40.1, ICU 72.1, …". */
const char *sx_version(void);

#ifdef __cplusplus
}
#endif
#endif
