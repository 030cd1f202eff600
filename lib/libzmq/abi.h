/*
 * abi.h - what the C half and the Go half of the library share.
 *
 *	zmq_* in C     checks, messages, waiting, errno on the caller's thread
 *	  zt* in Go    the sockets of lib/zmq; never waits
 *
 * A Go function returns 0 or more if it did what was asked, the negative errno
 * if it failed, and ZT_WAIT if there is something to wait for first: the caller
 * then waits in C, where a signal can interrupt it, and calls again.
 */
#ifndef ZT_ABI_H
#define ZT_ABI_H

#define ZMQ_BUILD_DRAFT_API
#include "zmq.h"

#include <stdatomic.h>
#include <stdbool.h>

/* Handles. Each context and socket that C sees is the address of a slot. Slots
 * are never unmapped, so that a closed handle can be looked at; Go knows what
 * is behind each. */
#define ZT_SLOTS 131072

/* The ways of messages. */
enum { ZT_OUT, ZT_IN, ZT_WAYS };

struct zt_slot {
	uint64_t zero;                           /* for programs that look at a handle */
	_Atomic(struct zt_lane *) lanes[ZT_WAYS]; /* of the socket that has the slot, or NULL */
	uint64_t unused[5];
};

/* zt_lane is a Lane of lib/internal/pipe, which see, and whose it is. Its memory is
 * never freed, but used again when its socket is closed. */
#define ZT_LANE_SIZE 8192

struct zt_lane {
	atomic_uint lock;
	atomic_uint open;
	uint32_t room;
	uint32_t msgs;
	uint32_t used;
	uint32_t at;
	unsigned char bytes[ZT_LANE_SIZE];
	struct zt_properties *properties; /* of what comes in: a reference, or NULL; constant while open */
	struct zt_slot *owner;            /* guarded by lock */
	struct zt_lane *next;             /* of those that nobody has */
};

/* zt_lane_take gives a slot a lane; NULL if there is no memory. zt_lane_give takes
 * it away again, which is not lent any more; the slot may have another socket by
 * then. */
struct zt_lane *zt_lane_take(struct zt_slot *slot, int way);
void zt_lane_give(struct zt_slot *slot, int way, struct zt_lane *lane);

/* zt_lane_share says whose the messages are that come in by a lane. The reference is
 * the lane's then. */
void zt_lane_share(struct zt_lane *lane, struct zt_properties *properties);

extern struct zt_slot zt_slots[ZT_SLOTS];

/* Waits. */
#define ZT_WAIT (-0x7fffffffL)

/* zt_wait is a call that has to wait. Zero at the start of the call. */
struct zt_wait {
	int id;       /* of the waiter in Go; 0: none yet */
	int fd;       /* becomes readable when it is worth to try again */
	int peer;     /* so does the only peer's connection; -1: none */
	bool heard;   /* peer is readable */
	long timeout; /* for the whole call, in ms; -1: none */
};

/* What ztEndpoint does. */
enum { ZT_BIND, ZT_CONNECT, ZT_UNBIND, ZT_DISCONNECT };

/* ZT_ROOM is enough for every body that lib/zmq does not hand over by reference. */
#define ZT_ROOM 4096

/* zt_properties are those of a connection; its messages share them. */
struct zt_properties {
	atomic_int refs;
	int size;    /* of text */
	char text[]; /* name NUL value NUL ... */
};

/* zt_part is what a send or receive is about besides the bytes. */
struct zt_part {
	void *data;   /* sent: the bytes; received: where bodies up to room go */
	size_t room;  /* received: how many bytes fit there */
	size_t size;  /* of the body */
	void *large;  /* received: the zt_content with a body of more than room */
	bool whole;   /* received: make no zt_content, cut what does not fit */
	struct zt_content *content; /* sent: what data is of, or NULL */
	bool constant; /* sent: data lasts for ever */
	bool more;    /* further parts follow */
	bool dontwait;
	uint32_t routing_id;
	const char *group;                /* sent: NULL for none */
	struct zt_properties *properties; /* received: a reference, or NULL */
	char group_room[ZMQ_GROUP_MAX_LENGTH + 1]; /* received */
};

/* zt_lane_append sends a message by the lane of its socket, and zt_lane_read receives
 * one, if that is open and there is room or a message. */
bool zt_lane_append(void *socket, const void *data, size_t size);
bool zt_lane_read(void *socket, struct zt_part *part);

/* zt_content is a body that messages share. */
struct zt_content {
	atomic_int refs;
	void *data;
	size_t size;
	zmq_free_fn *ffn; /* called with data and hint by the last holder; may be NULL */
	void *hint;
};

struct zt_content *zt_content_new(size_t size);

/* zt_content_of is a body in memory that ffn, if there is one, frees. */
struct zt_content *zt_content_of(void *data, size_t size, zmq_free_fn *ffn, void *hint);

/* zt_content_lent is a body in Go's memory, which is given back by its number. */
struct zt_content *zt_content_lent(void *data, size_t size, uintptr_t number);
void zt_content_release(struct zt_content *content);
struct zt_properties *zt_properties_new(int size);
void zt_properties_release(struct zt_properties *properties);

/* zt_forked says that this process is a child that fork made: Go does not run
 * here, and calls fail or do nothing. */
extern bool zt_forked;

/* zt_handlers has all handlers of the program run on a stack of their own
 * (SA_ONSTACK). zt_handlers_again is that for those that were installed since; it is
 * cheap, but looks only once in ZT_HANDLERS_MS. */
#define ZT_HANDLERS_MS 5
void zt_handlers(void);
void zt_handlers_again(void);

/* zt_fail sets errno to that of a Go function and returns -1. */
int zt_fail(long result);

/* zt_now is the monotonic clock in ms. */
int64_t zt_now(void);

/* zt_await waits for the descriptor of a wait. It returns 0 if the call is worth
 * to be tried again, EAGAIN when the time is over, or EINTR. The time starts with
 * the first call, which sets *deadline from 0. */
int zt_await(struct zt_wait *wait, int64_t *deadline);

#endif
