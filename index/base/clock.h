/* The clocks: one that never jumps for deadlines, one of the calendar for records, and the CPU time of
 * the calling thread for measurements. */
#ifndef INDEX_BASE_CLOCK_H
#define INDEX_BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_now_ns(void); /* CLOCK_MONOTONIC */
int64_t clock_wall(void);    /* seconds since 1970 */
int64_t clock_wall_ns(void);
uint64_t clock_thread_ns(void);

#endif
