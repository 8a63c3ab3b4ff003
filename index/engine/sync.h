/* Syncs in progress: what their phases share. Private to sync*.c; all of it is the writer's
 * thread's, which alone has to do with the index.
 *
 *   sync.c         the public steps: which phase is on, when a slice ends and commits
 *   sync_lanes.c   which of the syncs has the next slice, and what waits for its turn
 *   sync_list.c    LIST: the walk, to the files that are to be read
 *   sync_read.c    READ: one file to its documents
 *   readahead.c    the threads that read files for it
 *   sync_move.c    a file that has another path
 *   sync_sweep.c   SWEEP: what is gone is forgotten
 *   sync_failed.c  what could not be read is told and put on record */
#ifndef INDEX_ENGINE_SYNC_H
#define INDEX_ENGINE_SYNC_H

#include "index/base/buf.h"
#include "index/engine/index.h"
#include "index/ingest/walk.h"
#include "index/store/files.h"

/* Syncs that go on side by side, slice by slice. What changed comes first and takes little; what of
 * it takes long goes on beside the root, so that the next changes do not wait for it. */
enum sync_lane { LANE_CHANGES, LANE_LATER, LANE_ROOT, SYNC_LANES };

enum sync_phase { SYNC_LIST, SYNC_READ, SYNC_SWEEP, SYNC_DONE };

/* A file to be read, as the walk saw it. */
struct found {
    char *path;
    uint64_t size;
    int64_t changed_ns, modified_ns;
};

struct paths {
    char **items;
    size_t count, cap;
};

/* The file whose documents are being put; it borrows from the struct readahead_file. */
struct reading {
    struct sx_index *ix;
    const char *path;
    struct sx_str uri;
    int64_t file;
    struct file_row row;
    bool fresh;            /* it was not on record */
    const char *stage;     /* of a failure now */
    bool later;            /* nobody's fault: to be read by the next sync */
    bool unmoved;          /* it had not moved after all, and is still to be extracted */
    bool overtaken;        /* lane_overtake() by another lane */
    uint64_t docs, failed; /* failed: lines and items, or 1 */
};

struct sync {
    enum sync_lane lane;
    bool of_paths; /* not of a root */
    struct sx_sync_progress progress;
    uint64_t took_ns; /* all its slices */
    bool is_long;     /* too long for LANE_CHANGES */
    enum sync_phase phase;
    struct paths targets;  /* what is brought in line: the root, or files and folders below it */
    size_t target;         /* the next one of them, in SYNC_LIST and again in SYNC_SWEEP */
    struct walk *walk;     /* of a target that is a folder; NULL: go on with the next */
    struct found *changed; /* SYNC_LIST fills, SYNC_READ empties */
    size_t changed_count, changed_cap;
    size_t changed_given, changed_next; /* to be read ahead next, to be written next */
    struct reading reading;
    bool amid;             /* a large file has been begun, and its next part is waited for */
    struct paths unlisted; /* folders that could not be listed */
    unsigned char *met;    /* bit by file id: met by the walk */
    size_t met_bytes;
    struct buf after;  /* SYNC_SWEEP: the last path looked at */
    struct buf prefix; /* the target with a slash; empty: go on with the next */
    bool dropped;      /* documents went: what they kept out may come in */
    bool again;        /* that is being tried */
    void (*event)(void *ctx, const struct sx_sync_event *ev);
    void *event_ctx;
    uint64_t deadline;
    uint64_t docs_in_slice;
};

struct syncs {
    struct sync *lanes[SYNC_LANES];
    struct readahead *ahead[SYNC_LANES]; /* threads that read files; NULL: none were needed yet */
    struct paths next;                   /* changes that follow those in LANE_CHANGES */
    struct paths later;                  /* changes that wait for LANE_LATER */
    bool later_dropped;                  /* as `dropped` of those */
    struct sx_sync_progress later_done;  /* what was done of them before they waited */
    bool missed;                         /* more waited than is kept */
    unsigned ahead_turns;                /* slices of LANE_CHANGES since another had one */
    enum sync_lane last_slow;            /* which of the others that was */
    struct sx_sync_progress last;        /* of the sync that was stepped or begun last */
    unsigned restarts;
};

/* ---- lanes ------------------------------------------------------------------------------- */

/* Of a whole root, or of `count` paths below it. NULL: `err` says why. */
struct sync *sync_new(const char *root, const char *const *paths, size_t count,
                      struct sx_error *err);
