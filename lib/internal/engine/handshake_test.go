package engine_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ztools/lib/internal/engine"
	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/security"
	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

func TestMain(m *testing.M) { ztest.Main(m) }

const ourSignature = "ff 00*7 04 7f" // of a socket with the routing id "own"

// TestStages plays peers that say no more than they have reason to: each line
// is what we must have sent (<) before the peer says the next (>).
func TestStages(t *testing.T) {
	tests := map[string][]string{
		"1.0":           {"< " + ourSignature, "> 03 00 'me'", "< 'own'"},
		"1.0 anonymous": {"> 01", "< " + ourSignature, "> 00", "< 'own'"},
		"1.0 long":      {"> ff", "< " + ourSignature, "> 00*7 03 00", "< 'own'", "> 'me'"},
		"1.0 greeting":  {"< " + ourSignature, "> ff 00*7 03 7f", "< 03", "> 00", "< 05", "> 05", "< 04 00 'own'", "> 03 00 'me'"},
		"2.0":           {"< " + ourSignature, "> ff 00*7 03 7f", "< 03", "> 01", "< 05", "> 06", "< 00 03 'own'", "> 00 02 'me'"},
		"3.0":           {"< " + ourSignature, "> ff 00*7 03 7f", "< 03", "> 03", "< 01 'NULL' 00*48", "> 00 'NULL' 00*48", "< READY", "> READY"},
		"3.1":           {"< " + ourSignature, "> ff 00*7 03 7f", "< 03", "> 03", "< 01 'NULL' 00*48", "> 01 'NULL' 00*48", "> READY", "< READY"},
		"5.0":           {"< " + ourSignature, "> ff 00*7 03 7f", "< 03", "> 05", "< 01 'NULL' 00*48", "> 00 'NULL' 00*48", "> READY", "< READY"},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			conn, other := ztest.Pipe()
			peer := ztest.NewPeer(t, other)
			done := shake(conn, options("DEALER", "own"))
			for _, step := range steps {
				mark, text, _ := strings.Cut(step, " ")
				switch {
				case step == "< READY":
					peer.Expect(ztest.Ready("DEALER", "own"))
				case step == "> READY":
					peer.Send(ztest.Ready("ROUTER", "me"))
				case mark == "<":
					peer.Expect(ztest.Bytes(text))
				default:
					peer.Send(ztest.Bytes(text))
				}
			}
			r := <-done
			if r.err != nil {
				t.Fatal(r.err)
			}
			version, _, _ := strings.Cut(name, " ")
			if got := r.Version.String(); got != version && version != "5.0" {
				t.Errorf("peer speaks %s, want %s", got, version)
			}
		})
	}
}

// handshake runs one with the mechanism that o asks for.
func handshake(conn net.Conn, o *option.Options) (*engine.Result, error) {
	secure, err := security.Prepare(o, new(security.Memory))
	if err != nil {
		return nil, err
	}
	return engine.Handshake(context.Background(), conn, o, secure, nil)
}

// outcome is what Handshake returned.
type outcome struct {
	*engine.Result
	err error
}

func shake(conn net.Conn, o *option.Options) chan outcome {
	done := make(chan outcome, 1)
	go func() {
		r, err := handshake(conn, o)
		done <- outcome{r, err}
	}()
	return done
}

// TestTypes lets each socket type meet each other one.
func TestTypes(t *testing.T) {
	for a := 0; wire.SocketTypeName(a) != ""; a++ {
		for b := 0; wire.SocketTypeName(b) != ""; b++ {
			left, right := wire.SocketTypeName(a), wire.SocketTypeName(b)
			x, y := ztest.Pipe()
			one := shake(x, options(left, "l"))
			two := <-shake(y, options(right, "r"))
			legal := wire.Compatible(a, right)
			if (two.err == nil) != legal {
				t.Errorf("%s meets %s: %v", right, left, two.err)
			}
			if !legal {
				checkViolation(t, two.err, wire.InvalidMetadata, errno.EPROTO)
			} else if two.SocketType != left {
				t.Errorf("%s meets %s and takes it for %s", right, left, two.SocketType)
			}
			y.Close()
			if r := <-one; (r.err == nil) != legal {
				t.Errorf("%s meets %s: %v", left, right, r.err)
			}
		}
	}
}

func checkViolation(t *testing.T, err error, code wire.Code, no errno.Errno) {
	t.Helper()
	var violation *wire.ProtocolError
	if !errors.As(err, &violation) {
		t.Fatalf("got %v, want a protocol error", err)
	}
	if violation.Code != code || !errors.Is(err, no) || engine.CauseOf(err) != engine.Violated {
		t.Fatalf("got %v with code %#x, want code %#x and %v", err, violation.Code, code, no)
	}
}

