/* Contexts and sockets: calls, flags, and the errno of each mistake. */
#include "check.h"

#include <sys/uio.h>

static void contexts(void) {
	int major, minor, patch;
	zmq_version(&major, &minor, &patch);
	CHECK(major == 4 && minor == 3 && patch >= 4);
	FAILS(zmq_ctx_term(NULL), EFAULT);
	FAILS(zmq_ctx_shutdown(NULL), EFAULT);
	FAILS(zmq_ctx_set(NULL, ZMQ_IO_THREADS, 1), EFAULT);
	FAILS(zmq_ctx_get(NULL, ZMQ_IO_THREADS), EFAULT);
	IS_NULL(zmq_socket(NULL, ZMQ_PAIR), EFAULT);
	IS_NULL(zmq_init(-1), EINVAL);
	void *c = zmq_ctx_new();
	CHECK(zmq_ctx_get(c, ZMQ_IO_THREADS) == ZMQ_IO_THREADS_DFLT);
	CHECK(zmq_ctx_get(c, ZMQ_MAX_SOCKETS) == ZMQ_MAX_SOCKETS_DFLT);
	CHECK(zmq_ctx_get(c, ZMQ_SOCKET_LIMIT) > 0);
	CHECK(zmq_ctx_get(c, ZMQ_IPV6) == 0 && zmq_ctx_get(c, ZMQ_BLOCKY) == 1);
	CHECK(zmq_ctx_set(c, ZMQ_MAX_SOCKETS, 1) == 0);
	CHECK(zmq_ctx_set(c, ZMQ_THREAD_PRIORITY, 1) == 0);
	CHECK(zmq_ctx_set(c, ZMQ_THREAD_SCHED_POLICY, 1) == 0);
	CHECK(zmq_ctx_set(c, ZMQ_THREAD_AFFINITY_CPU_ADD, 0) == 0);
	CHECK(zmq_ctx_set(c, ZMQ_THREAD_AFFINITY_CPU_REMOVE, 0) == 0);
	CHECK(zmq_ctx_set(c, ZMQ_THREAD_NAME_PREFIX, 42) == 0);
	CHECK(zmq_ctx_get(c, ZMQ_THREAD_NAME_PREFIX) == 42);
	CHECK(zmq_ctx_set(c, ZMQ_THREAD_PRIORITY, 0) == 0);
	CHECK(zmq_ctx_set(c, ZMQ_THREAD_SCHED_POLICY, 0) == 0);
	FAILS(zmq_ctx_set(c, ZMQ_THREAD_AFFINITY_CPU_REMOVE, 0), EINVAL);
	FAILS(zmq_ctx_set(c, ZMQ_IO_THREADS, -1), EINVAL);
	FAILS(zmq_ctx_set(c, 999, 1), EINVAL);
	FAILS(zmq_ctx_get(c, 999), EINVAL);
	IS_NULL(zmq_socket(c, 99), EINVAL);
	IS_NULL(zmq_socket(c, -1), EINVAL);
	void *s = zmq_socket(c, ZMQ_PAIR);
	CHECK(s);
	IS_NULL(zmq_socket(c, ZMQ_PAIR), EMFILE);
	CHECK(zmq_close(s) == 0);
	CHECK(zmq_ctx_destroy(c) == 0);
}

/* A context without I/O threads has inproc. */
static void no_threads(void) {
	void *c = zmq_init(0), *s = open_socket(c, ZMQ_PUSH);
	CHECK(zmq_ctx_get(c, ZMQ_IO_THREADS) == 0);
	FAILS(zmq_bind(s, "tcp://127.0.0.1:*"), EMTHREAD);
	FAILS(zmq_connect(s, "tcp://127.0.0.1:5555"), EMTHREAD);
	FAILS(zmq_bind(s, "ipc://@cabi-no-threads"), EMTHREAD);
	CHECK(zmq_bind(s, "inproc://no-threads") == 0);
	CHECK(zmq_close(s) == 0 && zmq_term(c) == 0);
}

