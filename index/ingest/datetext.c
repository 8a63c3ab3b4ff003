/* One scanner for dates in words and in figures. No date is guessed: a month's name in some
 * language, or figures that have one reading; "05/08/2025" alone has two and is none.
 *
 * The lists hold the usual full and short names, also with the endings they take beside a day. A
 * name that means two months in two languages would have two readings, so that only one of the two
 * languages is here (listopad is November in Polish and Czech, October in Croatian). */
#include "index/ingest/datetext.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "index/base/date.h"
#include "index/base/str.h"
#include "index/base/utf8.h"

#define WORD_MAX 32 /* bytes of a folded word; longer is no month */
#define GAP_MAX 4   /* bytes between the parts of a date: ", ", " - " */

/* In order: English, German, French, Dutch, Spanish, Italian, Portuguese, Swedish, Danish and
 * Norwegian, Finnish, Polish, Czech, Romanian, Turkish, Russian, Ukrainian. */
static const char *const months[12] = {
    " january jan januar jänner jän janvier janv januari enero ene gennaio gen janeiro tammikuu "
    "tammikuuta styczeń stycznia sty leden ledna ianuarie ian ocak oca январь января янв січень "
    "січня січ ",
    " february feb februar febr feber février févr fév februari febrero febbraio fevereiro fev "
    "helmikuu helmikuuta luty lutego lut únor února februarie şubat şub февраль февраля февр фев "
    "лютий лютого лют ",
    " march mar märz mär mrz mars maart mrt marzo março marts maaliskuu maaliskuuta marzec marca "
    "březen března martie mart март марта мар березень березня бер ",
    " april apr avril avr abril abr aprile huhtikuu huhtikuuta kwiecień kwietnia kwi duben dubna "
    "aprilie nisan nis апрель апреля апр квітень квітня квіт ",
    " may mai mei mayo maggio mag maio maj toukokuu toukokuuta maja květen května mayıs май мая "
    "травень травня трав ",
    " june jun juni juin junio giugno giu junho kesäkuu kesäkuuta czerwiec czerwca cze červen "
    "června iunie iun haziran haz июнь июня июн червень червня черв ",
    " july jul juli juillet juil julio luglio lug julho heinäkuu heinäkuuta lipiec lipca lip "
    "červenec července iulie iul temmuz tem июль июля июл липень липня лип ",
    " august aug août aout augustus agosto ago augusti elokuu elokuuta sierpień sierpnia sie srpen "
    "srpna ağustos ağu август августа авг серпень серпня серп ",
    " september sep sept septembre septiembre setiembre settembre setembro set syyskuu syyskuuta "
    "wrzesień września wrz září septembrie eylül eyl сентябрь сентября сент сен вересень вересня "
    "вер ",
    " october oct oktober okt octobre octubre ottobre ott outubro out lokakuu lokakuuta "
    "październik października paź říjen října octombrie ekim eki октябрь октября окт жовтень "
    "жовтня жовт ",
    " november nov novembre noviembre novembro marraskuu marraskuuta listopad listopadu listopada "
    "lis noiembrie noi kasım kas ноябрь ноября нояб ноя листопада лист ",
    " december dec dezember dez décembre déc diciembre dic dicembre dezembro desember des joulukuu "
    "joulukuuta grudzień grudnia gru prosinec prosince decembrie aralık ara декабрь декабря дек "
    "грудень грудня груд ",
};

static const char weekdays[] =
    " monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri "
    "sat sun montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr "
    "sa so lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim maandag "
    "dinsdag woensdag donderdag vrijdag zaterdag zondag ma wo vr za zo lunes martes miércoles "
    "jueves viernes sábado domingo mié jue vie sáb dom lunedì martedì mercoledì giovedì venerdì "
    "sabato domenica gio sab segunda terça quarta quinta sexta seg ter qua qui sex måndag tisdag "
    "onsdag torsdag fredag lördag söndag mandag tirsdag lørdag søndag maanantaina tiistaina "
    "keskiviikkona torstaina perjantaina lauantaina sunnuntaina poniedziałek wtorek środa czwartek "
    "piątek sobota niedziela pondělí úterý středa čtvrtek pátek neděle понедельник вторник среда "
    "четверг пятница суббота воскресенье понеділок вівторок середа четвер пʼятниця субота неділя ";

