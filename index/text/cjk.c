/* The best division of a run is that of the least cost, the sum of what the dictionary says of its
 * words (ICU's CjkBreakEngine). The dictionary is a UCharsTrie, read where ICU has it mapped.
 *
 * What is faster: the first character of a word, which in the trie is a search among thousands, is
 * looked up in a table; and nothing is copied, normalized or allocated. */
#include "index/text/cjk.h"

#include <pthread.h>
#include <string.h>

#include <unicode/udata.h>
#include <unicode/uversion.h>

#define ICU_EDITION 72
#define DICTIONARIES U_ICUDATA_NAME "-brkitr"

#define WORD_MAX 20      /* characters of a word */
#define COST_UNKNOWN 255 /* of a character that is no word */
#define COST_NONE UINT32_MAX
#define KATAKANA_RUN_MAX 20

/* Layout of a dictionary file: eight numbers, among them where the trie is and of what type. */
enum { INDEX_TRIE, INDEX_TYPE = 4, TYPE_MASK = 7, TYPE_UNITS = 1 };

/* The trie's nodes, by their first unit. */
enum {
    LINEAR_SUBNODES_MAX = 5,
    MIN_LINEAR_MATCH = 0x30,
    MIN_VALUE_LEAD = 0x40,
    NODE_TYPE_MASK = MIN_VALUE_LEAD - 1,
    VALUE_IS_FINAL = 0x8000,
    TWO_UNIT_VALUE = 0x4000,
    THREE_UNIT_VALUE = 0x7FFF,
    TWO_UNIT_NODE_VALUE = 0x4040,
    THREE_UNIT_NODE_VALUE = 0x7FC0,
    TWO_UNIT_DELTA = 0xFC00,
    THREE_UNIT_DELTA = 0xFFFF
};

/* A place in the trie. */
struct place {
    const uint16_t *pos; /* NULL: nothing matches */
    int32_t linear;      /* units left of a linear node, less one */
};

/* Set once, then read by all. */
static struct place firsts[0x10000]; /* behind each first character */
static UDataMemory *dictionary;      /* stays open: the trie is read from it */

/* ---- the trie ------------------------------------------------------------------------------ */

static uint32_t two(const uint16_t *pos)
{
    return (uint32_t)pos[0] << 16 | pos[1];
}

/* The value of the form that edges have; *pos moves behind it. */
static uint32_t read_value(const uint16_t **pos, uint32_t lead)
{
    if (lead < TWO_UNIT_VALUE)
        return lead;
    if (lead < THREE_UNIT_VALUE)
        return (lead - TWO_UNIT_VALUE) << 16 | *(*pos)++;
    *pos += 2;
    return two(*pos - 2);
}

static uint32_t read_delta(const uint16_t **pos)
{
    uint32_t delta = *(*pos)++;

    if (delta < TWO_UNIT_DELTA)
        return delta;
    if (delta < THREE_UNIT_DELTA)
        return (delta - TWO_UNIT_DELTA) << 16 | *(*pos)++;
    *pos += 2;
    return two(*pos - 2);
}

/* The value of the form that inner nodes have; *pos moves behind it. */
static uint32_t read_node_value(const uint16_t **pos, uint32_t lead)
{
    if (lead < TWO_UNIT_NODE_VALUE)
        return (lead >> 6) - 1;
    if (lead < THREE_UNIT_NODE_VALUE)
        return ((lead & 0x7FC0) - TWO_UNIT_NODE_VALUE) << 10 | *(*pos)++;
    *pos += 2;
    return two(*pos - 2);
}

/* Behind `unit` in the branch node of `length` edges, less one, at `pos`. */
static const uint16_t *branch(const uint16_t *pos, uint32_t length, UChar unit)
{
    if (length == 0)
        length = *pos++;
    length++;
    while (length > LINEAR_SUBNODES_MAX) { /* halves */
        bool left = unit < *pos++;
        uint32_t delta = read_delta(&pos);
        if (left)
            pos += delta;
        length = left ? length >> 1 : length - (length >> 1);
    }
    for (; length > 1; length--) {
        bool found = unit == *pos++;
        uint32_t lead = *pos;
        if (found && (lead & VALUE_IS_FINAL) != 0)
            return pos;
        pos++;
        uint32_t delta = read_value(&pos, lead & THREE_UNIT_VALUE);
        if (found)
            return pos + delta;
    }
    return unit == *pos ? pos + 1 : NULL;
}

/* Goes on with `unit`. */
static struct place step(struct place at, UChar unit)
{
    const uint16_t *pos = at.pos;

