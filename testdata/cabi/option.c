/* Options: C types, sizes, defaults, ranges. */
#include "check.h"

/* numbers are options that are an int: the default, a value to set, one refused. */
static const struct {
	int option, preset, good, bad;
} numbers[] = {
    {ZMQ_RATE, 100, 200, 0},
    {ZMQ_RECOVERY_IVL, 10000, 0, -1},
    {ZMQ_SNDBUF, -1, 4096, -2},
    {ZMQ_RCVBUF, -1, 0, -2},
    {ZMQ_LINGER, -1, 0, -2},
    {ZMQ_RECONNECT_IVL, 100, -1, -2},
    {ZMQ_RECONNECT_IVL_MAX, 0, 5, -1},
    {ZMQ_BACKLOG, 100, 1, -1},
    {ZMQ_SNDHWM, 1000, 0, -1},
    {ZMQ_RCVHWM, 1000, 7, -1},
    {ZMQ_MULTICAST_HOPS, 1, 3, 0},
    {ZMQ_RCVTIMEO, -1, 0, -2},
    {ZMQ_SNDTIMEO, -1, 9, -2},
    {ZMQ_TCP_KEEPALIVE, -1, 1, 2},
    {ZMQ_TCP_KEEPALIVE_CNT, -1, 4, -2},
    {ZMQ_TCP_KEEPALIVE_IDLE, -1, 4, -2},
    {ZMQ_TCP_KEEPALIVE_INTVL, -1, 4, -2},
    {ZMQ_IMMEDIATE, 0, 1, 2},
    {ZMQ_IPV6, 0, 1, 2},
    {ZMQ_PLAIN_SERVER, 0, 1, 2},
    {ZMQ_TOS, 0, 8, -1},
    {ZMQ_CONFLATE, 0, 1, 2},
    {ZMQ_HANDSHAKE_IVL, 30000, 0, -1},
    {ZMQ_HEARTBEAT_IVL, 0, 10, -1},
    {ZMQ_HEARTBEAT_TIMEOUT, -1, 10, -1},
    {ZMQ_CONNECT_TIMEOUT, 0, 10, -1},
    {ZMQ_TCP_MAXRT, 0, 10, -1},
    {ZMQ_MULTICAST_MAXTPDU, 1500, 100, 0},
    {ZMQ_USE_FD, -1, 5, -2},
};

static void ints(void *s) {
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		int option = numbers[i].option, value = numbers[i].bad;
		size_t size = 3;
		CHECK(number(s, option) == numbers[i].preset);
		FAILS(zmq_setsockopt(s, option, &value, sizeof value), EINVAL);
		value = numbers[i].good;
		FAILS(zmq_setsockopt(s, option, &value, 3), EINVAL);
		CHECK(zmq_setsockopt(s, option, &value, sizeof value) == 0);
		CHECK(number(s, option) == numbers[i].good);
		FAILS(zmq_getsockopt(s, option, &value, &size), EINVAL);
	}
}

static void wide(void *s) {
	uint64_t bits = 5;
	int64_t limit = 1000;
	int narrow = 1;
	size_t size = sizeof bits;
	CHECK(zmq_setsockopt(s, ZMQ_AFFINITY, &bits, sizeof bits) == 0);
	bits = 0;
	CHECK(zmq_getsockopt(s, ZMQ_AFFINITY, &bits, &size) == 0 && bits == 5 && size == 8);
	FAILS(zmq_setsockopt(s, ZMQ_AFFINITY, &narrow, sizeof narrow), EINVAL);
	CHECK(zmq_setsockopt(s, ZMQ_MAXMSGSIZE, &limit, sizeof limit) == 0);
	limit = 0;
	CHECK(zmq_getsockopt(s, ZMQ_MAXMSGSIZE, &limit, &size) == 0 && limit == 1000);
	size = 4;
	FAILS(zmq_getsockopt(s, ZMQ_MAXMSGSIZE, &limit, &size), EINVAL);
}

