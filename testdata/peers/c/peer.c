/* The libzmq peer: the work of peer/peer.go written against zmq.h.
 *
 *   libzmq thr-send|thr-recv|lat-client|lat-server ENDPOINT SIZE COUNT
 *   libzmq inproc-thr|inproc-lat SIZE COUNT
 *   libzmq idle-server ENDPOINT
 *
 * and what many.c, topics.c and multicast.c add.
 * ENDPOINT may begin with curve+: CURVE then protects the connection.
 *
 * The side that binds prints "ready"; the side that measures prints
 * "messages bytes seconds". COUNT/10+1 messages go first and are not timed.
 * The other side stays until its standard input ends, so that nothing it
 * sent is lost. An alarm ends a process that was forgotten.
 */
#include "peer.h"
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { life_seconds = 60, by_reference = 4096, most_sockets = 20000 };

static int curve;

void *context;
const char *endpoint = "inproc://peer";
size_t size;
long count, warm;
char *buffer;
int hwm = 1000;

void check (int ok, const char *what)
{
    if (ok)
        return;
    fprintf (stderr, "libzmq: %s: %s\n", what, zmq_strerror (zmq_errno ()));
    exit (1);
}

static void set (void *s, int option, const char *value, size_t length)
{
    check (zmq_setsockopt (s, option, value, length) == 0, "option");
}

/* The keys are those of zmq_curve(7), for both sides. */
static void secure (void *s, int server)
{
    const char *public = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
    const char *secret = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6";
    if (!curve)
        return;
    set (s, ZMQ_CURVE_PUBLICKEY, public, 40);
    set (s, ZMQ_CURVE_SECRETKEY, secret, 40);
    if (server)
        set (s, ZMQ_CURVE_SERVER, (const char *) &server, sizeof server);
    else
        set (s, ZMQ_CURVE_SERVERKEY, public, 40);
}

static void *made (int type, int server)
{
    void *s = zmq_socket (context, type);
    check (s != NULL, "socket");
    set (s, ZMQ_SNDHWM, (const char *) &hwm, sizeof hwm);
    set (s, ZMQ_RCVHWM, (const char *) &hwm, sizeof hwm);
    secure (s, server);
    return s;
}

void *bound (int type)
{
    void *s = made (type, 1);
    int backlog = 4096; /* the queue of the system is not what is measured */
    set (s, ZMQ_BACKLOG, (const char *) &backlog, sizeof backlog);
    check (zmq_bind (s, endpoint) == 0, "bind");
    puts ("ready");
    fflush (stdout);
    return s;
}

void *connected (int type)
{
    void *s = made (type, 0);
    check (zmq_connect (s, endpoint) == 0, "connect");
    return s;
}

void hold (void)
{
    char byte;
    while (read (0, &byte, 1) > 0)
        ;
}

double now (void)
{
    struct timespec t;
    clock_gettime (CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

void report (double seconds)
{
    printf ("%ld %zu %.9f\n", count, count * size, seconds);
}

static void push (void *s)
{
    int (*send) (void *, const void *, size_t, int) =
      size < by_reference ? zmq_send : zmq_send_const;
    for (long i = 0; i < warm + count; i++)
        check (send (s, buffer, size, 0) == (int) size, "send");
}

static void pull_n (void *s, zmq_msg_t *m, long n)
{
    for (long i = 0; i < n; i++)
        check (zmq_msg_recv (m, s, 0) == (int) size, "recv");
}

static void pull (void *s)
{
    zmq_msg_t m;
    zmq_msg_init (&m);
    pull_n (s, &m, warm);
    double start = now ();
    pull_n (s, &m, count);
    report (now () - start);
}

static void request_n (void *s, long n)
{
    for (long i = 0; i < n; i++) {
        check (zmq_send (s, buffer, size, 0) == (int) size, "send");
        check (zmq_recv (s, buffer, size, 0) == (int) size, "recv");
    }
}

static void request (void *s)
{
    request_n (s, warm);
    double start = now ();
    request_n (s, count);
    report (now () - start);
}

static void reply (void *s)
{
    char *echo = malloc (size + 1);
    for (long i = 0; i < warm + count; i++) {
        check (zmq_recv (s, echo, size, 0) == (int) size, "recv");
        check (zmq_send (s, echo, size, 0) == (int) size, "send");
    }
    free (echo);
}

static void *push_thread (void *unused)
{
    push (connected (ZMQ_PUSH));
    return unused;
}

static void *reply_thread (void *socket)
{
    reply (socket);
    return NULL;
}

static void inproc_throughput (void)
{
    pthread_t t;
    void *s = bound (ZMQ_PULL);
    pthread_create (&t, NULL, push_thread, NULL);
    pull (s);
    pthread_join (t, NULL);
}

static void inproc_latency (void)
{
    pthread_t t;
    pthread_create (&t, NULL, reply_thread, bound (ZMQ_REP));
    request (connected (ZMQ_REQ));
    pthread_join (t, NULL);
}

/* Takes as many descriptors as are allowed, before there is a context, which
 * sizes its tables by them. */
static void widen (void)
{
    struct rlimit limit;
    getrlimit (RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit (RLIMIT_NOFILE, &limit);
}

void usage (void)
{
    fputs ("usage: libzmq MODE [ENDPOINT] SIZE COUNT\n", stderr);
    exit (2);
}

int main (int argc, char **argv)
{
    if (argc < 3)
        usage ();
    const char *mode = argv[1];
    int inproc = strncmp (mode, "inproc", 6) == 0;
    if (!inproc)
        endpoint = argv[2];
    curve = strncmp (endpoint, "curve+", 6) == 0;
    if (curve)
        endpoint += 6;
    alarm (life_seconds);
    widen ();
    context = zmq_ctx_new ();
    zmq_ctx_set (context, ZMQ_MAX_SOCKETS, most_sockets);
    if (strcmp (mode, "idle-server") == 0) {
        bound (ZMQ_ROUTER);
        hold ();
        return 0;
    }
    if (many (mode, argc, argv) || topics (mode, argc, argv) || multicast (mode, argc, argv))
        return 0;
    if (argc != (inproc ? 4 : 5))
        usage ();
    size = strtoul (argv[argc - 2], NULL, 10);
    count = strtol (argv[argc - 1], NULL, 10);
    warm = count / 10 + 1;
    buffer = malloc (size + 1);
    memset (buffer, 'x', size);

#ifdef DRAFTS
    if (strncmp (endpoint, "udp:", 4) == 0) {
        datagrams (mode);
        return 0;
    }
#endif
    if (strcmp (mode, "thr-send") == 0) {
        push (connected (ZMQ_PUSH));
        hold ();
    } else if (strcmp (mode, "thr-recv") == 0)
        pull (bound (ZMQ_PULL));
    else if (strcmp (mode, "lat-client") == 0)
        request (connected (ZMQ_REQ));
    else if (strcmp (mode, "lat-server") == 0) {
        reply (bound (ZMQ_REP));
        hold ();
    } else if (strcmp (mode, "inproc-thr") == 0)
        inproc_throughput ();
    else if (strcmp (mode, "inproc-lat") == 0)
        inproc_latency ();
    else
        usage ();
    return 0;
}
