/* Where workers leave finished jobs for the loop: a list and an eventfd. No worker calls the
 * event library; it only writes the eventfd that the loop polls. */
#ifndef DAEMON_MAILBOX_H
#define DAEMON_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>

struct job;

struct mailbox {
    pthread_mutex_t lock;
    struct job *head, *tail; /* under the lock */
    int fd;                  /* readable while there may be something */
};

bool mailbox_init(struct mailbox *m);    /* false: the system refused */
void mailbox_release(struct mailbox *m); /* frees the jobs that are left */

/* Any thread; takes the job. */
void mailbox_post(struct mailbox *m, struct job *job);
/* Any thread: makes the loop look up, with no job. */
void mailbox_poke(struct mailbox *m);
/* The loop: all jobs that are there, oldest first, linked by `next`; quiets the eventfd. */
struct job *mailbox_take(struct mailbox *m);

#endif
