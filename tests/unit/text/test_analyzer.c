/* The analyzer: the tokens of each rule, and what callers count on. */
#include "index/text/analyzer.h"

#include "index/base/alloc.h"
#include "index/base/buf.h"
#include "index/base/utf8.h"
#include "tests/unit/text/random_text.h"
#include "tests/unit/text/tokens.h"

static struct analyzer *analyzer;
static struct tokens first, second;

static int set_up(void **state)
{
    (void)state;
    analyzer = analyzer_new();
    return analyzer == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    analyzer_free(analyzer);
    return 0;
}

static void run(const char *text, size_t len, struct tokens *out)
{
    tokens_read(out, analyzer, text, len);
}

/* The words with a bar between; beside each +part, =whole, ~pair, #dict, with the span if not 1
 * or, of a pair, 2. */
static const char *shown(const struct tokens *t, struct buf *out)
{
    static const char marks[] = {'|', '+', '=', '~', '#'};

    buf_clear(out);
    for (size_t i = 0; i < t->count; i++) {
        const struct kept *k = &t->at[i];
        if (i > 0)
            buf_putc(out, marks[k->kind]);
        buf_put_str(out, tokens_term(t, i));
        if (k->span != (k->kind == TOKEN_PAIR ? 2 : 1))
            buf_printf(out, "/%u", k->span);
    }
    return buf_cstr(out);
}

