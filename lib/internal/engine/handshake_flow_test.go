package engine_test

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"ztools/lib/internal/engine"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

// TestFlows puts Handshake in the place of libzmq in every recorded flow: from
// the same bytes it must make the same ones, in whatever pieces they come.
func TestFlows(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(flowDir, "*.flow"))
	if err != nil || len(files) < 40 {
		t.Fatalf("found %d flows, %v", len(files), err)
	}
	for _, file := range files {
		flow := ztest.ReadFlow(t, file)
		name := strings.TrimSuffix(filepath.Base(file), ".flow")
		if flow.Client.Type != "raw" {
			t.Run(name+"/client", func(t *testing.T) { replay(t, flow, true) })
		}
		t.Run(name+"/server", func(t *testing.T) { replay(t, flow, false) })
	}
}

func replay(t *testing.T, flow *ztest.Flow, asClient bool) {
	own, peer := flow.Server, flow.Client
	if asClient {
		own, peer = peer, own
	}
	for _, piece := range []int{1, 7, 1 << 20} {
		a, b := ztest.Pipe()
		b.Write(flow.Sent(!asClient))
		r, err := handshake(pieces{a, piece}, options(own.Type, own.ID))
		if err != nil {
			t.Fatal(err)
		}
		a.CloseWrite()
		b.CloseWrite()
		sent, _ := io.ReadAll(b)
		recorded := flow.Sent(asClient)
		if !bytes.HasPrefix(recorded, sent) || len(sent) != handshakeLen(t, r.Version, recorded) {
			t.Fatalf("sent %x, recorded was %x", sent, recorded)
		}
		unread, _ := io.ReadAll(a)
		checkFrames(t, r.Version, recorded[len(sent):])
		checkFrames(t, r.Version, append(r.Rest, unread...))
		checkPeer(t, r, peer)
	}
}

// checkPeer compares what was found out with who the peer was.
func checkPeer(t *testing.T, r *engine.Result, peer ztest.End) {
	t.Helper()
	if peer.Type == "raw" {
		peer.ID = "raw"
		if r.SocketType == "SUB" || r.SocketType == "PUB" {
			peer.ID = ""
		}
	} else if r.SocketType != peer.Type {
		t.Errorf("peer is a %q, want %q", r.SocketType, peer.Type)
	}
	if string(r.Identity) != peer.ID {
		t.Errorf("peer has the routing id %q, want %q", r.Identity, peer.ID)
	}
}

// handshakeLen is how many of the bytes that a socket sent to a peer of that
// version belong to the handshake: the greeting and one frame.
func handshakeLen(t *testing.T, v wire.Version, sent []byte) int {
	t.Helper()
	n := v.GreetingLen() // the same on both sides
	h, ok, err := wire.ConsumeHeader(v.Framing(), sent[n:])
	if !ok || err != nil {
		t.Fatalf("no frame behind the greeting: %v", err)
	}
	return n + h.Len + int(h.Size)
}

// checkFrames decodes b, which must be whole frames, and encodes it again.
func checkFrames(t *testing.T, v wire.Version, b []byte) {
	t.Helper()
	var again []byte
	for rest := b; len(rest) > 0; {
		h, ok, err := wire.ConsumeHeader(v.Framing(), rest)
		if !ok || err != nil || h.Size > uint64(len(rest)-h.Len) {
			t.Fatalf("no whole frame at %x: %v", rest, err)
		}
		body := rest[h.Len : h.Len+int(h.Size)]
		rest = rest[h.Len+len(body):]
		if h.Flags&msg.Command != 0 {
			if _, _, err := wire.ParseCommand(body); err != nil {
				t.Fatal(err)
			}
		}
		if v.Framing() == wire.V1 {
			again = wire.AppendFrameV1(again, h.Flags, body)
		} else {
			again = wire.AppendFrameV2(again, h.Flags, body)
		}
	}
	if !bytes.Equal(again, b) {
		t.Fatalf("encoded again, the frames are %x, were %x", again, b)
	}
}

// pieces gives at most n bytes for a Read.
type pieces struct {
	net.Conn
	n int
}

func (p pieces) Read(b []byte) (int, error) { return p.Conn.Read(b[:min(p.n, len(b))]) }

// options are those of a socket as zmq_socket(3) makes it.
func options(socketType, id string) *option.Options {
	o := &option.Options{Type: -1, MaxMsgSize: -1, HandshakeIvl: 30000, RoutingID: []byte(id)}
	for n := 0; wire.SocketTypeName(n) != ""; n++ {
		if wire.SocketTypeName(n) == socketType {
			o.Type = n
		}
	}
	return o
}
