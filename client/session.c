/* What every operation goes through, so that all faults look alike and end with the same status. */
#include "client/session.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "index/base/str.h"

/* ---- faults ---------------------------------------------------------------------------- */

void complain(const char *fmt, ...)
{
    struct buf shown = {0};
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    escape_text(&shown, str_of(text));
    fprintf(stderr, "searchc: %.*s\n", (int)shown.len, shown.data == NULL ? "" : shown.data);
    buf_release(&shown);
}

int exit_of(const cJSON *reply)
{
    static const char *const usage[] = {"not_found", "no_collection", "too_large",
                                        "limit_exceeded"};
    const char *code = reply_code(reply);

    if (strncmp(code, "bad_", 4) == 0 || strncmp(code, "unknown_", 8) == 0)
        return EXIT_USAGE;
    for (size_t i = 0; i < sizeof(usage) / sizeof(usage[0]); i++)
        if (strcmp(code, usage[i]) == 0)
            return EXIT_USAGE;
    return EXIT_REFUSED;
}

int exit_of_status(sx_status rc)
{
    if (rc == SX_EUNREACHABLE)
        return EXIT_UNREACHABLE;
    return rc == SX_EREQUEST ? EXIT_USAGE : EXIT_REFUSED;
}

/* ---- connection ------------------------------------------------------------------------ */

static volatile sig_atomic_t interrupt_fd = -1;
static const char *volatile interrupt_line;

/* Calls only what a handler may. */
static void on_interrupt(int sig)
{
    const char *line = interrupt_line;

    (void)sig;
    if (line != NULL && interrupt_fd >= 0)
        send((int)interrupt_fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
    _exit(EXIT_INTERRUPTED);
}

void session_on_interrupt(const struct session *s, const char *line)
{
    interrupt_fd = sx_client_fd(s->client);
    interrupt_line = line;
}

int session_open(struct session *s, const struct options *o)
{
    const struct sigaction act = {.sa_handler = on_interrupt};
    struct sx_error err;

    *s = (struct session){.o = o};
    terminal_init(&s->terminal, (enum color)o->color);
    signal(SIGPIPE, SIG_DFL); /* `searchc … | head` ends quietly, whatever was inherited */
    sigaction(SIGINT, &act, NULL);
    sx_status rc = sx_client_open(&s->client, o->socket, 0, &err);
    if (rc == SX_OK)
        return 0;
    complain("%s", err.msg);
    return exit_of_status(rc);
}

void session_close(struct session *s)
{
    interrupt_line = NULL;
    sx_client_close(s->client);
}

/* ---- requests -------------------------------------------------------------------------- */

void request_begin(const struct session *s, const char *op, struct buf *out)
{
    buf_printf(out, "{\"op\":\"%s\"", op);
    if (s->o->collection != NULL)
        request_text(out, "collection", s->o->collection);
}

void request_text(struct buf *out, const char *key, const char *value)
{
    buf_printf(out, ",\"%s\":", key);
    json_print_str(str_of(value), out);
}

int session_ask(struct session *s, struct buf *request, struct sx_str *line, cJSON **reply)
{
    struct sx_str received;
    struct sx_error err;
    sx_status rc = SX_ENOMEM;

    *reply = NULL;
    if (line == NULL)
        line = &received;
    sx_fail_oom(&err);
    if (buf_ok(request))
        rc = sx_client_request(s->client, buf_str(request), line, &err);
    if (rc != SX_OK) {
        complain("%s", err.msg);
        return exit_of_status(rc);
    }
    rc = reply_parse(*line, reply, &err);
    if (rc == SX_OK)
        return 0;
    if (err.offset != SX_NO_OFFSET)
        complain("%s: %s, at byte %" PRId64, reply_code(*reply), err.msg, err.offset);
    else
        complain("%s: %s", reply_code(*reply), err.msg);
    int status = exit_of(*reply);
    cJSON_Delete(*reply);
    *reply = NULL;
    return status;
}

void session_wait_ms(uint64_t ms)
{
    struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        ;
}

/* ---- output ---------------------------------------------------------------------------- */

bool emit(struct buf *out)
{
    bool ok = buf_ok(out);

    if (ok && out->len > 0)
        fwrite(out->data, 1, out->len, stdout);
    buf_clear(out);
    if (!ok)
        complain("out of memory");
    return ok;
}

static void pretty_line(struct buf *out, int depth)
{
    buf_printf(out, "\n%*s", 2 * depth, "");
}

/* Indents a valid JSON text by its brackets; the text itself stays digit for digit. */
static void pretty_json(struct sx_str s, struct buf *out)
{
    int depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i], next = s.ptr[i + 1 < s.len ? i + 1 : i];
        if (!quoted && (c == '}' || c == ']'))
            pretty_line(out, --depth);
        buf_putc(out, c);
        if (c == '"')
            quoted = !quoted;
        if (quoted && c == '\\') {
            buf_putc(out, next);
            i++;
        }
        if (quoted)
            continue;
        if ((c == '{' || c == '[') && (next == '}' || next == ']')) {
            buf_putc(out, next);
            i++;
        } else if (c == '{' || c == '[') {
            pretty_line(out, ++depth);
        } else if (c == ',') {
            pretty_line(out, depth);
        } else if (c == ':') {
            buf_putc(out, ' ');
        }
    }
}

void emit_json(const struct session *s, struct sx_str line, bool pretty)
{
    struct buf indented = {0}, out = {0};

    if (s->terminal.tty && pretty) {
        pretty_json(line, &indented);
        line = buf_str(&indented);
    }
    if (s->terminal.tty)
        escape_json(&out, line);
    else
        buf_put_str(&out, line);
    buf_putc(&out, '\n');
    out.failed = out.failed || indented.failed;
    emit(&out);
    buf_release(&indented);
    buf_release(&out);
}
