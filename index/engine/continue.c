/* Going on in a list.
 *
 * A search keeps the documents it had in hand: those of its page, or SX_PROXIMITY_HITS where closeness
 * orders them. Only when a cursor goes beyond them is the rest made, of the documents of the first
 * search that are still there; what was in hand stays in front, so that no document comes twice or
 * is passed over. */
#include "index/engine/search.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "index/base/alloc.h"
#include "index/base/hash.h"
#include "index/base/str.h"

static uint64_t fingerprint(const struct search *s)
{
    struct sx_str query = s->ask->query;

    return hash_bytes(query.ptr, query.len) * 16 + (uint64_t)s->ask->match * 4 +
           (uint64_t)s->ask->sort;
}

/* "LIST-PLACE": the list in hex, the place in decimal. */
static bool read_cursor(struct sx_str cursor, uint64_t *id, size_t *from)
{
    char text[SX_CURSOR_MAX + 1];
    char *end;

    if (cursor.len > SX_CURSOR_MAX)
        return false;
    memcpy(text, cursor.ptr, cursor.len);
    text[cursor.len] = '\0';
    if (strspn(text, "0123456789abcdef") != 16 || text[16] != '-' ||
        strspn(text + 17, "0123456789") != cursor.len - 17 || cursor.len - 17 > 5)
        return false;
    *id = strtoull(text, &end, 16);
    *from = strtoul(text + 17, &end, 10);
    return *from <= SX_WINDOW_MAX;
}

static int by_rowid(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Appends what `top` has beyond `from`, up to the window. */
static sx_status append_rest(const struct list *from, const struct topk *top, struct list **out,
                             struct sx_error *err)
{
    struct list_head head = from->head;
    int64_t *known = mem_alloc((from->count + 1) * sizeof(*known));
    size_t count = from->count;

    head.whole = true;
    *out = list_new(&head, from->count + top->count);
    if (known == NULL || *out == NULL) {
        mem_free(known);
        return sx_fail_oom(err); /* *out is put by the caller */
    }
    struct list_item *items = (*out)->items;
    memcpy(items, from->items, from->count * sizeof(*items));
    for (size_t i = 0; i < from->count; i++)
        known[i] = from->items[i].rowid;
    qsort(known, from->count, sizeof(*known), by_rowid);
    for (size_t i = 0; i < top->count && count < SX_WINDOW_MAX; i++) {
        const struct ranked *h = &top->heap[i];
        if (bsearch(&h->rowid, known, from->count, sizeof(*known), by_rowid) == NULL)
            items[count++] = (struct list_item){h->rowid, h->score};
    }
    (*out)->count = count;
    mem_free(known);
    return SX_OK;
}

/* Makes the rest of the list, and keeps the whole in its place. */
static sx_status make_rest(struct search *s, struct sx_error *err)
{
    struct cursors *kept = s->r->ix->cursors;
    struct list *whole = NULL;

    s->run.below = s->list->head.below;
    /* What it orders is in hand already, but where the first part of `best` was short. */
    s->run.proximity = s->run.proximity && s->list->count < SX_PROXIMITY_HITS;
    sx_status rc = search_run(s, true, err);
    if (rc == SX_OK && s->res.partial)
        rc = sx_fail(err, SX_ETIMEOUT, "the deadline passed");
    if (rc == SX_OK)
        rc = append_rest(s->list, &s->run.top, &whole, err);
    if (rc == SX_OK) {
        cursors_keep(kept, whole, s->list->id);
        cursors_put(kept, s->list);
        s->list = whole;
        return SX_OK;
    }
    cursors_put(kept, whole);
    return rc;
}

sx_status continue_list(struct search *s, struct sx_error *err)
{
    uint64_t id;

    if (!read_cursor(s->ask->cursor, &id, &s->from))
        return sx_fail_at(err, SX_ECURSOR, "cursor", SX_NO_OFFSET, "this is no cursor");
    s->list = cursors_get(s->r->ix->cursors, id);
    if (s->list == NULL)
        return sx_fail_at(err, SX_ECURSOR, "cursor", SX_NO_OFFSET,
                          "the list of the cursor is no longer kept: search again");
    if (s->list->head.search != fingerprint(s) || s->from > s->list->count)
        return sx_fail_at(err, SX_ECURSOR, "cursor", SX_NO_OFFSET,
                          "the cursor is of another search: query, match or sort differ");
    if (!s->list->head.whole && s->from + s->ask->limit > s->list->count) {
        sx_status rc = make_rest(s, err);
        if (rc != SX_OK)
            return rc;
    }
    s->res.total = s->list->head.total;
    s->res.total_all = s->list->head.total_all;
    s->res.total_exact = s->list->head.total_exact;
    return SX_OK;
}

/* The list of a search that has just been run; NULL: memory ran out. */
static struct list *list_of_run(const struct search *s)
{
    const struct topk *top = &s->run.top;
    struct list_head head = {
        .search = fingerprint(s),
        .below = s->snap.next_id,
        .total = s->res.total,
        .total_all = s->res.total_all,
        .total_exact = s->res.total_exact,
        .whole = top->count == SX_WINDOW_MAX || (s->res.total_exact && top->count == s->res.total),
        .near = s->run.proximity,
    };
    struct list *l = list_new(&head, top->count);

    for (size_t i = 0; l != NULL && i < top->count; i++)
        l->items[i] = (struct list_item){top->heap[i].rowid, top->heap[i].score};
    return l;
}

sx_status continue_later(struct search *s, size_t next, struct sx_error *err)
{
    struct cursors *kept = s->r->ix->cursors;
    char text[SX_CURSOR_MAX];

    if (s->list == NULL && s->res.partial)
        return SX_OK; /* what was found is not the beginning of the list */
    if (s->list == NULL && (next == SX_WINDOW_MAX || (s->res.total_exact && next >= s->res.total)))
        return SX_OK;
    if (s->list != NULL && s->list->head.whole && next >= s->list->count)
        return SX_OK;
    if (s->list == NULL) {
        s->list = list_of_run(s);
        if (s->list == NULL)
            return sx_fail_oom(err);
        cursors_keep(kept, s->list, 0);
    }
    int len = snprintf(text, sizeof(text), "%016" PRIx64 "-%zu", s->list->id, next);
    s->res.cursor = arena_str(&s->mem, str_make(text, (size_t)len));
    return s->res.cursor.ptr == NULL ? sx_fail_oom(err) : SX_OK;
}
