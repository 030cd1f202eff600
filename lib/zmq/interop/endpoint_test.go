package interop_test

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"ztools/lib/zmq"
)

// TestEndpoints compares what bind, connect, unbind and disconnect accept.
func TestEndpoints(t *testing.T) { playAll(t, endpointScenarios) }

// TestOptions compares defaults and the values that options accept.
func TestOptions(t *testing.T) { playAll(t, optionScenarios) }

// path is an ipc path in a directory of the test.
func (w *world) path(name string) string { return filepath.Join(shortDir(w.TB), name) }

// each notes what a call says to each endpoint, on a socket of its own.
func (w *world) each(call func(e end, endpoint string) error, endpoints ...string) {
	for _, endpoint := range endpoints {
		label := endpoint
		if len(label) > 100 {
			label = fmt.Sprintf("%s and %d more", label[:8], len(label)-8)
		}
		w.noteErr(label, call(w.open("PULL"), endpoint))
	}
}

func bindTo(e end, endpoint string) error    { _, err := e.Bind(endpoint); return err }
func connectTo(e end, endpoint string) error { return e.Connect(endpoint) }

// shape replaces what differs from run to run by a word.
func shape(endpoint string) string {
	if host, _, err := net.SplitHostPort(strings.TrimPrefix(endpoint, "tcp://")); err == nil {
		return host + ":port"
	}
	return endpoint
}

