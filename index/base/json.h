/* JSON in and out: cJSON behind a strict scan, getters that name what is wrong, numbers that
 * keep their digits.
 *
 * cJSON alone accepts invalid UTF-8, raw control characters, 01, trailing bytes, duplicate
 * keys, and cuts strings at U+0000; json_scan() refuses all of that first, and bounds depth and
 * the number of values, so that a tree never costs more than the limits say. */
#ifndef INDEX_BASE_JSON_H
#define INDEX_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "index/base/buf.h"
#include "index/base/error.h"

#define JSON_DEPTH_MAX 32

/* Gives cJSON our allocator; call it before any thread and any other function here. Again is
 * harmless. */
void json_init(void);

/* Whether text[0..len) is one JSON value as RFC 8259 has it (white space around it allowed),
 * without NUL raw or escaped, lone surrogate, duplicate key, depth over JSON_DEPTH_MAX, or more
 * than `max_values` values, or a number of more than 63 bytes or beyond a double. SX_EJSON names
 * the offset; SX_ELIMIT too many values. */
sx_status json_scan(struct sx_str text, size_t max_values, struct sx_error *err);

/* Scans, then parses; the caller frees *out with cJSON_Delete(). Numbers of more digits than a
 * double keeps have their text in `valuestring`, which json_print() and json_print_number() use. */
sx_status json_parse(struct sx_str text, size_t max_values, cJSON **out, struct sx_error *err);

/* Prints `v` without white space at the end of `out`; failure is remembered by `out`. */
void json_print(const cJSON *v, struct buf *out);

/* Prints a number with the digits it was written with or, up to 15 bytes of it, its value. */
void json_print_number(const cJSON *v, struct buf *out);

/* A double with as many digits as it takes to read back the same; null when it is no number. */
void json_print_double(double v, struct buf *out);

/* Appends `s` as a JSON string with its quotes; `s` is valid UTF-8. */
void json_print_str(struct sx_str s, struct buf *out);

/* Adds a 64-bit number, exact; false when memory ran out. */
bool json_add_u64(cJSON *obj, const char *key, uint64_t v);
/* Adds a string that is not ended by NUL; false when memory ran out. */
bool json_add_str(cJSON *obj, const char *key, struct sx_str s);

/* Getters of an object's members by exact key. An absent key leaves *out as it was, which makes
 * it the default; a wrong type or range is SX_EREQUEST and names the key and what was expected.
 * Strings borrow from `obj`; integers above 2^53 are out of range. */
sx_status json_get_str(const cJSON *obj, const char *key, struct sx_str *out, struct sx_error *err);
sx_status json_get_u64(const cJSON *obj, const char *key, uint64_t min, uint64_t max, uint64_t *out,
                       struct sx_error *err);
sx_status json_get_bool(const cJSON *obj, const char *key, bool *out, struct sx_error *err);

#endif
