/* Errors, keys, counters, timers, stop-watches and threads. */
#include "check.h"

static void errors(void) {
	static const int numbers[] = {EFSM, ENOCOMPATPROTO, ETERM, EMTHREAD, EHOSTUNREACH, EAGAIN, EINVAL, 0, 12345};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		CHECK(zmq_strerror(numbers[i]) && *zmq_strerror(numbers[i]));
	CHECK(strcmp(zmq_strerror(EINVAL), strerror(EINVAL)) == 0);
	errno = 42;
	CHECK(zmq_errno() == 42);
	CHECK(zmq_has("ipc") == 1);
	CHECK(zmq_has("something else") == 0);
	CHECK(zmq_has("IPC") == 0 && zmq_has("tcp") == 0 && zmq_has("inproc") == 0 && zmq_has("udp") == 0);
	CHECK(strcmp(zmq_strerror(EFSM), "Operation cannot be accomplished in current state") == 0);
	CHECK(strcmp(zmq_strerror(ENOCOMPATPROTO), "The protocol is not compatible with the socket type") == 0);
	CHECK(strcmp(zmq_strerror(ETERM), "Context was terminated") == 0);
	CHECK(strcmp(zmq_strerror(EMTHREAD), "No thread available") == 0);
	CHECK(strcmp(zmq_strerror(EHOSTUNREACH), "Host unreachable") == 0);
}

static void z85(void) {
	static const uint8_t bytes[8] = {0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b}; /* RFC 32 */
	uint8_t back[8];
	char text[11] = "";
	CHECK(zmq_z85_encode(text, bytes, 8) == text && strcmp(text, "HelloWorld") == 0);
	CHECK(zmq_z85_decode(back, text) == back && memcmp(back, bytes, 8) == 0);
	IS_NULL(zmq_z85_encode(text, bytes, 7), EINVAL);
	IS_NULL(zmq_z85_decode(back, "Hello1"), EINVAL);
	IS_NULL(zmq_z85_decode(back, "Hel\"o"), EINVAL);
}

static void keys(void) {
	char public_key[41], secret_key[41], again[41];
	uint8_t raw[32];
	CHECK(zmq_curve_keypair(public_key, secret_key) == 0);
	CHECK(strlen(public_key) == 40 && strlen(secret_key) == 40);
	CHECK(zmq_z85_decode(raw, public_key) == raw);
	CHECK(zmq_curve_public(again, secret_key) == 0 && strcmp(again, public_key) == 0);
	FAILS(zmq_curve_public(again, "too short"), EINVAL);
}

static void counters(void) {
	void *counter = zmq_atomic_counter_new();
	CHECK(counter && zmq_atomic_counter_value(counter) == 0);
	CHECK(zmq_atomic_counter_inc(counter) == 0 && zmq_atomic_counter_inc(counter) == 1);
	CHECK(zmq_atomic_counter_value(counter) == 2);
	CHECK(zmq_atomic_counter_dec(counter) == 1 && zmq_atomic_counter_dec(counter) == 0);
	zmq_atomic_counter_set(counter, 7);
	CHECK(zmq_atomic_counter_value(counter) == 7);
	zmq_atomic_counter_destroy(&counter);
	CHECK(counter == NULL);
}

static void *the_timers;
static char order[16];

static void note(int id, void *arg) {
	(void)id;
	strcat(order, arg);
}

static void note_and_cancel(int id, void *arg) {
	note(id, arg);
	CHECK(zmq_timers_cancel(the_timers, id) == 0);
}

static void execute(void) {
	usleep((zmq_timers_timeout(the_timers) + 1) * 1000);
	CHECK(zmq_timers_execute(the_timers) == 0);
}

static void timers(void) {
	void *none = NULL, *t = the_timers = zmq_timers_new();
	CHECK(t && zmq_timers_timeout(t) == -1);
	CHECK(zmq_timers_execute(t) == 0);
	FAILS(zmq_timers_add(NULL, 1, note, NULL), EFAULT);
	FAILS(zmq_timers_add(t, 1, NULL, NULL), EFAULT);
	FAILS(zmq_timers_cancel(t, 9), EINVAL);
	FAILS(zmq_timers_reset(t, 9), EINVAL);
	FAILS(zmq_timers_set_interval(t, 9, 1), EINVAL);
	FAILS(zmq_timers_execute(NULL), EFAULT);
	FAILS(zmq_timers_timeout(NULL), EFAULT);
	FAILS(zmq_timers_destroy(&none), EFAULT);
	int once = zmq_timers_add(t, 1, note_and_cancel, "a");
	CHECK(once == 1);
	int late = zmq_timers_add(t, 3600 * 1000, note, "b");
	CHECK(late == 2 && zmq_timers_timeout(t) <= 1);
	execute();
	CHECK(strcmp(order, "a") == 0);
	FAILS(zmq_timers_cancel(t, once), EINVAL);
	long left = zmq_timers_timeout(t);
	CHECK(left > 3500 * 1000 && left <= 3600 * 1000);
	CHECK(zmq_timers_execute(t) == 0 && strcmp(order, "a") == 0);
	CHECK(zmq_timers_set_interval(t, late, 2) == 0);
	CHECK(zmq_timers_reset(t, late) == 0);
	execute();
	CHECK(strcmp(order, "ab") == 0);
	CHECK(zmq_timers_cancel(t, late) == 0);
	CHECK(zmq_timers_add(t, 20, note, "d") > 0 && zmq_timers_add(t, 10, note, "c") > 0);
	usleep(25000);
	CHECK(zmq_timers_execute(t) == 0 && strcmp(order, "abcd") == 0); /* each once, by time */
	CHECK(zmq_timers_destroy(&t) == 0 && t == NULL);
}

/* A timer without interval runs once in each call; libzmq never returns. */
static void busy_timer(void) {
	void *t = the_timers = zmq_timers_new();
	*order = 0;
	CHECK(zmq_timers_add(t, 0, note, "x") > 0);
	CHECK(zmq_timers_execute(t) == 0 && zmq_timers_execute(t) == 0);
	CHECK(strcmp(order, "xx") == 0);
	void *same = t;
	CHECK(zmq_timers_destroy(&t) == 0);
	FAILS(zmq_timers_destroy(&same), EFAULT);
	FAILS(zmq_timers_execute(same), EFAULT);
	zmq_atomic_counter_set(NULL, 1);
	CHECK(zmq_atomic_counter_inc(NULL) == 0);
	IS_NULL(zmq_z85_encode(NULL, NULL, 4), EFAULT);
	FAILS(zmq_curve_keypair(NULL, NULL), EFAULT);
	CHECK(zmq_has(NULL) == 0);
	zmq_threadclose(NULL);
	CHECK(zmq_stopwatch_stop(NULL) == 0);
}

static void run(void *arg) { *(int *)arg = 1; }

static void threads(void) {
	int ran = 0;
	void *watch = zmq_stopwatch_start();
	void *thread = zmq_threadstart(run, &ran);
	CHECK(watch && thread);
	zmq_threadclose(thread);
	CHECK(ran == 1);
	usleep(2000);
	unsigned long first = zmq_stopwatch_intermediate(watch);
	CHECK(first >= 2000);
	CHECK(zmq_stopwatch_stop(watch) >= first);
	zmq_sleep(0);
}

int main(void) {
	begin();
	errors();
	z85();
	if (zmq_has("curve"))
		keys();
	counters();
	timers();
	threads();
	if (ours())
		busy_timer();
	return 0;
}
