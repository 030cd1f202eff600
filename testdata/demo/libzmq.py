# The libzmq end of the demo, on Debian's python3-zmq.
#   libzmq.py pull N         binds, prints "at ENDPOINT" and N messages
#   libzmq.py push ENDPOINT TEXT...
#   libzmq.py pub TEXT...    binds, prints "at ENDPOINT", waits for a subscriber
#   libzmq.py rep N          binds, prints "at ENDPOINT", answers N requests in capitals
import sys
import zmq

ctx = zmq.Context()


def sock(kind):
    s = ctx.socket(kind)
    s.rcvtimeo = s.sndtimeo = s.linger = 20000
    return s


def bound(kind):
    s = sock(kind)
    s.bind("tcp://127.0.0.1:*")
    print("at", s.last_endpoint.decode().rstrip("\0"), flush=True)
    return s


what, args = sys.argv[1], sys.argv[2:]
if what == "pull":
    s = bound(zmq.PULL)
    for _ in range(int(args[0])):
        print(s.recv().decode(), flush=True)
elif what == "push":
    s = sock(zmq.PUSH)
    s.connect(args[0])
    for text in args[1:]:
        s.send(text.encode())
elif what == "pub":
    s = bound(zmq.XPUB)
    s.recv()  # the subscription
    for text in args:
        s.send(text.encode())
elif what == "rep":
    s = bound(zmq.REP)
    for _ in range(int(args[0])):
        s.send(s.recv().upper())
s.close()
ctx.term()
