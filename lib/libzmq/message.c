//go:build linux

/*
 * Messages live in C alone. The 64 bytes of a zmq_msg_t hold a short body, or
 * refer to a zt_content that copies of the message share.
 */
#include "abi.h"
#include "message.h"

#include "_cgo_export.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct zt_msg) == sizeof(zmq_msg_t), "zmq_msg_t has 64 bytes");

/* Contents and properties. */

struct zt_content *zt_content_new(size_t size) {
	if (size > SIZE_MAX - sizeof(struct zt_content))
		return NULL;
	struct zt_content *c = malloc(sizeof *c + size);
	if (!c)
		return NULL;
	*c = (struct zt_content){.refs = 1, .data = c + 1, .size = size};
	return c;
}

static void give_back(void *data, void *number) {
	(void)data;
	if (!zt_forked)
		ztGiveBack((uintptr_t)number);
}

struct zt_content *zt_content_of(void *data, size_t size, zmq_free_fn *ffn, void *hint) {
	struct zt_content *c = malloc(sizeof *c);
	if (c)
		*c = (struct zt_content){.refs = 1, .data = data, .size = size, .ffn = ffn, .hint = hint};
	return c;
}

struct zt_content *zt_content_lent(void *data, size_t size, uintptr_t number) {
	return zt_content_of(data, size, give_back, (void *)number);
}

