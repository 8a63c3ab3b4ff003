/* The collection's languages: chosen, fed, filled late, and what readers see of it. */
#include "index/engine/languages.h"

#include <pthread.h>

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/file.h"
#include "index/base/str.h"
#include "index/engine/index.h"
#include "tests/support/support.h"

struct bed {
    char *dir;
    struct sx_index_options opt;
    struct sx_index *ix;
    struct sx_reader *r;
    struct stemmer *stemmer;
};

static void must(sx_status rc, const struct sx_error *err)
{
    if (rc != SX_OK)
        fail_msg("%s: %s", sx_status_name(rc), err->msg);
}

static void open_index(struct bed *b)
{
    struct sx_error err;

    must(sx_index_open(&b->ix, b->dir, &b->opt, &err), &err);
    must(sx_reader_open(&b->r, b->ix, &err), &err);
}

static void close_index(struct bed *b)
{
    sx_reader_close(b->r);
    sx_index_close(b->ix);
}

static int set_up(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));

    b->dir = temp_dir();
    b->opt.relaxed = true;
    b->stemmer = stemmer_new();
    assert_non_null(b->stemmer);
    open_index(b);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *b = *state;

    close_index(b);
    stemmer_free(b->stemmer);
    temp_dir_remove(b->dir);
    free(b);
    return 0;
}

static void put_in(struct bed *b, const char *uri, const char *lang, const char *body)
{
    struct sx_doc d = {.uri = str_of(uri), .body = str_of(body), .lang = str_of(lang)};
    struct sx_error err;

    must(sx_index_put(b->ix, &d, 1, NULL, &err), &err);
}

static void commit(struct bed *b)
{
    struct sx_error err;

    must(sx_index_commit(b->ix, &err), &err);
}

/* The languages as "en+ fr-": + is ready. */
static const char *languages(struct bed *b)
{
    static char list[64];
    struct sx_stats stats;
    struct sx_error err;
    size_t at = 0;

    must(sx_reader_stats(b->r, &stats, &err), &err);
    list[0] = '\0';
    for (size_t i = 0; i < stats.language_count; i++)
        at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s%c", i > 0 ? " " : "",
                               stats.languages[i].code, stats.languages[i].ready ? '+' : '-');
    return list;
}

/* The forms of a word in the ready languages, each with a space behind it. */
static const char *forms(struct bed *b, const char *word)
{
    static char list[4096];
    struct state snap;
    struct langs langs;
    struct arena mem = {0};
    struct sx_str *got;
    size_t count, at = 0;
    bool more;
    struct sx_error err;

    must(reader_begin(b->r, &snap, &err), &err);
    must(language_ready(&b->r->c, &langs, &err), &err);
    must(forms_of(&b->r->c, b->stemmer, &langs, str_of(word), &mem, &got, &count, &more, &err),
         &err);
    reader_end(b->r);
    list[0] = '\0';
    for (size_t i = 0; i < count; i++)
        at += (size_t)snprintf(list + at, sizeof(list) - at, "%s ", got[i].ptr);
    arena_release(&mem);
    return list;
}

/* ---- rows follow the transactions ------------------------------------------------------------ */

static void forms_come_with_the_commit(void **state)
{
    struct bed *b = *state;

    put_in(b, "a", "en", "the court");
    put_in(b, "b", "en-GB", "two courts");
    assert_string_equal(forms(b, "courts"), "courts ");
    commit(b);
    assert_string_equal(languages(b), "en+");
    assert_string_equal(forms(b, "courts"), "courts court ");
    assert_string_equal(forms(b, "court"), "court courts ");
    put_in(b, "a", "en", "courting");
    commit(b);
    assert_string_equal(forms(b, "court"), "court courting courts ");
    close_index(b);
    open_index(b);
    assert_string_equal(forms(b, "courts"), "courts court courting ");
}

static void a_rollback_leaves_nothing(void **state)
{
    struct bed *b = *state;

    put_in(b, "a", "en", "the court");
    commit(b);
    put_in(b, "b", "en", "two courts");
    sx_index_rollback(b->ix);
    assert_string_equal(forms(b, "court"), "court ");
    put_in(b, "b", "en", "two courts"); /* the cache must not take it for fed */
    commit(b);
    assert_string_equal(forms(b, "court"), "court courts ");
}

