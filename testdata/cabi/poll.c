/* zmq_poll, ZMQ_FD and ZMQ_EVENTS. */
#include "check.h"

#include <poll.h>
#include <pthread.h>

static void mistakes(void) {
	zmq_pollitem_t item = {0};
	FAILS(zmq_poll(NULL, 1, 0), EFAULT);
	FAILS(zmq_poll(&item, -1, 0), EINVAL);
	CHECK(zmq_poll(NULL, 0, 1) == 0);
	if (ours()) {
		item = (zmq_pollitem_t){&item, 0, ZMQ_POLLIN, 0};
		FAILS(zmq_poll(&item, 1, 0), ENOTSOCK);
	}
}

static void sockets_and_descriptors(const char *endpoint) {
	int fds[2];
	char byte;
	void *c = zmq_ctx_new(), *a = open_socket(c, ZMQ_PAIR), *b = open_socket(c, ZMQ_PAIR);
	CHECK(pipe(fds) == 0);
	join(a, b, endpoint);
	zmq_pollitem_t items[] = {
	    {a, 0, ZMQ_POLLIN, 0}, {NULL, fds[0], ZMQ_POLLIN, 0}, {b, 0, ZMQ_POLLIN | ZMQ_POLLOUT, 0}, {NULL, fds[1], ZMQ_POLLOUT, 0}};
	CHECK(zmq_poll(items, 2, 0) == 0);
	CHECK(zmq_poll(items, 2, 5) == 0);
	CHECK(zmq_poll(items, 4, -1) >= 1);
	CHECK(items[3].revents == ZMQ_POLLOUT);
	say(b, "x", 0);
	CHECK(zmq_poll(items, 2, -1) == 1);
	CHECK(items[0].revents == ZMQ_POLLIN && items[1].revents == 0);
	CHECK(write(fds[1], "y", 1) == 1);
	CHECK(zmq_poll(items, 2, -1) == 2);
	items[0].fd = fds[1]; /* does not count */
	items[0].events |= ZMQ_POLLERR | ZMQ_POLLPRI;
	CHECK(zmq_poll(items, 1, -1) == 1 && items[0].revents == ZMQ_POLLIN);
	hear(a, "x");
	CHECK(zmq_poll(items, 2, -1) == 1 && items[0].revents == 0 && items[1].revents == ZMQ_POLLIN);
	CHECK(read(fds[0], &byte, 1) == 1);
	close(fds[1]);
	CHECK(zmq_poll(items, 2, -1) == 1 && items[1].revents & ZMQ_POLLERR);
	close(fds[0]);
	finish(c, a, b, NULL);
}

static void *echo(void *socket) {
	char text[64];
	int size = zmq_recv(socket, text, sizeof text, 0);
	CHECK(zmq_send(socket, text, size, 0) == size);
	return NULL;
}

/* A poll that waits is woken by another thread. */
static void woken(const char *endpoint) {
	pthread_t thread;
	void *c = zmq_ctx_new(), *a = open_socket(c, ZMQ_PAIR), *b = open_socket(c, ZMQ_PAIR);
	join(a, b, endpoint);
	for (int i = 0; i < 100; i++) {
		CHECK(pthread_create(&thread, NULL, echo, b) == 0);
		say(a, "around", 0);
		zmq_pollitem_t item = {a, 0, ZMQ_POLLIN, 0};
		CHECK(zmq_poll(&item, 1, -1) == 1);
		hear(a, "around");
		CHECK(pthread_join(thread, NULL) == 0); /* b passes from thread to thread */
	}
	finish(c, a, b, NULL);
}

/* More items than fit on the stack. */
static void many(void) {
	enum { COUNT = 100 };
	void *sockets[COUNT + 1] = {0};
	zmq_pollitem_t items[COUNT] = {{0}};
	void *c = zmq_ctx_new(), *push = open_socket(c, ZMQ_PUSH);
	CHECK(zmq_bind(push, "inproc://many") == 0);
	for (int i = 0; i < COUNT; i++) {
		sockets[i] = open_socket(c, ZMQ_PULL);
		CHECK(zmq_connect(sockets[i], "inproc://many") == 0);
		items[i] = (zmq_pollitem_t){sockets[i], 0, ZMQ_POLLIN, 0};
	}
	CHECK(zmq_poll(items, COUNT, 0) == 0);
	for (int i = 0; i < COUNT / 2; i++)
		say(push, "x", 0);
	CHECK(zmq_poll(items, COUNT, -1) == COUNT / 2);
	for (int i = 0; i < COUNT; i++)
		CHECK(zmq_close(sockets[i]) == 0);
	finish(c, push, NULL);
}

static int descriptor(void *socket) { return number(socket, ZMQ_FD); }

static bool readable(int fd, int timeout) {
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, timeout) == 1;
}

/* ZMQ_FD tells of a change, and then ZMQ_EVENTS must be read. */
static void event_loop(const char *endpoint) {
	void *c = zmq_ctx_new(), *a = open_socket(c, ZMQ_DEALER), *b = open_socket(c, ZMQ_DEALER);
	join(a, b, endpoint);
	int fd = descriptor(a);
	CHECK(fd >= 0 && fd == descriptor(a));
	for (int i = 0; i < 50; i++) {
		say(b, "x", 0);
		while (!(number(a, ZMQ_EVENTS) & ZMQ_POLLIN))
			CHECK(readable(fd, -1));
		hear(a, "x");
		CHECK(!(number(a, ZMQ_EVENTS) & ZMQ_POLLIN));
	}
	finish(c, a, b, NULL);
}

/* A full queue: ZMQ_POLLOUT comes back, and the descriptor tells. */
static void room(void) {
	int sent = 0;
	void *c = zmq_ctx_new(), *push = open_socket(c, ZMQ_PUSH), *pull = open_socket(c, ZMQ_PULL);
	set_number(push, ZMQ_SNDHWM, 4);
	set_number(pull, ZMQ_RCVHWM, 4);
	join(pull, push, "inproc://room");
	CHECK(number(push, ZMQ_EVENTS) == ZMQ_POLLOUT);
	while (zmq_send(push, "x", 1, ZMQ_DONTWAIT) == 1)
		sent++;
	CHECK(errno == EAGAIN && sent == 8);
	CHECK(number(push, ZMQ_EVENTS) == 0);
	for (int i = 0; i < 8; i++)
		hear(pull, "x");
	CHECK(readable(descriptor(push), -1));
	CHECK(number(push, ZMQ_EVENTS) == ZMQ_POLLOUT);
	finish(c, push, pull, NULL);
}

static void types(void) {
	static const int expected[][2] = {{ZMQ_PUB, ZMQ_POLLOUT}, {ZMQ_SUB, 0}, {ZMQ_ROUTER, ZMQ_POLLOUT}, {ZMQ_REP, 0}, {ZMQ_REQ, 0}, {ZMQ_PUSH, 0}};
	void *c = zmq_ctx_new();
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		void *s = open_socket(c, expected[i][0]);
		CHECK(number(s, ZMQ_EVENTS) == expected[i][1]);
		CHECK(zmq_close(s) == 0);
	}
	finish(c, NULL);
}

int main(void) {
	begin();
	mistakes();
	sockets_and_descriptors("inproc://poll");
	sockets_and_descriptors("tcp://127.0.0.1:*");
	woken("inproc://woken");
	woken("tcp://127.0.0.1:*");
	many();
	event_loop("inproc://loop");
	event_loop("tcp://127.0.0.1:*");
	room();
	types();
	return 0;
}
