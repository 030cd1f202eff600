/* A thousand contexts, sockets, connections: memory and descriptors stay flat. */
#include "check.h"

#include <dirent.h>

static int descriptors(void) {
	int count = 0;
	DIR *dir = opendir("/proc/self/fd");
	CHECK(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* resident is the memory in use, in KiB. */
static long resident(void) {
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	CHECK(f && fscanf(f, "%*d %ld", &pages) == 1);
	fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void cycle(int i) {
	static const char *const endpoints[] = {"inproc://cycle", "tcp://127.0.0.1:*"};
	zmq_msg_t m;
	void *c = zmq_ctx_new(), *rep = open_socket(c, ZMQ_REP), *req = open_socket(c, ZMQ_REQ);
	join(rep, req, endpoints[i % 2]);
	number(rep, ZMQ_FD);
	say(req, "x", 0);
	CHECK(zmq_msg_init(&m) == 0 && zmq_msg_recv(&m, rep, 0) == 1 && zmq_msg_close(&m) == 0);
	CHECK(zmq_msg_init_size(&m, 20000) == 0 && zmq_msg_send(&m, rep, 0) == 20000);
	CHECK(zmq_msg_init(&m) == 0 && zmq_msg_recv(&m, req, 0) == 20000 && zmq_msg_close(&m) == 0);
	void *timers = zmq_timers_new();
	CHECK(zmq_timers_destroy(&timers) == 0);
	finish(c, rep, req, NULL);
}

int main(void) {
	begin();
	for (int i = 0; i < 500; i++)
		cycle(i);
	int before = descriptors();
	long memory = resident();
	for (int i = 0; i < 1000; i++)
		cycle(i);
	CHECK(descriptors() <= before);
	long grown = resident() - memory;
	if (grown > 4096)
		fprintf(stderr, "grown by %ld KiB from %ld\n", grown, memory);
	CHECK(grown <= 4096);
	return 0;
}
