package interop_test

import (
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
	w.note("%s %s", who, strings.Join(e.await(event), " "))
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
	{"garbage", func(w *world) {
		server := w.watched("PULL")
		conn := dial(w, server.bind("tcp://127.0.0.1:*"))
		write(w, conn, zeros48)
		w.noteUntil("server", server, "DISCONNECTED")
	}, "server LISTENING ACCEPTED DISCONNECTED"},
}
