/* Threads, signals, forks: who waits, and what ends it. */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

static void on_signal(int number) { (void)number; }

/* poke sends signals to a thread until it is told to stop. */
struct poke {
	pthread_t target;
	volatile bool stop;
};

static void *poke(void *arg) {
	struct poke *p = arg;
	while (!p->stop) {
		pthread_kill(p->target, SIGUSR1);
		usleep(1000);
	}
	return NULL;
}

/* Each call that waits ends with EINTR, although the handler restarts calls. */
static void interrupted(void) {
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct poke p = {.target = pthread_self()};
	pthread_t thread;
	char byte;
	zmq_msg_t m;
	void *c = zmq_ctx_new(), *pull = open_socket(c, ZMQ_PULL), *push = open_socket(c, ZMQ_PUSH);
	zmq_pollitem_t item = {pull, 0, ZMQ_POLLIN, 0};
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	CHECK(pthread_create(&thread, NULL, poke, &p) == 0);
	CHECK(zmq_msg_init(&m) == 0);
	for (int i = 0; i < 5; i++) {
		FAILS(zmq_recv(pull, &byte, 1, 0), EINTR);
		FAILS(zmq_msg_recv(&m, pull, 0), EINTR);
		FAILS(zmq_send(push, "x", 1, 0), EINTR);
		FAILS(zmq_poll(&item, 1, -1), EINTR);
	}
	p.stop = true;
	CHECK(pthread_join(thread, NULL) == 0);
	finish(c, pull, push, NULL);
}

/* zmq_ctx_term is interrupted and goes on when it is called again. */
static void interrupted_term(void) {
	struct poke p = {.target = pthread_self()};
	pthread_t thread;
	void *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_PAIR);
	CHECK(pthread_create(&thread, NULL, poke, &p) == 0);
	FAILS(zmq_ctx_term(c), EINTR);
	FAILS(zmq_ctx_term(c), EINTR);
	p.stop = true;
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(zmq_close(s) == 0);
	CHECK(zmq_ctx_term(c) == 0);
}

static void *term(void *context) { return (void *)(long)zmq_ctx_term(context); }

static void *receive(void *socket) {
	char byte;
	int result = zmq_recv(socket, &byte, 1, 0);
	CHECK(result == -1 && errno == ETERM);
	CHECK(zmq_close(socket) == 0);
	return NULL;
}

/* A blocked call returns ETERM, and zmq_ctx_term when all is closed. */
static void terminated(void) {
	pthread_t receiver, ender;
	void *result, *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_PULL);
	CHECK(pthread_create(&receiver, NULL, receive, s) == 0);
	CHECK(pthread_create(&ender, NULL, term, c) == 0);
	CHECK(pthread_join(receiver, NULL) == 0);
	CHECK(pthread_join(ender, &result) == 0 && result == NULL);
}

enum { MESSAGES = 20000 };

static void *produce(void *socket) {
	for (uint32_t i = 0; i < MESSAGES; i++)
		CHECK(zmq_send(socket, &i, sizeof i, 0) == sizeof i);
	return NULL;
}

/* All messages arrive in order, whoever waits for whom. */
static void stream(const char *endpoint, int hwm) {
	pthread_t thread;
	void *c = zmq_ctx_new(), *pull = open_socket(c, ZMQ_PULL), *push = open_socket(c, ZMQ_PUSH);
	set_number(pull, ZMQ_RCVHWM, hwm);
	set_number(push, ZMQ_SNDHWM, hwm);
	join(pull, push, endpoint);
	CHECK(pthread_create(&thread, NULL, produce, push) == 0);
	for (uint32_t i = 0, got; i < MESSAGES; i++) {
		CHECK(zmq_recv(pull, &got, sizeof got, 0) == sizeof got);
		CHECK(got == i);
	}
	CHECK(pthread_join(thread, NULL) == 0);
	finish(c, pull, push, NULL);
}

static void *serve(void *socket) {
	char text[64];
	for (int i = 0; i < 500; i++) {
		int size = zmq_recv(socket, text, sizeof text, 0);
		CHECK(zmq_send(socket, text, size, 0) == size);
	}
	return NULL;
}

static void requests(const char *endpoint) {
	pthread_t thread;
	void *c = zmq_ctx_new(), *rep = open_socket(c, ZMQ_REP), *req = open_socket(c, ZMQ_REQ);
	join(rep, req, endpoint);
	CHECK(pthread_create(&thread, NULL, serve, rep) == 0);
	for (int i = 0; i < 500; i++) {
		say(req, "request", 0);
		hear(req, "request");
	}
	CHECK(pthread_join(thread, NULL) == 0);
	finish(c, rep, req, NULL);
}

/* libzmq forbids it and goes wrong; here each call takes the next message. */
static void *steal(void *socket) {
	uint32_t got;
	long n = 0;
	while (zmq_recv(socket, &got, sizeof got, 0) == sizeof got && got != MESSAGES)
		n++;
	return (void *)n;
}

static void shared(void) {
	enum { THREADS = 4 };
	pthread_t threads[THREADS];
	void *c = zmq_ctx_new(), *pull = open_socket(c, ZMQ_PULL), *push = open_socket(c, ZMQ_PUSH);
	long total = 0;
	uint32_t end = MESSAGES;
	join(pull, push, "inproc://shared");
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, steal, pull) == 0);
	produce(push);
	for (int i = 0; i < THREADS; i++)
		CHECK(zmq_send(push, &end, sizeof end, 0) == sizeof end);
	for (int i = 0; i < THREADS; i++) {
		void *n;
		CHECK(pthread_join(threads[i], &n) == 0);
		total += (long)n;
	}
	CHECK(total == MESSAGES);
	finish(c, pull, push, NULL);
}

/* The child of a fork starts another program, and the parent goes on. */
static void fork_and_exec(void) {
	int status;
	void *c = zmq_ctx_new(), *a = open_socket(c, ZMQ_PAIR), *b = open_socket(c, ZMQ_PAIR);
	join(a, b, "tcp://127.0.0.1:*");
	say(a, "before", 0);
	pid_t child = fork();
	if (child == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
	hear(b, "before");
	say(b, "after", 0);
	hear(a, "after");
	finish(c, a, b, NULL);
}

/* A child that does not start another program may only leave. */
static void fork_alone(void) {
	int status;
	void *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_PAIR);
	pid_t child = fork();
	if (child == 0) {
		char byte;
		CHECK(zmq_send(s, "x", 1, 0) == -1 && errno == ENOTSOCK);
		CHECK(zmq_recv(s, &byte, 1, 0) == -1 && errno == ENOTSOCK);
		CHECK(zmq_socket(c, ZMQ_PAIR) == NULL);
		CHECK(zmq_ctx_new() == NULL && errno == ENOTSUP);
		CHECK(zmq_close(s) == 0);
		CHECK(zmq_ctx_term(c) == 0);
		_exit(0);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
	finish(c, s, NULL);
}

int main(void) {
	begin();
	interrupted();
	interrupted_term();
	terminated();
	stream("inproc://stream", 10);
	stream("inproc://stream", 1000);
	stream("tcp://127.0.0.1:*", 10);
	stream("tcp://127.0.0.1:*", 1000);
	requests("inproc://requests");
	requests("tcp://127.0.0.1:*");
	fork_and_exec();
	if (ours()) {
		shared();
		fork_alone();
	}
	return 0;
}
