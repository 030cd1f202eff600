//go:build linux

/*
 * zmq_poll waits for sockets and for descriptors of the system alike. Go says
 * what the sockets can do; one descriptor stands for all of them in poll(2).
 */
#include "wait.h"

#include "_cgo_export.h"

#include <limits.h>
#include <poll.h>
#include <stdlib.h>

/* plan is one call of poll(2). */
struct plan {
	struct pollfd few[ZMQ_POLLITEMS_DFLT + 1];
	struct pollfd *fds;
	unsigned count; /* of the items that are descriptors */
	bool sockets;   /* there are sockets among the items */
};

static int prepare(struct plan *p, const zmq_pollitem_t *items, int count) {
	p->fds = p->few;
	p->count = 0;
	p->sockets = false;
	if (count > ZMQ_POLLITEMS_DFLT && !(p->fds = malloc((count + 1) * sizeof *p->fds)))
		return ENOMEM;
	for (int i = 0; i < count; i++) {
		if (items[i].socket) {
			p->sockets = true;
			continue;
		}
		short events = 0;
		events |= items[i].events & ZMQ_POLLIN ? POLLIN : 0;
		events |= items[i].events & ZMQ_POLLOUT ? POLLOUT : 0;
		events |= items[i].events & ZMQ_POLLPRI ? POLLPRI : 0;
		p->fds[p->count++] = (struct pollfd){.fd = items[i].fd, .events = events};
	}
	return 0;
}

/* collect writes what poll(2) found into the items, and counts those. */
static int collect(const struct plan *p, zmq_pollitem_t *items, int count) {
	const struct pollfd *fd = p->fds;
	int ready = 0;
	for (int i = 0; i < count; i++) {
		if (items[i].socket)
			continue;
		short got = fd++->revents, revents = 0;
		revents |= got & POLLIN ? ZMQ_POLLIN : 0;
		revents |= got & POLLOUT ? ZMQ_POLLOUT : 0;
		revents |= got & POLLPRI ? ZMQ_POLLPRI : 0;
		revents |= got & ~(POLLIN | POLLOUT | POLLPRI) ? ZMQ_POLLERR : 0;
		items[i].revents = revents;
		ready += revents != 0;
	}
	return ready;
}

/* run is the loop of zmq_poll: 0 or more, or the negative errno. */
static int run(struct plan *p, zmq_pollitem_t *items, int count, long timeout, const sigset_t *mask) {
	struct zt_wait wait = {0};
	int64_t deadline = timeout > 0 ? zt_now() + timeout : 0;
	int result;
	for (;;) {
		long ready = p->sockets ? ztPoll(items, count, timeout != 0, &wait) : 0;
		if ((result = (int)ready) < 0)
			break;
		int64_t left = 0;
		if (ready == 0 && timeout != 0) {
			left = timeout < 0 ? -1 : deadline - zt_now();
			if (timeout > 0 && left < 0)
				left = 0;
		}
		unsigned n = p->count;
		if (wait.id)
			p->fds[n++] = (struct pollfd){.fd = wait.fd, .events = POLLIN};
		if ((n > 0 || left != 0) && zt_ppoll(p->fds, n, left, mask) < 0) {
			result = -errno;
			break;
		}
		result += collect(p, items, count);
		if (result > 0 || left == 0)
			break;
	}
	if (wait.id)
		ztWaitEnd(&wait);
	return result;
}

int zt_poll(zmq_pollitem_t *items, int count, long timeout, const sigset_t *mask) {
	if (count < 0)
		return -EINVAL;
	if (count > 0 && !items)
		return -EFAULT;
	if (zt_forked)
		return -ENOTSOCK;
	struct plan p;
	int err = prepare(&p, items, count);
	if (err)
		return -err;
	int result = run(&p, items, count, timeout < -1 ? -1 : timeout, mask);
	if (p.fds != p.few)
		free(p.fds);
	return result;
}

int zmq_ppoll(zmq_pollitem_t *items, int count, long timeout, const sigset_t *mask) {
	int result = zt_poll(items, count, timeout, mask);
	return result < 0 ? zt_fail(result) : result;
}

int zmq_poll(zmq_pollitem_t *items, int count, long timeout) { return zmq_ppoll(items, count, timeout, NULL); }
