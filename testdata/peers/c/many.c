/* Works of the libzmq peer with more than two sockets.
 *
 *   libzmq fanin-send ENDPOINT SIZE COUNT SOCKETS    as many PUSH as threads, to one thr-recv
 *   libzmq fanout-send ENDPOINT SIZE                 one PUSH, bound, without an end
 *   libzmq fanout-recv ENDPOINT SIZE COUNT SOCKETS   as many PULL as threads
 *   libzmq echo ENDPOINT                             a REP that answers until standard input ends
 *   libzmq connect ENDPOINT COUNT                    REQs at once: "messages bytes seconds" until all have a reply
 *   libzmq load ENDPOINT SIZE COUNT RATE             requests on a schedule: "COUNT p50 p99 p99.9 max", in seconds
 *   libzmq proxy KIND FRONTEND BACKEND               zmq_proxy, bound to one and connected to the other
 */
#define _GNU_SOURCE /* ppoll */
#include "peer.h"
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

static long sockets = 1;
static long total; /* received by all threads */
static double begun; /* when the warm-up was complete, */
static long before;  /* and how many had been received then */

void numbers (char **argv, long *more)
{
    size = strtoul (argv[0], NULL, 10);
    count = strtol (argv[1], NULL, 10);
    warm = count / 10 + 1;
    buffer = calloc (1, size + 1);
    if (more)
        *more = strtol (argv[2], NULL, 10);
}

static void send_n (void *s, long n)
{
    while (n-- > 0)
        check (zmq_send (s, buffer, size, 0) == (int) size, "send");
}

static void *fanin_thread (void *s)
{
    send_n (s, (warm + count) / sockets + 1);
    return NULL;
}

/* Runs one thread for each socket, and waits for them. */
static void in_threads (void *(*work) (void *), int type)
{
    pthread_t *threads = calloc (sockets, sizeof *threads);
    for (long i = 0; i < sockets; i++)
        pthread_create (&threads[i], NULL, work, connected (type));
    for (long i = 0; i < sockets; i++)
        pthread_join (threads[i], NULL);
}

/* Adds to the total in parts, so that the threads seldom meet. The one that completes
 * the warm-up starts the clock, and the one that completes all reports. */
static void *fanout_thread (void *s)
{
    enum { part = 32 };
    zmq_msg_t m;
    zmq_msg_init (&m);
    for (;;) {
        for (int i = 0; i < part; i++)
            check (zmq_msg_recv (&m, s, 0) == (int) size, "recv");
        long n = __atomic_add_fetch (&total, part, __ATOMIC_RELAXED);
        if (n >= warm && n - part < warm) {
            begun = now ();
            before = n;
        }
        if (n >= warm + count && n - part < warm + count) {
            double seconds = now () - begun;
            count = n - before;
            report (seconds);
            exit (0);
        }
    }
}

static void *echo_thread (void *s)
{
    zmq_msg_t m;
    zmq_msg_init (&m);
    while (zmq_msg_recv (&m, s, 0) >= 0)
        zmq_msg_send (&m, s, 0);
    return NULL;
}

static void echo (void)
{
    pthread_t t;
    hwm = 0; /* a REP drops replies that its peer has no room for */
    pthread_create (&t, NULL, echo_thread, bound (ZMQ_REP));
    hold ();
    exit (0);
}

static void connect_all (void)
{
    void **list = calloc (count, sizeof *list);
    char byte = 0;
    size = 1;
    double start = now ();
    for (long i = 0; i < count; i++) {
        list[i] = connected (ZMQ_REQ);
        check (zmq_send (list[i], &byte, 1, 0) == 1, "send");
    }
    for (long i = 0; i < count; i++)
        check (zmq_recv (list[i], &byte, 1, 0) == 1, "recv");
    report (now () - start);
    exit (0);
}

