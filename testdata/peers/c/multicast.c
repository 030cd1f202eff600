/* PUB and SUB over multicast, where what comes too fast is lost:
 *
 *   libzmq mcast-send ENDPOINT SIZE COUNT RATE   sends for COUNT milliseconds and holds
 *   libzmq mcast-recv ENDPOINT SIZE COUNT RATE   counts for so long, from the first on
 *
 * RATE is in kbit/s.
 */
#include "peer.h"
#include <string.h>

enum { recovery = 200, lead = 300 }; /* ms */

static long rate;

static void *member (int type)
{
    void *s = zmq_socket (context, type);
    int r = rate, ivl = recovery, on = 1;
    check (s != NULL, "socket");
    zmq_setsockopt (s, ZMQ_RATE, &r, sizeof r);
    zmq_setsockopt (s, ZMQ_RECOVERY_IVL, &ivl, sizeof ivl);
    if (type == ZMQ_XPUB)
        zmq_setsockopt (s, ZMQ_XPUB_NODROP, &on, sizeof on);
    else
        zmq_setsockopt (s, ZMQ_SUBSCRIBE, "", 0);
    check (zmq_connect (s, endpoint) == 0, "connect");
    return s;
}

static void send_for (double seconds)
{
    void *s = member (ZMQ_XPUB);
    for (double end = now () + seconds; now () < end;)
        for (int i = 0; i < 100; i++)
            zmq_send (s, buffer, size, 0);
    hold ();
}

static void receive_for (double seconds)
{
    void *s = member (ZMQ_SUB);
    int patience = 2000;
    double start, end;
    puts ("ready");
    fflush (stdout);
    zmq_setsockopt (s, ZMQ_RCVTIMEO, &patience, sizeof patience);
    check (zmq_recv (s, buffer, size, 0) == (int) size, "recv");
    start = now ();
    for (count = 1; (end = now ()) < start + seconds; count++)
        if (zmq_recv (s, buffer, size, 0) < 0)
            break;
    report (now () - start);
}

int multicast (const char *mode, int argc, char **argv)
{
    if (strncmp (mode, "mcast-", 6) != 0 || argc != 6)
        return 0;
    numbers (argv + 3, &rate);
    if (strcmp (mode, "mcast-send") == 0)
        send_for ((count + lead) / 1e3);
    else
        receive_for (count / 1e3);
    return 1;
}
