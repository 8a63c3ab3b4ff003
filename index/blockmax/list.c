/* Decoding blocks and positions. */
#include "index/blockmax/list.h"

bool list_open(struct list *l, struct segment *s, const struct term_entry *e)
{
    const uint8_t *at = s->bytes + e->list;

    l->s = s;
    l->n = e->n;
    l->blocks = list_blocks(e->n);
    l->flags = e->flags;
    l->block = NO_BLOCK;
    l->positions = e->list + e->list_bytes;
    l->positions_bytes = e->positions_bytes;
    l->positions_verified = false;
    if (!segment_verify(s, e->list, e->list_bytes))
        return false;
    l->last = l->blocks > 1 ? at : NULL;
    at += l->blocks > 1 ? (size_t)l->blocks * 12 : 0;
    bool stretches = list_has_stretches(e->n, s->ranges) != 0;
    l->stretches = stretches ? at : NULL;
    at += stretches ? (size_t)s->ranges * RANGE_STRETCHES : 0;
    uint64_t each = list_each_bytes(e->n, s->next - s->first);
    if (e->n == 0 || e->n > s->next - s->first ||
        e->list_bytes < (uint64_t)(at - (s->bytes + e->list)) + each + 3) { /* of no writer's */
        atomic_store(&s->damaged, true);
        return false;
    }
    l->each = each > 0 ? at : NULL;
    l->dense = list_is_dense(e->n, s->next - s->first) != 0;
    l->data = at + each;
    return true;
}

static uint32_t directory(const struct list *l, uint32_t column, uint32_t block)
{
    return l->last == NULL ? 0 : get32(l->last + 4 * ((size_t)column * l->blocks + block));
}

static const uint8_t *block_data(const struct list *l)
{
    return l->data + directory(l, 1, l->block);
}

static size_t packed_size(uint32_t count, unsigned width)
{
    return count == PACK_BLOCK ? pack_block_size(width) : pack_run_size(count, width);
}

static void decode(const uint8_t *in, uint32_t count, unsigned width, uint32_t *out)
{
    if (count == PACK_BLOCK)
        unpack_block(in, width, out);
    else
        unpack_run(in, count, width, out);
}

void list_block(struct list *l, uint32_t block)
{
    if (l->block == block)
        return;
    uint32_t before = block == 0 ? UINT32_MAX : directory(l, 0, block - 1);
    l->block = block;
    l->sought = 0;
    l->counted = false;
    l->counts_asked = 0;
    l->summed = false;
    l->asked = 0;
    l->kept = false;
    l->count = block + 1 < l->blocks ? PACK_BLOCK : l->n - block * PACK_BLOCK;
    const uint8_t *data = block_data(l);
    if (l->count == PACK_BLOCK) {
        unpack_ascending(data + 3, data[0], before, l->doc);
        return;
    }
    unpack_run(data + 3, l->count, data[0], l->doc);
    for (uint32_t i = 0; i < l->count; i++) {
        before += l->doc[i] + 1;
        l->doc[i] = before;
    }
    for (uint32_t i = l->count; i < PACK_BLOCK; i++)
        l->doc[i] = UINT32_MAX;
}

void list_counts(struct list *l)
{
    if (l->counted)
        return;
    const uint8_t *data = block_data(l);
    const uint8_t *at = data + 3 + packed_size(l->count, data[0]);
    decode(at, l->count, data[1], l->title);
    at += packed_size(l->count, data[1]);
    decode(at, l->count, data[2], l->body);
    l->counted = true;
}

static uint32_t number_at(const uint8_t *in, uint32_t count, unsigned width, uint32_t i)
{
    return count == PACK_BLOCK ? pack_block_get(in, width, i) : pack_get(in, width, i);
}

/* Of a block that few are asked of only those are decoded. */
struct list_count list_count_at(struct list *l, uint32_t place)
{
    const uint8_t *data = block_data(l), *title = data + 3 + packed_size(l->count, data[0]);

