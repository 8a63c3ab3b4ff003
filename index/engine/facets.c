/* Counting and reading facets. A value is the number of a name, or a month; years are added up from
 * the months when they are read. */
#include "index/engine/facets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "index/base/alloc.h"
#include "index/base/date.h"
#include "index/base/str.h"

#define DATED (1U << SX_FACET_YEAR | 1U << SX_FACET_MONTH)

void facets_release(struct facets *f)
{
    for (size_t i = 0; i < 3; i++)
        mem_free(f->names[i].of);
    mem_free(f->months.of);
    memset(f, 0, sizeof(*f));
}

static void clear(struct facet_counts *c)
{
    if (c->cap > 0)
        memset(c->of, 0, c->cap * sizeof(*c->of));
}

void facets_clear(struct facets *f)
{
    for (size_t i = 0; i < 3; i++)
        clear(&f->names[i]);
    clear(&f->months);
}

static int count(struct facet_counts *c, size_t value)
{
    if (value >= c->cap) {
        size_t cap = c->cap == 0 ? 64 : c->cap;
        while (cap <= value)
            cap *= 2;
        uint64_t *grown = mem_realloc(c->of, cap * sizeof(*grown));
        if (grown == NULL)
            return -1;
        memset(grown + c->cap, 0, (cap - c->cap) * sizeof(*grown));
        c->of = grown;
        c->cap = cap;
    }
    c->of[value]++;
    return 0;
}

static size_t month_of(int64_t at)
{
    int year, month, day;

    if (at == DATE_NONE)
        return 0;
    date_civil(at, &year, &month, &day);
    return year < 1 ? 0 : (size_t)year * 12 + (size_t)month;
}

int facets_add(struct facets *f, const struct docrow *row)
{
    const uint32_t names[3] = {row->source, row->lang, row->type};
    int rc = 0;

    for (unsigned i = 0; i < 3 && rc == 0; i++)
        if (f->wanted & 1U << i)
            rc = count(&f->names[i], names[i]);
    return rc == 0 && (f->wanted & DATED) != 0 ? count(&f->months, month_of(row->at)) : rc;
}

/* ---- reading ----------------------------------------------------------------------------------- */

struct reading {
    const struct doctable *docs;
    struct arena *mem;
    struct sx_facet_value *values;
    size_t count;
    bool failed;
};

static void add(struct reading *r, struct sx_str value, uint64_t documents)
{
    if (documents > 0)
        r->values[r->count++] = (struct sx_facet_value){value, documents};
}

/* One value a name. */
static void read_names(struct reading *r, const struct facet_counts *c)
{
    for (size_t i = 0; i < c->cap; i++) {
        const struct name *n = doctable_name_get(r->docs, (uint32_t)i);
        if (c->of[i] == 0)
            continue;
        struct sx_str text = n == NULL ? str_make(NULL, 0) : arena_str(r->mem, n->text);
        r->failed = r->failed || (n != NULL && text.ptr == NULL);
        add(r, text, c->of[i]);
    }
}

/* `month` 0: of the whole year. */
static void add_dated(struct reading *r, uint64_t documents, size_t year, size_t month)
{
    char text[48];

    if (documents == 0)
        return;
    int n = month == 0 ? snprintf(text, sizeof(text), "%04zu", year)
                       : snprintf(text, sizeof(text), "%04zu-%02zu", year, month);
    struct sx_str value = arena_str(r->mem, str_make(text, (size_t)n));
    r->failed = r->failed || value.ptr == NULL;
    add(r, value, documents);
}

static void read_months(struct reading *r, const struct facet_counts *c)
{
    for (size_t i = c->cap; i-- > 1;)
        add_dated(r, c->of[i], (i - 1) / 12, (i - 1) % 12 + 1);
    add(r, str_make(NULL, 0), c->cap > 0 ? c->of[0] : 0);
}

static void read_years(struct reading *r, const struct facet_counts *c)
{
    uint64_t documents = 0;

    for (size_t i = c->cap; i-- > 1;) {
        documents += c->of[i];
        if ((i - 1) % 12 != 0)
            continue; /* January is the last of a year */
        add_dated(r, documents, (i - 1) / 12, 0);
        documents = 0;
    }
    add(r, str_make(NULL, 0), c->cap > 0 ? c->of[0] : 0);
}

/* Most documents first, then by value; what has none comes last. */
static int by_count(const void *a, const void *b)
{
    const struct sx_facet_value *x = a, *y = b;

    if ((x->value.ptr == NULL) != (y->value.ptr == NULL))
        return x->value.ptr == NULL ? 1 : -1;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    if (x->value.ptr == NULL)
        return 0;
    return str_order(x->value, y->value);
}

/* The first SX_FACET_VALUES_MAX, and what has no value, stay. */
static void cut(struct reading *r, struct sx_facet_counts *out)
{
    bool none = r->count > 0 && r->values[r->count - 1].value.ptr == NULL;

    out->distinct = r->count - none;
    if (out->distinct > SX_FACET_VALUES_MAX) {
        r->values[SX_FACET_VALUES_MAX] = r->values[r->count - 1];
        r->count = SX_FACET_VALUES_MAX + (size_t)none;
    }
    out->values = r->values;
    out->count = r->count;
}

/* Values that some document has. A year has no more of them than its months. */
static size_t count_values(const struct facet_counts *c)
{
    size_t values = 0;

    for (size_t i = 0; i < c->cap; i++)
        values += c->of[i] > 0;
    return values;
}

static sx_status read_one(const struct facets *f, enum sx_facet facet, struct reading *r,
                          struct sx_facet_counts *out)
{
    const struct facet_counts *c = facet <= SX_FACET_TYPE ? &f->names[facet] : &f->months;

    *out = (struct sx_facet_counts){.facet = facet};
    r->count = 0;
    r->values = arena_array(r->mem, count_values(c) + 1, sizeof(*r->values));
    if (r->values == NULL)
        return SX_ENOMEM;
    if (facet == SX_FACET_YEAR)
        read_years(r, c);
    else if (facet == SX_FACET_MONTH)
        read_months(r, c);
    else
        read_names(r, c);
    if (facet <= SX_FACET_TYPE)
        qsort(r->values, r->count, sizeof(*r->values), by_count);
    cut(r, out);
    return r->failed ? SX_ENOMEM : SX_OK;
}

sx_status facets_read(const struct facets *f, const struct doctable *docs, struct arena *mem,
                      const struct sx_facet_counts **out, size_t *count, struct sx_error *err)
{
    struct sx_facet_counts *all = arena_array(mem, SX_FACET_COUNT, sizeof(*all));
    struct reading r = {.docs = docs, .mem = mem};

    *out = all;
    *count = 0;
    if (all == NULL)
        return sx_fail_oom(err);
    for (unsigned i = 0; i < SX_FACET_COUNT; i++) {
        if (!(f->wanted & 1U << i))
            continue;
        if (read_one(f, (enum sx_facet)i, &r, &all[(*count)++]) != SX_OK)
            return sx_fail_oom(err);
    }
    return SX_OK;
}
