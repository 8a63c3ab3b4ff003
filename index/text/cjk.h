/* Chinese and Japanese words: ICU's dictionary of them, searched as ICU does but several times
 * faster, where most of the time of reading such a text goes. */
#ifndef INDEX_TEXT_CJK_H
#define INDEX_TEXT_CJK_H

#include <stdbool.h>
#include <stdint.h>

#include <unicode/utypes.h>

/* Characters of a run that is divided here; ICU divides longer ones. */
#define CJK_RUN_MAX 1024

/* Finds ICU's dictionary, once for the process. False: this ICU is not the edition whose ways
 * are known here, and is to be asked itself. */
bool cjk_init(void);

/* Divides a run of ideographs and kana, 1 to CJK_RUN_MAX, each one unit and NFKC, into words:
 * writes where each ends, and returns how many. */
int32_t cjk_divide(const UChar *units, int32_t len, uint16_t ends[CJK_RUN_MAX]);

#endif
