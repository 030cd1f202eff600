/* The calls that libzmq has as drafts, which Debian's does not have at all. */
#include "check.h"

#pragma weak zmq_disconnect_peer /* is not in libzmq 4.3.5 */

static void messages(void) {
	char group[300];
	zmq_msg_t m;
	CHECK(zmq_msg_init_buffer(&m, "hello", 5) == 0);
	CHECK(zmq_msg_size(&m) == 5 && memcmp(zmq_msg_data(&m), "hello", 5) == 0);
	CHECK(zmq_msg_routing_id(&m) == 0);
	FAILS(zmq_msg_set_routing_id(&m, 0), EINVAL);
	CHECK(zmq_msg_set_routing_id(&m, 7) == 0 && zmq_msg_routing_id(&m) == 7);
	CHECK(strcmp(zmq_msg_group(&m), "") == 0);
	CHECK(zmq_msg_set_group(&m, "short") == 0 && strcmp(zmq_msg_group(&m), "short") == 0);
	memset(group, 'g', sizeof group);
	group[256] = 0;
	if (ours()) /* libzmq 4.3.5 cuts it, against its manual */
		FAILS(zmq_msg_set_group(&m, group), EINVAL);
	group[255] = 0;
	CHECK(zmq_msg_set_group(&m, group) == 0 && strcmp(zmq_msg_group(&m), group) == 0);
	CHECK(zmq_msg_close(&m) == 0);
}

static void no_buffer(void) {
	zmq_msg_t m;
	CHECK(zmq_msg_init_buffer(&m, NULL, 0) == 0 && zmq_msg_size(&m) == 0 && zmq_msg_close(&m) == 0);
	if (ours()) {
		FAILS(zmq_msg_init_buffer(&m, NULL, 5), EFAULT);
		FAILS(zmq_msg_init_buffer(NULL, "x", 1), EFAULT);
		FAILS(zmq_msg_set_group(NULL, "x"), EFAULT);
		FAILS(zmq_msg_set_routing_id(NULL, 1), EFAULT);
	}
}

static void extended(void) {
	char name[17] = "";
	size_t size = sizeof name;
	int value = 3;
	void *c = zmq_ctx_new();
	CHECK(zmq_ctx_set_ext(c, ZMQ_THREAD_NAME_PREFIX, "worker", 6) == 0);
	CHECK(zmq_ctx_get_ext(c, ZMQ_THREAD_NAME_PREFIX, name, &size) == 0);
	CHECK(memcmp(name, "worker", 6) == 0 && (size == 6 || !ours())); /* libzmq does not tell the size */
	size = 5;
	FAILS(zmq_ctx_get_ext(c, ZMQ_THREAD_NAME_PREFIX, name, &size), EINVAL);
	CHECK(zmq_ctx_set_ext(c, ZMQ_IO_THREADS, &value, sizeof value) == 0);
	size = sizeof value;
	CHECK(zmq_ctx_get_ext(c, ZMQ_IO_THREADS, &value, &size) == 0 && value == 3);
	FAILS(zmq_ctx_set_ext(c, ZMQ_IO_THREADS, &value, 2), EINVAL);
	size = 2;
	FAILS(zmq_ctx_get_ext(c, ZMQ_IO_THREADS, &value, &size), EINVAL);
	CHECK(zmq_ctx_term(c) == 0);
}

/* One part each way, over inproc and tcp. */
static void server_client(const char *endpoint) {
	void *c = zmq_ctx_new(), *server = open_socket(c, ZMQ_SERVER), *client = open_socket(c, ZMQ_CLIENT);
	zmq_msg_t m;
	join(server, client, endpoint);
	say(client, "question", 0);
	CHECK(zmq_msg_init(&m) == 0);
	CHECK(zmq_msg_recv(&m, server, 0) == 8);
	uint32_t id = zmq_msg_routing_id(&m);
	CHECK(id != 0);
	CHECK(zmq_msg_init_buffer(&m, "answer", 6) == 0);
	CHECK(zmq_msg_set_routing_id(&m, id) == 0);
	CHECK(zmq_msg_send(&m, server, 0) == 6);
	hear(client, "answer");
	FAILS(zmq_send(client, "x", 1, ZMQ_SNDMORE), EINVAL);
	CHECK(zmq_msg_init_buffer(&m, "x", 1) == 0);
	CHECK(zmq_msg_set_routing_id(&m, id + 1) == 0);
	FAILS(zmq_msg_send(&m, server, 0), EHOSTUNREACH);
	CHECK(zmq_msg_close(&m) == 0);
	int fd;
	size_t size = sizeof fd;
	FAILS(zmq_getsockopt(client, ZMQ_FD, &fd, &size), EINVAL);
	CHECK(number(client, ZMQ_THREAD_SAFE) == 1);
	finish(c, server, client, NULL);
}

