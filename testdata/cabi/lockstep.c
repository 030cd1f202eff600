/* One peer that is waited for again and again: ours then reads in the waiting thread
 * itself. Everything else is as it is at first. */
#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>

enum { ROUNDS = 100 };

static void *serve(void *socket) {
	char text[64];
	for (;;) {
		int size = zmq_recv(socket, text, sizeof text, 0);
		if (size < 0) {
			CHECK(errno == ETERM && zmq_close(socket) == 0);
			return NULL;
		}
		CHECK(zmq_send(socket, text, size, 0) == size);
	}
}

/* served is a REQ whose REP is served by a thread. */
struct served {
	void *context, *rep, *req;
	pthread_t thread;
	char endpoint[64];
};

static void ask(struct served *s, int rounds) {
	for (int i = 0; i < rounds; i++) {
		say(s->req, "x", 0);
		hear(s->req, "x");
	}
}

static void begin_served(struct served *s) {
	size_t size = sizeof s->endpoint;
	s->context = zmq_ctx_new();
	s->rep = open_socket(s->context, ZMQ_REP), s->req = open_socket(s->context, ZMQ_REQ);
	join(s->rep, s->req, "tcp://127.0.0.1:*");
	CHECK(zmq_getsockopt(s->rep, ZMQ_LAST_ENDPOINT, s->endpoint, &size) == 0);
	CHECK(pthread_create(&s->thread, NULL, serve, s->rep) == 0);
	ask(s, ROUNDS);
}

/* end_served ends the thread, which waits for a request, by the end of the context. */
static void end_served(struct served *s) {
	CHECK(zmq_close(s->req) == 0);
	CHECK(zmq_ctx_term(s->context) == 0);
	CHECK(pthread_join(s->thread, NULL) == 0);
}

/* The ways to wait, in turn. */
static void ways(void) {
	struct served s;
	begin_served(&s);
	struct pollfd fd = {.fd = number(s.req, ZMQ_FD), .events = POLLIN};
	for (int i = 0; i < ROUNDS; i++) {
		zmq_pollitem_t item = {s.req, 0, ZMQ_POLLIN, 0};
		char text[8];
		ask(&s, i % 7);
		say(s.req, "x", 0);
		CHECK(zmq_poll(&item, 1, -1) == 1);
		hear(s.req, "x");
		ask(&s, i % 7);
		say(s.req, "x", 0);
		while (!(number(s.req, ZMQ_EVENTS) & ZMQ_POLLIN))
			CHECK(poll(&fd, 1, -1) == 1);
		hear(s.req, "x");
		ask(&s, i % 7);
		say(s.req, "x", 0);
		while (zmq_recv(s.req, text, sizeof text, ZMQ_DONTWAIT) < 0)
			CHECK(errno == EAGAIN);
	}
	end_served(&s);
}

/* A wait with a bound ends. */
static void bounded(void) {
	struct served s;
	char byte;
	begin_served(&s);
	void *router = open_socket(s.context, ZMQ_ROUTER), *dealer = open_socket(s.context, ZMQ_DEALER);
	join(router, dealer, "tcp://127.0.0.1:*");
	for (int i = 0; i < 10; i++) {
		char id[8];
		say(dealer, "x", 0);
		int size = zmq_recv(router, id, sizeof id, 0);
		hear(router, "x");
		CHECK(zmq_send(router, id, size, ZMQ_SNDMORE) == size);
		say(router, "y", 0);
		hear(dealer, "y");
	}
	set_number(dealer, ZMQ_RCVTIMEO, 20);
	FAILS(zmq_recv(dealer, &byte, 1, 0), EAGAIN);
	CHECK(zmq_close(router) == 0 && zmq_close(dealer) == 0);
	end_served(&s);
}

/* A peer that leaves, and others that come. */
static void peers(void) {
	struct served s;
	begin_served(&s);
	for (int i = 0; i < 20; i++) {
		void *other = open_socket(s.context, ZMQ_REQ);
		CHECK(zmq_connect(other, s.endpoint) == 0);
		for (int n = 0; n < 5; n++) {
			say(other, "other", 0);
			hear(other, "other");
			ask(&s, 1);
		}
		CHECK(zmq_close(i % 2 ? other : s.req) == 0);
		if (i % 2 == 0)
			s.req = other;
		ask(&s, 20);
	}
	end_served(&s);
}

static void on_signal(int number) { (void)number; }

static void *poke(void *target) {
	for (int i = 0; i < 20; i++) {
		usleep(1000);
		pthread_kill(*(pthread_t *)target, SIGUSR1);
	}
	return NULL;
}

/* A signal ends a wait, and nothing is lost by that. */
static void interrupted(void) {
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct served s;
	pthread_t thread, self = pthread_self();
	int ends = 0;
	begin_served(&s);
	void *a = open_socket(s.context, ZMQ_PAIR), *b = open_socket(s.context, ZMQ_PAIR);
	join(a, b, "tcp://127.0.0.1:*");
	for (int i = 0; i < 10; i++) {
		say(a, "x", 0);
		hear(b, "x");
	}
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	CHECK(pthread_create(&thread, NULL, poke, &self) == 0);
	for (char byte; ends < 3; ends++)
		FAILS(zmq_recv(b, &byte, 1, 0), EINTR);
	CHECK(pthread_join(thread, NULL) == 0);
	say(a, "y", 0);
	hear(b, "y");
	CHECK(zmq_close(a) == 0 && zmq_close(b) == 0);
	end_served(&s);
}

int main(void) {
	begin();
	ways();
	bounded();
	peers();
	interrupted();
	return 0;
}
