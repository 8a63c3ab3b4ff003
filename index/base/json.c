/* cJSON for the tree, our scan before it and our printer behind it: what cJSON takes too lightly or
 * rounds never passes. */
#include "index/base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "index/base/alloc.h"
#include "index/base/json_scan.h"
#include "index/base/str.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53: every integer up to here is a double */

void json_init(void)
{
    cJSON_Hooks hooks = {mem_alloc, mem_free};

    cJSON_InitHooks(&hooks);
}

/* ---- parsing --------------------------------------------------------------------------- */

/* cJSON keeps a double and no digits. A number that a double may not hold keeps its text in
 * valuestring, which cJSON copies and frees with the item but never uses for numbers. Text and
 * tree have their numbers in the same order. */
struct number_walk {
    const char *p, *end; /* of a text that was scanned */
};

/* Moves to the next number of the text and behind it. */
static struct sx_str next_number(struct number_walk *w)
{
    for (; w->p < w->end; w->p++) {
        if (*w->p == '"') {
            for (w->p++; *w->p != '"'; w->p++)
                w->p += *w->p == '\\';
        } else if (*w->p == '-' || (*w->p >= '0' && *w->p <= '9')) {
            const char *begin = w->p;
            while (w->p < w->end && strchr("+-.0123456789Ee", *w->p) != NULL && *w->p != '\0')
                w->p++;
            return str_make(begin, (size_t)(w->p - begin));
        }
    }
    return str_make("", 0);
}

/* Recursion is bounded by JSON_DEPTH_MAX. */
static bool keep_digits(cJSON *v, struct number_walk *w)
{
    if (cJSON_IsNumber(v)) {
        struct sx_str digits = next_number(w);
        if (digits.len > JSON_EXACT_BYTES) {
            v->valuestring = cJSON_malloc(digits.len + 1);
            if (v->valuestring == NULL)
                return false;
            memcpy(v->valuestring, digits.ptr, digits.len);
            v->valuestring[digits.len] = '\0';
        }
    }
    for (cJSON *child = v->child; child != NULL; child = child->next)
        if (!keep_digits(child, w))
            return false;
    return true;
}

sx_status json_parse(struct sx_str text, size_t max_values, cJSON **out, struct sx_error *err)
{
    struct number_walk walk = {text.ptr, text.ptr + text.len};
    bool long_numbers;
    sx_status rc = json_scan_text(text, max_values, &long_numbers, err);

    *out = NULL;
    if (rc != SX_OK)
        return rc;
    cJSON *v = cJSON_ParseWithLength(text.ptr, text.len);
    if (v == NULL || (long_numbers && !keep_digits(v, &walk))) {
        cJSON_Delete(v);
        return sx_fail_oom(err); /* the scan left nothing else that could fail */
    }
    *out = v;
    return SX_OK;
}

/* ---- printing -------------------------------------------------------------------------- */

/* In the fewest digits that are read as the same. */
static void print_shortest(double v, struct buf *out)
{
    char text[40];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, v);
        if (digits == 17 || strtod(text, NULL) == v) /* 17 always suffice */
            break;
    }
    buf_puts(out, text);
}

void json_print_double(double v, struct buf *out)
{
    if (!isfinite(v)) {
        buf_puts(out, "null");
    } else if (v == floor(v) && fabs(v) <= EXACT_MAX) {
        if (signbit(v))
            buf_putc(out, '-');
        buf_put_u64(out, (uint64_t)fabs(v));
    } else {
        print_shortest(v, out);
    }
}

void json_print_number(const cJSON *v, struct buf *out)
{
    if (v->valuestring != NULL)
        buf_puts(out, v->valuestring);
    else
        json_print_double(v->valuedouble, out);
}

static bool plain(char c)
{
    return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

void json_print_str(struct sx_str s, struct buf *out)
{
    static const char meant[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    size_t begin = 0;

    buf_putc(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (plain(s.ptr[i]))
            continue;
        buf_put(out, s.ptr + begin, i - begin);
        begin = i + 1;
        const char *found = memchr(meant, s.ptr[i], sizeof(meant) - 1);
        if (found != NULL)
            buf_printf(out, "\\%c", letters[found - meant]);
        else
            buf_printf(out, "\\u%04x", (unsigned)s.ptr[i]);
    }
    buf_put(out, s.ptr == NULL ? "" : s.ptr + begin, s.len - begin);
    buf_putc(out, '"');
}

/* Recursion is bounded by the tree: the scan's depth, or what the caller built. */
static void print_members(const cJSON *v, struct buf *out)
{
    bool object = cJSON_IsObject(v);

    buf_putc(out, object ? '{' : '[');
    for (const cJSON *child = v->child; child != NULL; child = child->next) {
        if (object) {
            json_print_str(str_of(child->string), out);
            buf_putc(out, ':');
        }
        json_print(child, out);
        if (child->next != NULL)
            buf_putc(out, ',');
    }
    buf_putc(out, object ? '}' : ']');
}

void json_print(const cJSON *v, struct buf *out)
{
    if (cJSON_IsObject(v) || cJSON_IsArray(v))
        print_members(v, out);
    else if (cJSON_IsString(v))
        json_print_str(str_of(v->valuestring), out);
    else if (cJSON_IsRaw(v))
        buf_puts(out, v->valuestring);
    else if (cJSON_IsNumber(v))
        json_print_number(v, out);
    else if (cJSON_IsBool(v))
        buf_puts(out, cJSON_IsTrue(v) ? "true" : "false");
    else
        buf_puts(out, "null");
}

/* ---- building -------------------------------------------------------------------------- */

bool json_add_u64(cJSON *obj, const char *key, uint64_t v)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, v);
    return cJSON_AddRawToObject(obj, key, text) != NULL;
}

bool json_add_str(cJSON *obj, const char *key, struct sx_str s)
{
    cJSON *item = cJSON_AddNullToObject(obj, key);

    if (item == NULL)
        return false;
    char *copy = cJSON_malloc(s.len + 1);
    if (copy == NULL)
        return false;
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    item->valuestring = copy;
    item->type = cJSON_String;
    return true;
}

/* ---- getters --------------------------------------------------------------------------- */

sx_status json_get_str(const cJSON *obj, const char *key, struct sx_str *out, struct sx_error *err)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, key);

    if (v == NULL)
        return SX_OK;
    if (!cJSON_IsString(v))
        return sx_fail_at(err, SX_EREQUEST, key, SX_NO_OFFSET, "%s must be a string", key);
    *out = str_of(v->valuestring);
    return SX_OK;
}

sx_status json_get_u64(const cJSON *obj, const char *key, uint64_t min, uint64_t max, uint64_t *out,
                       struct sx_error *err)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, key);

    if (v == NULL)
        return SX_OK;
    double d = cJSON_IsNumber(v) ? v->valuedouble : -1;
    if (!(d >= 0 && d <= EXACT_MAX) || d != floor(d) || (uint64_t)d < min || (uint64_t)d > max)
        return sx_fail_at(err, SX_EREQUEST, key, SX_NO_OFFSET,
                          "%s must be an integer from %" PRIu64 " to %" PRIu64, key, min, max);
    *out = (uint64_t)d;
    return SX_OK;
}

sx_status json_get_bool(const cJSON *obj, const char *key, bool *out, struct sx_error *err)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, key);

    if (v == NULL)
        return SX_OK;
    if (!cJSON_IsBool(v))
        return sx_fail_at(err, SX_EREQUEST, key, SX_NO_OFFSET, "%s must be true or false", key);
    *out = cJSON_IsTrue(v);
    return SX_OK;
}
