/* Prints what is read of files: ingest_show FILE... */
#include <stdio.h>
#include <string.h>

#include "tests/ingest/gather.h"

static void show(const char *key, const char *value)
{
    if (value != NULL && value[0] != '\0')
        printf("    %s %s\n", key, value);
}

int main(int argc, char **argv)
{
    int failed = 0;

    for (int i = 1; i < argc; i++) {
        const char *slash = strrchr(argv[i], '/');
        const char *name = slash == NULL ? argv[i] : slash + 1;
        struct buf bytes = {0};
        struct gather g = {0};
        if (!gather_file(argv[i], &bytes)) {
            fprintf(stderr, "cannot read %s\n", argv[i]);
            failed = 1;
            continue;
        }
        gather_read(&g, name, buf_str(&bytes), NULL);
        printf("== %s: %zu documents, %zu failed, %zu unsound\n", name, g.doc_count, g.fail_count,
               g.unsound);
        for (size_t d = 0; d < g.doc_count; d++) {
            printf("  doc %s\n", g.docs[d].uri);
            show("title", g.docs[d].title);
            show("date", g.docs[d].date);
            show("source", g.docs[d].source);
            show("lang", g.docs[d].lang);
            show("type", g.docs[d].type);
            show("extra", g.docs[d].extra);
            show("body", g.docs[d].body);
        }
        for (size_t d = 0; d < g.fail_count; d++)
            printf("  fails %s: %s\n", g.fails[d].uri, g.fails[d].why);
        gather_release(&g);
        buf_release(&bytes);
    }
    return failed;
}
