/* Runs a fuzz target without libFuzzer: fuzz_NAME MUTATIONS FILE|FOLDER...
 *
 * Replays each sample, then as many mutations of them as asked. The mutations come from a fixed
 * seed, so that a failure comes again; the input that ended the process is left in the file
 * fuzz-failed-input of the working folder, where libFuzzer or a debugger can take it up. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLES_MAX 1024
#define INPUT_MAX (64 << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sample {
    uint8_t *data;
    size_t size;
};

static struct sample samples[SAMPLES_MAX];
static size_t sample_count;
static uint64_t seed = 0x9E3779B97F4A7C15u;

static const uint8_t *volatile running; /* for the signal handler */
static volatile size_t running_size;

static void leave_input(int sig)
{
    int fd = open("fuzz-failed-input", O_WRONLY | O_CREAT | O_TRUNC, 0644);

    if (fd < 0 || write(fd, running, running_size) != (ssize_t)running_size)
        _exit(2);
    static const char told[] = "the input is left in ./fuzz-failed-input\n";
    ssize_t done = write(STDERR_FILENO, told, sizeof(told) - 1);
    (void)done;
    signal(sig, SIG_DFL);
    raise(sig);
}

/* The target gets a copy of exactly `size` bytes, so that reading past them is seen. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    running = copy;
    running_size = size;
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static size_t below(size_t n)
{
    seed ^= seed << 13; /* xorshift64 */
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed % n);
}

/* Puts `n` bytes of `from` at `at`, moving what is behind; returns the new size. */
static size_t insert(uint8_t *data, size_t size, size_t at, const uint8_t *from, size_t n)
{
    if (n > INPUT_MAX - size)
        n = INPUT_MAX - size;
    memmove(data + at + n, data + at, size - at);
    memcpy(data + at, from, n);
    return size + n;
}

static size_t mutate(uint8_t *data, size_t size)
{
    static const uint8_t odd[] = {0x00, 0x7F, 0x80, 0xC0, 0xED, 0xFF, '"', '\\', '(', '<', '\n'};
    const struct sample *other = &samples[below(sample_count)];
    size_t at = below(size + 1), n, from;

    switch (below(size > 0 ? 5 : 2)) {
    case 0:
        return insert(data, size, at, &odd[below(sizeof(odd))], 1);
    case 1:
        from = below(other->size + 1);
        n = below(other->size - from + 1);
        return insert(data, size, at, other->data + from, n);
    case 2:
        data[below(size)] ^= (uint8_t)(1u << below(8));
        return size;
    case 3:
        data[below(size)] = odd[below(sizeof(odd))];
        return size;
    default:
        n = below(size - at + 1);
        memmove(data + at, data + at + n, size - at - n);
        return size - n;
    }
}

static void read_sample(const char *path)
{
    static uint8_t data[INPUT_MAX];
    FILE *file = fopen(path, "rb");

    if (file == NULL || sample_count == SAMPLES_MAX) {
        fprintf(stderr, "cannot take %s\n", path);
        exit(2);
    }
    size_t size = fread(data, 1, sizeof(data), file);
    fclose(file);
    struct sample *s = &samples[sample_count++];
    *s = (struct sample){malloc(size + 1), size};
    if (s->data == NULL)
        abort();
    memcpy(s->data, data, size);
}

static void read_samples(const char *path)
{
    struct dirent **entries;
    struct stat st;

    if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
        read_sample(path);
        return;
    }
    int count = scandir(path, &entries, NULL, alphasort); /* the same order everywhere */
    if (count < 0) {
        perror(path);
        exit(2);
    }
    for (int i = 0; i < count; i++) {
        char child[4096];
        snprintf(child, sizeof(child), "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            read_sample(child);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    static uint8_t data[INPUT_MAX];
    long mutations = argc > 2 ? strtol(argv[1], NULL, 10) : 0;

    for (int i = 2; i < argc; i++)
        read_samples(argv[i]);
    if (sample_count == 0) {
        fprintf(stderr, "usage: %s MUTATIONS FILE|FOLDER...\n", argv[0]);
        return 2;
    }
    signal(SIGABRT, leave_input);
    for (size_t i = 0; i < sample_count; i++)
        run(samples[i].data, samples[i].size);
    for (long i = 0; i < mutations; i++) {
        const struct sample *s = &samples[below(sample_count)];
        size_t size = s->size;
        memcpy(data, s->data, size);
        for (size_t steps = 1 + below(4); steps > 0; steps--)
            size = mutate(data, size);
        run(data, size);
    }
    printf("%zu samples, %ld mutations\n", sample_count, mutations);
    for (size_t i = 0; i < sample_count; i++)
        free(samples[i].data);
    return 0;
}
