/* Segments against lists of tokens: what was put in is found, in memory, in a file, and merged;
 * and nothing that a damaged file says is believed. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/base/str.h"
#include "index/blockmax/guard.h"
#include "index/blockmax/list.h"
#include "index/blockmax/merge.h"
#include "index/rank/score.h"
#include "tests/support/support.h"
#include "tests/unit/blockmax/segments.h"

#define DOCS 3000
#define WORDS 40
#define TITLE_MAX 4
#define BODY_MAX 40
#define AVERAGE 30.0

/* Word numbers by document, field and position; counts of -1: no such document. */
struct corpus {
    int title_count[DOCS], body_count[DOCS];
    uint8_t title[DOCS][TITLE_MAX], body[DOCS][BODY_MAX];
};

static uint64_t state = 1442695040888963407u;

static uint32_t below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 20) % n;
}

static uint8_t any_word(void)
{
    return (uint8_t)(below(WORDS) * below(WORDS) / WORDS);
}

static void fill(struct corpus *c)
{
    for (int d = 0; d < DOCS; d++) {
        bool absent = below(10) == 0;
        c->title_count[d] = absent ? -1 : (int)below(TITLE_MAX + 1);
        c->body_count[d] = absent ? -1 : (int)below(below(5) == 0 ? BODY_MAX + 1 : 8);
        for (int i = 0; i < c->title_count[d]; i++)
            c->title[d][i] = any_word();
        for (int i = 0; i < c->body_count[d]; i++)
            c->body[d][i] = any_word();
    }
}

static struct doc_length length_of(const struct corpus *c, int d)
{
    return (struct doc_length){(uint32_t)c->title_count[d], (uint32_t)c->body_count[d],
                               (uint32_t)d * 7};
}

/* Documents [from, to) become rowids from 100 on. */
static void invert(const struct corpus *c, int from, int to, struct inverter *v)
{
    char name[16];

    for (int d = from; d < to; d++) {
        if (c->title_count[d] < 0)
            continue;
        assert_int_equal(inverter_begin(v, 100 + (uint64_t)d), 0);
        for (int i = 0; i < c->title_count[d]; i++)
            assert_int_equal(
                inverter_token(v, false, (uint32_t)i, name_of(c->title[d][i], name), false), 0);
        for (int i = 0; i < c->body_count[d]; i++)
            assert_int_equal(
                inverter_token(v, true, (uint32_t)i, name_of(c->body[d][i], name), false), 0);
        inverter_lengths(v, length_of(c, d));
    }
}

static struct segment *build(const struct corpus *c, int from, int to)
{
    struct inverter *v = inverter_new();

    assert_non_null(v);
    invert(c, from, to, v);
    return segment_made(v, 100 + (uint64_t)from, 100 + (uint64_t)to, AVERAGE);
}

/* Whether a posting is what the document says; false also where the segment is damaged. */
static bool posting_is_right(const struct corpus *c, struct list *l, uint32_t i, int word, int from)
{
    uint32_t title[TITLE_MAX + LIST_SLACK], body[BODY_MAX + LIST_SLACK];
    struct list_spot spot = list_find(l, l->block * PACK_BLOCK + i);
    int d = from + (int)l->doc[i];
    uint32_t t = 0, b = 0;

    if (l->title[i] > TITLE_MAX || l->body[i] > BODY_MAX || spot.count[0] != l->title[i] ||
        spot.count[1] != l->body[i] || !list_field(l, &spot, 0, title) ||
        !list_field(l, &spot, 1, body))
        return false;
    for (int p = 0; p < c->title_count[d]; p++)
        if (c->title[d][p] == word && (t >= l->title[i] || title[t++] != (uint32_t)p))
            return false;
    for (int p = 0; p < c->body_count[d]; p++)
        if (c->body[d][p] == word && (b >= l->body[i] || body[b++] != (uint32_t)p))
            return false;
    return t == l->title[i] && b == l->body[i] && t + b > 0;
}

