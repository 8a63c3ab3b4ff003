/* Which language a text is in. The script decides, or narrows; then each word speaks for the
 * languages that have it as a function word (the stop words, and a few more below), for those
 * that like its ending, and against those whose alphabet lacks one of its letters. What fewer
 * languages share weighs more. The best must have a minimum, a lead, and enough of all words. */
#include "index/text/lang.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include <unicode/uchar.h>

#include "index/base/utf8.h"
#include "index/text/stop.h"

#define SAMPLE_MAX 16384 /* bytes of a text that are read */
#define ENDING 3         /* letters of an ending */
#define ENDING_WORD 5    /* letters a word must have for its ending to speak */

/* Of alphabetic scripts, more about a language than its stop words say. */
static const struct hint {
    int lang;
    const char *letters; /* beyond a-z, or the whole alphabet of another script */
    const char *words;   /* words, and endings behind a '-' */
    const char *without; /* letters of a-z that only names have */
} hints[] = {
    {LANG_CA, "àçèéíïòóúü·", "no però any anys -ció -tat -ent -ats -ria dos dues tres cinc", "kwy"},
    {LANG_CS, "áčďéěíňóřšťúůýž",
     "ne není let -ého -ých -ním -ích -ové -ení -ost úterý čtvrtek dva dvě nikdo -ích", "qwx"},
    {LANG_DA, "æøåé",
     "ikke nej år efter sagde siger -ede -ede -gen -sen -ger -hed aften uge nu højere mere flere "
     "oplyser lavere mennesker hver -jde nat ingen kom -gde",
     ""},
    {LANG_DE, "äöüß",
     "nicht kein keine nein jahr jahre sagte -ung -ich -cht -ten -eit -ßen -sch zwei drei vier "
     "fünf",
     ""},
    {LANG_EN, "", "not no said says year years new -ing -ion -ted -ers -ity -ght -ess -ent", ""},
    {LANG_ES, "áéíóúüñ",
     "no años año dijo -ión -dad -ado -ada -ños -nte -ron dos tres cuatro cinco", "kw"},
    {LANG_ET, "äöõüšž",
     "ei aasta aastat ütles -use -ist -ate -nud -ele -tud -ine kaks kolm viis -val -eda -ust -tas "
     "-sid -ses -nud -iks -ste",
     "cqwxy"},
    {LANG_EU, "ñ",
     "ez urte urteko dira -ren -ako -tan -zko -ean -eko -tik -iko diote dela eman -eak -iek -ela "
     "-oen -rra -iak",
     "qvwy"},
    {LANG_FI, "äöå",
     "ei eivät vuonna vuoden kertoi sanoi -ssa -ssä -sta -stä -lla -llä -nen -aan -een "
     "-ään -iin -uun -tti -ien -den -ksi kaksi kolme -mpi -sia -ina -oja",
     "qwxz"},
    {LANG_FR, "àâçèéêëîïôùûüœæ",
     "pas ne non ans année -ion -ent -eur -aux -ais -ait -tés -ées -ses deux trois quatre cinq "
     "-ues -eil",
     ""},
    {LANG_GA, "áéíóú",
     "ní bliain duirt -ach -cht -adh -igh -ann -ear réir níor aon duine dé deir gur -odh -aíd",
     "jkqvwxyz"},
    {LANG_HR, "čćđšž",
     "nije ne nisu godine godina rekao kuna -ski -nja -ije -nih -ima -nje -ost dva dvije tko "
     "nitko",
     "qwxy"},
    {LANG_HU, "áéíóöőúüű",
     "nem ne év éves években mondta -ban -ben -nak -nek -hoz -ról -ség -ság -ott "
     "-ett -tak -tek -nál -val -vel miután -yek -get -zet -ása -ése -tás -tés",
     "qwx"},
    {LANG_ID, "",
     "tidak bukan tahun mengatakan kepada sekitar karena ujar -kan -nya -ang -gan -aan "
     "-lah kota polisi bisa pemerintah perusahaan uang ujar sekitar pejabat butuh mobil juli juni "
     "agustus maret minggu -isi peneliti tadi",
     "qx"},
    {LANG_IS, "áæðéíóöþúýø", "ekki segir sagði -inn -num -ður -ina -rið -ins ", "cqwz"},
    {LANG_IT, "àèéìíòóùú",
     "non anni anno detto -ato -ata -oni -tti -nte -are -tto -nza -ità due tre quattro cinque",
     "jkwxy"},
    {LANG_LT, "ąčęėįšųūž",
     "ne nėra metų metais sakė -ius -mas -imo -iai -jos -iau -tas du dvi trys -tas -ojo -ėjo -ams",
     "qwx"},
    {LANG_LV, "āčēģīķļņšūž",
     "ne nav gada gadu -iem -jas -ība -šan -ums -ies -nas divi divas trīs -ija -āja", "qwxy"},
    {LANG_MS, "",
     "tidak bukan tahun berkata beliau -kan -nya -ang -gan -aan -lah kerajaan syarikat polis wang "
     "bandar ahad ogos mac julai jun tiada sesiapa pihak mahu terdapat kepada berkenaan turut "
     "boleh "
     "kerana tadi",
     "qx"},
    {LANG_NL, "ëïéöüè", "niet geen jaar jaren zei -gen -ten -ijk -den -aar -cht -erd -eid", ""},
    {LANG_NO, "æøåéò",
     "ikke ikkje nei år etter sa sier ifølge -ene -ing -het -lig -ger kveld uke nå høyere opplyser "
     "lavere mennesker hver -øye natt ingen kom",
     ""},
    {LANG_PL, "ąćęłńóśźż", "nie lat rok roku -ego -ych -ami -ści -nia -nie -owy -ach", "qvx"},
    {LANG_PT, "ãáâàçéêíóôõúü",
     "não nem anos ano disse -ção -ões -ade -ado -ada -nte -ram dois duas três cinco", "kwy"},
    {LANG_RO, "ăâîșțşţ", "nu ani anul spus -lui -lor -are -ție -rea -tul -ile -nii", "kqwy"},
    {LANG_SK, "áäčďéíĺľňóôŕšťúýž",
     "nie nebol rokov roku -ého -ých -nie -osť -ové -nia utorok štvrtok dva dve nikto -oľa", "qw"},
    {LANG_SL, "čšžć",
     "ne ni niso let leta leto dejal -ega -nje -nih -ski -ost -jem -jah dva dve trije nihče niti",
     "qwxy"},
    {LANG_SV, "åäöé",
     "inte nej år efter sade säger enligt -ade -gen -het -nde -ing -ten -rna -sta ingen kom natten "
     "-gar",
     ""},
    {LANG_TR, "çğıöşüâî",
     "değil yıl yılında dedi -lar -ler -dan -den -nda -nde -ini -ını -yor -ası -esi "
     "-rak -dır",
     "qwx"},
    {LANG_VI, "ăâđêôơưáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ", "không năm",
     "fjwz"},

    {LANG_BE, "абвгдеёжзійклмнопрстуўфхцчшыьэюя", "не год года -ага -ння -аць -ыць -амі", ""},
    {LANG_BG, "абвгдежзийклмнопрстуфхцчшщъьюя",
     "не година години каза -ите -ата -ето -ние -ват няма бе бъдат никой дни -ият -ява", ""},
    {LANG_MK, "абвгдѓежзѕијклљмнњопрстќуфхцчџшѐѝ",
     "не години година рече -ите -ата -ото -ање -ува нема откако никој дена -наа -раа -лаа -таа",
     ""},
    {LANG_RU, "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
     "не нет год года лет -ого -ать -ния -ние -тся -ных -ами", ""},
    {LANG_SR, "абвгдђежзијклљмнњопрстћуфхцчџшčćđšž",
     "не није нису године ne nije nisu godine rekao -ски -ије -них -има", ""},
    {LANG_UK, "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
     "не ні рік року років -ого -ати -ння -тся -них -ами", ""},

    {LANG_AR, "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةأإآؤئء", "لا لم لن ليس عام قال وقال -يات يوم ولم لم",
     ""},
    {LANG_FA, "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیءآأؤئۀيك", "نه نیست سال گفت نمی روز", ""},
    {LANG_UR, "ابپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوہھءیےئآأؤۓۃ", "نہیں نہ سال کہا", ""},

    {LANG_HI, NULL, "नहीं न साल कहा -ाओं -यों", ""},
    {LANG_MR, NULL, "नाही नाहीत वर्ष म्हटले -्या -ाने -ांत -ंना -ंनी -ाला", ""},
    {LANG_NE, NULL, "छैन होइन वर्ष -हरू -एको -ाको -ाले", ""},
    {LANG_HE, NULL,
     "לא אין שנה אמר אמרה יום -יות -רות -נות -לות -יים -רים -תים -נים -לים -שים -יבה -ילה", ""},
    {LANG_YI, NULL, "ניט נישט קיין יאָר", ""},
};
#define HINTS (sizeof(hints) / sizeof(hints[0]))