static void radio_dish(void) {
	void *c = zmq_ctx_new(), *radio = open_socket(c, ZMQ_RADIO), *dish = open_socket(c, ZMQ_DISH);
	zmq_msg_t m;
	FAILS(zmq_join(radio, "news"), ENOTSUP);
	CHECK(zmq_join(dish, "news") == 0);
	FAILS(zmq_join(dish, "news"), EINVAL);
	FAILS(zmq_leave(dish, "other"), EINVAL);
	FAILS(zmq_leave(radio, "news"), ENOTSUP);
	char group[257];
	memset(group, 'g', sizeof group);
	group[256] = 0;
	FAILS(zmq_join(dish, group), EINVAL);
	FAILS(zmq_leave(dish, group), EINVAL);
	group[255] = 0;
	CHECK(zmq_join(dish, group) == 0 && zmq_leave(dish, group) == 0);
	join(radio, dish, "inproc://radio");
	static const char *const groups[] = {"other", "news"};
	for (int i = 0; i < 2; i++) {
		CHECK(zmq_msg_init_buffer(&m, groups[i], strlen(groups[i])) == 0);
		CHECK(zmq_msg_set_group(&m, groups[i]) == 0);
		CHECK(zmq_msg_send(&m, radio, 0) > 0);
	}
	CHECK(zmq_msg_recv(&m, dish, 0) == 4);
	CHECK(strcmp(zmq_msg_group(&m), "news") == 0);
	CHECK(zmq_msg_close(&m) == 0);
	CHECK(zmq_leave(dish, "news") == 0);
	finish(c, radio, dish, NULL);
}

static void peers(void) {
	char name[64];
	size_t size = sizeof name;
	void *c = zmq_ctx_new(), *a = open_socket(c, ZMQ_PEER), *b = open_socket(c, ZMQ_PEER), *push = open_socket(c, ZMQ_PUSH);
	CHECK(zmq_bind(a, "tcp://127.0.0.1:*") == 0);
	CHECK(zmq_getsockopt(a, ZMQ_LAST_ENDPOINT, name, &size) == 0);
	uint32_t id = zmq_connect_peer(b, name);
	CHECK(id != 0);
	CHECK(zmq_connect_peer(push, name) == 0 && errno == ENOTSUP);
	CHECK(zmq_connect_peer(b, "xyz://x") == 0 && errno == EPROTONOSUPPORT);
	CHECK(zmq_connect_peer(b, "") == 0 && errno == EINVAL);
	void *late = open_socket(c, ZMQ_PEER);
	set_number(late, ZMQ_IMMEDIATE, 1);
	CHECK(zmq_connect_peer(late, name) == 0 && errno == EFAULT);
	CHECK(zmq_close(late) == 0);
	zmq_msg_t m;
	CHECK(zmq_msg_init_buffer(&m, "hello", 5) == 0 && zmq_msg_set_routing_id(&m, id) == 0);
	CHECK(zmq_msg_send(&m, b, 0) == 5);
	hear(a, "hello");
	if (zmq_disconnect_peer) {
		CHECK(zmq_disconnect_peer(b, id) == 0);
		FAILS(zmq_disconnect_peer(b, id + 100), EHOSTUNREACH);
		FAILS(zmq_disconnect_peer(push, id), ENOTSUP);
	}
	finish(c, a, b, push, NULL);
}

static void peer_state(void) {
	void *c = zmq_ctx_new(), *router = open_socket(c, ZMQ_ROUTER), *dealer = open_socket(c, ZMQ_DEALER);
	CHECK(zmq_setsockopt(dealer, ZMQ_ROUTING_ID, "d", 1) == 0);
	join(router, dealer, "inproc://state");
	say(dealer, "x", 0);
	hear(router, "d");
	hear(router, "x");
	CHECK(zmq_socket_get_peer_state(router, "d", 1) == ZMQ_POLLOUT);
	FAILS(zmq_socket_get_peer_state(router, "e", 1), EHOSTUNREACH);
	FAILS(zmq_socket_get_peer_state(dealer, "d", 1), ENOTSUP);
	finish(c, router, dealer, NULL);
}

