/*
 * check.h - what the tests of the C interface have in common.
 *
 * Each test is a program that runs on our library and on libzmq and must end
 * with 0 on both. An alarm ends one that hangs.
 */
#ifndef CHECK_H
#define CHECK_H

#define _GNU_SOURCE
#define ZMQ_BUILD_DRAFT_API
#include <zmq.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* CHECK ends the test if a condition does not hold. */
#define CHECK(condition) \
	do { \
		if (!(condition)) \
			failed(__FILE__, __LINE__, #condition); \
	} while (0)

/* FAILS checks that a call returns -1 with that errno. */
#define FAILS(call, number) \
	do { \
		errno = 0; \
		long result_ = (long)(call); \
		if (result_ != -1 || errno != (number)) \
			wrong(__FILE__, __LINE__, #call, #number, result_, errno); \
	} while (0)

/* IS_NULL checks that a call returns NULL with that errno. */
#define IS_NULL(call, number) \
	do { \
		errno = 0; \
		const void *result_ = (call); \
		if (result_ || errno != (number)) \
			wrong(__FILE__, __LINE__, #call, #number, (long)result_, errno); \
	} while (0)

static inline void failed(const char *file, int line, const char *what) {
	fprintf(stderr, "%s:%d: %s, errno %d: %s\n", file, line, what, errno, zmq_strerror(errno));
	exit(1);
}

static inline void wrong(const char *file, int line, const char *what, const char *want, long result, int number) {
	fprintf(stderr, "%s:%d: %s returned %ld, errno %d (%s), want %s\n", file, line, what, result, number,
	        zmq_strerror(number), want);
	exit(1);
}

/* ours reports whether the library under test is not libzmq itself. It is for
 * what libzmq answers by ending the process. */
static inline bool ours(void) { return getenv("CABI_OURS") != NULL; }

/* begin is the start of each main. */
static inline void begin(void) {
	int major, minor, patch;
	alarm(30);
	zmq_version(&major, &minor, &patch);
	CHECK(major == 4 && minor == 3 && (ours() ? patch == 5 : patch >= 4));
}

/* open_socket makes a socket that loses what is unsent. */
static inline void *open_socket(void *context, int type) {
	int linger = 0;
	void *s = zmq_socket(context, type);
	CHECK(s);
	CHECK(zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof linger) == 0);
	return s;
}

/* join binds one socket to an endpoint, which may have a *, and connects the
 * other to what came of it. */
static inline void join(void *binds, void *connects, const char *endpoint) {
	char name[256];
	size_t size = sizeof name;
	CHECK(zmq_bind(binds, endpoint) == 0);
	CHECK(zmq_getsockopt(binds, ZMQ_LAST_ENDPOINT, name, &size) == 0);
	CHECK(zmq_connect(connects, name) == 0);
}

/* number is the value of an option that is an int. */
static inline int number(void *socket, int option) {
	int value = -2;
	size_t size = sizeof value;
	CHECK(zmq_getsockopt(socket, option, &value, &size) == 0);
	CHECK(size == sizeof value);
	return value;
}

static inline void set_number(void *socket, int option, int value) {
	CHECK(zmq_setsockopt(socket, option, &value, sizeof value) == 0);
}

/* say sends a text and hear receives and checks one. */
static inline void say(void *socket, const char *text, int flags) {
	CHECK(zmq_send(socket, text, strlen(text), flags) == (int)strlen(text));
}

static inline void hear(void *socket, const char *text) {
	char got[256];
	int size = zmq_recv(socket, got, sizeof got, 0);
	CHECK(size == (int)strlen(text));
	CHECK(memcmp(got, text, size) == 0);
}

/* finish closes the sockets given, up to NULL, and their context. */
static inline void finish(void *context, ...) {
	va_list list;
	va_start(list, context);
	for (void *s; (s = va_arg(list, void *));)
		CHECK(zmq_close(s) == 0);
	va_end(list);
	CHECK(zmq_ctx_term(context) == 0);
}

#endif
