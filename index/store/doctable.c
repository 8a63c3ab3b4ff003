/* Rows and names of documents in memory. */
#include "index/store/doctable.h"

#include <string.h>

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/hash.h"
#include "index/base/str.h"
#include "index/text/analyzer.h"

int doctable_init(struct doctable *t)
{
    memset(t, 0, sizeof(*t));
    t->bucket_count = 1024;
    t->buckets = mem_zalloc(t->bucket_count, sizeof(*t->buckets));
    if (t->buckets == NULL || chunks_init(&t->rows, sizeof(struct docrow)) != 0 ||
        chunks_init(&t->names, sizeof(struct name)) != 0)
        return -1;
    return 0;
}

void doctable_release(struct doctable *t)
{
    for (uint32_t i = 1; i <= t->name_count; i++) {
        const struct name *n = chunks_get(&t->names, i);
        mem_free((void *)(uintptr_t)n->text.ptr);
        mem_free((void *)(uintptr_t)n->words.ptr);
    }
    chunks_release(&t->rows);
    chunks_release(&t->names);
    mem_free(t->buckets);
    memset(t, 0, sizeof(*t));
}

static int add_word(void *ctx, const struct token *t)
{
    struct buf *words = ctx;

    if (t->kind == TOKEN_WORD) {
        buf_put_str(words, t->term);
        buf_putc(words, '\1');
    }
    return 0;
}

/* Fills `n`, owning what it points to; -1: memory ran out. */
static int name_make(struct name *n, struct sx_str text, struct analyzer *an)
{
    struct buf words = {0};

    buf_putc(&words, '\1');
    if (analyzer_run(an, text.ptr, text.len, add_word, &words) != 0 || !buf_ok(&words)) {
        buf_release(&words);
        return -1;
    }
    char *copy = mem_strndup(text.ptr, text.len);
    if (copy == NULL) {
        buf_release(&words);
        return -1;
    }
    n->text = str_make(copy, text.len);
    n->words = buf_str(&words);
    return 0;
}

static void bucket_add(struct doctable *t, uint32_t number)
{
    const struct name *n = chunks_get(&t->names, number);
    uint32_t i = (uint32_t)hash_bytes(n->text.ptr, n->text.len) & (t->bucket_count - 1);

    while (t->buckets[i] != 0)
        i = (i + 1) & (t->bucket_count - 1);
    t->buckets[i] = number;
}

static int buckets_grow(struct doctable *t)
{
    uint32_t *old = t->buckets;
    uint32_t *grown = mem_zalloc((size_t)t->bucket_count * 2, sizeof(*grown));

    if (grown == NULL)
        return -1;
    t->buckets = grown;
    t->bucket_count *= 2;
    for (uint32_t i = 1; i <= t->name_count; i++)
        bucket_add(t, i);
    mem_free(old);
    return 0;
}

uint32_t doctable_name(struct doctable *t, struct sx_str text, struct analyzer *an)
{
    if (text.len == 0)
        return 0;
    uint32_t i = (uint32_t)hash_bytes(text.ptr, text.len) & (t->bucket_count - 1);
    while (t->buckets[i] != 0) {
        const struct name *n = chunks_get(&t->names, t->buckets[i]);
        if (str_eq(n->text, text))
            return t->buckets[i];
        i = (i + 1) & (t->bucket_count - 1);
    }
    if (t->name_count + 1 > t->bucket_count / 2 && buckets_grow(t) != 0)
        return UINT32_MAX;
    struct name *n = chunks_at(&t->names, (uint64_t)t->name_count + 1);
    if (n == NULL || name_make(n, text, an) != 0)
        return UINT32_MAX;
    bucket_add(t, ++t->name_count);
    return t->name_count;
}

const struct name *doctable_name_get(const struct doctable *t, uint32_t number)
{
    return number == 0 ? NULL : chunks_get(&t->names, number);
}

int doctable_set(struct doctable *t, int64_t rowid, const struct docrow *row)
{
    struct docrow *at = chunks_at(&t->rows, (uint64_t)rowid);

    if (at == NULL)
        return -1;
    *at = *row;
    return 0;
}

const struct docrow *doctable_get(const struct doctable *t, int64_t rowid)
{
    return chunks_get(&t->rows, (uint64_t)rowid);
}