static bool impacts_bound(const struct corpus *c, const struct list *l, uint32_t i, int from)
{
    int d = from + (int)l->doc[i];
    double len = score_combined((uint64_t)c->title_count[d], (uint64_t)c->body_count[d]);
    double tf = score_combined(l->title[i], l->body[i]);
    double impact = tf / (tf + SCORE_K1 * score_length_norm(len, AVERAGE));

    double brief = impact * (double)IMPACT_ONE - 1e-6;
    if (l->stretches != NULL && l->stretches[l->doc[i] / STRETCH_DOCS] < brief)
        return false;
    size_t at = l->dense ? l->doc[i] : (size_t)l->block * PACK_BLOCK + i;
    return l->each == NULL || (l->each[at] >= brief && l->each[at] < brief + 2);
}

static size_t documents_with(const struct corpus *c, int word, int from, int to,
                             const bool *dropped)
{
    size_t n = 0;

    for (int d = from; d < to; d++) {
        bool has = false;
        for (int p = 0; p < c->title_count[d]; p++)
            has = has || c->title[d][p] == word;
        for (int p = 0; p < c->body_count[d]; p++)
            has = has || c->body[d][p] == word;
        n += has && (dropped == NULL || !dropped[d]);
    }
    return n;
}

/* False: it is not so, or the segment says that it is damaged. */
static bool term_is_right(const struct corpus *c, struct segment *s, int word, int from, int to,
                          const bool *dropped)
{
    static struct list l;
    struct term_entry e;
    char name[16];
    bool found;
    size_t n = documents_with(c, word, from, to, dropped);
    size_t seen = 0;

    if (!segment_find(s, name_of((uint32_t)word, name), &e, &found))
        return false;
    if (!found || e.n != n)
        return !found && n == 0;
    if (!list_open(&l, s, &e))
        return false;
    for (uint32_t b = 0; b < l.blocks; b++) {
        list_block(&l, b);
        list_counts(&l);
        for (uint32_t i = 0; i < l.count; i++, seen++)
            if (!posting_is_right(c, &l, i, word, from) || !impacts_bound(c, &l, i, from))
                return false;
    }
    return seen == n;
}

static bool is_right(const struct corpus *c, struct segment *s, int from, int to,
                     const bool *dropped)
{
    if (!segment_verify_lengths(s, 0, (uint32_t)(to - from)))
        return false;
    for (int word = 0; word <= WORDS; word++)
        if (!term_is_right(c, s, word, from, to, dropped))
            return false;
    for (int d = from; d < to; d++) {
        uint32_t doc = (uint32_t)(d - from);
        bool there = c->title_count[d] >= 0 && (dropped == NULL || !dropped[d]);
        if (segment_has(s, doc) != there)
            return false;
        if (there && (segment_title_length(s, doc) != (uint32_t)c->title_count[d] ||
                      segment_body_length(s, doc) != (uint32_t)c->body_count[d] ||
                      segment_checksum(s, doc) != (uint32_t)d * 7))
            return false;
    }
    return !atomic_load(&s->damaged);
}

static void what_is_inverted_is_found(void **unused)
{
    static struct corpus c;

    (void)unused;
    fill(&c);
    struct segment *s = build(&c, 0, DOCS);
    assert_true(is_right(&c, s, 0, DOCS, NULL));
    segment_unref(s);
    s = build(&c, 5, 6); /* a document alone */
    assert_true(is_right(&c, s, 5, 6, NULL));
    segment_unref(s);
    s = build(&c, 7, 7); /* none */
    assert_int_equal(s->terms, 0);
    segment_unref(s);
}

static void seeking_finds_what_walking_does(void **unused)
{
    static struct corpus c;
    static struct list l;
    struct term_entry e;
    char name[16];
    bool found;

    (void)unused;
    fill(&c);
    struct segment *s = build(&c, 0, DOCS);
    for (int round = 0; round < 4000; round++) {
        int word = any_word(), d = (int)below(DOCS);
        assert_true(segment_find(s, name_of((uint32_t)word, name), &e, &found));
        assert_true(found && list_open(&l, s, &e));
        assert_int_equal(list_block_ahead(&l, (uint32_t)d), list_block_of(&l, (uint32_t)d));
        uint32_t place = list_seek(&l, (uint32_t)d, &found);
        assert_int_equal(found, documents_with(&c, word, d, d + 1, NULL));
        uint32_t number = found ? l.block * PACK_BLOCK + place : NO_POSTING;
        assert_int_equal(list_number(&l, (uint32_t)d), number);
        struct list_count one = list_count_of(&l, number);
        list_counts(&l);
        assert_true(!found || (one.title == l.title[place] && one.body == l.body[place]));
        if (found)
            assert_true(posting_is_right(&c, &l, place, word, 0));
    }
    segment_unref(s);
}

