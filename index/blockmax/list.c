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
    l->impacts = list_has_impacts(e->n, s->ranges) ? at : NULL;
    at += l->impacts == NULL ? 0 : (size_t)s->ranges * 2;
    bool fine = l->impacts != NULL && list_has_stretches(e->n, s->next - s->first);
    l->stretches = fine ? at : NULL;
    at += fine ? segment_stretches(s->next - s->first) : 0;
    l->data = at;
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
    l->counted = false;
    l->summed = false;
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

uint32_t list_block_of(const struct list *l, uint32_t doc)
{
    uint32_t low = 0, high = l->blocks;

    if (l->last == NULL)
        return 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (directory(l, 0, middle) < doc)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t list_place(const struct list *l, uint32_t doc)
{
    uint32_t low = 0, high = l->count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (l->doc[middle] < doc)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t list_seek(struct list *l, uint32_t doc, bool *found)
{
    *found = false;
    if (l->block == NO_BLOCK || doc < l->doc[0] || doc > l->doc[l->count - 1]) {
        uint32_t block = list_block_of(l, doc);
        if (block == l->blocks)
            return 0;
        list_block(l, block);
    }
    uint32_t place = list_place(l, doc);
    *found = place < l->count && l->doc[place] == doc;
    return place;
}

/* Position `i` of a block's, by its group. */
struct position_reader {
    const uint8_t *widths, *packed;
    uint32_t group;
};

static uint32_t read_position(struct position_reader *r, uint32_t i)
{
    while (r->group < i / POSITIONS_GROUP)
        r->packed += pack_run_size(POSITIONS_GROUP, r->widths[r->group++]);
    return pack_get(r->packed, r->widths[r->group], i % POSITIONS_GROUP);
}

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
    uint32_t before = UINT32_MAX;

    for (uint32_t k = 0; k < count; k++) {
        before += read_position(r, from + k) + 1;
        out[k] = before;
    }
}

bool list_positions(struct list *l, uint32_t place, uint32_t *title, uint32_t *body)
{
    struct position_reader r;

    sum_counts(l);
    if (!open_positions(l, l->behind[l->count - 1], &r))
        return false;
    uint32_t from = place == 0 ? 0 : l->behind[place - 1];
    read_field(&r, from, l->title[place], title);
    read_field(&r, from + l->title[place], l->body[place], body);
    return true;
}

static void sum_up(uint32_t *at, uint32_t count)
{
    uint32_t before = UINT32_MAX;

    for (uint32_t i = 0; i < count; i++) {
        before += at[i] + 1;
        at[i] = before;
    }
}

bool list_block_positions(struct list *l, uint32_t *out)
{
    struct position_reader r;

    sum_counts(l);
    uint32_t all = l->behind[l->count - 1];
    if (!open_positions(l, all, &r))
        return false;
    for (uint32_t i = 0; i < all; i += POSITIONS_GROUP) {
        uint32_t n = all - i < POSITIONS_GROUP ? all - i : POSITIONS_GROUP;
        unpack_run(r.packed, n, *r.widths, out + i);
        r.packed += pack_run_size(n, *r.widths++);
    }
    for (uint32_t i = 0; i < l->count; i++) {
        sum_up(out, l->title[i]);
        sum_up(out + l->title[i], l->body[i]);
        out += l->title[i] + l->body[i];
    }
    return true;
}
