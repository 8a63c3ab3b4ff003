/* The rules of article.h: each finds what it should, and nothing where it should not. */
#include "index/ingest/article.h"

#include <dirent.h>
#include <stdlib.h>

#include "index/base/file.h"
#include "index/base/str.h"
#include "index/ingest/meta.h"
#include "tests/support/support.h"

/* A paragraph longer than any menu or caption. */
#define PARAGRAPH                                                                                  \
    "The ferry between the two harbours was taken out of service on Thursday after an inspection " \
    "found cracks in its hull, and the company said that a smaller boat would sail every hour "    \
    "until the repairs are done, which may take until the spring.\n"

/* `confidence` 0: nothing is found. */
static void assert_found(const struct meta *m, enum meta_field field, const char *value,
                         double confidence)
{
    if (confidence == 0) {
        if (m->rank[field] != 0)
            fail_msg("field %d is '%.*s', but should be absent", field, (int)m->value[field].len,
                     m->value[field].data);
        return;
    }
    if (m->rank[field] == 0)
        fail_msg("field %d is absent, but should be '%s'", field, value);
    if (!str_is(buf_str(&m->value[field]), value))
        fail_msg("field %d is '%.*s', not '%s'", field, (int)m->value[field].len,
                 m->value[field].data, value);
    if (m->confidence[field] < confidence - .001 || m->confidence[field] > confidence + .001)
        fail_msg("'%s' has confidence %.2f, not %.2f", value, m->confidence[field], confidence);
}

static void assert_field(const char *text, enum meta_field field, const char *value,
                         double confidence)
{
    struct meta m = {0};

    article_read(str_of(text), DATE_ORDER_UNKNOWN, &m);
    assert_true(meta_ok(&m));
    assert_found(&m, field, value, confidence);
    meta_release(&m);
}

static void titles_are_found_behind_menus(void **state)
{
    (void)state;
    assert_field("Title: Ferry\n" PARAGRAPH, META_TITLE, "Ferry", 1);
    assert_field("Ferry is taken out of service\n" PARAGRAPH, META_TITLE,
                 "Ferry is taken out of service", .9);
    assert_field("Ferry is taken out of service\nFile photo\n\nFerry is taken out of service\nx",
                 META_TITLE, "Ferry is taken out of service", .9);
    assert_field("Ferry is taken out of service\nShort words.\n", META_TITLE,
                 "Ferry is taken out of service", .7);
    assert_field("Search\n\nSaved articles\n\nSubscribe to the newsletter\n\nJoin us for news and "
                 "tips.\n\nFerry is taken out of service\n\n" PARAGRAPH,
                 META_TITLE, "Ferry is taken out of service", .6);
    assert_field("Search\n\nBarges wait at the lock\n\nText follows.", META_TITLE, NULL, 0);
    assert_field("Credited from: CITY NEWS\n" PARAGRAPH, META_TITLE, NULL, 0);
    assert_field(PARAGRAPH "A short line below it here\n" PARAGRAPH, META_TITLE,
                 "A short line below it here", .6);
}

static void sources_are_found(void **state)
{
    (void)state;
    assert_field(
        "Title: A title that is as long as a line of a paragraph\nSource: Delta Courier\nx",
        META_SOURCE, "Delta Courier", 1);
    assert_field("Source: Delta Courier\nx", META_SOURCE, "Delta Courier", 1);
    assert_field("Quelle: Hafenbote\nx", META_SOURCE, "Hafenbote", 1);
    assert_field("Credited from: CITY NEWS\n" PARAGRAPH, META_SOURCE, "CITY NEWS", .9);
    assert_field("LONDON (Delta Agency) - " PARAGRAPH, META_SOURCE, "Delta Agency", .6);
    assert_field("x\nComments\n\nBy - Dnews 26 Sep 2025 5 Mins Read\nEmail : 12\n", META_SOURCE,
                 "Dnews", .5);
    assert_field(PARAGRAPH "\xC2\xA9 2019-2025 Delta Courier. All rights reserved.\n", META_SOURCE,
                 "Delta Courier", .5);
    assert_field(PARAGRAPH "Copyright is a right of authors\n", META_SOURCE, NULL, 0);
    assert_field("They met (not for long) - " PARAGRAPH, META_SOURCE, NULL, 0);
    assert_field(PARAGRAPH "Source: x", META_SOURCE, "x", 1); /* among the first lines */
}

