package interop_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"ztools/lib/zmq"
)

// TestMonitor compares the order of events.
func TestMonitor(t *testing.T) { playAll(t, monitorScenarios) }

// noteUntil notes the events up to one.
func (w *world) noteUntil(who string, e end, event string) {
	w.Helper()
	var names []string
	for _, h := range e.await(event) {
		names = append(names, h.Name)
	}
	w.note("%s %s", who, strings.Join(names, " "))
}

// noteWhole notes the events up to one with their values and endpoints.
func (w *world) noteWhole(who string, e end, event string, known ...string) {
	w.Helper()
	for _, h := range e.await(event) {
		w.note("%s %s %s %s", who, h.Name, h.worth(), nameIn(h.Endpoint, known))
	}
}

// worth is the value of an event, in general terms where it differs from run to
// run.
func (h happening) worth() string {
	switch h.Name {
	case "CONNECTED", "LISTENING", "ACCEPTED", "CLOSED", "DISCONNECTED":
		return "fd" // of a bind that failed only libzmq knows it
	case "CONNECT_DELAYED", "BIND_FAILED":
		return zmq.Errno(h.Value).Name()
	case "CONNECT_RETRIED":
		if h.Value >= 20 && h.Value < 40 {
			return "soon"
		}
	}
	return fmt.Sprintf("%#x", h.Value)
}

// nameIn is the name of a text in a list of texts and names.
func nameIn(text string, known []string) string {
	for i := 0; i < len(known); i += 2 {
		if text == known[i] {
			return known[i+1]
		}
	}
	return fmt.Sprintf("%q", text)
}

// listen is a plain TCP listener of the test, and its endpoint.
func listen(t testing.TB) (net.Listener, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, "tcp://" + l.Addr().String()
}

// closedPort is an endpoint where nobody listens.
func closedPort(t testing.TB) string {
	t.Helper()
	l, endpoint := listen(t)
	l.Close()
	return endpoint
}

// watched opens a socket with a monitor.
func (w *world) watched(kind string, options ...any) end {
	w.Helper()
	e := w.open(kind, options...)
	e.monitor()
	return e
}

// badHandshake is a client of ZMTP 3.0 that says a frame in place of READY.
func badHandshake(w *world, frame, until string) {
	w.Helper()
	server := w.watched("PULL")
	bound := server.bind("tcp://127.0.0.1:*")
	conn := dial(w, bound)
	write(w, conn, greeting3+frame)
	w.noteWhole("server", server, until, bound, "bound")
}

