/* wait.h - waiting for many things at once, and objects that C alone has. */
#ifndef ZT_WAIT_H
#define ZT_WAIT_H

#include "abi.h"

#include <poll.h>
#include <pthread.h>

/* zt_ppoll is ppoll(2) with the time in ms, -1 for none, that SIGURG does not
 * interrupt. */
int zt_ppoll(struct pollfd *fds, unsigned count, int64_t timeout, const sigset_t *mask);

/* zt_poll is zmq_ppoll that returns the negative errno. */
int zt_poll(zmq_pollitem_t *items, int count, long timeout, const sigset_t *mask);

/* zt_object is the head of an object of which C has the address. Its memory is
 * used again for others of its size but never freed, so that a program that uses
 * one after its end is told EFAULT. */
struct zt_object {
	uint32_t tag; /* of its kind; 0: not in use */
	struct zt_object *next;
};

/* zt_list is the objects of one kind that are not in use. */
struct zt_list {
	pthread_mutex_t lock; /* guards first, and next of those in the list */
	struct zt_object *first;
	uint32_t tag;
	size_t size;
};

/* zt_make makes an object whose memory behind the head is zero; NULL and ENOMEM if
 * there is none. */
void *zt_make(struct zt_list *list);

/* zt_unmake ends an object. */
void zt_unmake(struct zt_list *list, void *object);

/* zt_is reports whether p is an object of that kind. */
static inline bool zt_is(const struct zt_list *list, const void *p) {
	return p && ((const struct zt_object *)p)->tag == list->tag;
}

#endif
