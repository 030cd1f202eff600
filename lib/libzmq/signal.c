//go:build linux

/*
 * The program's signals, and the threads and stacks of Go.
 *
 * libzmq's own threads block all signals. So do Go's threads here, but for those
 * that Go needs itself: they are made with the mask of the thread that loads the
 * library, which hold and let_go set for that moment.
 *
 * A thread of the program that is inside Go runs on a small stack of Go's. A handler
 * that is installed without SA_ONSTACK would run there as well, and write behind
 * its end. zt_handlers puts that right.
 */
#include "abi.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

static sigset_t mask; /* of the loading thread */

/* hold is the first constructor of the library, before that of Go. */
__attribute__((constructor(101))) static void hold(void) {
	static const int needed[] = {SIGURG, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
	sigset_t most;
	sigfillset(&most);
	for (unsigned i = 0; i < sizeof needed / sizeof *needed; i++)
		sigdelset(&most, needed[i]);
	pthread_sigmask(SIG_SETMASK, &most, &mask);
}

/* let_go comes after that of Go, which has no priority and is linked first. */
__attribute__((constructor)) static void let_go(void) { pthread_sigmask(SIG_SETMASK, &mask, NULL); }

void zt_handlers(void) {
	for (int number = 1; number <= SIGRTMAX; number++) {
		struct sigaction action;
		if (sigaction(number, NULL, &action) != 0 || action.sa_flags & SA_ONSTACK)
			continue;
		if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN)
			continue;
		action.sa_flags |= SA_ONSTACK;
		sigaction(number, &action, NULL);
	}
}

void zt_handlers_again(void) {
	static atomic_llong due; /* in ms */
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	long long now = (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	long long next = atomic_load_explicit(&due, memory_order_relaxed);
	if (now >= next && atomic_compare_exchange_strong(&due, &next, now + ZT_HANDLERS_MS))
		zt_handlers();
}
