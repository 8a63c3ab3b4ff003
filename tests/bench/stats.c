/* Medians, percentiles, peak memory. */
#include "tests/bench/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void series_add(struct series *s, double us)
{
    if (s->count == s->cap) {
        s->cap = s->cap == 0 ? 1024 : s->cap * 2;
        s->us = realloc(s->us, s->cap * sizeof(*s->us));
        if (s->us == NULL)
            abort();
    }
    s->us[s->count++] = us;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return x < y ? -1 : x > y;
}

double series_at(struct series *s, double share)
{
    if (s->count == 0)
        return 0;
    qsort(s->us, s->count, sizeof(*s->us), ascending);
    return s->us[(size_t)(share * (double)(s->count - 1) + 0.5)];
}

void series_release(struct series *s)
{
    free(s->us);
    memset(s, 0, sizeof(*s));
}

double peak_mb(int pid)
{
    char path[64];
    char line[256];
    double kb = 0;

    if (pid == 0)
        snprintf(path, sizeof(path), "/proc/self/status");
    else
        snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return 0;
    while (fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kb = strtod(line + 6, NULL);
    fclose(f);
    return kb / 1024;
}