void zt_content_release(struct zt_content *c) {
	if (atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	if (c->ffn)
		c->ffn(c->data, c->hint);
	free(c);
}

struct zt_properties *zt_properties_new(int size) {
	struct zt_properties *p = malloc(sizeof *p + size);
	if (!p)
		return NULL;
	p->refs = 1;
	p->size = size;
	return p;
}

void zt_properties_release(struct zt_properties *p) {
	if (p && atomic_fetch_sub(&p->refs, 1) == 1)
		free(p);
}

/* Groups. */

static void drop_group(struct zt_msg *m) {
	if (m->group && atomic_fetch_sub(&m->group->refs, 1) == 1)
		free(m->group);
	m->group = NULL;
}

static int set_group(struct zt_msg *m, const char *name) {
	size_t size = strlen(name);
	struct zt_group *g = NULL;
	if (size > 0) {
		if (!(g = malloc(sizeof *g + size + 1)))
			return ENOMEM;
		g->refs = 1;
		memcpy(g->name, name, size + 1);
	}
	drop_group(m);
	m->group = g;
	return 0;
}

/* Messages. */

static void reset(struct zt_msg *m) {
	m->properties = NULL;
	m->group = NULL;
	m->routing_id = 0;
	m->kind = ZT_SMALL;
	m->more = m->shared = false;
	m->small_size = 0;
}

static void release(struct zt_msg *m) {
	if (m->kind == ZT_LARGE)
		zt_content_release(m->content);
	zt_properties_release(m->properties);
	drop_group(m);
	m->kind = 0;
}

bool zt_valid(const zmq_msg_t *msg) {
	const struct zt_msg *m = (const struct zt_msg *)msg;
	return m && (m->kind == ZT_SMALL || m->kind == ZT_LARGE);
}

static int bad(void) {
	errno = EFAULT;
	return -1;
}

int zmq_msg_init(zmq_msg_t *msg) {
	if (!msg)
		return bad();
	reset((struct zt_msg *)msg);
	return 0;
}

int zmq_msg_init_size(zmq_msg_t *msg, size_t size) {
	struct zt_msg *m = (struct zt_msg *)msg;
	if (!m)
		return bad();
	reset(m);
	if (size <= ZT_SMALL_MAX) {
		m->small_size = (uint8_t)size;
		return 0;
	}
	if (!(m->content = zt_content_new(size))) {
		m->kind = 0;
		errno = ENOMEM;
		return -1;
	}
	m->kind = ZT_LARGE;
	return 0;
}

int zmq_msg_init_buffer(zmq_msg_t *msg, const void *data, size_t size) {
	if (!data && size > 0)
		return bad();
	if (zmq_msg_init_size(msg, size) != 0)
		return -1;
	if (size > 0)
		memcpy(zmq_msg_data(msg), data, size);
	return 0;
}

int zmq_msg_init_data(zmq_msg_t *msg, void *data, size_t size, zmq_free_fn *ffn, void *hint) {
	struct zt_msg *m = (struct zt_msg *)msg;
	if (!m)
		return bad();
	reset(m);
	if (!(m->content = zt_content_of(data, size, ffn, hint))) {
		m->kind = 0;
		errno = ENOMEM;
		return -1;
	}
	m->kind = ZT_LARGE;
	m->shared = ffn == NULL; /* memory that lasts is shared with the program */
	return 0;
}

int zmq_msg_close(zmq_msg_t *msg) {
	if (!zt_valid(msg))
		return bad();
	release((struct zt_msg *)msg);
	return 0;
}

int zmq_msg_move(zmq_msg_t *dest, zmq_msg_t *src) {
	if (!zt_valid(dest) || !zt_valid(src))
		return bad();
	if (dest == src)
		return 0;
	release((struct zt_msg *)dest);
	*dest = *src;
	reset((struct zt_msg *)src);
	return 0;
}

int zmq_msg_copy(zmq_msg_t *dest, zmq_msg_t *src) {
	if (!zt_valid(dest) || !zt_valid(src))
		return bad();
	if (dest == src)
		return 0;
	struct zt_msg *s = (struct zt_msg *)src;
	if (s->kind == ZT_LARGE) {
		atomic_fetch_add(&s->content->refs, 1);
		s->shared = true;
	}
	if (s->properties)
		atomic_fetch_add(&s->properties->refs, 1);
	if (s->group)
		atomic_fetch_add(&s->group->refs, 1);
	release((struct zt_msg *)dest);
	*dest = *src;
	return 0;
}

void *zmq_msg_data(zmq_msg_t *msg) {
	struct zt_msg *m = (struct zt_msg *)msg;
	if (!zt_valid(msg)) {
		errno = EFAULT;
		return NULL;
	}
	return m->kind == ZT_SMALL ? m->small : m->content->data;
}

size_t zmq_msg_size(const zmq_msg_t *msg) {
	const struct zt_msg *m = (const struct zt_msg *)msg;
	if (!zt_valid(msg)) {
		errno = EFAULT;
		return 0;
	}
	return m->kind == ZT_SMALL ? m->small_size : m->content->size;
}

/* Properties. */

int zmq_msg_more(const zmq_msg_t *msg) { return zmq_msg_get(msg, ZMQ_MORE); }

int zmq_msg_get(const zmq_msg_t *msg, int property) {
	const struct zt_msg *m = (const struct zt_msg *)msg;
	if (!zt_valid(msg))
		return bad();
	switch (property) {
	case ZMQ_MORE:
		return m->more;
	case ZMQ_SHARED:
		return m->shared;
	case ZMQ_SRCFD: {
		const char *fd = zmq_msg_gets(msg, "__fd");
		return fd ? atoi(fd) : -1;
	}
	}
	errno = EINVAL;
	return -1;
}

int zmq_msg_set(zmq_msg_t *msg, int property, int value) {
	(void)msg, (void)property, (void)value; /* no property can be set */
	errno = EINVAL;
	return -1;
}

const char *zmq_msg_gets(const zmq_msg_t *msg, const char *property) {
	const struct zt_msg *m = (const struct zt_msg *)msg;
	const struct zt_properties *p = zt_valid(msg) ? m->properties : NULL;
	if (p && property) {
		const char *at = p->text, *end = p->text + p->size;
		while (at < end) {
			const char *value = at + strlen(at) + 1;
			if (strcmp(at, property) == 0)
				return value;
			at = value + strlen(value) + 1;
		}
	}
	errno = zt_valid(msg) ? EINVAL : EFAULT;
	return NULL;
}

int zmq_msg_set_routing_id(zmq_msg_t *msg, uint32_t routing_id) {
	if (!zt_valid(msg))
		return bad();
	if (routing_id == 0) {
		errno = EINVAL;
		return -1;
	}
	((struct zt_msg *)msg)->routing_id = routing_id;
	return 0;
}

uint32_t zmq_msg_routing_id(zmq_msg_t *msg) { return zt_valid(msg) ? ((struct zt_msg *)msg)->routing_id : 0; }

int zmq_msg_set_group(zmq_msg_t *msg, const char *group) {
	if (!zt_valid(msg) || !group)
		return bad();
	int err = strlen(group) > ZMQ_GROUP_MAX_LENGTH ? EINVAL : set_group((struct zt_msg *)msg, group);
	if (err) {
		errno = err;
		return -1;
	}
	return 0;
}

const char *zmq_msg_group(zmq_msg_t *msg) {
	const struct zt_msg *m = (const struct zt_msg *)msg;
	return zt_valid(msg) && m->group ? m->group->name : "";
}

/* What sending and receiving need. */

void zt_describe(zmq_msg_t *msg, struct zt_part *part) {
	struct zt_msg *m = (struct zt_msg *)msg;
	part->data = zmq_msg_data(msg);
	part->size = zmq_msg_size(msg);
	part->content = m->kind == ZT_LARGE ? m->content : NULL;
	part->constant = false;
	part->routing_id = m->routing_id;
	part->group = m->group ? m->group->name : NULL;
}

void zt_sent(zmq_msg_t *msg) {
	release((struct zt_msg *)msg);
	reset((struct zt_msg *)msg);
}

int zt_receive(zmq_msg_t *msg, const struct zt_part *part) {
	struct zt_msg *m = (struct zt_msg *)msg;
	release(m);
	if (part->large) {
		reset(m);
		m->kind = ZT_LARGE;
		m->content = part->large;
	} else if (zmq_msg_init_buffer(msg, part->data, part->size) != 0) {
		zt_properties_release(part->properties);
		reset(m);
		errno = ENOMEM;
		return -1;
	}
	m->more = part->more;
	m->properties = part->properties;
	m->routing_id = part->routing_id;
	if (part->group && set_group(m, part->group) != 0) {
		errno = ENOMEM;
		return -1;
	}
	return 0;
}
