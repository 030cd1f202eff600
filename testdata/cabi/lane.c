/* Many short messages, which ours passes without a call into Go: everything is as it
 * is when there are few. */
#include "check.h"

#include <poll.h>

enum { MANY = 200 }; /* that a socket has sent or received until ours does so */

/* warm has so many messages pass, one by one. */
static void warm(void *from, void *to) {
	for (int i = 0; i < MANY; i++) {
		say(from, "warm", 0);
		hear(to, "warm");
	}
}

/* pair makes a PUSH and a PULL through which many messages have passed. */
static void pair(void *c, const char *endpoint, int hwm, void **push, void **pull) {
	*push = open_socket(c, ZMQ_PUSH), *pull = open_socket(c, ZMQ_PULL);
	set_number(*push, ZMQ_SNDHWM, hwm);
	set_number(*pull, ZMQ_RCVHWM, hwm);
	join(*pull, *push, endpoint);
	warm(*push, *pull);
}

/* await waits until there is something to receive. */
static void await(void *socket) {
	zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
	CHECK(zmq_poll(&item, 1, -1) == 1 && item.revents == ZMQ_POLLIN);
}

/* The ways to receive a message that is one number, or ends in one. */
static uint32_t by_recv(void *s) {
	uint32_t n;
	CHECK(zmq_recv(s, &n, sizeof n, 0) == sizeof n);
	return n;
}

static uint32_t by_poll(void *s) {
	await(s);
	uint32_t n;
	CHECK(zmq_recv(s, &n, sizeof n, ZMQ_DONTWAIT) == sizeof n);
	return n;
}

static uint32_t by_events(void *s) {
	while (!(number(s, ZMQ_EVENTS) & ZMQ_POLLIN))
		await(s);
	uint32_t n = by_recv(s);
	CHECK(number(s, ZMQ_RCVMORE) == 0);
	return n;
}

static uint32_t by_message(void *s) {
	zmq_msg_t m;
	uint32_t n;
	CHECK(zmq_msg_init(&m) == 0);
	CHECK(zmq_msg_recv(&m, s, 0) >= (int)sizeof n && !zmq_msg_more(&m));
	memcpy(&n, (char *)zmq_msg_data(&m) + zmq_msg_size(&m) - sizeof n, sizeof n);
	CHECK(zmq_msg_close(&m) == 0);
	return n;
}

/* Bodies of every short length, parts among them, and each way to receive. */
static void mixed(const char *endpoint) {
	enum { ROUNDS = 100, RUN = 50 };
	static uint32_t (*const ways[])(void *) = {by_recv, by_poll, by_events};
	char body[300] = "";
	void *push, *pull, *c = zmq_ctx_new();
	pair(c, endpoint, 1000, &push, &pull);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		for (uint32_t n = 0; n < RUN; n++)
			CHECK(zmq_send(push, &n, sizeof n, 0) == sizeof n);
		for (uint32_t n = 0; n < RUN; n++) { /* about 256, where the framing changes */
			size_t size = 4 + (i * RUN + n) * 5 % 296;
			memcpy(body + size - sizeof n, &n, sizeof n);
			CHECK(zmq_send(push, body, size, 0) == (int)size);
		}
		say(push, "part", ZMQ_SNDMORE);
		say(push, "", ZMQ_SNDMORE);
		say(push, "end", 0);
		say(push, "longer", 0);
		for (uint32_t n = 0; n < RUN; n++)
			CHECK(ways[(i + n) % 3](pull) == n);
		for (uint32_t n = 0; n < RUN; n++)
			CHECK(by_message(pull) == n);
		hear(pull, "part");
		CHECK(number(pull, ZMQ_RCVMORE) == 1);
		hear(pull, "");
		hear(pull, "end");
		CHECK(number(pull, ZMQ_RCVMORE) == 0);
		char cut[4];
		CHECK(zmq_recv(pull, cut, sizeof cut, 0) == 6 && memcmp(cut, "long", 4) == 0);
		CHECK(zmq_recv(pull, cut, sizeof cut, ZMQ_DONTWAIT) == -1 && errno == EAGAIN);
	}
	finish(c, push, pull, NULL);
}

/* The limit counts each message, and half of it must be read until there is room. */
static void limits(void) {
	enum { HWM = 50 };
	void *push, *pull, *c = zmq_ctx_new();
	pair(c, "inproc://limits", HWM, &push, &pull);
	CHECK(number(push, ZMQ_EVENTS) == ZMQ_POLLOUT); /* libzmq looks what was read only now */
	for (int i = 0; i < 2 * HWM; i++)
		CHECK(zmq_send(push, "x", 1, ZMQ_DONTWAIT) == 1);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < HWM; i++) {
			CHECK(number(push, ZMQ_EVENTS) == 0);
			FAILS(zmq_send(push, "x", 1, ZMQ_DONTWAIT), EAGAIN);
			hear(pull, "x");
		}
		CHECK(number(push, ZMQ_EVENTS) == ZMQ_POLLOUT);
		for (int i = 0; i < HWM; i++)
			CHECK(zmq_send(push, "x", 1, ZMQ_DONTWAIT) == 1);
	}
	finish(c, push, pull, NULL);
}

