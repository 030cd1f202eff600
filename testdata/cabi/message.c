/* Messages: their life, copies, properties, and who frees what. */
#include "check.h"

#include <stdatomic.h>

static atomic_int freed; /* by threads of the library as well */
static void *freed_data, *freed_hint;

static void count_free(void *data, void *hint) {
	freed++;
	freed_data = data;
	freed_hint = hint;
}

static void layout(void) {
	CHECK(sizeof(zmq_msg_t) == 64);
	void *c = zmq_ctx_new();
	CHECK(zmq_ctx_get(c, ZMQ_MSG_T_SIZE) == 64);
	CHECK(zmq_ctx_term(c) == 0);
}

static void life(void) {
	static const size_t sizes[] = {0, 1, 29, 30, 33, 34, 40, 41, 4095, 4096, 100000};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		zmq_msg_t m;
		CHECK(zmq_msg_init_size(&m, sizes[i]) == 0);
		CHECK(zmq_msg_size(&m) == sizes[i]);
		memset(zmq_msg_data(&m), 'x', sizes[i]);
		CHECK(zmq_msg_more(&m) == 0);
		CHECK(zmq_msg_get(&m, ZMQ_MORE) == 0);
		FAILS(zmq_msg_get(&m, 99), EINVAL);
		FAILS(zmq_msg_set(&m, ZMQ_MORE, 1), EINVAL);
		IS_NULL(zmq_msg_gets(&m, "Socket-Type"), EINVAL);
		CHECK(zmq_msg_close(&m) == 0);
		FAILS(zmq_msg_close(&m), EFAULT);
	}
}

static void huge(void) {
	zmq_msg_t m;
	FAILS(zmq_msg_init_size(&m, (size_t)-1), ENOMEM);
}

static void copies(void) {
	zmq_msg_t a, b, bad;
	memset(&bad, 0, sizeof bad);
	for (size_t size = 5; size < 10000; size *= 40) {
		CHECK(zmq_msg_init_size(&a, size) == 0);
		CHECK(zmq_msg_init(&b) == 0);
		memset(zmq_msg_data(&a), 'a', size);
		CHECK(zmq_msg_copy(&b, &a) == 0);
		CHECK(zmq_msg_size(&a) == size && zmq_msg_size(&b) == size);
		CHECK(memcmp(zmq_msg_data(&a), zmq_msg_data(&b), size) == 0);
		if (size > 64) {
			CHECK(zmq_msg_data(&a) == zmq_msg_data(&b));
			CHECK(zmq_msg_get(&a, ZMQ_SHARED) == 1 && zmq_msg_get(&b, ZMQ_SHARED) == 1);
		}
		CHECK(zmq_msg_close(&a) == 0);
		CHECK(((char *)zmq_msg_data(&b))[size - 1] == 'a');
		CHECK(zmq_msg_init(&a) == 0);
		CHECK(zmq_msg_move(&a, &b) == 0);
		CHECK(zmq_msg_size(&a) == size && zmq_msg_size(&b) == 0);
		FAILS(zmq_msg_move(&a, &bad), EFAULT);
		FAILS(zmq_msg_copy(&a, &bad), EFAULT);
		CHECK(zmq_msg_close(&a) == 0 && zmq_msg_close(&b) == 0);
	}
}

static void foreign(void) {
	static char data[100];
	zmq_msg_t a, b;
	freed = 0;
	CHECK(zmq_msg_init_data(&a, data, sizeof data, count_free, &freed) == 0);
	CHECK(zmq_msg_data(&a) == data && zmq_msg_size(&a) == sizeof data);
	CHECK(zmq_msg_init(&b) == 0);
	CHECK(zmq_msg_copy(&b, &a) == 0);
	CHECK(zmq_msg_close(&a) == 0 && freed == 0);
	CHECK(zmq_msg_close(&b) == 0 && freed == 1);
	CHECK(freed_data == data && freed_hint == &freed);
	CHECK(zmq_msg_init_data(&a, data, sizeof data, NULL, NULL) == 0); /* nobody frees it */
	CHECK(zmq_msg_close(&a) == 0 && freed == 1);
}

