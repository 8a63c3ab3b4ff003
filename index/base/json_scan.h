/* The strict scan behind json_scan() and json_parse(). */
#ifndef INDEX_BASE_JSON_SCAN_H
#define INDEX_BASE_JSON_SCAN_H

#include "index/base/json.h"

/* A number of at most so many bytes keeps all its digits in a double. */
#define JSON_EXACT_BYTES 15

/* json_scan(), and whether some number is longer than JSON_EXACT_BYTES. */
sx_status json_scan_text(struct sx_str text, size_t max_values, bool *long_numbers,
                         struct sx_error *err);

#endif
