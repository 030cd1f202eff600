package ws

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/wire"
)

// options are those of a DEALER that edit has changed.
func options(edit func(o *option.Options)) *option.Options {
	o := option.Defaults(5)
	if edit != nil {
		edit(&o)
	}
	return &o
}

func plain(o *option.Options) { o.Mechanism = 1 }
func curve(o *option.Options) { o.Mechanism = 2 }

func TestEndpoints(t *testing.T) {
	for _, test := range []struct {
		rest  string
		edit  func(o *option.Options)
		bind  error
		check error
	}{
		{"127.0.0.1:0", nil, nil, nil},
		{"127.0.0.1:0/", nil, nil, nil},
		{"127.0.0.1:0/a/b?c=d#e", nil, nil, nil},
		{"127.0.0.1:*/a", nil, nil, errno.EINVAL},
		{"*:*", nil, nil, errno.EINVAL},
		{"127.0.0.1:0;127.0.0.1:0/x", nil, errno.ENODEV, nil},
		{"127.0.0.1:0/a b", nil, errno.EINVAL, errno.EINVAL},
		{"127.0.0.1:0/a\r\nX: y", nil, errno.EINVAL, errno.EINVAL},
		{"127.0.0.1:0/ä", nil, errno.EINVAL, errno.EINVAL},
		{"127.0.0.1", nil, errno.EINVAL, errno.EINVAL},
		{"127.0.0.1/a:1", nil, errno.EINVAL, errno.EINVAL},
		{"/a", nil, errno.EINVAL, errno.EINVAL},
		{"127.0.0.1:0", plain, nil, nil},
		{"127.0.0.1:0", curve, nil, nil},
		{"127.0.0.1:0", func(o *option.Options) { o.Mechanism = 3 }, errno.ENOCOMPATPROTO, errno.ENOCOMPATPROTO},
		{"127.0.0.1:0", func(o *option.Options) { o.Raw = true }, errno.ENOCOMPATPROTO, errno.ENOCOMPATPROTO},
	} {
		l, err := Transport{}.Listen(test.rest, options(test.edit))
		if !errors.Is(err, test.bind) {
			t.Errorf("bind %q: %v, want %v", test.rest, err, test.bind)
		}
		if err == nil {
			l.Close()
		}
		if err := (Transport{}).Check(test.rest, options(test.edit)); !errors.Is(err, test.check) {
			t.Errorf("connect %q: %v, want %v", test.rest, err, test.check)
		}
	}
}

// met is both ends of a connection whose handshakes have run.
type met struct {
	server, client       transport.Upgraded
	serverErr, clientErr error
	accepted, dialed     net.Conn
}

// meet connects and lets both sides make their handshakes.
func meet(t *testing.T, tr Transport, bind, connect *option.Options) met {
	t.Helper()
	l, err := tr.Listen("127.0.0.1:0/chat", bind)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, rest, _ := strings.Cut(l.Endpoint(), "://")
	var m met
	if m.dialed, err = tr.Dial(context.Background(), rest, connect); err != nil {
		t.Fatal(err)
	}
	if m.accepted, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.accepted.Close(); m.dialed.Close() })
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.server, m.serverErr = m.accepted.(transport.Upgrader).Upgrade()
		if m.serverErr != nil {
			m.accepted.Close()
		}
	}()
	if m.client, m.clientErr = m.dialed.(transport.Upgrader).Upgrade(); m.clientErr != nil {
		m.dialed.Close()
	}
	<-done
	return m
}

