/* The words, a line or two of each kind. Some are decomposed, vocalised, in full width or written
 * with signs that fold away. */
#include "tests/search/words.h"

#define LIST(name, spaced)                                                                         \
    {                                                                                              \
#name, spaced, name, sizeof(name) / sizeof(name[0])                                        \
    }

static const char *const english[] = {
    "harbour", "The",  "tanks", "of",  "a",    "I",        "don't",      "O’Brien",
    "e-mail",  "U.S.", "co-op", "its", "NATO", "workers'", "well-known", "COVID-19"};
static const char *const latin[] = {
    "Großmutter", "Straße", "l’État",         "dell'acqua", "col·legi", "Łódź",   "smørrebrød",
    "naïve",      "İZMİR",  "kırmızı",        "Þór",        "œuvre",    "ﬁsh",    "cafe\u0301",
    "đường",      "Việt",   "Ho\u0302\u0300", "ŉ",          "ＡＢＣ",   "Ǆungla", "žluťoučký"};
static const char *const greek[] = {"Αθήνα", "λόγος", "ΛΟΓΟΣ", "ἀρχῇ", "ἦν", "ευρώ", "του", "Ω"};
static const char *const cyrillic[] = {"Москва\u0301", "ёлка", "Київ",  "п'ять", "ґанок",
                                       "всё-таки",     "й",    "ЃАВОЛ", "ѣ",     "город",
                                       "И\u0306од",    "Ўзбек"};
static const char *const arabic[] = {"كِتَابُ", "العربية",       "مـــكتبة", "أسعار", "٢٠٢٥", "ﷺ",
                                     "ﻻﻫﻮر", "می\u200Cخواهم", "کتاب",     "۱۴۰۴",  "شہر",  "٥٬٠٠٠",
                                     "و"};
static const char *const hebrew[] = {"בְּרֵאשִׁ֖ית", "צה״ל",     "צה\"ל", "ג׳ירפה", "ג'ירפה",
                                     "שלום",   "לירושלים", "של",    "ﬡ"};
static const char *const indic[] = {
    "मन्दिर",           "ज\u093Cमीन", "\u0958लम",   "हिन्दी",         "क्\u200Dष", "নদীর",
    "বা\u09A1\u09BCি", "কো",         "தமிழ்",       "க\u0BC6\u0BBE", "తెలుగు",    "ಕನ್ನಡ",
    "മലയാളം",          "ગુજરાત",      "ਸ\u0A3Cਹਿਰ", "ශ්\u200Dරී",      "१२३",      "१,२३४"};
static const char *const korean[] = {
    "학교에서", "서울의", "한국어", "봄", "대한민국", "\u1103\u1169\u1109\u1165\u1100\u116A\u11AB",
    "ㅋㅋ",     "10월"};
static const char *const other[] = {"ሰላም",       "አበባ",    "თბილისი", "ᲗᲑᲘᲚᲘᲡᲘ",
                                    "Երևան",     "Հայ",    "བོད་སྐད",   "ᏣᎳᎩ",
                                    "ꮳꮃꭹ", "ᠮᠣᠩᠭᠣᠯ", "ߒߞߏ",     "ⵜⴰⵎⴰⵣⵉⵖⵜ",
                                    "𐐔𐐯𐑅",       "ދިވެހި",    "ܣܘܪܝܝܐ",  "ᮘᮞ"};
static const char *const chinese[] = {"中华", "人民",     "共和国", "上海",   "学生",
                                      "的",   "和尚",     "𠮷",     "图书馆", "\u2F08",
                                      "〇",   "注音ㄅㄆ", "5G",     "iPhone", "々"};
static const char *const japanese[] = {
    "京都", "大学", "の",       "データベース", "ﾃﾞｰﾀ",         "カ\u3099", "です",   "㌔",
    "㌀",   "ー",   "ひらがな", "東京都",       "葛\U000E0100", "ｶﾞﾗｽ",     "2025年", "・"};
static const char *const thai[] = {"ภาษา", "ไทย",  "น้ำ",   "น\u0E4D\u0E32", "ไม่",  "ๆ",
                                   "เ",    "๒๕๖๘", "ฝนตก", "ศัพท์",           "หนึ่ง", "ฯ"};
static const char *const lao[] = {"ພາສາ", "ລາວ", "ປະເທດ", "ນ້ຳ", "ບໍ່", "ໆ", "ກໍ", "ຫຼາຍ"};
static const char *const khmer[] = {"ព្រះ", "រាជា", "កម្ពុជា", "ភ្នំពេញ", "មនុស្ស", "ៗ", "ក្រុង", "១២"};
static const char *const burmese[] = {"မြန်မာ", "နိုင်ငံ", "ရန်ကုန်", "မှာ", "တယ်", "ဿ", "သတ္တဝါ", "၁၂"};
static const char *const code[] = {"node.js",
                                   "C++",
                                   "C#",
                                   "AT&T",
                                   "foo_bar",
                                   "_private",
                                   "parseHttpRequest",
                                   "user@example.com",
                                   "www.example.com",
                                   "3.14.2",
                                   "5,000,000",
                                   "x86_64",
                                   "std::vector",
                                   "a.b.c.d",
                                   "192.168.0.1",
                                   "R&D",
                                   "f(x)",
                                   "1,2",
                                   "#define",
                                   "--force",
                                   "0x1F",
                                   "état_civil",
                                   "café.fr",
                                   "λ_1",
                                   "№5",
                                   "x²",
                                   "½",
                                   "100%",
                                   "$HOME/bin",
                                   "😀",
                                   "1️⃣",
                                   "👩‍💻",
                                   "co\u00ADoperate",
                                   "ﬀ@ﬁ.de",
                                   "A-1-b-2-c-3-d-4-e",
                                   "kЖ",
                                   "HTTPServer2",
                                   "iOS/漢字",
                                   "q=1&r=2"};

const struct word_list word_lists[] = {
    LIST(english, true), LIST(latin, true),  LIST(greek, true),    LIST(cyrillic, true),
    LIST(arabic, true),  LIST(hebrew, true), LIST(indic, true),    LIST(korean, true),
    LIST(other, true),   LIST(code, true),   LIST(chinese, false), LIST(japanese, false),
    LIST(thai, false),   LIST(lao, false),   LIST(khmer, false),   LIST(burmese, false),
};
const size_t word_list_count = sizeof(word_lists) / sizeof(word_lists[0]);
