/* What several tests need: cmocka with its headers, a folder that goes away, paths. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Makes an empty folder for one test; the caller frees the path. Never NULL. */
char *temp_dir(void);
/* Removes it with all below, and frees the path. */
void temp_dir_remove(char *dir);

/* The project's source folder and the folder of the binaries, from the environment that ctest
 * sets; never NULL. */
const char *source_dir(void);
const char *bin_dir(void);

#endif