static void texts(void *s) {
	char text[300];
	size_t size = sizeof text;
	CHECK(zmq_getsockopt(s, ZMQ_ROUTING_ID, text, &size) == 0 && size == 0);
	CHECK(zmq_setsockopt(s, ZMQ_ROUTING_ID, "\0id", 3) == 0);
	size = sizeof text;
	CHECK(zmq_getsockopt(s, ZMQ_ROUTING_ID, text, &size) == 0 && size == 3 && memcmp(text, "\0id", 3) == 0);
	size = 2;
	FAILS(zmq_getsockopt(s, ZMQ_ROUTING_ID, text, &size), EINVAL);
	memset(text, 'x', sizeof text);
	FAILS(zmq_setsockopt(s, ZMQ_ROUTING_ID, text, 256), EINVAL);
	FAILS(zmq_setsockopt(s, ZMQ_ROUTING_ID, text, 0), EINVAL);
	size = sizeof text;
	CHECK(zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, text, &size) == 0 && size == 1 && *text == 0);
	CHECK(zmq_setsockopt(s, ZMQ_PLAIN_USERNAME, "admin", 5) == 0);
	size = sizeof text;
	CHECK(zmq_getsockopt(s, ZMQ_PLAIN_USERNAME, text, &size) == 0 && size == 6 && strcmp(text, "admin") == 0);
	size = sizeof(int);
	CHECK(number(s, ZMQ_MECHANISM) == ZMQ_PLAIN);
	CHECK(zmq_setsockopt(s, ZMQ_PLAIN_USERNAME, NULL, 0) == 0);
	CHECK(number(s, ZMQ_MECHANISM) == ZMQ_NULL);
	CHECK(zmq_setsockopt(s, ZMQ_ZAP_DOMAIN, "global", 6) == 0);
	CHECK(zmq_setsockopt(s, ZMQ_SOCKS_PROXY, "proxy:1080", 10) == 0);
	size = sizeof text;
	CHECK(zmq_getsockopt(s, ZMQ_SOCKS_PROXY, text, &size) == 0 && strcmp(text, "proxy:1080") == 0);
	CHECK(zmq_setsockopt(s, ZMQ_SOCKS_PROXY, NULL, 0) == 0);
	size = sizeof text;
	CHECK(zmq_getsockopt(s, ZMQ_SOCKS_PROXY, text, &size) == 0 && *text == 0);
}

/* filters add to a list, which NULL clears. */
static void filters(void *s) {
	static const int lists[] = {ZMQ_IPC_FILTER_PID, ZMQ_IPC_FILTER_UID, ZMQ_IPC_FILTER_GID};
	int id = 1;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		CHECK(zmq_setsockopt(s, lists[i], &id, sizeof id) == 0);
		CHECK(zmq_setsockopt(s, lists[i], NULL, 0) == 0);
		FAILS(zmq_setsockopt(s, lists[i], &id, 3), EINVAL);
		if (ours()) /* libzmq reads there */
			FAILS(zmq_setsockopt(s, lists[i], NULL, sizeof id), EINVAL);
	}
	CHECK(zmq_setsockopt(s, ZMQ_TCP_ACCEPT_FILTER, "10.0.0.0/8", 10) == 0);
	CHECK(zmq_setsockopt(s, ZMQ_TCP_ACCEPT_FILTER, NULL, 0) == 0);
	FAILS(zmq_setsockopt(s, ZMQ_LINGER, NULL, 0), EINVAL);
}

static void keys(void *s) {
	static const char *text = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"; /* RFC 26 */
	char got[64];
	uint8_t raw[32], back[32];
	size_t size = 41;
	CHECK(zmq_z85_decode(raw, text) == raw);
	CHECK(zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, text, 40) == 0);
	CHECK(number(s, ZMQ_MECHANISM) == ZMQ_CURVE);
	CHECK(zmq_getsockopt(s, ZMQ_CURVE_SERVERKEY, got, &size) == 0 && strcmp(got, text) == 0);
	CHECK(zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, text, 41) == 0);
	CHECK(zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, raw, 32) == 0);
	size = 32;
	CHECK(zmq_getsockopt(s, ZMQ_CURVE_SECRETKEY, back, &size) == 0 && memcmp(raw, back, 32) == 0);
	size = 33;
	FAILS(zmq_getsockopt(s, ZMQ_CURVE_SECRETKEY, got, &size), EINVAL);
	FAILS(zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, raw, 31), EINVAL);
}

