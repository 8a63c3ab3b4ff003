/* What is where in a segment; FORMAT.md says it in words. Shared by what writes and what reads. */
#ifndef INDEX_BLOCKMAX_FORMAT_H
#define INDEX_BLOCKMAX_FORMAT_H

#include "index/blockmax/pack.h"

#define SEGMENT_MAGIC "sxblkmx1"
#define SEGMENT_VERSION 4
#define SEGMENT_ID_BYTES 16

/* Documents of a range. */
#define RANGE_BITS 10
#define RANGE_DOCS (1U << RANGE_BITS)

/* Terms of a block of the dictionary, of which the first is written whole. */
#define DICT_BLOCK 16

/* Positions that share a width. */
#define POSITIONS_GROUP 64

/* Of a document: words of title and body, and its checksum, u32 each. */
#define LENGTHS_BYTES 12

/* Bytes that share a checksum. */
#define PAGE_BYTES ((size_t)1 << 15)

/* What is merged has no more than this together: offsets in the list of a term, in its positions and
 * in the dictionary are u32. */
#define SEGMENT_BYTES_MAX ((uint64_t)UINT32_MAX)

/* A header's members by their offsets; all else of HEADER_BYTES is zero. */
enum header_at {
    HEADER_MAGIC = 0,    /* 8 bytes */
    HEADER_VERSION = 8,  /* u32 */
    HEADER_DOCS = 12,    /* u32: documents that it has postings of */
    HEADER_ID = 16,      /* 16 bytes: random, as in the manifest */
    HEADER_FIRST = 32,   /* u64: rowid of local document 0 */
    HEADER_NEXT = 40,    /* u64: rowid behind the last */
    HEADER_AVERAGE = 48, /* u64: bits of the double the impacts were made with */
    HEADER_TERMS = 56,   /* u64 */
    HEADER_LISTS = 64,   /* u64 pairs: offset and length of each section */
    HEADER_DICT = 80,
    HEADER_INDEX = 96,
    HEADER_LENGTHS = 112,
    HEADER_PAGES = 128,
    HEADER_SIZE = 144, /* u64: bytes of the whole */
    HEADER_CRC = 152,  /* u32: of the bytes before it */
    HEADER_BYTES = 256
};

/* Flags of a term. */
#define TERM_BESIDE 1U    /* somewhere it shares its position with another term */
#define TERM_REPEATED 2U  /* somewhere it stands twice at one position: F counts both */
#define TERM_UNCOUNTED 4U /* F is not known: some of TERM_REPEATED were left out by a merge */
#define TERM_FLAG_BITS 3

/* A list's blocks. */
static inline uint32_t list_blocks(uint32_t n)
{
    return (n + PACK_BLOCK - 1) / PACK_BLOCK;
}

/* A row of a list's directory, for a block: its last document, where it begins and where its positions do,
 * u32 each. */
#define DIRECTORY_BYTES 12

static inline uint32_t segment_ranges(uint64_t docs)
{
    return (uint32_t)((docs + RANGE_DOCS - 1) >> RANGE_BITS);
}

/* A stretch is the documents of one word of bits. Lists that are not rare say of each, in a byte, what the
 * impact is there at most. */
#define STRETCH_DOCS 64
#define RANGE_STRETCHES (RANGE_DOCS / STRETCH_DOCS)

static inline int list_has_stretches(uint32_t n, uint32_t ranges)
{
    return n / 8 >= ranges;
}

/* The impact of each posting: a dense list has a byte for every document there is room for, so that
 * no posting needs to be read; another that is not tiny has a byte a posting. */
static inline int list_is_dense(uint32_t n, uint64_t docs)
{
    return n >= docs / 5 && docs >= RANGE_DOCS;
}

/* A row of a dense list's ranks, for a range: its postings before the range, u32; then, by stretch, those of
 * the range before the stretch, u16 each. */
#define RANK_BYTES (4 + 2 * RANGE_STRETCHES)

static inline uint64_t list_rank_bytes(uint32_t n, uint64_t docs)
{
    return list_is_dense(n, docs) ? (uint64_t)segment_ranges(docs) * RANK_BYTES : 0;
}

static inline uint64_t list_each_bytes(uint32_t n, uint64_t docs)
{
    uint32_t ranges = segment_ranges(docs);

    if (list_is_dense(n, docs))
        return (uint64_t)ranges << RANGE_BITS;
    return n > PACK_BLOCK || list_has_stretches(n, ranges) ? n : 0;
}

/* Bytes between a dense list's ranks, which end at `offset` of the segment, and its impacts, so that those of a stretch
 * are in one line of the processor's cache. */
#define IMPACTS_ALIGN 64

_Static_assert(STRETCH_DOCS <= IMPACTS_ALIGN, "a stretch is in one line");

static inline size_t list_padding(uint64_t offset, uint32_t n, uint64_t docs)
{
    return list_is_dense(n, docs) ? (size_t)(-offset % IMPACTS_ALIGN) : 0;
}

/* An impact is x / (x + k1), which is the score but for the weight (rank/score.h), in 1/255, rounded
 * up. */
#define IMPACT_ONE 255.0f

#endif
