/* Decoding blocks and positions. */
#include "index/blockmax/list.h"

#include "index/blockmax/impacts.h"

bool list_open(struct list *l, struct segment *s, const struct term_entry *e)
{
    const uint8_t *at = s->bytes + e->list;

    l->s = s;
    l->n = e->n;
    l->blocks = list_blocks(e->n);
    l->flags = e->flags;
    l->block = NO_BLOCK;
    l->known = UINT32_MAX;
    l->read = NO_BLOCK;
    l->placed = NO_BLOCK;
    l->positions = e->list + e->list_bytes;
    l->positions_bytes = e->positions_bytes;
    l->positions_verified = false;
    if (!segment_verify(s, e->list, e->list_bytes))
        return false;
    l->directory = l->blocks > 1 ? at : NULL;
    at += l->blocks > 1 ? (size_t)l->blocks * DIRECTORY_BYTES : 0;
    bool stretches = list_has_stretches(e->n, s->ranges) != 0;
    l->stretches = stretches ? at : NULL;
    at += stretches ? (size_t)s->ranges * RANGE_STRETCHES : 0;
    l->dense = list_is_dense(e->n, s->next - s->first) != 0;
    l->ranks = l->dense ? at : NULL;
    at += list_rank_bytes(e->n, s->next - s->first);
    at += list_padding((uint64_t)(at - s->bytes), e->n, s->next - s->first);
    uint64_t each = list_each_bytes(e->n, s->next - s->first);
    if (e->n == 0 || e->n > s->next - s->first ||
        e->list_bytes < (uint64_t)(at - (s->bytes + e->list)) + each + 3) { /* of no writer's */
        atomic_store(&s->damaged, true);
        return false;
    }
    l->each = each > 0 ? at : NULL;
    l->data = at + each;
    return true;
}

/* What a row of the directory says; format.h. */
enum column { LAST, BEGINS, POSITIONS };

static uint32_t directory(const struct list *l, enum column column, uint32_t block)
{
    return l->directory == NULL
               ? 0
               : get32(l->directory + (size_t)block * DIRECTORY_BYTES + 4 * (size_t)column);
}

uint32_t list_last(const struct list *l, uint32_t block)
{
    return l->directory == NULL ? (uint32_t)(l->s->next - l->s->first) - 1
                                : directory(l, LAST, block);
}

static const uint8_t *block_data(const struct list *l, uint32_t block)
{
    return l->data + directory(l, BEGINS, block);
}

