/* Monitors and proxies. */
#include "check.h"

#include <pthread.h>

/* event receives the next event of a monitor in its first version. */
static int event(void *monitor, uint32_t *value) {
	uint8_t head[6];
	uint16_t kind;
	char endpoint[256];
	if (zmq_recv(monitor, head, sizeof head, 0) != sizeof head)
		return -1;
	memcpy(&kind, head, sizeof kind);
	memcpy(value, head + 2, sizeof *value);
	CHECK(number(monitor, ZMQ_RCVMORE) == 1);
	CHECK(zmq_recv(monitor, endpoint, sizeof endpoint, 0) >= 0);
	return kind;
}

static void wait_for(void *monitor, int kind) {
	uint32_t value;
	int got;
	while ((got = event(monitor, &value)) != kind)
		CHECK(got > 0);
}

static void events(void) {
	void *c = zmq_ctx_new(), *server = open_socket(c, ZMQ_PULL), *client = open_socket(c, ZMQ_PUSH);
	void *watch = open_socket(c, ZMQ_PAIR), *watch_client = open_socket(c, ZMQ_PAIR);
	FAILS(zmq_socket_monitor(server, "tcp://127.0.0.1:*", ZMQ_EVENT_ALL), EPROTONOSUPPORT);
	FAILS(zmq_socket_monitor(server, "nonsense", ZMQ_EVENT_ALL), EINVAL);
	FAILS(zmq_socket_monitor(server, "", ZMQ_EVENT_ALL), EINVAL);
	CHECK(zmq_bind(watch, "inproc://taken") == 0);
	FAILS(zmq_socket_monitor(server, "inproc://taken", ZMQ_EVENT_ALL), EADDRINUSE);
	CHECK(zmq_socket_monitor(server, "inproc://watch", ZMQ_EVENT_ALL) == 0);
	CHECK(zmq_socket_monitor(client, "inproc://watch-client", ZMQ_EVENT_CONNECTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_MONITOR_STOPPED) == 0);
	CHECK(zmq_connect(watch, "inproc://watch") == 0);
	CHECK(zmq_connect(watch_client, "inproc://watch-client") == 0);
	join(server, client, "tcp://127.0.0.1:*");
	wait_for(watch, ZMQ_EVENT_LISTENING);
	wait_for(watch, ZMQ_EVENT_ACCEPTED);
	wait_for(watch, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
	wait_for(watch_client, ZMQ_EVENT_CONNECTED);
	CHECK(zmq_close(client) == 0);
	wait_for(watch, ZMQ_EVENT_DISCONNECTED);
	wait_for(watch_client, ZMQ_EVENT_MONITOR_STOPPED);
	CHECK(zmq_socket_monitor(server, NULL, 0) == 0);
	wait_for(watch, ZMQ_EVENT_MONITOR_STOPPED);
	finish(c, server, watch, watch_client, NULL);
}

/* A monitor that nobody wants to hear the end of ends all the same. */
static void unheard(void) {
	void *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_PULL), *watch = open_socket(c, ZMQ_PAIR);
	CHECK(zmq_socket_monitor(s, "inproc://unheard", ZMQ_EVENT_LISTENING) == 0);
	CHECK(zmq_connect(watch, "inproc://unheard") == 0);
	CHECK(zmq_bind(s, "tcp://127.0.0.1:*") == 0);
	wait_for(watch, ZMQ_EVENT_LISTENING);
	CHECK(zmq_socket_monitor(s, NULL, 0) == 0);
	finish(c, watch, s, NULL);
}

struct proxy {
	void *frontend, *backend, *capture, *control;
	int result, error;
	bool device; /* by the former name */
};

static void *run(void *arg) {
	struct proxy *p = arg;
	p->result = p->device    ? zmq_device(ZMQ_QUEUE, p->frontend, p->backend)
	            : p->control ? zmq_proxy_steerable(p->frontend, p->backend, p->capture, p->control)
	                       : zmq_proxy(p->frontend, p->backend, p->capture);
	p->error = errno;
	return NULL;
}