/* ---- choosing --------------------------------------------------------------------------------- */

static void put_many(struct bed *b, const char *lang, int from, int to)
{
    for (int i = from; i < to; i++) {
        char uri[32];
        snprintf(uri, sizeof(uri), "%s:%d", lang, i);
        put_in(b, uri, lang, "1");
    }
}

static void delete_many(struct bed *b, const char *lang, int from, int to)
{
    struct sx_error err;

    for (int i = from; i < to; i++) {
        char uri[32];
        size_t deleted;
        snprintf(uri, sizeof(uri), "%s:%d", lang, i);
        must(sx_index_delete_uri(b->ix, str_of(uri), &deleted, &err), &err);
        assert_int_equal(deleted, 1);
    }
}

static void frequent_languages_are_chosen(void **state)
{
    struct bed *b = *state;

    assert_string_equal(languages(b), "");
    put_many(b, "en", 0, 96);
    put_many(b, "nl", 0, 4);
    put_many(b, "zh", 0, 10); /* has no forms */
    commit(b);
    assert_string_equal(languages(b), "en+");
    put_many(b, "nl", 4, 20);
    commit(b);
    assert_string_equal(languages(b), "en+ nl+");
    put_many(b, "fr", 0, 30);
    put_many(b, "de", 0, 30);
    put_many(b, "ru", 0, 30);
    commit(b);
    assert_string_equal(languages(b), "de+ en+ fr+ ru+"); /* nl is the fifth */
    delete_many(b, "fr", 0, 30);
    delete_many(b, "en", 0, 96);
    commit(b);
    assert_string_equal(languages(b), "de+ nl+ ru+");
    close_index(b);
    open_index(b);
    assert_string_equal(languages(b), "de+ nl+ ru+");
}

static void a_language_that_comes_back_lacks_nothing(void **state)
{
    struct bed *b = *state;

    put_many(b, "en", 0, 10);
    put_in(b, "x", "en", "court");
    commit(b);
    put_many(b, "ru", 0, 300);
    put_in(b, "y", "ru", "courts"); /* while there is no English */
    commit(b);
    assert_string_equal(languages(b), "ru+");
    assert_string_equal(forms(b, "court"), "court ");
    put_many(b, "en", 10, 300);
    commit(b);
    assert_string_equal(languages(b), "en+ ru+");
    assert_string_equal(forms(b, "court"), "court courts ");
}

static void configured_languages_are_taken(void **state)
{
    struct bed *b = *state;
    static const char *const two[] = {"nl", "EN-gb", "en"};
    static const char *const unknown[] = {"en", "xx"};
    static const char *const five[] = {"en", "nl", "fr", "de", "ru"};
    struct sx_index *ix;
    struct sx_error err;
    bool more = true;

    put_in(b, "a", "de", "the court, two courts; boek, boeken");
    commit(b);
    close_index(b);
    b->opt.languages = two;
    b->opt.language_count = 3;
    open_index(b);
    assert_string_equal(languages(b), "de+");
    while (more) /* no write is needed */
        must(sx_index_maintain(b->ix, 10, &more, &err), &err);
    assert_string_equal(languages(b), "en+ nl+");
    assert_string_equal(forms(b, "courts"), "courts court ");
    assert_string_equal(forms(b, "boek"), "boek boeken ");
    put_in(b, "b", "fr", "courting");
    commit(b);
    assert_string_equal(languages(b), "en+ nl+");
    assert_string_equal(forms(b, "courts"), "courts court courting ");

    close_index(b);
    b->opt.languages = unknown;
    b->opt.language_count = 2;
    assert_int_equal(sx_index_open(&ix, b->dir, &b->opt, &err), SX_EREQUEST);
    assert_non_null(strstr(err.msg, "'xx'"));
    b->opt.languages = five;
    b->opt.language_count = 5;
    assert_int_equal(sx_index_open(&ix, b->dir, &b->opt, &err), SX_EREQUEST);
    b->opt.language_count = 0;
    open_index(b);
}

/* ---- a language that joins late ---------------------------------------------------------------- */

