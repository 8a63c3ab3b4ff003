/* Addresses are written one way everywhere: options, configuration, environment, messages. */
#include "index/base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static sx_status refuse(struct sx_error *err, const char *text, const char *what)
{
    return sx_fail(err, SX_EREQUEST, "address '%.*s': %s", ADDRESS_TEXT_MAX, text, what);
}

static sx_status parse_unix(struct address *out, const char *path, struct sx_error *err)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = strlen(path);

    if (len == 0)
        return refuse(err, out->text, "the path is empty");
    if (len >= sizeof(un.sun_path))
        return refuse(err, out->text, "a socket's path has at most 107 bytes");
    memcpy(un.sun_path, path, len);
    memcpy(&out->addr, &un, sizeof(un));
    out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
    out->is_unix = true;
    return SX_OK;
}

/* Digits only, up to 65535; -1 otherwise. */
static int parse_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return -1;
    long port = strtol(text, NULL, 10);
    return port > 65535 ? -1 : (int)port;
}

static bool fill_v4(struct address *out, const char *host, int port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &in.sin_addr) != 1)
        return false;
    memcpy(&out->addr, &in, sizeof(in));
    out->len = sizeof(in);
    return true;
}

static bool fill_v6(struct address *out, const char *host, int port)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};

    if (inet_pton(AF_INET6, host, &in.sin6_addr) != 1)
        return false;
    memcpy(&out->addr, &in, sizeof(in));
    out->len = sizeof(in);
    return true;
}

static sx_status parse_tcp(struct address *out, const char *rest, struct sx_error *err)
{
    char host[ADDRESS_TEXT_MAX];
    const char *colon = strrchr(rest, ':');

    if (colon == NULL)
        return refuse(err, out->text, "expected tcp:HOST:PORT");
    int port = parse_port(colon + 1);
    if (port < 0)
        return refuse(err, out->text, "the port must be a number up to 65535");
    bool bracketed = rest[0] == '[' && colon > rest + 1 && colon[-1] == ']';
    size_t len = (size_t)(colon - rest) - (bracketed ? 2 : 0);
    memcpy(host, rest + bracketed, len);
    host[len] = '\0';
    if (bracketed ? fill_v6(out, host, port) : fill_v4(out, host, port))
        return SX_OK;
    return refuse(err, out->text, "the host must be localhost, 127.0.0.1 or [::1], or like these");
}

sx_status address_parse(struct address *out, const char *text, struct sx_error *err)
{
    memset(out, 0, sizeof(*out));
    if (strlen(text) >= sizeof(out->text))
        return refuse(err, text, "too long");
    memcpy(out->text, text, strlen(text) + 1);
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(out, text + 5, err);
    if (text[0] == '/')
        return parse_unix(out, text, err);
    if (strncmp(text, "tcp:", 4) == 0)
        return parse_tcp(out, text + 4, err);
    return refuse(err, text, "expected unix:/path, /path or tcp:HOST:PORT");
}

sx_status address_default(struct address *out, struct sx_error *err)
{
    char text[ADDRESS_TEXT_MAX];
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    int n;

    if (geteuid() == 0)
        return address_parse(out, "unix:/run/searchd/searchd.sock", err);
    if (runtime != NULL && runtime[0] == '/')
        n = snprintf(text, sizeof(text), "unix:%s/searchd.sock", runtime);
    else
        n = snprintf(text, sizeof(text), "unix:/tmp/searchd-%u.sock", (unsigned)geteuid());
    if (n < 0 || (size_t)n >= sizeof(text))
        return sx_fail(err, SX_EREQUEST, "XDG_RUNTIME_DIR is too long for a socket's path");
    return address_parse(out, text, err);
}
