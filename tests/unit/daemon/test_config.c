/* The configuration: every fault names file and line; every key and option is documented. */
#include "tests/support/support.h"

#include <ctype.h>

#include "daemon/config.h"
#include "daemon/options.h"
#include "index/base/buf.h"
#include "index/base/file.h"

static sx_status read_text(struct config *c, const char *text, struct sx_error *err)
{
    *err = (struct sx_error){.offset = SX_NO_OFFSET};
    config_init(c);
    return config_read_text(c, "f.conf", text, strlen(text), err);
}

static void every_key_arrives(void **state)
{
    (void)state;
    struct config c;
    struct sx_error err;
    const char *text = "; a comment\n[server]\nlisten = unix:/a\nlisten = tcp:127.0.0.1:7700\n"
                       "workers = 3\nadmin_on_tcp = yes\ndata = /d\n[limits]\ntimeout_ms = 50\n"
                       "in_flight = 4\n[files]\ntimeout_ms = 700\n[log]\nlevel = "
                       "debug\n[collection news]\nroot = /r\n"
                       "root = /s\nrescan = 5\ndurability = relaxed\nboilerplate = keep\n"
                       "languages = en, nl,pt-BR\n[collection mail]\n"
                       "data = /m\n";
    if (read_text(&c, text, &err) != SX_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(config_finish(&c, &err), SX_OK);
    assert_int_equal(c.listen_count, 2);
    assert_string_equal(c.listen[1], "tcp:127.0.0.1:7700");
    assert_int_equal(c.workers, 3);
    assert_true(c.admin_on_tcp);
    assert_int_equal(c.limits.timeout_ms, 50);
    assert_int_equal(c.limits.in_flight, 4);
    assert_int_equal(c.files.timeout_ms, 700);
    assert_int_equal(c.files.memory_mb, 1024);
    assert_int_equal(c.limits.line_bytes, 1 << 20);
    assert_int_equal(c.collection_count, 2);
    assert_string_equal(c.collections[0].data, "/d/news");
    assert_string_equal(c.collections[1].data, "/m");
    assert_int_equal(c.collections[0].root_count, 2);
    assert_int_equal(c.collections[0].rescan_s, 5);
    assert_true(c.collections[0].relaxed);
    assert_false(c.collections[1].relaxed);
    assert_true(c.collections[0].keep_boilerplate);
    assert_false(c.collections[1].keep_boilerplate);
    assert_int_equal(c.collections[0].language_count, 3);
    assert_string_equal(c.collections[0].languages[0], "en");
    assert_string_equal(c.collections[0].languages[2], "pt-BR");
    assert_int_equal(c.collections[1].language_count, 0);
    config_release(&c);
}

static void no_file_is_needed(void **state)
{
    (void)state;
    struct config c;
    struct sx_error err;
    assert_int_equal(read_text(&c, "", &err), SX_OK);
    assert_int_equal(config_finish(&c, &err), SX_OK);
    assert_int_equal(c.collection_count, 1);
    assert_string_equal(c.collections[0].name, "default");
    config_release(&c);
}

static void a_section_without_keys_counts(void **state)
{
    (void)state;
    struct config c;
    struct sx_error err;
    assert_int_equal(read_text(&c, "[collection mail]\n[collection news]\n", &err), SX_OK);
    assert_int_equal(c.collection_count, 2);
    assert_string_equal(c.collections[0].name, "mail");
    assert_string_equal(c.collections[1].name, "news");
    config_release(&c);
}

struct fault {
    const char *text;
    const char *says; /* file:line, and a word of the message */
    const char *word;
};

static const struct fault faults[] = {
    {"[server]\nport = 1\n", "f.conf:2: ", "no key 'port'"},
    {"[servers]\nlisten = unix:/a\n", "f.conf:1: ", "[servers]"},
    {"\n[servers]\n", "f.conf:2: ", "[servers]"},
    {"[collection a/b]\n[server]\n", "f.conf:1: ", "a name of letters"},
    {"workers = 3\n", "f.conf:1: ", "expected [server]"},
    {"[server]\nworkers = many\n", "f.conf:2: ", "a number from 0"},
    {"[server]\nworkers = 257\n", "f.conf:2: ", "a number from 0"},
    {"[server]\nworkers = -1\n", "f.conf:2: ", "a number from 0"},
    {"[server]\nworkers = 3 4\n", "f.conf:2: ", "a number from 0"},
    {"[server]\nworkers =\n", "f.conf:2: ", "a number from 0"},
    {"[server]\nworkers = 1\nworkers = 2\n", "f.conf:3: ", "twice"},
    {"[server]\nadmin_on_tcp = maybe\n", "f.conf:2: ", "yes or no"},
    {"[server]\nlisten = http://x\n", "f.conf:2: ", "unix:/path"},
    {"[server]\ndata = relative\n", "f.conf:2: ", "absolute"},
    {"[limits]\ntimeout_ms = 0\n", "f.conf:2: ", "milliseconds"},
    {"[limits]\ntimeout_ms = 99999999999999999999\n", "f.conf:2: ", "milliseconds"},
    {"[files]\nmemory_mb = 1\n", "f.conf:2: ", "256"},
    {"[log]\nlevel = loud\n", "f.conf:2: ", "error, warn"},
    {"[collection]\nroot = /a\n", "f.conf:1: ", "[collection NAME]"},
    {"[collection ../x]\nroot = /a\n", "f.conf:1: ", "a name of letters"},
    {"[collection x]\nroot = a\n", "f.conf:2: ", "absolute"},
    {"[collection x]\nboilerplate = some\n", "f.conf:2: ", "drop or keep"},
    {"[collection x]\n\ndurability = some\n", "f.conf:3: ", "full or relaxed"},
    {"[collection x]\nlanguages = en, xx\n", "f.conf:2: ", "codes such as en"},
    {"[collection x]\nlanguages = ,\n", "f.conf:2: ", "codes such as en"},
    {"[server]\nnonsense\n", "f.conf:2: ", "key = value"},
    {"[server\nworkers = 1\n", "f.conf:1: ", "[section]"},
};

static void faults_name_file_line_and_what_was_expected(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct config c;
        struct sx_error err;
        sx_status rc = read_text(&c, faults[i].text, &err);
        if (rc != SX_EREQUEST || strncmp(err.msg, faults[i].says, strlen(faults[i].says)) != 0 ||
            strstr(err.msg, faults[i].word) == NULL)
            fail_msg("%s -> %d '%s'", faults[i].text, (int)rc, err.msg);
        config_release(&c);
    }
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    static const char *const paths[] = {"/dev/null", "/proc", "/proc/self/mem", "/nonexistent"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct config c;
        struct sx_error err = {.offset = SX_NO_OFFSET};
        config_init(&c);
        assert_int_not_equal(config_read(&c, paths[i], &err), SX_OK);
        if (strstr(err.msg, paths[i]) == NULL)
            fail_msg("%s -> '%s'", paths[i], err.msg);
        config_release(&c);
    }
}

