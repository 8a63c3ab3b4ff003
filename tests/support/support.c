/* Folders in /tmp and paths from the environment; what goes wrong fails the test that asked. */
#include "tests/support/support.h"

#include <ftw.h>
#include <unistd.h>

char *temp_dir(void)
{
    char path[] = "/tmp/searchd-test-XXXXXX";

    assert_non_null(mkdtemp(path));
    char *copy = strdup(path);
    assert_non_null(copy);
    return copy;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void temp_dir_remove(char *dir)
{
    if (dir == NULL)
        return;
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(dir);
}

static const char *from_environment(const char *name)
{
    const char *value = getenv(name);

    if (value == NULL)
        fail_msg("%s is not set: run the tests with ctest", name);
    return value;
}

const char *source_dir(void)
{
    return from_environment("SEARCHD_SOURCE_DIR");
}

const char *bin_dir(void)
{
    return from_environment("SEARCHD_BIN_DIR");
}