static uint32_t block_by_walking(const struct list *l, uint32_t doc)
{
    uint32_t block = 0;

    while (block < l->blocks && l->directory != NULL &&
           get32(l->directory + DIRECTORY_BYTES * (size_t)block) < doc)
        block++;
    return block;
}

/* From any block, to any document, by steps or by a guess. */
static void steps_lead_where_walking_does(void **unused)
{
    static struct corpus c;
    static struct list l;
    struct term_entry e;
    char name[16];
    bool found;

    (void)unused;
    fill(&c);
    struct segment *s = build(&c, 0, DOCS);
    for (int word = 0; word < WORDS; word++) {
        assert_true(segment_find(s, name_of((uint32_t)word, name), &e, &found));
        if (!found)
            continue;
        assert_true(list_open(&l, s, &e));
        for (int round = 0; round < 300; round++) {
            uint32_t doc = below(DOCS);
            list_block(&l, below(l.blocks));
            assert_int_equal(list_block_of(&l, doc), block_by_walking(&l, doc));
            assert_int_equal(list_block_ahead(&l, doc), block_by_walking(&l, doc));
        }
    }
    segment_unref(s);
}

/* Whether positions read by a spot are those of the document. */
static bool spot_is_right(const struct corpus *c, struct list *l, const struct list_spot *spot,
                          int word, int d)
{
    uint32_t out[BODY_MAX + LIST_SLACK];

    for (int field = 0; field < 2; field++) {
        int count = field == 0 ? c->title_count[d] : c->body_count[d];
        uint32_t n = 0;
        if (!list_field(l, spot, field, out))
            return false;
        for (int p = 0; p < count; p++)
            if ((field == 0 ? c->title[d][p] : c->body[d][p]) == word)
                if (n == spot->count[field] || out[n++] != (uint32_t)p)
                    return false;
        if (n != spot->count[field])
            return false;
    }
    return true;
}

/* Documents in order with gaps of any length, each block asked now and then or again and again; the block
 * at hand is another one. */
static void spots_tell_where_positions_are(void **columns)
{
    static struct corpus c;
    static struct list l;
    struct term_entry e;
    char name[16];
    bool found;
    size_t dense = 0, spots = 0;

    if (*columns != NULL && !columns_widen(true)) {
        print_message("SKIPPED: this machine has no such vectors of 64 bytes\n");
        skip();
    }
    columns_widen(*columns != NULL);
    fill(&c);
    struct segment *s = build(&c, 0, DOCS);
    for (int round = 0; round < 400; round++) {
        int word = any_word();
        uint32_t step = 1 + below(below(3) == 0 ? 700 : 8);
        assert_true(segment_find(s, name_of((uint32_t)word, name), &e, &found));
        assert_true(found && list_open(&l, s, &e));
        dense += l.dense;
        assert_true(!l.dense || (size_t)(l.each - s->bytes) % IMPACTS_ALIGN == 0);
        for (uint32_t d = below(step); d < DOCS; d += 1 + below(step)) {
            uint32_t number = list_number(&l, d);
            assert_int_equal(number != NO_POSTING,
                             documents_with(&c, word, (int)d, (int)d + 1, NULL));
            if (number == NO_POSTING)
                continue;
            if (below(4) == 0)
                list_block(&l, below(l.blocks));
            list_expect_document(
                &l, d, list_expect_block(&l, d, below(2) == 0 ? number : NOT_KNOWN), true);
            struct list_spot spot = list_find(&l, number);
            list_expect_field(&spot);
            assert_true(spot_is_right(&c, &l, &spot, word, (int)d));
            spots++;
        }
    }
    assert_true(dense > 20 && spots > 10000);
    segment_unref(s);
}

