//go:build linux

/*
 * Lanes: memory by which short messages go to and from Go's queues without a call,
 * which would cost more than the message. lib/internal/pipe (lane.go) says how.
 */
#include "abi.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* SPINS is how often a lock is looked at before the thread lets others run. */
enum { SPINS = 64 };

static void lock(struct zt_lane *l) {
	for (int i = 1; atomic_exchange_explicit(&l->lock, 1, memory_order_acquire); i++)
		if (i % SPINS == 0)
			sched_yield();
}

static void unlock(struct zt_lane *l) { atomic_store_explicit(&l->lock, 0, memory_order_release); }

static pthread_mutex_t lanes_lock = PTHREAD_MUTEX_INITIALIZER; /* guards lanes */
static struct zt_lane *lanes; /* that nobody has */

/* own says whose the lane is. Somebody may still look at it for its last owner. */
static void own(struct zt_lane *l, struct zt_slot *slot) {
	lock(l);
	l->owner = slot;
	unlock(l);
}

struct zt_lane *zt_lane_take(struct zt_slot *slot, int way) {
	pthread_mutex_lock(&lanes_lock);
	struct zt_lane *l = lanes;
	if (l)
		lanes = l->next;
	pthread_mutex_unlock(&lanes_lock);
	if (!l && !(l = calloc(1, sizeof *l)))
		return NULL;
	own(l, slot);
	atomic_store(&slot->lanes[way], l);
	return l;
}

void zt_lane_give(struct zt_slot *slot, int way, struct zt_lane *l) {
	struct zt_lane *its = l;
	atomic_compare_exchange_strong(&slot->lanes[way], &its, NULL);
	zt_lane_share(l, NULL);
	own(l, NULL);
	pthread_mutex_lock(&lanes_lock);
	l->next = lanes;
	lanes = l;
	pthread_mutex_unlock(&lanes_lock);
}

void zt_lane_share(struct zt_lane *l, struct zt_properties *properties) {
	zt_properties_release(l->properties);
	l->properties = properties;
}

/* enter is the open lane of a socket, locked; NULL if there is none. */
static struct zt_lane *enter(void *socket, int way) {
	uintptr_t at = (uintptr_t)socket - (uintptr_t)zt_slots;
	if (at >= sizeof zt_slots || at % sizeof *zt_slots || zt_forked)
		return NULL;
	struct zt_slot *slot = socket;
	struct zt_lane *l = atomic_load_explicit(&slot->lanes[way], memory_order_acquire);
	if (!l || !atomic_load_explicit(&l->open, memory_order_relaxed))
		return NULL;
	lock(l);
	if (l->open && l->owner == slot)
		return l;
	unlock(l);
	return NULL;
}

bool zt_lane_append(void *socket, const void *data, size_t size) {
	struct zt_lane *l;
	if (size > 255 || (!data && size) || !(l = enter(socket, ZT_OUT)))
		return false;
	bool ok = l->room && ZT_LANE_SIZE - l->used >= size + 2;
	if (ok) {
		unsigned char *to = l->bytes + l->used;
		to[0] = 0;
		to[1] = (unsigned char)size;
		memcpy(to + 2, data, size);
		l->used += size + 2;
		l->msgs++;
		l->room--;
	}
	unlock(l);
	return ok;
}

bool zt_lane_read(void *socket, struct zt_part *part) {
	struct zt_lane *l = enter(socket, ZT_IN);
	if (!l)
		return false;
	bool ok = l->at < l->used;
	if (ok) {
		const unsigned char *from = l->bytes + l->at;
		part->size = from[1];
		if (part->data)
			memcpy(part->data, from + 2, part->size < part->room ? part->size : part->room);
		if (!part->whole && (part->properties = l->properties))
			atomic_fetch_add(&part->properties->refs, 1);
		l->at += 2 + part->size;
		l->msgs++;
	}
	unlock(l);
	part->large = NULL;
	part->more = false;
	part->routing_id = 0;
	part->group = NULL;
	return ok;
}