func TestProperties(t *testing.T) {
	l := ztest.Listen(t, "tcp", "127.0.0.1:0")
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	done := shake(conn, options("ROUTER", ""))
	ready := "\x05READY\x0bsocket-type\x00\x00\x00\x06DEALER\x08Identity\x00\x00\x00\x02id" +
		"\x07User-Id\x00\x00\x00\x04root\x0cpeer-address\x00\x00\x00\x011\x05X-One\x00\x00\x00\x011\x05X-One\x00\x00\x00\x012"
	l.Peer().Send(ztest.Greeting("NULL"), ztest.Frame(4, ready), ztest.Frame(0, "early"))
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	want := map[string]string{"Socket-Type": "DEALER", "Identity": "id", "X-One": "1", "Peer-Address": "127.0.0.1"}
	if !reflect.DeepEqual(r.Properties, want) {
		t.Errorf("got %v, want %v", r.Properties, want)
	}
	if r.SocketType != "DEALER" || string(r.Identity) != "id" || r.Mechanism.State() != security.Ready {
		t.Errorf("got %+v", r.Result)
	}
}

// TestRest checks that what follows the handshake at once is not lost.
func TestRest(t *testing.T) {
	conn, other := ztest.Pipe()
	peer := ztest.NewPeer(t, other)
	peer.Send(append(append(ztest.Greeting("NULL"), ztest.Ready("PUSH", "")...), "more"...))
	r, err := handshake(conn, options("PULL", ""))
	if err != nil || string(r.Rest) != "more" {
		t.Fatalf("got %q, %v", r.Rest, err)
	}
}

// TestPeerAddress checks that a transport may say where the peer is, and that
// peers of all ages have the property.
func TestPeerAddress(t *testing.T) {
	for _, text := range []string{"01 00", "ff 00*7 01 7f 01 05 00 00"} {
		conn, other := ztest.Pipe()
		ztest.NewPeer(t, other).Send(ztest.Bytes(text))
		r, err := handshake(ipcConn{conn}, options("ROUTER", ""))
		if err != nil || r.Properties["Peer-Address"] != "localhost:0:0:1" {
			t.Errorf("%s: got %+v, %v", text, r, err)
		}
	}
}

type ipcConn struct{ net.Conn }

func (ipcConn) PeerAddress() string { return "localhost:0:0:1" }

func TestOwnReady(t *testing.T) {
	tests := []struct {
		socketType string
		metadata   [][2]string
		want       string
	}{
		{"DEALER", nil, "04 29 05 'READY' 0b 'Socket-Type' 000000 06 'DEALER' 08 'Identity' 000000 00"},
		{"PUB", nil, "04 19 05 'READY' 0b 'Socket-Type' 000000 03 'PUB'"},
		{"PUB", [][2]string{{"X-A", "b"}}, "04 22 05 'READY' 0b 'Socket-Type' 000000 03 'PUB' 03 'X-A' 000000 01 'b'"},
	}
	for _, test := range tests {
		conn, other := ztest.Pipe()
		peer := ztest.NewPeer(t, other)
		o := options(test.socketType, "")
		o.Metadata = test.metadata
		done := shake(conn, o)
		peer.Send(ztest.Greeting("NULL"))
		peer.Take(64)
		peer.Expect(ztest.Bytes(test.want))
		peer.Close()
		<-done
	}
}