static void terms_come_in_order_from_any_place(void **unused)
{
    static struct corpus c;
    struct term_walk w;
    char name[16], last[16] = "";

    (void)unused;
    fill(&c);
    struct segment *s = build(&c, 0, DOCS);
    size_t count = 0;
    assert_true(term_walk_begin(&w, s, str_of("")));
    for (; !w.end; count++) {
        struct sx_str t = term_walk_term(&w);
        snprintf(name, sizeof(name), "%.*s", (int)t.len, t.ptr);
        assert_true(strcmp(last, name) < 0);
        snprintf(last, sizeof(last), "%s", name);
        assert_true(term_walk_next(&w));
    }
    assert_int_equal(count, s->terms);
    assert_true(term_walk_begin(&w, s, str_of("w1")));
    assert_true(str_eq(term_walk_term(&w), str_of("w1")));
    assert_true(term_walk_begin(&w, s, str_of("w1zz")));
    assert_true(str_eq(term_walk_term(&w), str_of("w2")));
    assert_true(term_walk_begin(&w, s, str_of("x")));
    assert_true(w.end);
    segment_unref(s);
}

#define MANY 20000

/* Of each pair the second is the first with more behind it. */
static struct sx_str name_of_many(uint32_t i, char out[32])
{
    int len = snprintf(out, 32, "%s%05u%s", i / 2 % 3 == 0 ? "beginning" : "b", i / 2,
                       i % 2 == 0 ? "" : "s");

    return str_make(out, (size_t)len);
}

static bool has_of_many(uint32_t i)
{
    return i % 5 < 3;
}

/* Whether what is found is what a walk comes to. */
static void find_of_many(struct segment *s, uint32_t i)
{
    struct term_entry e;
    struct term_walk w;
    char name[32];
    bool found;
    struct sx_str term = name_of_many(i, name);

    assert_true(segment_find(s, term, &e, &found));
    assert_int_equal(found, has_of_many(i));
    if (!found)
        return;
    assert_true(term_walk_begin(&w, s, term) && str_eq(term_walk_term(&w), term));
    assert_true(e.n == 1 && e.f == 1 && e.flags == w.entry.flags);
    assert_true(e.list == w.entry.list && e.list_bytes == w.entry.list_bytes &&
                e.positions_bytes == w.entry.positions_bytes);
}

/* Of many that begin alike; over again, as how blocks begin is remembered. */
static void terms_are_found_again(void **unused)
{
    struct inverter *v = inverter_new();
    struct term_entry e;
    char name[32];
    bool found;

    (void)unused;
    assert_int_equal(inverter_begin(v, 1), 0);
    for (uint32_t i = 0; i < MANY; i++)
        if (has_of_many(i))
            assert_int_equal(inverter_token(v, true, i, name_of_many(i, name), false), 0);
    inverter_lengths(v, (struct doc_length){0, MANY, 0});
    struct segment *s = segment_made(v, 1, 2, AVERAGE);
    for (uint32_t round = 0; round < 3 * MANY; round++)
        find_of_many(s, round < MANY ? round : below(MANY));
    for (uint32_t round = 0; round < 2 * MANY; round++) /* by then it is of all blocks */
        find_of_many(s, round / 2);
    for (int round = 0; round < 2; round++) {
        assert_true(segment_find(s, str_of("a"), &e, &found) && !found);
        assert_true(segment_find(s, str_of("c"), &e, &found) && !found);
        assert_true(segment_find(s, str_of("beginning"), &e, &found) && !found);
    }
    segment_unref(s);
}

static void merged_segments_are_one(void **unused)
{
    static struct corpus c;
    static bool dropped[DOCS];
    uint64_t bits[DOCS / 64 + 1] = {0};
    uint8_t id[SEGMENT_ID_BYTES] = {2};
    struct buf bytes = {0};
    struct sx_error err;
    struct segment *merged;

    (void)unused;
    fill(&c);
    for (int round = 0; round < 2; round++) {
        struct segment *in[] = {build(&c, 0, 700), build(&c, 700, 701), build(&c, 701, 701),
                                build(&c, 701, DOCS)};
        for (int d = 0; round == 1 && d < DOCS; d++) {
            dropped[d] = below(4) == 0;
            bits[d / 64] |= (uint64_t)dropped[d] << (d % 64);
        }
        struct merge_options opt = {.in = in,
                                    .count = 4,
                                    .dropped = round == 1 ? bits : NULL,
                                    .average = AVERAGE,
                                    .id = id,
                                    .fd = -1};
        assert_int_equal(segment_merge(&opt, &bytes, &err), SX_OK);
        assert_int_equal(segment_of_memory(&merged, &bytes, &err), SX_OK);
        assert_true(is_right(&c, merged, 0, DOCS, round == 1 ? dropped : NULL));
        segment_unref(merged);
        for (size_t i = 0; i < 4; i++)
            segment_unref(in[i]);
    }
}

