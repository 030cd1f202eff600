"""Runs libzmq for the test that records flows.

  record.py pair CLIENT SERVER   binds SERVER, prints its port, reads the port
                                 that CLIENT is to connect to, exchanges a message
  record.py answer SERVER        binds SERVER, prints its port, echoes what comes;
                                 a publisher sends when a line comes on stdin

CLIENT and SERVER are TYPE or TYPE:ID.
"""
import sys
import time
import zmq

TOPIC, BODY = b"weather", b"x" * 300
PAUSE = 0.5  # seconds in which subscriptions and connections get through
SUBSCRIBERS, PUBLISHERS = ("SUB", "XSUB"), ("PUB", "XPUB")


def make(context, spec):
    name, _, routing_id = spec.partition(":")
    socket = context.socket(getattr(zmq, name))
    socket.linger = 0
    socket.rcvtimeo = 5000
    if routing_id:
        socket.routing_id = routing_id.encode()
    return name, socket


def subscribe(name, socket, on):
    if name == "XSUB":
        socket.send((b"\x01" if on else b"\x00") + TOPIC)
    else:
        socket.setsockopt(zmq.SUBSCRIBE if on else zmq.UNSUBSCRIBE, TOPIC)


def publish(pub, sub):
    (pub_name, pub), (sub_name, sub) = pub, sub
    subscribe(sub_name, sub, True)
    sub.poll(PAUSE * 1000)  # libzmq sends subscriptions from within calls
    if pub_name == "XPUB":
        pub.recv()
    pub.send_multipart([TOPIC + b" today", BODY])
    sub.recv_multipart()
    subscribe(sub_name, sub, False)
    sub.poll(PAUSE * 1000)


def request(client, server):
    (client_name, client), (server_name, server) = client, server
    parts = [b"hello", BODY, b""]
    if (client_name, server_name) == ("DEALER", "REP"):
        parts = [b""] + parts
    if client_name == "ROUTER":
        time.sleep(PAUSE)
        parts = [b"server"] + parts
    client.send_multipart(parts)
    got = server.recv_multipart()
    if client_name == "PUSH":
        return
    server.send_multipart(got)
    client.recv_multipart()


def pair(context, client_spec, server_spec):
    server = make(context, server_spec)
    print(server[1].bind_to_random_port("tcp://127.0.0.1"), flush=True)
    client = make(context, client_spec)
    client[1].connect("tcp://127.0.0.1:" + input())
    if client[0] in PUBLISHERS:
        publish(client, server)
    elif client[0] in SUBSCRIBERS:
        publish(server, client)
    else:
        request(client, server)
    client[1].close()
    time.sleep(0.1)


def answer(context, spec):
    name, socket = make(context, spec)
    if name == "SUB":
        subscribe(name, socket, True)
    print(socket.bind_to_random_port("tcp://127.0.0.1"), flush=True)
    poller = zmq.Poller()
    poller.register(sys.stdin, zmq.POLLIN)
    if name != "PUB":
        poller.register(socket, zmq.POLLIN)
    while True:
        ready = dict(poller.poll())
        if socket in ready:
            got = socket.recv_multipart()
            if name != "SUB":
                socket.send_multipart(got)
        if sys.stdin.fileno() in ready:
            if not sys.stdin.readline():
                return
            if name == "PUB":
                socket.send_multipart([TOPIC + b" today", BODY])


context = zmq.Context()
{"pair": pair, "answer": answer}[sys.argv[1]](context, *sys.argv[2:])
context.term()
