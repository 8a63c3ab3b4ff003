/* A look at a page before it is parsed, for the one thing that cannot be stopped later: libxml2
 * compares each attribute of a tag with all before it, without a call in between. */
#include "index/ingest/html_guard.h"

#include <string.h>
#include <strings.h>

/* Each attribute is one space, one equals sign or both. Real tags have a few dozen. */
#define MARKS_MAX 1024

struct scan {
    const char *at, *end;
};

static bool begins(const struct scan *s, const char *with)
{
    size_t len = strlen(with);

    return (size_t)(s->end - s->at) >= len && strncasecmp(s->at, with, len) == 0;
}

/* Past the next `what`, or to the end. */
static void skip_past(struct scan *s, const char *what)
{
    while ((s->at = memchr(s->at, what[0], (size_t)(s->end - s->at))) != NULL) {
        if (begins(s, what)) {
            s->at += strlen(what);
            return;
        }
        s->at++;
    }
    s->at = s->end;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_spaces(struct scan *s)
{
    while (s->at < s->end && is_space(*s->at))
        s->at++;
}

/* Behind an equals sign: a value in quotes may hold anything. */
static void skip_value(struct scan *s)
{
    const char *close;

    skip_spaces(s);
    if (s->at == s->end || (*s->at != '"' && *s->at != '\''))
        return;
    close = memchr(s->at + 1, *s->at, (size_t)(s->end - s->at - 1));
    s->at = close == NULL ? s->end : close + 1;
}

/* Past the tag that begins here; false when it has too many attributes. */
static bool skip_tag(struct scan *s)
{
    int marks = 0;

    while (s->at < s->end && *s->at != '>' && marks <= MARKS_MAX) {
        char c = *s->at++;
        if (c == '=') {
            marks++;
            skip_value(s);
        } else if (is_space(c)) {
            marks++;
            skip_spaces(s);
        }
    }
    return marks <= MARKS_MAX;
}

bool html_tags_are_sane(struct sx_str html)
{
    struct scan s = {html.ptr, html.ptr + html.len};

    while ((s.at = memchr(s.at, '<', (size_t)(s.end - s.at))) != NULL) {
        bool script = begins(&s, "<script"), style = begins(&s, "<style");
        if (begins(&s, "<!--")) {
            skip_past(&s, "-->");
            continue;
        }
        s.at++;
        if (s.at == s.end || (*s.at | 0x20) < 'a' || (*s.at | 0x20) > 'z')
            continue;
        if (!skip_tag(&s))
            return false;
        if (script || style)
            skip_past(&s, script ? "</script" : "</style");
    }
    return true;
}