/* What stands between a day, a month and a year, besides spaces and signs. */
static const char joins[] = " de del of di d do da den der the på am le ";
/* What follows the figure of a day: 1st, 1er, 15th, 8a. */
static const char ordinals[] = " st nd rd th er re ère º ª ° o a e ";

/* ---- letters ----------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Letters of the scripts that the names above are in. */
static bool is_letter(uint32_t c)
{
    return (c < 0x80 && (c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           (c >= 0xC0 && c <= 0x24F && c != 0xD7 && c != 0xF7) || (c >= 0x370 && c <= 0x52F) ||
           c == 0xAA || c == 0xBA || c == 0xB0 || c == 0x2BC;
}

static uint32_t lower(uint32_t c)
{
    bool odd_is_capital = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);

    if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE) || (c >= 0x410 && c <= 0x42F))
        return c + 32;
    if (c >= 0x400 && c <= 0x40F)
        return c + 80;
    if (c == 0x130) /* the Turkish capital of i */
        return 'i';
    if (odd_is_capital)
        return c + (c & 1);
    return c >= 0x100 && c <= 0x177 ? c | 1 : c;
}

/* The word at the front, folded, between spaces as the lists have it; its length in `s`, 0 when
 * there is none. One too long is taken, and matches nothing. */
static size_t fold_word(struct sx_str s, char out[WORD_MAX + 8])
{
    size_t at = 0, n = 0, size;

    out[n++] = ' ';
    while (at < s.len) {
        uint32_t c = utf8_next(s.ptr + at, s.len - at, &size);
        if (!is_letter(c))
            break;
        if (n < WORD_MAX)
            n += utf8_encode(lower(c), out + n);
        at += size;
        if (at > DATETEXT_MAX)
            break;
    }
    bool whole = n < WORD_MAX;
    out[n++] = whole ? ' ' : '!';
    out[n] = '\0';
    return at;
}

/* ---- parts of a date --------------------------------------------------------------------- */

static void skip(struct sx_str *s, size_t n)
{
    s->ptr += n;
    s->len -= n;
}

/* A number of at most `max` digits; -1, and nothing taken, when it is none. */
static int take_number(struct sx_str *s, size_t max)
{
    int n = 0;
    size_t i = 0;

    for (; i < max && i < s->len && is_digit(s->ptr[i]); i++)
        n = n * 10 + (s->ptr[i] - '0');
    if (i == 0 || (i < s->len && is_digit(s->ptr[i])))
        return -1;
    skip(s, i);
    return n;
}

static bool take_listed(struct sx_str *s, const char *list)
{
    char word[WORD_MAX + 8];
    size_t len = fold_word(*s, word);

    if (len == 0 || strstr(list, word) == NULL)
        return false;
    skip(s, len);
    return true;
}

static int take_month(struct sx_str *s)
{
    char word[WORD_MAX + 8];
    size_t len = fold_word(*s, word);

    for (int i = 0; len > 0 && i < 12; i++) {
        if (strstr(months[i], word) != NULL) {
            skip(s, len);
            return i + 1;
        }
    }
    return 0;
}

/* White space (no-break too), and signs among `signs`. */
static void skip_gap(struct sx_str *s, const char *signs)
{
    for (int n = 0; n < GAP_MAX && s->len > 0; n++) {
        if (s->len >= 2 && s->ptr[0] == '\xC2' && s->ptr[1] == '\xA0')
            skip(s, 2);
        else if (s->ptr[0] == ' ' || (s->ptr[0] >= '\t' && s->ptr[0] <= '\r') ||
                 (s->ptr[0] != '\0' && strchr(signs, s->ptr[0]) != NULL))
            skip(s, 1);
        else
            return;
    }
}

/* " of ", " de ", "’": between a day and its month, a month and its year. */
static void skip_join(struct sx_str *s)
{
    skip_gap(s, ",.-/");
    if (take_listed(s, joins))
        skip_gap(s, "'");
    if (s->len >= 3 && memcmp(s->ptr, "\xE2\x80\x99", 3) == 0)
        skip(s, 3);
}

