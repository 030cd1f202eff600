"""A libzmq peer for the interop tests, on pyzmq.

Each line on stdin is one request, a JSON object with "op", usually "socket"
(a name that the test chose) and the operation's arguments. Each is answered, in
order, by one line on stdout: {"result": ...}, {"error": "EAGAIN"} when libzmq
said so, or {"fault": "..."} when the request itself was wrong.

A part is {"b64": text}, or {"pattern": size} for the bytes that pattern()
makes, so that large bodies need not pass through the pipe. Options go by their
number in zmq.h; their value is a number or a part. "wait" is how long
an operation may block, in milliseconds; 0 is ZMQ_DONTWAIT.
"""

import base64
import errno
import json
import sys
import threading

import zmq
from zmq.utils.monitor import recv_monitor_message

ERRORS = {
    zmq.EFSM: "EFSM",
    zmq.ENOCOMPATPROTO: "ENOCOMPATPROTO",
    zmq.ETERM: "ETERM",
    zmq.EMTHREAD: "EMTHREAD",
}
CYCLE = bytes(3 + i % 251 for i in range(251))

context = zmq.Context()
sockets = {}
monitors = {}


def pattern(size):
    return (CYCLE * (size // len(CYCLE) + 1))[:size]


def decode(part):
    return base64.b64decode(part["b64"]) if "b64" in part else pattern(part["pattern"])


def encode(part):
    if len(part) > 4096 and part == pattern(len(part)):
        return {"pattern": len(part)}
    return {"b64": base64.b64encode(part).decode()}


def flags(sock, wait, timeout):
    """Bounds the next call on sock by wait and returns its flags."""
    if wait == 0:
        return zmq.DONTWAIT
    sock.setsockopt(timeout, wait)
    return 0


def send(sock, parts, wait=0):
    sock.send_multipart(parts, flags(sock, wait, zmq.SNDTIMEO))


def recv(sock, wait=0):
    return sock.recv_multipart(flags(sock, wait, zmq.RCVTIMEO))


def until_eagain(sock, step, limit):
    """Calls step until libzmq answers EAGAIN, at most limit times.

    Asking for ZMQ_EVENTS first makes libzmq look at what its peers sent;
    zmq_send alone does that only now and then.
    """
    sock.getsockopt(zmq.EVENTS)
    for done in range(limit):
        try:
            step()
        except zmq.Again:
            return done
    return limit


def op_version(_):
    return zmq.zmq_version()


def op_open(req):
    sockets[req["socket"]] = context.socket(getattr(zmq, req["type"]))


def op_set(req):
    value = req["value"]
    if isinstance(value, dict):
        value = decode(value)
    sockets[req["socket"]].setsockopt(req["option"], value)


def op_get(req):
    value = sockets[req["socket"]].getsockopt(req["option"])
    return encode(value) if isinstance(value, bytes) else value


def op_bind(req):
    sock = sockets[req["socket"]]
    sock.bind(req["endpoint"])
    return sock.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode()


def op_connect(req):
    sockets[req["socket"]].connect(req["endpoint"])


def op_unbind(req):
    sockets[req["socket"]].unbind(req["endpoint"])


def op_disconnect(req):
    sockets[req["socket"]].disconnect(req["endpoint"])


def op_send(req):
    send(sockets[req["socket"]], [decode(p) for p in req["parts"]], req["wait"])


def op_recv(req):
    return [encode(p) for p in recv(sockets[req["socket"]], req["wait"])]


def op_flood(req):
    """Sends one message again and again; answers how many libzmq took."""
    sock, parts = sockets[req["socket"]], [decode(p) for p in req["parts"]]
    return until_eagain(sock, lambda: send(sock, parts), req["limit"])


def op_drain(req):
    """Receives what is there; answers the number of messages."""
    sock = sockets[req["socket"]]
    return until_eagain(sock, lambda: recv(sock), req["limit"])


def op_produce(req):
    """Sends messages whose parts are the numbers first, first+1, ..."""
    sock, parts = sockets[req["socket"]], req["copies"]
    for number in range(req["first"], req["first"] + req["count"]):
        send(sock, [b"%d" % number] * parts, req["wait"])


def op_consume(req):
    """Receives count numbered messages; answers them as runs [first, last]."""
    sock, runs = sockets[req["socket"]], []
    for _ in range(req["count"]):
        parts = recv(sock, req["wait"])
        if len(parts) != req["copies"] or len(set(parts)) != 1:
            raise ValueError("torn message %r" % parts)
        number = int(parts[0])
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs


def op_events(req):
    return sockets[req["socket"]].getsockopt(zmq.EVENTS)


def op_monitor(req):
    monitors[req["socket"]] = sockets[req["socket"]].get_monitor_socket()


def op_watch(req):
    """Answers the monitor's events up to and with the next whose name begins with until."""
    monitor, seen = monitors[req["socket"]], []
    while True:
        if not monitor.poll(req["wait"]):
            raise zmq.Again(errno.EAGAIN)
        event = recv_monitor_message(monitor)
        name = zmq.Event(event["event"]).name
        seen.append({"name": name, "value": event["value"], "endpoint": event["endpoint"].decode()})
        if name.startswith(req["until"]):
            return seen


class Handler(threading.Thread):
    """Answers all requests of ZAP (RFC 27) in the same way, and notes them."""

    def __init__(self, reply):
        super().__init__(daemon=True)
        self.reply, self.requests = reply, []
        self.zap, self.stop, self.stopping = (context.socket(t) for t in (zmq.REP, zmq.PAIR, zmq.PAIR))
        self.zap.bind("inproc://zeromq.zap.01")
        self.stop.bind("inproc://stop")
        self.stopping.connect("inproc://stop")

    def run(self):
        while True:
            ready = zmq.select([self.zap, self.stop], [], [])[0]
            if self.stop in ready:
                return
            self.requests.append(self.zap.recv_multipart())
            self.zap.send_multipart(self.reply)


def op_handle(req):
    """Starts to answer requests of ZAP with the parts."""
    global handler
    handler = Handler([decode(p) for p in req["parts"]])
    handler.start()


def op_unhandle(_):
    """Ends that; answers the requests."""
    handler.stopping.send(b"")
    handler.join()
    handler.zap.unbind("inproc://zeromq.zap.01")  # closing would free the name some time later
    handler.stop.unbind("inproc://stop")
    for sock in (handler.zap, handler.stop, handler.stopping):
        sock.close(linger=0)
    return [[encode(p) for p in r] for r in handler.requests]


def op_close(req):
    sock = sockets.pop(req["socket"])
    if req["socket"] in monitors:
        sock.disable_monitor()
        monitors.pop(req["socket"]).close()
    sock.close(linger=req.get("linger"))


def op_term(_):
    context.term()


def answer(line):
    req = json.loads(line)
    try:
        return {"result": globals()["op_" + req["op"]](req)}
    except zmq.ZMQError as e:
        return {"error": ERRORS.get(e.errno) or errno.errorcode.get(e.errno, str(e.errno))}
    except Exception as e:
        return {"fault": "%s: %s" % (type(e).__name__, e)}


for line in sys.stdin:
    sys.stdout.write(json.dumps(answer(line)) + "\n")
    sys.stdout.flush()

context.destroy(linger=0)
