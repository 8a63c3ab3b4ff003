/* How many processors there are: for how many threads work at once. */
#ifndef INDEX_BASE_CORES_H
#define INDEX_BASE_CORES_H

#include <unistd.h>

/* At least 1. */
static inline unsigned cores_online(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    return cores < 1 ? 1 : (unsigned)cores;
}

#endif