static void after_shutdown(void) {
	char byte;
	int value = 1;
	void *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_DEALER);
	CHECK(zmq_ctx_shutdown(c) == 0);
	CHECK(zmq_ctx_shutdown(c) == 0);
	IS_NULL(zmq_socket(c, ZMQ_PAIR), ETERM);
	FAILS(zmq_send(s, "x", 1, 0), ETERM);
	FAILS(zmq_recv(s, &byte, 1, 0), ETERM);
	FAILS(zmq_bind(s, "inproc://x"), ETERM);
	FAILS(zmq_connect(s, "inproc://x"), ETERM);
	FAILS(zmq_setsockopt(s, ZMQ_SNDHWM, &value, sizeof value), ETERM);
	size_t size = sizeof value;
	FAILS(zmq_getsockopt(s, ZMQ_EVENTS, &value, &size), ETERM);
	zmq_msg_t m;
	CHECK(zmq_msg_init(&m) == 0);
	FAILS(zmq_msg_send(&m, s, 0), ETERM);
	FAILS(zmq_msg_recv(&m, s, 0), ETERM);
	CHECK(zmq_msg_close(&m) == 0);
	zmq_pollitem_t item = {s, 0, ZMQ_POLLIN, 0};
	FAILS(zmq_poll(&item, 1, -1), ETERM);
	finish(c, s, NULL);
}

/* What no call can use: libzmq crashes. A panic in Go ends in the call, as EFAULT,
 * and leaves the socket as it was. */
static void wild(void) {
	int value = -1;
	size_t size = sizeof value;
	char *address = (char *)16, key[41];
	if (!ours())
		return;
	zmq_version(NULL, NULL, NULL);
	void *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_PAIR);
	FAILS(zmq_setsockopt(s, ZMQ_SNDHWM, address, sizeof value), EFAULT);
	FAILS(zmq_getsockopt(s, ZMQ_SNDHWM, address, &size), EFAULT);
	FAILS(zmq_bind(s, address), EFAULT);
	FAILS(zmq_connect(s, address), EFAULT);
	FAILS(zmq_socket_monitor(s, address, ZMQ_EVENT_ALL), EFAULT);
	FAILS(zmq_curve_public(key, address), EFAULT);
	CHECK(zmq_bind(s, "inproc://wild") == 0);
	CHECK(number(s, ZMQ_SNDHWM) == 1000);
	FAILS(zmq_send(s, NULL, 5, 0), EFAULT);
	FAILS(zmq_recv(s, NULL, 5, ZMQ_DONTWAIT), EAGAIN);
	finish(c, s, NULL);
}

/* A handle that is none is ENOTSOCK everywhere. */
static void no_socket(void *s) {
	char bytes[8] = "";
	size_t size = 4;
	zmq_msg_t m;
	FAILS(zmq_close(s), ENOTSOCK);
	FAILS(zmq_bind(s, "inproc://x"), ENOTSOCK);
	FAILS(zmq_connect(s, "inproc://x"), ENOTSOCK);
	FAILS(zmq_unbind(s, "inproc://x"), ENOTSOCK);
	FAILS(zmq_disconnect(s, "inproc://x"), ENOTSOCK);
	FAILS(zmq_send(s, bytes, 1, 0), ENOTSOCK);
	FAILS(zmq_send_const(s, bytes, 1, 0), ENOTSOCK);
	FAILS(zmq_recv(s, bytes, 1, 0), ENOTSOCK);
	FAILS(zmq_setsockopt(s, ZMQ_LINGER, bytes, 4), ENOTSOCK);
	FAILS(zmq_getsockopt(s, ZMQ_LINGER, bytes, &size), ENOTSOCK);
	FAILS(zmq_socket_monitor(s, "inproc://m", ZMQ_EVENT_ALL), ENOTSOCK);
	CHECK(zmq_msg_init(&m) == 0);
	FAILS(zmq_msg_send(&m, s, 0), ENOTSOCK);
	FAILS(zmq_msg_recv(&m, s, 0), ENOTSOCK);
	FAILS(zmq_sendmsg(s, &m, 0), ENOTSOCK);
	FAILS(zmq_recvmsg(s, &m, 0), ENOTSOCK);
	CHECK(zmq_msg_close(&m) == 0);
}

static void no_sockets(void) {
	int local = 0;
	no_socket(NULL);
	if (!ours())
		return; /* libzmq would read what the pointer points to */
	void *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_PAIR);
	CHECK(zmq_close(s) == 0);
	no_socket(s);
	no_socket(c);
	no_socket(&local);
	no_socket((void *)16);
	void *t = open_socket(c, ZMQ_PAIR);
	CHECK(t != s);
	no_socket(s);
	finish(c, t, NULL);
	FAILS(zmq_ctx_term(c), EFAULT);
	FAILS(zmq_bind(t, NULL), ENOTSOCK);
}

