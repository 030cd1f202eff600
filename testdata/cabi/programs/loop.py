"""pyzmq on the library: asyncio, the threaded authenticator with CURVE and
PLAIN, a poller over a socket and a pipe, copies and no copies, a monitor. With
uvloop as argument asyncio runs on libuv."""

import asyncio
import os
import signal
import sys
import threading

import zmq
import zmq.asyncio
from zmq.auth.thread import ThreadAuthenticator
from zmq.utils.monitor import recv_monitor_message

signal.alarm(30)
assert zmq.zmq_version() == "4.3.5"
if sys.argv[1:] == ["uvloop"]:
    import uvloop

    uvloop.install()


async def serve(rep, count):
    for _ in range(count):
        await rep.send_multipart(await rep.recv_multipart())


async def ask(context, endpoint, count):
    with context.socket(zmq.REQ) as req:
        req.connect(endpoint)
        for i in range(count):
            await req.send_multipart([b"%d" % i, b"x" * i * 100])
            parts = await req.recv_multipart()
            assert parts == [b"%d" % i, b"x" * i * 100], parts


async def publish(context):
    with context.socket(zmq.XPUB) as pub, context.socket(zmq.SUB) as sub:
        pub.bind("tcp://127.0.0.1:*")
        sub.connect(pub.last_endpoint)
        sub.subscribe(b"a")
        assert await pub.recv() == b"\x01a"
        for i in range(100):
            await pub.send(b"a%d" % i)
            await pub.send(b"b%d" % i)
        for i in range(100):
            assert await sub.recv() == b"a%d" % i


async def loops():
    context = zmq.asyncio.Context()
    with context.socket(zmq.ROUTER) as router, context.socket(zmq.DEALER) as dealer:
        router.bind("tcp://127.0.0.1:*")
        dealer.bind("inproc://workers")
        with context.socket(zmq.REP) as rep:
            rep.connect("inproc://workers")

            async def forward(a, b):
                while True:
                    await b.send_multipart(await a.recv_multipart())

            tasks = [asyncio.create_task(forward(router, dealer)), asyncio.create_task(forward(dealer, router))]
            server = asyncio.create_task(serve(rep, 200))
            await asyncio.gather(*(ask(context, router.last_endpoint, 50) for _ in range(4)))
            await server
            await publish(context)
            for task in tasks:
                task.cancel()
    context.destroy(linger=0)


def secured():
    context = zmq.Context()
    auth = ThreadAuthenticator(context)
    auth.start()
    auth.configure_plain(domain="*", passwords={"admin": "password"})
    auth.configure_curve(domain="*", location=zmq.auth.CURVE_ALLOW_ANY)
    public, secret = zmq.curve_keypair()
    with context.socket(zmq.PUSH) as push, context.socket(zmq.PULL) as pull:
        pull.curve_server, pull.curve_secretkey, pull.curve_publickey = True, secret, public
        pull.bind("tcp://127.0.0.1:*")
        push.curve_serverkey = public
        push.curve_publickey, push.curve_secretkey = zmq.curve_keypair()
        push.connect(pull.last_endpoint)
        push.send(b"curve")
        assert pull.recv() == b"curve"
    with context.socket(zmq.PUSH) as push, context.socket(zmq.PULL) as pull:
        pull.plain_server = True
        pull.bind("tcp://127.0.0.1:*")
        push.plain_username, push.plain_password = b"admin", b"password"
        push.connect(pull.last_endpoint)
        push.send(b"plain")
        frame = pull.recv(copy=False)
        assert frame.bytes == b"plain" and frame.get("User-Id") == "admin"
    auth.stop()
    context.term()


def polled():
    context = zmq.Context()
    r, w = os.pipe()
    with context.socket(zmq.PAIR) as a, context.socket(zmq.PAIR) as b:
        a.bind("inproc://poll")
        b.connect("inproc://poll")
        monitor = a.get_monitor_socket()
        poller = zmq.Poller()
        poller.register(a, zmq.POLLIN)
        poller.register(r, zmq.POLLIN)
        thread = threading.Thread(target=lambda: (b.send(b"x" * 100_000, copy=False), os.write(w, b"y")))
        thread.start()
        seen = {}
        while len(seen) < 2:
            seen.update(dict(poller.poll()))
        thread.join()
        assert seen == {a: zmq.POLLIN, r: zmq.POLLIN}
        tracker = b.send(b"z" * 100_000, copy=False, track=True)
        assert len(a.recv(copy=False).buffer) == 100_000
        assert a.recv() == b"z" * 100_000
        tracker.wait(timeout=5)
        a.bind("tcp://127.0.0.1:*")
        assert recv_monitor_message(monitor)["event"] == zmq.EVENT_LISTENING
        a.disable_monitor()
        monitor.close()
    context.term()


asyncio.run(loops())
polled()
if zmq.has("curve"):
    secured()