/* The free function is called once for each message, wherever it ends. */
static void foreign_sent(const char *endpoint, size_t size) {
	void *c = zmq_ctx_new(), *pull = open_socket(c, ZMQ_PULL), *push = open_socket(c, ZMQ_PUSH);
	char *data = malloc(size);
	memset(data, 'd', size);
	freed = 0;
	join(pull, push, endpoint);
	for (int i = 0; i < 3; i++) {
		zmq_msg_t m;
		CHECK(zmq_msg_init_data(&m, data, size, count_free, NULL) == 0);
		CHECK(zmq_msg_send(&m, push, i < 2 ? ZMQ_SNDMORE : 0) == (int)size);
		CHECK(zmq_msg_size(&m) == 0); /* empty now, and still to be closed */
		CHECK(zmq_msg_close(&m) == 0);
	}
	for (int i = 0; i < 3; i++) {
		zmq_msg_t m;
		CHECK(zmq_msg_init(&m) == 0);
		CHECK(zmq_msg_recv(&m, pull, 0) == (int)size);
		CHECK(zmq_msg_more(&m) == (i < 2));
		CHECK(memcmp(zmq_msg_data(&m), data, size) == 0);
		CHECK(zmq_msg_close(&m) == 0);
	}
	zmq_msg_t m;
	CHECK(zmq_msg_init_data(&m, data, size, count_free, NULL) == 0);
	CHECK(zmq_msg_send(&m, push, 0) == (int)size); /* never received */
	finish(c, pull, push, NULL);
	CHECK(freed == 4);
	free(data);
}

/* A large body passes from one socket to another of the same context as it is, also part
 * by part, and is freed when the message that got it is closed. */
static void passed_on(int sends, int receives, size_t size) {
	void *c = zmq_ctx_new(), *from = open_socket(c, sends), *to = open_socket(c, receives);
	char *data = calloc(1, size);
	zmq_msg_t m, got;
	join(to, from, "inproc://passed");
	freed = 0;
	CHECK(zmq_msg_init(&got) == 0);
	for (int i = 0; i < 10; i++) {
		CHECK(zmq_msg_init_data(&m, data, size, count_free, &freed) == 0);
		CHECK(zmq_msg_send(&m, from, i % 2 ? 0 : ZMQ_SNDMORE) == (int)size);
	}
	for (int i = 0; i < 6; i++) {
		CHECK(zmq_msg_recv(&got, to, 0) == (int)size);
		CHECK(zmq_msg_data(&got) == data && zmq_msg_size(&got) == size && freed == i);
		CHECK(zmq_msg_more(&got) == !(i % 2));
		CHECK(zmq_msg_close(&got) == 0 && freed == i + 1 && freed_data == data && freed_hint == &freed);
		CHECK(zmq_msg_init(&got) == 0);
	}
	CHECK(zmq_msg_recv(&got, to, 0) == (int)size && zmq_msg_more(&got)); /* half a message is left */
	CHECK(zmq_send_const(from, data, size, 0) == (int)size);
	finish(c, to, from, NULL);
	CHECK(freed == 9 && zmq_msg_data(&got) == data);
	CHECK(zmq_msg_close(&got) == 0 && freed == 10);
	free(data);
}

static void constant(void) {
	static const char data[50000] = "lasts";
	void *c = zmq_ctx_new(), *push = open_socket(c, ZMQ_PUSH), *pull = open_socket(c, ZMQ_PULL);
	zmq_msg_t m;
	join(pull, push, "inproc://constant");
	CHECK(zmq_msg_init(&m) == 0);
	CHECK(zmq_send_const(push, data, sizeof data, 0) == sizeof data);
	CHECK(zmq_msg_recv(&m, pull, 0) == sizeof data && zmq_msg_data(&m) == data);
	finish(c, push, pull, NULL);
	CHECK(strcmp(zmq_msg_data(&m), "lasts") == 0 && zmq_msg_close(&m) == 0);
}

