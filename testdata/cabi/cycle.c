/* A thousand contexts, sockets, connections: memory and descriptors stay flat. */
#include "check.h"

#include <dirent.h>

static int descriptors(void) {
	int count = 0;
	DIR *dir = opendir("/proc/self/fd");
	CHECK(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* resident is the memory in use, in KiB. */
static long resident(void) {
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	CHECK(f && fscanf(f, "%*d %ld", &pages) == 1);
	fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void requests(int i) {
	static const char *const endpoints[] = {"inproc://cycle", "tcp://127.0.0.1:*"};
	zmq_msg_t m;
	void *c = zmq_ctx_new(), *rep = open_socket(c, ZMQ_REP), *req = open_socket(c, ZMQ_REQ);
	join(rep, req, endpoints[i % 2]);
	number(rep, ZMQ_FD);
	say(req, "x", 0);
	CHECK(zmq_msg_init(&m) == 0 && zmq_msg_recv(&m, rep, 0) == 1 && zmq_msg_close(&m) == 0);
	CHECK(zmq_msg_init_size(&m, 20000) == 0 && zmq_msg_send(&m, rep, 0) == 20000);
	CHECK(zmq_msg_init(&m) == 0 && zmq_msg_recv(&m, req, 0) == 20000 && zmq_msg_close(&m) == 0);
	void *timers = zmq_timers_new();
	CHECK(zmq_timers_destroy(&timers) == 0);
	finish(c, rep, req, NULL);
}

/* Many short messages, of which the last ones are never received. */
static void streams(int i) {
	static const char *const endpoints[] = {"inproc://cycle", "ipc://@cabi-cycle"};
	void *c = zmq_ctx_new(), *pull = open_socket(c, ZMQ_PULL), *push = open_socket(c, ZMQ_PUSH);
	join(pull, push, endpoints[i % 2]);
	for (int n = 0; n < 200; n++)
		say(push, "many of these", 0);
	for (int n = 0; n < 100; n++)
		hear(pull, "many of these");
	finish(c, pull, push, NULL);
}

/* Subscriptions, and a monitor that sees the subscriber come. */
static void subscriptions(int i) {
	char event[64];
	void *c = zmq_ctx_new(), *pub = open_socket(c, ZMQ_XPUB), *sub = open_socket(c, ZMQ_SUB), *watch = open_socket(c, ZMQ_PAIR);
	(void)i;
	CHECK(zmq_socket_monitor(pub, "inproc://watch", ZMQ_EVENT_ALL) == 0);
	CHECK(zmq_connect(watch, "inproc://watch") == 0);
	CHECK(zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "a", 1) == 0);
	join(pub, sub, "ipc://@cabi-cycle");
	hear(pub, "\1a");
	say(pub, "a message", 0);
	hear(sub, "a message");
	CHECK(zmq_recv(watch, event, sizeof event, 0) == 6);
	CHECK(zmq_socket_monitor(pub, NULL, 0) == 0);
	finish(c, pub, sub, watch, NULL);
}

/* Keys, and messages with properties that outlive their sockets. */
static void curve(int i) {
	char public_key[41], secret_key[41];
	zmq_msg_t m;
	(void)i;
	if (!zmq_has("curve"))
		return;
	void *c = zmq_ctx_new(), *server = open_socket(c, ZMQ_DEALER), *client = open_socket(c, ZMQ_DEALER);
	CHECK(zmq_curve_keypair(public_key, secret_key) == 0);
	set_number(server, ZMQ_CURVE_SERVER, 1);
	CHECK(zmq_setsockopt(server, ZMQ_CURVE_SECRETKEY, secret_key, 41) == 0);
	CHECK(zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, public_key, 41) == 0);
	CHECK(zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, public_key, 41) == 0);
	CHECK(zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, secret_key, 41) == 0);
	join(server, client, "ipc://@cabi-cycle");
	say(client, "sealed", 0);
	CHECK(zmq_msg_init(&m) == 0 && zmq_msg_recv(&m, server, 0) == 6);
	finish(c, server, client, NULL);
	CHECK(strcmp(zmq_msg_gets(&m, "Socket-Type"), "DEALER") == 0);
	CHECK(zmq_msg_close(&m) == 0);
}

/* Waits: of a poll, of a receive that gives up, of a descriptor. */
static void waits(int i) {
	char byte;
	void *c = zmq_ctx_new(), *a = open_socket(c, ZMQ_PAIR), *b = open_socket(c, ZMQ_PAIR);
	(void)i;
	join(a, b, "inproc://cycle");
	zmq_pollitem_t items[] = {{a, 0, ZMQ_POLLIN, 0}, {b, 0, ZMQ_POLLIN, 0}};
	set_number(a, ZMQ_RCVTIMEO, 1);
	CHECK(zmq_poll(items, 2, 1) == 0);
	FAILS(zmq_recv(a, &byte, 1, 0), EAGAIN);
	number(a, ZMQ_FD);
	say(b, "x", 0);
	CHECK(zmq_poll(items, 2, -1) == 1);
	finish(c, a, b, NULL);
}

/* flat runs a cycle until all memory that it will ever use is there, and then
 * again: no more may be used. */
static void flat(const char *name, void (*cycle)(int), int warm, int count) {
	for (int i = 0; i < warm; i++)
		cycle(i);
	int before = descriptors();
	long memory = resident();
	for (int i = 0; i < count; i++)
		cycle(i);
	CHECK(descriptors() <= before);
	long grown = resident() - memory;
	if (grown > 4096)
		fprintf(stderr, "%s: grown by %ld KiB from %ld\n", name, grown, memory);
	CHECK(grown <= 4096);
}

int main(void) {
	begin();
	flat("requests", requests, 500, 1000);
	flat("streams", streams, 200, 1000);
	flat("subscriptions", subscriptions, 200, 500);
	flat("curve", curve, 100, 200);
	flat("waits", waits, 100, 500);
	return 0;
}
