/* What a source has of some documents: impacts side by side, counts, places. Of frequent terms the blocks
 * of a range are decoded, what was read before is looked up. */
#include "index/blockmax/source.h"

#include "index/blockmax/impacts.h"

/* Where fewer are left than one in so many postings, each is looked up. */
#define SOUGHT 8

/* ---- ranges ----------------------------------------------------------------------------------- */

bool slot_init(struct slot *s, uint32_t ranges, struct pool *mem)
{
    size_t docs = (size_t)ranges << RANGE_BITS;

    *s = (struct slot){.impacts = pool_array(mem, docs, 1), .docs = docs};
    if (s->impacts == NULL)
        return false;
    memset(s->impacts, 0, docs);
    return true;
}

void slot_clear(struct slot *s)
{
    if (s->used)
        memset(s->impacts, 0, s->docs);
    s->used = false;
}

void slot_join(struct slot *s, uint32_t doc, uint8_t impact)
{
    s->impacts[doc] = impact_join(s->impacts[doc], impact); /* where none is, it is the other */
    s->used = true;
}

/* Documents [from, to) of the segment, of which those matter that are in some stretches. */
struct span {
    uint32_t from, to;
    const uint64_t *stretches; /* by bit from `from` on; NULL: all */
};

static void load_dense(const struct list *l, struct span span, uint32_t low, struct slot *room)
{
    const uint8_t *each = l->each + span.from;
    uint8_t *to = room->impacts + (span.from - low);
    bool alone = !room->used;

    for (size_t i = 0; i < (span.to - span.from) / STRETCH_DOCS; i++) {
        size_t at = i * STRETCH_DOCS;
        if (span.stretches != NULL && !(span.stretches[i / 64] >> (i % 64) & 1))
            continue;
        if (alone)
            memcpy(to + at, each + at, STRETCH_DOCS);
        else
            impacts_join(to + at, each + at, STRETCH_DOCS);
    }
    room->used = true;
}

/* Where nothing else is, a posting takes no look at what is there. */
static void load_list(struct list *l, struct span span, uint32_t low, struct slot *room)
{
    uint32_t from, to;
    bool more = true, alone = !room->used;

    for (uint32_t b = list_block_ahead(l, span.from); more && b < l->blocks; b++) {
        list_block(l, b);
        more = list_part(l, span.from, span.to, &from, &to);
        const uint8_t *each = l->each + (size_t)b * PACK_BLOCK;
        for (uint32_t i = from; !alone && i < to; i++)
            slot_join(room, l->doc[i] - low, each[i]);
        for (uint32_t i = from; alone && i < to; i++)
            room->impacts[l->doc[i] - low] = each[i];
    }
    room->used = true;
}

struct list *source_list(const struct source *src)
{
    if (src->small_count == 0)
        return src->big_count == 1 ? src->big : NULL;
    return src->big_count == 0 ? src->one : NULL;
}

struct list *source_listed(const struct source *src)
{
    struct list *l = source_list(src);

    return l != NULL && l->each != NULL && !l->dense ? l : NULL;
}

bool source_is_sought(const struct source *src, uint32_t ranges, uint32_t docs)
{
    return src->n * ranges / src->s->ranges / SOUGHT > docs;
}

const uint8_t *source_dense(const struct source *src)
{
    const struct list *l = source_list(src);

    if (src->united != NULL)
        return src->united->impacts;
    return l != NULL && l->dense ? l->each : NULL;
}

unsigned source_rounding(const struct source *src)
{
    size_t lists = src->big_count + (src->small_count > 0);

    return src->shared ? 0 : lists == 0 ? 1 : 2 * (unsigned)lists - 1;
}

/* Of the postings that are read, those of the ranges of the span; a few more do no harm. */
static void load_read(const struct source *src, struct span span, uint32_t low, struct slot *room)
{
    uint32_t end = src->flat_first[(span.to + RANGE_DOCS - 1) >> RANGE_BITS];

    for (uint32_t i = src->flat_first[span.from >> RANGE_BITS]; i < end; i++)
        slot_join(room, src->flat[i] - low, src->flat_impacts[i]);
}

static const uint8_t *load_part(struct source *src, struct span span, uint32_t low,
                                struct slot *room)
{
    const uint8_t *dense = source_dense(src);

    if (dense != NULL)
        return dense + low;
    slot_clear(room);
    for (size_t i = 0; i < src->big_count; i++)
        if (src->big[i].dense)
            load_dense(&src->big[i], span, low, room);
    for (size_t i = 0; i < src->big_count; i++)
        if (!src->big[i].dense)
            load_list(&src->big[i], span, low, room);
    if (src->flat_count > 0)
        load_read(src, span, low, room);
    return room->impacts;
}

const uint8_t *source_load(struct source *src, uint32_t range, uint32_t ranges,
                           const uint64_t *stretches, struct slot *room)
{
    uint32_t end = range + ranges < src->s->ranges ? range + ranges : src->s->ranges;
    struct span span = {range << RANGE_BITS, end << RANGE_BITS, stretches};

    return load_part(src, span, span.from, room);
}

