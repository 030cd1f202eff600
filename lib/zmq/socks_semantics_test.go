package zmq_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"ztools/lib/zmq"
)

// A socksProxy is a SOCKS5 proxy (RFC 1928, RFC 1929) for the tests: it takes the one
// user that it has, or everybody, and passes bytes on until the test ends.
type socksProxy struct {
	net.Listener
	user, password string
	targets        chan string // where it was asked to connect to

	work  sync.WaitGroup
	mu    sync.Mutex // guards conns and over
	conns []net.Conn
	over  bool
}

func newSocksProxy(t *testing.T, user, password string) *socksProxy {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &socksProxy{Listener: l, user: user, password: password, targets: make(chan string, 100)}
	p.work.Add(1)
	go p.accept()
	t.Cleanup(p.stop)
	return p
}

func (p *socksProxy) accept() {
	defer p.work.Done()
	for {
		c, err := p.Accept()
		if err != nil {
			return
		}
		p.work.Add(1)
		go func() {
			defer p.work.Done()
			defer c.Close()
			if p.keep(c) {
				p.serve(c)
			}
		}()
	}
}

// keep notes a connection to be closed at the end; false if that was already.
func (p *socksProxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, c)
	return !p.over
}

func (p *socksProxy) stop() {
	p.Close()
	p.mu.Lock()
	p.over = true
	for _, c := range p.conns {
		c.Close()
	}
	p.mu.Unlock()
	p.work.Wait()
}

func (p *socksProxy) serve(c net.Conn) {
	if !p.greet(c) {
		return
	}
	host, ok := p.request(c)
	if !ok {
		return
	}
	select {
	case p.targets <- host:
	default:
	}
	host = strings.Replace(host, "behind.the.proxy", "127.0.0.1", 1) // a name that only the proxy knows
	to, err := net.Dial("tcp", host)
	if err != nil {
		c.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
		return
	}
	defer to.Close()
	if !p.keep(to) {
		return
	}
	c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	p.work.Add(1)
	go func() {
		defer p.work.Done()
		io.Copy(to, c)
		to.Close()
	}()
	io.Copy(c, to)
}

// greet chooses the method and checks who it is.
func (p *socksProxy) greet(c net.Conn) bool {
	methods, ok := counted(c, 1)
	want := byte(0)
	if p.user != "" {
		want = 2
	}
	if !ok || !bytes.Contains(methods, []byte{want}) {
		c.Write([]byte{5, 0xff})
		return false
	}
	c.Write([]byte{5, want})
	if want == 0 {
		return true
	}
	user, ok := counted(c, 1)
	password, also := counted(c, 0)
	if !ok || !also || string(user) != p.user || string(password) != p.password {
		c.Write([]byte{1, 1})
		return false
	}
	c.Write([]byte{1, 0})
	return true
}

// counted reads bytes behind their number, in front of which skip others stand.
func counted(c net.Conn, skip int) ([]byte, bool) {
	head := make([]byte, skip+1)
	if _, err := io.ReadFull(c, head); err != nil {
		return nil, false
	}
	b := make([]byte, head[skip])
	_, err := io.ReadFull(c, b)
	return b, err == nil
}

// request reads where to connect to: an IPv4 address or a name.
func (p *socksProxy) request(c net.Conn) (host string, ok bool) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(c, head); err != nil {
		return "", false
	}
	switch head[3] {
	case 1:
		b := make([]byte, 4)
		if _, err := io.ReadFull(c, b); err != nil {
			return "", false
		}
		host = net.IP(b).String()
	case 3:
		b, whole := counted(c, 0)
		if !whole {
			return "", false
		}
		host = string(b)
	default:
		return "", false
	}
	port := make([]byte, 2)
	_, err := io.ReadFull(c, port)
	return net.JoinHostPort(host, fmt.Sprint(binary.BigEndian.Uint16(port))), err == nil
}

// A socket connects through a proxy: by address or by a name that only the proxy
// knows, with and without user and password. A bind is none of the proxy's business.
func TestSocksProxy(t *testing.T) {
	for _, test := range []struct{ user, host string }{
		{"", "127.0.0.1"}, {"joe", "127.0.0.1"}, {"", "behind.the.proxy"}, {"joe", "behind.the.proxy"},
	} {
		t.Run(test.user+" "+test.host, func(t *testing.T) {
			p := newSocksProxy(t, test.user, "secret")
			c := newContext(t)
			options := []any{zmq.SocksProxy, p.Addr().String()}
			if test.user != "" {
				options = append(options, zmq.SocksUsername, test.user, zmq.SocksPassword, "secret")
			}
			rep, req := open(t, c, zmq.Rep, zmq.SocksProxy, p.Addr().String()), open(t, c, zmq.Req, options...)
			bind(t, rep, "tcp://127.0.0.1:*")
			target := strings.Replace(strings.TrimPrefix(rep.LastEndpoint(), "tcp://"), "127.0.0.1", test.host, 1)
			connect(t, req, "tcp://"+target)
			for _, size := range []int{1, 100_000} {
				send(t, req, strings.Repeat("q", size), "end")
				expect(t, rep, strings.Repeat("q", size), "end")
				send(t, rep, "answer")
				expect(t, req, "answer")
			}
			if got := <-p.targets; got != target {
				t.Errorf("the proxy was asked for %s, want %s", got, target)
			}
		})
	}
}

// With a wrong password nothing passes, and the socket tries again.
func TestSocksProxyRefuses(t *testing.T) {
	p := newSocksProxy(t, "joe", "secret")
	c := newContext(t)
	pull := open(t, c, zmq.Pull)
	push := open(t, c, zmq.Push, zmq.SocksProxy, p.Addr().String(), zmq.SocksUsername, "joe", zmq.SocksPassword, "wrong", zmq.ReconnectIvl, 1)
	events := watch(t, push)
	bind(t, pull, "tcp://127.0.0.1:*")
	connect(t, push, pull.LastEndpoint())
	for range 2 {
		awaitEvent(t, events, zmq.ConnectRetried)
	}
	if len(p.targets) > 0 {
		t.Errorf("the proxy was asked for %s", <-p.targets)
	}
}
