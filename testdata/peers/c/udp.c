/* RADIO to DISH over udp, which loses what the receiver does not take in time. */
#define ZMQ_BUILD_DRAFT_API
#include "peer.h"
#include <string.h>

static const char *group = "g";

/* Sends until the process is killed. */
static void speak (void *s)
{
    for (;;) {
        zmq_msg_t m;
        check (zmq_msg_init_size (&m, size) == 0, "init");
        memcpy (zmq_msg_data (&m), buffer, size);
        check (zmq_msg_set_group (&m, group) == 0, "group");
        check (zmq_msg_send (&m, s, 0) == (int) size, "send");
    }
}

static void hear (void *s)
{
    zmq_msg_t m;
    zmq_msg_init (&m);
    double start = 0;
    for (long i = 0; i < warm + count; i++) {
        check (zmq_msg_recv (&m, s, 0) == (int) size, "recv");
        if (i == warm - 1)
            start = now ();
    }
    report (now () - start);
}

void datagrams (const char *mode)
{
    if (strcmp (mode, "thr-recv") == 0) {
        void *dish = bound (ZMQ_DISH);
        check (zmq_join (dish, group) == 0, "join");
        hear (dish);
    } else if (strcmp (mode, "thr-send") == 0) {
        int wait = 1;
        void *radio = connected (ZMQ_RADIO);
        check (zmq_setsockopt (radio, ZMQ_XPUB_NODROP, &wait, sizeof wait) == 0, "option");
        speak (radio);
    } else
        usage ();
}