/* What a message held is released when another is received into it. */
static void received_over(void) {
	static char data[5000];
	void *c = zmq_ctx_new(), *a = open_socket(c, ZMQ_PAIR), *b = open_socket(c, ZMQ_PAIR);
	zmq_msg_t m;
	freed = 0;
	join(a, b, "inproc://over");
	say(a, "new", 0);
	CHECK(zmq_msg_init_data(&m, data, sizeof data, count_free, NULL) == 0);
	CHECK(zmq_msg_recv(&m, b, 0) == 3 && freed == 1);
	CHECK(zmq_msg_size(&m) == 3 && memcmp(zmq_msg_data(&m), "new", 3) == 0);
	CHECK(zmq_msg_close(&m) == 0 && freed == 1);
	finish(c, a, b, NULL);
}

/* The free function is called once for a message that nobody ever gets: its socket
 * is closed, its peer is, it does not match, or it is replaced by a newer one. */
static void never_received(size_t size) {
	static const struct {
		int sends, receives;
	} types[] = {{ZMQ_PUSH, ZMQ_PULL}, {ZMQ_PAIR, ZMQ_PAIR}, {ZMQ_PUB, ZMQ_SUB}, {ZMQ_DEALER, ZMQ_ROUTER}, {ZMQ_DEALER, ZMQ_REP}};
	static const char *const endpoints[] = {"inproc://never", "ipc://@cabi-never"};
	char *data = calloc(1, size);
	for (size_t i = 0; i < 2 * sizeof types / sizeof *types; i++) {
		void *c = zmq_ctx_new(), *from = open_socket(c, types[i / 2].sends), *to = open_socket(c, types[i / 2].receives);
		zmq_msg_t m;
		freed = 0;
		join(to, from, endpoints[i % 2]);
		for (int n = 0; n < 6; n++) {
			CHECK(zmq_msg_init_data(&m, data, size, count_free, NULL) == 0);
			CHECK(zmq_msg_send(&m, from, n % 3 < 2 ? ZMQ_SNDMORE : 0) == (int)size);
			CHECK(zmq_msg_close(&m) == 0);
		}
		CHECK(zmq_close(i % 3 ? from : to) == 0);
		finish(c, i % 3 ? to : from, NULL);
		CHECK(freed == 6);
	}
	free(data);
}

static void conflated(void) {
	static char data[50000];
	void *c = zmq_ctx_new(), *push = open_socket(c, ZMQ_PUSH), *pull = open_socket(c, ZMQ_PULL);
	zmq_msg_t m;
	freed = 0;
	set_number(push, ZMQ_CONFLATE, 1);
	set_number(pull, ZMQ_CONFLATE, 1);
	join(pull, push, "inproc://conflated");
	for (int n = 0; n < 10; n++) {
		CHECK(zmq_msg_init_data(&m, data, sizeof data, count_free, NULL) == 0);
		CHECK(zmq_msg_send(&m, push, 0) == sizeof data);
	}
	finish(c, push, pull, NULL);
	CHECK(freed == 10);
}

static void descriptor(void) {
	void *c = zmq_ctx_new(), *a = open_socket(c, ZMQ_PAIR), *b = open_socket(c, ZMQ_PAIR);
	zmq_msg_t m;
	join(a, b, "tcp://127.0.0.1:*");
	say(b, "x", 0);
	CHECK(zmq_msg_init(&m) == 0 && zmq_msg_get(&m, ZMQ_SRCFD) == -1);
	CHECK(zmq_msg_recv(&m, a, 0) == 1 && zmq_msg_get(&m, ZMQ_SRCFD) > 2);
	CHECK(zmq_msg_close(&m) == 0);
	finish(c, a, b, NULL);
}

