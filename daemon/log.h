/* The daemon's log: one line an event on stderr, fixed words first, then key=value. */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Finds out once whether stderr is the journal, whose lines begin with a <priority>. */
void log_init(void);
/* Lines above `level` are dropped. Any thread. */
void log_set_level(enum log_level level);
/* "error", "warn", "info", "debug" to a level; -1 for anything else. */
int log_level_of(const char *name);

/* Writes one line. Control bytes are printed as '?', so that no document, path or peer can
 * forge a line. Any thread; never fails, as there is nobody to tell. */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