/* More terms than are filled at once, with forms at both ends of the alphabet. */
static void put_large_index(struct bed *b)
{
    struct buf body = {0};

    buf_puts(&body, "abbey abbeys zone zones ");
    for (int i = 0; i < 1500; i++)
        buf_printf(&body, "m%c%c%cs ", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676);
    for (int i = 0; i < 20; i++)
        put_in(b, (char[]){(char)('a' + i), '\0'}, "zh", i == 0 ? buf_cstr(&body) : "1");
    buf_release(&body);
    commit(b);
}

static void maintain(struct bed *b, unsigned budget_ms, bool *more)
{
    struct sx_error err;

    must(sx_index_maintain(b->ix, budget_ms, more, &err), &err);
}

static void maintain_to_the_end(struct bed *b)
{
    bool more = true;

    while (more)
        maintain(b, 10, &more);
}

/* What the file and its WAL hold at this moment, as after a kill. */
static void go_on_as_after_a_kill(struct bed *b)
{
    static const char *const names[] = {"index.db", "index.db-wal"};
    char *dir = temp_dir();
    struct sx_error err;

    for (size_t i = 0; i < 2; i++) {
        char from[4096], to[4096];
        struct buf bytes = {0};
        snprintf(from, sizeof(from), "%s/%s", b->dir, names[i]);
        snprintf(to, sizeof(to), "%s/%s", dir, names[i]);
        must(file_read(from, 64 << 20, &bytes, &err), &err);
        FILE *f = fopen(to, "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(bytes.data, 1, bytes.len, f), bytes.len);
        fclose(f);
        buf_release(&bytes);
    }
    close_index(b);
    temp_dir_remove(b->dir);
    b->dir = dir;
    open_index(b);
}

static void a_late_language_is_filled_in_slices(void **state)
{
    struct bed *b = *state;
    bool more;

    put_large_index(b);
    maintain_to_the_end(b);
    assert_string_equal(languages(b), "");
    put_in(b, "e1", "en", "zoned");
    put_in(b, "e2", "en", "1");
    commit(b);
    assert_string_equal(languages(b), "en-");
    assert_string_equal(forms(b, "abbey"), "abbey "); /* not before it is whole */
    for (int i = 0; i < 5; i++) {
        maintain(b, 0, &more);
        assert_true(more);
        assert_string_equal(languages(b), "en-");
        go_on_as_after_a_kill(b);
    }
    put_in(b, "f", "en", "abbeying zoning"); /* behind and before the place */
    commit(b);
    maintain_to_the_end(b);
    assert_string_equal(languages(b), "en+");
    assert_string_equal(forms(b, "abbeys"), "abbeys abbey abbeying ");
    assert_string_equal(forms(b, "zone"), "zone zoned zones zoning ");
    maintain(b, 10, &more);
    assert_false(more);
}

static void an_index_of_the_first_schema_is_brought_up_to_date(void **state)
{
    struct bed *b = *state;
    char *path;
    struct sx_stored *got;
    struct sx_error err;
    sqlite3 *db;

    put_in(b, "a", "en", "the court and two courts");
    commit(b);
    close_index(b);
    assert_true(asprintf(&path, "%s/index.db", b->dir) > 0);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    const char *back = "DROP TABLE form; DROP TABLE language; DROP TABLE term;"
                       "DROP INDEX file_hash; DROP INDEX file_type;"
                       "DROP INDEX failed_file; DROP INDEX doc_type;"
                       "ALTER TABLE file DROP COLUMN modified; ALTER TABLE file DROP COLUMN type;"
                       "ALTER TABLE file DROP COLUMN extractor;"
                       "ALTER TABLE failed DROP COLUMN retry;"
                       "ALTER TABLE doc DROP COLUMN lang_detected;"
                       "ALTER TABLE doc DROP COLUMN put_checksum;"
                       "ALTER TABLE state DROP COLUMN sum; PRAGMA user_version = 1";
    assert_int_equal(sqlite3_exec(db, back, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    free(path);
    open_index(b);
    maintain_to_the_end(b);
    assert_string_equal(languages(b), "en+");
    assert_string_equal(forms(b, "court"), "court courts ");
    must(sx_reader_get_uri(b->r, str_of("a"), &got, &err), &err);
    assert_false(got->lang_detected);
    sx_stored_free(got);
}

/* ---- the language of a document ------------------------------------------------------------------ */

#define ENGLISH "The court has said that it will not hear the case before the end of the year."
#define GERMAN "Das Gericht hat gesagt, dass es den Fall nicht vor dem Ende des Jahres hören wird."

static void assert_lang(struct bed *b, const char *uri, const char *lang, bool detected)
{
    struct sx_stored *got;
    struct sx_error err;

    must(sx_reader_get_uri(b->r, str_of(uri), &got, &err), &err);
    assert_true(str_eq(got->doc.lang, str_of(lang)));
    assert_int_equal(got->lang_detected, detected);
    sx_stored_free(got);
}

static void the_language_of_a_document_is_found_out(void **state)
{
    struct bed *b = *state;
    struct sx_doc titled = {.uri = str_of("t"), .title = str_of(GERMAN), .body = str_of("x 1")};
    struct sx_count count;
    struct sx_error err;

    put_in(b, "e", NULL, ENGLISH);
    put_in(b, "empty", "", ENGLISH);
    put_in(b, "g", NULL, GERMAN);
    put_in(b, "given", "fr", ENGLISH);
    put_in(b, "none", NULL, "8200");
    must(sx_index_put(b->ix, &titled, 1, NULL, &err), &err);
    commit(b);
    assert_lang(b, "e", "en", true);
    assert_lang(b, "empty", "en", true);
    assert_lang(b, "g", "de", true);
    assert_lang(b, "given", "fr", false);
    assert_lang(b, "none", NULL, false);
    assert_lang(b, "t", "de", true);
    must(sx_reader_count(b->r, str_of("gericht lang:de"), SX_MATCH_ALL, NULL, &count, &err), &err);
    assert_int_equal(count.total, 2);
    must(sx_index_check(b->ix, &err), &err);
}

static void putting_a_text_again_changes_nothing(void **state)
{
    struct bed *b = *state;

    put_in(b, "e", NULL, ENGLISH);
    commit(b);
    int64_t next_id = b->ix->committed.next_id;
    put_in(b, "e", NULL, ENGLISH);
    commit(b);
    assert_int_equal(b->ix->committed.next_id, next_id);
    assert_lang(b, "e", "en", true);
    put_in(b, "e", "en", ENGLISH); /* now it is known */
    commit(b);
    assert_lang(b, "e", "en", false);
    put_in(b, "e", "de", ENGLISH);
    commit(b);
    assert_lang(b, "e", "de", false);
}

/* ---- faults --------------------------------------------------------------------------------------- */

/* The nth allocation of a commit fails: nothing of it is there; put again, all of it is. */
static void a_commit_undoes_itself_when_memory_runs_out(void **state)
{
    struct bed *b = *state;
    struct sx_error err;
    sx_status rc = SX_ENOMEM;
    long n = 0;

    put_in(b, "a", "en", "court");
    commit(b);
    for (; rc != SX_OK; n++) {
        assert_true(n < 500);
        forms_forget(b->ix->languages.forms);
        put_in(b, "b", "en", "courts");
        put_in(b, "c", "fr", "tables");
        mem_fail_after(n);
        rc = sx_index_commit(b->ix, &err);
        mem_fail_after(-1);
        if (rc == SX_OK)
            break;
        assert_int_equal(rc, SX_ENOMEM);
        assert_string_equal(languages(b), "en+");
        assert_string_equal(forms(b, "court"), "court ");
    }
    assert_true(n > 0);
    assert_string_equal(languages(b), "en+ fr+");
    assert_string_equal(forms(b, "court"), "court courts ");
}

static void filling_survives_want_of_memory(void **state)
{
    struct bed *b = *state;
    bool more = true;
    struct sx_error err;
    long n = 0, failures = 0;

    put_large_index(b);
    put_in(b, "e1", "en", "1");
    put_in(b, "e2", "en", "1");
    commit(b);
    for (; more; n++) {
        mem_fail_after(n % 40);
        sx_status rc = sx_index_maintain(b->ix, 0, &more, &err);
        mem_fail_after(-1);
        assert_true(rc == SX_OK || rc == SX_ENOMEM);
        failures += rc != SX_OK;
        more = more || rc != SX_OK;
    }
    assert_true(failures > 10);
    assert_string_equal(languages(b), "en+");
    assert_string_equal(forms(b, "zones"), "zones zone ");
}

/* ---- searches ------------------------------------------------------------------------------ */

/* How many documents a query finds with match all; *warnings is how much it was warned of. */
static uint64_t found(struct bed *b, struct sx_str query, size_t *warnings)
{
    struct sx_search ask = {.query = query, .match = SX_MATCH_ALL, .limit = 10};
    struct sx_results *res;
    struct sx_error err;

    must(sx_reader_search(b->r, &ask, &res, &err), &err);
    uint64_t total = res->total;
    *warnings = res->warning_count;
    sx_results_free(res);
    return total;
}

static void a_word_finds_its_forms(void **state)
{
    struct bed *b = *state;
    size_t warnings, deleted;
    struct sx_error err;

    put_in(b, "a", "en", "The ships sailed from the harbour.");
    put_in(b, "b", "en", "A ship sails.");
    commit(b);
    assert_int_equal(found(b, str_of("ship sailing"), &warnings), 2);
    struct sx_search ask = {.query = str_of("Ship \"sail\" Harbours"), .limit = 1};
    struct sx_results *res;
    must(sx_reader_search(b->r, &ask, &res, &err), &err);
    assert_int_equal(res->form_count, 2);
    assert_true(str_is(res->forms[0].word, "ship"));
    assert_int_equal(res->forms[0].count, 1);
    assert_true(str_is(res->forms[0].forms[0], "ships"));
    assert_true(str_is(res->forms[1].word, "harbours"));
    sx_results_free(res);
    assert_int_equal(found(b, str_of("\"ship\""), &warnings), 1);
    assert_int_equal(found(b, str_of("ships -\"ships\""), &warnings), 1);
    assert_int_equal(found(b, str_of("the ship"), &warnings), 2);
    assert_int_equal(found(b, str_of("+the ship"), &warnings), 1);
    assert_int_equal(found(b, str_of("the"), &warnings), 1);
    assert_int_equal(found(b, str_of("\"from the harbour\""), &warnings), 1);
    assert_int_equal(warnings, 0);
    assert_int_equal(found(b, str_of("WHO ships"), &warnings), 0);
    /* What is deleted is meant as it stands, but what is excluded in every form. */
    must(sx_index_delete_query(b->ix, str_of("harbours"), &deleted, &err), &err);
    assert_int_equal(deleted, 0);
    must(sx_index_delete_query(b->ix, str_of("the harbour of"), &deleted, &err), &err);
    assert_int_equal(deleted, 0);
    must(sx_index_delete_query(b->ix, str_of("harbour -ship"), &deleted, &err), &err);
    assert_int_equal(deleted, 0);
    must(sx_index_delete_query(b->ix, str_of("the harbour"), &deleted, &err), &err);
    assert_int_equal(deleted, 1);
}

/* German "war" (was) is no reason to leave out an English war. */
static void a_stop_word_is_one_in_every_language(void **state)
{
    struct bed *b = *state;
    size_t warnings;

    put_in(b, "a", "en", "A war and its crimes.");
    put_in(b, "b", "en", "A crime in the house.");
    commit(b);
    assert_int_equal(found(b, str_of("in crimes"), &warnings), 2);
    put_in(b, "c", "de", "Es war einmal in einem Haus.");
    commit(b);
    assert_string_equal(languages(b), "de+ en+");
    assert_int_equal(found(b, str_of("war crimes"), &warnings), 1);
    assert_int_equal(found(b, str_of("the crimes"), &warnings), 1);
    assert_int_equal(found(b, str_of("in crimes"), &warnings), 2);
}

static void languages_follow_what_is_replaced(void **state)
{
    struct bed *b = *state;
    char uri[16];

    for (int i = 0; i < 20; i++) {
        snprintf(uri, sizeof(uri), "%d", i);
        put_in(b, uri, "en", "ships");
    }
    commit(b);
    assert_string_equal(languages(b), "en+");
    for (int i = 0; i < 20; i++) {
        snprintf(uri, sizeof(uri), "%d", i);
        put_in(b, uri, "fr", "navires");
    }
    commit(b);
    assert_string_equal(languages(b), "fr+");
}

static void the_forms_of_a_query_are_limited(void **state)
{
    struct bed *b = *state;
    struct buf body = {0};
    struct buf query = {0};
    size_t warnings;
    int words = SX_QUERY_FORMS_MAX / 3 + 1;

    for (int i = 0; i < words; i++) {
        char word[8];
        snprintf(word, sizeof(word), "%c%c%cork", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676);
        buf_printf(&body, "%s %ss %sed %sing ", word, word, word, word);
        if (i > 0)
            buf_printf(&query, "%s ", word);
    }
    put_in(b, "a", "en", buf_cstr(&body));
    commit(b);
    assert_int_equal(found(b, buf_str(&query), &warnings), 1);
    assert_int_equal(warnings, 0);
    buf_puts(&query, "aaaork");
    assert_int_equal(found(b, buf_str(&query), &warnings), 1);
    assert_int_equal(warnings, 1);
    buf_release(&body);
    buf_release(&query);
}

/* ---- readers beside the writer ------------------------------------------------------------------- */

struct watcher {
    struct sx_reader *r;
    struct stemmer *stemmer;
    _Atomic(bool) *done;
    bool ok;
};

/* "stem" and "stems" come in one commit: a reader that finds one finds both. */
static void *watch(void *arg)
{
    struct watcher *w = arg;

    while (w->ok && !atomic_load(w->done)) {
        struct state snap;
        struct langs langs;
        struct arena mem = {0};
        struct sx_str *got;
        size_t count;
        bool more;
        w->ok = reader_begin(w->r, &snap, NULL) == SX_OK &&
                language_ready(&w->r->c, &langs, NULL) == SX_OK &&
                forms_of(&w->r->c, w->stemmer, &langs, str_of("stems"), &mem, &got, &count, &more,
                         NULL) == SX_OK;
        w->ok = w->ok && (snap.docs == 0 ? count == 1 : count == 2);
        reader_end(w->r);
        arena_release(&mem);
    }
    return NULL;
}

static void readers_see_whole_commits(void **state)
{
    struct bed *b = *state;
    struct watcher watchers[2];
    pthread_t threads[2];
    _Atomic(bool) done = false;
    struct sx_error err;

    for (int i = 0; i < 2; i++) {
        watchers[i] = (struct watcher){.done = &done, .ok = true, .stemmer = stemmer_new()};
        assert_non_null(watchers[i].stemmer);
        must(sx_reader_open(&watchers[i].r, b->ix, &err), &err);
        assert_int_equal(pthread_create(&threads[i], NULL, watch, &watchers[i]), 0);
    }
    for (int i = 0; i < 200; i++) {
        char body[64];
        snprintf(body, sizeof(body), "stem stems %c%cs", 'a' + i % 26, 'a' + i / 26);
        put_in(b, body, "en", body);
        commit(b);
    }
    atomic_store(&done, true);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_true(watchers[i].ok);
        stemmer_free(watchers[i].stemmer);
        sx_reader_close(watchers[i].r);
    }
}

#define with_index(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_index(forms_come_with_the_commit),
        with_index(a_rollback_leaves_nothing),
        with_index(frequent_languages_are_chosen),
        with_index(a_language_that_comes_back_lacks_nothing),
        with_index(configured_languages_are_taken),
        with_index(a_late_language_is_filled_in_slices),
        with_index(an_index_of_the_first_schema_is_brought_up_to_date),
        with_index(the_language_of_a_document_is_found_out),
        with_index(putting_a_text_again_changes_nothing),
        with_index(a_commit_undoes_itself_when_memory_runs_out),
        with_index(filling_survives_want_of_memory),
        with_index(a_word_finds_its_forms),
        with_index(a_stop_word_is_one_in_every_language),
        with_index(languages_follow_what_is_replaced),
        with_index(the_forms_of_a_query_are_limited),
        with_index(readers_see_whole_commits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
