/* What ends a call that waits: the end of the context, the closing of the socket.
 * And calls of many threads at once. */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>

/* blocked is a call that waits on a thread of its own. */
struct blocked {
	void *socket;
	int (*call)(void *socket);
	pthread_t thread;
	volatile bool begun;
	int result, error;
};

static int receive(void *s) {
	char byte;
	return zmq_recv(s, &byte, 1, 0);
}

static int receive_message(void *s) {
	zmq_msg_t m;
	CHECK(zmq_msg_init(&m) == 0);
	int result = zmq_msg_recv(&m, s, 0), err = errno;
	CHECK(zmq_msg_close(&m) == 0);
	errno = err;
	return result;
}

static int send_bytes(void *s) { return zmq_send(s, "x", 1, 0); }

static int send_message(void *s) {
	zmq_msg_t m;
	CHECK(zmq_msg_init_size(&m, 50000) == 0);
	int result = zmq_msg_send(&m, s, 0), err = errno;
	CHECK(zmq_msg_size(&m) == 50000 && zmq_msg_close(&m) == 0);
	errno = err;
	return result;
}

static int poll_one(void *s) {
	zmq_pollitem_t item = {s, 0, ZMQ_POLLIN, 0};
	return zmq_poll(&item, 1, -1);
}

#pragma weak zmq_poller_new /* Debian's libzmq has none */
#pragma weak zmq_poller_add
#pragma weak zmq_poller_wait
#pragma weak zmq_poller_modify
#pragma weak zmq_poller_remove
#pragma weak zmq_poller_fd
#pragma weak zmq_poller_destroy

static int poller_wait(void *s) {
	zmq_poller_event_t event;
	void *p = zmq_poller_new();
	CHECK(p);
	int result = zmq_poller_add(p, s, NULL, ZMQ_POLLIN) == 0 ? zmq_poller_wait(p, &event, -1) : -1, err = errno;
	CHECK(zmq_poller_destroy(&p) == 0);
	errno = err;
	return result;
}

static const struct {
	int type;
	int (*call)(void *socket);
} calls[] = {
    {ZMQ_PULL, receive},      {ZMQ_PULL, receive_message}, {ZMQ_PUSH, send_bytes},
    {ZMQ_PUSH, send_message}, {ZMQ_PULL, poll_one},        {ZMQ_PULL, poller_wait},
};

enum { CALLS = sizeof calls / sizeof *calls };

static void *run(void *arg) {
	struct blocked *b = arg;
	b->begun = true;
	b->result = b->call(b->socket);
	b->error = errno;
	return NULL;
}

static void begin_call(struct blocked *b, void *c, int i) {
	*b = (struct blocked){.socket = open_socket(c, calls[i].type), .call = calls[i].call};
	CHECK(pthread_create(&b->thread, NULL, run, b) == 0);
	while (!b->begun)
		usleep(100);
	usleep(5000); /* it waits by now, or will be refused at once */
}

/* Every call that waits returns ETERM. */
static void terminated(void) {
	struct blocked b[CALLS];
	void *c = zmq_ctx_new();
	int count = zmq_poller_new ? CALLS : CALLS - 1;
	for (int i = 0; i < count; i++)
		begin_call(&b[i], c, i);
	CHECK(zmq_ctx_shutdown(c) == 0);
	for (int i = 0; i < count; i++) {
		CHECK(pthread_join(b[i].thread, NULL) == 0);
		CHECK(b[i].result == -1 && b[i].error == ETERM);
		zmq_pollitem_t item = {b[i].socket, 0, ZMQ_POLLIN, 0};
		FAILS(zmq_poll(&item, 1, 0), ETERM);
		CHECK(zmq_close(b[i].socket) == 0);
	}
	CHECK(zmq_term(c) == 0);
}

/* The socket is closed under a call: ENOTSOCK, at once and ever after. */
static void closed(void) {
	struct blocked b;
	void *c = zmq_ctx_new();
	for (int round = 0; round < 20; round++)
		for (int i = 0; i < CALLS; i++) {
			begin_call(&b, c, i);
			CHECK(zmq_close(b.socket) == 0);
			CHECK(pthread_join(b.thread, NULL) == 0);
			CHECK(b.result == -1 && b.error == ENOTSOCK);
		}
	CHECK(zmq_ctx_term(c) == 0);
}

/* A poller whose socket was closed. */
static void closed_in_poller(void) {
	zmq_poller_event_t event;
	void *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_PULL), *t = open_socket(c, ZMQ_SERVER), *p = zmq_poller_new();
	int fd;
	CHECK(zmq_poller_add(p, s, NULL, ZMQ_POLLIN) == 0 && zmq_poller_add(p, t, NULL, ZMQ_POLLIN) == 0);
	CHECK(zmq_poller_fd(p, &fd) == 0);
	CHECK(zmq_close(s) == 0 && zmq_close(t) == 0);
	FAILS(zmq_poller_wait(p, &event, 0), ENOTSOCK);
	FAILS(zmq_poller_wait(p, &event, -1), ENOTSOCK);
	FAILS(zmq_poller_modify(p, s, ZMQ_POLLOUT), ENOTSOCK);
	FAILS(zmq_poller_remove(p, s), ENOTSOCK);
	CHECK(zmq_poller_destroy(&p) == 0);
	CHECK(zmq_ctx_term(c) == 0);
}