static void endpoints(void) {
	static char too_long[200] = "ipc://";
	static const struct {
		const char *endpoint;
		int bind, connect;
	} cases[] = {
	    {"", EINVAL, EINVAL},
	    {"tcp", EINVAL, EINVAL},
	    {"xyz://x", EPROTONOSUPPORT, EPROTONOSUPPORT},
	    {"tcp://127.0.0.1:x", EINVAL, EINVAL},
	    {"tcp://127.0.0.1", EINVAL, EINVAL},
	    {"inproc://", EINVAL, EINVAL},
	    {"tcp://nowhere.invalid.name:1:2", ENODEV, 0},
	    {"tcp://nosuchif.invalid:5555", ENODEV, 0},
	    {"tcp://192.0.2.1:5555", EADDRNOTAVAIL, 0}, /* not of this machine, RFC 5737 */
	    {"udp://127.0.0.1:5555", ENOCOMPATPROTO, ENOCOMPATPROTO},
	    {"ipc:///no/such/folder/x", ENOENT, 0},
	    {too_long, ENAMETOOLONG, ENAMETOOLONG},
	};
	void *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_PUSH);
	memset(too_long + 6, 'l', sizeof too_long - 7);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		FAILS(zmq_bind(s, cases[i].endpoint), cases[i].bind);
		if (cases[i].connect)
			FAILS(zmq_connect(s, cases[i].endpoint), cases[i].connect);
		else /* it goes on trying */
			CHECK(zmq_connect(s, cases[i].endpoint) == 0 && zmq_disconnect(s, cases[i].endpoint) == 0);
	}
	FAILS(zmq_unbind(s, "tcp://127.0.0.1:5555"), ENOENT);
	FAILS(zmq_disconnect(s, "tcp://127.0.0.1:5555"), ENOENT);
	FAILS(zmq_unbind(s, "inproc://none"), ENOENT);
	FAILS(zmq_unbind(s, "xyz://x"), EPROTONOSUPPORT);
	FAILS(zmq_disconnect(s, ""), EINVAL);
	if (ours()) {
		FAILS(zmq_bind(s, NULL), EINVAL);
		FAILS(zmq_connect(s, NULL), EINVAL);
		FAILS(zmq_unbind(s, NULL), EINVAL);
		FAILS(zmq_disconnect(s, NULL), EINVAL);
	}
	CHECK(zmq_bind(s, "inproc://taken") == 0);
	void *other = open_socket(c, ZMQ_PUSH);
	FAILS(zmq_bind(other, "inproc://taken"), EADDRINUSE);
	CHECK(zmq_unbind(s, "inproc://taken") == 0);
	CHECK(zmq_bind(other, "inproc://taken") == 0);
	char name[64];
	size_t size = sizeof name;
	CHECK(zmq_bind(s, "tcp://127.0.0.1:*") == 0);
	CHECK(zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, name, &size) == 0);
	CHECK(size == strlen(name) + 1);
	FAILS(zmq_bind(other, name), EADDRINUSE);
	CHECK(zmq_unbind(s, name) == 0);
	CHECK(zmq_connect(s, name) == 0);
	CHECK(zmq_disconnect(s, name) == 0);
	finish(c, s, other, NULL);
}