const uint8_t *source_load_some(struct source *src, uint32_t range, uint32_t stretches,
                                struct slot *room)
{
    uint32_t low = range << RANGE_BITS;
    uint32_t first = (uint32_t)__builtin_ctz(stretches);
    uint32_t behind = 32 - (uint32_t)__builtin_clz(stretches);
    struct span span = {low + first * STRETCH_DOCS, low + behind * STRETCH_DOCS, NULL};

    return load_part(src, span, low, room);
}

/* Where the postings of a document begin among those that are read, if it has any. */
static size_t find_read(const struct source *src, uint32_t doc)
{
    uint32_t range = doc >> RANGE_BITS;
    size_t low = src->read_first[range], high = src->read_first[range + 1];

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (src->read[middle].doc < doc)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether there is one more at `at`. */
static bool has_read(const struct source *src, uint32_t doc, size_t at)
{
    return at < src->read_first[src->s->ranges] && src->read[at].doc == doc;
}

static void add_count(struct list *l, uint32_t doc, struct phrase_tf *tf)
{
    uint32_t number = list_number(l, doc);

    if (number == NO_POSTING)
        return;
    struct list_count count = list_count_of(l, number);
    tf->title += count.title;
    tf->body += count.body;
}

struct phrase_tf source_count(struct source *src, uint32_t doc)
{
    struct phrase_tf tf = {0, 0};

    for (size_t i = 0; i < src->big_count; i++)
        add_count(&src->big[i], doc, &tf);
    if (src->one != NULL)
        add_count(src->one, doc, &tf);
    if (src->read == NULL)
        return tf;
    for (size_t i = find_read(src, doc); has_read(src, doc, i); i++) {
        tf.title += src->read[i].title;
        tf.body += src->read[i].body;
    }
    return tf;
}

static void add_bits(struct list *l, struct span span, uint64_t *bits)
{
    uint32_t from, to;
    bool more = true;

    for (uint32_t b = list_block_ahead(l, span.from); more && b < l->blocks; b++) {
        list_block(l, b);
        more = list_part(l, span.from, span.to, &from, &to);
        for (uint32_t i = from; i < to; i++)
            set_document(bits, l->doc[i] - span.from);
    }
}

static void add_dense(const uint8_t *impacts, struct span span, uint64_t *bits)
{
    uint64_t some[RANGE_WORDS];

    for (uint32_t doc = span.from; doc < span.to; doc += RANGE_DOCS, bits += RANGE_WORDS) {
        impacts_stand(impacts + doc, RANGE_WORDS, some);
        for (uint32_t w = 0; w < RANGE_WORDS; w++)
            bits[w] |= some[w];
    }
}

void source_load_bits(struct source *src, uint32_t range, uint32_t ranges, uint64_t *bits)
{
    struct span span = {range << RANGE_BITS, (range + ranges) << RANGE_BITS, NULL};

    if (src->united != NULL) {
        add_dense(src->united->impacts, span, bits);
        return;
    }
    for (size_t i = 0; i < src->big_count; i++) {
        if (src->big[i].dense)
            add_dense(src->big[i].each, span, bits);
        else
            add_bits(&src->big[i], span, bits);
    }
    if (src->flat_count == 0)
        return;
    for (uint32_t i = src->flat_first[range]; i < src->flat_first[range + ranges]; i++)
        set_document(bits, src->flat[i] - span.from);
}

/* ---- places ----------------------------------------------------------------------------------- */

/* Adds those of one list, which may come in between what is there. */
static sx_status add_places(struct list *l, uint32_t doc, struct places *out)
{
    uint32_t number = list_number(l, doc);

    if (number == NO_POSTING)
        return SX_OK;
    struct list_spot spot = list_find(l, number);
    for (int f = 0; f < 2; f++) {
        uint32_t *at = places_extend(out, f, spot.count[f] + LIST_SLACK);
        if (at == NULL)
            return SX_ENOMEM;
        out->count[f] -= LIST_SLACK;
        if (spot.count[f] > 0 && !list_field(l, &spot, f, at))
            return SX_ECORRUPT;
    }
    return SX_OK;
}

sx_status source_places(struct source *src, uint32_t doc, struct places *out)
{
    struct list l;
    sx_status rc = SX_OK;
    size_t lists = 0;

    for (size_t i = 0; i < src->big_count && rc == SX_OK; i++, lists++)
        rc = add_places(&src->big[i], doc, out);
    if (src->one != NULL && rc == SX_OK) {
        lists++;
        rc = add_places(src->one, doc, out);
    } else if (src->read != NULL) {
        for (size_t i = find_read(src, doc); has_read(src, doc, i) && rc == SX_OK; i++) {
            lists++;
            if (!list_open(&l, src->s, &src->small[src->read[i].list]))
                return SX_ECORRUPT;
            rc = add_places(&l, doc, out);
        }
    }
    if (rc == SX_OK && lists > 1)
        places_tidy(out);
    return rc;
}