/* ---- files ---------------------------------------------------------------------------------- */

static struct segment_name write_file(const struct corpus *c, const char *path)
{
    struct segment_name name = {.id = {3}, .first = 100, .next = 100 + DOCS};
    struct inverter *v = inverter_new();
    struct sx_error err;
    struct stat st;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    invert(c, 0, DOCS, v);
    assert_int_equal(inverter_write(v, name.first, name.next, AVERAGE, name.id, fd, NULL, &err),
                     SX_OK);
    assert_int_equal(fstat(fd, &st), 0);
    name.size = (uint64_t)st.st_size;
    close(fd);
    inverter_free(v);
    return name;
}

static void flip(const char *path, uint64_t byte, unsigned bit)
{
    uint8_t b = 0;
    int fd = open(path, O_RDWR);

    assert_true(fd >= 0 && pread(fd, &b, 1, (off_t)byte) == 1);
    b ^= (uint8_t)(1U << bit);
    assert_int_equal(pwrite(fd, &b, 1, (off_t)byte), 1);
    close(fd);
}

static void nothing_damaged_is_believed(void **unused)
{
    static struct corpus c;
    char *dir = temp_dir(), path[512];
    struct segment *s;
    struct sx_error err;
    size_t refused = 0, told = 0, unread = 0;

    (void)unused;
    fill(&c);
    snprintf(path, sizeof(path), "%s/segment", dir);
    struct segment_name name = write_file(&c, path);
    assert_int_equal(segment_of_file(&s, path, &name, &err), SX_OK);
    assert_true(is_right(&c, s, 0, DOCS, NULL));
    segment_unref(s);
    for (int round = 0; round < 400; round++) {
        uint64_t byte = round < 100 ? below(HEADER_BYTES) : below((uint32_t)name.size);
        unsigned bit = below(8);
        flip(path, byte, bit);
        if (segment_of_file(&s, path, &name, &err) != SX_OK) {
            refused++;
        } else {
            bool right = is_right(&c, s, 0, DOCS, NULL);
            bool damaged = atomic_load(&s->damaged);
            if (!right && !damaged)
                fail_msg("byte %llu bit %u: believed", (unsigned long long)byte, bit);
            told += damaged;
            unread += !damaged;
            segment_unref(s);
        }
        flip(path, byte, bit);
    }
    print_message("refused %zu, told %zu, never read %zu\n", refused, told, unread);
    assert_true(refused > 0 && told > 0);
    temp_dir_remove(dir);
}

static void another_file_is_refused(void **unused)
{
    static struct corpus c;
    char *dir = temp_dir(), path[512];
    struct segment *s;
    struct sx_error err;

    (void)unused;
    fill(&c);
    snprintf(path, sizeof(path), "%s/segment", dir);
    struct segment_name name = write_file(&c, path), other = name;
    other.id[5] = 1;
    assert_int_equal(segment_of_file(&s, path, &other, &err), SX_ECORRUPT);
    other = name;
    other.next++;
    assert_int_equal(segment_of_file(&s, path, &other, &err), SX_ECORRUPT);
    assert_int_equal(truncate(path, (off_t)name.size - 1), 0);
    assert_int_equal(segment_of_file(&s, path, &name, &err), SX_ECORRUPT);
    assert_int_equal(truncate(path, 10), 0);
    assert_int_equal(segment_of_file(&s, path, &name, &err), SX_ECORRUPT);
    unlink(path);
    assert_int_equal(segment_of_file(&s, path, &name, &err), SX_ECORRUPT);
    temp_dir_remove(dir);
}