static int by_value (const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* Takes the replies that are there, which come in order, and notes what each
 * took since it was due. */
static long replies (void *s, double *due, long done)
{
    while (zmq_recv (s, buffer, size, ZMQ_DONTWAIT) >= 0) {
        check (zmq_recv (s, buffer, size, 0) >= 0, "body");
        due[done] = now () - due[done];
        done++;
    }
    return done;
}

/* Sleeps until something happens to the socket or it is time. ZMQ_FD tells only
 * of news, so everything known has to be done before. */
static void rest (void *s, double until)
{
    struct pollfd p = {0, POLLIN, 0};
    size_t length = sizeof p.fd;
    zmq_getsockopt (s, ZMQ_FD, &p.fd, &length);
    double left = until - now ();
    if (left <= 0)
        return;
    struct timespec t = {(time_t) left, (long) ((left - (time_t) left) * 1e9)};
    ppoll (&p, 1, &t, NULL);
}

/* Sends on a schedule and takes replies meanwhile. */
static void load (long rate)
{
    prctl (PR_SET_TIMERSLACK, 1);
    hwm = 0;
    void *s = connected (ZMQ_DEALER);
    long all = warm + count, sent = 0, done = 0;
    double *due = calloc (all, sizeof *due), start = now () + 0.01;
    while (done < all) {
        double next = sent < all ? start + (double) sent / rate : now () + 1;
        if (now () >= next) {
            due[sent++] = next;
            check (zmq_send (s, "", 0, ZMQ_SNDMORE) == 0, "delimiter");
            check (zmq_send (s, buffer, size, 0) == (int) size, "send");
        }
        long before = done;
        done = replies (s, due, done);
        if (done == before)
            rest (s, next);
    }
    qsort (due + warm, count, sizeof *due, by_value);
    double *d = due + warm;
    printf ("%ld %.9f %.9f %.9f %.9f\n", count, d[count / 2], d[count * 99 / 100], d[count * 999 / 1000], d[count - 1]);
    exit (0);
}

/* The kinds are named as zproxy names them. */
static const struct
{
    const char *name;
    int front, back;
} kinds[] = {{"streamer", ZMQ_PULL, ZMQ_PUSH}, {"forwarder", ZMQ_XSUB, ZMQ_XPUB}, {"queue", ZMQ_ROUTER, ZMQ_DEALER}};

static void proxy (const char *kind, const char *backend)
{
    int wait = 1;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp (kind, kinds[i].name) != 0)
            continue;
        void *front = bound (kinds[i].front), *back;
        endpoint = backend;
        back = connected (kinds[i].back);
        if (kinds[i].back == ZMQ_XPUB)
            zmq_setsockopt (back, ZMQ_XPUB_NODROP, &wait, sizeof wait);
        zmq_proxy (front, back, NULL);
    }
    usage ();
}

int many (const char *mode, int argc, char **argv)
{
    long rate;
    if (strcmp (mode, "fanin-send") == 0 && argc == 6) {
        numbers (argv + 3, &sockets);
        in_threads (fanin_thread, ZMQ_PUSH);
        hold ();
    } else if (strcmp (mode, "fanout-send") == 0 && argc == 4) {
        size = strtoul (argv[3], NULL, 10);
        buffer = calloc (1, size + 1);
        send_n (bound (ZMQ_PUSH), LONG_MAX);
    } else if (strcmp (mode, "fanout-recv") == 0 && argc == 6) {
        numbers (argv + 3, &sockets);
        in_threads (fanout_thread, ZMQ_PULL);
    } else if (strcmp (mode, "echo") == 0 && argc == 3)
        echo ();
    else if (strcmp (mode, "connect") == 0 && argc == 4) {
        count = strtol (argv[3], NULL, 10);
        connect_all ();
    } else if (strcmp (mode, "load") == 0 && argc == 6) {
        numbers (argv + 3, &rate);
        load (rate);
    } else if (strcmp (mode, "proxy") == 0 && argc == 5) {
        endpoint = argv[3];
        proxy (argv[2], argv[4]);
    } else
        return 0;
    return 1;
}