static void authors_are_found(void **state)
{
    (void)state;
    assert_field("Ferry is taken out of service\nBy Ada Quill\n" PARAGRAPH, META_AUTHOR,
                 "Ada Quill", .7);
    assert_field("F\nVon Ada Quill und Bo van der Berg\n" PARAGRAPH, META_AUTHOR,
                 "Ada Quill und Bo van der Berg", .7);
    assert_field("F\nBy Ada Quill | 15 August 2025\n" PARAGRAPH, META_AUTHOR, "Ada Quill", .7);
    assert_field("F\nAuthor: ada q\n" PARAGRAPH, META_AUTHOR, "ada q", 1);
    assert_field("F\nBy the time they came it was late\n" PARAGRAPH, META_AUTHOR, NULL, 0);
    assert_field("F\nBy\n" PARAGRAPH, META_AUTHOR, NULL, 0);
}

static void dates_are_found(void **state)
{
    (void)state;
    assert_field("Date: 2025-08-15T10:00:00Z\nx", META_DATE, "2025-08-15T10:00:00Z", .95);
    assert_field("Ferry is taken out of service\nPublié le 15 août 2025 à 10h\n" PARAGRAPH,
                 META_DATE, "2025-08-15", .95);
    assert_field("F\nUpdated 16 August 2025\nPublished 15 August 2025\nx", META_DATE, "2025-08-15",
                 .95);
    assert_field("Ferry is out\nShort Url\nUpdated 15 August 2025\nFollow\n", META_DATE,
                 "2025-08-15", .7);
    assert_field("F\n15 August 2025 10:15 CEST - 3 min read\n" PARAGRAPH, META_DATE, "2025-08-15",
                 .8);
    assert_field("F\nvendredi 15 août 2025\n" PARAGRAPH, META_DATE, "2025-08-15", .8);
    assert_field("F\nBy Ada Quill | 15 August 2025\n" PARAGRAPH, META_DATE, "2025-08-15", .8);
    assert_field("LONDON, 15 August 2025 \xE2\x80\x94 " PARAGRAPH, META_DATE, "2025-08-15", .7);
    assert_field("x\nComments\n\nBy - Dnews 26 Sep 2025 5 Mins Read\nEmail : 12\n", META_DATE,
                 "2025-09-26", .8);
    assert_field("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n" PARAGRAPH
                 "By - Dnews 26 Sep 2025 5 Mins Read\nEmail : 12\n",
                 META_DATE, "2025-09-26", .5);
    assert_field("Date: 2025-08\nx", META_DATE, "2025-08", .95);
}

static void a_wrong_date_is_worse_than_none(void **state)
{
    (void)state;
    assert_field("F\n15 August 2025\n16 August 2025\n" PARAGRAPH, META_DATE, NULL, 0);
    assert_field("F\nDate: 2025-08-15T10:00:00Z\nDate: 2025-08-16T10:00:00Z\n" PARAGRAPH, META_DATE,
                 NULL, 0);
    assert_field("F\n15 August 2025 was a warm day\n" PARAGRAPH, META_DATE, NULL, 0);
    assert_field("F\nThe strike of 15 August 2025 is over\n" PARAGRAPH, META_DATE, NULL, 0);
    assert_field("F\nThe bonds that the harbour sold last year are due on\n15 August 2025.\nmore",
                 META_DATE, NULL, 0); /* the middle of a paragraph of broken lines */
    assert_field("F\nUpdated 6 sec ago\n" PARAGRAPH, META_DATE, NULL, 0);
    assert_field("F\n05/08/2025\n" PARAGRAPH, META_DATE, NULL, 0);
    assert_field("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n" PARAGRAPH
                 "By - A 26 Sep 2025\nBy - B 27 Sep 2025\n",
                 META_DATE, NULL, 0);
    assert_field("It was late (as always) on 15 August 2025 - " PARAGRAPH, META_DATE, NULL, 0);
}

static void around_a_title_only_author_and_date_are_read(void **state)
{
    struct meta m = {0};

    (void)state;
    article_top(str_of("Title: x\nSource: y\nBy Ada Quill\n5.8.2025\n"), DATE_ORDER_DMY, &m);
    assert_found(&m, META_TITLE, NULL, 0);
    assert_found(&m, META_SOURCE, NULL, 0);
    assert_found(&m, META_AUTHOR, "Ada Quill", .7);
    assert_found(&m, META_DATE, "2025-08-05", .8);
    meta_release(&m);
}