var endpointScenarios = []scenario{
	{"bind", func(w *world) {
		w.each(bindTo, "tcp://127.0.0.1:*", "tcp://127.0.0.1:0", "tcp://lo:*", "tcp://127.0.0.1", "tcp://127.0.0.1:",
			"tcp://127.0.0.1:abc", "tcp://127.0.0.1:65536", "tcp://", "tcp://:", "tcp",
			"", "://", "://x", "foo://x", "TCP://127.0.0.1:*", "ipc://", "ipc://@", "inproc://", "inproc://a b",
			"ipc:///nonexistent/directory/socket", "ipc://"+strings.Repeat("x", 200),
			"tcp://nointerface0:*", "tcp://[::1]:*", "ipc://@"+strings.Repeat("y", 200))
	}, "tcp://127.0.0.1:* ok; tcp://127.0.0.1:0 ok; tcp://lo:* ok; tcp://127.0.0.1 EINVAL; tcp://127.0.0.1: EINVAL; tcp://127.0.0.1:abc EINVAL; tcp://127.0.0.1:65536 EINVAL; tcp:// EINVAL; tcp://: EINVAL; tcp EINVAL;  EINVAL; :// EINVAL; ://x EINVAL; foo://x EPROTONOSUPPORT; TCP://127.0.0.1:* EPROTONOSUPPORT; ipc:// EINVAL; ipc://@ EINVAL; inproc:// EINVAL; inproc://a b ok; ipc:///nonexistent/directory/socket ENOENT; ipc://xx and 198 more ENAMETOOLONG; tcp://nointerface0:* ENODEV; tcp://[::1]:* ENODEV; ipc://@y and 199 more ENAMETOOLONG"},
	{"connect", func(w *world) {
		w.each(connectTo, "tcp://127.0.0.1:1", "tcp://127.0.0.1:*", "tcp://*:1", "tcp://127.0.0.1:0", "tcp://127.0.0.1",
			"tcp://127.0.0.1:", "tcp://127.0.0.1:abc", "tcp://:1", "tcp://", "tcp",
			"", "://", "foo://x", "tcp://127.0.0.1:*;127.0.0.1:1", "tcp://127.0.0.1:0;127.0.0.1:1", "tcp://lo:0;127.0.0.1:1",
			"tcp://nointerface0:0;127.0.0.1:1", "tcp://-x:1", "tcp://a/b:1", "tcp://localhost:1",
			"ipc://", "ipc://@", "ipc:///nonexistent/directory/socket", "ipc://"+strings.Repeat("x", 200), "inproc://",
			"inproc://nobody", "tcp://[::1]:1", "tcp://::1:1")
	}, "tcp://127.0.0.1:1 ok; tcp://127.0.0.1:* EINVAL; tcp://*:1 EINVAL; tcp://127.0.0.1:0 ok; tcp://127.0.0.1 EINVAL; tcp://127.0.0.1: EINVAL; tcp://127.0.0.1:abc EINVAL; tcp://:1 ok; tcp:// EINVAL; tcp EINVAL;  EINVAL; :// EINVAL; foo://x EPROTONOSUPPORT; tcp://127.0.0.1:*;127.0.0.1:1 ok; tcp://127.0.0.1:0;127.0.0.1:1 ok; tcp://lo:0;127.0.0.1:1 ok; tcp://nointerface0:0;127.0.0.1:1 ok; tcp://-x:1 EINVAL; tcp://a/b:1 EINVAL; tcp://localhost:1 ok; ipc:// EINVAL; ipc://@ EINVAL; ipc:///nonexistent/directory/socket ok; ipc://xx and 198 more ENAMETOOLONG; inproc:// EINVAL; inproc://nobody ok; tcp://[::1]:1 ok; tcp://::1:1 ok"},
	{"last endpoint of bind", func(w *world) {
		for _, endpoint := range []string{"tcp://127.0.0.1:*", "tcp://127.0.0.1:0", "tcp://lo:*", "inproc://some name"} {
			w.note("%s is %s", endpoint, shape(w.open("PULL").bind(endpoint)))
		}
		path := "ipc://" + w.path("s")
		w.note("path kept %t", w.open("PULL").bind(path) == path)
	}, "tcp://127.0.0.1:* is 127.0.0.1:port; tcp://127.0.0.1:0 is 127.0.0.1:port; tcp://lo:* is 127.0.0.1:port; inproc://some name is inproc:port; path kept true"},
	{"last endpoint of connect", func(w *world) {
		for _, endpoint := range []string{"tcp://127.0.0.1:1", "tcp://localhost:1", "ipc:///nonexistent/s", "inproc://x"} {
			e := w.open("PUSH")
			e.connect(endpoint)
			last, err := e.Get(zmq.LastEndpoint)
			w.note("%v %s", last, errName(err))
		}
	}, "tcp://127.0.0.1:1 ok; tcp://localhost:1 ok; ipc:///nonexistent/s ok; inproc://x ok"},
	{"before anything", func(w *world) {
		last, err := w.open("PUSH").Get(zmq.LastEndpoint)
		w.note("%q %s", last, errName(err))
	}, `"" ok`},
	{"unbind", func(w *world) {
		e := w.open("PULL")
		bound := e.bind("tcp://127.0.0.1:*")
		w.noteErr("wildcard", e.Unbind("tcp://127.0.0.1:*"))
		w.noteErr("other", e.Unbind("tcp://127.0.0.1:1"))
		w.noteErr("disconnect", e.Disconnect("tcp://127.0.0.1:1"))
		w.noteErr("bound", e.Unbind(bound))
		w.noteErr("again", e.Unbind(bound))
		for _, bad := range []string{"", "tcp", "foo://x", "inproc://never", "ipc:///never", "tcp://127.0.0.1:x"} {
			w.noteErr(bad, e.Unbind(bad))
		}
	}, "wildcard ENOENT; other ENOENT; disconnect ENOENT; bound ok; again ENOENT;  EINVAL; tcp EINVAL; foo://x EPROTONOSUPPORT; inproc://never ENOENT; ipc:///never ENOENT; tcp://127.0.0.1:x ENOENT"},
	{"unbind inproc", func(w *world) {
		e, other := w.open("PULL"), w.open("PULL")
		e.bind(w.inproc("a"))
		w.noteErr("other socket", other.Unbind(w.inproc("a")))
		w.noteErr("unbind", e.Unbind(w.inproc("a")))
		w.noteErr("again", e.Unbind(w.inproc("a")))
		w.noteErr("rebind", bindTo(other, w.inproc("a")))
	}, "other socket ENOENT; unbind ok; again ENOENT; rebind ok"},
	{"disconnect", func(w *world) {
		e := w.open("PUSH")
		for _, endpoint := range []string{"tcp://127.0.0.1:1", "ipc:///nonexistent/s"} {
			w.noteErr("connect", e.Connect(endpoint))
			w.noteErr("connect", e.Connect(endpoint))
			w.noteErr("disconnect", e.Disconnect(endpoint))
			w.noteErr("again", e.Disconnect(endpoint))
		}
		e.connect("tcp://localhost:1")
		w.noteErr("by address", e.Disconnect("tcp://127.0.0.1:1"))
		for _, bad := range []string{"", "tcp", "foo://x", "inproc://never", "ipc:///never", "tcp://127.0.0.1:x"} {
			w.noteErr(bad, e.Disconnect(bad))
		}
	}, "connect ok; connect ok; disconnect ok; again ENOENT; connect ok; connect ok; disconnect ok; again ENOENT; by address ENOENT;  EINVAL; tcp EINVAL; foo://x EPROTONOSUPPORT; inproc://never ENOENT; ipc:///never ENOENT; tcp://127.0.0.1:x ENOENT"},
	{"disconnect inproc", func(w *world) {
		_, push := w.pair("PULL", "PUSH")
		w.noteErr("unknown", push.Disconnect(w.inproc("other")))
		w.noteErr("disconnect", push.Disconnect(w.inproc("pair")))
		w.noteErr("again", push.Disconnect(w.inproc("pair")))
		w.noteSend(push, "nobody")
	}, "unknown ENOENT; disconnect ok; again ENOENT; send EAGAIN"},
	{"two binds", func(w *world) {
		bound := w.open("PULL").bind("tcp://127.0.0.1:*")
		w.noteErr("tcp", bindTo(w.open("PULL"), bound))
		w.open("PULL").bind(w.inproc("a"))
		w.noteErr("inproc", bindTo(w.open("PULL"), w.inproc("a")))
		path := "ipc://" + w.path("s")
		w.open("PULL").bind(path)
		w.noteErr("ipc", bindTo(w.open("PULL"), path))
	}, "tcp EADDRINUSE; inproc EADDRINUSE; ipc ok"},
	{"duplicate connect", func(w *world) {
		for _, kind := range []string{"DEALER", "PUSH", "PUB"} {
			e := w.open(kind, zmq.SndHWM, 2)
			e.connect("tcp://127.0.0.1:1")
			e.connect("tcp://127.0.0.1:1")
			n, err := e.Flood(10, []byte("x"))
			w.note("%s %d %s", kind, n, errName(err))
		}
	}, "DEALER 2 ok; PUSH 4 ok; PUB 10 ok"},
	{"immediate", func(w *world) {
		e := w.open("PUSH", zmq.Immediate, 1)
		e.connect("tcp://127.0.0.1:1")
		w.noteEvents(e)
		w.noteSend(e, "x")
	}, "events none; send EAGAIN"},
}

