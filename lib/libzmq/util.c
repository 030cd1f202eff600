//go:build linux

/*
 * What programs get from libzmq besides sockets: errors, versions, keys,
 * counters, stop-watches and threads.
 */
#include "abi.h"

#include "_cgo_export.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Errors and versions. */

int zmq_errno(void) { return errno; }

const char *zmq_strerror(int errnum) {
	switch (errnum) {
	case EFSM:
		return "Operation cannot be accomplished in current state";
	case ENOCOMPATPROTO:
		return "The protocol is not compatible with the socket type";
	case ETERM:
		return "Context was terminated";
	case EMTHREAD:
		return "No thread available";
	case EHOSTUNREACH:
		return "Host unreachable";
	}
	return strerror(errnum);
}

void zmq_version(int *major, int *minor, int *patch) {
	if (major)
		*major = ZMQ_VERSION_MAJOR;
	if (minor)
		*minor = ZMQ_VERSION_MINOR;
	if (patch)
		*patch = ZMQ_VERSION_PATCH;
}

int zmq_has(const char *capability) { return capability && !zt_forked && ztHas((char *)capability) == 1; }

/* Keys. */

/* text returns dest if Go has written a text there, else NULL with errno set. */
static void *text(void *dest, long result) {
	if (result < 0) {
		zt_fail(result);
		return NULL;
	}
	return dest;
}

char *zmq_z85_encode(char *dest, const uint8_t *data, size_t size) {
	return text(dest, zt_forked ? -ENOTSUP : ztZ85Encode(dest, (uint8_t *)data, size));
}

uint8_t *zmq_z85_decode(uint8_t *dest, const char *source) {
	return text(dest, zt_forked ? -ENOTSUP : ztZ85Decode(dest, (char *)source));
}

int zmq_curve_keypair(char *public_key, char *secret_key) {
	return text(public_key, zt_forked ? -ENOTSUP : ztCurvePair(public_key, secret_key)) ? 0 : -1;
}

int zmq_curve_public(char *public_key, const char *secret_key) {
	return text(public_key, zt_forked ? -ENOTSUP : ztCurvePublic(public_key, (char *)secret_key)) ? 0 : -1;
}

/* Counters. */

void *zmq_atomic_counter_new(void) {
	atomic_int *counter = malloc(sizeof *counter);
	if (counter)
		atomic_init(counter, 0);
	return counter;
}

void zmq_atomic_counter_set(void *counter, int value) {
	if (counter)
		atomic_store((atomic_int *)counter, value);
}

int zmq_atomic_counter_inc(void *counter) { return counter ? atomic_fetch_add((atomic_int *)counter, 1) : 0; }

int zmq_atomic_counter_dec(void *counter) { return counter && atomic_fetch_sub((atomic_int *)counter, 1) != 1; }

int zmq_atomic_counter_value(void *counter) { return counter ? atomic_load((atomic_int *)counter) : 0; }

void zmq_atomic_counter_destroy(void **counter) {
	if (counter) {
		free(*counter);
		*counter = NULL;
	}
}

/* Stop-watches. */

static uint64_t microseconds(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void *zmq_stopwatch_start(void) {
	uint64_t *start = malloc(sizeof *start);
	if (start)
		*start = microseconds();
	return start;
}

unsigned long zmq_stopwatch_intermediate(void *watch) { return watch ? microseconds() - *(uint64_t *)watch : 0; }

unsigned long zmq_stopwatch_stop(void *watch) {
	unsigned long elapsed = zmq_stopwatch_intermediate(watch);
	free(watch);
	return elapsed;
}

void zmq_sleep(int seconds) {
	if (seconds > 0)
		sleep(seconds);
}

/* Threads. */

struct thread {
	pthread_t id;
	zmq_thread_fn *func;
	void *arg;
};

/* run leaves the program's signals to its own threads, as libzmq's does. */
static void *run(void *thread) {
	struct thread *t = thread;
	t->func(t->arg);
	return NULL;
}

void *zmq_threadstart(zmq_thread_fn *func, void *arg) {
	struct thread *t = func ? malloc(sizeof *t) : NULL;
	if (!t) {
		errno = func ? ENOMEM : EINVAL;
		return NULL;
	}
	t->func = func;
	t->arg = arg;
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* the thread inherits it */
	int err = pthread_create(&t->id, NULL, run, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err) {
		free(t);
		errno = err;
		return NULL;
	}
	return t;
}

void zmq_threadclose(void *thread) {
	struct thread *t = thread;
	if (t) {
		pthread_join(t->id, NULL);
		free(t);
	}
}
