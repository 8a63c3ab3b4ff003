/* Words to make texts of: of many scripts, and such as stand in code, addresses and tables. */
#ifndef TESTS_SEARCH_WORDS_H
#define TESTS_SEARCH_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct word_list {
    const char *name;
    bool spaced; /* false: words follow one another without a space */
    const char *const *words;
    size_t count;
};

extern const struct word_list word_lists[];
extern const size_t word_list_count;

#endif
