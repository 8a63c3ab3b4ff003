/* Stop words: one hash table from a folded word to the languages that have it, made once from
 * the compiled-in lists and kept for the life of the process. */
#include "index/text/stop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/hash.h"
#include "index/text/analyzer.h"

_Static_assert(LANG_COUNT <= 64, "a set of languages is 64 bits");

struct slot {
    uint64_t langs; /* 1 << lang; 0: empty */
    size_t at, len; /* the word, in `words` */
};

struct table {
    struct slot *slots;
    size_t mask;      /* slots - 1; less than half of them are taken */
    struct buf words; /* folded */
};

static _Atomic(struct table *) ready;
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

/* Where `word` is, or would be. */
static struct slot *find(const struct table *t, struct sx_str word)
{
    size_t i = hash_bytes(word.ptr, word.len) & t->mask;

    while (t->slots[i].langs != 0 &&
           (t->slots[i].len != word.len ||
            memcmp(t->words.data + t->slots[i].at, word.ptr, word.len) != 0))
        i = (i + 1) & t->mask;
    return &t->slots[i];
}

/* An entry on its way into the table. */
struct entry {
    struct table *table;
    int lang;
};

static int add(void *ctx, const struct token *t)
{
    struct entry *entry = ctx;

    if (t->kind != TOKEN_WORD)
        return 0;
    struct slot *slot = find(entry->table, t->term);
    if (slot->langs == 0) {
        slot->at = entry->table->words.len;
        slot->len = t->term.len;
        buf_put_str(&entry->table->words, t->term);
    }
    slot->langs |= UINT64_C(1) << entry->lang;
    return buf_ok(&entry->table->words) ? 0 : ANALYZER_NOMEM;
}

static size_t entries(void)
{
    size_t count = 0;

    for (int lang = 0; lang < LANG_COUNT; lang++)
        for (const char *const *word = stop_lists[lang]; word != NULL && *word != NULL; word++)
            count++;
    return count;
}

static bool fill(struct table *t, struct analyzer *a)
{
    size_t slots = 1;

    while (slots <= 2 * entries())
        slots *= 2;
    t->mask = slots - 1;
    t->slots = mem_zalloc(slots, sizeof(*t->slots));
    if (t->slots == NULL)
        return false;
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        struct entry entry = {t, lang};
        for (const char *const *word = stop_lists[lang]; word != NULL && *word != NULL; word++)
            if (analyzer_run(a, *word, strlen(*word), add, &entry) != 0)
                return false;
    }
    return true;
}

static void table_free(struct table *t)
{
    if (t == NULL)
        return;
    mem_free(t->slots);
    buf_release(&t->words);
    mem_free(t);
}

static struct table *table_new(void)
{
    struct analyzer *a = analyzer_new();
    struct table *t = mem_zalloc(1, sizeof(*t));

    if (a == NULL || t == NULL || !fill(t, a)) {
        table_free(t);
        t = NULL;
    }
    analyzer_free(a);
    return t;
}

bool stop_init(void)
{
    if (atomic_load_explicit(&ready, memory_order_acquire) != NULL)
        return true;
    pthread_mutex_lock(&making);
    if (atomic_load(&ready) == NULL)
        atomic_store(&ready, table_new());
    pthread_mutex_unlock(&making);
    return atomic_load(&ready) != NULL;
}

bool stop_is(int lang, struct sx_str term)
{
    if (lang < 0 || lang >= LANG_COUNT || !stop_init())
        return false;
    return (find(atomic_load(&ready), term)->langs >> lang & 1) != 0;
}
