/* Addresses: each form that is taken, each that is refused, and the default. */
#include "tests/support/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include "index/base/address.h"

static struct address parsed(const char *text)
{
    struct address a;
    struct sx_error err;

    if (address_parse(&a, text, &err) != SX_OK)
        fail_msg("%s: %s", text, err.msg);
    assert_string_equal(a.text, text);
    return a;
}

static void assert_unix(const char *text, const char *path)
{
    struct address a = parsed(text);
    struct sockaddr_un un;

    memcpy(&un, &a.addr, sizeof(un));
    assert_true(a.is_unix);
    assert_int_equal(un.sun_family, AF_UNIX);
    assert_string_equal(un.sun_path, path);
    assert_int_equal(a.len, offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
}

static void unix_paths_are_taken_with_and_without_their_prefix(void **state)
{
    (void)state;
    assert_unix("unix:/run/searchd/searchd.sock", "/run/searchd/searchd.sock");
    assert_unix("/tmp/x", "/tmp/x");
    assert_unix("unix:relative", "relative");
}

static void assert_tcp(const char *text, int family, const char *host, int port)
{
    struct address a = parsed(text);
    char name[INET6_ADDRSTRLEN];
    const struct sockaddr_in *in = (const void *)&a.addr;
    const struct sockaddr_in6 *in6 = (const void *)&a.addr;
    const void *ip =
        family == AF_INET ? (const void *)&in->sin_addr : (const void *)&in6->sin6_addr;

    assert_false(a.is_unix);
    assert_int_equal(a.addr.ss_family, family);
    assert_int_equal(ntohs(in->sin_port), port); /* at the same place in both */
    assert_string_equal(inet_ntop(family, ip, name, sizeof(name)), host);
    assert_int_equal(a.len, family == AF_INET ? sizeof(*in) : sizeof(*in6));
}

static void tcp_takes_numeric_hosts_and_localhost(void **state)
{
    (void)state;
    assert_tcp("tcp:127.0.0.1:7700", AF_INET, "127.0.0.1", 7700);
    assert_tcp("tcp:localhost:1", AF_INET, "127.0.0.1", 1);
    assert_tcp("tcp:0.0.0.0:0", AF_INET, "0.0.0.0", 0);
    assert_tcp("tcp:[::1]:65535", AF_INET6, "::1", 65535);
    assert_tcp("tcp:[2001:db8::5]:80", AF_INET6, "2001:db8::5", 80);
}

static void everything_else_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "unix:",
        "tcp:",
        "tcp::7700",
        "tcp:127.0.0.1",
        "localhost",
        "tcp:::1:7700",
        "tcp:[::1]",
        "tcp:[]:1",
        "tcp:[::1:1",
        "relative",
        "http://x",
        "tcp:host:1",
        "tcp:1.2.3.4:",
        "tcp:1.2.3.4:65536",
        "UNIX:/x",
        "tcp:1.2.3:1",
        "tcp:[1.2.3.4]:1",
        "tcp:1.2.3.4:-1",
        "tcp:1.2.3.4:7700x",
        "tcp:1.2.3.4: 1",
        "tcp:1.2.3.4:000001",
    };
    struct address a;
    struct sx_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (address_parse(&a, bad[i], &err) != SX_EREQUEST)
            fail_msg("'%s' was taken", bad[i]);
}

static void a_path_ends_where_the_kernel_cuts_it(void **state)
{
    char text[300] = "unix:/";
    struct address a;
    struct sx_error err;

    (void)state;
    memset(text + 6, 'x', sizeof(text) - 7);
    assert_int_equal(address_parse(&a, text, &err), SX_EREQUEST);
    text[5 + 108] = '\0';
    assert_int_equal(address_parse(&a, text, &err), SX_EREQUEST);
    text[5 + 107] = '\0';
    assert_int_equal(address_parse(&a, text, &err), SX_OK);
}

static void the_default_follows_the_user(void **state)
{
    char expected[64];
    struct address a;

    (void)state;
    setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
    assert_int_equal(address_default(&a, NULL), SX_OK);
    assert_string_equal(a.text, geteuid() == 0 ? "unix:/run/searchd/searchd.sock"
                                               : "unix:/run/user/7/searchd.sock");
    unsetenv("XDG_RUNTIME_DIR");
    snprintf(expected, sizeof(expected), "unix:/tmp/searchd-%u.sock", (unsigned)geteuid());
    assert_int_equal(address_default(&a, NULL), SX_OK);
    assert_string_equal(a.text, geteuid() == 0 ? "unix:/run/searchd/searchd.sock" : expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unix_paths_are_taken_with_and_without_their_prefix),
        cmocka_unit_test(tcp_takes_numeric_hosts_and_localhost),
        cmocka_unit_test(everything_else_is_refused),
        cmocka_unit_test(a_path_ends_where_the_kernel_cuts_it),
        cmocka_unit_test(the_default_follows_the_user),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
