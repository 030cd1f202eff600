//go:build linux

/*
 * Contexts and sockets: each call checks what it is given, has Go do the work,
 * waits here if it must, and sets errno.
 */
#include "message.h"

#include "_cgo_export.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

struct zt_slot zt_slots[ZT_SLOTS];

/* finish turns what Go returned into what C returns. */
static int finish(long result) { return result < 0 ? zt_fail(result) : (int)(result > INT_MAX ? INT_MAX : result); }

/* Contexts. */

void *zmq_ctx_new(void) {
	void *handle = NULL;
	zt_handlers();
	long result = zt_forked ? -ENOTSUP : ztContextNew(&handle);
	if (result < 0)
		zt_fail(result);
	return handle;
}

int zmq_ctx_term(void *context) {
	struct zt_wait wait = {0};
	int64_t deadline = 0;
	if (zt_forked)
		return 0; /* the context is the parent's */
	for (;;) {
		long result = ztContextTerm(context, &wait);
		if (result != ZT_WAIT)
			return finish(result);
		int err = zt_await(&wait, &deadline);
		if (err) {
			ztWaitEnd(&wait);
			return zt_fail(-err);
		}
	}
}

int zmq_ctx_shutdown(void *context) { return zt_forked ? 0 : finish(ztContextShutdown(context)); }

int zmq_ctx_set_ext(void *context, int option, const void *value, size_t size) {
	return finish(zt_forked ? -EFAULT : ztContextSet(context, option, (void *)value, size));
}

int zmq_ctx_get_ext(void *context, int option, void *value, size_t *size) {
	return finish(zt_forked ? -EFAULT : ztContextGet(context, option, value, size));
}

int zmq_ctx_set(void *context, int option, int value) {
	return zmq_ctx_set_ext(context, option, &value, sizeof value);
}

int zmq_ctx_get(void *context, int option) {
	int value = 0;
	size_t size = sizeof value;
	return zmq_ctx_get_ext(context, option, &value, &size) == 0 ? value : -1;
}

void *zmq_init(int io_threads) {
	if (io_threads < 0) {
		errno = EINVAL;
		return NULL;
	}
	void *context = zmq_ctx_new();
	if (context)
		zmq_ctx_set(context, ZMQ_IO_THREADS, io_threads);
	return context;
}

int zmq_term(void *context) { return zmq_ctx_term(context); }

int zmq_ctx_destroy(void *context) { return zmq_ctx_term(context); }

/* Sockets. */

void *zmq_socket(void *context, int type) {
	void *handle = NULL;
	zt_handlers();
	long result = zt_forked ? -EFAULT : ztSocketNew(context, type, &handle);
	if (result < 0)
		zt_fail(result);
	return handle;
}

int zmq_close(void *socket) {
	return zt_forked ? 0 : finish(ztSocketClose(socket)); /* in a child the socket is the parent's */
}

int zmq_setsockopt(void *socket, int option, const void *value, size_t size) {
	return finish(zt_forked ? -ENOTSOCK : ztSet(socket, option, (void *)value, size));
}

int zmq_getsockopt(void *socket, int option, void *value, size_t *size) {
	return finish(zt_forked ? -ENOTSOCK : ztGet(socket, option, value, size));
}

int zmq_bind(void *socket, const char *endpoint) {
	return finish(zt_forked ? -ENOTSOCK : ztEndpoint(socket, ZT_BIND, (char *)endpoint));
}

int zmq_connect(void *socket, const char *endpoint) {
	return finish(zt_forked ? -ENOTSOCK : ztEndpoint(socket, ZT_CONNECT, (char *)endpoint));
}

int zmq_unbind(void *socket, const char *endpoint) {
	return finish(zt_forked ? -ENOTSOCK : ztEndpoint(socket, ZT_UNBIND, (char *)endpoint));
}

int zmq_disconnect(void *socket, const char *endpoint) {
	return finish(zt_forked ? -ENOTSOCK : ztEndpoint(socket, ZT_DISCONNECT, (char *)endpoint));
}

/* Sending. */

/* transfer calls ztSend or ztRecv until the part is moved. */
static long transfer(long (*move)(void *, struct zt_part *, struct zt_wait *), void *socket, struct zt_part *part) {
	struct zt_wait wait = {0};
	int64_t deadline = 0;
	if (zt_forked)
		return -ENOTSOCK;
	for (;;) {
		long result = move(socket, part, &wait);
		if (result != ZT_WAIT)
			return result;
		int err = zt_await(&wait, &deadline);
		if (err) {
			ztWaitEnd(&wait);
			return -err;
		}
	}
}

static int send_bytes(void *socket, const void *data, size_t size, int flags, bool constant) {
	if (!(flags & ZMQ_SNDMORE) && zt_lane_append(socket, data, size))
		return (int)size;
	struct zt_part part;
	part.content = NULL;
	part.constant = constant;
	part.data = (void *)data;
	part.size = size;
	part.more = flags & ZMQ_SNDMORE;
	part.dontwait = flags & ZMQ_DONTWAIT;
	part.routing_id = 0;
	part.group = NULL;
	long result = transfer(ztSend, socket, &part);
	return result < 0 ? zt_fail(result) : (int)(size > INT_MAX ? INT_MAX : size);
}