    if (at.linear >= 0)
        return (struct place){*pos == unit ? pos + 1 : NULL, at.linear - 1};
    for (uint32_t node = *pos++;; node &= NODE_TYPE_MASK) {
        if (node < MIN_LINEAR_MATCH)
            return (struct place){branch(pos, node, unit), -1};
        if (node < MIN_VALUE_LEAD)
            return (struct place){*pos == unit ? pos + 1 : NULL,
                                  (int32_t)(node - MIN_LINEAR_MATCH) - 1};
        if ((node & VALUE_IS_FINAL) != 0)
            return (struct place){NULL, -1};
        read_node_value(&pos, node); /* of the word that ends here */
    }
}

/* The cost of the word that ends here, or COST_NONE; *more: longer ones may follow. */
static uint32_t cost_at(struct place at, bool *more)
{
    const uint16_t *pos = at.pos;

    *more = true;
    if (at.linear >= 0 || *pos < MIN_VALUE_LEAD)
        return COST_NONE;
    uint32_t lead = *pos++;
    *more = (lead & VALUE_IS_FINAL) == 0;
    return *more ? read_node_value(&pos, lead) : read_value(&pos, lead & THREE_UNIT_VALUE);
}

static void find_dictionary(void)
{
    UErrorCode status = U_ZERO_ERROR;
    UVersionInfo edition;
    UDataMemory *file = udata_open(DICTIONARIES, "dict", "cjdict", &status);

    if (U_FAILURE(status))
        return;
    const int32_t *index = udata_getMemory(file);
    u_getVersion(edition);
    if (edition[0] != ICU_EDITION || (index[INDEX_TYPE] & TYPE_MASK) != TYPE_UNITS) {
        udata_close(file);
        return;
    }
    const void *trie = (const char *)index + index[INDEX_TRIE];
    for (uint32_t unit = 0; unit < 0x10000; unit++)
        firsts[unit] = step((struct place){trie, -1}, (UChar)unit);
    dictionary = file;
}

bool cjk_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    return pthread_once(&once, find_dictionary) == 0 && dictionary != NULL;
}

/* ---- division ------------------------------------------------------------------------------ */

/* The cheapest division of the first i characters: its cost, and where its last word begins. */
struct division {
    uint32_t cost[CJK_RUN_MAX + 1];
    uint16_t from[CJK_RUN_MAX + 1];
};

static void offer(struct division *d, int32_t from, int32_t to, uint32_t cost)
{
    uint32_t sum = d->cost[from] + cost;

    if (sum < d->cost[to]) {
        d->cost[to] = sum;
        d->from[to] = (uint16_t)from;
    }
}

/* Offers the dictionary's words that begin at `from`, or the character alone. */
static void offer_words(struct division *d, const UChar *units, int32_t from, int32_t len)
{
    struct place at = firsts[units[from]];
    int32_t to = from + 1;
    bool single = false, more = true;

    while (at.pos != NULL) {
        uint32_t cost = cost_at(at, &more);
        if (cost != COST_NONE)
            offer(d, from, to, cost);
        single = single || (cost != COST_NONE && to == from + 1);
        if (!more || to == len || to - from >= WORD_MAX)
            break;
        at = step(at, units[to++]);
    }
    if (!single)
        offer(d, from, from + 1, COST_UNKNOWN);
}

static bool is_katakana(UChar unit)
{
    return unit >= 0x30A1 && unit <= 0x30FE && unit != 0x30FB;
}

/* Offers the row of katakana that begins at `from` as a word. */
static void offer_katakana(struct division *d, const UChar *units, int32_t from, int32_t len)
{
    static const uint16_t costs[] = {8192, 984, 408, 240, 204, 252, 300, 372, 480};
    int32_t to = from + 1;

    while (to < len && to - from < KATAKANA_RUN_MAX && is_katakana(units[to]))
        to++;
    if (to - from < KATAKANA_RUN_MAX)
        offer(d, from, to, to - from < 9 ? costs[to - from] : costs[0]);
}

int32_t cjk_divide(const UChar *units, int32_t len, uint16_t ends[CJK_RUN_MAX])
{
    struct division d;
    int32_t count = 0;

    memset(d.cost, 0xFF, (size_t)(len + 1) * sizeof(d.cost[0]));
    d.cost[0] = 0;
    for (int32_t i = 0; i < len; i++) {
        offer_words(&d, units, i, len);
        if (is_katakana(units[i]) && (i == 0 || !is_katakana(units[i - 1])))
            offer_katakana(&d, units, i, len);
    }
    for (int32_t i = len; i > 0; i = d.from[i])
        ends[count++] = (uint16_t)i;
    for (int32_t i = 0; i < count / 2; i++) { /* found from the end */
        uint16_t end = ends[i];
        ends[i] = ends[count - 1 - i];
        ends[count - 1 - i] = end;
    }
    return count;
}