enum { SENDERS = 4, EACH = 5000 };

struct sender {
	void *socket;
	pthread_t thread;
	uint32_t number;
};

static void *produce(void *arg) {
	struct sender *s = arg;
	char large[20000];
	memset(large, 'l', sizeof large);
	for (uint32_t i = 0; i < EACH; i++) {
		uint32_t id[2] = {s->number, i};
		memcpy(large, id, sizeof id);
		size_t size = i % 100 == 99 ? sizeof large : sizeof id;
		CHECK(zmq_send(s->socket, large, size, 0) == (int)size);
	}
	return NULL;
}

/* Many threads send by one socket: nothing is lost, and each one's order kept.
 * libzmq forbids it. */
static void senders(const char *endpoint) {
	struct sender s[SENDERS];
	uint32_t next[SENDERS] = {0};
	char got[20000];
	void *c = zmq_ctx_new(), *pull = open_socket(c, ZMQ_PULL), *push = open_socket(c, ZMQ_PUSH);
	join(pull, push, endpoint);
	for (uint32_t i = 0; i < SENDERS; i++) {
		s[i] = (struct sender){.socket = push, .number = i};
		CHECK(pthread_create(&s[i].thread, NULL, produce, &s[i]) == 0);
	}
	for (int i = 0; i < SENDERS * EACH; i++) {
		uint32_t id[2];
		CHECK(zmq_recv(pull, got, sizeof got, 0) >= (int)sizeof id);
		memcpy(id, got, sizeof id);
		CHECK(id[0] < SENDERS && id[1] == next[id[0]]++);
	}
	for (int i = 0; i < SENDERS; i++)
		CHECK(pthread_join(s[i].thread, NULL) == 0);
	finish(c, pull, push, NULL);
}

static void *send_until_closed(void *socket) {
	while (zmq_send(socket, "short", 5, ZMQ_DONTWAIT) >= 0 || errno == EAGAIN)
		;
	CHECK(errno == ENOTSOCK || errno == ETERM);
	return NULL;
}

/* A socket is closed while another thread sends by it, and what it leaves behind is
 * used again. */
static void closed_while_sending(void) {
	void *c = zmq_ctx_new();
	for (int i = 0; i < 200; i++) {
		pthread_t thread;
		void *pull = open_socket(c, ZMQ_PULL), *push = open_socket(c, ZMQ_PUSH);
		join(pull, push, "inproc://closing");
		CHECK(pthread_create(&thread, NULL, send_until_closed, push) == 0);
		for (int n = 0; n < 200; n++)
			hear(pull, "short");
		CHECK(zmq_close(push) == 0 && zmq_close(pull) == 0);
		CHECK(pthread_join(thread, NULL) == 0);
	}
	CHECK(zmq_ctx_term(c) == 0);
}

/* A second peer gets its share of what a busy sender sends. */
static void second_peer(void) {
	char got[16];
	void *c = zmq_ctx_new(), *push = open_socket(c, ZMQ_PUSH), *first = open_socket(c, ZMQ_PULL), *second = open_socket(c, ZMQ_PULL);
	join(push, first, "inproc://second");
	for (int i = 0; i < 200; i++) /* until it sends by the quickest way */
		say(push, "x", 0);
	CHECK(zmq_connect(second, "inproc://second") == 0);
	int served = 0;
	for (int i = 0; i < 100 && !served; i++) {
		usleep(100); /* libzmq looks for news now and then */
		say(push, "y", 0);
		served = zmq_recv(second, got, sizeof got, ZMQ_DONTWAIT) == 1;
	}
	CHECK(served && *got == 'y');
	finish(c, push, first, second, NULL);
}

static atomic_int freed;

static void slow_free(void *data, void *hint) {
	(void)data, (void)hint;
	usleep(1000);
	atomic_fetch_add(&freed, 1);
}

/* free_and_end is a free function that ends another context. */
static void free_and_end(void *data, void *context) {
	(void)data;
	CHECK(zmq_ctx_term(context) == 0);
	atomic_fetch_add(&freed, 1);
}

static void give(void *push, zmq_free_fn *ffn, void *hint) {
	static char body[50000];
	zmq_msg_t m;
	CHECK(zmq_msg_init_data(&m, body, sizeof body, ffn, hint) == 0);
	CHECK(zmq_msg_send(&m, push, 0) == sizeof body);
}

/* The end of a context waits for its own free functions, and nobody else's. */
static void free_functions(void) {
	char got[1];
	void *c = zmq_ctx_new(), *other = zmq_ctx_new(), *pull = open_socket(c, ZMQ_PULL), *push = open_socket(c, ZMQ_PUSH);
	join(pull, push, "ipc://@cabi-free");
	for (int i = 0; i < 20; i++)
		give(push, slow_free, NULL);
	give(push, free_and_end, other);
	for (int i = 0; i < 21; i++)
		CHECK(zmq_recv(pull, got, sizeof got, 0) == 50000);
	finish(c, pull, push, NULL);
	CHECK(atomic_load(&freed) == 21);
}

int main(void) {
	begin();
	terminated();
	second_peer();
	free_functions();
	if (ours()) {
		closed();
		closed_in_poller();
		senders("inproc://senders");
		senders("tcp://127.0.0.1:*");
		closed_while_sending();
	}
	return 0;
}
