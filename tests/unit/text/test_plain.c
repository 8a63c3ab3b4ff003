/* Bytes to bits, against the twin that looks at each. */
#include "index/text/plain.h"

#include <string.h>

#include "tests/support/support.h"
#include "tests/unit/text/random_text.h"

static void assert_twins(const unsigned char *text, size_t len)
{
    struct plain fast, slow;

    memset(&fast, 0xAA, sizeof(fast));
    memset(&slow, 0x55, sizeof(slow));
    plain_read(text, len, &fast);
    plain_read_portable(text, len, &slow);
    assert_int_equal(fast.words, slow.words);
    assert_int_equal(fast.capitals, slow.capitals);
    assert_int_equal(fast.others, slow.others);
}

static void every_byte_is_what_its_twin_says(void **state)
{
    unsigned char text[PLAIN_BYTES];

    (void)state;
    for (unsigned byte = 0; byte < 256; byte++)
        for (unsigned at = 0; at < PLAIN_BYTES; at++) {
            memset(text, ' ', sizeof(text));
            text[at] = (unsigned char)byte;
            assert_twins(text, sizeof(text));
        }
}

static void texts_of_any_length_are_what_their_twins_say(void **state)
{
    unsigned char text[PLAIN_BYTES + 8];
    uint64_t seed = 23;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        size_t len = random_below(&seed, sizeof(text) + 1);
        for (size_t k = 0; k < len; k++)
            text[k] = (unsigned char)random_below(&seed, 256);
        assert_twins(text, len);
    }
}

static void bits_stand_where_their_bytes_do(void **state)
{
    struct plain p;

    (void)state;
    plain_read((const unsigned char *)"aB 9_\xC3\xA9@", 8, &p);
    assert_int_equal(p.words, 0x0B);
    assert_int_equal(p.capitals, 0x02);
    assert_int_equal(p.others, 0xF0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_what_its_twin_says),
        cmocka_unit_test(texts_of_any_length_are_what_their_twins_say),
        cmocka_unit_test(bits_stand_where_their_bytes_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