static void pollers(void) {
	int fds[2];
	zmq_poller_event_t events[3];
	void *c = zmq_ctx_new(), *a = open_socket(c, ZMQ_PAIR), *b = open_socket(c, ZMQ_PAIR), *p = zmq_poller_new();
	CHECK(p && pipe(fds) == 0);
	join(a, b, "inproc://poller");
	FAILS(zmq_poller_wait(p, events, -1), EFAULT);
	FAILS(zmq_poller_wait(p, events, 0), EAGAIN);
	CHECK(zmq_poller_add(p, a, &fds, ZMQ_POLLIN) == 0);
	CHECK(zmq_poller_add_fd(p, fds[0], NULL, ZMQ_POLLIN) == 0);
	CHECK(zmq_poller_size(p) == 2);
	FAILS(zmq_poller_add(p, a, NULL, ZMQ_POLLIN), EINVAL);
	FAILS(zmq_poller_add_fd(p, fds[0], NULL, ZMQ_POLLIN), EINVAL);
	FAILS(zmq_poller_add_fd(p, -1, NULL, ZMQ_POLLIN), EBADF);
	FAILS(zmq_poller_add(p, b, NULL, 0x100), EINVAL);
	FAILS(zmq_poller_add(p, NULL, NULL, ZMQ_POLLIN), ENOTSOCK);
	FAILS(zmq_poller_add(NULL, a, NULL, ZMQ_POLLIN), EFAULT);
	FAILS(zmq_poller_modify(p, b, ZMQ_POLLIN), EINVAL);
	FAILS(zmq_poller_remove(p, b), EINVAL);
	FAILS(zmq_poller_wait(p, NULL, 0), EFAULT);
	FAILS(zmq_poller_wait_all(p, events, -1, 0), EINVAL);
	FAILS(zmq_poller_wait_all(p, events, 3, 10), EAGAIN);
	say(b, "x", 0);
	CHECK(write(fds[1], "y", 1) == 1);
	CHECK(zmq_poller_wait_all(p, events, 3, -1) == 2);
	CHECK(events[0].socket == a && events[0].user_data == &fds && events[0].events == ZMQ_POLLIN);
	CHECK(events[1].socket == NULL && events[1].fd == fds[0]);
	CHECK(events[2].socket == NULL && events[2].events == 0);
	CHECK(zmq_poller_remove_fd(p, fds[0]) == 0);
	CHECK(zmq_poller_wait(p, events, -1) == 0 && events[0].socket == a);
	CHECK(zmq_poller_add_fd(p, fds[0], &events, 0) == 0);
	CHECK(zmq_poller_wait_all(p, events, 3, -1) == 1); /* the descriptor is not asked for anything */
	CHECK(zmq_poller_modify_fd(p, fds[0], ZMQ_POLLIN) == 0);
	CHECK(zmq_poller_wait_all(p, events, 3, -1) == 2 && events[1].user_data == &events);
	FAILS(zmq_poller_modify_fd(p, fds[1], ZMQ_POLLIN), EINVAL);
	FAILS(zmq_poller_modify_fd(p, fds[0], 0x100), EINVAL);
	FAILS(zmq_poller_modify_fd(p, -1, ZMQ_POLLIN), EBADF);
	FAILS(zmq_poller_remove_fd(p, fds[1]), EINVAL);
	CHECK(zmq_poller_remove_fd(p, fds[0]) == 0);
	CHECK(zmq_poller_modify(p, a, 0) == 0);
	FAILS(zmq_poller_wait(p, events, 1), EAGAIN);
	CHECK(zmq_poller_remove(p, a) == 0 && zmq_poller_size(p) == 0);
	int fd;
	FAILS(zmq_poller_fd(p, &fd), EINVAL);
	void *same = p;
	CHECK(zmq_poller_destroy(&p) == 0 && p == NULL);
	FAILS(zmq_poller_destroy(&same), EFAULT);
	FAILS(zmq_poller_destroy(&p), EFAULT);
	FAILS(zmq_poller_size(NULL), EFAULT);
	close(fds[0]);
	close(fds[1]);
	finish(c, a, b, NULL);
}

