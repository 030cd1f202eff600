/* Signals of the program: the library raises none, and handlers of any kind run
 * while it works. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static volatile sig_atomic_t pipes;

static void on_pipe(int number) {
	(void)number;
	pipes++;
}

/* peer is a process that receives one message and is killed. */
static pid_t peer(int type, const char *endpoint) {
	pid_t child = fork();
	if (child == 0) {
		char path[16];
		snprintf(path, sizeof path, "%d", type);
		execl("/proc/self/exe", "signal", path, endpoint, (char *)NULL);
		_exit(127);
	}
	CHECK(child > 0);
	return child;
}

static int be_peer(int type, const char *endpoint) {
	void *c = zmq_ctx_new(), *s = open_socket(c, type);
	if (type == ZMQ_SUB)
		CHECK(zmq_setsockopt(s, ZMQ_SUBSCRIBE, "", 0) == 0);
	CHECK(zmq_connect(s, endpoint) == 0);
	if (type == ZMQ_DEALER)
		say(s, "hello", 0);
	hear(s, "first");
	kill(getpid(), SIGKILL);
	return 1;
}

/* A peer is killed while much is sent to it. Nobody hears of that. */
static void peer_dies(const char *endpoint, size_t size) {
	char name[256], *data = calloc(1, size);
	size_t room = sizeof name;
	int status;
	void *c = zmq_ctx_new(), *push = open_socket(c, ZMQ_PUSH);
	set_number(push, ZMQ_SNDTIMEO, 20);
	CHECK(zmq_bind(push, endpoint) == 0);
	CHECK(zmq_getsockopt(push, ZMQ_LAST_ENDPOINT, name, &room) == 0);
	pid_t child = peer(ZMQ_PULL, name);
	while (zmq_send(push, "first", 5, 0) < 0)
		CHECK(errno == EAGAIN);
	for (int i = 0; i < 100; i++) /* until nobody is there to take more */
		if (zmq_send(push, data, size, 0) < 0 && waitpid(child, &status, WNOHANG) == child)
			break;
	while (waitpid(child, &status, 0) > 0)
		;
	for (int i = 0; i < 100 && zmq_send(push, data, size, 0) >= 0; i++)
		;
	free(data);
	finish(c, push, NULL);
}

/* Peers that leave before the library has said its first word. */
static void peers_hang_up(void) {
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0cabi-hang-up"};
	socklen_t size = offsetof(struct sockaddr_un, sun_path) + 1 + strlen("cabi-hang-up");
	void *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_PULL);
	CHECK(zmq_bind(s, "ipc://@cabi-hang-up") == 0);
	for (int i = 0; i < 200; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		CHECK(connect(fd, (struct sockaddr *)&address, size) == 0);
		close(fd);
	}
	void *push = open_socket(c, ZMQ_PUSH);
	CHECK(zmq_connect(push, "ipc://@cabi-hang-up") == 0);
	say(push, "still there", 0);
	hear(s, "still there");
	finish(c, push, s, NULL);
}

/* The program's own handler, and none. */
static void broken_pipes(void) {
	struct sigaction own = {.sa_handler = on_pipe}, none = {.sa_handler = SIG_DFL}, found;
	const struct sigaction *actions[] = {&none, &own};
	for (int i = 0; i < 2; i++) {
		CHECK(sigaction(SIGPIPE, actions[i], NULL) == 0);
		peer_dies("ipc://@cabi-signal", 100);
		peer_dies("ipc://@cabi-signal", 100000);
		peer_dies("tcp://127.0.0.1:*", 100);
		peer_dies("tcp://127.0.0.1:*", 100000);
		peers_hang_up();
		CHECK(sigaction(SIGPIPE, NULL, &found) == 0 && found.sa_handler == actions[i]->sa_handler);
	}
	CHECK(pipes == 0);
}

/* What a program writes itself ends it as ever, unless it has seen to that. */
static int write_by_itself(void) {
	int fds[2];
	void *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_PULL);
	CHECK(zmq_bind(s, "tcp://127.0.0.1:*") == 0);
	CHECK(pipe(fds) == 0 && close(fds[0]) == 0);
	CHECK(write(fds[1], "x", 1) == 1);
	return 1;
}