// readable are the options that read as numbers and do not depend on the host.
var readable = []zmq.Option{
	zmq.Affinity, zmq.Rate, zmq.RecoveryIvl, zmq.SndBuf, zmq.RcvBuf, zmq.RcvMore, zmq.Linger, zmq.ReconnectIvl, zmq.Backlog,
	zmq.ReconnectIvlMax, zmq.MaxMsgSize, zmq.SndHWM, zmq.RcvHWM, zmq.MulticastHops, zmq.RcvTimeo, zmq.SndTimeo,
	zmq.TCPKeepalive, zmq.TCPKeepaliveCnt, zmq.TCPKeepaliveIdle, zmq.TCPKeepaliveIntvl, zmq.Immediate, zmq.IPv6,
	zmq.Mechanism, zmq.Conflate, zmq.TOS, zmq.HandshakeIvl, zmq.InvertMatching, zmq.HeartbeatIvl, zmq.HeartbeatTTL,
	zmq.HeartbeatTimeout, zmq.ConnectTimeout, zmq.TCPMaxRT, zmq.MulticastMaxTPDU, zmq.UseFD,
}

// tried are the values that an option is set to.
var tried = []int{-2, -1, 0, 1, 2, 150, 1 << 30}

// defaults reads every option of a fresh socket.
func (w *world) defaults(kind string) []string {
	w.Helper()
	e := w.open(kind)
	texts := make([]string, len(readable))
	for i, option := range readable {
		value, err := e.Get(option)
		e.check(err, "get option %d", option)
		texts[i] = fmt.Sprintf("%d=%v", option, value)
	}
	return texts
}