static int take_day(struct sx_str *s)
{
    int day = take_number(s, 2);

    if (day > 0)
        take_listed(s, ordinals);
    return day;
}

/* Four digits with no letter or digit behind them. "2025 г." and "2025年" are fine. */
static int take_year(struct sx_str *s)
{
    size_t size;

    if (s->len < 4)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        if (!is_digit(s->ptr[i]))
            return -1;
    }
    if (s->len > 4 && is_digit(s->ptr[4]))
        return -1;
    if (s->len > 4 && is_letter(utf8_next(s->ptr + 4, s->len - 4, &size)) && s->ptr[4] != 'T')
        return -1;
    return take_number(s, 4);
}

static bool put(struct datetext *out, int year, int month, int day)
{
    struct date_span span;

    if (year < 1000 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    snprintf(out->iso, sizeof(out->iso), "%04d-%02d-%02d", year, month, day);
    return date_parse(str_of(out->iso), &span);
}

/* ---- forms ------------------------------------------------------------------------------- */

/* August 15, 2025 */
static bool month_first(struct sx_str *s, struct datetext *out)
{
    int month = take_month(s), day, year;

    if (month == 0)
        return false;
    skip_gap(s, ".");
    day = take_day(s);
    skip_join(s);
    year = take_year(s);
    return day > 0 && put(out, year, month, day);
}

/* 15 August 2025, 15. August 2025, 15 de agosto de 2025 */
static bool day_first(struct sx_str *s, struct datetext *out)
{
    int day = take_day(s), month, year;

    if (day < 1)
        return false;
    skip_join(s);
    month = take_month(s);
    skip_join(s);
    year = take_year(s);
    return month > 0 && put(out, year, month, day);
}

static bool take_sign(struct sx_str *s, const char *sign)
{
    size_t len = strlen(sign);

    if (s->len < len || memcmp(s->ptr, sign, len) != 0)
        return false;
    skip(s, len);
    return true;
}

/* 2025年8月15日, 2025년 8월 15일 */
static bool east_asian(struct sx_str *s, struct datetext *out)
{
    static const char *const signs[2][3] = {{"年", "月", "日"}, {"년", "월", "일"}};
    int year = take_number(s, 4), month, day;

    for (int i = 0; i < 2 && year >= 0; i++) {
        if (!take_sign(s, signs[i][0]))
            continue;
        skip_gap(s, "");
        month = take_number(s, 2);
        if (month < 0 || !take_sign(s, signs[i][1]))
            return false;
        skip_gap(s, "");
        day = take_number(s, 2);
        return day > 0 && take_sign(s, signs[i][2]) && put(out, year, month, day);
    }
    return false;
}

/* 2025/08/15, 15.8.2025, 8/15/2025: figures with the same sign between them. */
static bool in_figures(struct sx_str *s, enum date_order order, struct datetext *out)
{
    struct sx_str before = *s;
    int a = take_number(s, 4), b, c, year;
    bool year_first = before.len - s->len == 4;
    char sign = s->len > 0 ? s->ptr[0] : '\0';

    if (a < 0 || sign == '\0' || strchr("/.-", sign) == NULL)
        return false;
    skip(s, 1);
    if (sign == '.' && !year_first && s->len > 0 && s->ptr[0] == ' ')
        skip(s, 1); /* 15. 8. 2025 */
    b = take_number(s, 2);
    if (b < 1 || s->len == 0 || s->ptr[0] != sign)
        return false;
    skip(s, 1);
    if (sign == '.' && !year_first && s->len > 0 && s->ptr[0] == ' ')
        skip(s, 1);
    c = year_first ? take_number(s, 2) : take_year(s);
    year = year_first ? a : c;
    if (year < 1800 || year > 2199)
        return false;
    if (year_first)
        return put(out, a, b, c);
    if (a > 12 || a == b || order == DATE_ORDER_DMY)
        return put(out, c, b, a);
    return b > 12 && put(out, c, a, b);
}

/* Nothing of the date goes on behind it. */
static bool ends(struct sx_str rest)
{
    size_t size;

    if (rest.len == 0)
        return true;
    uint32_t c = utf8_next(rest.ptr, rest.len, &size);
    if (c == 'T')
        return rest.len > 1 && is_digit(rest.ptr[1]);
    if ((c == '.' || c == '/' || c == '-') && rest.len > 1 && is_digit(rest.ptr[1]))
        return false;
    return !is_letter(c) && !is_digit(rest.ptr[0]);
}

static bool one_form(struct sx_str s, enum date_order order, struct datetext *out, size_t *took)
{
    for (int form = 0; form < 4; form++) {
        struct sx_str rest = s;
        bool read = form == 0   ? month_first(&rest, out)
                    : form == 1 ? day_first(&rest, out)
                    : form == 2 ? in_figures(&rest, order, out)
                                : east_asian(&rest, out);
        if (read && ends(rest)) {
            *took = s.len - rest.len;
            return true;
        }
    }
    return false;
}

bool datetext_at(struct sx_str s, enum date_order order, struct datetext *out)
{
    struct sx_str rest = s;
    size_t took;

    if (s.len > DATETEXT_MAX)
        rest.len = utf8_floor(s.ptr, s.len, DATETEXT_MAX);
    s = rest;
    out->from = 0;
    if (one_form(s, order, out, &took)) {
        out->to = took;
        return true;
    }
    if (!take_listed(&rest, weekdays))
        return false;
    skip_gap(&rest, ",.");
    take_listed(&rest, joins);
    skip_gap(&rest, "");
    if (!one_form(rest, order, out, &took))
        return false;
    out->to = s.len - rest.len + took;
    return true;
}

/* Whether a word may begin at `at`: no letter or digit stands before it, nor what ties figures. */
static bool begins(struct sx_str s, size_t at)
{
    size_t size;

    if (at == 0)
        return true;
    if (at > 1 && strchr(".,/-:", s.ptr[at - 1]) != NULL && s.ptr[at - 1] != '\0' &&
        is_digit(s.ptr[at - 2]))
        return false;
    size_t before = utf8_floor(s.ptr, s.len, at - 1);
    return !is_letter(utf8_next(s.ptr + before, s.len - before, &size)) && !is_digit(s.ptr[at - 1]);
}

/* Only at the beginnings of words and numbers is there a look. */
bool datetext_find(struct sx_str s, enum date_order order, struct datetext *out)
{
    size_t size;

    for (size_t at = 0; at < s.len; at += size) {
        uint32_t c = utf8_next(s.ptr + at, s.len - at, &size);
        if ((!is_letter(c) && !(c < 0x80 && is_digit((char)c))) || !begins(s, at))
            continue;
        struct sx_str rest = str_make(s.ptr + at, s.len - at);
        if (datetext_at(rest, order, out)) {
            out->from = at;
            out->to += at;
            return true;
        }
    }
    return false;
}

enum date_order datetext_order(struct sx_str lang)
{
    static const char day_first_langs[] = " de fr nl es it pt da no nb nn fi pl cs sk sl ro bg el "
                                          "tr ru uk hr sr et lv is ca gl ar he "
                                          "id vi ";
    static const char day_first_english[] = " GB IE AU NZ IN ZA ";
    char code[8] = " ";

    if (lang.len < 2 || (lang.len > 2 && lang.ptr[2] != '-'))
        return DATE_ORDER_UNKNOWN;
    snprintf(code, sizeof(code), " %.2s ", lang.ptr);
    if (strstr(day_first_langs, code) != NULL)
        return lang.len == 5 &&
                       (memcmp(lang.ptr + 3, "CA", 2) == 0 || memcmp(lang.ptr + 3, "US", 2) == 0)
                   ? DATE_ORDER_UNKNOWN
                   : DATE_ORDER_DMY;
    if (strcmp(code, " en ") != 0 || lang.len != 5)
        return DATE_ORDER_UNKNOWN;
    snprintf(code, sizeof(code), " %.2s ", lang.ptr + 3);
    return strstr(day_first_english, code) != NULL ? DATE_ORDER_DMY : DATE_ORDER_UNKNOWN;
}
