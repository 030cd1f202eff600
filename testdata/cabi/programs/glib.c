/*
 * GLib's main loop on ZMQ_FD, which tells of changes only: two sockets of one thread
 * talk to each other.
 *
 *	gcc glib.c $(pkg-config --cflags --libs glib-2.0) -lzmq
 */
#include <glib-unix.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

enum { ROUNDS = 1000 };

struct end {
	void *socket;
	GMainLoop *loop;
	int left;
};

static int number(void *socket, int option) {
	int value = 0;
	size_t size = sizeof value;
	if (zmq_getsockopt(socket, option, &value, &size) != 0)
		exit(1);
	return value;
}

/* turn sends back all that has come, until ZMQ_EVENTS says that it is all. */
static void turn(struct end *e) {
	char text[32];
	while (number(e->socket, ZMQ_EVENTS) & ZMQ_POLLIN) {
		int size = zmq_recv(e->socket, text, sizeof text, ZMQ_DONTWAIT);
		if (size < 0)
			exit(2);
		if (--e->left <= 0)
			g_main_loop_quit(e->loop);
		else if (zmq_send(e->socket, text, size, ZMQ_DONTWAIT) != size)
			exit(3);
	}
}

static gboolean told(gint fd, GIOCondition condition, gpointer end) {
	(void)fd, (void)condition;
	turn(end);
	return G_SOURCE_CONTINUE;
}

int main(void) {
	static const char *const endpoints[] = {"inproc://glib", "tcp://127.0.0.1:*"};
	alarm(30);
	for (int i = 0; i < 2; i++) {
		char name[64];
		size_t size = sizeof name;
		GMainLoop *loop = g_main_loop_new(NULL, FALSE);
		void *c = zmq_ctx_new();
		struct end a = {zmq_socket(c, ZMQ_PAIR), loop, ROUNDS}, b = {zmq_socket(c, ZMQ_PAIR), loop, ROUNDS};
		if (zmq_bind(a.socket, endpoints[i]) != 0 || zmq_getsockopt(a.socket, ZMQ_LAST_ENDPOINT, name, &size) != 0)
			return 4;
		if (zmq_connect(b.socket, name) != 0)
			return 5;
		guint sources[] = {g_unix_fd_add(number(a.socket, ZMQ_FD), G_IO_IN, told, &a), g_unix_fd_add(number(b.socket, ZMQ_FD), G_IO_IN, told, &b)};
		zmq_send(b.socket, "around", 6, 0);
		turn(&a); /* what came before the loop */
		turn(&b);
		g_main_loop_run(loop);
		if (a.left != 0 && b.left != 0)
			return 6;
		g_source_remove(sources[0]);
		g_source_remove(sources[1]);
		g_main_loop_unref(loop);
		if (zmq_close(a.socket) != 0 || zmq_close(b.socket) != 0 || zmq_ctx_term(c) != 0)
			return 7;
	}
	return 0;
}
