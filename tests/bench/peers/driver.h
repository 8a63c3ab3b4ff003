/* What the drivers in C and C++ share: questions from queries.tsv, and the times of answering them.
 * README.md here tells what each driver must do. A driver gives driver_main() its functions. */
#ifndef TESTS_BENCH_PEERS_DRIVER_H
#define TESTS_BENCH_PEERS_DRIVER_H

#include <stdint.h>
#include <stdio.h>

#define DRIVER_TOP 10
#define DRIVER_WORDS_MAX 16

struct question {
    char *kind;
    char *words[DRIVER_WORDS_MAX];
    int word_count;
    void *made; /* the driver's own, from prepare() */
};

struct answer {
    uint64_t total;           /* exact in a mode that counts */
    uint64_t ids[DRIVER_TOP]; /* numbers of documents, the best first */
    int id_count;
};

/* A driver. A function that fails says why and ends the program. */
struct driver {
    void (*index)(const char *docs, const char *dir);
    void (*merge)(const char *dir); /* NULL: there is no such thing */
    void (*open)(const char *dir);
    void (*prepare)(struct question *q);
    void (*ask)(const struct question *q, int mode, struct answer *out);
    const char *modes[8]; /* names, ended by NULL; the one named "total" is what hits are told of */
};

#ifdef __cplusplus
extern "C" {
#endif
int driver_main(const struct driver *d, int argc, char **argv);
/* The next document of docs.tsv: three strings that live until the next call. False at the end. */
int driver_next_doc(FILE *docs, char **id, char **title, char **body);
void driver_die(const char *what, const char *why);
#ifdef __cplusplus
}
#endif

#endif
