/* Stems: families of forms that should meet, and what must stay as it is. */
#include "index/text/stem.h"

#include "index/base/alloc.h"
#include "index/text/lang.h"
#include "tests/support/support.h"

/* Forms of one word, folded; families parted by '|'. */
static const struct {
    int lang;
    int meet; /* families that meet in one stem: more is better, fewer is a loss */
    const char *families;
} rows[] = {
    {LANG_EN, 10,
     "minister ministers|"
     "connect connected connecting connection connections|"
     "election elections|"
     "policy policies|"
     "run running runs|"
     "city cities|"
     "report reported reporting reports reporter reporters|"
     "strike strikes striking|"
     "country countries|"
     "vote voted votes voting voter voters|"
     "happy happily happiness|"
     "study studies studied studying"},
    {LANG_DE, 11,
     "hauser haus hause hauses|"
     "lander land landes landern|"
     "wahlen wahlt wahlte|"
     "wahler wahlern|"
     "gesetz gesetze gesetzen gesetzes|"
     "gross grosse grossen grosser grosser|"
     "zeitung zeitungen|"
     "strasse strassen|"
     "bucher buch buches buchern|"
     "minister ministers ministern|"
     "politisch politische politischen politischer|"
     "entscheidung entscheidungen"},
    {LANG_FR, 10,
     "election elections electoral electorale|"
     "ecole ecoles|"
     "cheval chevaux|"
     "national nationale nationaux nationales|"
     "parler parle parlee parlees parlait parlent|"
     "depute deputes deputee|"
     "reforme reformes reforme reformer|"
     "economie economies economique economiques|"
     "decide decider decide decident|"
     "general generaux generale|"
     "elu elus elue elues|"
     "annee annees|"
     "armee armees|"
     "decision decisions"},
    {LANG_ES, 11,
     "eleccion elecciones|"
     "nacion naciones nacional nacionales|"
     "hablar hablo hablando hablaron habla|"
     "ministro ministra ministros|"
     "ciudad ciudades|"
     "cancion canciones|"
     "decision decisiones|"
     "ley leyes|"
     "rapido rapidamente rapidos|"
     "trabajador trabajadores trabajadora|"
     "pais paises|"
     "detencion detenciones|"
     "region regiones|"
     "arbol arboles"},
    {LANG_IT, 10,
     "elezione elezioni|"
     "ministro ministri|"
     "parlare parla parlano parlato parlavano|"
     "decisione decisioni|"
     "legge leggi|"
     "economico economica economici economiche|"
     "giornalista giornalisti|"
     "politico politica politici politiche|"
     "sindaco sindaci|"
     "accordo accordi|"
     "liberta libero libera"},
    {LANG_PT, 10,
     "eleicao eleicoes|"
     "cidadao cidadaos|"
     "nacao nacoes nacional nacionais|"
     "ministro ministros ministra|"
     "falar falou falando falaram|"
     "decisao decisoes|"
     "lei leis|"
     "economico economica economicos|"
     "trabalhador trabalhadores trabalhadora|"
     "pais paises|"
     "regiao regioes|"
     "jornal jornais"},
    {LANG_NL, 10,
     "verkiezing verkiezingen|"
     "minister ministers|"
     "huis huizen|"
     "krant kranten|"
     "politiek politieke|"
     "beslissing beslissingen|"
     "gemeente gemeenten|"
     "boek boeken|"
     "spreken spreekt|"
     "loper lopers lopen|"
     "land landen|"
     "wet wetten|"
     "cooperatie cooperaties"},
    {LANG_SV, 7,
     "val valet valen|"
     "tidning tidningar tidningen tidningarna|"
     "minister ministern ministrar|"
     "lander landet land|"
     "lag lagar lagen lagarna|"
     "skola skolor skolan skolorna|"
     "bok bocker boken|"
     "beslut besluten beslutet|"
     "fraga fragor fragan fragorna|"
     "regering regeringen regeringar|"
     "ar aret aren"},
    {LANG_RU, 11,
     "выборы выборов выборам выборах|"
     "закон закона законы законов законом|"
     "министр министра министры министров|"
     "город города городе городов|"
     "решение решения решений решением|"
     "говорить говорит говорил говорили|"
     "новый новая новые новых нового|"
     "страна страны стране стран|"
     "школа школы школе школу|"
     "ребенок ребенка|"
     "счет счета счета|"
     "заявил заявила заявили"},
    {LANG_AR, 8,
     "الانتخابات انتخابات|"
     "مدرسة المدرسة مدرستنا|"
     "وزير الوزير وزيرا|"
     "قانون القانون قوانين القوانين|"
     "مدينة المدينة مدينتهم|"
     "معلم معلمون المعلمون معلمين|"
     "كتاب الكتاب كتابه كتابها|"
     "حكومة الحكومة والحكومة|"
     "اعلان الاعلان اعلانات|"
     "سياسي سياسية السياسية|"
     "صحفي الصحفي صحفيون الصحفيين"},
    {LANG_DA, 8,
     "valg valget valgene|"
     "avis aviser avisen aviserne|"
     "by byer byen byerne|"
     "lov love loven lovene|"
     "skole skoler skolen skolerne|"
     "beslutning beslutninger beslutningen|"
     "ar aret|"
     "sporgsmal sporgsmalet|"
     "boger bogen bog|"
     "dansk danske"},
    {LANG_FI, 4,
     "vaali vaalit vaalien vaaleissa|"
     "kaupunki kaupungin kaupungissa kaupungit|"
     "hallitus hallituksen hallitukselle|"
     "paatos paatoksen paatokset|"
     "koulu koulun koulut kouluissa|"
     "maa maan maat maissa|"
     "ministeri ministerin ministerit|"
     "laki lain lait|"
     "maara maaran maarat|"
     "tyo tyon tyot|"
     "kyla kylan kylassa"},
    {LANG_TR, 17,
     "secim secimler secimlerde secimi|"
     "sehir sehirler sehirde|"
     "okul okullar okulda okulun|"
     "bakan bakanlar bakani|"
     "hukumet hukumetin hukumeti|"
     "karar kararlar karari|"
     "ulke ulkeler ulkede ulkenin|"
     "gazete gazeteler gazetede|"
     "kadin kadinlar kadinin|"
     "cocuk cocuklar cocugun|"
     "gozler goz gozleri|"
     "koy koyler koyde koyun|"
     "gun gunler gunde|"
     "sinir sinirlar sinirda siniri|"
     "yasa yasalar yasanin|"
     "baskan baskanlar baskani|"
     "yil yillar yilda"},
    {LANG_HU, 10,
     "valasztas valasztasok valasztast|"
     "haz hazak hazban haznak|"
     "torveny torvenyek torvenyt|"
     "miniszter miniszterek miniszternek|"
     "varos varosok varosban|"
     "iskola iskolak iskolaban|"
     "konyv konyvek konyvet|"
     "dontes dontesek dontest|"
     "orszag orszagok orszagban|"
     "ujsag ujsagok ujsagban"},
    {LANG_RO, 6,
     "alegere alegeri alegerile|"
     "oras orase orasul orasului|"
     "ministru ministri ministrul ministrului|"
     "lege legi legea legile|"
     "scoala scoli scoala scolile|"
     "decizie decizii decizia|"
     "tara tari tara tarile|"
     "ziar ziare ziarul|"
     "roman romani romanii|"
     "sarbatoare sarbatori"},
    {LANG_EL, 9,
     "εκλογεσ εκλογων εκλογη|"
     "νομοσ νομου νομοι νομων|"
     "υπουργοσ υπουργου υπουργοι|"
     "πολη πολεισ πολησ|"
     "σχολειο σχολεια σχολειου|"
     "αποφαση αποφασεισ|"
     "χωρα χωρεσ χωρασ|"
     "εφημεριδα εφημεριδεσ|"
     "κυβερνηση κυβερνησεισ|"
     "βιβλιο βιβλια"},
    {LANG_KO, 14,
     "정부 정부는 정부가 정부를 정부의 정부에 정부와 정부도|"
     "대통령 대통령은 대통령이 대통령의 대통령에게|"
     "발표 발표했다 발표한 발표하는 발표했습니다|"
     "서울 서울에서 서울로 서울의 서울에서는|"
     "사람 사람들 사람들은 사람들이|"
     "학교 학교에서는 학교에 학교까지|"
     "국회 국회의 국회에서 국회가|"
     "선거 선거를 선거에서 선거는|"
     "집 집에서 집까지|"
     "결정 결정했다 결정된 결정될|"
     "기자 기자들 기자들에게|"
     "경기도 경기도는 경기도에서|"
     "미국 미국과 미국이|"
     "가능 가능하다 가능하며 가능하고|"
     "먹다 먹었다 먹는"},
    {LANG_HR, 8,
     "vlada vlade vladi vladu|"
     "izbor izbori izbora|"
     "ministar ministra ministri|"
     "zakon zakona zakoni zakonom|"
     "skola skole skolu|"
     "odluka odluke odluku|"
     "gradani gradana gradanima|"
     "kuca kuce kucu|"
     "grad gradovi gradova|"
     "novi nova nove novih"},
    {LANG_SR, 8,
     "влада владе влади владу vlada|"
     "избор избори избора izbori|"
     "министар министра министри|"
     "закон закона законом zakon|"
     "школа школе школу|"
     "одлука одлуке одлуку odluka|"
     "грађани грађана грађанима|"
     "кућа куће кућу|"
     "град градови градова|"
     "нови нова нове нових"},
};