/* What was received by any way tells whose it is. */
static void properties(void) {
	zmq_msg_t m;
	void *push, *pull, *c = zmq_ctx_new();
	pair(c, "tcp://127.0.0.1:*", 1000, &push, &pull);
	CHECK(zmq_msg_init(&m) == 0);
	for (int i = 0; i < MANY; i++)
		say(push, "x", 0);
	for (int i = 0; i < MANY; i++) {
		CHECK(zmq_msg_recv(&m, pull, 0) == 1);
		const char *address = zmq_msg_gets(&m, "Peer-Address"), *type = zmq_msg_gets(&m, "Socket-Type");
		CHECK(address && strcmp(address, "127.0.0.1") == 0);
		CHECK(type && strcmp(type, "PUSH") == 0);
	}
	zmq_msg_t kept;
	CHECK(zmq_msg_init(&kept) == 0 && zmq_msg_move(&kept, &m) == 0);
	finish(c, push, pull, NULL);
	CHECK(strcmp(zmq_msg_gets(&kept, "Socket-Type"), "PUSH") == 0);
	CHECK(zmq_msg_close(&kept) == 0 && zmq_msg_close(&m) == 0);
}

/* The descriptor of an event loop that receives all there is. */
static void event_loop(const char *endpoint) {
	enum { RUN = 20 };
	void *push, *pull, *c = zmq_ctx_new();
	pair(c, endpoint, 1000, &push, &pull);
	struct pollfd p = {.fd = number(pull, ZMQ_FD), .events = POLLIN};
	for (int i = 0; i < 100; i++) {
		char got[8];
		for (int n = 0; n < RUN; n++)
			say(push, "x", 0);
		for (int n = 0; n < RUN;) {
			while (number(pull, ZMQ_EVENTS) & ZMQ_POLLIN) {
				CHECK(zmq_recv(pull, got, sizeof got, ZMQ_DONTWAIT) == 1);
				n++;
			}
			if (n < RUN)
				CHECK(poll(&p, 1, -1) == 1);
		}
		FAILS(zmq_recv(pull, got, sizeof got, ZMQ_DONTWAIT), EAGAIN);
	}
	finish(c, push, pull, NULL);
}

/* Whoever leaves has sent all; whoever comes is heard. */
static void peers(void) {
	void *push, *pull, *c = zmq_ctx_new(), *other = open_socket(c, ZMQ_PUSH);
	pair(c, "inproc://peers", 1000, &push, &pull);
	for (int i = 0; i < MANY; i++)
		say(push, "first", 0);
	hear(pull, "first"); /* the others lie in ours' lane */
	CHECK(zmq_connect(other, "inproc://peers") == 0);
	for (int i = 0; i < MANY; i++)
		say(other, "other", 0);
	CHECK(zmq_close(push) == 0);
	int first = 1, others = 0;
	while (first + others < 2 * MANY) {
		char got[5];
		CHECK(zmq_recv(pull, got, sizeof got, 0) == sizeof got);
		first += memcmp(got, "first", 5) == 0;
		others += memcmp(got, "other", 5) == 0;
	}
	CHECK(first == MANY && others == MANY);
	finish(c, pull, other, NULL);
}

/* A socket that is closed leaves nothing to the next one. */
static void closed(void) {
	void *push, *pull, *c = zmq_ctx_new();
	for (int i = 0; i < 50; i++) {
		char got[8], name[32];
		snprintf(name, sizeof name, "inproc://closed-%d", i);
		pair(c, name, 1000, &push, &pull);
		for (int n = 0; n < MANY; n++)
			say(push, "old", 0);
		hear(pull, "old");
		CHECK(zmq_close(pull) == 0 && zmq_close(push) == 0);
		if (ours())
			FAILS(zmq_recv(pull, got, sizeof got, 0), ENOTSOCK);
	}
	finish(c, NULL);
}

/* Nothing is received after the end of the context. */
static void terminated(void) {
	char got[8];
	void *push, *pull, *c = zmq_ctx_new();
	pair(c, "inproc://terminated", 1000, &push, &pull);
	for (int n = 0; n < MANY; n++)
		say(push, "x", 0);
	hear(pull, "x");
	CHECK(zmq_ctx_shutdown(c) == 0);
	if (ours()) /* libzmq looks after a hundred messages */
		FAILS(zmq_recv(pull, got, sizeof got, 0), ETERM);
	finish(c, push, pull, NULL);
}

int main(void) {
	begin();
	mixed("inproc://mixed");
	mixed("tcp://127.0.0.1:*");
	mixed("ipc://@cabi-mixed");
	limits();
	properties();
	event_loop("inproc://loop");
	event_loop("tcp://127.0.0.1:*");
	peers();
	closed();
	terminated();
	return 0;
}
