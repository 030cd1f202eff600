package interop_test

import (
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"ztools/lib/zmq"
)

// TestStream compares STREAM as a plain TCP peer sees it, and with itself.
func TestStream(t *testing.T) { playAll(t, streamScenarios) }

// TestRawPeers compares what happens to peers that do not keep to ZMTP, and the
// bytes that old and new versions of it get.
func TestRawPeers(t *testing.T) { playAll(t, rawScenarios) }

// dial opens a plain TCP connection to an endpoint.
func dial(t testing.TB, endpoint string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// accept takes the next connection of a listener.
func accept(t testing.TB, listener net.Listener) net.Conn {
	t.Helper()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

func write(t testing.TB, conn net.Conn, bytes string) {
	t.Helper()
	if _, err := conn.Write([]byte(bytes)); err != nil {
		t.Fatal(err)
	}
}

// answer reads up to n bytes, and says how the connection ended if it did.
func answer(conn net.Conn, n int) string {
	got := make([]byte, n)
	n, err := io.ReadFull(conn, got)
	text := hex.EncodeToString(got[:n])
	switch {
	case err == nil:
		return text
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "reset"):
		return text + " closed"
	}
	return text + " " + err.Error()
}

// The bytes that a peer of ZMTP sends first.
const (
	signature = "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f"
	zeros48   = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	greeting3 = signature + "\x03\x00NULL" + zeros48
	readyPush = "\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x04PUSH"
	readyPull = "\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x04PULL"
	readyReq  = "\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03REQ"
	readyPub  = "\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03PUB"
	readySub  = "\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"
)

// streamID receives a STREAM's notice of a connection and returns its id.
func (w *world) streamID(e end) []byte {
	w.Helper()
	got := e.recv()
	w.note("notice of %d parts, id of %d bytes, body of %d", len(got), len(got[0]), len(got[1]))
	return got[0]
}

// noteEnd notes how a connection ends while its socket is looked after.
func (w *world) noteEnd(e end, conn net.Conn) {
	w.Helper()
	end := make(chan string, 1)
	go func() { end <- ended(conn) }()
	for {
		select {
		case text := <-end:
			w.note("peer %s", text)
			return
		default:
			_, err := e.Events()
			e.check(err, "events")
		}
	}
}

// noteStream notes bytes that came, without the id.
func (w *world) noteStream(e end) {
	w.Helper()
	got := e.recv()
	w.note("got %s", shown(got[1:]))
}

var streamScenarios = []scenario{
	{"plain client", func(w *world) {
		stream := w.open("STREAM")
		conn := dial(w, stream.bind("tcp://127.0.0.1:*"))
		id := w.streamID(stream)
		write(w, conn, "hello")
		w.noteStream(stream)
		w.noteErr("send", stream.Send(0, id, []byte("world")))
		w.note("client %s", answer(conn, 5))
		conn.Close()
		w.noteStream(stream)
	}, `notice of 2 parts, id of 5 bytes, body of 0; got ["hello"]; send ok; client 776f726c64; got [""]`},
	{"plain server", func(w *world) {
		listener, endpoint := listen(w)
		stream := w.open("STREAM")
		stream.connect(endpoint)
		conn := accept(w, listener)
		id := w.streamID(stream)
		own, err := stream.Get(zmq.RoutingID)
		w.note("own id is the peer's %t %s", own == string(id), errName(err))
		w.noteErr("send", stream.Send(0, id, []byte("hello")))
		w.note("server %s", answer(conn, 5))
		w.noteErr("close by an empty part", stream.Send(0, id, nil))
		w.noteEnd(stream, conn)
	}, "notice of 2 parts, id of 5 bytes, body of 0; own id is the peer's true ok; send ok; server 68656c6c6f; close by an empty part ok; peer closed"},
	{"named by the connecting side", func(w *world) {
		listener, endpoint := listen(w)
		stream := w.open("STREAM", zmq.ConnectRoutingID, "server")
		stream.connect(endpoint)
		conn := accept(w, listener)
		w.noteRecv(stream)
		w.noteSend(stream, "server", "hello")
		w.note("server %s", answer(conn, 5))
	}, `got ["server" ""]; send ok; server 68656c6c6f`},
	{"without notices", func(w *world) {
		stream := w.open("STREAM", zmq.StreamNotify, 0)
		conn := dial(w, stream.bind("tcp://127.0.0.1:*"))
		write(w, conn, "hello")
		w.noteStream(stream)
	}, `got ["hello"]`},
	{"unknown address", func(w *world) {
		stream := w.open("STREAM")
		conn := dial(w, stream.bind("tcp://127.0.0.1:*"))
		w.streamID(stream)
		w.noteSend(stream, "nobody", "x")
		conn.Close()
	}, "notice of 2 parts, id of 5 bytes, body of 0; send EHOSTUNREACH"},
	{"stream to stream", func(w *world) {
		server, client := w.open("STREAM"), w.open("STREAM")
		client.connect(server.bind("tcp://127.0.0.1:*"))
		clientID, serverID := w.streamID(server), w.streamID(client)
		w.noteErr("send", client.Send(0, serverID, []byte("hello")))
		w.noteStream(server)
		w.noteErr("send", server.Send(0, clientID, []byte("world")))
		w.noteStream(client)
	}, `notice of 2 parts, id of 5 bytes, body of 0; notice of 2 parts, id of 5 bytes, body of 0; send ok; got ["hello"]; send ok; got ["world"]`},
	{"many bytes", func(w *world) {
		stream := w.open("STREAM")
		conn := dial(w, stream.bind("tcp://127.0.0.1:*"))
		w.streamID(stream)
		write(w, conn, string(pattern(100000)))
		var all []byte
		largest := 0
		for len(all) < 100000 {
			body := stream.recv()[1]
			largest = max(largest, len(body))
			all = append(all, body...)
		}
		w.note("the same %t, in pieces up to 8192 %t", string(all) == string(pattern(100000)), largest <= 8192)
	}, "notice of 2 parts, id of 5 bytes, body of 0; the same true, in pieces up to 8192 true"},
}

// ended waits for the end of a connection. What came before depends on how much
// was still unread, so it is not looked at.
func ended(conn net.Conn) string {
	text := answer(conn, 1<<16)
	return text[strings.LastIndex(text, " ")+1:]
}

// greeted plays a client that sends bytes to a PULL as soon as it is connected.
// It notes an answer of n bytes, or for 0 the end of the connection, what PULL
// received, and that a peer that behaves is still served.
func greeted(sent string, n, messages int) func(w *world) {
	return func(w *world) {
		pull, conn := w.rawClient("PULL", "")
		w.rawTalk(pull, conn, sent, n, messages)
	}
}

// shaken is the same for bytes that are sent after the handshake.
func shaken(sent string, n, messages int) func(w *world) {
	return func(w *world) {
		pull, conn := w.rawClient("PULL", readyPush)
		w.rawTalk(pull, conn, sent, n, messages)
	}
}

// rawClient opens a bound socket and a plain connection to it, over which it
// makes the handshake unless ready is empty.
func (w *world) rawClient(kind, ready string) (end, net.Conn) {
	w.Helper()
	e := w.open(kind, zmq.MaxMsgSize, 1000)
	conn := dial(w, e.bind("tcp://127.0.0.1:*"))
	if ready != "" {
		write(w, conn, greeting3+ready)
		answer(conn, greetingLength+len("\x04\x00\x05READY\x0bSocket-Type\x00\x00\x00\x00")+len(kind))
	}
	return e, conn
}

func (w *world) rawTalk(pull end, conn net.Conn, sent string, n, messages int) {
	w.Helper()
	write(w, conn, sent)
	if n > 0 {
		w.note("%s", answer(conn, n))
	} else {
		w.note("%s", ended(conn))
	}
	endpoint, err := pull.Get(zmq.LastEndpoint)
	pull.check(err, "get last endpoint")
	good := w.open("PUSH")
	good.connect(endpoint.(string))
	for range messages {
		w.noteRecv(pull)
	}
	good.send("still served")
	w.noteRecv(pull)
}

// served plays a server that says something, hangs up if it is to, and notes
// whether the connecting socket comes again.
func served(sent string, hangUp bool) func(w *world) {
	return func(w *world) {
		listener, endpoint := listen(w)
		push := w.watched("PUSH", zmq.ReconnectIvl, 10, zmq.MaxMsgSize, 1000)
		push.connect(endpoint)
		conn := accept(w, listener)
		write(w, conn, sent)
		if hangUp {
			conn.Close()
		}
		push.await("DISCONNECTED")
		_, err := push.Watch(200*time.Millisecond, "CONNECT_RETRIED")
		w.note("comes again %t", err == nil)
	}
}

// The lengths of what a PULL answers: greeting, and greeting with READY.
const (
	greetingLength = 64
	readyLength    = 28
)

var rawScenarios = []scenario{
	{"version 3 greeting", greeted(greeting3, greetingLength+readyLength, 0), `ff00000000000000017f03014e554c4c000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000041a0552454144590b536f636b65742d547970650000000450554c4c; got ["still served"]`},
	{"version 2", greeted(signature+"\x01\x08"+"\x00\x00"+"\x00\x05hello", 14, 1), `ff00000000000000017f03070000; got ["hello"]; got ["still served"]`},
	{"version 1", greeted("\x01\x00"+"\x06\x00hello", 10, 1), `ff00000000000000017f; got ["hello"]; got ["still served"]`},
	{"not ZMTP", greeted(zeros48, 0, 0), `closed; got ["still served"]`},
	{"other mechanism", greeted(strings.Replace(greeting3, "NULL", "XULL", 1), 0, 0), `closed; got ["still served"]`},
	{"ready of another type", greeted(greeting3+strings.Replace(readyPush, "PUSH", "PAIR", 1), 0, 0), `closed; got ["still served"]`},
	{"ready cut short", greeted(greeting3+"\x04\x0a\x05READY\x0bSoc", 0, 0), `closed; got ["still served"]`},
	{"message before ready", greeted(greeting3+"\x00\x05hello", 0, 0), `closed; got ["still served"]`},
	{"unknown command before ready", greeted(greeting3+"\x04\x04\x03FOO", 0, 0), `closed; got ["still served"]`},
	{"frame above the limit before ready", greeted(greeting3+"\x06\x00\x00\x00\x00\x00\x00\x03\xe9", 0, 0), `closed; got ["still served"]`},
	{"message of several parts", shaken("\x01\x05hello\x00\x05world\x04\x07\x04PING\x00\x00", 7, 1), `040504504f4e47; got ["hello" "world"]; got ["still served"]`},
	{"long frame of few bytes", shaken("\x02\x00\x00\x00\x00\x00\x00\x00\x05hello\x04\x07\x04PING\x00\x00", 7, 1), `040504504f4e47; got ["hello"]; got ["still served"]`},
	{"frame at the limit", shaken("\x02\x00\x00\x00\x00\x00\x00\x03\xe8"+strings.Repeat("x", 1000)+"\x04\x07\x04PING\x00\x00", 7, 1), `040504504f4e47; got [(1000 bytes)]; got ["still served"]`},
	{"frame above the limit", shaken("\x02\x00\x00\x00\x00\x00\x00\x03\xe9", 0, 0), `closed; got ["still served"]`},
	{"frame far above the limit", shaken("\x02\xff\xff\xff\xff\xff\xff\xff\xff", 0, 0), `closed; got ["still served"]`},
	{"half a message", shaken("\x01\x05hello\x02\xff\xff\xff\xff\xff\xff\xff\xff", 0, 0), `closed; got ["still served"]`},
	{"unknown command", shaken("\x04\x04\x03FOO\x04\x07\x04PING\x00\x00", 7, 0), `040504504f4e47; got ["still served"]`},
	{"ping is answered", shaken("\x04\x0a\x04PING\x00\x00abc", 10, 0), `040804504f4e47616263; got ["still served"]`},
	{"ping context is cut", shaken("\x04\x1b\x04PING\x00\x0001234567890123456789", 23, 0), `041504504f4e4730313233343536373839303132333435; got ["still served"]`},
	{"XPUB hears commands and messages", func(w *world) {
		pub, conn := w.rawClient("XPUB", readySub)
		write(w, conn, "\x04\x0b\x09SUBSCRIBEa"+"\x00\x02\x01b")
		w.noteRecv(pub)
		w.noteRecv(pub)
		pub.send("ax")
		pub.send("bx")
		pub.send("cx")
		write(w, conn, "\x04\x08\x06CANCELa"+"\x00\x02\x00b")
		w.noteRecv(pub)
		w.noteRecv(pub)
		w.note("%s", answer(conn, 8))
	}, `got ["\x01a"]; got ["\x01b"]; got ["\x00a"]; got ["\x00b"]; 0002617800026278`},
	{"SUB tells an old publisher by message", func(w *world) {
		listener, endpoint := listen(w)
		sub := w.open("SUB")
		subscribe(sub, "ab")
		sub.connect(endpoint)
		conn := accept(w, listener)
		write(w, conn, greeting3+readyPub)
		w.note("%s", answer(conn, greetingLength+27+5))
		sub.set(zmq.Unsubscribe, "ab")
		w.note("%s", answer(conn, 5))
	}, "ff00000000000000017f03014e554c4c00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000004190552454144590b536f636b65742d54797065000000035355420003016162; 0003006162"},
	{"SUB tells a new publisher by command", func(w *world) {
		listener, endpoint := listen(w)
		sub := w.open("SUB")
		subscribe(sub, "ab")
		sub.connect(endpoint)
		conn := accept(w, listener)
		write(w, conn, strings.Replace(greeting3, "\x03\x00", "\x03\x01", 1)+readyPub)
		w.note("%s", answer(conn, greetingLength+27+14))
		sub.set(zmq.Unsubscribe, "ab")
		w.note("%s", answer(conn, 11))
	}, "ff00000000000000017f03014e554c4c00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000004190552454144590b536f636b65742d5479706500000003535542040c095355425343524942456162; 04090643414e43454c6162"},
	{"a request without delimiter", func(w *world) {
		_, conn := w.rawClient("REP", readyReq)
		write(w, conn, "\x00\x05hello\x04\x07\x04PING\x00\x00")
		w.note("%s", answer(conn, 7))
	}, "040504504f4e47"},
	{"a request", func(w *world) {
		rep, conn := w.rawClient("REP", readyReq)
		write(w, conn, "\x01\x00\x00\x05hello")
		w.noteRecv(rep)
		w.noteSend(rep, "world")
		w.note("%s", answer(conn, 9))
	}, `got ["hello"]; send ok; 01000005776f726c64`},
	{"server that hangs up", served("", true), "comes again true"},
	{"server that hangs up in its greeting", served(signature, true), "comes again true"},
	{"server that hangs up before ready", served(greeting3, true), "comes again true"},
	{"server that hangs up after ready", served(greeting3+readyPull, true), "comes again true"},
	{"server of another mechanism", served(strings.Replace(greeting3, "NULL", "XULL", 1), false), "comes again false"},
	{"server of another type", served(greeting3+readyPub, false), "comes again false"},
	{"server with a broken ready", served(greeting3+"\x04\x0a\x05READY\x0bSoc", false), "comes again false"},
	{"server that sends too much", served(greeting3+readyPull+"\x02\x00\x00\x00\x00\x00\x00\x03\xe9", false), "comes again false"},
	{"server that is not ZMTP", served(zeros48, false), "comes again false"},
}
