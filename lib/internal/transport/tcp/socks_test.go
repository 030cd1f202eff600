package tcp

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
)

// Replies of the proxy to CONNECT.
const (
	granted = "05000001 7f000001 1234"
	none    = "050100 0500 " // the greeting for no authentication, and the choice
	request = "05010001 7f000001 15b3 "
)

// dialogues are scripts in hex: what we send and what the proxy answers, in
// turn. The request is for 127.0.0.1:5555 unless host says otherwise.
var dialogues = []struct {
	name, user, password, host string
	script                     string
	err                        errno.Errno
}{
	{"no authentication", "", "", "", none + request + granted, 0},
	{"user and password", "joe", "secret", "", "050102 0502 01 03 6a6f65 06 736563726574 0100 " + request + granted, 0},
	{"user without password", "joe", "", "", "050102 0502 01 03 6a6f65 00 0100 " + request + granted, 0},
	{"user offered, none chosen", "joe", "x", "", "050102 0500 " + request + granted, 0},
	{"none offered, user chosen", "", "", "", "050100 0502 01 00 00 0100 " + request + granted, 0},
	{"IPv6 host", "", "", "::1", none + "05010004 00000000000000000000000000000001 15b3 " + granted, 0},
	{"name", "", "", "a.bc", none + "05010003 04 612e6263 15b3 " + granted, 0},
	{"bound to IPv6", "", "", "", none + request + "05000004 00000000000000000000000000000001 1234", 0},
	{"bound to a name", "", "", "", none + request + "05000003 04 612e6263 1234", 0},
	{"bound to an empty name", "", "", "", none + request + "05000003 00 1234", 0},
	{"other version", "", "", "", "050100 0400", errno.EPROTO},
	{"no method", "", "", "", "050100 05ff", errno.EPROTO},
	{"GSSAPI", "", "", "", "050100 0501", errno.EPROTO},
	{"wrong password", "joe", "x", "", "050102 0502 01 03 6a6f65 01 78 0101", errno.EACCES},
	{"other authentication version", "joe", "x", "", "050102 0502 01 03 6a6f65 01 78 0500", errno.EPROTO},
	{"general failure", "", "", "", none + request + "05010001 00000000 0000", errno.EPROTO},
	{"not allowed", "", "", "", none + request + "05020001 00000000 0000", errno.EACCES},
	{"network unreachable", "", "", "", none + request + "05030001 00000000 0000", errno.ENETUNREACH},
	{"host unreachable", "", "", "", none + request + "05040001 00000000 0000", errno.EHOSTUNREACH},
	{"refused", "", "", "", none + request + "05050001 00000000 0000", errno.ECONNREFUSED},
	{"expired", "", "", "", none + request + "05060001 00000000 0000", errno.ETIMEDOUT},
	{"no CONNECT", "", "", "", none + request + "05070001 00000000 0000", errno.ENOTSUP},
	{"address type not supported", "", "", "", none + request + "05080001 00000000 0000", errno.EAFNOSUPPORT},
	{"unknown code", "", "", "", none + request + "05090001 00000000 0000", errno.EPROTO},
	{"other version in the reply", "", "", "", none + request + "04000001 00000000 0000", errno.EPROTO},
	{"reserved byte", "", "", "", none + request + "05000101 00000000 0000", errno.EPROTO},
	{"unknown address type", "", "", "", none + request + "05000002 00000000 0000", errno.EPROTO},
	{"end before the choice", "", "", "", "050100 05", errno.ECONNRESET},
	{"end in the reply", "", "", "", none + request + "05000003 ff 616263", errno.ECONNRESET},
	{"long user", strings.Repeat("x", 256), "", "", "", errno.EINVAL},
	{"long password", "joe", strings.Repeat("x", 256), "", "", errno.EINVAL},
}