static struct stemmer *stemmer;

static int set_up(void **state)
{
    (void)state;
    stemmer = stemmer_new();
    return stemmer != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    stemmer_free(stemmer);
    return 0;
}

static struct sx_str stem(int lang, const char *term, size_t len)
{
    struct sx_str out;

    assert_int_equal(stem_term(stemmer, lang, (struct sx_str){term, len}, &out), 0);
    return out;
}

static void assert_stem(int lang, const char *term, const char *expected)
{
    struct sx_str out = stem(lang, term, strlen(term));

    if (out.len != strlen(expected) || memcmp(out.ptr, expected, out.len) != 0)
        fail_msg("%s: %s gives %.*s, not %s", lang_code(lang), term, (int)out.len, out.ptr,
                 expected);
}

/* Whether all words of families[0..len) have one stem. */
static bool meet(int lang, const char *family, size_t len)
{
    char first[2 * STEM_TERM_MAX];
    size_t first_len = 0;

    for (size_t at = 0, word; at < len; at += word + 1) {
        word = strcspn(family + at, " |");
        struct sx_str out = stem(lang, family + at, word);
        if (at == 0)
            memcpy(first, out.ptr, first_len = out.len);
        else if (out.len != first_len || memcmp(out.ptr, first, first_len) != 0)
            return false;
    }
    return true;
}

