//go:build linux

#include "wait.h"

#include <stdlib.h>
#include <string.h>

void *zt_make(struct zt_list *list) {
	pthread_mutex_lock(&list->lock);
	struct zt_object *o = list->first;
	if (o)
		list->first = o->next;
	pthread_mutex_unlock(&list->lock);
	if (!o && !(o = malloc(list->size))) {
		errno = ENOMEM;
		return NULL;
	}
	memset(o, 0, list->size);
	o->tag = list->tag;
	return o;
}

void zt_unmake(struct zt_list *list, void *object) {
	struct zt_object *o = object;
	o->tag = 0;
	pthread_mutex_lock(&list->lock);
	o->next = list->first;
	list->first = o;
	pthread_mutex_unlock(&list->lock);
}
