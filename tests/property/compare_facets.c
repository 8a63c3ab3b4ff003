/* Facets of the index against the values of all of the twin's hits. */
#include "index/base/date.h"
#include "index/base/str.h"
#include "tests/property/both.h"

/* The value of a document, written to `text` where it is made of its date; absent: none. */
static struct sx_str value_of(const struct twin_doc *d, enum sx_facet facet, char text[32])
{
    int year, month, day;

    if (facet == SX_FACET_SOURCE)
        return d->doc.source;
    if (facet == SX_FACET_LANG)
        return d->doc.lang;
    if (facet == SX_FACET_TYPE)
        return d->doc.type;
    if (d->at == DATE_NONE)
        return str_of(NULL);
    date_civil(d->at, &year, &month, &day);
    if (facet == SX_FACET_YEAR)
        snprintf(text, 32, "%04d", year);
    else
        snprintf(text, 32, "%04d-%02d", year, month);
    return str_of(text);
}

static size_t count_value(const struct both *b, enum sx_facet facet, struct sx_str value)
{
    char text[32];
    size_t n = 0;

    for (size_t i = 0; i < b->twin->count; i++)
        n += both_same(value_of(b->twin->hits[i].doc, facet, text), value);
    return n;
}

/* Whether one value may stand before another. */
static bool in_order(enum sx_facet facet, const struct sx_facet_value *a,
                     const struct sx_facet_value *b)
{
    if (a->value.ptr == NULL || b->value.ptr == NULL)
        return a->value.ptr != NULL;
    if (facet == SX_FACET_YEAR || facet == SX_FACET_MONTH)
        return memcmp(a->value.ptr, b->value.ptr, a->value.len) > 0;
    return a->count >= b->count;
}

static void check_facet(const struct both *b, const struct sx_facet_counts *f)
{
    size_t documents = 0, values = 0;

    for (size_t i = 0; i < f->count; i++) {
        const struct sx_facet_value *v = &f->values[i];
        size_t n = count_value(b, f->facet, v->value);

        expect(b, v->count == n && n > 0, "facet %d '%.*s': %llu, twin %zu\n", (int)f->facet,
               (int)v->value.len, v->value.ptr, (unsigned long long)v->count, n);
        expect(b, i == 0 || in_order(f->facet, v - 1, v), "facet %d: value %zu out of order\n",
               (int)f->facet, i);
        for (size_t k = 0; k < i; k++)
            expect(b, !both_same(f->values[k].value, v->value), "facet %d: value %zu twice\n",
                   (int)f->facet, i);
        documents += n;
        values += v->value.ptr != NULL;
    }
    expect(b, documents == b->twin->count, "facet %d: of %zu documents, twin %zu\n", (int)f->facet,
           documents, b->twin->count);
    expect(b, f->distinct == values, "facet %d: %llu values, twin %zu\n", (int)f->facet,
           (unsigned long long)f->distinct, values);
}

void both_check_facets(const struct both *b)
{
    size_t told = 0;

    for (unsigned i = 0; i < SX_FACET_COUNT; i++) {
        if (!(b->s->facets & 1U << i))
            continue;
        expect(b, told < b->res->facet_count && b->res->facets[told].facet == i,
               "facet %u is not told\n", i);
        check_facet(b, &b->res->facets[told++]);
    }
    expect(b, told == b->res->facet_count, "%zu facets\n", b->res->facet_count);
    b->sum->facets += told;
}