static void by_type(void *c) {
	void *sub = open_socket(c, ZMQ_SUB), *xpub = open_socket(c, ZMQ_XPUB), *router = open_socket(c, ZMQ_ROUTER);
	void *req = open_socket(c, ZMQ_REQ), *push = open_socket(c, ZMQ_PUSH);
	int on = 1, negative = -1;
	CHECK(number(sub, ZMQ_TYPE) == ZMQ_SUB && number(xpub, ZMQ_TYPE) == ZMQ_XPUB);
	CHECK(number(push, ZMQ_THREAD_SAFE) == 0);
	CHECK(zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "", 0) == 0);
	CHECK(zmq_setsockopt(sub, ZMQ_SUBSCRIBE, NULL, 0) == 0);
	CHECK(zmq_setsockopt(sub, ZMQ_UNSUBSCRIBE, "never", 5) == 0);
	FAILS(zmq_setsockopt(push, ZMQ_SUBSCRIBE, "", 0), EINVAL);
	FAILS(zmq_setsockopt(xpub, ZMQ_SUBSCRIBE, "x", 1), EINVAL);
	CHECK(zmq_setsockopt(xpub, ZMQ_XPUB_VERBOSE, &on, sizeof on) == 0);
	CHECK(zmq_setsockopt(xpub, ZMQ_XPUB_WELCOME_MSG, "hi", 2) == 0);
	FAILS(zmq_setsockopt(xpub, ZMQ_XPUB_NODROP, &negative, sizeof negative), EINVAL);
	FAILS(zmq_setsockopt(push, ZMQ_XPUB_VERBOSE, &on, sizeof on), EINVAL);
	CHECK(zmq_setsockopt(router, ZMQ_ROUTER_MANDATORY, &on, sizeof on) == 0);
	CHECK(zmq_setsockopt(router, ZMQ_ROUTER_HANDOVER, &on, sizeof on) == 0);
	FAILS(zmq_setsockopt(push, ZMQ_ROUTER_MANDATORY, &on, sizeof on), EINVAL);
	CHECK(zmq_setsockopt(req, ZMQ_REQ_RELAXED, &on, sizeof on) == 0);
	CHECK(zmq_setsockopt(req, ZMQ_REQ_CORRELATE, &on, sizeof on) == 0);
	FAILS(zmq_setsockopt(push, 9999, &on, sizeof on), EINVAL);
	size_t size = sizeof on;
	FAILS(zmq_getsockopt(push, 9999, &on, &size), EINVAL);
	FAILS(zmq_getsockopt(sub, ZMQ_SUBSCRIBE, &on, &size), EINVAL);
	FAILS(zmq_setsockopt(push, ZMQ_EVENTS, &on, sizeof on), EINVAL);
	if (ours()) {
		FAILS(zmq_setsockopt(push, ZMQ_LINGER, NULL, 4), EINVAL);
		FAILS(zmq_getsockopt(push, ZMQ_LINGER, NULL, &size), EINVAL);
		FAILS(zmq_getsockopt(push, ZMQ_LINGER, &on, NULL), EINVAL);
	}
	CHECK(zmq_close(sub) == 0 && zmq_close(xpub) == 0 && zmq_close(router) == 0);
	CHECK(zmq_close(req) == 0 && zmq_close(push) == 0);
}

int main(void) {
	begin();
	void *c = zmq_ctx_new(), *s = zmq_socket(c, ZMQ_DEALER);
	CHECK(s);
	ints(s);
	wide(s);
	texts(s);
	if (zmq_has("curve"))
		keys(s);
	filters(s);
	by_type(c);
	finish(c, s, NULL);
	return 0;
}