/* A proxy ends with its context. */
static void proxy(void) {
	pthread_t thread;
	void *c = zmq_ctx_new(), *req = open_socket(c, ZMQ_REQ), *rep = open_socket(c, ZMQ_REP), *tap = open_socket(c, ZMQ_PULL);
	struct proxy p = {open_socket(c, ZMQ_ROUTER), open_socket(c, ZMQ_DEALER), open_socket(c, ZMQ_PUSH), NULL, 0, 0, false};
	join(p.frontend, req, "inproc://front");
	join(p.backend, rep, "tcp://127.0.0.1:*");
	join(tap, p.capture, "inproc://tap");
	CHECK(pthread_create(&thread, NULL, run, &p) == 0);
	for (int i = 0; i < 100; i++) {
		say(req, "how", ZMQ_SNDMORE);
		say(req, "many", 0);
		hear(rep, "how");
		hear(rep, "many");
		say(rep, "some", 0);
		hear(req, "some");
	}
	char id[16];
	CHECK(zmq_recv(tap, id, sizeof id, 0) == 5);
	hear(tap, "");
	hear(tap, "how");
	hear(tap, "many");
	CHECK(number(tap, ZMQ_RCVMORE) == 0);
	CHECK(zmq_ctx_shutdown(c) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(p.result == -1 && p.error == ETERM);
	finish(c, req, rep, tap, p.frontend, p.backend, p.capture, NULL);
}

static void steered(void) {
	pthread_t thread;
	uint64_t figures[8];
	void *c = zmq_ctx_new(), *push = open_socket(c, ZMQ_PUSH), *pull = open_socket(c, ZMQ_PULL), *control = open_socket(c, ZMQ_PAIR);
	struct proxy p = {open_socket(c, ZMQ_PULL), open_socket(c, ZMQ_PUSH), NULL, open_socket(c, ZMQ_PAIR), -1, 0, false};
	join(p.frontend, push, "inproc://front");
	join(p.backend, pull, "inproc://back");
	join(p.control, control, "inproc://control");
	CHECK(pthread_create(&thread, NULL, run, &p) == 0);
	say(push, "one", 0);
	hear(pull, "one");
	say(control, "STATISTICS", 0);
	for (int i = 0; i < 8; i++)
		CHECK(zmq_recv(control, &figures[i], sizeof figures[i], 0) == sizeof figures[i]);
	CHECK(figures[0] == 1 && figures[1] == 3 && figures[2] == 0);
	CHECK(figures[6] == 1 && figures[7] == 3);
	say(control, "TERMINATE", 0);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(p.result == 0);
	finish(c, push, pull, control, p.frontend, p.backend, p.control, NULL);
}

/* One socket on both sides answers by itself. */
static void echo(void) {
	pthread_t thread;
	void *c = zmq_ctx_new(), *req = open_socket(c, ZMQ_REQ);
	struct proxy p = {.frontend = open_socket(c, ZMQ_REP)};
	p.backend = p.frontend;
	join(p.frontend, req, "inproc://echo");
	CHECK(pthread_create(&thread, NULL, run, &p) == 0);
	for (int i = 0; i < 40; i++) {
		say(req, "hello", 0);
		hear(req, "hello");
	}
	CHECK(zmq_ctx_shutdown(c) == 0);
	CHECK(pthread_join(thread, NULL) == 0 && p.error == ETERM);
	finish(c, req, p.frontend, NULL);
}

static void device(void) {
	pthread_t thread;
	void *c = zmq_ctx_new(), *push = open_socket(c, ZMQ_PUSH), *pull = open_socket(c, ZMQ_PULL);
	struct proxy p = {.frontend = open_socket(c, ZMQ_PULL), .backend = open_socket(c, ZMQ_PUSH), .device = true};
	join(p.frontend, push, "inproc://front");
	join(p.backend, pull, "inproc://back");
	CHECK(pthread_create(&thread, NULL, run, &p) == 0);
	say(push, "through", ZMQ_SNDMORE);
	say(push, "a device", 0);
	hear(pull, "through");
	CHECK(number(pull, ZMQ_RCVMORE) == 1);
	hear(pull, "a device");
	CHECK(zmq_ctx_shutdown(c) == 0);
	CHECK(pthread_join(thread, NULL) == 0 && p.result == -1 && p.error == ETERM);
	finish(c, push, pull, p.frontend, p.backend, NULL);
}

static void mistakes(void) {
	FAILS(zmq_proxy(NULL, NULL, NULL), EFAULT);
	FAILS(zmq_device(ZMQ_QUEUE, NULL, NULL), EFAULT);
}

int main(void) {
	begin();
	events();
	unheard();
	proxy();
	steered();
	echo();
	device();
	if (ours())
		mistakes();
	return 0;
}