static void not_sent(void) {
	static char data[5000];
	void *c = zmq_ctx_new(), *push = open_socket(c, ZMQ_PUSH);
	zmq_msg_t m;
	freed = 0;
	CHECK(zmq_msg_init_data(&m, data, sizeof data, count_free, NULL) == 0);
	FAILS(zmq_msg_send(&m, push, ZMQ_DONTWAIT), EAGAIN);
	CHECK(freed == 0 && zmq_msg_size(&m) == sizeof data && zmq_msg_data(&m) == data);
	CHECK(zmq_msg_close(&m) == 0 && freed == 1);
	finish(c, push, NULL);
}

static void properties(void) {
	void *c = zmq_ctx_new(), *rep = open_socket(c, ZMQ_REP), *req = open_socket(c, ZMQ_REQ);
	CHECK(zmq_setsockopt(req, ZMQ_ROUTING_ID, "me", 2) == 0);
	join(rep, req, "tcp://127.0.0.1:*");
	say(req, "x", 0);
	zmq_msg_t m, copy;
	CHECK(zmq_msg_init(&m) == 0 && zmq_msg_init(&copy) == 0);
	CHECK(zmq_msg_recv(&m, rep, 0) == 1);
	CHECK(zmq_msg_get(&m, ZMQ_SRCFD) >= 0);
	CHECK(zmq_msg_copy(&copy, &m) == 0);
	say(rep, "y", 0);
	hear(req, "y");
	finish(c, rep, req, NULL); /* the properties live on with the messages */
	CHECK(strcmp(zmq_msg_gets(&m, "Socket-Type"), "REQ") == 0);
	CHECK(zmq_msg_close(&m) == 0);
	CHECK(strcmp(zmq_msg_gets(&copy, "Socket-Type"), "REQ") == 0);
	CHECK(strcmp(zmq_msg_gets(&copy, "Identity"), "me") == 0);
	CHECK(strcmp(zmq_msg_gets(&copy, "Peer-Address"), "127.0.0.1") == 0);
	IS_NULL(zmq_msg_gets(&copy, "User-Id"), EINVAL);
	CHECK(zmq_msg_close(&copy) == 0);
}

/* What libzmq answers by a crash. */
static void hostile(void) {
	zmq_msg_t bad;
	memset(&bad, 0, sizeof bad);
	FAILS(zmq_msg_init(NULL), EFAULT);
	FAILS(zmq_msg_init_size(NULL, 1), EFAULT);
	FAILS(zmq_msg_close(NULL), EFAULT);
	FAILS(zmq_msg_send(&bad, NULL, 0), EFAULT);
	FAILS(zmq_msg_recv(NULL, NULL, 0), EFAULT);
	IS_NULL(zmq_msg_data(&bad), EFAULT);
	CHECK(zmq_msg_size(NULL) == 0);
	FAILS(zmq_msg_more(&bad), EFAULT);
	IS_NULL(zmq_msg_gets(&bad, "x"), EFAULT);
	FAILS(zmq_msg_copy(NULL, &bad), EFAULT);
}

int main(void) {
	begin();
	layout();
	life();
	huge();
	copies();
	foreign();
	foreign_sent("inproc://foreign", 10);
	foreign_sent("inproc://foreign", 100000);
	passed_on(ZMQ_PUSH, ZMQ_PULL, 50000);
	passed_on(ZMQ_PAIR, ZMQ_PAIR, 50000);
	passed_on(ZMQ_DEALER, ZMQ_DEALER, 1 << 20);
	constant();
	foreign_sent("tcp://127.0.0.1:*", 100);
	foreign_sent("tcp://127.0.0.1:*", 100000);
	not_sent();
	received_over();
	never_received(100);
	never_received(100000);
	conflated();
	descriptor();
	properties();
	if (ours())
		hostile();
	return 0;
}