/* zmq_poller_fd becomes readable when a thread-safe socket does. */
static void poller_fd(void) {
	int fd = -1;
	zmq_poller_event_t event;
	void *c = zmq_ctx_new(), *server = open_socket(c, ZMQ_SERVER), *client = open_socket(c, ZMQ_CLIENT), *p = zmq_poller_new();
	CHECK(zmq_poller_add(p, server, NULL, ZMQ_POLLIN) == 0);
	CHECK(zmq_poller_fd(p, &fd) == 0 && fd >= 0);
	FAILS(zmq_poller_fd(NULL, &fd), EFAULT);
	join(server, client, "inproc://pollerfd");
	FAILS(zmq_poller_wait(p, &event, 0), EAGAIN);
	say(client, "x", 0);
	zmq_pollitem_t item = {NULL, fd, ZMQ_POLLIN, 0};
	CHECK(zmq_poll(&item, 1, -1) == 1);
	CHECK(zmq_poller_wait(p, &event, 0) == 0 && event.socket == server);
	hear(server, "x");
	FAILS(zmq_poller_wait(p, &event, 0), EAGAIN);
	CHECK(zmq_poll(&item, 1, 0) == 0);
	CHECK(zmq_poller_destroy(&p) == 0);
	finish(c, server, client, NULL);
}

/* frame receives one number of an event in the second version, 8 bytes. */
static uint64_t frame(void *monitor) {
	uint64_t value = 0;
	CHECK(zmq_recv(monitor, &value, sizeof value, 0) == sizeof value);
	return value;
}

static void versioned_monitors(void) {
	uint64_t event;
	char text[100];
	void *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_DEALER), *peer = open_socket(c, ZMQ_DEALER), *watch = open_socket(c, ZMQ_PULL);
	FAILS(zmq_socket_monitor_versioned(s, "inproc://v", ZMQ_EVENT_PIPES_STATS, 1, ZMQ_PAIR), EINVAL);
	FAILS(zmq_socket_monitor_versioned(s, "inproc://v", ZMQ_EVENT_ALL_V2, 2, ZMQ_PULL), EINVAL);
	FAILS(zmq_socket_monitor_versioned(s, "tcp://127.0.0.1:*", ZMQ_EVENT_ALL_V2, 2, ZMQ_PUSH), EPROTONOSUPPORT);
	FAILS(zmq_socket_monitor_pipes_stats(s), EINVAL);
	CHECK(zmq_socket_monitor_versioned(s, "inproc://v", ZMQ_EVENT_ALL_V2, 2, ZMQ_PUSH) == 0);
	FAILS(zmq_socket_monitor_pipes_stats(s), EAGAIN); /* there are no pipes */
	CHECK(zmq_connect(watch, "inproc://v") == 0);
	join(s, peer, "tcp://127.0.0.1:*");
	say(peer, "x", 0);
	hear(s, "x");
	CHECK(zmq_socket_monitor_pipes_stats(s) == 0);
	zmq_pollitem_t item = {watch, 0, ZMQ_POLLIN, 0};
	do {
		while (zmq_poll(&item, 1, 10) == 0)
			number(s, ZMQ_EVENTS); /* libzmq's socket hears of its pipes when it is called */
		event = frame(watch);
		int values = (int)frame(watch);
		CHECK(values == (event == ZMQ_EVENT_PIPES_STATS ? 2 : 1));
		while (values-- > 0)
			frame(watch);
		CHECK(zmq_recv(watch, text, sizeof text, 0) >= 0); /* here */
		CHECK(number(watch, ZMQ_RCVMORE) == 1);
		CHECK(zmq_recv(watch, text, sizeof text, 0) >= 0); /* and there */
		CHECK(number(watch, ZMQ_RCVMORE) == 0);
	} while (event != ZMQ_EVENT_PIPES_STATS);
	CHECK(zmq_socket_monitor_versioned(s, NULL, 0, 2, ZMQ_PUSH) == 0);
	finish(c, s, peer, watch, NULL);
}

static void masked_poll(void) {
	sigset_t none;
	zmq_pollitem_t item = {0};
	void *c = zmq_ctx_new(), *a = open_socket(c, ZMQ_PAIR), *b = open_socket(c, ZMQ_PAIR);
	join(a, b, "inproc://ppoll");
	item = (zmq_pollitem_t){a, 0, ZMQ_POLLIN, 0};
	sigemptyset(&none);
	CHECK(zmq_ppoll(&item, 1, 1, &none) == 0);
	CHECK(zmq_ppoll(&item, 1, 1, NULL) == 0);
	say(b, "x", 0);
	CHECK(zmq_ppoll(&item, 1, -1, &none) == 1);
	FAILS(zmq_ppoll(NULL, 1, 0, NULL), EFAULT);
	finish(c, a, b, NULL);
}

int main(void) {
	begin();
	CHECK(zmq_has("draft"));
	messages();
	no_buffer();
	extended();
	server_client("inproc://server");
	server_client("tcp://127.0.0.1:*");
	radio_dish();
	peers();
	peer_state();
	pollers();
	poller_fd();
	masked_poll();
	versioned_monitors();
	return 0;
}
