/* Every socket option of the table, which the test writes into options.h: C's type,
 * the default, the ends of its range, and what is refused. */
#include "check.h"

enum access { READ_WRITE, READ_ONLY, WRITE_ONLY };

/* number is a row of an option whose value is one. Both ends of the range belong
 * to it. */
struct number {
	int option, type;
	const char *name;
	enum access access;
	bool draft, wide; /* wide: 8 bytes */
	bool exact;       /* the getter wants room for just the value */
	bool known;       /* preset counts */
	int64_t preset, low, high;
};

/* text is a row of an option of bytes: the shortest and the longest. */
struct text {
	int option, type;
	const char *name;
	enum access access;
	bool draft;
	long low, high;
};

#include "options.h"

static void *context;

static void *open_fresh(int type) {
	void *s = zmq_socket(context, type);
	CHECK(s);
	return s;
}

#define ROW_CHECK(row, condition) \
	do { \
		errno = 0; \
		if (!(condition)) { \
			fprintf(stderr, "%s (%d): ", (row)->name, (row)->option); \
			failed(__FILE__, __LINE__, #condition); \
		} \
	} while (0)

static int set(void *s, const struct number *n, int64_t value) {
	int narrow = (int)value;
	const void *from = n->wide ? (void *)&value : (void *)&narrow;
	return zmq_setsockopt(s, n->option, from, n->wide ? sizeof value : sizeof narrow);
}

static int64_t get(void *s, const struct number *n) {
	int64_t value = 0;
	int narrow = 0;
	size_t size = n->wide ? sizeof value : sizeof narrow, want = size;
	ROW_CHECK(n, zmq_getsockopt(s, n->option, n->wide ? (void *)&value : (void *)&narrow, &size) == 0);
	ROW_CHECK(n, size == want);
	return n->wide ? value : narrow;
}

static void read_number(void *s, const struct number *n) {
	char bytes[16];
	size_t size = n->wide ? 4 : 3;
	if (n->access == WRITE_ONLY) {
		size = sizeof(int);
		ROW_CHECK(n, zmq_getsockopt(s, n->option, bytes, &size) == -1 && errno == EINVAL);
		return;
	}
	ROW_CHECK(n, !n->known || get(s, n) == n->preset);
	ROW_CHECK(n, zmq_getsockopt(s, n->option, bytes, &size) == -1 && errno == EINVAL);
	size = n->wide ? 9 : 5;
	ROW_CHECK(n, !n->exact || (zmq_getsockopt(s, n->option, bytes, &size) == -1 && errno == EINVAL));
}

static void write_number(void *s, const struct number *n) {
	char bytes[16] = "";
	if (n->access == READ_ONLY) {
		ROW_CHECK(n, set(s, n, 0) == -1 && errno == EINVAL);
		return;
	}
	if (n->option != ZMQ_XSUB_VERBOSE_UNSUBSCRIBE || ours()) { /* libzmq takes any size for it */
		ROW_CHECK(n, zmq_setsockopt(s, n->option, bytes, n->wide ? 4 : 3) == -1 && errno == EINVAL);
		ROW_CHECK(n, zmq_setsockopt(s, n->option, bytes, 9) == -1 && errno == EINVAL);
	}
	if (!n->wide) {
		ROW_CHECK(n, n->low == INT32_MIN || (set(s, n, n->low - 1) == -1 && errno == EINVAL));
		ROW_CHECK(n, n->high == INT32_MAX || (set(s, n, n->high + 1) == -1 && errno == EINVAL));
	}
	int64_t ends[] = {n->high, n->low};
	for (int i = 0; i < 2; i++) {
		ROW_CHECK(n, set(s, n, ends[i]) == 0);
		if (n->access == READ_WRITE && n->option != ZMQ_HEARTBEAT_TTL) { /* which is kept in steps */
			bool flag = n->low == INT32_MIN && n->known && (n->preset == 0 || n->preset == 1) && get(s, n) == 1;
			ROW_CHECK(n, flag || get(s, n) == ends[i]);
		}
	}
}

static void check_text(void *s, const struct text *t) {
	static char bytes[70000];
	size_t size = sizeof bytes;
	memset(bytes, '1', sizeof bytes); /* it may be a number, or a name */
	if (t->access == READ_ONLY)
		ROW_CHECK(t, zmq_setsockopt(s, t->option, bytes, 4) == -1 && errno == EINVAL);
	else {
		if (t->low > 0)
			ROW_CHECK(t, zmq_setsockopt(s, t->option, bytes, t->low - 1) == -1 && errno == EINVAL);
		if (t->high < 65536)
			ROW_CHECK(t, zmq_setsockopt(s, t->option, bytes, t->high + 1) == -1 && errno == EINVAL);
	}
	if (t->access == WRITE_ONLY)
		ROW_CHECK(t, zmq_getsockopt(s, t->option, bytes, &size) == -1 && errno == EINVAL);
	else
		ROW_CHECK(t, zmq_getsockopt(s, t->option, bytes, &size) == 0);
	if (t->access != READ_WRITE)
		return;
	long longest = t->high < 65536 ? t->high : 1000;
	memset(bytes, 'l', sizeof bytes);
	ROW_CHECK(t, zmq_setsockopt(s, t->option, bytes, longest) == 0);
	size = sizeof bytes;
	ROW_CHECK(t, zmq_getsockopt(s, t->option, bytes, &size) == 0);
	ROW_CHECK(t, (long)size == longest || ((long)size == longest + 1 && bytes[longest] == 0));
	size = longest - 1;
	ROW_CHECK(t, zmq_getsockopt(s, t->option, bytes, &size) == -1 && errno == EINVAL);
}

/* built reports whether the library was built with what an option is for. */
static bool built(const char *name, bool draft) {
	static const char *const parts[][2] = {{"VMCI_", "vmci"}, {"GSSAPI_", "gssapi"}, {"CURVE_", "curve"}, {"NORM_", "norm"}, {"WSS_", "WSS"}};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strncmp(name, parts[i][0], strlen(parts[i][0])) == 0 && !zmq_has(parts[i][1]))
			return false;
	return !draft || zmq_has("draft");
}

int main(void) {
	begin();
	context = zmq_ctx_new();
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		const struct number *n = &numbers[i];
		if (!built(n->name, n->draft))
			continue;
		void *s = open_fresh(n->type);
		read_number(s, n);
		write_number(s, n);
		CHECK(zmq_close(s) == 0);
	}
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const struct text *t = &texts[i];
		if (!built(t->name, t->draft))
			continue;
		void *s = open_fresh(t->type);
		check_text(s, t);
		CHECK(zmq_close(s) == 0);
	}
	CHECK(zmq_ctx_term(context) == 0);
	return 0;
}