func TestUpgrade(t *testing.T) {
	for _, test := range []struct {
		name            string
		server, client  func(o *option.Options)
		version         wire.Version
		mechanism, meet bool
	}{
		{"NULL", nil, nil, wire.ZMTP30, true, true},
		{"PLAIN", plain, plain, wire.ZMTP30, true, true},
		{"CURVE", curve, curve, wire.ZMTP30, true, true},
		{"mismatch", plain, curve, 0, false, false},
		{"domain", func(o *option.Options) { o.ZAPDomain = "d" }, nil, wire.ZMTP30, true, true},
	} {
		m := meet(t, Transport{}, options(test.server), options(test.client))
		if !test.meet {
			var server, client *wire.ProtocolError
			if !errors.As(m.serverErr, &server) || !errors.As(m.clientErr, &client) || client.Code != wire.WSUnspecified {
				t.Errorf("%s: server %v, client %v", test.name, m.serverErr, m.clientErr)
			}
			continue
		}
		for side, u := range map[string]transport.Upgraded{"server": m.server, "client": m.client} {
			if u.Version != test.version || u.Mechanism != test.mechanism || len(u.Rest) > 0 {
				t.Errorf("%s, %s: %+v", test.name, side, u)
			}
		}
		if m.server.Framing != wire.WSMasked || m.client.Framing != wire.WS {
			t.Errorf("%s: framings %v and %v", test.name, m.server.Framing, m.client.Framing)
		}
	}
}

// A peer that offers only the sub-protocol without a mechanism gets that, unless
// somebody is to be asked about it, and what it sent at once is not lost.
func TestUpgradeWithoutMechanism(t *testing.T) {
	for domain, ok := range map[string]bool{"": true, "d": false} {
		l, err := Transport{}.Listen("127.0.0.1:0", options(func(o *option.Options) { o.ZAPDomain = domain }))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(l.Endpoint(), "://")
		peer, err := net.Dial("tcp", strings.TrimSuffix(rest, "/"))
		if err != nil {
			t.Fatal(err)
		}
		hello := wire.AppendFrameWS(nil, 0, []byte("me"), true, 7)
		peer.Write(append(wire.AppendWSRequest(nil, "h", "/x", "key", []string{"ZWS2.0"}), hello...))
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		u, err := c.(transport.Upgrader).Upgrade()
		if (err == nil) != ok {
			t.Errorf("domain %q: %v", domain, err)
		}
		if ok && (u.Mechanism || u.Version != wire.ZMTP30 || !bytes.Equal(u.Rest, hello)) {
			t.Errorf("domain %q: %+v", domain, u)
		}
		first := make([]byte, 12)
		if _, err := io.ReadFull(peer, first); err != nil || string(first) != map[bool]string{true: "HTTP/1.1 101", false: "HTTP/1.1 400"}[ok] {
			t.Errorf("domain %q: server said %q, %v", domain, first, err)
		}
		peer.Close()
		c.Close()
		l.Close()
	}
}

// A deadline ends a handshake in which the peer is silent.
func TestUpgradeHasADeadline(t *testing.T) {
	for _, side := range []bool{false, true} {
		near, far := net.Pipe()
		c := &conn{Conn: near, terms: &terms{client: side, protocols: []string{bare}}}
		go func() {
			b := make([]byte, 1000)
			far.Read(b)
		}()
		c.SetDeadline(time.Now().Add(time.Millisecond))
		if _, err := c.Upgrade(); transport.Errno(err) != errno.ETIMEDOUT {
			t.Errorf("client %v: %v", side, err)
		}
		far.Close()
		near.Close()
	}
}

func TestAddresses(t *testing.T) {
	m := meet(t, Transport{}, options(nil), options(nil))
	for _, c := range []net.Conn{m.accepted, m.dialed} {
		for _, a := range []net.Addr{c.LocalAddr(), c.RemoteAddr()} {
			if e := transport.Endpoint(a); !strings.HasPrefix(e, "ws://127.0.0.1:") {
				t.Errorf("endpoint %q", e)
			}
		}
		if p := transport.PeerAddress(c); p != "127.0.0.1" {
			t.Errorf("peer address %q", p)
		}
		if _, err := c.(*conn).SyscallConn(); err != nil {
			t.Error(err)
		}
	}
}

func TestUnbindNames(t *testing.T) {
	l, err := Transport{}.Listen("127.0.0.1:*/chat", options(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if e := l.Endpoint(); !strings.HasPrefix(e, "ws://127.0.0.1:") || !strings.HasSuffix(e, "/chat") || strings.Contains(e, "*") {
		t.Errorf("bound to %q", e)
	}
}
