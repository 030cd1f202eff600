/*
 * CZMQ on the library: an actor, a reactor with a timer, a poller, the proxy
 * actor, the authenticator with PLAIN and CURVE, and a monitor.
 *
 *	gcc actors.c -lczmq -lzmq
 */
#include <czmq.h>

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			exit(1); \
		} \
	} while (0)

/* echo is an actor that sends back what it gets. */
static void echo(zsock_t *pipe, void *args) {
	(void)args;
	zsock_signal(pipe, 0);
	for (;;) {
		zmsg_t *msg = zmsg_recv(pipe);
		if (!msg)
			return;
		char *command = zmsg_popstr(msg);
		bool end = streq(command, "$TERM");
		zmsg_destroy(&msg);
		if (!end)
			zstr_send(pipe, command);
		zstr_free(&command);
		if (end)
			return;
	}
}

static void actors(void) {
	for (int i = 0; i < 50; i++) {
		zactor_t *actor = zactor_new(echo, NULL);
		CHECK(actor);
		zstr_send(actor, "hello");
		char *answer = zstr_recv(actor);
		CHECK(streq(answer, "hello"));
		zstr_free(&answer);
		zactor_destroy(&actor);
	}
}

static int on_timer(zloop_t *loop, int id, void *push) {
	(void)loop, (void)id;
	zstr_sendx(push, "tick", "tock", NULL);
	return 0;
}

static int on_message(zloop_t *loop, zsock_t *pull, void *count) {
	(void)loop;
	zmsg_t *msg = zmsg_recv(pull);
	CHECK(zmsg_size(msg) == 2);
	zmsg_destroy(&msg);
	return ++*(int *)count == 3 ? -1 : 0;
}

static void reactor(void) {
	int count = 0;
	zsock_t *pull = zsock_new_pull("@tcp://127.0.0.1:*"), *push = zsock_new_push(NULL);
	CHECK(pull && push && zsock_connect(push, "%s", zsock_endpoint(pull)) == 0);
	zloop_t *loop = zloop_new();
	CHECK(zloop_timer(loop, 1, 0, on_timer, push) > 0);
	CHECK(zloop_reader(loop, pull, on_message, &count) == 0);
	zloop_start(loop);
	CHECK(count == 3);
	zloop_destroy(&loop);
	zsock_destroy(&push);
	zsock_destroy(&pull);
}

static void proxy(void) {
	zactor_t *proxy = zactor_new(zproxy, NULL);
	zstr_sendx(proxy, "FRONTEND", "PULL", "inproc://frontend", NULL);
	zsock_wait(proxy);
	zstr_sendx(proxy, "BACKEND", "PUSH", "inproc://backend", NULL);
	zsock_wait(proxy);
	zsock_t *push = zsock_new_push(">inproc://frontend"), *pull = zsock_new_pull(">inproc://backend");
	zstr_sendx(push, "through", "the", "proxy", NULL);
	zpoller_t *poller = zpoller_new(pull, NULL);
	CHECK(zpoller_wait(poller, 5000) == pull);
	zmsg_t *msg = zmsg_recv(pull);
	CHECK(zmsg_size(msg) == 3);
	zmsg_destroy(&msg);
	zpoller_destroy(&poller);
	zsock_destroy(&push);
	zsock_destroy(&pull);
	zactor_destroy(&proxy);
}

static void secured(void) {
	zactor_t *auth = zactor_new(zauth, NULL);
	CHECK(auth);
	zstr_sendx(auth, "CURVE", CURVE_ALLOW_ANY, NULL);
	zsock_wait(auth);
	zcert_t *server_key = zcert_new(), *client_key = zcert_new();
	zsock_t *server = zsock_new(ZMQ_PULL), *client = zsock_new(ZMQ_PUSH);
	zcert_apply(server_key, server);
	zsock_set_curve_server(server, 1);
	CHECK(zsock_bind(server, "tcp://127.0.0.1:*") > 0);
	zcert_apply(client_key, client);
	zsock_set_curve_serverkey(client, zcert_public_txt(server_key));
	CHECK(zsock_connect(client, "%s", zsock_endpoint(server)) == 0);
	zstr_send(client, "secret");
	zframe_t *frame = zframe_recv(server);
	CHECK(zframe_streq(frame, "secret"));
	CHECK(streq(zframe_meta(frame, "Socket-Type"), "PUSH"));
	zframe_destroy(&frame);
	zsock_destroy(&client);
	zsock_destroy(&server);
	zcert_destroy(&client_key);
	zcert_destroy(&server_key);
	zactor_destroy(&auth);
}

static void monitored(void) {
	zsock_t *server = zsock_new(ZMQ_DEALER), *client = zsock_new(ZMQ_DEALER);
	zactor_t *monitor = zactor_new(zmonitor, server);
	zstr_sendx(monitor, "LISTEN", "LISTENING", "ACCEPTED", NULL);
	zstr_send(monitor, "START");
	zsock_wait(monitor);
	CHECK(zsock_bind(server, "tcp://127.0.0.1:*") > 0);
	CHECK(zsock_connect(client, "%s", zsock_endpoint(server)) == 0);
	static const char *const expected[] = {"LISTENING", "ACCEPTED"};
	for (int i = 0; i < 2; i++) {
		zmsg_t *msg = zmsg_recv(monitor);
		char *name = zmsg_popstr(msg);
		CHECK(streq(name, expected[i]));
		zstr_free(&name);
		zmsg_destroy(&msg);
	}
	zactor_destroy(&monitor);
	zsock_destroy(&client);
	zsock_destroy(&server);
}

int main(void) {
	alarm(30);
	actors();
	reactor();
	proxy();
	if (zmq_has("curve"))
		secured();
	monitored();
	zsys_shutdown();
	return 0;
}
