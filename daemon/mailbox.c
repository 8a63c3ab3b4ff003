/* The way back to the loop. */
#include "daemon/mailbox.h"

#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/job.h"

bool mailbox_init(struct mailbox *m)
{
    *m = (struct mailbox){.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    if (m->fd < 0)
        return false;
    if (pthread_mutex_init(&m->lock, NULL) != 0) {
        close(m->fd);
        return false;
    }
    return true;
}

void mailbox_release(struct mailbox *m)
{
    while (m->head != NULL) {
        struct job *job = m->head;
        m->head = job->next;
        job_free(job);
    }
    close(m->fd);
    pthread_mutex_destroy(&m->lock);
}

void mailbox_poke(struct mailbox *m)
{
    uint64_t one = 1;
    ssize_t n = write(m->fd, &one, sizeof one);
    (void)n; /* it fails only when the counter is full, and then the fd is readable */
}

void mailbox_post(struct mailbox *m, struct job *job)
{
    pthread_mutex_lock(&m->lock);
    job->next = NULL;
    bool first = m->head == NULL;
    if (first)
        m->head = job;
    else
        m->tail->next = job;
    m->tail = job;
    pthread_mutex_unlock(&m->lock);
    if (first) /* whoever made it non-empty has told the loop */
        mailbox_poke(m);
}

struct job *mailbox_take(struct mailbox *m)
{
    uint64_t count;
    ssize_t n = read(m->fd, &count, sizeof count);
    (void)n; /* nothing there is fine */
    pthread_mutex_lock(&m->lock);
    struct job *list = m->head;
    m->head = m->tail = NULL;
    pthread_mutex_unlock(&m->lock);
    return list;
}