// unhex decodes a script.
func unhex(t *testing.T, script string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(script, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSocksDialogue(t *testing.T) {
	for _, c := range dialogues {
		t.Run(c.name, func(t *testing.T) {
			host := c.host
			if host == "" {
				host = "127.0.0.1"
			}
			call, err := socksRequest(hostPort{host, 5555})
			if err != nil {
				t.Fatal(err)
			}
			o := defaults(func(o *option.Options) { o.SocksUsername, o.SocksPassword = c.user, c.password })
			proxy := &recording{t: t, script: unhex(t, c.script+" 68656c6c6f")}
			if c.err == errno.ECONNRESET {
				proxy.script = unhex(t, c.script)
			}
			err = negotiate(t.Context(), proxy, call, o)
			if c.err == 0 {
				if rest, _ := io.ReadAll(proxy); err != nil || string(rest) != "hello" {
					t.Errorf("error %v, the peer's first bytes are %q", err, rest)
				}
			} else if !errors.Is(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
		})
	}
}

// recording is a connection that expects the writes in its script and reads
// the rest of it.
type recording struct {
	net.Conn
	t      *testing.T
	script []byte
}

func (r *recording) Write(p []byte) (int, error) {
	rest, ok := bytes.CutPrefix(r.script, p)
	if !ok {
		r.t.Errorf("sent %x, the script goes on with %x", p, r.script)
		return 0, io.ErrClosedPipe
	}
	r.script = rest
	return len(p), nil
}

func (r *recording) Read(p []byte) (int, error) {
	if len(r.script) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.script)
	r.script = r.script[n:]
	return n, nil
}

func (r *recording) RemoteAddr() net.Addr { return &net.TCPAddr{} }

func TestSocksRequestErrors(t *testing.T) {
	for _, to := range []hostPort{{"", 1}, {"a", 0}, {strings.Repeat("x", 256), 1}} {
		if _, err := socksRequest(to); !errors.Is(err, errno.EINVAL) {
			t.Errorf("%v: %v", to, err)
		}
	}
	if r, err := socksRequest(hostPort{strings.Repeat("x", 255), 1}); err != nil || r[4] != 255 || len(r) != 5+255+2 {
		t.Errorf("a name of 255 bytes: %x, %v", r, err)
	}
}

// TestSocksTimeout talks to a proxy that is silent.
func TestSocksTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		begin := time.Now()
		go io.Copy(io.Discard, theirs)
		err := negotiate(t.Context(), ours, nil, defaults())
		if !errors.Is(err, errno.ETIMEDOUT) || time.Since(begin) != socksTimeout {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
	})
}

func TestSocksCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			io.ReadFull(theirs, make([]byte, 3))
			cancel()
		}()
		o := defaults(func(o *option.Options) { o.ConnectTimeout = 60_000 })
		if err := negotiate(ctx, ours, nil, o); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

// TestSocksDial goes through a whole proxy, by a name that only it knows.
func TestSocksDial(t *testing.T) {
	proxy := listen(t, "127.0.0.1:*", defaults())
	seen := make(chan []byte, 1)
	go func() {
		defer close(seen)
		c, err := proxy.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		io.ReadFull(c, make([]byte, 3))
		c.Write([]byte{5, 0})
		call := make([]byte, 4+1+len("only.proxy")+2)
		io.ReadFull(c, call)
		seen <- call
		c.Write(append(unhex(t, granted), "hello"...))
	}()
	o := defaults(func(o *option.Options) { o.SocksProxy = address(proxy) })
	c := dialTo(t, "only.proxy:5555", o)
	if hello, err := io.ReadAll(c); string(hello) != "hello" {
		t.Errorf("peer says %q, %v", hello, err)
	}
	if call := <-seen; string(call[5:15]) != "only.proxy" {
		t.Errorf("request %x", call)
	}
}

func TestSocksDialErrors(t *testing.T) {
	gone := listen(t, "127.0.0.1:*", defaults())
	gone.Close()
	for _, c := range []struct {
		proxy, rest string
		err         errno.Errno
	}{
		{"127.0.0.1", "127.0.0.1:5555", errno.EINVAL},
		{address(gone), "127.0.0.1:0", errno.EINVAL},
		{address(gone), "127.0.0.1:5555", errno.ECONNREFUSED},
	} {
		o := defaults(func(o *option.Options) { o.SocksProxy = c.proxy })
		if _, err := (Transport{}).Dial(t.Context(), c.rest, o); !errors.Is(err, c.err) {
			t.Errorf("%s through %s: %v, want %v", c.rest, c.proxy, err, c.err)
		}
	}
}

// FuzzSocks feeds any bytes to the client as the proxy's answers: it ends, and
// reads no more than a reply can have.
func FuzzSocks(f *testing.F) {
	for _, answers := range []string{
		"0500" + granted, "0502 0100" + granted, "0500 05000003 04 612e6263 1234", "05ff", "0500 05050001 00000000 0000",
	} {
		b, _ := hex.DecodeString(strings.ReplaceAll(answers, " ", ""))
		f.Add("joe", b)
		f.Add("", b)
	}
	f.Fuzz(func(t *testing.T, user string, answers []byte) {
		c := &answering{left: answers}
		o := defaults(func(o *option.Options) { o.SocksUsername = user })
		err := negotiate(t.Context(), c, []byte("x"), o)
		if used := len(answers) - len(c.left); used > 2+2+4+256+2 {
			t.Errorf("read %d bytes", used)
		}
		if err == nil && !bytes.HasPrefix(answers, []byte{socksVersion}) {
			t.Errorf("accepted %x", answers)
		}
	})
}

// answering is a connection that takes every write and reads what is left.
type answering struct {
	recording
	left []byte
}

func (a *answering) Write(p []byte) (int, error) { return len(p), nil }

func (a *answering) Read(p []byte) (int, error) {
	if len(a.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p, a.left)
	a.left = a.left[n:]
	return n, nil
}