/* Bytes of a mapping that are in this process's memory. */
static uint64_t resident(const void *at)
{
    char line[512], begins[32];
    unsigned long long kb = 0;
    bool here = false;
    FILE *f = fopen("/proc/self/smaps", "r");

    assert_non_null(f);
    snprintf(begins, sizeof(begins), "%llx-", (unsigned long long)(uintptr_t)at);
    while (fgets(line, sizeof(line), f) != NULL) {
        here = here || strncmp(line, begins, strlen(begins)) == 0;
        if (here && sscanf(line, "Rss: %llu kB", &kb) == 1)
            break;
    }
    fclose(f);
    assert_true(here);
    return kb << 10;
}

static struct segment *large_file(const char *path)
{
    struct segment_name name = {.id = {3}, .first = 1, .next = 20001};
    struct inverter *v = inverter_new();
    struct sx_error err;
    struct segment *s;
    char word[16];
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    for (uint64_t rowid = name.first; rowid < name.next; rowid++) {
        assert_int_equal(inverter_begin(v, rowid), 0);
        for (uint32_t i = 0; i < 50; i++)
            assert_int_equal(
                inverter_token(v, true, i * 40000 + below(40000), name_of(i, word), false), 0);
        inverter_lengths(v, (struct doc_length){0, 50, 0});
    }
    assert_int_equal(inverter_write(v, name.first, name.next, AVERAGE, name.id, fd, NULL, &err),
                     SX_OK);
    name.size = (uint64_t)lseek(fd, 0, SEEK_END);
    close(fd);
    inverter_free(v);
    assert_int_equal(segment_of_file(&s, path, &name, &err), SX_OK);
    return s;
}

/* What is merged will soon be gone: it is read from front to end, and given back behind. */
static void a_merge_does_not_keep_its_inputs_in_memory(void **unused)
{
    char *dir = temp_dir(), path[512];
    uint8_t id[SEGMENT_ID_BYTES] = {2};
    struct buf bytes = {0};
    struct sx_error err;

    (void)unused;
    snprintf(path, sizeof(path), "%s/segment", dir);
    struct segment *s = large_file(path);
    struct merge_options opt = {.in = &s, .count = 1, .average = AVERAGE, .id = id, .fd = -1};
    assert_true(s->size > 2 << 20);
    assert_int_equal(segment_merge(&opt, &bytes, &err), SX_OK);
    assert_true(resident(s->bytes) < s->size / 8);
    buf_release(&bytes);
    segment_unref(s);
    temp_dir_remove(dir);
}

struct reading {
    struct segment *s;
    uint8_t last;
    bool whole;
};

static void read_last_byte(void *arg)
{
    struct reading *r = arg;
    const volatile uint8_t *bytes = r->s->bytes;

    r->last = bytes[r->s->size - 1];
    r->whole = true;
}

static void a_file_cut_under_its_reader_is_no_crash(void **unused)
{
    static struct corpus c;
    char *dir = temp_dir(), path[512];
    struct reading r = {0};
    struct sx_error err;
    const void *at;

    (void)unused;
    guard_install();
    fill(&c);
    snprintf(path, sizeof(path), "%s/segment", dir);
    struct segment_name name = write_file(&c, path);
    assert_int_equal(segment_of_file(&r.s, path, &name, &err), SX_OK);
    assert_true(guard_run(read_last_byte, &r, &at));
    assert_true(r.whole);
    r.whole = false;
    assert_int_equal(truncate(path, 4096), 0);
    assert_false(guard_run(read_last_byte, &r, &at));
    assert_false(r.whole);
    guard_blame(&r.s, 1, at);
    assert_true(atomic_load(&r.s->damaged));
    segment_unref(r.s);
    temp_dir_remove(dir);
}

int main(void)
{
    static bool by_columns = true;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_inverted_is_found),
        cmocka_unit_test(seeking_finds_what_walking_does),
        cmocka_unit_test(steps_lead_where_walking_does),
        cmocka_unit_test_prestate(spots_tell_where_positions_are, NULL),
        cmocka_unit_test_prestate(spots_tell_where_positions_are, &by_columns),
        cmocka_unit_test(terms_come_in_order_from_any_place),
        cmocka_unit_test(terms_are_found_again),
        cmocka_unit_test(merged_segments_are_one),
        cmocka_unit_test(nothing_damaged_is_believed),
        cmocka_unit_test(another_file_is_refused),
        cmocka_unit_test(a_merge_does_not_keep_its_inputs_in_memory),
        cmocka_unit_test(a_file_cut_under_its_reader_is_no_crash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
