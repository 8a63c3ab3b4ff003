/* The SQLite file: what it holds, how a new one is made, how an old one is brought up to date. */
#ifndef INDEX_STORE_SCHEMA_H
#define INDEX_STORE_SCHEMA_H

#include "index/store/db.h"

#define SCHEMA_APPLICATION_ID 0x73656378 /* "secx", in the header of the file */
#define SCHEMA_VERSION 6                 /* user_version */
#define SCHEMA_PAGE_SIZE 16384

/* Makes, checks or migrates the file behind the writer's connection. SX_EVERSION: a foreign file
 * or one of a newer searchd; it was not changed. */
sx_status schema_prepare(struct db *c, struct sx_error *err);

#endif