var monitorScenarios = []scenario{
	{"connect and leave", func(w *world) {
		for _, endpoint := range []string{"tcp://127.0.0.1:*", "ipc://" + w.path("s")} {
			server, client := w.watched("PULL"), w.watched("PUSH")
			client.connect(server.bind(endpoint))
			w.noteUntil("client", client, "HANDSHAKE_SUCCEEDED")
			w.noteUntil("server", server, "HANDSHAKE_SUCCEEDED")
			w.noteErr("close", client.Close(0))
			w.noteUntil("server", server, "DISCONNECTED")
		}
	}, "client CONNECT_DELAYED CONNECTED HANDSHAKE_SUCCEEDED; server LISTENING ACCEPTED HANDSHAKE_SUCCEEDED; close ok; server DISCONNECTED; client CONNECTED HANDSHAKE_SUCCEEDED; server LISTENING ACCEPTED HANDSHAKE_SUCCEEDED; close ok; server DISCONNECTED"},
	{"server leaves", func(w *world) {
		server, client := w.open("PULL"), w.watched("PUSH", zmq.ReconnectIvl, 20)
		client.connect(server.bind("tcp://127.0.0.1:*"))
		w.noteUntil("client", client, "HANDSHAKE_SUCCEEDED")
		w.noteErr("close", server.Close(0))
		w.noteUntil("client", client, "CONNECT_RETRIED")
		w.noteUntil("client", client, "CONNECT_RETRIED")
	}, "client CONNECT_DELAYED CONNECTED HANDSHAKE_SUCCEEDED; close ok; client DISCONNECTED CONNECT_RETRIED; client CONNECT_DELAYED CLOSED CONNECT_RETRIED"},
	{"unbind", func(w *world) {
		server, client := w.watched("PULL"), w.open("PUSH")
		endpoint := server.bind("tcp://127.0.0.1:*")
		client.connect(endpoint)
		w.noteUntil("server", server, "HANDSHAKE_SUCCEEDED")
		w.noteErr("unbind", server.Unbind(endpoint))
		w.noteUntil("server", server, "CLOSED")
	}, "server LISTENING ACCEPTED HANDSHAKE_SUCCEEDED; unbind ok; server CLOSED"},
	{"refused", func(w *world) {
		client := w.watched("PUSH", zmq.ReconnectIvl, 20)
		client.connect(closedPort(w))
		w.noteUntil("client", client, "CONNECT_RETRIED")
		w.noteUntil("client", client, "CONNECT_RETRIED")
	}, "client CONNECT_DELAYED CLOSED CONNECT_RETRIED; client CONNECT_DELAYED CLOSED CONNECT_RETRIED"},
	{"refused by ipc", func(w *world) {
		client := w.watched("PUSH", zmq.ReconnectIvl, 20)
		client.connect("ipc://" + w.path("nobody"))
		w.noteUntil("client", client, "CONNECT_RETRIED")
		w.noteUntil("client", client, "CONNECT_RETRIED")
	}, "client CLOSED CONNECT_RETRIED; client CLOSED CONNECT_RETRIED"},
	{"silent server", func(w *world) {
		_, endpoint := listen(w)
		client := w.watched("PUSH", zmq.ReconnectIvl, 20, zmq.HandshakeIvl, 50)
		client.connect(endpoint)
		w.noteUntil("client", client, "CONNECT_RETRIED")
		w.noteUntil("client", client, "CONNECT_RETRIED")
	}, "client CONNECT_DELAYED CONNECTED HANDSHAKE_FAILED_NO_DETAIL DISCONNECTED CONNECT_RETRIED; client CONNECT_DELAYED CONNECTED HANDSHAKE_FAILED_NO_DETAIL DISCONNECTED CONNECT_RETRIED"},
	{"silent client", func(w *world) {
		server := w.watched("PULL", zmq.HandshakeIvl, 50)
		conn := dial(w, server.bind("tcp://127.0.0.1:*"))
		w.noteUntil("server", server, "DISCONNECTED")
		w.note("client %s", answer(conn, 64))
	}, "server LISTENING ACCEPTED HANDSHAKE_FAILED_NO_DETAIL DISCONNECTED; client ff00000000000000017f closed"},
	{"client that leaves early", func(w *world) {
		server := w.watched("PULL")
		conn := dial(w, server.bind("tcp://127.0.0.1:*"))
		w.noteUntil("server", server, "ACCEPTED")
		conn.Close()
		w.noteUntil("server", server, "DISCONNECTED")
	}, "server LISTENING ACCEPTED; server HANDSHAKE_FAILED_NO_DETAIL DISCONNECTED"},
	{"types that do not fit", func(w *world) {
		server, client := w.watched("PULL"), w.watched("PAIR")
		client.connect(server.bind("tcp://127.0.0.1:*"))
		w.noteUntil("client", client, "DISCONNECTED")
		w.noteUntil("server", server, "DISCONNECTED")
	}, "client CONNECT_DELAYED CONNECTED DISCONNECTED; server LISTENING ACCEPTED DISCONNECTED"},
	{"bind fails", func(w *world) {
		taken, server := w.open("PULL").bind("tcp://127.0.0.1:*"), w.watched("PULL")
		w.noteErr("bind", bindTo(server, taken))
		w.noteUntil("server", server, "BIND_FAILED")
	}, "bind EADDRINUSE; server CLOSED BIND_FAILED"},
	{"values and endpoints over tcp", func(w *world) {
		server, client := w.watched("PULL"), w.watched("PUSH", zmq.ReconnectIvl, 20)
		endpoint := server.bind("tcp://127.0.0.1:*")
		client.connect(endpoint)
		w.noteWhole("client", client, "HANDSHAKE_SUCCEEDED", endpoint, "bound")
		w.noteWhole("server", server, "HANDSHAKE_SUCCEEDED", endpoint, "bound")
		w.noteErr("close", server.Close(0))
		w.noteWhole("client", client, "CONNECT_RETRIED", endpoint, "bound")
	}, "client CONNECT_DELAYED EINPROGRESS bound; client CONNECTED fd bound; client HANDSHAKE_SUCCEEDED 0x0 bound; server LISTENING fd bound; server ACCEPTED fd bound; server HANDSHAKE_SUCCEEDED 0x0 bound; close ok; client DISCONNECTED fd bound; client CONNECT_RETRIED soon bound"},
	{"values and endpoints over ipc", func(w *world) {
		server, client := w.watched("PULL"), w.watched("PUSH")
		endpoint := server.bind("ipc://" + w.path("e"))
		client.connect(endpoint)
		w.noteWhole("client", client, "HANDSHAKE_SUCCEEDED", endpoint, "bound")
		w.noteWhole("server", server, "HANDSHAKE_SUCCEEDED", endpoint, "bound")
		w.noteErr("close", client.Close(0))
		w.noteWhole("server", server, "DISCONNECTED", endpoint, "bound")
	}, "client CONNECTED fd bound; client HANDSHAKE_SUCCEEDED 0x0 bound; server LISTENING fd bound; server ACCEPTED fd bound; server HANDSHAKE_SUCCEEDED 0x0 bound; close ok; server DISCONNECTED fd bound"},
	{"values and endpoints of failures", func(w *world) {
		nobody := closedPort(w)
		client := w.watched("PUSH", zmq.ReconnectIvl, 20)
		client.connect(nobody)
		w.noteWhole("client", client, "CONNECT_RETRIED", nobody, "nobody")
		taken, server := w.open("PULL").bind("tcp://127.0.0.1:*"), w.watched("PULL")
		w.noteErr("bind", bindTo(server, taken))
		w.noteWhole("server", server, "BIND_FAILED", strings.TrimPrefix(taken, "tcp://"), "address")
	}, `client CONNECT_DELAYED EINPROGRESS nobody; client CLOSED fd nobody; client CONNECT_RETRIED soon nobody; bind EADDRINUSE; server CLOSED fd ""; server BIND_FAILED EADDRINUSE address`},
	{"values and endpoints after a name", func(w *world) {
		server, client := w.open("PULL"), w.watched("PUSH", zmq.ReconnectIvl, 20)
		endpoint := server.bind("tcp://127.0.0.1:*")
		named := strings.Replace(endpoint, "127.0.0.1", "localhost", 1)
		client.connect(named)
		w.noteWhole("client", client, "HANDSHAKE_SUCCEEDED", endpoint, "address", named, "name")
		w.noteErr("close", server.Close(0))
		w.noteWhole("client", client, "CONNECT_RETRIED", endpoint, "address", named, "name")
		w.noteWhole("client", client, "CONNECT_RETRIED", endpoint, "address", named, "name")
	}, "client CONNECT_DELAYED EINPROGRESS name; client CONNECTED fd name; client HANDSHAKE_SUCCEEDED 0x0 name; close ok; client DISCONNECTED fd name; client CONNECT_RETRIED soon address; client CONNECT_DELAYED EINPROGRESS address; client CLOSED fd address; client CONNECT_RETRIED soon address"},
	{"unknown host", func(w *world) {
		client := w.watched("PUSH", zmq.ReconnectIvl, 20)
		client.connect("tcp://nosuch.invalid:5")
		w.noteWhole("client", client, "CONNECT_RETRIED")
		w.noteWhole("client", client, "CONNECT_RETRIED")
	}, `client CONNECT_RETRIED soon "tcp://nosuch.invalid:5"; client CONNECT_RETRIED soon "tcp://nosuch.invalid:5"`},
	{"bind to an unknown interface", func(w *world) {
		server := w.watched("PULL")
		w.note("bind %v", bindTo(server, "tcp://nosuch:5") != nil) // the errno of libzmq is the resolver's
		w.noteWhole("server", server, "BIND_FAILED")
	}, `bind true; server BIND_FAILED ENODEV "nosuch:5"`},
	{"bind to a foreign address", func(w *world) {
		server := w.watched("PULL")
		w.noteErr("bind", bindTo(server, "tcp://192.0.2.1:5555"))
		w.noteWhole("server", server, "BIND_FAILED")
	}, `bind EADDRNOTAVAIL; server CLOSED fd ""; server BIND_FAILED EADDRNOTAVAIL "192.0.2.1:5555"`},
	{"ipc bind fails", func(w *world) {
		server := w.watched("PULL")
		name := w.path("none/such")
		w.noteErr("bind", bindTo(server, "ipc://"+name))
		w.noteWhole("server", server, "BIND_FAILED", name, "path", "ipc://"+name, "endpoint")
	}, "bind ENOENT; server CLOSED fd endpoint; server BIND_FAILED ENOENT path"},
	{"another mechanism", func(w *world) {
		server := w.watched("PULL")
		bound := server.bind("tcp://127.0.0.1:*")
		write(w, dial(w, bound), signature+"\x03\x00CURVE"+zeros48[1:])
		w.noteWhole("server", server, "DISCONNECTED", bound, "bound")
	}, "server LISTENING fd bound; server ACCEPTED fd bound; server HANDSHAKE_FAILED_PROTOCOL 0x11000002 bound; server DISCONNECTED fd bound"},
	{"ready that is none", func(w *world) { badHandshake(w, "\x04\x06\x05HELLO", "DISCONNECTED") }, "server LISTENING fd bound; server ACCEPTED fd bound; server HANDSHAKE_FAILED_PROTOCOL 0x10000001 bound; server DISCONNECTED fd bound"},
	{"ready without a whole name", func(w *world) { badHandshake(w, "\x04\x03\x05RE", "DISCONNECTED") }, "server LISTENING fd bound; server ACCEPTED fd bound; server HANDSHAKE_FAILED_PROTOCOL 0x10000001 bound; server DISCONNECTED fd bound"},
	{"malformed metadata", func(w *world) { badHandshake(w, "\x04\x08\x05READY\x0bS", "DISCONNECTED") }, "server LISTENING fd bound; server ACCEPTED fd bound; server DISCONNECTED fd bound"},
	{"refused with status 400", func(w *world) { badHandshake(w, "\x04\x0a\x05ERROR\x03400", "HANDSHAKE_FAILED_AUTH") }, "server LISTENING fd bound; server ACCEPTED fd bound; server HANDSHAKE_FAILED_AUTH 0x190 bound"},
	{"malformed refusal", func(w *world) { badHandshake(w, "\x04\x07\x05ERROR\x09", "DISCONNECTED") }, "server LISTENING fd bound; server ACCEPTED fd bound; server HANDSHAKE_FAILED_PROTOCOL 0x10000015 bound; server DISCONNECTED fd bound"},
	{"ready that is a message", func(w *world) { badHandshake(w, "\x00\x06\x05HELLO", "DISCONNECTED") }, "server LISTENING fd bound; server ACCEPTED fd bound; server HANDSHAKE_FAILED_PROTOCOL 0x10000001 bound; server DISCONNECTED fd bound"},
	{"garbage", func(w *world) {
		server := w.watched("PULL")
		conn := dial(w, server.bind("tcp://127.0.0.1:*"))
		write(w, conn, zeros48)
		w.noteUntil("server", server, "DISCONNECTED")
	}, "server LISTENING ACCEPTED DISCONNECTED"},
}