var optionScenarios = []scenario{
	{"defaults", func(w *world) {
		usual := w.defaults("DEALER")
		w.note("DEALER %v", usual)
		for _, kind := range kinds {
			for i, text := range w.defaults(kind) {
				if text != usual[i] {
					w.note("%s %s", kind, text)
				}
			}
		}
	}, "DEALER [4=0 8=100 9=10000 11=-1 12=-1 13=0 17=-1 18=100 19=100 21=0 22=-1 23=1000 24=1000 25=1 27=-1 28=-1 34=-1 35=-1 36=-1 37=-1 39=0 42=0 43=0 54=0 57=0 66=30000 74=0 75=0 76=0 77=-1 79=0 80=0 84=1500 89=-1]; SUB 17=0; XSUB 17=0"},
	{"accepted numbers", func(w *world) {
		for _, option := range readable {
			if option == zmq.UseFD || option == zmq.Affinity {
				continue
			}
			e, accepted := w.open("DEALER"), []string{}
			for _, value := range tried {
				if e.Set(option, value) != nil {
					continue
				}
				text := fmt.Sprint(value)
				if got, _ := e.Get(option); got != value {
					text = fmt.Sprintf("%d is %v", value, got)
				}
				accepted = append(accepted, text)
			}
			w.note("%d: %s", option, strings.Join(accepted, ", "))
		}
	}, "8: 1, 2, 150, 1073741824; 9: 0, 1, 2, 150, 1073741824; 11: -1, 0, 1, 2, 150, 1073741824; 12: -1, 0, 1, 2, 150, 1073741824; 13: ; 17: -1, 0, 1, 2, 150, 1073741824; 18: -1, 0, 1, 2, 150, 1073741824; 19: 0, 1, 2, 150, 1073741824; 21: 0, 1, 2, 150, 1073741824; 22: -2, -1, 0, 1, 2, 150, 1073741824; 23: 0, 1, 2, 150, 1073741824; 24: 0, 1, 2, 150, 1073741824; 25: 1, 2, 150, 1073741824; 27: -1, 0, 1, 2, 150, 1073741824; 28: -1, 0, 1, 2, 150, 1073741824; 34: -1, 0, 1; 35: -1, 0, 1, 2, 150, 1073741824; 36: -1, 0, 1, 2, 150, 1073741824; 37: -1, 0, 1, 2, 150, 1073741824; 39: 0, 1; 42: 0, 1; 43: ; 54: 0, 1; 57: 0, 1, 2, 150, 1073741824; 66: 0, 1, 2, 150, 1073741824; 74: -2 is 1, -1 is 1, 0, 1, 2 is 1, 150 is 1, 1073741824 is 1; 75: 0, 1, 2, 150, 1073741824; 76: -2 is 0, -1 is 0, 0, 1 is 0, 2 is 0, 150 is 100; 77: 0, 1, 2, 150, 1073741824; 79: 0, 1, 2, 150, 1073741824; 80: 0, 1, 2, 150, 1073741824; 84: 1, 2, 150, 1073741824"},
	{"routing ids", func(w *world) {
		for _, id := range []string{"", "a", strings.Repeat("x", 255), strings.Repeat("x", 256), "with\x00zero"} {
			e := w.open("DEALER")
			err := e.Set(zmq.RoutingID, id)
			got, _ := e.Get(zmq.RoutingID)
			w.note("%d %s is %d", len(id), errName(err), len(got.(string)))
		}
	}, "0 EINVAL is 0; 1 ok is 1; 255 ok is 255; 256 EINVAL is 0; 9 ok is 9"},
	{"numbers that cannot be read", func(w *world) {
		for _, option := range []zmq.Option{zmq.RouterMandatory, zmq.RouterHandover, zmq.ProbeRouter} {
			e := w.open("ROUTER")
			for _, value := range tried {
				w.noteErr("set", e.Set(option, value))
			}
			_, err := e.Get(option)
			w.noteErr("get", err)
		}
	}, "set EINVAL; set EINVAL; set ok; set ok; set ok; set ok; set ok; get EINVAL; set EINVAL; set EINVAL; set ok; set ok; set ok; set ok; set ok; get EINVAL; set EINVAL; set EINVAL; set ok; set ok; set ok; set ok; set ok; get EINVAL"},
}