// TestBadPeers is what a peer may do wrong, and what comes of it.
func TestBadPeers(t *testing.T) {
	const greeting = "ff 00*7 01 7f 03 01 'NULL' 00*48"
	tests := []struct {
		name  string
		set   func(*option.Options)
		bytes string
		code  wire.Code
		errno errno.Errno
	}{
		{"http", nil, "'GET' 20 '/' 20", wire.UnexpectedCommand, errno.EPROTO},
		{"1.0 size 0", nil, "00", wire.Unspecified, errno.EPROTO},
		{"1.0 identity with more", nil, "03 01 'me'", wire.UnexpectedCommand, errno.EPROTO},
		{"1.0 identity too long", nil, "ff 00*6 0101 00", wire.Unspecified, errno.EMSGSIZE},
		{"1.0 identity of 2^64-1 bytes", nil, "ff*9 fe", wire.Unspecified, errno.EMSGSIZE},
		{"1.0 where security is asked for", domain, "01 00", wire.Unspecified, errno.EPROTO},
		{"2.0 where security is asked for", domain, "ff 00*7 01 7f 01 05", wire.Unspecified, errno.EPROTO},
		{"2.0 identity is a command", nil, "ff 00*7 01 7f 01 05 04 00", wire.UnexpectedCommand, errno.EPROTO},
		{"2.0 identity too long", nil, "ff 00*7 01 7f 01 05 02 00*6 0100", wire.Unspecified, errno.EMSGSIZE},
		{"other mechanism", nil, "ff 00*7 01 7f 03 01 'PLAIN' 00*47", wire.MechanismMismatch, errno.EPROTO},
		{"mechanism with a tail", nil, "ff 00*7 01 7f 03 01 'NULL' 00*15 01 00*32", wire.MechanismMismatch, errno.EPROTO},
		{"message first", nil, greeting + " 00 01 'x'", wire.UnexpectedCommand, errno.EPROTO},
		{"ready that is no command", nil, greeting + " 00 06 05 'READY'", wire.UnexpectedCommand, errno.EPROTO},
		{"command with more", nil, greeting + " 05 06 05 'READY'", wire.MalformedUnspecified, errno.EPROTO},
		{"reserved flag", nil, greeting + " 0c 06 05 'READY'", wire.Unspecified, errno.EPROTO},
		{"empty command", nil, greeting + " 04 00", wire.UnexpectedCommand, errno.EPROTO},
		{"name beyond the frame", nil, greeting + " 04 06 06 'READY'", wire.UnexpectedCommand, errno.EPROTO},
		{"unknown command", nil, greeting + " 04 06 05 'HELLO'", wire.UnexpectedCommand, errno.EPROTO},
		{"ping first", nil, greeting + " 04 07 04 'PING' 0000", wire.UnexpectedCommand, errno.EPROTO},
		{"half a property", nil, greeting + " 04 07 05 'READY' 01", wire.InvalidMetadata, errno.EPROTO},
		{"property without name", nil, greeting + " 04 0b 05 'READY' 00*5", wire.InvalidMetadata, errno.EPROTO},
		{"lying value size", nil, greeting + " 04 0d 05 'READY' 01 'A' ffffffff 00", wire.InvalidMetadata, errno.EPROTO},
		{"too many properties", nil, greeting + " 06 00*6 0608 05 'READY' 014100000000*257", wire.InvalidMetadata, errno.EPROTO},
		{"identity of 256 bytes", nil, greeting + " 06 00*6 0113 05 'READY' 08 'Identity' 00000100 61*256", wire.InvalidMetadata, errno.EPROTO},
		{"same type", nil, greeting + " 04 1a 05 'READY' 0b 'Socket-Type' 00000004 'PULL'", wire.InvalidMetadata, errno.EPROTO},
		{"error without reason", nil, greeting + " 04 06 05 'ERROR'", wire.MalformedError, errno.EPROTO},
		{"error with a lying reason", nil, greeting + " 04 0a 05 'ERROR' 04 'bad'", wire.MalformedError, errno.EPROTO},
		{"error of its own", nil, greeting + " 04 0a 05 'ERROR' 03 'bad'", wire.Unspecified, errno.EPROTO},
		{"command above MAXMSGSIZE", maxSize(5), greeting + " 04 06", wire.Unspecified, errno.EMSGSIZE},
		{"command above the bound", nil, greeting + " 06 00*5 010001", wire.Unspecified, errno.EMSGSIZE},
		{"command of 2^64-1 bytes", nil, greeting + " 06 ff*8", wire.Unspecified, errno.EMSGSIZE},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := options("PULL", "")
			if test.set != nil {
				test.set(o)
			}
			synctest.Test(t, func(t *testing.T) { // where waiting for more costs no time
				conn, other := ztest.Pipe()
				ztest.NewPeer(t, other).Send(ztest.Bytes(test.bytes))
				_, err := handshake(conn, o)
				checkViolation(t, err, test.code, test.errno)
			})
		})
	}
}

func domain(o *option.Options) { o.ZAPDomain = "global" }

func maxSize(n int64) func(*option.Options) {
	return func(o *option.Options) { o.MaxMsgSize = n }
}

func TestRefused(t *testing.T) {
	for reason, status := range map[string]int{"300": 300, "400": 400, "500": 500} {
		conn, other := ztest.Pipe()
		ztest.NewPeer(t, other).Send(ztest.Greeting("NULL"), ztest.Frame(4, "\x05ERROR\x03"+reason))
		_, err := handshake(conn, options("SUB", ""))
		var refusal *security.AuthError
		if !errors.As(err, &refusal) || refusal.Status != status || engine.CauseOf(err) != engine.Refused {
			t.Errorf("%s: got %v", reason, err)
		}
	}
}

