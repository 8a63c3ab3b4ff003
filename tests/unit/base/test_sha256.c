/* SHA-256 against the vectors of FIPS 180-4 and NIST's CAVP, and against itself however the
 * message is cut. */
#include "index/base/sha256.h"

#include <stdbool.h>

#include "tests/support/support.h"

static void assert_hash(const void *p, size_t n, const char *hex)
{
    struct sha256 h;
    unsigned char out[32];
    char got[65];

    sha256_init(&h);
    sha256_update(&h, p, n);
    sha256_final(&h, out);
    hex_encode(out, 32, got);
    assert_string_equal(got, hex);
}

static void known_messages_give_known_hashes(void **state)
{
    static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    static const char four[] = "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                               "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
    static const unsigned char one = 0xbd;
    static const unsigned char word[4] = {0xc9, 0x8c, 0x8e, 0x55};

    (void)state;
    assert_hash(NULL, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_hash("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_hash(two, 56, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_hash(four, 112, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    assert_hash(&one, 1, "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b");
    assert_hash(word, 4, "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504");
}

/* NIST: runs of zero bytes around the lengths where padding takes another block. */
static void lengths_around_a_block_are_padded_right(void **state)
{
    static const unsigned char zeros[1000];

    (void)state;
    assert_hash(zeros, 55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7");
    assert_hash(zeros, 56, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb");
    assert_hash(zeros, 57, "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785");
    assert_hash(zeros, 64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
    assert_hash(zeros, 1000, "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53");
}

static void a_million_letters_hash_as_published(void **state)
{
    struct sha256 h;
    unsigned char out[32];
    char run[1000], got[65];

    (void)state;
    memset(run, 'a', sizeof(run));
    sha256_init(&h);
    for (int i = 0; i < 1000; i++)
        sha256_update(&h, run, sizeof(run));
    sha256_final(&h, out);
    hex_encode(out, 32, got);
    assert_string_equal(got, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void the_cut_of_a_message_does_not_matter(void **state)
{
    unsigned char msg[200], whole[32], parts[32];
    struct sha256 h;

    (void)state;
    for (size_t i = 0; i < sizeof(msg); i++)
        msg[i] = (unsigned char)(i * 37 + 11);
    sha256_init(&h);
    sha256_update(&h, msg, sizeof(msg));
    sha256_final(&h, whole);
    for (size_t first = 0; first <= sizeof(msg); first++) {
        for (size_t second = 0; second + first <= sizeof(msg); second += 13) {
            sha256_init(&h);
            sha256_update(&h, msg, first);
            sha256_update(&h, msg + first, second);
            sha256_update(&h, msg + first + second, sizeof(msg) - first - second);
            sha256_final(&h, parts);
            assert_memory_equal(parts, whole, 32);
        }
    }
}

static void hex_goes_both_ways_and_refuses_other_letters(void **state)
{
    unsigned char all[256], back[256];
    char hex[513];

    (void)state;
    for (int i = 0; i < 256; i++)
        all[i] = (unsigned char)i;
    hex_encode(all, 256, hex);
    assert_int_equal(strlen(hex), 512);
    assert_int_equal(hex_decode(hex, 256, back), 0);
    assert_memory_equal(back, all, 256);
    assert_int_equal(hex_decode("AbCd", 2, back), 0);
    assert_int_equal(back[0], 0xab);
    for (int c = 0; c < 256; c++) {
        char pair[2] = {'0', (char)c};
        bool digit = c != 0 && strchr("0123456789abcdefABCDEF", c) != NULL;
        assert_int_equal(hex_decode(pair, 1, back), digit ? 0 : -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_messages_give_known_hashes),
        cmocka_unit_test(lengths_around_a_block_are_padded_right),
        cmocka_unit_test(a_million_letters_hash_as_published),
        cmocka_unit_test(the_cut_of_a_message_does_not_matter),
        cmocka_unit_test(hex_goes_both_ways_and_refuses_other_letters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
