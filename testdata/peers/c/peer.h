/* What the files of the libzmq peer share. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

extern void *context;
extern const char *endpoint;
extern size_t size;       /* bytes of a message */
extern long count, warm;  /* messages that are timed, and that go before */
extern char *buffer;
extern int hwm;           /* of the sockets made from now on; 0: none */

void check (int ok, const char *what); /* ends the process with zmq_errno */
void *bound (int type);                /* a socket bound to endpoint; says so */
void *connected (int type);            /* a socket connected to endpoint */
void hold (void);   /* until standard input ends */
double now (void);  /* seconds */
void report (double seconds);
void usage (void);  /* ends the process */

/* Reads SIZE COUNT [MORE] from where they stand. */
void numbers (char **argv, long *more);

/* thr-send and thr-recv over udp. */
void datagrams (const char *mode);

/* Does a work with many sockets; 0 if the mode names none. */
int many (const char *mode, int argc, char **argv);

/* Does a work with topics; 0 if the mode names none. */
int topics (const char *mode, int argc, char **argv);

/* Does a work over multicast; 0 if the mode names none. */
int multicast (const char *mode, int argc, char **argv);
