package tcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// defaults are the default options with changes.
func defaults(change ...func(*option.Options)) *option.Options {
	o := option.Defaults(0)
	for _, c := range change {
		c(&o)
	}
	return &o
}

func ipv6(o *option.Options) { o.IPv6 = true }

// needIPv6 skips where the machine has no ::1.
func needIPv6(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skipf("no IPv6 here: %v", err)
	}
	l.Close()
}

// loopback is the name of the loopback interface.
func loopback(t *testing.T) string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 {
			return i.Name
		}
	}
	t.Skip("no loopback interface here")
	return ""
}

func listen(t *testing.T, rest string, o *option.Options) transport.Listener {
	t.Helper()
	l, err := (Transport{}).Listen(rest, o)
	if err != nil {
		t.Fatalf("listen to %s: %v", rest, err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// address is the endpoint without its scheme.
func address(l transport.Listener) string { return strings.TrimPrefix(l.Endpoint(), "tcp://") }

// port is the endpoint's port.
func port(l transport.Listener) string {
	return l.Endpoint()[strings.LastIndex(l.Endpoint(), ":")+1:]
}

func dialTo(t *testing.T, rest string, o *option.Options) net.Conn {
	t.Helper()
	c, err := (Transport{}).Dial(t.Context(), rest, o)
	if err != nil {
		t.Fatalf("dial %s: %v", rest, err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// join makes a connection and returns both ends.
func join(t *testing.T, l transport.Listener, rest string, o *option.Options) (dialed, accepted net.Conn) {
	t.Helper()
	dialed = dialTo(t, rest, o)
	accepted, err := l.Accept()
	if err != nil {
		t.Fatalf("accept: %v", err)
	}
	t.Cleanup(func() { accepted.Close() })
	if _, err := dialed.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := accepted.Read(make([]byte, 2)); n != 1 || err != nil {
		t.Fatalf("read %d bytes, %v", n, err)
	}
	return dialed, accepted
}

func TestListen(t *testing.T) {
	lo := loopback(t)
	taken := listen(t, "127.0.0.1:*", defaults())
	for _, c := range []struct {
		rest     string
		ipv6     bool
		endpoint string // pattern, "" for an error
		err      errno.Errno
	}{
		{"127.0.0.1:*", false, `tcp://127\.0\.0\.1:[1-9]\d*`, 0},
		{"127.0.0.1:0", false, `tcp://127\.0\.0\.1:[1-9]\d*`, 0},
		{"localhost:*", false, `tcp://127\.0\.0\.1:[1-9]\d*`, 0},
		{lo + ":*", false, `tcp://127\.0\.0\.1:[1-9]\d*`, 0},
		{"127.0.0.1:*", true, `tcp://\[::ffff:127\.0\.0\.1\]:[1-9]\d*`, 0},
		{lo + ":*", true, `tcp://\[::1\]:[1-9]\d*`, 0},
		{"::1:*", true, `tcp://\[::1\]:[1-9]\d*`, 0},
		{"[::1]:*", true, `tcp://\[::1\]:[1-9]\d*`, 0},
		{"[::1]:*", false, "", errno.ENODEV},
		{"[::ffff:127.0.0.1]:*", false, "", errno.ENODEV},
		{":5555", false, "", errno.ENODEV},
		{"no..such:5555", false, "", errno.ENODEV},
		{"a;b:5555", false, "", errno.ENODEV},
		{"127.0.0.1", false, "", errno.EINVAL},
		{"127.0.0.1:65537", false, "", errno.EINVAL},
		{"[::1%]:*", true, "", errno.EINVAL},
		{"[::1%0]:*", true, "", errno.EINVAL},
		{"[::1%1x]:*", true, "", errno.EINVAL},
		{"[::1%nosuch0]:*", true, "", errno.EINVAL},
		{address(taken), false, "", errno.EADDRINUSE},
		{"192.0.2.77:*", false, "", errno.EADDRNOTAVAIL},
	} {
		t.Run(fmt.Sprint(c.rest, c.ipv6), func(t *testing.T) {
			if c.ipv6 {
				needIPv6(t)
			}
			o := defaults()
			o.IPv6 = c.ipv6
			l, err := (Transport{}).Listen(c.rest, o)
			if c.endpoint == "" {
				var no errno.Errno
				if !errors.As(err, &no) || no != c.err {
					t.Fatalf("error %v, want %v", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if !regexp.MustCompile("^" + c.endpoint + "$").MatchString(l.Endpoint()) {
				t.Errorf("endpoint %s, want %s", l.Endpoint(), c.endpoint)
			}
			join(t, l, address(l), o)
		})
	}
}

// TestWildcard binds to all interfaces, so it looks at the socket only from
// this machine.
func TestWildcard(t *testing.T) {
	four := listen(t, "*:*", defaults())
	if !strings.HasPrefix(four.Endpoint(), "tcp://0.0.0.0:") {
		t.Errorf("endpoint %s", four.Endpoint())
	}
	join(t, four, "127.0.0.1:"+port(four), defaults())
	needIPv6(t)
	if c, err := (Transport{}).Dial(t.Context(), "[::1]:"+port(four), defaults(ipv6)); err == nil {
		c.Close()
		t.Error("a listener without ZMQ_IPV6 accepts IPv6")
	}
	both := listen(t, "*:*", defaults(ipv6))
	if !strings.HasPrefix(both.Endpoint(), "tcp://[::]:") {
		t.Errorf("endpoint %s", both.Endpoint())
	}
	for _, c := range []struct{ host, peer string }{{"127.0.0.1", "::ffff:127.0.0.1"}, {"[::1]", "::1"}} {
		_, accepted := join(t, both, c.host+":"+port(both), defaults(ipv6))
		if got := transport.PeerAddress(accepted); got != c.peer {
			t.Errorf("peer of a connection to %s is %s, want %s", c.host, got, c.peer)
		}
	}
}

func TestDialErrors(t *testing.T) {
	free := listen(t, "127.0.0.1:*", defaults())
	closed := address(free)
	free.Close()
	for _, c := range []struct {
		rest string
		err  errno.Errno
	}{
		{closed, errno.ECONNREFUSED},
		{"127.0.0.1:0", errno.ECONNREFUSED},
		{":5555", errno.EINVAL},
		{"no..such:5555", errno.EINVAL},
		{"[::1]:5555", errno.EINVAL}, // without ZMQ_IPV6
		{"*:5555", errno.EINVAL},
		{"localhost:*;127.0.0.1:5555", errno.ENODEV},
		{"192.0.2.77:*;127.0.0.1:5555", errno.EADDRNOTAVAIL},
		{closed + ";" + closed, errno.EADDRINUSE}, // connects to itself
	} {
		conn, err := (Transport{}).Dial(t.Context(), c.rest, defaults())
		if err == nil {
			conn.Close()
		}
		var no errno.Errno
		if !errors.As(err, &no) || no != c.err {
			t.Errorf("%s: error %v, want %v", c.rest, err, c.err)
		}
	}
}

func TestDialCanceled(t *testing.T) {
	l := listen(t, "127.0.0.1:*", defaults())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, rest := range []string{address(l), "localhost:" + port(l)} {
		if _, err := (Transport{}).Dial(ctx, rest, defaults()); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v", rest, err)
		}
	}
}

func TestSource(t *testing.T) {
	l := listen(t, "127.0.0.1:*", defaults())
	other := listen(t, "127.0.0.1:*", defaults())
	for _, source := range []string{"127.0.0.1:*", "127.0.0.1:0", loopback(t) + ":*", "[*]:*"} {
		_, accepted := join(t, l, source+";"+address(l), defaults())
		if got := transport.PeerAddress(accepted); got != "127.0.0.1" {
			t.Errorf("source %s: peer %s", source, got)
		}
	}
	first, _ := join(t, l, "127.0.0.1:*;"+address(l), defaults())
	second, _ := join(t, other, first.LocalAddr().String()+";"+address(other), defaults())
	if second.LocalAddr().String() != first.LocalAddr().String() {
		t.Errorf("local addresses %s and %s", first.LocalAddr(), second.LocalAddr())
	}
}

func TestSourceIPv6(t *testing.T) {
	needIPv6(t)
	l := listen(t, "[::1]:*", defaults(ipv6))
	_, accepted := join(t, l, "[::1]:*;"+address(l), defaults(ipv6))
	if got := transport.PeerAddress(accepted); got != "::1" {
		t.Errorf("peer %s", got)
	}
	four := listen(t, "127.0.0.1:*", defaults())
	join(t, four, "[*]:*;"+address(four), defaults(ipv6))
}

func TestDialNameTriesEachAddress(t *testing.T) {
	needIPv6(t)
	l := listen(t, "127.0.0.1:*", defaults())
	join(t, l, "localhost:"+port(l), defaults(ipv6))
}

func TestAliases(t *testing.T) {
	for _, c := range []struct {
		rest string
		ipv6 bool
		want string
	}{
		{"localhost:5555", false, "tcp://127.0.0.1:5555"},
		{"127.0.0.1:05555", false, "tcp://127.0.0.1:5555"},
		{"127.0.0.1:5555", true, "tcp://[::ffff:127.0.0.1]:5555"},
		{"::1:5555", true, "tcp://[::1]:5555"},
		{"no..such:5555", false, ""},
		{"*:5555", false, ""},
		{"127.0.0.1:*", false, ""},
		{"127.0.0.1", false, ""},
	} {
		got := (Transport{}).Aliases(c.rest, &option.Options{IPv6: c.ipv6})
		if slices.Contains(got, c.want) != (c.want != "") || c.want == "" && len(got) > 0 {
			t.Errorf("%s: %q, want %q", c.rest, got, c.want)
		}
	}
}

func TestAcceptFilter(t *testing.T) {
	l := listen(t, "127.0.0.1:*", defaults(func(o *option.Options) {
		o.TCPAcceptFilters = []string{"10.0.0.0/8", "127.0.0.2"}
	}))
	refused := dialTo(t, "127.0.0.1:*;"+address(l), defaults())
	_, err := l.Accept()
	var one *transport.AcceptError
	if !errors.As(err, &one) || !errors.Is(err, errno.EACCES) || one.Wait != 0 {
		t.Fatalf("error %v", err)
	}
	if n, err := refused.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Error("the refused connection is open")
	}
	if _, err := (Transport{}).Listen("127.0.0.1:*", &option.Options{TCPAcceptFilters: []string{"x"}}); !errors.Is(err, errno.EINVAL) {
		t.Errorf("bad filter: %v", err)
	}
}

func TestClose(t *testing.T) {
	l := listen(t, "127.0.0.1:*", defaults())
	dialed, _ := join(t, l, address(l), defaults())
	ended := make(chan error)
	go func() {
		_, err := l.Accept()
		ended <- err
	}()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var one *transport.AcceptError
	if err := <-ended; !errors.Is(err, errno.ENOTSOCK) || errors.As(err, &one) {
		t.Errorf("accept after close: %v", err)
	}
	if _, err := dialed.Write([]byte("x")); err != nil {
		t.Errorf("close ended a connection: %v", err)
	}
	listen(t, strings.TrimPrefix(l.Endpoint(), "tcp://"), defaults()) // at once: SO_REUSEADDR
}

func TestOpenEither(t *testing.T) {
	none := transport.Wrap(&net.OpError{Op: "listen", Err: errno.EAFNOSUPPORT})
	for _, c := range []struct {
		ipv6 bool
		errs []error // of each attempt
		want []bool  // with IPv6?
	}{
		{true, []error{none, nil}, []bool{true, false}},
		{true, []error{nil}, []bool{true}},
		{true, []error{errno.EADDRINUSE}, []bool{true}},
		{false, []error{none}, []bool{false}},
	} {
		var tries []bool
		_, err := openEither(c.ipv6, func(ipv6 bool) (int, error) {
			tries = append(tries, ipv6)
			return 0, c.errs[len(tries)-1]
		})
		if !slices.Equal(tries, c.want) || err != c.errs[len(c.errs)-1] {
			t.Errorf("tries %v, error %v; want %v", tries, err, c.want)
		}
	}
}
