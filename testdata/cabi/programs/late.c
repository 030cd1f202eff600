/*
 * A program that loads the library when it needs it, on a thread, and lets go of it
 * again: it stays, and serves those who load it once more.
 *
 *	gcc late.c -ldl -lpthread
 */
#include <zmq.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *call(void *library, const char *name) {
	void *function = dlsym(library, name);
	if (!function) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return function;
}

/* talk sends a message from one socket to another. */
static void *talk(void *endpoint) {
	void *library = dlopen("libzmq.so.5", RTLD_NOW | RTLD_LOCAL);
	char got[8];
	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	void *(*new)(void) = call(library, "zmq_ctx_new");
	void *(*open)(void *, int) = call(library, "zmq_socket");
	int (*bind)(void *, const char *) = call(library, "zmq_bind"), (*connect)(void *, const char *) = call(library, "zmq_connect");
	int (*send)(void *, const void *, size_t, int) = call(library, "zmq_send");
	int (*recv)(void *, void *, size_t, int) = call(library, "zmq_recv");
	int (*done)(void *) = call(library, "zmq_close"), (*term)(void *) = call(library, "zmq_ctx_term");
	void *c = new(), *a = open(c, ZMQ_PAIR), *b = open(c, ZMQ_PAIR);
	if (bind(a, endpoint) != 0 || connect(b, endpoint) != 0 || send(a, "hello", 5, 0) != 5)
		exit(2);
	if (recv(b, got, sizeof got, 0) != 5 || memcmp(got, "hello", 5) != 0)
		exit(3);
	if (done(a) != 0 || done(b) != 0 || term(c) != 0 || dlclose(library) != 0)
		exit(4);
	return NULL;
}

int main(void) {
	pthread_t thread;
	alarm(30);
	for (int i = 0; i < 20; i++) {
		if (pthread_create(&thread, NULL, talk, i % 2 ? "inproc://late" : "ipc://@cabi-late") != 0 || pthread_join(thread, NULL) != 0)
			return 5;
	}
	return 0;
}
