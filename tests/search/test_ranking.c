/* Ranks in scripts without spaces: a text that has the query as a word of its own stands above one
 * that has its clusters across words, or inside a longer one, and that is found all the same. */
#include "tests/search/world.h"

struct pair {
    const char *query;
    const char *across; /* put first, so that it would win a tie */
    const char *word;
};

static const struct pair pairs[] = {
    {"京都", "東京都で会う", "京都町で会う"},     /* Tokyo-to; Kyoto */
    {"和尚", "结婚和尚未结婚", "山里有个老和尚"}, /* and not yet; a monk */
    {"หมา", "หมายเลขโทรศัพท์", "แมวตัวหนึ่งกับหมา"},    /* number; dog */
};

static uint64_t words_of(struct world *w)
{
    struct sx_stats stats;
    struct sx_error err = {0};

    must(sx_reader_stats(w->reader, &stats, &err), &err);
    return stats.body_words;
}

/* Puts both texts, which must be of one length: so the words alone decide. */
static void put_pair(struct world *w, const struct pair *p)
{
    world_put(w, 1, str_of(NULL), str_of(p->across));
    world_commit(w);
    uint64_t first = words_of(w);
    world_put(w, 2, str_of(NULL), str_of(p->word));
    world_commit(w);
    uint64_t both = words_of(w);
    if (both != 2 * first)
        fail_msg("%s has %llu positions, %s %llu", p->across, (unsigned long long)first, p->word,
                 (unsigned long long)(both - first));
}

static void check_pair(const struct pair *p)
{
    static const char *const languages[] = {"ja", "zh", "th"};
    struct world w;

    world_open(&w, languages, 3);
    put_pair(&w, p);
    struct sx_results *res = world_search(&w, str_of(p->query), 10, 0);
    if (res->hit_count != 2)
        fail_msg("%s finds %zu of two texts", p->query, res->hit_count);
    if (!str_is(res->hits[0].uri, "2") || !(res->hits[0].score > res->hits[1].score))
        fail_msg("%s: %s (%g) is not below %s (%g)", p->query, p->across, world_hit(res, 1)->score,
                 p->word, world_hit(res, 2)->score);
    sx_results_free(res);
    world_close(&w);
}

static void a_word_ranks_above_its_clusters_in_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        check_pair(&pairs[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_ranks_above_its_clusters_in_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