static void a_line_that_would_be_split_is_refused(void **state)
{
    (void)state;
    char text[600];
    struct config c;
    struct sx_error err;
    const char *head = "[collection x]\nroot = /";
    for (int len = CONFIG_LINE_MAX - 3; len <= CONFIG_LINE_MAX + 3; len++) {
        int pad = len - (int)strlen("root = /");
        snprintf(text, sizeof text, "%s%0*d\n", head, pad, 0);
        sx_status rc = read_text(&c, text, &err);
        if (len <= CONFIG_LINE_MAX) {
            assert_int_equal(rc, SX_OK);
            assert_int_equal(strlen(c.collections[0].roots[0]), (size_t)pad + 1); /* not cut */
        } else {
            assert_int_equal(rc, SX_EREQUEST);
            assert_non_null(strstr(err.msg, "f.conf:2: line is longer"));
        }
        config_release(&c);
    }
}

static char *read_source(const char *name, struct buf *out)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", source_dir(), name);
    assert_int_equal(file_read(path, 1 << 20, out, NULL), SX_OK);
    assert_non_null(buf_cstr(out));
    return out->data;
}

struct documents {
    const char *example, *man;
};

static void assert_documented(void *ctx, const char *section, const char *key, const char *expects)
{
    (void)expects;
    const struct documents *d = ctx;
    char line[100];
    snprintf(line, sizeof line, "\n#%s = ", key);
    if (strstr(d->example, line) == NULL)
        fail_msg("config/searchd.conf lacks #%s of [%s]", key, section);
    snprintf(line, sizeof line, "\\fB%s\\fR", key);
    if (strstr(d->man, line) == NULL)
        fail_msg("searchd(8) lacks %s of [%s]", key, section);
}