static void forms_of_a_word_meet_in_one_stem(void **state)
{
    bool all_right = true;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *family = rows[i].families;
        int met = 0, all = 0;
        for (size_t len; *family != '\0'; family += len + (family[len] == '|'), all++) {
            len = strcspn(family, "|");
            if (meet(rows[i].lang, family, len))
                met++;
            else
                print_message("%s: %.*s\n", lang_code(rows[i].lang), (int)len, family);
        }
        print_message("%s: %d of %d families\n", lang_code(rows[i].lang), met, all);
        all_right &= met == rows[i].meet;
    }
    assert_true(all_right);
}

static void other_words_stay_apart(void **state)
{
    static const struct {
        int lang;
        const char *one, *other;
    } pairs[] = {
        {LANG_EN, "minister", "ministry"}, {LANG_EN, "policy", "police"},
        {LANG_DE, "wahlen", "wahrheit"},   {LANG_FR, "ecole", "economie"},
        {LANG_ES, "ciudad", "ciudadano"},  {LANG_PT, "paises", "paixao"},
        {LANG_SV, "kvalitet", "kval"},     {LANG_TR, "okul", "oku"},
        {LANG_AR, "وزير", "زير"},          {LANG_KO, "대통령", "대통합"},
        {LANG_RU, "закон", "законченный"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char both[256];
        int len = snprintf(both, sizeof(both), "%s %s", pairs[i].one, pairs[i].other);
        if (meet(pairs[i].lang, both, (size_t)len))
            fail_msg("%s meet", both);
    }
}

static void korean_endings_leave_a_word(void **state)
{
    (void)state;
    assert_stem(LANG_KO, "정부는", "정부");
    assert_stem(LANG_KO, "집에서는", "집");
    assert_stem(LANG_KO, "기자들에게", "기자");
    assert_stem(LANG_KO, "발표했습니다", "발표");
    assert_stem(LANG_KO, "회의", "회의");
    assert_stem(LANG_KO, "아들이", "아들");
    assert_stem(LANG_KO, "에서", "에서");
}

static void some_terms_are_their_own_stems(void **state)
{
    static const struct {
        int lang;
        const char *term;
    } own[] = {
        {LANG_EN, "as"},
        {LANG_EN, "f16s"},
        {LANG_EN, "covid19ing"},
        {LANG_EN, "законами"},
        {LANG_RU, "elections"},
        {LANG_DE, "node.js"},
        {LANG_EN, "at&ts"},
        {LANG_JA, "elections"},
        {LANG_ZH, "选举"},
        {LANG_KO, "정부2는"},
        {LANG_AR, "من"},
        {LANG_EN, "running한"},
        {LANG_EN, ""},
        {-1, "elections"},
        {LANG_COUNT, "elections"},
        {LANG_EN, "\xC3\xA9\xFFings"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        struct sx_str out = stem(own[i].lang, own[i].term, strlen(own[i].term));
        assert_ptr_equal(out.ptr, own[i].term);
        assert_int_equal(out.len, strlen(own[i].term));
    }
}

static void long_terms_are_their_own_stems(void **state)
{
    char term[STEM_TERM_MAX + 2];

    (void)state;
    memset(term, 'a', sizeof(term));
    memcpy(term + STEM_TERM_MAX - 3, "ings", 4);
    assert_ptr_equal(stem(LANG_EN, term, STEM_TERM_MAX + 1).ptr, term);
    memcpy(term + STEM_TERM_MAX - 3, "ing", 3);
    assert_int_equal(stem(LANG_EN, term, STEM_TERM_MAX).len, STEM_TERM_MAX - 3);
}

/* Words made of the letters of a language, each in a heap block of its own length. */
static void any_word_has_a_stem_of_valid_size(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (int round = 0; round < 60000; round++) {
        const size_t row = (size_t)round % (sizeof(rows) / sizeof(rows[0]));
        size_t pool = strlen(rows[row].families);
        size_t len = 1 + (seed = seed * 1664525 + 1013904223) / 65536 % 70;
        char *term = malloc(len);
        assert_non_null(term);
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1664525 + 1013904223;
            if (i % 12 == 0 || seed >> 28 == 0)
                pool = seed / 16 % strlen(rows[row].families);
            char c = rows[row].families[pool++ % strlen(rows[row].families)];
            term[i] = c == ' ' || c == '|' ? 'a' : c;
        }
        struct sx_str out = stem(rows[row].lang, term, len);
        assert_true(out.len > 0 && (out.ptr == term || out.len <= 2 * STEM_TERM_MAX));
        free(term);
    }
}

static void every_snowball_language_opens(void **state)
{
    int has = 0;

    (void)state;
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        struct sx_str out = stem(lang, "abcdef", 6);
        assert_true(out.len > 0);
        out = stem(lang, "абвгдеж", 14);
        has += stem_has(lang);
    }
    assert_int_equal(has, 30);
    assert_false(stem_has(-1));
    assert_false(stem_has(LANG_COUNT));
    assert_false(stem_has(LANG_ZH));
}

static void running_out_of_memory_is_told(void **state)
{
    (void)state;
    mem_fail_after(0);
    struct stemmer *none = stemmer_new();
    mem_fail_after(-1);
    assert_null(none);
    stemmer_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_of_a_word_meet_in_one_stem),
        cmocka_unit_test(other_words_stay_apart),
        cmocka_unit_test(korean_endings_leave_a_word),
        cmocka_unit_test(some_terms_are_their_own_stems),
        cmocka_unit_test(long_terms_are_their_own_stems),
        cmocka_unit_test(any_word_has_a_stem_of_valid_size),
        cmocka_unit_test(every_snowball_language_opens),
        cmocka_unit_test(running_out_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