    if (!l->counted && ++l->counts_asked > 6)
        list_counts(l);
    if (l->counted)
        return (struct list_count){l->title[place], l->body[place]};
    return (struct list_count){
        number_at(title, l->count, data[1], place),
        number_at(title + packed_size(l->count, data[1]), l->count, data[2], place)};
}

void list_fetch(const struct list *l, uint32_t block)
{
    const uint8_t *data = l->data + directory(l, 1, block);

    __builtin_prefetch(data);
    __builtin_prefetch(data + 64);
    __builtin_prefetch(data + 128);
}

/* Of [low, high]. */
static uint32_t block_between(const struct list *l, uint32_t low, uint32_t high, uint32_t doc)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (directory(l, 0, middle) < doc)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* From where it would be if documents were spread evenly, by growing steps. */
uint32_t list_block_of(const struct list *l, uint32_t doc)
{
    uint64_t docs = l->s->next - l->s->first;
    uint32_t low = 0, high = l->blocks, step = 1;

    if (l->last == NULL || doc >= docs)
        return l->last == NULL ? 0 : l->blocks;
    uint32_t at = (uint32_t)((uint64_t)doc * l->blocks / docs);
    if (directory(l, 0, at) < doc) {
        for (low = at + 1; low + step < high && directory(l, 0, low + step) < doc; step *= 2)
            low += step + 1;
        high = low + step < high ? low + step : high;
    } else {
        for (high = at; high >= step && directory(l, 0, high - step) >= doc; step *= 2)
            high -= step;
        low = high >= step ? high - step + 1 : 0;
    }
    return block_between(l, low, high, doc);
}

uint32_t list_place(const struct list *l, uint32_t doc)
{
    uint32_t place = 0;

    /* No branch depends on a comparison; behind l->count all is UINT32_MAX. */
    for (uint32_t step = PACK_BLOCK / 2; step > 0; step /= 2)
        place += l->doc[place + step - 1] < doc ? step : 0;
    return place + (l->doc[place] < doc);
}

uint32_t list_block_ahead(const struct list *l, uint32_t doc)
{
    uint32_t low = l->block + 1, step = 1;

    if (l->block == NO_BLOCK || l->last == NULL || doc <= l->doc[0])
        return list_block_of(l, doc);
    if (doc <= l->doc[l->count - 1])
        return l->block;
    for (; low < l->blocks && directory(l, 0, low) < doc; step *= 2) {
        uint32_t next = low + 1 + step;
        if (next >= l->blocks || directory(l, 0, next) >= doc) {
            return block_between(l, low + 1, next < l->blocks ? next : l->blocks, doc);
        }
        low = next;
    }
    return low;
}

bool list_part(const struct list *l, uint32_t first, uint32_t end, uint32_t *from, uint32_t *to)
{
    *from = l->doc[0] >= first ? 0 : list_place(l, first);
    *to = l->doc[l->count - 1] < end ? l->count : list_place(l, end);
    return *to == l->count;
}

uint32_t list_seek(struct list *l, uint32_t doc, bool *found)
{
    *found = false;
    if (l->block == NO_BLOCK || doc < l->doc[0] || doc > l->doc[l->count - 1]) {
        uint32_t block = list_block_ahead(l, doc);
        if (block == l->blocks)
            return 0;
        list_block(l, block);
    }
    /* Who comes in order finds it behind the last. */
    if (l->doc[l->sought] < doc && l->sought + 1 < l->count && l->doc[l->sought + 1] >= doc)
        l->sought++;
    else if (l->doc[l->sought] != doc)
        l->sought = list_place(l, doc);
    *found = l->sought < l->count && l->doc[l->sought] == doc;
    uint32_t place = l->sought;
    if (place == l->count)
        l->sought = l->count - 1;
    return place;
}

/* Positions of a block, by their groups. */
struct position_reader {
    const uint8_t *widths, *packed;
    uint32_t group;
};

