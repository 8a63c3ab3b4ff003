/* Telling systemd how we are, without its library: one datagram. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

/* "READY=1", "STOPPING=1" to $NOTIFY_SOCKET; nothing without it. */
void notify_send(const char *state);

#endif
