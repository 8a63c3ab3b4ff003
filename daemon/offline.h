/* What searchd does without serving: --index-only and --check. */
#ifndef DAEMON_OFFLINE_H
#define DAEMON_OFFLINE_H

#include "daemon/config.h"

/* Brings every collection in line with its roots, whose files `extract` reads. stdout: one summary a root; stderr: one line a
 * file that failed, and on a terminal how far it is. 0: all read; 1: a file failed; 2: there is
 * no root, and stderr names `file`, where one was looked for. */
int offline_index(const struct config *c, struct sx_extract *extract, const char *file);

/* Verifies every collection; stdout says what was found. 0: sound; 1: not. */
int offline_check(const struct config *c);

#endif
