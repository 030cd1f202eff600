//go:build linux

/*
 * zmq_timers_*: intervals, in the order in which they end. Handlers run in
 * zmq_timers_execute, on its thread, and may call everything here.
 */
#include "wait.h"

#include <stdlib.h>
#include <string.h>

struct timer {
	int64_t due; /* zt_now */
	uint64_t order; /* of those due at once, the one begun first comes first */
	size_t interval;
	zmq_timer_fn *handler;
	void *arg;
	int id;
};

struct timers {
	struct zt_object head;
	struct timer *list; /* by due, then order */
	int count;
	int room;
	int last_id;
	uint64_t begun;
};

static struct zt_list all = {PTHREAD_MUTEX_INITIALIZER, NULL, 0x7a746d72, sizeof(struct timers)};

void *zmq_timers_new(void) { return zt_make(&all); }

int zmq_timers_destroy(void **timers) {
	if (!timers || !zt_is(&all, *timers))
		return zt_fail(-EFAULT);
	free(((struct timers *)*timers)->list);
	zt_unmake(&all, *timers);
	*timers = NULL;
	return 0;
}

/* start puts t into the list, to end after its interval. There is room. */
static void start(struct timers *ts, struct timer t) {
	t.due = zt_now() + (int64_t)t.interval;
	t.order = ++ts->begun;
	int at = ts->count++;
	for (; at > 0 && ts->list[at - 1].due > t.due; at--)
		ts->list[at] = ts->list[at - 1];
	ts->list[at] = t;
}

/* stop takes the timer at a place out of the list. */
static struct timer stop(struct timers *ts, int at) {
	struct timer t = ts->list[at];
	memmove(&ts->list[at], &ts->list[at + 1], (--ts->count - at) * sizeof t);
	return t;
}

/* find is the place of a timer, or the negative errno. */
static int find(struct timers *ts, int id) {
	if (!zt_is(&all, ts))
		return -EFAULT;
	for (int i = 0; i < ts->count; i++)
		if (ts->list[i].id == id)
			return i;
	return -EINVAL;
}

int zmq_timers_add(void *timers, size_t interval, zmq_timer_fn handler, void *arg) {
	struct timers *ts = timers;
	if (!zt_is(&all, ts) || !handler)
		return zt_fail(-EFAULT);
	if (ts->count == ts->room) {
		int room = ts->room ? 2 * ts->room : 8;
		struct timer *list = realloc(ts->list, room * sizeof *list);
		if (!list)
			return zt_fail(-ENOMEM);
		ts->list = list;
		ts->room = room;
	}
	start(ts, (struct timer){.interval = interval, .handler = handler, .arg = arg, .id = ++ts->last_id});
	return ts->last_id;
}

int zmq_timers_cancel(void *timers, int timer_id) {
	int at = find(timers, timer_id);
	if (at < 0)
		return zt_fail(at);
	stop(timers, at);
	return 0;
}

int zmq_timers_set_interval(void *timers, int timer_id, size_t interval) {
	int at = find(timers, timer_id);
	if (at < 0)
		return zt_fail(at);
	struct timer t = stop(timers, at);
	t.interval = interval;
	start(timers, t);
	return 0;
}

int zmq_timers_reset(void *timers, int timer_id) {
	int at = find(timers, timer_id);
	if (at < 0)
		return zt_fail(at);
	start(timers, stop(timers, at));
	return 0;
}

long zmq_timers_timeout(void *timers) {
	struct timers *ts = timers;
	if (!zt_is(&all, ts))
		return zt_fail(-EFAULT);
	if (ts->count == 0)
		return -1;
	int64_t left = ts->list[0].due - zt_now();
	return left > 0 ? (long)left : 0;
}

/* zmq_timers_execute runs each timer that is due now, once. */
int zmq_timers_execute(void *timers) {
	struct timers *ts = timers;
	if (!zt_is(&all, ts))
		return zt_fail(-EFAULT);
	int64_t now = zt_now();
	uint64_t last = ts->begun; /* what begins from here on is not due in this call */
	for (int at = 0; zt_is(&all, ts) && at < ts->count && ts->list[at].due <= now;) {
		if (ts->list[at].order > last) {
			at++;
			continue;
		}
		struct timer t = stop(ts, at);
		start(ts, t);
		t.handler(t.id, t.arg);
		at = 0; /* the handler may have changed the list */
	}
	return 0;
}