int zmq_send(void *socket, const void *data, size_t size, int flags) {
	return send_bytes(socket, data, size, flags, false);
}

int zmq_send_const(void *socket, const void *data, size_t size, int flags) {
	return send_bytes(socket, data, size, flags, true);
}

int zmq_msg_send(zmq_msg_t *msg, void *socket, int flags) {
	if (!zt_valid(msg))
		return zt_fail(-EFAULT);
	struct zt_part part;
	part.more = flags & ZMQ_SNDMORE;
	part.dontwait = flags & ZMQ_DONTWAIT;
	zt_describe(msg, &part);
	bool plain = !part.more && !part.group && !part.routing_id;
	long result = plain && zt_lane_append(socket, part.data, part.size) ? 0 : transfer(ztSend, socket, &part);
	if (result < 0)
		return zt_fail(result);
	zt_sent(msg);
	return (int)(part.size > INT_MAX ? INT_MAX : part.size);
}

int zmq_sendmsg(void *socket, zmq_msg_t *msg, int flags) { return zmq_msg_send(msg, socket, flags); }

int zmq_sendiov(void *socket, struct iovec *iov, size_t count, int flags) {
	if (!iov || count == 0)
		return zt_fail(-EINVAL);
	int result = 0;
	for (size_t i = 0; i < count && result >= 0; i++) {
		if (i == count - 1)
			flags &= ~ZMQ_SNDMORE;
		result = zmq_send(socket, iov[i].iov_base, iov[i].iov_len, flags);
	}
	return result;
}

/* Receiving. */

int zmq_recv(void *socket, void *data, size_t size, int flags) {
	struct zt_part part;
	part.data = data;
	part.room = size;
	part.whole = true;
	if (zt_lane_read(socket, &part))
		return (int)part.size;
	part.dontwait = flags & ZMQ_DONTWAIT;
	return finish(transfer(ztRecv, socket, &part));
}

int zmq_msg_recv(zmq_msg_t *msg, void *socket, int flags) {
	if (!zt_valid(msg))
		return zt_fail(-EFAULT);
	char room[ZT_ROOM];
	struct zt_part part;
	part.data = room;
	part.room = sizeof room;
	part.whole = false;
	part.dontwait = flags & ZMQ_DONTWAIT;
	long result = zt_lane_read(socket, &part) ? (long)part.size : transfer(ztRecv, socket, &part);
	if (result < 0)
		return zt_fail(result);
	return zt_receive(msg, &part) == 0 ? finish(result) : -1;
}

int zmq_recvmsg(void *socket, zmq_msg_t *msg, int flags) { return zmq_msg_recv(msg, socket, flags); }

/* store keeps a received part in memory that the caller frees. */
static int store(zmq_msg_t *msg, struct iovec *to) {
	to->iov_len = zmq_msg_size(msg);
	to->iov_base = malloc(to->iov_len ? to->iov_len : 1);
	if (!to->iov_base)
		return zt_fail(-ENOMEM);
	memcpy(to->iov_base, zmq_msg_data(msg), to->iov_len);
	return 0;
}

int zmq_recviov(void *socket, struct iovec *iov, size_t *count, int flags) {
	if (!iov || !count || *count == 0)
		return zt_fail(-EINVAL);
	size_t room = *count;
	int more = 1;
	for (*count = 0; more && *count < room; ++*count) {
		zmq_msg_t msg;
		zmq_msg_init(&msg);
		int failed = zmq_msg_recv(&msg, socket, flags) < 0 || store(&msg, &iov[*count]) != 0;
		more = zmq_msg_more(&msg);
		int err = errno;
		zmq_msg_close(&msg);
		if (failed)
			return zt_fail(-err);
	}
	return (int)*count;
}

/* Groups, peers and monitors. */

int zmq_join(void *socket, const char *group) {
	return finish(zt_forked ? -ENOTSOCK : ztGroup(socket, 1, (char *)group));
}

int zmq_leave(void *socket, const char *group) {
	return finish(zt_forked ? -ENOTSOCK : ztGroup(socket, 0, (char *)group));
}

uint32_t zmq_connect_peer(void *socket, const char *endpoint) {
	uint32_t id = 0;
	return finish(zt_forked ? -ENOTSOCK : ztConnectPeer(socket, (char *)endpoint, &id)) == 0 ? id : 0;
}

int zmq_disconnect_peer(void *socket, uint32_t routing_id) {
	return finish(zt_forked ? -ENOTSOCK : ztDisconnectPeer(socket, routing_id));
}

int zmq_socket_get_peer_state(void *socket, const void *routing_id, size_t size) {
	return finish(zt_forked ? -ENOTSOCK : ztPeerState(socket, (void *)routing_id, size));
}

int zmq_socket_monitor_versioned(void *socket, const char *endpoint, uint64_t events, int version, int type) {
	return finish(zt_forked ? -ENOTSOCK : ztMonitor(socket, (char *)endpoint, events, version, type));
}

int zmq_socket_monitor(void *socket, const char *endpoint, int events) {
	return zmq_socket_monitor_versioned(socket, endpoint, (uint64_t)(unsigned)events, 1, ZMQ_PAIR);
}

int zmq_socket_monitor_pipes_stats(void *socket) { return finish(zt_forked ? -ENOTSOCK : ztMonitorPipes(socket)); }