/* The positions of the block at hand; `all`: how many there are. False: damaged. */
static bool open_positions(struct list *l, uint32_t all, struct position_reader *r)
{
    if (!l->positions_verified && !segment_verify(l->s, l->positions, l->positions_bytes))
        return false;
    l->positions_verified = true;
    r->widths = l->s->bytes + l->positions + directory(l, 2, l->block);
    r->packed = r->widths + (all + POSITIONS_GROUP - 1) / POSITIONS_GROUP;
    r->group = 0;
    return true;
}

static void sum_counts(struct list *l)
{
    uint32_t all = 0;

    if (l->summed)
        return;
    for (uint32_t i = 0; i < l->count; i++) {
        all += l->title[i] + l->body[i];
        l->behind[i] = all;
    }
    l->summed = true;
}

static void read_field(struct position_reader *r, uint32_t from, uint32_t count, uint32_t *out)
{
    uint32_t before = UINT32_MAX, end = from + count;

    while (from < end) {
        while (r->group < from / POSITIONS_GROUP)
            r->packed += pack_run_size(POSITIONS_GROUP, r->widths[r->group++]);
        unsigned width = r->widths[r->group];
        uint32_t to =
            (r->group + 1) * POSITIONS_GROUP < end ? (r->group + 1) * POSITIONS_GROUP : end;
        uint32_t bit = from % POSITIONS_GROUP * width;
        uint64_t mask = (UINT64_C(1) << width) - 1;
        for (; from < to; from++, bit += width) {
            before += (uint32_t)(get64(r->packed + bit / 8) >> (bit % 8) & mask) + 1;
            *out++ = before;
        }
    }
}

static void read_all(struct position_reader *r, uint32_t all, uint32_t *out)
{
    for (uint32_t i = 0; i < all; i += POSITIONS_GROUP) {
        uint32_t n = all - i < POSITIONS_GROUP ? all - i : POSITIONS_GROUP;
        unpack_run(r->packed, n, *r->widths, out + i);
        r->packed += pack_run_size(n, *r->widths++);
    }
}

static void sum_up(const uint32_t *gaps, uint32_t count, uint32_t *out)
{
    uint32_t before = UINT32_MAX;

    for (uint32_t i = 0; i < count; i++) {
        before += gaps[i] + 1;
        out[i] = before;
    }
}

/* Where many postings of a block are asked for, it takes less to decode all of it. */
static bool keep_gaps(struct list *l)
{
    struct position_reader r;
    uint32_t all = l->behind[l->count - 1];

    if (l->kept || ++l->asked < 4 || all > LIST_GAPS)
        return true;
    if (!open_positions(l, all, &r))
        return false;
    read_all(&r, all, l->gaps);
    l->kept = true;
    return true;
}

bool list_positions(struct list *l, uint32_t place, uint32_t *title, uint32_t *body)
{
    struct position_reader r;

    sum_counts(l);
    if (!keep_gaps(l))
        return false;
    if (l->kept) {
        const uint32_t *gaps = l->gaps + (place == 0 ? 0 : l->behind[place - 1]);
        sum_up(gaps, l->title[place], title);
        sum_up(gaps + l->title[place], l->body[place], body);
        return true;
    }
    if (!open_positions(l, l->behind[l->count - 1], &r))
        return false;
    uint32_t from = place == 0 ? 0 : l->behind[place - 1];
    read_field(&r, from, l->title[place], title);
    read_field(&r, from + l->title[place], l->body[place], body);
    return true;
}

bool list_block_positions(struct list *l, uint32_t *out)
{
    struct position_reader r;

    sum_counts(l);
    uint32_t all = l->behind[l->count - 1];
    if (!open_positions(l, all, &r))
        return false;
    read_all(&r, all, out);
    for (uint32_t i = 0; i < l->count; i++) {
        sum_up(out, l->title[i], out);
        sum_up(out + l->title[i], l->body[i], out + l->title[i]);
        out += l->title[i] + l->body[i];
    }
    return true;
}