// TestLost ends the connection behind every byte of a handshake.
func TestLost(t *testing.T) {
	whole := append(ztest.Greeting("NULL"), ztest.Ready("PUSH", "")...)
	for n := range whole {
		conn, other := ztest.Pipe()
		other.Write(whole[:n])
		other.CloseWrite()
		_, err := handshake(conn, options("PULL", ""))
		if !errors.Is(err, io.EOF) || engine.CauseOf(err) != engine.Lost {
			t.Fatalf("after %d bytes: %v", n, err)
		}
	}
}

// TestClosed closes our own end while the handshake waits.
func TestClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, _ := ztest.Pipe()
		done := shake(conn, options("PULL", ""))
		synctest.Wait()
		conn.Close()
		if r := <-done; !errors.Is(r.err, net.ErrClosed) {
			t.Errorf("got %v", r.err)
		}
	})
}

// TestInterval plays peers that waste time. HANDSHAKE_IVL bounds the handshake
// as a whole.
func TestInterval(t *testing.T) {
	whole := append(ztest.Greeting("NULL"), ztest.Ready("PUSH", "")...)
	tests := map[string]struct {
		bytes []byte
		every time.Duration
	}{
		"silent":          {nil, 0},
		"half a greeting": {whole[:32], 0},
		"no ready":        {whole[:64], 0},
		"dribbles":        {whole, time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn, other := ztest.Pipe()
				begin := time.Now()
				done := shake(conn, options("PULL", ""))
				var r outcome
				for _, b := range test.bytes {
					select {
					case r = <-done:
					case <-time.After(test.every):
						other.Write([]byte{b})
						continue
					}
					break
				}
				if r.err == nil {
					r = <-done
				}
				if took := time.Since(begin); took != 30*time.Second {
					t.Errorf("it took %v", took)
				}
				if !errors.Is(r.err, os.ErrDeadlineExceeded) || engine.CauseOf(r.err) != engine.TimedOut {
					t.Errorf("got %v", r.err)
				}
				other.Close()
			})
		})
	}
}

// TestDeadlineCleared checks that HANDSHAKE_IVL ends with the handshake, and
// that 0 means none.
func TestDeadlineCleared(t *testing.T) {
	for _, ivl := range []int{0, 30000} {
		synctest.Test(t, func(t *testing.T) {
			conn, other := ztest.Pipe()
			o := options("PULL", "")
			o.HandshakeIvl = ivl
			done := shake(conn, o)
			<-time.After(time.Duration(29) * time.Second)
			other.Write(append(ztest.Greeting("NULL"), ztest.Ready("PUSH", "")...))
			if r := <-done; r.err != nil {
				t.Fatal(r.err)
			}
			go func() {
				<-time.After(time.Hour)
				other.Close()
			}()
			if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("with %d ms: %v", ivl, err)
			}
		})
	}
}

// FuzzHandshake feeds arbitrary bytes in arbitrary pieces. Whatever they are,
// the handshake ends, and what it did not use is given back.
func FuzzHandshake(f *testing.F) {
	whole := append(ztest.Greeting("NULL"), ztest.Ready("DEALER", "id")...)
	f.Add(whole, 1)
	f.Add(append(whole, ztest.Frame(0, "x")...), 1000)
	f.Add(ztest.Bytes("03 00 'me' 02 00 'x'"), 3)
	f.Add(ztest.Bytes("ff 00*7 03 00 'me'"), 20)
	f.Add(ztest.Bytes("ff 00*7 01 7f 00 05 01 00"), 2)
	f.Add(ztest.Bytes("ff 00*7 01 7f 01 05 00 00"), 2)
	f.Add(ztest.Bytes("ff 00*7 01 7f 03 00 'NULL' 00*48 04 0a 05 'ERROR' 03 '400'"), 64)
	f.Fuzz(func(t *testing.T, sent []byte, piece int) {
		conn, other := ztest.Pipe()
		other.Write(sent)
		other.CloseWrite()
		r, err := handshake(pieces{conn, max(piece, 1)}, options("ROUTER", ""))
		if err != nil {
			return
		}
		unread, _ := io.ReadAll(conn)
		left := len(r.Rest) + len(unread)
		if left >= len(sent) || string(sent[len(sent)-left:]) != string(r.Rest)+string(unread) {
			t.Errorf("of %x is left %x and %x", sent, r.Rest, unread)
		}
		if len(r.Identity) > 255 || (r.Version >= wire.ZMTP30) != (r.Mechanism != nil) {
			t.Errorf("got %+v", r)
		}
	})
}
