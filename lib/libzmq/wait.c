//go:build linux

/*
 * Waiting, errno and fork.
 *
 * Go's runtime sends SIGURG to the threads it runs on. One that comes late must
 * not look like a signal of the program, so SIGURG is blocked in waits.
 */
#define _GNU_SOURCE
#include "wait.h"

#include <poll.h>
#include <pthread.h>
#include <time.h>

bool zt_forked;

static void in_child(void) { zt_forked = true; }

__attribute__((constructor)) static void watch_forks(void) { pthread_atfork(NULL, NULL, in_child); }

int zt_fail(long result) {
	errno = (int)-result;
	return -1;
}

int64_t zt_now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int zt_ppoll(struct pollfd *fds, unsigned count, int64_t timeout, const sigset_t *mask) {
	struct timespec t = {timeout / 1000, timeout % 1000 * 1000000};
	sigset_t quiet;
	zt_handlers_again();
	if (mask)
		quiet = *mask;
	else
		pthread_sigmask(SIG_SETMASK, NULL, &quiet);
	sigaddset(&quiet, SIGURG);
	return ppoll(fds, count, timeout < 0 ? NULL : &t, &quiet);
}

int zt_await(struct zt_wait *wait, int64_t *deadline) {
	int64_t left = -1;
	if (wait->timeout >= 0) {
		int64_t now = zt_now();
		if (*deadline == 0)
			*deadline = now + wait->timeout;
		if ((left = *deadline - now) <= 0)
			return EAGAIN;
	}
	struct pollfd fds[] = {{.fd = wait->fd, .events = POLLIN}, {.fd = wait->peer, .events = POLLIN}};
	int n = zt_ppoll(fds, wait->peer < 0 ? 1 : 2, left, NULL);
	if (n < 0)
		return errno;
	wait->heard = fds[1].revents != 0;
	return n > 0 ? 0 : EAGAIN;
}