static const struct {
    const char *text, *tokens;
} samples[] = {
    {"", ""},
    {"The Quick Brown Fox", "the|quick|brown|fox"},
    {"caf\u00E9 CAFE\u0301 na\u00EFve", "cafe|cafe|naive"},
    /* apostrophes */
    {"don't Microsoft's", "dont+don+t|microsofts+microsoft+s"},
    {"l\u2019\u00C9tat O\u2018Brien don\uFF07t", "letat+l+etat|obrien+o+brien|dont+don+t"},
    {"Hawai\u02BBi d\u02BCabord \u02BCtis", "hawaii+hawai+i|dabord+d+abord|tis"},
    {"\u0149a", "na"},
    /* what parts nothing: Hebrew's quotes, Catalan's dot, Armenian's accents */
    {"צה\"ל צה\u05F4ל ג'ירפה ג\u05F3", "צהל|צהל|גירפה|ג"},
    {"a'א א'a", "aא+a+א|אa"},
    {"col\u00B7lecci\u00F3 L\u00B7L a\u00B7b co\u0140leccio", "colleccio|ll|ab+a+b|colleccio"},
    {"Ի\u055Eնչ", "ինչ"},
    /* dots */
    {"U.S.A. U.S. a.b", "usa|us|ab"},
    {"U\u0301.S \u05D0.\u05D1", "us|אב"},
    {"node.js", "node.js+node+js"},
    {"www.example.com a.bc.de.fg",
     "www.example.com+www+example+com+example.com|a.bc.de.fg+a+bc+de+fg+bc.de.fg+de.fg"},
    {"U.S.Ab", "u.s.ab+u+s+ab+s.ab"},
    /* @ */
    {"user@example.com", "user@example.com+user+example.com+example+com"},
    {"@user a@ @", "@user+user|a@+a|@"},
    {"a.b@c.d", "ab@cd+ab+cd"},
    /* underscores and capitals */
    {"foo_bar __init__ _ __", "foo_bar+foo+bar|__init__+init|__"},
    {"parseHttpRequest HTTPServer", "parsehttprequest+parse+http+request|httpserver+http+server"},
    {"iPhone6S MP3Player A1B2 Title UPPER", "iphone6s+i+phone6s|mp3player|a1b2|title|upper"},
    {"e\u0301A \u00E9\u00C9 \u01C5a", "ea+e+a|ee+e|dza"},
    {"\u0391\u03B2\u0393\u03B4 тестТест", "αβγδ+αβ+γδ|тесттест+тест"},
    {"a.fooBar.c", "a.foobar.c+a+foobar+foo+bar+c+foobar.c"},
    /* no more than eight parts, and what contains them */
    {"a_b_c_d_e_f_g_h_i_j", "a_b_c_d_e_f_g_h_i_j+a+b+c+d+e+f+g+h"},
    /* numbers */
    {"3.14.2 5,000,000 1,2", "3.14.2+3+14+2|5000000+5+000|1,2+1+2"},
    {"1,234.56 10,00 1000,000", "1234.56+1234+1+234+56|10,00+10+00|1000,000+1000+000"},
    {"\u0665\u066C\u0660\u0660\u0660 5\u202F000", "5000+5+000|5000+5+000"},
    {"v1.2.3 1;2", "v1.2.3+v1+2+3|1;2+1+2"},
    /* hyphens */
    {"e-mail COVID-19 F\u201016 a\u2011b", "e=email/2|mail|covid=covid19/2|19|f=f16/2|16|a=ab/2|b"},
    {"state-of-the-art", "state=stateoftheart/4|of|the|art"},
    {"2020-11-21 a- -b a--b a -b", "2020|11|21|a|b|a|b|a|b"},
    {"a-b-c-d-e-f-g-h", "a=abcdefgh/8|b|c|d|e|f|g|h"},
    {"a-b-c-d-e-f-g-h-i x-y", "a|b|c|d|e|f|g|h|i|x=xy/2|y"},
    {"co\u00ADop e\u00AD-mail", "coop|e=email/2|mail"},
    {"don't-care X-\u00C9t\u00E9", "dont+don+t=dontcare/2|care|x=xete/2|ete"},
    {"T-シ", "t|シ"},
    /* ampersands */
    {"AT&T A&B&C a & b 1&2", "at=at&t/2|t|a|b|c|a|b|1|2"},
    {"AT&McDonald's a&p's", "at=at&mcdonald/2|mcdonalds+mcdonald+mc+donald+s|a=a&p/2|ps+p+s"},
    {"a&xX's A&x's's", "a=a&xx/2|xxs+xx+x+s|a=a&xss/2|xss+x+s"},
    {"AT&T-owned e-mail&fax", "at=at&t/2|t|owned|e=email/2|mail|fax"},
    /* signs */
    {"C++ c# F#.", "c=c++|c=c#|f=f#"},
    {"C++11 c#\u00E9 c+ c+1 1++ \u00E9++ \u00D5#", "c|11|c|e|c|c|1|1|e|o"},
    {"abcdefghijklmnop# abcdefghijklmnopq#",
     "abcdefghijklmnop=abcdefghijklmnop#|abcdefghijklmnopq"},
    {"objective-c++", "objective=objectivec/2|c=c++"},
    {"a/b a=b", "a|b|a|b"},
    /* scripts without spaces */
    {"日", "日"},
    {"天安门。天", "天~天安#天安门/3|安~安门|门|天"},
    {"データ ﾃﾞｰﾀ", "デ~デー#データ/3|ー~ータ|タ|デ~デー#データ/3|ー~ータ|タ"},
    {"กำ กํา", "กํา|กํา"},
    {"a日b", "a|日|b"},
    {"ไทยabcไทย", "ไ~ไท#ไทย/3|ท~ทย|ย|abc|ไ~ไท#ไทย/3|ท~ทย|ย"},
    {"ไทย_ไทย ๑๒", "ไ~ไท#ไทย/3|ท~ทย|ย|ไ~ไท#ไทย/3|ท~ทย|ย|12"},
    {"\u3300", "ア~アパ#アパート/4|パ~パー|ー~ート|ト"},
    {"한국日", "한국|日"},
    /* one sign for several words, and for none */
    {"\uFDFA!", "صلي|الله|عليه|وسلم"},
    {"x \u1160 \u00AD y", "x|y"},
};

#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

static void samples_give_their_tokens(void **state)
{
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        run(samples[i].text, strlen(samples[i].text), &first);
        if (strcmp(shown(&first, &out), samples[i].tokens) != 0)
            fail_msg("%s -> %s, not %s", samples[i].text, buf_cstr(&out), samples[i].tokens);
    }
    buf_release(&out);
}

