/*
 * A program of libzmq as its manual shows one: a server and a client.
 *
 *	gcc hello.c -lzmq -lpthread
 */
#include <zmq.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void *serve(void *socket) {
	char text[16];
	for (int i = 0; i < 10; i++) {
		int size = zmq_recv(socket, text, sizeof text, 0);
		if (size != 5 || memcmp(text, "Hello", 5) != 0 || zmq_send(socket, "World", 5, 0) != 5)
			return "wrong";
	}
	return NULL;
}

int main(void) {
	pthread_t server;
	char endpoint[64], text[16];
	size_t size = sizeof endpoint;
	void *wrong, *context = zmq_ctx_new();
	void *responder = zmq_socket(context, ZMQ_REP), *requester = zmq_socket(context, ZMQ_REQ);
	alarm(30);
	if (zmq_bind(responder, "tcp://127.0.0.1:*") != 0 || zmq_getsockopt(responder, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0)
		return 1;
	if (zmq_connect(requester, endpoint) != 0 || pthread_create(&server, NULL, serve, responder) != 0)
		return 2;
	for (int i = 0; i < 10; i++)
		if (zmq_send(requester, "Hello", 5, 0) != 5 || zmq_recv(requester, text, sizeof text, 0) != 5 || memcmp(text, "World", 5) != 0)
			return 3;
	if (pthread_join(server, &wrong) != 0 || wrong)
		return 4;
	int major, minor, patch;
	zmq_version(&major, &minor, &patch);
	printf("%d.%d.%d\n", major, minor, patch);
	return zmq_close(requester) | zmq_close(responder) | zmq_ctx_term(context);
}
