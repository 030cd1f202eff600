//go:build linux

/*
 * zmq_proxy: whatever comes in on one side goes out on the other.
 *
 *	1 look      what can be received, and where can be sent
 *	2 forward   as much as the look allowed, each way
 *	3 wait      if nothing moved: for a message, or for room where one is stuck
 */
#include "wait.h"

#include <string.h>

/* side is one of the two sockets, and what has passed it. */
struct side {
	void *socket;
	uint64_t received[2], sent[2]; /* parts, bytes */
};

enum mode { RUNNING, PAUSED, TERMINATED };

struct proxy {
	struct side frontend, backend;
	void *capture, *control; /* NULL: none */
	enum mode mode;
};

/* burst is how many messages are forwarded between two looks. */
enum { BURST = 1000 };

/* record sends a copy of a part to the capture socket. */
static int record(struct proxy *p, zmq_msg_t *msg, int flags) {
	zmq_msg_t copy;
	if (!p->capture)
		return 0;
	zmq_msg_init(&copy);
	zmq_msg_copy(&copy, msg);
	if (zmq_msg_send(&copy, p->capture, flags) >= 0)
		return 0;
	int err = errno;
	zmq_msg_close(&copy);
	return zt_fail(-err);
}

/* forward_one passes one message on. It returns 1, or 0 if there was none. */
static int forward_one(struct proxy *p, struct side *from, struct side *to, zmq_msg_t *msg) {
	int more, wait = ZMQ_DONTWAIT;
	do {
		if (zmq_msg_recv(msg, from->socket, wait) < 0)
			return errno == EAGAIN ? 0 : -1;
		wait = 0;
		more = zmq_msg_more(msg);
		size_t size = zmq_msg_size(msg);
		int flags = more ? ZMQ_SNDMORE : 0;
		if (record(p, msg, flags) != 0 || zmq_msg_send(msg, to->socket, flags) < 0)
			return -1;
		from->received[0]++, from->received[1] += size;
		to->sent[0]++, to->sent[1] += size;
	} while (more);
	return 1;
}

static int forward(struct proxy *p, struct side *from, struct side *to) {
	zmq_msg_t msg;
	int moved = 1;
	zmq_msg_init(&msg);
	for (int i = 0; i < BURST && moved > 0; i++) {
		moved = forward_one(p, from, to, &msg);
		if (moved > 0 && i % 16 == 15) { /* the other side may be full now */
			zmq_pollitem_t out = {to->socket, 0, ZMQ_POLLOUT, 0};
			moved = zmq_poll(&out, 1, 0);
		}
	}
	int err = errno;
	zmq_msg_close(&msg);
	return moved < 0 ? zt_fail(-err) : 0;
}

/* report answers STATISTICS. */
static int report(struct proxy *p) {
	const uint64_t *figures[] = {p->frontend.received, p->frontend.sent, p->backend.received, p->backend.sent};
	for (int i = 0; i < 8; i++)
		if (zmq_send(p->control, &figures[i / 2][i % 2], sizeof(uint64_t), i < 7 ? ZMQ_SNDMORE : 0) < 0)
			return -1;
	return 0;
}

/* obey receives one command. A REP control socket owes an answer to each. */
static int obey(struct proxy *p) {
	static const struct {
		const char *name;
		enum mode mode;
	} commands[] = {{"PAUSE", PAUSED}, {"RESUME", RUNNING}, {"TERMINATE", TERMINATED}};
	char text[16];
	int size = zmq_recv(p->control, text, sizeof text, 0);
	if (size < 0)
		return -1;
	if (size == 10 && memcmp(text, "STATISTICS", 10) == 0)
		return report(p);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if ((size_t)size == strlen(commands[i].name) && memcmp(text, commands[i].name, size) == 0)
			p->mode = commands[i].mode;
	int type = 0;
	size_t room = sizeof type;
	if (zmq_getsockopt(p->control, ZMQ_TYPE, &type, &room) != 0)
		return -1;
	return type == ZMQ_REP && zmq_send(p->control, "", 0, 0) < 0 ? -1 : 0;
}

/* stuck says whether a message waits on one side for room on the other. */
static bool stuck(short from, short to) { return from & ZMQ_POLLIN && !(to & ZMQ_POLLOUT); }

/* move forwards each way what the look allowed: 1 if there was something. */
static int move(struct proxy *p, short f, short b) {
	bool echo = p->frontend.socket == p->backend.socket; /* a REP has room only once it has received */
	int moved = 0;
	if (f & ZMQ_POLLIN && (echo || b & ZMQ_POLLOUT)) {
		if (forward(p, &p->frontend, &p->backend) != 0)
			return -1;
		moved = 1;
	}
	if (!echo && b & ZMQ_POLLIN && f & ZMQ_POLLOUT) {
		if (forward(p, &p->backend, &p->frontend) != 0)
			return -1;
		moved = 1;
	}
	return moved;
}

/* turn is the three steps, once. items are frontend, backend, control. */
static int turn(struct proxy *p, zmq_pollitem_t *items) {
	short both = p->mode == RUNNING ? ZMQ_POLLIN | ZMQ_POLLOUT : 0;
	items[0].events = items[1].events = both;
	int count = p->control ? 3 : 2;
	if (zmq_poll(items, count, 0) < 0)
		return -1;
	short f = items[0].revents, b = items[1].revents;
	bool told = p->control && items[2].revents;
	if (told && obey(p) != 0)
		return -1;
	int moved = move(p, f, b);
	if (moved < 0)
		return -1;
	if (moved || told)
		return 0;
	items[0].events = both & ((stuck(f, b) ? 0 : ZMQ_POLLIN) | (stuck(b, f) ? ZMQ_POLLOUT : 0));
	items[1].events = both & ((stuck(b, f) ? 0 : ZMQ_POLLIN) | (stuck(f, b) ? ZMQ_POLLOUT : 0));
	return zmq_poll(items, count, -1) < 0 ? -1 : 0;
}

int zmq_proxy_steerable(void *frontend, void *backend, void *capture, void *control) {
	if (!frontend || !backend)
		return zt_fail(-EFAULT);
	struct proxy p = {.frontend = {.socket = frontend}, .backend = {.socket = backend}, .capture = capture, .control = control};
	zmq_pollitem_t items[3] = {{.socket = frontend}, {.socket = backend}, {.socket = control, .events = ZMQ_POLLIN}};
	while (p.mode != TERMINATED)
		if (turn(&p, items) != 0)
			return -1;
	return 0;
}

int zmq_proxy(void *frontend, void *backend, void *capture) {
	return zmq_proxy_steerable(frontend, backend, capture, NULL);
}

int zmq_device(int type, void *frontend, void *backend) {
	(void)type;
	return zmq_proxy(frontend, backend, NULL);
}
