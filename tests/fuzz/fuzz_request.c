/* libFuzzer: any bytes as what a peer sends. The first byte says in what pieces they arrive; the
 * lines that come out go through the JSON and the table of operations, as in the daemon, without
 * any I/O. A failure must be told as one line of JSON. */
#include <stdlib.h>
#include <string.h>

#include "daemon/lines.h"
#include "daemon/ops.h"
#include "daemon/reply.h"
#include "index/base/str.h"

#define LINE_LIMIT 512 /* small, so that the limits are met */
#define PUT_LIMIT 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* The reply to a failure is JSON again, with the id that was read. */
static void check_failure(const struct request *req, const struct sx_error *err)
{
    struct buf out = {0};
    struct sx_error bad = {0};

    reply_error(&out, req->id, err);
    check(buf_ok(&out) && out.len > 0 && out.data[out.len - 1] == '\n');
    check(memchr(out.data, '\n', out.len - 1) == NULL);
    check(json_scan(str_make(out.data, out.len - 1), 100, &bad) == SX_OK);
    buf_release(&out);
}

static void check_line(struct sx_str line)
{
    struct request req;
    struct sx_error err = {.offset = SX_NO_OFFSET};
    sx_status rc = request_read(&req, line, LINE_LIMIT, &err);

    check(rc == err.code);
    if (rc == SX_OK) {
        check(req.op != NULL);
        check(req.limit <= SX_LIMIT_MAX || req.op->lane != LANE_READ);
        check(line.len <= LINE_LIMIT || req.op->bulk);
        check(req.op->lane != LANE_READ || req.offset + req.limit <= SX_WINDOW_MAX ||
              strcmp(req.op->name, "failed") == 0);
    } else {
        check(err.msg[0] != '\0');
        check_failure(&req, &err);
    }
    request_release(&req);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lines l = {.limit = LINE_LIMIT, .put_limit = PUT_LIMIT};
    struct sx_str line = {0};
    size_t step = size > 0 ? (size_t)data[0] + 1 : 1;
    enum line_event event = LINE_NONE;

    for (size_t at = 1; at < size; at += step) {
        struct sx_str piece = {(const char *)data + at, step < size - at ? step : size - at};
        while (piece.len > 0) {
            event = lines_next(&l, &piece, &line);
            check(l.part.len <= PUT_LIMIT);
            if (event == LINE_READY)
                check_line(line);
            if (event == LINE_HTTP)
                goto out;
        }
    }
    if (lines_end(&l, &line) == LINE_READY)
        check_line(line);
out:
    lines_release(&l);
    return 0;
}
