//go:build linux

/*
 * zmq_poller_*: a list of what to poll that is kept between the calls.
 */
#include "wait.h"

#include "_cgo_export.h"

#include <stdlib.h>

/* entry is one registration: of a socket, or of a descriptor if that is NULL. */
struct entry {
	void *socket;
	zmq_fd_t fd;
	void *user_data;
	short events;
};

struct poller {
	struct zt_object head;
	struct entry *entries;
	zmq_pollitem_t *items; /* memory for a wait */
	int count;
	int room;
	struct zt_wait bell; /* whose descriptor zmq_poller_fd gave, if id is not 0 */
};

static struct zt_list pollers = {PTHREAD_MUTEX_INITIALIZER, NULL, 0x7a706f6c, sizeof(struct poller)};

enum { KNOWN_EVENTS = ZMQ_POLLIN | ZMQ_POLLOUT | ZMQ_POLLERR | ZMQ_POLLPRI };

void *zmq_poller_new(void) { return zt_make(&pollers); }

int zmq_poller_destroy(void **poller) {
	if (!poller || !zt_is(&pollers, *poller))
		return zt_fail(-EFAULT);
	struct poller *p = *poller;
	if (p->bell.id)
		ztWaitEnd(&p->bell);
	free(p->entries);
	free(p->items);
	zt_unmake(&pollers, p);
	*poller = NULL;
	return 0;
}

int zmq_poller_size(void *poller) { return zt_is(&pollers, poller) ? ((struct poller *)poller)->count : zt_fail(-EFAULT); }

/* check is the negative errno for arguments that no call takes. */
static long check(void *poller, void *socket, zmq_fd_t fd, short events) {
	if (!zt_is(&pollers, poller))
		return -EFAULT;
	if (events & ~KNOWN_EVENTS)
		return -EINVAL;
	if (!socket)
		return fd < 0 ? -EBADF : 0;
	long result = zt_forked ? -ENOTSOCK : ztSocketCheck(socket);
	return result < 0 ? result : 0;
}

static struct entry *find(struct poller *p, void *socket, zmq_fd_t fd) {
	for (int i = 0; i < p->count; i++)
		if (socket ? p->entries[i].socket == socket : !p->entries[i].socket && p->entries[i].fd == fd)
			return &p->entries[i];
	return NULL;
}

/* grow makes room for one more entry. */
static long grow(struct poller *p) {
	if (p->count < p->room)
		return 0;
	int room = p->room ? 2 * p->room : 8;
	struct entry *entries = realloc(p->entries, room * sizeof *entries);
	if (!entries)
		return -ENOMEM;
	p->entries = entries;
	zmq_pollitem_t *items = realloc(p->items, room * sizeof *items);
	if (!items)
		return -ENOMEM;
	p->items = items;
	p->room = room;
	return 0;
}

/* hang has the bell rung, or not any more, by a socket that threads may share. */
static long hang(struct poller *p, void *socket, bool on) {
	return socket && ztSocketCheck(socket) == 1 ? ztBell(socket, &p->bell, on) : 0;
}

static int add(struct poller *p, void *socket, zmq_fd_t fd, void *user_data, short events) {
	long result = check(p, socket, fd, events);
	if (result == 0)
		result = find(p, socket, fd) ? -EINVAL : grow(p);
	if (result < 0)
		return zt_fail(result);
	p->entries[p->count++] = (struct entry){socket, fd, user_data, events};
	if (p->bell.id)
		hang(p, socket, true);
	return 0;
}

static int modify(struct poller *p, void *socket, zmq_fd_t fd, short events) {
	long result = check(p, socket, fd, events);
	struct entry *e = result == 0 ? find(p, socket, fd) : NULL;
	if (!e)
		return zt_fail(result ? result : -EINVAL);
	e->events = events;
	return 0;
}

