/* Works of the libzmq peer with subscriptions.
 *
 *   libzmq pub-send ENDPOINT SIZE COUNT SUBS   a publisher, bound, that waits for whom it has no room for
 *   libzmq sub-recv ENDPOINT SIZE COUNT SUBS   as many SUB as threads, each of which gets every message
 *   libzmq prefixes ENDPOINT COUNT             so many topics from a SUB to an XPUB over inproc:
 *                                              "COUNT add match remove memory", in seconds and bytes
 *   libzmq radix - COUNT                       the same in the radix tree alone, in libzmq-drafts,
 *                                              which exports it; that of Debian has none
 */
#include "peer.h"
#include <string.h>

static long subs;

/* Publishes when as many have subscribed as there will be. */
static void publish (void)
{
    int wait = 1;
    void *s = bound (ZMQ_XPUB);
    char subscription;
    check (zmq_setsockopt (s, ZMQ_XPUB_NODROP, &wait, sizeof wait) == 0, "option");
    check (zmq_setsockopt (s, ZMQ_XPUB_VERBOSE, &wait, sizeof wait) == 0, "option");
    for (long i = 0; i < subs; i++)
        check (zmq_recv (s, &subscription, 1, 0) >= 0, "recv");
    for (long i = 0; i < warm + count; i++)
        check (zmq_send (s, buffer, size, 0) == (int) size, "send");
    hold ();
}

static void take (void *s, zmq_msg_t *m, long n)
{
    while (n-- > 0)
        check (zmq_msg_recv (m, s, 0) == (int) size, "recv");
}

typedef struct
{
    void *socket;
    double begin, end;
} subscriber;

/* One subscriber; the time when it was warm and its end go to where its socket was. */
static void *subscriber_thread (void *where)
{
    subscriber *own = where;
    void *s = own->socket;
    zmq_msg_t m;
    zmq_msg_init (&m);
    take (s, &m, warm);
    own->begin = now ();
    take (s, &m, count);
    own->end = now ();
    return NULL;
}

/* Reports what all get together, from when the first is warm until the last has all. */
static void subscribe (void)
{
    pthread_t *threads = calloc (subs, sizeof *threads);
    subscriber *each = calloc (subs, sizeof *each);
    double begin = 0, end = 0;
    for (long i = 0; i < subs; i++) {
        each[i].socket = connected (ZMQ_SUB);
        check (zmq_setsockopt (each[i].socket, ZMQ_SUBSCRIBE, "", 0) == 0, "option");
    }
    for (long i = 0; i < subs; i++)
        pthread_create (&threads[i], NULL, subscriber_thread, &each[i]);
    for (long i = 0; i < subs; i++) {
        pthread_join (threads[i], NULL);
        if (i == 0 || each[i].begin < begin)
            begin = each[i].begin;
        if (each[i].end > end)
            end = each[i].end;
    }
    count *= subs;
    report (end - begin);
    exit (0);
}

enum { topic = 20, some = 500 }; /* bytes of a topic; at most so many are under way */
enum { long_life = 120 };        /* seconds: that is how long a million may take */

/* Different in each, and the same as in ours/topics.go. */
static void name (char *to, unsigned long seed)
{
    for (int i = 0; i < topic; i++) {
        seed = seed * 6364136223846793005ul + 1442695040888963407ul;
        to[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[(seed >> 33) % 36];
    }
}

/* The resident memory of the process in bytes. */
static double resident (void)
{
    long all, here = 0;
    FILE *f = fopen ("/proc/self/statm", "r");
    check (f && fscanf (f, "%ld %ld", &all, &here) == 2, "memory");
    fclose (f);
    return (double) here * sysconf (_SC_PAGESIZE);
}

/* Hands all topics in turn to one socket by an option, or as messages, and takes
 * what comes of them from the other; step goes round in another order. */
static double pass (const char *names, long step, void *to, int option, void *from)
{
    char got[topic + 1];
    double start = now ();
    for (long i = 0, at = 0; i < count; i++, at = (at + step) % count) {
        const char *t = names + at * topic;
        if (option)
            check (zmq_setsockopt (to, option, t, topic) == 0, "option");
        else
            check (zmq_send (to, t, topic, 0) == topic, "send");
        if (i % some == some - 1 || i == count - 1)
            for (long n = i % some; n >= 0; n--)
                check (zmq_recv (from, got, sizeof got, 0) >= topic, "recv");
    }
    return now () - start;
}

static char *named (void)
{
    char *names = malloc (count * topic);
    alarm (long_life);
    for (long i = 0; i < count; i++)
        name (names + i * topic, i);
    return names;
}

static void result (double add, double match, double remove, double memory)
{
    printf ("%ld %.9f %.9f %.9f %.0f\n", count, add, match, remove, memory);
    exit (0);
}

/* Strides to go round the topics in other orders. */
enum { second = 7919, third = 104729 };

static void prefixes (void)
{
    char *names = named ();
    hwm = 0; /* zmq_setsockopt does not look whether the other side has taken any */
    void *pub = bound (ZMQ_XPUB), *sub = connected (ZMQ_SUB);
    double before = resident ();
    double add = pass (names, 1, sub, ZMQ_SUBSCRIBE, pub);
    double memory = resident () - before;
    double match = pass (names, second, pub, 0, sub);
    double remove = pass (names, third, sub, ZMQ_UNSUBSCRIBE, pub);
    result (add, match, remove, memory);
}

#ifdef DRAFTS
/* libzmq's class of that name, as its functions are called in the library. */
void _ZN3zmq12radix_tree_tC1Ev (void *tree);
char _ZN3zmq12radix_tree_t3addEPKhm (void *tree, const char *key, size_t length);
char _ZN3zmq12radix_tree_t5checkEPKhm (void *tree, const char *key, size_t length);
char _ZN3zmq12radix_tree_t2rmEPKhm (void *tree, const char *key, size_t length);

static double each (const char *names, long step, void *tree, char (*f) (void *, const char *, size_t))
{
    double start = now ();
    for (long i = 0, at = 0; i < count; i++, at = (at + step) % count)
        check (f (tree, names + at * topic, topic), "radix tree");
    return now () - start;
}

static void radix (void)
{
    char *names = named (), *tree = calloc (1, 4096); /* more than it takes */
    _ZN3zmq12radix_tree_tC1Ev (tree);
    double before = resident ();
    double add = each (names, 1, tree, _ZN3zmq12radix_tree_t3addEPKhm);
    double memory = resident () - before;
    double match = each (names, second, tree, _ZN3zmq12radix_tree_t5checkEPKhm);
    double remove = each (names, third, tree, _ZN3zmq12radix_tree_t2rmEPKhm);
    result (add, match, remove, memory);
}
#else
static void radix (void)
{
    usage ();
}
#endif

int topics (const char *mode, int argc, char **argv)
{
    if (argc == 4 && strcmp (mode, "prefixes") == 0) {
        count = strtol (argv[3], NULL, 10);
        prefixes ();
    }
    if (argc == 4 && strcmp (mode, "radix") == 0) {
        count = strtol (argv[3], NULL, 10);
        radix ();
    }
    if (argc != 6)
        return 0;
    if (strcmp (mode, "pub-send") == 0) {
        numbers (argv + 3, &subs);
        publish ();
    } else if (strcmp (mode, "sub-recv") == 0) {
        numbers (argv + 3, &subs);
        subscribe ();
    } else
        return 0;
    return 1;
}
