/* message.h - what a zmq_msg_t holds. */
#ifndef ZT_MESSAGE_H
#define ZT_MESSAGE_H

#include "abi.h"

/* The kinds of a message that is in use. Any other byte is one that is not. */
enum { ZT_SMALL = 0xa1, ZT_LARGE = 0xa2 };

/* ZT_SMALL_MAX is the longest body that is kept in the message itself. */
#define ZT_SMALL_MAX 40

struct zt_group {
	atomic_int refs;
	char name[];
};

struct zt_msg {
	struct zt_properties *properties; /* NULL: none */
	struct zt_group *group;           /* NULL: the empty one */
	union {
		unsigned char small[ZT_SMALL_MAX];
		struct zt_content *content;
	};
	uint32_t routing_id;
	uint8_t kind;
	bool more;
	bool shared;
	uint8_t small_size;
};

bool zt_valid(const zmq_msg_t *msg);

/* zt_describe fills the part that is to be sent. */
void zt_describe(zmq_msg_t *msg, struct zt_part *part);

/* zt_sent empties a message whose bytes were sent. */
void zt_sent(zmq_msg_t *msg);

/* zt_receive puts a received part into msg. */
int zt_receive(zmq_msg_t *msg, const struct zt_part *part);

#endif