static int take_out(struct poller *p, void *socket, zmq_fd_t fd) {
	long result = check(p, socket, fd, 0);
	struct entry *e = result == 0 ? find(p, socket, fd) : NULL;
	if (!e)
		return zt_fail(result ? result : -EINVAL);
	if (p->bell.id)
		hang(p, socket, false);
	for (struct entry *last = &p->entries[--p->count]; e < last; e++)
		*e = e[1];
	return 0;
}

/* A socket that is NULL is none, and no descriptor either. */

int zmq_poller_add(void *poller, void *socket, void *user_data, short events) {
	if (zt_is(&pollers, poller) && !socket)
		return zt_fail(-ENOTSOCK);
	return add(poller, socket, -1, user_data, events);
}

int zmq_poller_modify(void *poller, void *socket, short events) {
	if (zt_is(&pollers, poller) && !socket)
		return zt_fail(-ENOTSOCK);
	return modify(poller, socket, -1, events);
}

int zmq_poller_remove(void *poller, void *socket) {
	if (zt_is(&pollers, poller) && !socket)
		return zt_fail(-ENOTSOCK);
	return take_out(poller, socket, -1);
}

int zmq_poller_add_fd(void *poller, zmq_fd_t fd, void *user_data, short events) {
	return add(poller, NULL, fd, user_data, events);
}

int zmq_poller_modify_fd(void *poller, zmq_fd_t fd, short events) { return modify(poller, NULL, fd, events); }

int zmq_poller_remove_fd(void *poller, zmq_fd_t fd) { return take_out(poller, NULL, fd); }

int zmq_poller_fd(void *poller, zmq_fd_t *fd) {
	struct poller *p = poller;
	if (!zt_is(&pollers, p) || !fd)
		return zt_fail(-EFAULT);
	for (int i = 0; i < p->count && !p->bell.id; i++) {
		long result = hang(p, p->entries[i].socket, true);
		if (result < 0)
			return zt_fail(result);
		if (p->bell.id) /* the first of them; now the others */
			for (i++; i < p->count; i++)
				hang(p, p->entries[i].socket, true);
	}
	if (!p->bell.id)
		return zt_fail(-EINVAL);
	*fd = p->bell.fd;
	return 0;
}

/* prepare lists what is waited for; where[i] is the entry of item i. */
static int prepare(struct poller *p) {
	int count = 0;
	for (int i = 0; i < p->count; i++) {
		struct entry *e = &p->entries[i];
		p->items[i] = (zmq_pollitem_t){e->socket, e->fd, e->events, 0};
		if (!e->socket && e->events == 0)
			p->items[i].fd = -1; /* poll(2) leaves it out */
		count += e->events != 0;
	}
	return count;
}

int zmq_poller_wait_all(void *poller, zmq_poller_event_t *events, int count, long timeout) {
	struct poller *p = poller;
	if (!zt_is(&pollers, p) || !events)
		return zt_fail(-EFAULT);
	if (count < 0)
		return zt_fail(-EINVAL);
	int waiting = prepare(p);
	if (p->bell.id)
		ztBellClear(&p->bell);
	if (waiting == 0 && timeout < 0)
		return zt_fail(-EFAULT);
	int ready = zt_poll(p->items, waiting ? p->count : 0, timeout, NULL);
	if (ready <= 0)
		return zt_fail(ready ? ready : -EAGAIN);
	int found = 0;
	for (int i = 0; i < p->count && found < count; i++) {
		struct entry *e = &p->entries[i];
		if (p->items[i].revents)
			events[found++] = (zmq_poller_event_t){e->socket, e->fd, e->user_data, p->items[i].revents};
	}
	for (int i = found; i < count; i++)
		events[i] = (zmq_poller_event_t){.fd = -1};
	return found;
}

int zmq_poller_wait(void *poller, zmq_poller_event_t *event, long timeout) {
	int found = zmq_poller_wait_all(poller, event, 1, timeout);
	if (found < 0 && event && zt_is(&pollers, poller))
		*event = (zmq_poller_event_t){.fd = -1};
	return found < 0 ? -1 : 0;
}