static void every_key_is_documented(void **state)
{
    (void)state;
    struct buf example = {0}, man = {0};
    struct documents d = {read_source("config/searchd.conf", &example),
                          read_source("config/man/searchd.8", &man)};
    config_keys(assert_documented, &d);
    for (size_t i = 0; i < option_row_count; i++) {
        char text[64];
        snprintf(text, sizeof text, "\\-\\-%s", option_rows[i].name);
        for (char *p = text + 4; (p = strchr(p, '-')) != NULL; p += 2) {
            memmove(p + 1, p, strlen(p) + 1); /* roff writes \- */
            *p = '\\';
        }
        if (strstr(d.man, text) == NULL)
            fail_msg("searchd(8) lacks %s", text);
    }
    buf_release(&example);
    buf_release(&man);
}

/* The example's values are the defaults: uncommented, it changes nothing. */
static void the_example_states_the_defaults(void **state)
{
    (void)state;
    struct buf text = {0};
    struct config plain, c;
    struct sx_error err;
    char *p = read_source("config/searchd.conf", &text);
    for (char *at = p; (at = strchr(at, '#')) != NULL; at++)
        if (islower((unsigned char)at[1]) && (at == p || at[-1] == '\n'))
            *at = ' '; /* "#key = value" comes alive; "# words" stays a comment */
    struct buf live = {0};
    for (char *line; (line = strsep(&p, "\n")) != NULL;) {
        buf_puts(&live, line + (line[0] == ' '));
        buf_putc(&live, '\n');
    }
    if (read_text(&c, buf_cstr(&live), &err) != SX_OK)
        fail_msg("%s", err.msg);
    config_init(&plain);
    assert_memory_equal(&c.limits, &plain.limits, sizeof plain.limits);
    assert_memory_equal(&c.files, &plain.files, sizeof plain.files);
    assert_int_equal(c.workers, plain.workers);
    assert_int_equal(c.admin_on_tcp, plain.admin_on_tcp);
    assert_int_equal(c.log_level, plain.log_level);
    assert_int_equal(c.collections[0].rescan_s, 60);
    assert_false(c.collections[0].relaxed);
    config_release(&c);
    buf_release(&live);
    buf_release(&text);
}

static void options_override_the_file(void **state)
{
    (void)state;
    char *dir = temp_dir();
    char path[4096], data[] = "--data=/elsewhere", root[] = "--root=/r",
                     listen[] = "--listen=unix:/l";
    char config[4200], name[] = "searchd";
    snprintf(path, sizeof path, "%s/c", dir);
    snprintf(config, sizeof config, "--config=%s", path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("[server]\nlisten = unix:/a\ndata = /d\n[collection c]\nroot = /q\n", f);
    fclose(f);
    char *argv[] = {name, config, data, root, listen, NULL};
    struct options o;
    struct config c;
    struct sx_error err;
    assert_true(options_read(&o, 5, argv));
    assert_int_equal(options_config(&o, &c, &err), SX_OK);
    assert_int_equal(c.listen_count, 1);
    assert_string_equal(c.listen[0], "unix:/l");
    assert_string_equal(c.collections[0].data, "/elsewhere/c");
    assert_int_equal(c.collections[0].root_count, 2);
    assert_string_equal(c.collections[0].roots[1], "/r");
    config_release(&c);
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_arrives),
        cmocka_unit_test(no_file_is_needed),
        cmocka_unit_test(a_section_without_keys_counts),
        cmocka_unit_test(faults_name_file_line_and_what_was_expected),
        cmocka_unit_test(a_file_that_cannot_be_read_is_named),
        cmocka_unit_test(a_line_that_would_be_split_is_refused),
        cmocka_unit_test(every_key_is_documented),
        cmocka_unit_test(the_example_states_the_defaults),
        cmocka_unit_test(options_override_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