static void assert_address(const char *address, const char *day)
{
    struct meta m = {0};

    article_by_address(str_of(address), &m);
    assert_found(&m, META_DATE, day, day == NULL ? 0 : .6);
    meta_release(&m);
}

static void an_address_may_tell_the_day(void **state)
{
    (void)state;
    assert_address("https://example.org/2025/08/15/ferry", "2025-08-15");
    assert_address("file:///notes/2025-08-15-ferry.md", "2025-08-15");
    assert_address("https://example.org/2025-08-15", "2025-08-15");
    assert_address("file:///backup/2025-08-15/ferry.md", NULL); /* the day of the copy */
    assert_address("https://example.org/2025/13/15/ferry", NULL);
    assert_address("https://example.org/2025/08/15", NULL); /* may be a number of something */
    assert_address("file:///2025-08-151", NULL);
    assert_address("", NULL);
    assert_address("/", NULL);
}

/* What scraped articles should give, by their lines; the articles are no part of the project. */
static const struct {
    const char *file;              /* how its name begins */
    int title_line, source_within; /* 0: absent */
    const char *date;
} scraped[] = {
    {"000_", 0, 1, NULL},           {"001_", 1, 0, NULL},         {"002_", 3, 0, NULL},
    {"003_", 22, 45, "2025-09-26"}, {"004_", 1, 0, "2025-08-15"},
};

static void assert_line(const struct meta *m, enum meta_field field, struct sx_str text, int number,
                        bool whole)
{
    struct sx_str value = buf_str(&m->value[field]), line = {0};

    if (number == 0) {
        assert_found(m, field, NULL, 0);
        return;
    }
    assert_true(m->rank[field] != 0);
    while (number-- > 0)
        assert_true(meta_line(&text, &line));
    assert_true(whole ? str_eq(meta_trim(line), value)
                      : memmem(line.ptr, line.len, value.ptr, value.len) != NULL);
}

static void assert_scraped(const char *path, size_t row)
{
    struct buf text = {0};
    struct meta m = {0};
    struct sx_error err = {0};

    assert_int_equal(file_read(path, 1 << 20, &text, &err), SX_OK);
    article_read(buf_str(&text), DATE_ORDER_UNKNOWN, &m);
    assert_line(&m, META_TITLE, buf_str(&text), scraped[row].title_line, true);
    assert_line(&m, META_SOURCE, buf_str(&text), scraped[row].source_within, false);
    assert_found(&m, META_DATE, scraped[row].date,
                 scraped[row].date == NULL ? 0 : m.confidence[META_DATE]);
    meta_release(&m);
    buf_release(&text);
}

/* $SEARCHD_ARTICLES, or shared/corpus/articles beside the source. */
static DIR *open_articles(char *dir, size_t size)
{
    const char *named = getenv("SEARCHD_ARTICLES"), *source = getenv("SEARCHD_SOURCE_DIR");

    if (named != NULL)
        snprintf(dir, size, "%s", named);
    else
        snprintf(dir, size, "%s/../shared/corpus/articles", source == NULL ? "." : source);
    return opendir(dir);
}

static void scraped_articles_are_named(void **state)
{
    char dir[2048];
    DIR *d = open_articles(dir, sizeof(dir));
    struct dirent *entry;
    size_t seen = 0;

    (void)state;
    if (d == NULL) {
        print_message("SKIPPED: no scraped articles in %s. Set SEARCHD_ARTICLES to their folder\n",
                      dir);
        skip();
    }
    while ((entry = readdir(d)) != NULL) {
        for (size_t i = 0; i < sizeof(scraped) / sizeof(scraped[0]); i++) {
            char path[4096];
            if (strncmp(entry->d_name, scraped[i].file, 4) != 0)
                continue;
            snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
            assert_scraped(path, i);
            seen++;
        }
    }
    closedir(d);
    assert_int_equal(seen, sizeof(scraped) / sizeof(scraped[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(titles_are_found_behind_menus),
        cmocka_unit_test(sources_are_found),
        cmocka_unit_test(authors_are_found),
        cmocka_unit_test(dates_are_found),
        cmocka_unit_test(a_wrong_date_is_worse_than_none),
        cmocka_unit_test(around_a_title_only_author_and_date_are_read),
        cmocka_unit_test(an_address_may_tell_the_day),
        cmocka_unit_test(scraped_articles_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
