/* Writes one segment, term by term, to memory or to a file. */
#ifndef INDEX_BLOCKMAX_WRITER_H
#define INDEX_BLOCKMAX_WRITER_H

#include "index/base/buf.h"
#include "index/base/error.h"
#include "index/blockmax/format.h"

/* A document's lengths, in words, and the checksum of what is stored of it: whoever opens the segment
 * can tell whether it is about these documents. */
struct doc_length {
    uint32_t title, body, checksum;
};

/* Of a rowid that no document had when the segment was made. */
#define DOC_ABSENT ((struct doc_length){UINT32_MAX, UINT32_MAX, 0})

/* Where a term stands in one document: at how many positions of title and of body. */
struct posting {
    uint32_t doc; /* local: rowid less the segment's first */
    uint32_t title, body;
};

struct term_postings {
    struct sx_str term;
    unsigned flags;
    uint64_t f; /* occurrences; those at one position each count */
    const struct posting *postings;
    size_t n;
    const uint32_t *positions; /* of each posting those in the title, then those in the body */
};

struct writer_options {
    uint64_t first, next;             /* rowids: of local document 0, and behind the last */
    uint32_t docs;                    /* how many there are */
    double average;                   /* length, for the impacts */
    const struct doc_length *lengths; /* next - first of them */
    const uint8_t *id;
};

struct segment_writer;

/* `fd` < 0: to memory. `opt` is copied but for what it points to. NULL: memory ran out. */
struct segment_writer *segment_writer_new(const struct writer_options *opt, int fd);
void segment_writer_free(struct segment_writer *w);
/* Terms come in the order of their bytes. What fails is told by segment_writer_end(). */
void segment_writer_term(struct segment_writer *w, const struct term_postings *t);
/* Ends the segment. To memory: *out is the caller's. To a file: not yet synced. SX_ETOOLARGE: the list of
 * a term, its positions or the dictionary do not fit into SEGMENT_BYTES_MAX. */
sx_status segment_writer_end(struct segment_writer *w, struct buf *out, struct sx_error *err);

#endif
