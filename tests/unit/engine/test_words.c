/* Words that may be misspelt, with the terms in memory: whoever loads them when, whatever fails,
 * a search finds what its snapshot has. */
#include <pthread.h>
#include <stdatomic.h>

#include <searchd/index.h>

#include "index/base/alloc.h"
#include "index/base/str.h"
#include "index/engine/index.h"
#include "tests/support/support.h"

struct bed {
    char *dir;
    struct sx_index *ix;
    struct sx_reader *r, *other;
};

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s", sx_status_name(rc), err->msg);
}

static void open_bed(struct bed *b)
{
    struct sx_index_options opt = {.relaxed = true};
    struct sx_error err;

    must(sx_index_open(&b->ix, b->dir, &opt, &err), &err);
    must(sx_reader_open(&b->r, b->ix, &err), &err);
    must(sx_reader_open(&b->other, b->ix, &err), &err);
}

static void close_bed(struct bed *b)
{
    sx_reader_close(b->r);
    sx_reader_close(b->other);
    sx_index_close(b->ix);
}

static int tear_down(void **state)
{
    struct bed *b = *state;

    close_bed(b);
    temp_dir_remove(b->dir);
    free(b);
    return 0;
}

static void put(struct bed *b, const char *word)
{
    struct sx_doc d = {.uri = str_of(word), .body = str_of(word)};
    struct sx_error err;

    must(sx_index_put(b->ix, &d, 1, NULL, &err), &err);
}

static void commit(struct bed *b)
{
    struct sx_error err;

    must(sx_index_commit(b->ix, &err), &err);
}

static void rebuild(struct bed *b)
{
    struct sx_error err;
    uint64_t n;

    must(sx_index_rebuild(b->ix, NULL, &n, &err), &err);
}

static int set_up(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));

    b->dir = temp_dir();
    open_bed(b);
    put(b, "harbour");
    put(b, "ferry");
    commit(b);
    *state = b;
    return 0;
}

static uint64_t found_by(struct sx_reader *r, const char *query)
{
    struct sx_count count;
    struct sx_error err;

    must(sx_reader_count(r, str_of(query), SX_MATCH_ALL, NULL, &count, &err), &err);
    return count.total;
}

static uint64_t found(struct bed *b, const char *query)
{
    return found_by(b->r, query);
}