/* Gives a sync its lane, which is free. */
void lane_begin(struct sx_index *ix, enum sync_lane lane, struct sync *s);
/* Ends the sync of a lane, if there is one. */
void lane_end(struct sx_index *ix, enum sync_lane lane);
/* The sync that the next slice is for, begun if it waited; NULL: there is none, or it cannot be
 * begun (`err`). */
sx_status lane_choose(struct sx_index *ix, struct sync **out, struct sx_error *err);
/* The sync in LANE_CHANGES, if there is one, goes to LANE_LATER, or its paths wait for that. */
sx_status lane_defer(struct sx_index *ix, struct sx_error *err);
/* The file with this id is begun, or forgotten, or cannot be read, by the sync that runs: another
 * that has it in hand, or has put a part of it, begins anew. */
void lane_overtake(struct sx_index *ix, int64_t file);
/* Whether a sync in a lane before that of the one that runs has put a part of this file. */
bool lane_has_begun(const struct sx_index *ix, const char *path);
/* Files that still wait to be read. */
uint64_t lane_pending(const struct sx_index *ix);

static inline struct readahead **sync_ahead(struct sx_index *ix)
{
    return &ix->syncs->ahead[ix->sync->lane];
}

/* Files that are being read for a sync are read in vain; they are given again, if it goes on. */
void sync_stop_reading(struct sx_index *ix, struct sync *s);

/* ---- the phases ------------------------------------------------------------------------ */

/* Each does one file or one page of them, and says in *more whether there is another. A failure
 * ends the sync; where it lost the transaction, that is doomed (write_doom()). */

/* Lists one file or folder of the targets. */
sx_status sync_list(struct sx_index *ix, bool *more, struct sx_error *err);
/* Writes one of the files to be read, when it has been read by the end of the slice. */
sx_status sync_read(struct sx_index *ix, bool *more, struct sx_error *err);
/* Forgets what is gone in one page of the files on record. */
sx_status sync_sweep(struct sx_index *ix, bool *more, struct sx_error *err);
/* After the sweep: goes back to reading, once, with the files whose documents were refused for
 * the uri of another's; else the sync is done. */
sx_status sync_try_refused(struct sx_index *ix, struct sx_error *err);

/* ---- what they share ------------------------------------------------------------------- */

/* The uri of a file, appended to `uri`. */
sx_status sync_uri(const char *path, struct buf *uri, struct sx_error *err);
/* Appends a copy of a path. */
sx_status sync_add_path(struct paths *to, const char *path, struct sx_error *err);
/* Adds a file to those to be read; copies its path. */
sx_status sync_add_changed(struct sync *s, const struct walk_file *f, struct sx_error *err);
void paths_release(struct paths *p); /* empty again */
/* The file with this id is there: no sync's sweep takes it. */
sx_status sync_mark_met(struct sx_index *ix, int64_t id, struct sx_error *err);
bool sync_was_met(const struct sync *s, int64_t id);
/* Where `file` has very many documents, deletes a part of them, so that one who deletes all need not
 * do so in one step; *left: call again. */
sx_status sync_shed(struct sx_index *ix, int64_t file, bool *left, struct sx_error *err);
/* Deletes the documents of `file` with ids below `before`. */
sx_status sync_drop_docs(struct sx_index *ix, int64_t file, int64_t before, struct sx_error *err);

/* Whether there is a file for sync_move(). */
sx_status sync_may_move(struct sx_index *ix, const struct file_row *row, bool *may,
                        struct sx_error *err);
/* Whether a file that is not on record, with this hash, type and extractor, is one whose path is gone:
 * then it is on record under its new path, row->id is set and its documents have new uris. */
sx_status sync_move(struct sx_index *ix, const char *path, struct sx_str uri, struct file_row *row,
                    bool *moved, struct sx_error *err);

/* ---- failures -------------------------------------------------------------------------- */

/* Failures of the stages "read" and "put" are tried again though the file does not change. */

/* Puts a failure on record, in the transaction like a document, and tells the caller's event.
 * `file`: the row whose end is its end; 0: none. A failure of its own dooms. */
sx_status sync_note_failure(struct sx_index *ix, const char *path, struct sx_str uri,
                            const char *stage, const char *reason, int64_t file,
                            struct sx_error *err);
/* A root that cannot be listed is told like a file that cannot be read, until it can. `why` NULL:
 * it can. Commits. What goes wrong here is no worse than not telling. */
void sync_note_root(struct sx_index *ix, const char *root, const char *why);

#endif