/* What a key can stand for; the kind is its seed, so that all fit into one table. */
enum kind { KIND_WORD = 1, KIND_ENDING };

#define KEYS_BITS 14
static struct key {
    uint64_t hash;  /* 64 bits say enough: no two of these words meet */
    uint64_t langs; /* 1 << lang; 0: empty */
} keys[1 << KEYS_BITS];

/* What is known of a code point: looked up beforehand where most text is. */
struct letter {
    uint64_t langs; /* that write with it, where `hints` knows their alphabets */
    uint32_t low;   /* itself in lower case */
    enum script script;
};
#define LETTERS_LOW 0x700
static struct letter letters_low[LETTERS_LOW];
#define LETTERS_VI 0x1EA0
#define LETTERS_VI_COUNT 0x60
static struct letter letters_vi[LETTERS_VI_COUNT];
/* Languages of a script of which `hints` knows the letters. */
static uint64_t alphabets[SCRIPT_COUNT];

/* What an ASCII sign does to the word before it or behind it, and whether it is program code's. */
enum { GLUES_LAST = 1, GLUES_NEXT = 2, IS_CODE = 4 };
static unsigned char sign_uses[128];

/* What a word costs the languages that lack one of its letters. */
#define MISFIT 3

/* The votes of languages that are not known here. */
#define OTHER 63
_Static_assert(LANG_COUNT <= OTHER, "a set of languages, and the others, is 64 bits");