static void own_pipe(void) {
	int status;
	pid_t child = fork();
	if (child == 0) {
		signal(SIGPIPE, SIG_DFL);
		execl("/proc/self/exe", "signal", "write", (char *)NULL);
		_exit(127);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}

/* A signal that all of the program's threads block goes to none of the library's. */
static void waited_for(void) {
	sigset_t set, before;
	int number;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	CHECK(pthread_sigmask(SIG_BLOCK, &set, &before) == 0);
	CHECK(!sigismember(&before, SIGTERM) && !sigismember(&before, SIGUSR1)); /* as the program was started */
	void *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_PULL);
	CHECK(zmq_bind(s, "tcp://127.0.0.1:*") == 0);
	for (int i = 0; i < 100; i++) {
		CHECK(kill(getpid(), SIGTERM) == 0);
		CHECK(sigwait(&set, &number) == 0 && number == SIGTERM);
	}
	finish(c, s, NULL);
	CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
}

/* deep is a handler that needs much of the stack. */
static void deep(int number) {
	volatile char frame[8192];
	memset((char *)frame, number, sizeof frame);
	if (frame[number] != number)
		abort();
}

enum { THREADS = 4, ROUNDS = 3000 };

static volatile bool done;

/* traffic makes many calls, of which some wait. */
static void *traffic(void *context) {
	void *a = open_socket(context, ZMQ_PAIR), *b = open_socket(context, ZMQ_PAIR);
	char name[32], body[2000];
	snprintf(name, sizeof name, "inproc://%p", (void *)&name);
	memset(body, 'b', sizeof body);
	CHECK(zmq_bind(a, name) == 0 && zmq_connect(b, name) == 0);
	for (int i = 0; i < ROUNDS; i++) {
		while (zmq_send(a, body, sizeof body, 0) < 0)
			CHECK(errno == EINTR);
		zmq_pollitem_t item = {b, 0, ZMQ_POLLIN, 0};
		while (zmq_poll(&item, 1, -1) < 0)
			CHECK(errno == EINTR);
		while (zmq_recv(b, body, sizeof body, 0) < 0)
			CHECK(errno == EINTR);
		if (i % 20 == 0 && zmq_recv(a, body, sizeof body, ZMQ_DONTWAIT) < 0)
			CHECK(errno == EAGAIN || errno == EINTR);
		item.socket = a;
		if (i % 20 == 0 && zmq_poll(&item, 1, 1) < 0)
			CHECK(errno == EINTR);
	}
	CHECK(zmq_close(a) == 0 && zmq_close(b) == 0);
	return NULL;
}

static void *shoot(void *threads) {
	for (int i = 0; !done; i++) {
		pthread_kill(((pthread_t *)threads)[i % THREADS], SIGUSR1);
		usleep(20);
	}
	return NULL;
}

/* Handlers interrupt threads in the middle of their calls, installed before the
 * context was made, or while threads wait. */
static void handlers(bool late) {
	struct sigaction action = {.sa_handler = deep, .sa_flags = SA_RESTART};
	pthread_t threads[THREADS], shooter;
	if (!late)
		CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	void *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_PULL);
	if (late) {
		zmq_pollitem_t item = {s, 0, ZMQ_POLLIN, 0};
		CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
		CHECK(zmq_poll(&item, 1, 50) == 0);
	}
	done = false;
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, traffic, c) == 0);
	CHECK(pthread_create(&shooter, NULL, shoot, threads) == 0);
	for (int i = 1; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	done = true;
	CHECK(pthread_join(shooter, NULL) == 0);
	CHECK(pthread_join(threads[0], NULL) == 0);
	finish(c, s, NULL);
}

int main(int argc, char **argv) {
	begin();
	if (argc == 3)
		return be_peer(atoi(argv[1]), argv[2]);
	if (argc == 2)
		return write_by_itself();
	broken_pipes();
	own_pipe();
	waited_for();
	handlers(false);
	handlers(true);
	return 0;
}
