# Sets and reads options of real libzmq, one order per line of standard input:
#   new TYPE             a fresh socket
#   set NUMBER KIND HEX  KIND is bytes or null; HEX the bytes of the value
#   get NUMBER SIZE      SIZE is that of the buffer
# For each line it prints one: ok, the value in hex, or "error N".
import ctypes, sys

z = ctypes.CDLL("libzmq.so.5", use_errno=True)
z.zmq_ctx_new.restype = ctypes.c_void_p
z.zmq_socket.restype = ctypes.c_void_p
z.zmq_socket.argtypes = [ctypes.c_void_p, ctypes.c_int]
z.zmq_close.argtypes = [ctypes.c_void_p]
z.zmq_setsockopt.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
z.zmq_getsockopt.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
ctx, sock = z.zmq_ctx_new(), None


def run(verb, *args):
    global sock
    if verb == "new":
        if sock:
            z.zmq_close(sock)
        sock = z.zmq_socket(ctx, int(args[0]))
        return "ok" if sock else "error"
    if verb == "set":
        value = bytes.fromhex(args[2]) if len(args) > 2 else b""
        null = args[1] == "null"
        rc = z.zmq_setsockopt(sock, int(args[0]), None if null else value, len(value))
        return "ok" if rc == 0 else "error %d" % ctypes.get_errno()
    size = ctypes.c_size_t(int(args[1]))
    buf = ctypes.create_string_buffer(size.value)
    if z.zmq_getsockopt(sock, int(args[0]), buf, ctypes.byref(size)) != 0:
        return "error %d" % ctypes.get_errno()
    return "value " + buf.raw[: size.value].hex()


for line in sys.stdin:
    print(run(*line.split()), flush=True)
