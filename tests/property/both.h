/* One comparison at work: shared by the files that hold the index against its twin. */
#ifndef TESTS_PROPERTY_BOTH_H
#define TESTS_PROPERTY_BOTH_H

#include "tests/property/compare.h"
#include "tests/support/support.h"

/* One comparison: what was asked and both answers. */
struct both {
    const struct sx_search *s;
    const struct twin_answer *twin;
    const struct sx_results *res;
    const struct twin_set *set;
    struct compared *sum;
};

#define expect(b, condition, ...)                                                                  \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            both_print(b);                                                                         \
            print_error(__VA_ARGS__);                                                              \
            fail_msg("%s", #condition);                                                            \
        }                                                                                          \
    } while (0)

/* Prints what was asked and both answers. */
void both_print(const struct both *b);
/* But for rounding. */
bool both_near(double a, double b);
bool both_same(struct sx_str a, struct sx_str b);
/* The twin's hit of this uri; NULL: it is no match. */
const struct twin_hit *both_hit_of(const struct both *b, struct sx_str uri);
/* Whether rounding alone may decide who stands where the twin has `t`: another score, of other
 * counts and lengths, is within it. */
bool both_rounding_decides(const struct both *b, const struct twin_hit *t);

/* All that is told of a hit but its rank; `score` is what the twin says. */
void both_check_hit(const struct both *b, const struct sx_hit *h, const struct twin_hit *t,
                    double score);
void both_check_snippets(const struct both *b, const struct sx_hit *h, const struct twin_doc *d);
void both_check_facets(const struct both *b);
void both_check_plan(const struct both *b);
/* `at`: the hit's place in the list, from 0. */
void both_check_explanation(const struct both *b, const struct sx_hit *h, const struct twin_hit *t,
                            size_t at);
void both_check_forms(const struct both *b);

#endif