static uint32_t block_count(const struct list *l, uint32_t block)
{
    return block + 1 < l->blocks ? PACK_BLOCK : l->n - block * PACK_BLOCK;
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
    uint32_t before = block == 0 ? UINT32_MAX : directory(l, LAST, block - 1);
    l->block = block;
    l->sought = 0;
    l->count = block_count(l, block);
    const uint8_t *data = block_data(l, block);
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

static void read_block(struct list *l, uint32_t block)
{
    if (l->read == block)
        return;
    l->read = block;
    l->counted = false;
    l->counts_asked = 0;
    l->summed = false;
    l->in_columns = false;
}

static void read_counts(struct list *l)
{
    if (l->counted)
        return;
    const uint8_t *data = block_data(l, l->read);
    uint32_t count = block_count(l, l->read);
    const uint8_t *at = data + 3 + packed_size(count, data[0]);
    decode(at, count, data[1], l->title);
    at += packed_size(count, data[1]);
    decode(at, count, data[2], l->body);
    l->counted = true;
}

void list_counts(struct list *l)
{
    read_block(l, l->block);
    read_counts(l);
}

static uint32_t number_at(const uint8_t *in, uint32_t count, unsigned width, uint32_t i)
{
    return count == PACK_BLOCK ? pack_block_get(in, width, i) : pack_get(in, width, i);
}

/* Of a block that few are asked of only those are decoded. */
struct list_count list_count_of(struct list *l, uint32_t number)
{
    uint32_t block = number / PACK_BLOCK, place = number % PACK_BLOCK;

    if (number >= l->n)
        return (struct list_count){0, 0};
    read_block(l, block);
    if (!l->counted && ++l->counts_asked > 6)
        read_counts(l);
    if (l->counted)
        return (struct list_count){l->title[place], l->body[place]};
    const uint8_t *data = block_data(l, block);
    uint32_t count = block_count(l, block);
    const uint8_t *title = data + 3 + packed_size(count, data[0]);
    return (struct list_count){
        number_at(title, count, data[1], place),
        number_at(title + packed_size(count, data[1]), count, data[2], place)};
}

void list_fetch(const struct list *l, uint32_t block)
{
    const uint8_t *data = l->data + directory(l, BEGINS, block);

    __builtin_prefetch(data);
    __builtin_prefetch(data + 64);
    __builtin_prefetch(data + 128);
}

/* Of [low, high]. */
static uint32_t block_between(const struct list *l, uint32_t low, uint32_t high, uint32_t doc)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (directory(l, LAST, middle) < doc)
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

    if (l->directory == NULL || doc >= docs)
        return l->directory == NULL ? 0 : l->blocks;
    uint32_t at = (uint32_t)((uint64_t)doc * l->blocks / docs);
    if (directory(l, LAST, at) < doc) {
        for (low = at + 1; low + step < high && directory(l, LAST, low + step) < doc; step *= 2)
            low += step + 1;
        high = low + step < high ? low + step : high;
    } else {
        for (high = at; high >= step && directory(l, LAST, high - step) >= doc; step *= 2)
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

    if (l->block == NO_BLOCK || l->directory == NULL || doc <= l->doc[0])
        return list_block_of(l, doc);
    if (doc <= l->doc[l->count - 1])
        return l->block;
    for (; low < l->blocks && directory(l, LAST, low) < doc; step *= 2) {
        uint32_t next = low + 1 + step;
        if (next >= l->blocks || directory(l, LAST, next) >= doc) {
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

/* Blocks are fetched so far ahead of the one that is decoded. */
#define AHEAD 3

/* Fewer of a block are sought one by one. */
#define MEETING 3

_Static_assert(MEETING <= INTERSECT_SLACK, "list_meet() looks so far ahead");

/* Documents before `next`, of which each is in the block at hand or not at all; the same as list_meet(). */
static uint32_t seek_few(const struct list *l, const uint32_t *docs, uint32_t from, uint32_t next,
                         uint16_t *places, uint32_t *numbers)
{
    uint32_t found = 0;

    for (uint32_t i = from; i < next; i++) {
        uint32_t place = list_place(l, docs[i]);
        places[found] = (uint16_t)i;
        numbers[found] = l->block * PACK_BLOCK + place;
        found += l->doc[place] == docs[i];
    }
    return found;
}

static uint32_t meet_block(const struct list *l, const uint32_t *docs, uint32_t n, uint32_t *from,
                           uint16_t *places, uint32_t *numbers)
{
    uint16_t in_block[INTERSECT_PLACES], at[INTERSECT_PLACES];
    size_t next;
    size_t found = intersect(docs + *from, n - *from, l->doc, &next, at, in_block), kept = 0;

    for (; kept < found && (kept == 0 || at[kept] > at[kept - 1]);
         kept++) { /* else it is damaged */
        places[kept] = (uint16_t)(*from + at[kept]);
        numbers[kept] = l->block * PACK_BLOCK + in_block[kept];
    }
    *from += (uint32_t)next;
    return (uint32_t)kept;
}

uint32_t list_meet(struct list *l, uint32_t *docs, uint32_t n, uint16_t *places, uint32_t *numbers)
{
    uint32_t found = 0, i = 0;

    for (uint32_t k = 0; k < INTERSECT_SLACK; k++)
        docs[n + k] = UINT32_MAX - 1; /* which no block has */
    while (i < n) {
        uint32_t block = list_block_ahead(l, docs[i]), from = i;
        if (block == l->blocks)
            break;
        if (block + AHEAD < l->blocks)
            list_fetch(l, block + AHEAD);
        list_block(l, block);
        uint32_t last = l->doc[l->count - 1];
        bool many = docs[i + MEETING] <= last;
        if (many)
            found += meet_block(l, docs, n, &i, places + found, numbers + found);
        while (i < n && docs[i] <= last)
            i++;
        if (!many)
            found += seek_few(l, docs, from, i, places + found, numbers + found);
        if (i == from) /* of a damaged list */
            break;
    }
    return found;
}

static uint32_t seek_number(struct list *l, uint32_t doc)
{
    bool found;
    uint32_t place = list_seek(l, doc, &found);

    return found ? l->block * PACK_BLOCK + place : NO_POSTING;
}

/* Postings before a document: those before its stretch, and those that stand in it, which decodes no block. */
static uint32_t rank(const struct list *l, uint32_t doc)
{
    uint64_t before = (UINT64_C(1) << (doc % STRETCH_DOCS)) - 1;
    const uint8_t *row = l->ranks + (size_t)(doc >> RANGE_BITS) * RANK_BYTES;
    uint32_t stretch = doc / STRETCH_DOCS;
    uint64_t standing = impacts_standing(l->each + (size_t)stretch * STRETCH_DOCS);
    return get32(row) + get16(row + 4 + 2 * (size_t)(stretch % RANGE_STRETCHES)) +
           bits_count(standing & before);
}

static uint32_t dense_number(const struct list *l, uint32_t doc)
{
    return l->each[doc] == 0 ? NO_POSTING : rank(l, doc);
}

uint32_t list_number(struct list *l, uint32_t doc)
{
    if (l->known == doc)
        return l->known_number;
    uint32_t number = l->dense ? dense_number(l, doc) : seek_number(l, doc);
    list_know(l, doc, number);
    return number;
}

/* Positions of a block, by their groups. */
struct position_reader {
    const uint8_t *widths, *packed;
    uint32_t group;
};

bool list_verify_positions(struct list *l)
{
    if (!l->positions_verified && !segment_verify(l->s, l->positions, l->positions_bytes))
        return false;
    l->positions_verified = true;
    return true;
}

static const uint8_t *block_positions(const struct list *l, uint32_t block)
{
    return l->s->bytes + l->positions + directory(l, POSITIONS, block);
}

/* The positions of a block, of which there are `all`. False: damaged. */
static bool open_positions(struct list *l, uint32_t block, uint32_t all, struct position_reader *r)
{
    if (!list_verify_positions(l))
        return false;
    r->widths = block_positions(l, block);
    r->packed = r->widths + (all + POSITIONS_GROUP - 1) / POSITIONS_GROUP;
    r->group = 0;
    return true;
}

/* Adds up how many positions come before those of each posting. */
static void sum_positions(struct list *l)
{
    uint32_t count = block_count(l, l->read);

    if (l->summed)
        return;
    l->before[0] = 0;
    if (count == PACK_BLOCK)
        sum_columns(l->title, l->body, l->before + 1);
    for (uint32_t i = 0; count < PACK_BLOCK && i < count; i++)
        l->before[i + 1] = l->before[i] + l->title[i] + l->body[i];
    l->summed = true;
}

/* Those of all postings of the block, whose counts are summed. */
static uint32_t all_positions(const struct list *l)
{
    return l->before[block_count(l, l->read)];
}

static void read_gaps(struct position_reader *r, uint32_t from, uint32_t count, uint32_t *out)
{
    uint32_t end = from + count;

    while (from < end) {
        while (r->group < from / POSITIONS_GROUP)
            r->packed += pack_run_size(POSITIONS_GROUP, r->widths[r->group++]);
        unsigned width = r->widths[r->group];
        uint32_t to =
            (r->group + 1) * POSITIONS_GROUP < end ? (r->group + 1) * POSITIONS_GROUP : end;
        uint32_t bit = from % POSITIONS_GROUP * width;
        uint64_t mask = (UINT64_C(1) << width) - 1;
        for (; from < to; from++, bit += width)
            *out++ = (uint32_t)(get64(r->packed + bit / 8) >> (bit % 8) & mask);
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

/* So many postings of a block are read one by one: of more, it takes less to decode all. */
#define READ_ALONE 7

/* Whether all gaps of a block are decoded, now that one more posting of it is asked for. *whole false: damaged. */
static bool keeps_gaps(struct list *l, uint32_t block, uint32_t all, bool *whole)
{
    struct position_reader r;

    *whole = true;
    if (l->placed != block) {
        l->placed = block;
        l->asked = 0;
        l->kept = false;
    }
    if (l->kept || l->asked++ < READ_ALONE || all > LIST_GAPS)
        return l->kept;
    *whole = open_positions(l, block, all, &r);
    if (!*whole)
        return false;
    read_all(&r, all, l->gaps);
    l->kept = true;
    return true;
}

static void sum_up(const uint32_t *gaps, uint32_t count, uint32_t *out)
{
    uint32_t before = UINT32_MAX;

    for (uint32_t i = 0; i < count; i++) {
        before += gaps[i] + 1;
        out[i] = before;
    }
}

/* Where counts are small, as they mostly are, they are read as bytes. */
static bool read_columns(struct list *l)
{
    const uint8_t *data = block_data(l, l->read);

    if (!columns_can() || l->read + 1 == l->blocks || data[1] > COLUMNS_WIDTH ||
        data[2] > COLUMNS_WIDTH)
        return false;
    columns_unpack(data + 3 + pack_block_size(data[0]), data[1], data[2], &l->columns);
    l->positions_at = block_positions(l, l->read);
    l->in_columns = true;
    return true;
}

struct list_spot list_find_in(struct list *l, uint32_t number)
{
    uint32_t block = number / PACK_BLOCK, place = number % PACK_BLOCK;

    if (number >= l->n) /* of a damaged list */
        return (struct list_spot){.number = number};
    read_block(l, block);
    if (read_columns(l))
        return list_find(l, number);
    read_counts(l);
    sum_positions(l);
    return (struct list_spot){.number = number,
                              .count = {l->title[place], l->body[place]},
                              .from = l->before[place],
                              .all = all_positions(l),
                              .positions = block_positions(l, block)};
}

/* The gaps of a field, where those of the whole block are; NULL: they are not. *whole false: damaged. */
static const uint32_t *kept_gaps(struct list *l, const struct list_spot *spot, uint32_t from,
                                 bool *whole)
{
    return keeps_gaps(l, spot->number / PACK_BLOCK, spot->all, whole) ? l->gaps + from : NULL;
}

static bool read_spot(struct list *l, const struct list_spot *spot, int field, uint32_t from,
                      uint32_t *out)
{
    struct position_reader r;

    if (!open_positions(l, spot->number / PACK_BLOCK, spot->all, &r))
        return false;
    read_gaps(&r, from, spot->count[field], out);
    return true;
}

/* Positions of the block before those of a field. */
static uint32_t field_from(const struct list_spot *spot, int field)
{
    return spot->from + (field == 0 ? 0 : spot->count[0]);
}

bool list_field(struct list *l, const struct list_spot *spot, int field, uint32_t *out)
{
    uint32_t from = field_from(spot, field);
    bool whole;
    const uint32_t *kept = kept_gaps(l, spot, from, &whole);

    if (kept == NULL && whole)
        whole = read_spot(l, spot, field, from, out);
    if (whole)
        sum_gaps(kept == NULL ? out : kept, spot->count[field], out);
    return whole;
}

/* Whether `want` gaps in a row are none; *row: how many of those before are. */
static bool none_between(const uint32_t *gaps, uint32_t count, uint32_t want, uint32_t *row)
{
    for (uint32_t i = 0; i < count && *row < want; i++)
        *row = gaps[i] == 0 ? *row + 1 : 0;
    return *row == want;
}

/* Gaps that are read at a time where those of the whole block are not kept. */
#define SOME_GAPS 64

/* Whether `want` of `n` gaps in a row are none, the first of them at `from` of the block. */
static bool read_row(struct position_reader *r, uint32_t from, uint32_t n, uint32_t want)
{
    uint32_t some[SOME_GAPS] = {0}, row = 0;
    bool found = false;

    for (uint32_t i = 0; i < n && !found; i += SOME_GAPS) {
        uint32_t count = n - i < SOME_GAPS ? n - i : SOME_GAPS;
        read_gaps(r, from + i, count, some);
        found = none_between(some, count, want, &row);
    }
    return found;
}

bool list_repeats(struct list *l, const struct list_spot *spot, int field, uint32_t times,
                  bool *found)
{
    uint32_t n = spot->count[field], from = field_from(spot, field);
    uint32_t row = 0;
    struct position_reader r;
    bool whole;

    *found = false;
    if (n < times)
        return true;
    const uint32_t *kept = kept_gaps(l, spot, from, &whole);
    if (kept != NULL)
        *found = none_between(kept + 1, n - 1, times - 1, &row);
    if (kept != NULL || !whole)
        return whole;
    whole = open_positions(l, spot->number / PACK_BLOCK, spot->all, &r);
    if (whole)
        *found = read_row(&r, from + 1, n - 1, times - 1);
    return whole;
}

/* Bytes that a processor fetches together, at least. */
#define LINE 64

/* Loads what may be read soon. Of some documents at a time this takes less than to prefetch it: the pages are sought
 * side by side, and nothing is dropped. One by one it takes more: each is waited for. As all that reads a segment, it
 * may find that its file was cut (guard.h). */
static inline void touch(const uint8_t *at)
{
    (void)*(const volatile uint8_t *)at;
}

/* The first lines of a block, where its counts mostly are. */
static void touch_block(const struct list *l, uint32_t block)
{
    const uint8_t *at = block_data(l, block), *end = l->s->bytes + l->positions;

    for (size_t i = 0; i < 3 && at < end; i++, at += LINE)
        touch(at);
}

void list_expect_place(const struct list *l, uint32_t doc)
{
    if (!l->dense)
        return;
    const uint8_t *row = l->ranks + (size_t)(doc >> RANGE_BITS) * RANK_BYTES;

    touch(row);
    touch(row + RANK_BYTES - 1);
    touch(l->each + doc);
}

/* The number, if it is known or takes nothing to tell. */
static uint32_t number_told(const struct list *l, uint32_t doc, uint32_t number)
{
    return number == NOT_KNOWN && l->dense ? dense_number(l, doc) : number;
}

uint32_t list_expect_block(const struct list *l, uint32_t doc, uint32_t number)
{
    number = number_told(l, doc, number);
    list_expect_row(l, number);
    return number;
}

void list_expect_document(const struct list *l, uint32_t doc, uint32_t number, bool positions)
{
    number = number_told(l, doc, number);
    uint32_t block = number == NOT_KNOWN ? list_block_ahead(l, doc) : number / PACK_BLOCK;

    if (block >= l->blocks)
        return;
    if (l->read != block)
        touch_block(l, block);
    if (!positions || l->directory == NULL || block + 1 == l->blocks)
        return;
    uint64_t first = block == 0 ? 0 : directory(l, LAST, block - 1),
             last = directory(l, LAST, block);
    uint64_t from = directory(l, POSITIONS, block), behind = directory(l, POSITIONS, block + 1);
    const uint8_t *at = l->s->bytes + l->positions + from;
    __builtin_prefetch(at);
    if (behind <= from || doc < first || doc > last)
        return;
    /* About there they are. */
    at += (behind - from) * (doc - first) / (last - first + 1);
    __builtin_prefetch(at);
    __builtin_prefetch(at + 64);
}

bool list_block_positions(struct list *l, uint32_t *out)
{
    struct position_reader r;

    sum_positions(l);
    uint32_t all = all_positions(l);
    if (!open_positions(l, l->read, all, &r))
        return false;
    read_all(&r, all, out);
    for (uint32_t i = 0; i < block_count(l, l->read); i++) {
        sum_up(out, l->title[i], out);
        sum_up(out + l->title[i], l->body[i], out + l->title[i]);
        out += l->title[i] + l->body[i];
    }
    return true;
}
