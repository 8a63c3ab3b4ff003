/* Files read ahead of the writer: a few threads read, hash and extract what a sync has listed, and
 * prepare the documents, while the writer's thread writes what came of the files before, in the order
 * they were given.
 *
 *   writer ── path ──> thread: read, hash ─┬─────────────────────────────> done: not changed, gone …
 *                                          ├── new: might it have moved? ──> writer answers ─┐
 *                                          └──────> extract, prepare <─────────────────────┘
 *                                                          └── documents ──> done
 *
 * What is held is bounded. A file that is large, or turns out to be, is not read ahead: a thread
 * reads it when all before it are written, and hands its documents over in parts. */
#ifndef INDEX_ENGINE_READAHEAD_H
#define INDEX_ENGINE_READAHEAD_H

#include "index/base/buf.h"
#include "index/base/file.h"
#include "index/engine/finds.h"
#include "index/extract/extract.h"
#include "index/store/files.h"

/* Files in hand; bytes of them and of what was found in them, beyond which none but the next to be
 * written is begun; of one, or of its documents, beyond which it is large; and of a part of those. */
#define READAHEAD_FILES 64
#define READAHEAD_BYTES ((size_t)32 << 20)
#define READAHEAD_FILE_BYTES ((size_t)4 << 20)
#define READAHEAD_PART_BYTES ((size_t)512 << 10)

enum readahead_outcome {
    READAHEAD_GONE,       /* no such file any more */
    READAHEAD_UNREADABLE, /* `rc` and `err` say why */
    READAHEAD_UNCHANGED,  /* the hash is the known one */
    READAHEAD_MOVED,      /* not extracted, as the writer said that it may have moved */
    READAHEAD_READ        /* extracted: there are finds, and then `rc` and `err` */
};

/* A file in hand. The writer gives the first three. What follows is a thread's until readahead_wait()
 * returns the file, then the writer's. */
struct readahead_file {
    char *path;
    uint64_t size; /* as it was listed */
    struct file_row known;

    struct buf uri;
    struct file_facts facts; /* of what was read */
    bool fresh;              /* it had just changed: another change may not show in its time */
    unsigned char hash[FILE_HASH_BYTES];
    enum media media;
    enum readahead_outcome outcome;
    bool outdated; /* the writer's: another has written or forgotten it since */
    bool parts;    /* it is large: its finds come in parts */
    uint64_t
        untold; /* how many more failures there were than FINDS_FAILED_MAX, once all is taken */
    sx_status rc;
    struct sx_error err;

    struct readahead_own *own;
};

struct readahead;

/* Starts the threads: as many as `x` has helpers, else one a core. */
sx_status readahead_open(struct readahead **out, struct sx_extract *x, bool keep_boilerplate,
                         struct sx_error *err);
/* Ends them, each after the file that it has in hand. NULL is fine. */
void readahead_close(struct readahead *a);

/* The rest: the writer's thread. */

bool readahead_has_room(const struct readahead *a);
/* Gives one more file to be read; copies what it is given. SX_ENOMEM. */
sx_status readahead_give(struct readahead *a, const char *path, uint64_t size,
                         const struct file_row *known, struct sx_error *err);
/* A new file that has been hashed and not extracted, for which the writer decides whether it may be one that
 * has moved; NULL: none. readahead_answer() must follow. */
struct readahead_file *readahead_asks(struct readahead *a);
void readahead_answer(struct readahead *a, struct readahead_file *f, bool may_have_moved);
/* Waits for the first of the files: *out is the writer's to look at until readahead_drop(), or NULL
 * when it was not read by `deadline` (of clock_now_ns()), or when one asks. */
void readahead_wait(struct readahead *a, uint64_t deadline, struct readahead_file **out);
/* Takes the next part of what was found in the first file, waiting for it; all, unless f->parts.
 * False: there is no more, and f->rc says how it ended. The caller releases the part. */
bool readahead_take(struct readahead *a, struct readahead_file *f, struct finds *part);
/* Of the files in hand, the one with this id is outdated. NULL is fine. */
void readahead_outdate(struct readahead *a, int64_t file);
/* Done with the first file, whatever a thread still does with it. */
void readahead_drop(struct readahead *a);
/* Done with all. NULL is fine. */
void readahead_drop_all(struct readahead *a);

#endif
