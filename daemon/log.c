/* One write(2) a line, so that the lines of several threads never mix. */
#include "daemon/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 1024

struct level {
    const char *name;
    int priority; /* syslog's */
};

static const struct level levels[] = {
    [LOG_LEVEL_ERROR] = {"error", 3},
    [LOG_LEVEL_WARN] = {"warn", 4},
    [LOG_LEVEL_INFO] = {"info", 6},
    [LOG_LEVEL_DEBUG] = {"debug", 7},
};

static bool journal;
static atomic_int threshold = LOG_LEVEL_INFO;

void log_init(void)
{
    const char *stream = getenv("JOURNAL_STREAM"); /* device:inode of what systemd gave us */
    struct stat st;
    unsigned long long dev, ino;
    journal = stream != NULL && fstat(STDERR_FILENO, &st) == 0 &&
              sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && dev == st.st_dev && ino == st.st_ino;
}

void log_set_level(enum log_level level)
{
    atomic_store(&threshold, (int)level);
}

int log_level_of(const char *name)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strcmp(levels[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* "<6>" for the journal, which has its own clock; else time and level. */
static size_t prefix(char *line, size_t size, enum log_level level)
{
    if (journal)
        return (size_t)snprintf(line, size, "<%d>", levels[level].priority);
    time_t now = time(NULL);
    struct tm tm;
    gmtime_r(&now, &tm);
    size_t n = strftime(line, size, "%Y-%m-%dT%H:%M:%SZ ", &tm);
    return n + (size_t)snprintf(line + n, size - n, "%s ", levels[level].name);
}

void log_line(enum log_level level, const char *fmt, ...)
{
    if ((int)level > atomic_load(&threshold))
        return;
    int saved = errno;
    char line[LINE_BYTES];
    size_t n = prefix(line, sizeof line, level);
    size_t words = n;
    va_list ap;
    va_start(ap, fmt);
    int added = vsnprintf(line + n, sizeof line - n - 1, fmt, ap);
    va_end(ap);
    if (added > 0)
        n += (size_t)added < sizeof line - n - 1 ? (size_t)added : sizeof line - n - 2;
    for (size_t i = words; i < n; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    line[n++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, n);
    (void)written; /* a closed stderr must not end the daemon */
    errno = saved;
}