static bool loaded(struct bed *b)
{
    const struct words *w = b->ix->memory->words;

    return w != NULL && w->loaded;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void the_first_fuzzy_word_loads_them(void **state)
{
    struct bed *b = *state;

    assert_int_equal(found(b, "harbour -ferry"), 1);
    assert_null(b->ix->memory->words);
    assert_int_equal(found(b, "harbuor~ -fery~"), 1);
    assert_true(loaded(b));
    assert_int_equal(found(b, "harbuor~"), 1);
    assert_int_equal(found_by(b->other, "ferri~"), 1);
    assert_int_equal(found_by(b->other, "(fery~ OR bus) NEAR/3 train"), 0);
    assert_int_equal(found(b, "harbuo~1"), 0);
}

static void what_is_committed_later_is_found(void **state)
{
    struct bed *b = *state;

    assert_int_equal(found(b, "tarin~"), 0);
    put(b, "train");
    put(b, "trains");
    assert_int_equal(found(b, "tarin~1"), 0);
    commit(b);
    assert_int_equal(found(b, "tarin~1"), 1);
    assert_int_equal(found(b, "tarins~2"), 2);
    put(b, "fairway");
    sx_index_rollback(b->ix);
    commit(b);
    assert_int_equal(found(b, "fairwai~"), 0);
    put(b, "fairway");
    commit(b);
    assert_int_equal(found(b, "fairwai~"), 1);
    assert_true(loaded(b));
}

static void what_is_deleted_is_found_no_more(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    size_t deleted;

    assert_int_equal(found(b, "fery~"), 1);
    must(sx_index_delete_query(b->ix, str_of("fery~ harbuor~ OR fery~"), &deleted, &err), &err);
    assert_int_equal(deleted, 1);
    assert_int_equal(found(b, "fery~"), 1);
    commit(b);
    assert_int_equal(found(b, "fery~"), 0);
    put(b, "ferry");
    commit(b);
    assert_int_equal(found(b, "fery~"), 1);
}

static void a_rebuild_and_an_opening_begin_anew(void **state)
{
    struct bed *b = *state;

    assert_int_equal(found(b, "fery~"), 1);
    rebuild(b);
    assert_null(b->ix->memory->words);
    assert_int_equal(found(b, "fery~"), 1);
    assert_true(loaded(b));
    put(b, "train");
    commit(b);
    assert_int_equal(found(b, "tarin~"), 1);
    close_bed(b);
    open_bed(b);
    assert_null(b->ix->memory->words);
    assert_int_equal(found(b, "tarin~"), 1);
    assert_true(loaded(b));
}

static void a_held_snapshot_finds_what_it_has(void **state)
{
    struct bed *b = *state;
    struct sx_error err;

    must(sx_reader_hold(b->other, &err), &err);
    put(b, "train");
    commit(b);
    assert_int_equal(found_by(b->other, "fery~"), 1);
    assert_null(b->ix->memory->words); /* its snapshot began too early to claim */
    assert_int_equal(found(b, "tarin~"), 1);
    assert_true(loaded(b));
    assert_int_equal(found_by(b->other, "fery~"), 1);
    assert_int_equal(found_by(b->other, "tarin~"), 0);
    rebuild(b);
    assert_int_equal(found(b, "tarin~"), 1);
    assert_int_equal(found_by(b->other, "fery~"), 1);
    assert_int_equal(found_by(b->other, "tarin~"), 0);
    sx_reader_release(b->other);
    assert_int_equal(found_by(b->other, "tarin~"), 1);
}

/* ---- between two steps ----------------------------------------------------------------------- */

static void begin(struct sx_reader *r, struct state *snap)
{
    struct sx_error err;

    must(reader_begin(r, snap, &err), &err);
}

static void take(struct sx_reader *r, const struct state *snap)
{
    struct sx_error err;

    must(words_take(r, snap, &err), &err);
}

static void a_commit_amid_loading_is_not_lost(void **state)
{
    struct bed *b = *state;
    struct state snap;

    words_claim(b->r);
    put(b, "train");
    commit(b);
    begin(b->r, &snap);
    put(b, "fairway");
    commit(b);
    assert_int_equal(found_by(b->other, "fairwai~"), 1); /* by the table, as they are not loaded */
    assert_false(loaded(b));
    take(b->r, &snap);
    assert_true(loaded(b));
    reader_end(b->r);
    assert_int_equal(found(b, "fairwai~"), 1);
    assert_int_equal(found(b, "tarin~"), 1);
    assert_int_equal(found(b, "fery~"), 1);
}

static void a_claim_that_is_not_kept_leaves_none(void **state)
{
    struct bed *b = *state;
    struct state snap;

    words_claim(b->r);
    assert_non_null(b->r->words);
    words_claim(b->other);
    assert_null(b->other->words);
    begin(b->r, &snap);
    reader_end(b->r);
    assert_null(b->ix->memory->words);
    assert_int_equal(found(b, "fery~"), 1);
    assert_true(loaded(b));
}

static void a_rebuild_amid_loading_begins_anew(void **state)
{
    struct bed *b = *state;
    struct state snap;

    words_claim(b->r);
    rebuild(b);
    begin(b->r, &snap);
    take(b->r, &snap);
    assert_null(b->r->words);
    assert_null(b->ix->memory->words);
    reader_end(b->r);

    words_claim(b->r);
    begin(b->r, &snap);
    rebuild(b);
    take(b->r, &snap);
    assert_non_null(b->r->words);
    assert_null(b->ix->memory->words);
    reader_end(b->r);
    assert_int_equal(found(b, "fery~"), 1);
    assert_true(loaded(b));
}

/* Between COMMIT and the terms in memory, a snapshot may be newer than these. */
static void a_newer_snapshot_reads_the_table(void **state)
{
    struct bed *b = *state;
    struct state snap;

    assert_int_equal(found(b, "fery~"), 1);
    b->ix->memory->words->upto--;
    begin(b->r, &snap);
    take(b->r, &snap);
    assert_null(b->r->words);
    reader_end(b->r);
    assert_int_equal(found(b, "fery~"), 1);
    put(b, "train");
    commit(b);
    begin(b->r, &snap);
    take(b->r, &snap);
    assert_non_null(b->r->words);
    reader_end(b->r);
}

/* ---- failing --------------------------------------------------------------------------------- */

static bool at_once(void *ctx)
{
    (*(size_t *)ctx)++;
    return true;
}

static void a_stopped_load_leaves_none(void **state)
{
    struct bed *b = *state;
    struct sx_count count;
    struct sx_error err;
    size_t asked = 0;
    struct sx_limits limits = {.stop = at_once, .stop_ctx = &asked};

    for (int i = 0; i < 300; i++) { /* enough that a search is asked whether to stop */
        char word[16];
        snprintf(word, sizeof(word), "w%c%cx", 'a' + i / 26, 'a' + i % 26);
        put(b, word);
    }
    commit(b);
    assert_int_equal(sx_reader_count(b->r, str_of("fery~"), SX_MATCH_ALL, &limits, &count, &err),
                     SX_ECANCELLED);
    assert_true(asked > 0);
    assert_null(b->ix->memory->words);
    assert_int_equal(found(b, "fery~"), 1);
    assert_true(loaded(b));
}

static void loading_survives_want_of_memory(void **state)
{
    struct bed *b = *state;
    struct sx_count count;
    struct sx_error err;
    long n = 0, without = 0;

    for (; !loaded(b); n++) {
        assert_true(n < 500);
        mem_fail_after(n);
        sx_status rc = sx_reader_count(b->r, str_of("fery~"), SX_MATCH_ALL, NULL, &count, &err);
        mem_fail_after(-1);
        assert_true(rc == SX_OK || rc == SX_ENOMEM);
        if (rc == SX_OK)
            assert_int_equal(count.total, 1);
        without += rc == SX_OK && !loaded(b);
        assert_true(loaded(b) || b->ix->memory->words == NULL);
        if (rc == SX_ENOMEM && loaded(b)) /* what comes behind loading is for other tests */
            break;
    }
    assert_true(without >= 4);
    assert_int_equal(found(b, "fery~"), 1);
}

static void a_commit_survives_want_of_memory(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    long n = 0, dropped = 0;
    bool fired = true;

    for (; fired; n++) {
        char word[16], wrong[20];
        assert_true(n < 500);
        assert_int_equal(found(b, "fery~"), 1);
        assert_true(loaded(b));
        snprintf(word, sizeof(word), "q%c%cqqqq", (int)('a' + n / 26), (int)('a' + n % 26));
        snprintf(wrong, sizeof(wrong), "%szz~2", word);
        put(b, word);
        mem_fail_after(n);
        sx_status rc = sx_index_commit(b->ix, &err);
        fired = mem_failed() != 0;
        mem_fail_after(-1);
        assert_true(rc == SX_OK || rc == SX_ENOMEM);
        dropped += rc == SX_OK && !loaded(b);
        assert_int_equal(found(b, wrong), rc == SX_OK ? 1 : 0);
        if (rc == SX_OK && !fired)
            assert_true(loaded(b));
    }
    assert_true(dropped > 0);
}

static void a_commit_without_memory_spoils_no_load(void **state)
{
    struct bed *b = *state;
    struct state snap;

    words_claim(b->r);
    begin(b->r, &snap);
    put(b, "train");
    b->ix->fresh.failed = true;
    commit(b);
    assert_null(b->ix->memory->words);
    take(b->r, &snap);
    assert_non_null(b->r->words); /* which has all of this snapshot */
    reader_end(b->r);
    assert_null(b->ix->memory->words);
    assert_int_equal(found(b, "tarin~"), 1);
    assert_true(loaded(b));
}

static void too_many_terms_stay_in_the_file(void **state)
{
    struct bed *b = *state;

    b->ix->words_max = 1000;
    assert_int_equal(found(b, "fery~"), 1);
    assert_null(b->ix->memory->words);
    assert_true(b->ix->memory->words_refused);
    assert_int_equal(found(b, "fery~"), 1);
    assert_null(b->ix->memory->words);
    b->ix->words_max = WORDS_BYTES_MAX;
    assert_int_equal(found(b, "fery~"), 1);
    assert_null(b->ix->memory->words);
    rebuild(b);
    assert_int_equal(found(b, "fery~"), 1);
    assert_true(loaded(b));
    b->ix->words_max = 1000;
    put(b, "train");
    commit(b);
    assert_null(b->ix->memory->words);
    assert_true(b->ix->memory->words_refused);
    assert_int_equal(found(b, "tarin~"), 1);
}

/* ---- commits and searches at once ------------------------------------------------------------ */

#define COMMITS 300
#define ASKERS 3

struct race {
    struct bed *b;
    _Atomic(size_t) committed; /* words */
    _Atomic(bool) over;
    struct asker {
        struct race *race;
        pthread_t thread;
        struct sx_reader *r;
        size_t asked, wrong;
    } askers[ASKERS];
};

/* The word of a number; its last letter is never q. */
static void word_of(size_t i, char out[12])
{
    snprintf(out, 12, "h%c%c%c%c", (int)('a' + i / 256 % 16), (int)('a' + i / 16 % 16),
             (int)('a' + i % 16), 'x');
}

static void ask(struct asker *a, size_t i, uint64_t least, uint64_t most)
{
    char word[12], query[16];
    struct sx_count count;

    word_of(i, word);
    snprintf(query, sizeof(query), "%sq~1", word);
    if (sx_reader_count(a->r, str_of(query), SX_MATCH_ALL, NULL, &count, NULL) != SX_OK ||
        count.total < least || count.total > most)
        a->wrong++;
    a->asked++;
}

/* Keeps what went wrong, as cmocka's checks belong to the main thread. */
static void *asking(void *arg)
{
    struct asker *a = arg;

    while (!atomic_load(&a->race->over)) {
        size_t committed = atomic_load(&a->race->committed);
        if (committed > 0)
            ask(a, committed - 1, 1, 1);
        ask(a, a->asked * 7 % (committed + 1), a->asked * 7 % (committed + 1) < committed, 1);
        ask(a, COMMITS + 1, 0, 0); /* never committed */
    }
    return NULL;
}

static void write_words(struct race *race)
{
    struct bed *b = race->b;
    char word[12];

    for (size_t i = 0; i < COMMITS; i++) {
        if (i % 7 == 3) {
            word_of(COMMITS + 1, word);
            put(b, word);
            sx_index_rollback(b->ix);
        }
        word_of(i, word);
        put(b, word);
        commit(b);
        atomic_store(&race->committed, i + 1);
        if (i % 10 == 9)
            rebuild(b);
    }
}

static void a_committed_word_is_always_found(void **state)
{
    static struct race race;
    struct sx_error err;

    race = (struct race){.b = *state};
    for (size_t i = 0; i < ASKERS; i++) {
        struct asker *a = &race.askers[i];
        a->race = &race;
        must(sx_reader_open(&a->r, race.b->ix, &err), &err);
        assert_int_equal(pthread_create(&a->thread, NULL, asking, a), 0);
    }
    write_words(&race);
    atomic_store(&race.over, true);
    for (size_t i = 0; i < ASKERS; i++) {
        assert_int_equal(pthread_join(race.askers[i].thread, NULL), 0);
        sx_reader_close(race.askers[i].r);
    }
    for (size_t i = 0; i < ASKERS; i++) {
        assert_int_equal(race.askers[i].wrong, 0);
        assert_true(race.askers[i].asked > 0);
    }
}

#define with_bed(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_bed(the_first_fuzzy_word_loads_them),
        with_bed(what_is_committed_later_is_found),
        with_bed(what_is_deleted_is_found_no_more),
        with_bed(a_rebuild_and_an_opening_begin_anew),
        with_bed(a_held_snapshot_finds_what_it_has),
        with_bed(a_commit_amid_loading_is_not_lost),
        with_bed(a_claim_that_is_not_kept_leaves_none),
        with_bed(a_rebuild_amid_loading_begins_anew),
        with_bed(a_newer_snapshot_reads_the_table),
        with_bed(a_stopped_load_leaves_none),
        with_bed(loading_survives_want_of_memory),
        with_bed(a_commit_survives_want_of_memory),
        with_bed(a_commit_without_memory_spoils_no_load),
        with_bed(too_many_terms_stay_in_the_file),
        with_bed(a_committed_word_is_always_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