static uint64_t mix(uint64_t hash, uint32_t cp)
{
    hash = (hash ^ cp) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

static struct key *find(uint64_t hash)
{
    size_t i = hash >> (64 - KEYS_BITS);

    while (keys[i].langs != 0 && keys[i].hash != hash)
        i = (i + 1) & ((1 << KEYS_BITS) - 1);
    return &keys[i];
}

/* Marks that may stand inside a word and say nothing: combining marks, and ZWNJ. */
static bool is_mark(uint32_t cp)
{
    return (cp >= 0x300 && cp < 0x370) || (cp >= 0x64B && cp < 0x660) || cp == 0x200C;
}

static struct letter *known(uint32_t cp)
{
    if (cp < LETTERS_LOW)
        return &letters_low[cp];
    if (cp >= LETTERS_VI && cp < LETTERS_VI + LETTERS_VI_COUNT)
        return &letters_vi[cp - LETTERS_VI];
    return NULL;
}

static struct letter look_up(uint32_t cp)
{
    return (struct letter){0, (uint32_t)u_tolower((UChar32)cp), script_of(cp)};
}

/* Adds one word, or with '-' before it an ending; what holds a sign is left out. */
static void learn_word(int lang, const char *p, size_t len)
{
    uint64_t hash = *p == '-' ? KIND_ENDING : KIND_WORD;
    size_t size;

    for (size_t i = *p == '-'; i < len; i += size) {
        uint32_t cp = utf8_next(p + i, len - i, &size);
        if (script_of(cp) == SCRIPT_NONE && !is_mark(cp))
            return;
        if (!is_mark(cp))
            hash = mix(hash, cp);
    }
    struct key *key = find(hash);
    key->hash = hash;
    key->langs |= UINT64_C(1) << lang;
}

static void learn_letters(int lang, const char *p)
{
    size_t size;

    alphabets[lang_script(lang)] |= UINT64_C(1) << lang;
    for (size_t len = strlen(p); len > 0; p += size, len -= size) {
        struct letter *letter = known(utf8_next(p, len, &size));
        if (letter != NULL)
            letter->langs |= UINT64_C(1) << lang;
    }
}

static void learn_signs(const char *signs, unsigned bit)
{
    for (; *signs != '\0'; signs++)
        sign_uses[(unsigned char)*signs] |= (unsigned char)bit;
}

static void learn_words(int lang, const char *p)
{
    for (; *p != '\0'; p += *p == ' ') {
        size_t len = strcspn(p, " ");
        learn_word(lang, p, len);
        p += len;
    }
}

static void learn_alphabets(void)
{
    for (size_t i = 0; i < HINTS; i++)
        if (hints[i].letters != NULL)
            learn_letters(hints[i].lang, hints[i].letters);
    for (unsigned c = 'a'; c <= 'z'; c++)
        letters_low[c].langs = alphabets[SCRIPT_LATIN];
    for (size_t i = 0; i < HINTS; i++)
        for (const char *p = hints[i].without; *p != '\0'; p++)
            letters_low[(unsigned char)*p].langs &= ~(UINT64_C(1) << hints[i].lang);
}

/* Capitals are written where their small letters are. */
static void learn_capitals(struct letter *letters, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (known(letters[i].low) != NULL)
            letters[i].langs = known(letters[i].low)->langs;
}

static pthread_once_t learnt = PTHREAD_ONCE_INIT;

static void learn(void)
{
    for (uint32_t cp = 0; cp < LETTERS_LOW; cp++)
        letters_low[cp] = look_up(cp);
    for (uint32_t i = 0; i < LETTERS_VI_COUNT; i++)
        letters_vi[i] = look_up(LETTERS_VI + i);
    learn_alphabets();
    learn_capitals(letters_low, LETTERS_LOW);
    learn_capitals(letters_vi, LETTERS_VI_COUNT);
    learn_signs("0123456789._@#$\\/:=&%<{[+*|~^", GLUES_NEXT);
    learn_signs("0123456789_@=(/\\<[", GLUES_LAST);
    learn_signs("={}<>_[]|\\$#;", IS_CODE);
    for (int lang = 0; lang < LANG_COUNT; lang++)
        for (const char *const *word = stop_lists[lang]; word != NULL && *word != NULL; word++)
            learn_word(lang, *word, strlen(*word));
    for (size_t i = 0; i < HINTS; i++)
        learn_words(hints[i].lang, hints[i].words);
}

/* What was read so far. */
struct evidence {
    unsigned letters[SCRIPT_COUNT];
    unsigned words[SCRIPT_COUNT];
    unsigned score[64];
    unsigned hits[64];    /* function words and endings */
    unsigned misfits[64]; /* words with a letter that the language lacks */
    unsigned signs;       /* of program code */
};

/* A word as it is read. */
struct reading {
    enum script script; /* of its first letter; SCRIPT_NONE: no word is open */
    unsigned len;       /* letters */
    uint32_t tail[ENDING];
    uint64_t hash, langs; /* that have its letters */
    bool capital;         /* perhaps a foreign name: its letters and ending tell nothing */
    bool glued;           /* to a sign, as in an address: no word at all */
};

/* Gives `weight` in sixths to all of `langs`, the less the more they are. */
static void vote(struct evidence *e, uint64_t langs, unsigned weight, bool hit)
{
    static const unsigned char shares[] = {0, 6, 4, 3, 2, 2};
    int count = __builtin_popcountll(langs);
    unsigned share = weight * (count < 6 ? shares[count] : 1);

    for (; langs != 0; langs &= langs - 1) {
        int lang = __builtin_ctzll(langs);
        e->score[lang] += share;
        e->hits[lang] += hit;
    }
}

static void count_misfits(struct evidence *e, uint64_t langs)
{
    for (; langs != 0; langs &= langs - 1)
        e->misfits[__builtin_ctzll(langs)]++;
}

static void end_word(struct evidence *e, struct reading *r)
{
    enum script script = r->script;

    r->script = SCRIPT_NONE;
    if (script == SCRIPT_NONE)
        return;
    e->words[script]++;
    if (r->glued)
        return;
    uint64_t langs = find(r->hash)->langs;
    if (langs != 0) {
        vote(e, langs, 2, true);
        return;
    }
    if (r->capital || alphabets[script] == 0)
        r->langs = alphabets[script];
    count_misfits(e, alphabets[script] & ~r->langs);
    if (r->langs != alphabets[script])
        vote(e, r->langs != 0 ? r->langs : UINT64_C(1) << OTHER, 1,
             (r->langs & (r->langs - 1)) == 0);
    if (r->len < ENDING_WORD || r->capital)
        return;
    uint64_t hash = KIND_ENDING;
    for (unsigned i = 0; i < ENDING; i++)
        hash = mix(hash, r->tail[(r->len + i) % ENDING]);
    vote(e, find(hash)->langs, 1, true);
}

/* Reads a letter; `glued`: the sign before it makes it a piece of something else. */
static void add_letter(struct evidence *e, struct reading *r, uint32_t cp, struct letter letter,
                       bool glued)
{
    e->letters[letter.script]++;
    if (r->script == SCRIPT_NONE)
        *r = (struct reading){.script = letter.script,
                              .hash = KIND_WORD,
                              .langs = alphabets[letter.script],
                              .capital = letter.low != cp && letter.script == SCRIPT_LATIN,
                              .glued = glued};
    r->tail[r->len++ % ENDING] = letter.low;
    r->hash = mix(r->hash, letter.low);
    r->langs &= letter.langs;
}

static void read_text(struct evidence *e, const char *text, size_t len)
{
    struct reading r = {.script = SCRIPT_NONE};
    unsigned last = 0; /* uses of the sign before, if it is one */
    size_t size;

    for (size_t i = 0; i < len; i += size) {
        uint32_t cp = utf8_next(text + i, len - i, &size);
        const struct letter *letter = known(cp);
        struct letter other = letter != NULL ? *letter : look_up(cp);
        if (other.script != SCRIPT_NONE) {
            add_letter(e, &r, cp, other, (last & GLUES_NEXT) != 0);
            last = 0;
        } else if (!is_mark(cp)) {
            last = cp < 0x80 ? sign_uses[cp] : 0;
            r.glued |= (last & GLUES_LAST) != 0;
            e->signs += (last & IS_CODE) != 0;
            end_word(e, &r);
        }
    }
    end_word(e, &r);
}

/* The script of more than half of the letters, an ideograph or syllable being worth three of an
 * alphabet; SCRIPT_NONE: there is none, or too little is there. Japanese is SCRIPT_KANA. */
static enum script main_script(struct evidence *e)
{
    unsigned total = 0, best = 0;
    enum script main = SCRIPT_NONE;

    /* Kana is a third or more of Japanese; a sign or two in Chinese are ornament. */
    if (e->letters[SCRIPT_KANA] * 12 > e->letters[SCRIPT_HAN]) {
        e->letters[SCRIPT_KANA] += e->letters[SCRIPT_HAN];
        e->letters[SCRIPT_HAN] = 0;
    }
    e->letters[SCRIPT_HAN] *= 3;
    e->letters[SCRIPT_KANA] *= 3;
    e->letters[SCRIPT_HANGUL] *= 3;
    for (int s = 1; s < SCRIPT_COUNT; s++) {
        total += e->letters[s];
        if (e->letters[s] > best) {
            best = e->letters[s];
            main = (enum script)s;
        }
    }
    return best >= 12 && 2 * best > total ? main : SCRIPT_NONE;
}

/* The one language of a script; -1: several share it. */
static int only_language(enum script script)
{
    int only = -1;

    for (int lang = 0; lang < LANG_COUNT; lang++) {
        if (lang_script(lang) != script)
            continue;
        if (only >= 0)
            return -1;
        only = lang;
    }
    return only;
}

static int best_language(struct evidence *e, enum script script)
{
    if (script == SCRIPT_HEBREW && e->score[LANG_YI] == 0 && e->words[script] >= 5)
        return LANG_HE; /* nobody writes five words of Yiddish without one that is known */
    if (script == SCRIPT_LATIN && e->score[LANG_SR] <= e->score[LANG_HR])
        e->score[LANG_SR] = 0; /* Serbian is written so too, but has to show it */
    unsigned first = 0, second = e->score[OTHER], words = e->words[script];
    int best = -1;

    for (int lang = 0; lang < LANG_COUNT; lang++) {
        unsigned less = MISFIT * e->misfits[lang];
        e->score[lang] -= e->score[lang] > less ? less : e->score[lang];
        if (e->score[lang] > first) {
            second = first > second ? first : second;
            first = e->score[lang];
            best = lang;
        } else if (e->score[lang] > second) {
            second = e->score[lang];
        }
    }
    if (first < 12 || first - second < 4 || 10 * (first - second) < first)
        return -1;
    if (e->hits[best] < 2 || 8 * e->hits[best] < words || 6 * e->signs > words)
        return -1;
    return best;
}

int lang_detect(const char *text, size_t len)
{
    struct evidence e = {0};

    pthread_once(&learnt, learn);
    read_text(&e, text, len < SAMPLE_MAX ? len : SAMPLE_MAX);
    enum script script = main_script(&e);
    if (script == SCRIPT_NONE)
        return -1;
    int lang = only_language(script);
    return lang >= 0 ? lang : best_language(&e, script);
}