static void offsets_are_those_of_what_is_written(void **state)
{
    static const struct {
        const char *text;
        uint32_t at[8][2]; /* up to the first {0, 0} */
    } rows[] = {
        {"a \xFF\xC3\xA9t\xC3\xA9", {{0, 1}, {3, 8}}},
        {"e\xC3 \xEF\xB7\xBA!", {{0, 1}, {3, 6}, {3, 6}, {3, 6}, {3, 6}}},
        {"l\u2019\u00E9t\u00E9", {{0, 9}, {0, 1}, {4, 9}}},
        {"(__init__)", {{1, 9}, {3, 7}}},
        {"an e\u2010mail", {{0, 2}, {3, 4}, {3, 11}, {7, 11}}},
        {"C++", {{0, 1}, {0, 3}}},
        {"ｶﾞ日", {{0, 6}, {0, 9}, {6, 9}}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        run(rows[i].text, strlen(rows[i].text), &first);
        size_t n = 0;
        for (; n < 8 && rows[i].at[n][1] > 0; n++) {
            assert_true(n < first.count);
            assert_int_equal(first.at[n].start, rows[i].at[n][0]);
            assert_int_equal(first.at[n].end, rows[i].at[n][1]);
        }
        assert_int_equal(first.count, n);
    }
}

static void assert_lower_changes_nothing(const char *text, size_t len)
{
    struct buf lower = {0};

    analyzer_lower(text, len, &lower);
    assert_true(buf_ok(&lower));
    run(text, len, &first);
    run(lower.data == NULL ? "" : lower.data, lower.len, &second);
    tokens_drop(&first, TOKEN_PART); /* those that capitals set off are gone */
    tokens_drop(&second, TOKEN_PART);
    if (!tokens_same_terms(&first, &second))
        fail_msg("%.*s -> %.*s", (int)len, text, (int)lower.len, lower.data);
    buf_release(&lower);
}

static void lower_case_gives_the_same_terms(void **state)
{
    static char text[256];
    uint64_t seed = 12;

    (void)state;
    for (size_t i = 0; i < SAMPLES; i++)
        assert_lower_changes_nothing(samples[i].text, strlen(samples[i].text));
    for (int i = 0; i < 100000; i++) {
        size_t len = random_text(&seed, text, i % 50 == 0 ? sizeof(text) : 48, (uint32_t)i % 256);
        if (i % 4 == 0 && len > 0)
            text[random_below(&seed, (uint32_t)len)] = (char)random_below(&seed, 256);
        assert_lower_changes_nothing(text, len);
    }
}

/* Alone, between letters, and behind a joiner: where a letter's kind may show. */
static void every_letter_in_lower_case_gives_the_same_terms(void **state)
{
    static const char *const before[] = {"", "a", "1", ".\u200D", "\u0391\u0301"};
    static const char *const after[] = {"", "b", "2", "\u0345\u0301", "'c"};

    (void)state;
    for (uint32_t cp = 1; cp < 0x1F200; cp++) {
        if (cp >= 0x2E80 && cp < 0xA640)
            cp = 0xA640; /* no case in between: Chinese, Japanese, Yi */
        if (cp >= 0xAC00 && cp < 0xFB00)
            cp = 0xFB00; /* nor here: Korean, surrogates, private use */
        for (size_t i = 0; i < 5; i++) {
            char text[32], bytes[4];
            int n = snprintf(text, sizeof(text), "%s%.*s%s", before[i], (int)utf8_encode(cp, bytes),
                             bytes, after[i]);
            assert_lower_changes_nothing(text, (size_t)n);
        }
    }
}

static void assert_lower(const char *text, const char *want)
{
    struct buf lower = {0};

    analyzer_lower(text, strlen(text), &lower);
    assert_string_equal(buf_cstr(&lower), want);
    buf_release(&lower);
}

static void lower_case_keeps_what_folds_otherwise(void **state)
{
    (void)state;
    assert_lower("HELLO World_9 \xFF[@Z", "hello world_9 \xFF[@z");
    assert_lower("STRASSE Stra\u00DFe \u1E9E", "strasse stra\u00DFe \u00DF");
    assert_lower("\u0130I\u0131", "\u0130i\u0131");
    assert_lower("\u039F\u0394\u039F\u03A3", "\u03BF\u03B4\u03BF\u03C3");
    assert_lower("\u24C2 \u24B6 \U00010400", "\u24C2 \u24D0 \U00010428");
    assert_lower("МОСКВА", "москва");
}

static void a_long_word_is_cut_at_a_code_point(void **state)
{
    static char text[4000];

    (void)state;
    memset(text, 'A', 1000);
    run(text, 1000, &first);
    assert_int_equal(first.count, 1);
    assert_int_equal(first.bytes, TERM_MAX);
    assert_int_equal(first.terms[TERM_MAX - 1], 'a');
    assert_int_equal(first.at[0].end, 1000);

    for (size_t i = 0; i < 500; i++)
        utf8_encode(0x0416, text + 2 * i); /* of two bytes each: 127 fit */
    run(text, 1000, &first);
    assert_int_equal(first.count, 1);
    assert_int_equal(first.bytes, 254);
    assert_int_equal(utf8_check(first.terms, 254), 254);
    assert_int_equal(first.at[0].end, 1000);

    for (size_t i = 0; i < 900; i++)
        utf8_encode(0x10400, text + 4 * i); /* 1800 units: the fold's limit cuts too */
    run(text, 3600, &first);
    assert_int_equal(first.count, 1);
    assert_int_equal(first.bytes, 252);
    assert_int_equal(first.at[0].end, 3600);

    memmove(text + 1, text, 3600); /* and in the middle of a pair */
    text[0] = 'A';
    run(text, 3601, &first);
    assert_int_equal(first.count, 1);
    assert_int_equal(first.bytes, 253);
    assert_int_equal(first.at[0].end, 3601);
}

static int stop_at_third(void *ctx, const struct token *t)
{
    (void)t;
    return ++*(int *)ctx == 3 ? 77 : 0;
}

static void the_callback_can_stop(void **state)
{
    static const char *const texts[] = {
        "a b c d",  "\u00E9 \u00E8 \u00E0 \u00FC", "\uFDFA", "a-b-c-d", "a.b_c", "天安门",
        "日 本 a b"};

    (void)state;
    for (size_t i = 0; i < 7; i++) {
        int calls = 0;
        assert_int_equal(analyzer_run(analyzer, texts[i], strlen(texts[i]), stop_at_third, &calls),
                         77);
        assert_int_equal(calls, 3);
    }
}

/* One try with the allocation after `n` failing; true when it did. */
static bool survives_failure(long n, const char *text, size_t len)
{
    mem_fail_after(n);
    struct analyzer *a = analyzer_new();
    first.count = first.bytes = 0;
    int rc = a == NULL ? ANALYZER_NOMEM : analyzer_run(a, text, len, tokens_keep, &first);
    struct buf lower = {0};
    analyzer_lower(text, len, &lower);
    bool failed = mem_failed() != 0, lowered = buf_ok(&lower);
    mem_fail_after(-1);
    buf_release(&lower);

    assert_true(rc == 0 || rc == ANALYZER_NOMEM);
    assert_int_equal(failed, rc != 0 || !lowered);
    if (a != NULL) { /* it is none the worse */
        tokens_read(&first, a, text, len);
        run(text, len, &second);
        assert_true(tokens_same_terms(&first, &second));
    }
    analyzer_free(a);
    return failed;
}

static void failing_memory_is_reported_and_harmless(void **state)
{
    static char text[3000];
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t n = strlen(samples[i].text);
        assert_true(len + n < sizeof(text));
        memcpy(text + len, samples[i].text, n);
        len += n;
        text[len++] = '\n';
    }
    long n = 0;
    while (survives_failure(n, text, len))
        n++;
    assert_true(n >= 4); /* the analyzer, a run, a folded word, the lower case */
}

static void too_long_a_text_is_refused(void **state)
{
    (void)state;
    assert_int_equal(analyzer_run(analyzer, "a", ANALYZER_TEXT_MAX + 1, tokens_keep, &first),
                     ANALYZER_NOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_give_their_tokens),
        cmocka_unit_test(offsets_are_those_of_what_is_written),
        cmocka_unit_test(lower_case_gives_the_same_terms),
        cmocka_unit_test(every_letter_in_lower_case_gives_the_same_terms),
        cmocka_unit_test(lower_case_keeps_what_folds_otherwise),
        cmocka_unit_test(a_long_word_is_cut_at_a_code_point),
        cmocka_unit_test(the_callback_can_stop),
        cmocka_unit_test(failing_memory_is_reported_and_harmless),
        cmocka_unit_test(too_long_a_text_is_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