static void directions(void) {
	char byte;
	void *c = zmq_ctx_new(), *push = open_socket(c, ZMQ_PUSH), *pull = open_socket(c, ZMQ_PULL);
	void *req = open_socket(c, ZMQ_REQ), *rep = open_socket(c, ZMQ_REP), *router = open_socket(c, ZMQ_ROUTER);
	FAILS(zmq_recv(push, &byte, 1, 0), ENOTSUP);
	FAILS(zmq_send(pull, "x", 1, 0), ENOTSUP);
	FAILS(zmq_recv(req, &byte, 1, 0), EFSM);
	FAILS(zmq_send(rep, "x", 1, 0), EFSM);
	FAILS(zmq_send(push, "x", 1, ZMQ_DONTWAIT), EAGAIN);
	FAILS(zmq_recv(pull, &byte, 1, ZMQ_DONTWAIT), EAGAIN);
	set_number(pull, ZMQ_RCVTIMEO, 10);
	set_number(push, ZMQ_SNDTIMEO, 10);
	FAILS(zmq_send(push, "x", 1, 0), EAGAIN);
	FAILS(zmq_recv(pull, &byte, 1, 0), EAGAIN);
	set_number(pull, ZMQ_RCVTIMEO, 0);
	FAILS(zmq_recv(pull, &byte, 1, 0), EAGAIN);
	CHECK(zmq_send(router, "nobody", 6, ZMQ_SNDMORE) == 6 && zmq_send(router, "x", 1, 0) == 1);
	set_number(router, ZMQ_ROUTER_MANDATORY, 1);
	FAILS(zmq_send(router, "nobody", 6, ZMQ_SNDMORE), EHOSTUNREACH);
	finish(c, push, pull, req, rep, router, NULL);
}

/* Parts, RCVMORE, and buffers that are too short. */
static void parts(const char *endpoint) {
	char got[4];
	void *c = zmq_ctx_new(), *pull = open_socket(c, ZMQ_PULL), *push = open_socket(c, ZMQ_PUSH);
	char *large = calloc(1, 50000);
	join(pull, push, endpoint);
	say(push, "one", ZMQ_SNDMORE);
	say(push, "", ZMQ_SNDMORE);
	CHECK(zmq_send_const(push, large, 50000, ZMQ_SNDMORE) == 50000);
	say(push, "longer", 0);
	hear(pull, "one");
	CHECK(number(pull, ZMQ_RCVMORE) == 1);
	CHECK(number(pull, ZMQ_EVENTS) == ZMQ_POLLIN);
	CHECK(zmq_recv(pull, NULL, 0, 0) == 0);
	CHECK(zmq_recv(pull, got, sizeof got, 0) == 50000);
	CHECK(number(pull, ZMQ_RCVMORE) == 1);
	CHECK(zmq_recv(pull, got, sizeof got, 0) == 6);
	CHECK(memcmp(got, "long", 4) == 0);
	CHECK(number(pull, ZMQ_RCVMORE) == 0);
	free(large);
	finish(c, pull, push, NULL);
}

static void vectors(void) {
	void *c = zmq_ctx_new(), *a = open_socket(c, ZMQ_PAIR), *b = open_socket(c, ZMQ_PAIR);
	struct iovec out[] = {{"first", 5}, {"2", 1}, {"third", 5}}, in[4];
	size_t count = 4;
	join(a, b, "inproc://iov");
	CHECK(zmq_sendiov(a, out, 3, ZMQ_SNDMORE) == 5);
	CHECK(zmq_recviov(b, in, &count, 0) == 3 && count == 3);
	for (int i = 0; i < 3; i++) {
		CHECK(in[i].iov_len == out[i].iov_len);
		CHECK(memcmp(in[i].iov_base, out[i].iov_base, in[i].iov_len) == 0);
		free(in[i].iov_base);
	}
	CHECK(zmq_sendiov(a, out, 3, 0) == 5); /* three messages */
	count = 4;
	CHECK(zmq_recviov(b, in, &count, 0) == 1 && count == 1);
	free(in[0].iov_base);
	hear(b, "2");
	hear(b, "third");
	CHECK(zmq_sendiov(a, out, 3, ZMQ_SNDMORE) == 5);
	count = 2; /* the rest is received by the next call */
	CHECK(zmq_recviov(b, in, &count, 0) == 2 && count == 2);
	CHECK(number(b, ZMQ_RCVMORE) == 1);
	free(in[0].iov_base);
	free(in[1].iov_base);
	hear(b, "third");
	FAILS(zmq_sendiov(a, NULL, 1, 0), EINVAL);
	FAILS(zmq_sendiov(a, out, 0, 0), EINVAL);
	FAILS(zmq_recviov(b, NULL, &count, 0), EINVAL);
	finish(c, a, b, NULL);
}

int main(void) {
	begin();
	contexts();
	no_threads();
	wild();
	after_shutdown();
	no_sockets();
	endpoints();
	directions();
	parts("inproc://parts");
	parts("tcp://127.0.0.1:*");
	vectors();
	return 0;
}
