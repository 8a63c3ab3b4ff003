/* What a process that reads foreign files gives up before it does.
 *
 *   limits    memory, processor time, no new files, no processes, no core
 *   Landlock  no path can be opened (a reader), or only read below /usr (pdftotext); no TCP
 *   seccomp   a list of the calls it may make; whatever else ends it, or fails
 *
 * What the kernel lacks is told, and the rest holds without it. */
#ifndef INDEX_EXTRACT_SANDBOX_H
#define INDEX_EXTRACT_SANDBOX_H

#include <stdint.h>

/* Under a sanitizer memory is not limited (it maps all there is), and more calls are let through. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

enum sandbox_profile {
    SANDBOX_READER,   /* opens nothing, starts nothing */
    SANDBOX_PDFTOTEXT /* reads below /usr, may replace itself by exec */
};

/* What is lacking, as bits. */
#define SANDBOX_NO_LANDLOCK 1
#define SANDBOX_NO_SECCOMP 2

struct sandbox_limits {
    uint64_t memory;    /* bytes of it */
    uint64_t mapped;    /* of files, besides */
    uint64_t cpu_s;     /* of processor time: a last resort, as who waits has a timer of its own */
    unsigned max_files; /* descriptors */
};

/* Gives it all up, for good; returns what is lacking. */
int sandbox_enter(enum sandbox_profile profile, const struct sandbox_limits *limits);

/* "Landlock", "Landlock and seccomp" … or "" */
const char *sandbox_lacks(int bits);

#endif
