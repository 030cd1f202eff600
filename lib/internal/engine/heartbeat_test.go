package engine

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

// idlePeer is a connection in memory to a peer that does what the test says.
func idlePeer(t *testing.T, v wire.Version, edit func(o *option.Options)) (*rig, *running, *ztest.PipeConn) {
	conn, other := ztest.Pipe()
	r := newRig(edit)
	return r, r.connect(Config{Conn: conn, Result: &Result{Version: v}}), other
}

// expectPings reads pings and checks when they come: seconds after start.
func expectPings(t *testing.T, other *ztest.PipeConn, ping string, start time.Time, seconds ...int) {
	t.Helper()
	for _, s := range seconds {
		b := make([]byte, len(ping))
		if _, err := other.Read(b); err != nil || string(b) != ping {
			t.Fatalf("got %q, %v", b, err)
		}
		if d := time.Since(start); d != time.Duration(s)*time.Second {
			t.Errorf("after %v, wanted %d s", d, s)
		}
	}
}

// TestHeartbeat: a peer that answers stays, and one that falls silent is given
// up HEARTBEAT_TIMEOUT after the first PING that it does not answer.
func TestHeartbeat(t *testing.T) {
	tests := []struct {
		timeout int // milliseconds; -1: HEARTBEAT_IVL
		silence time.Duration
	}{
		{-1, 2 * time.Second},
		{500, 1500 * time.Millisecond},
		{7000, 8 * time.Second},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			_, l, other := idlePeer(t, wire.ZMTP31, func(o *option.Options) {
				o.HeartbeatIvl, o.HeartbeatTimeout, o.HeartbeatTTL = 1000, test.timeout, 1500
			})
			start := time.Now()
			for s := 1; s <= 3; s++ {
				expectPings(t, other, "\x04\x07\x04PING\x00\x0f", start, s)
				other.Write(ztest.Frame(4, "\x04PONG"))
			}
			synctest.Wait()
			err := l.wait()
			if !errors.Is(err, errno.ETIMEDOUT) {
				t.Errorf("ended with %v", err)
			}
			if d := time.Since(start) - 3*time.Second; d != test.silence {
				t.Errorf("gave up after %v, wanted %v", d, test.silence)
			}
		})
	}
}

// TestRoundTrip: how long the first PING of those under way takes to be answered; a
// PONG that nobody asked for says nothing.
func TestRoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, l, other := idlePeer(t, wire.ZMTP31, func(o *option.Options) {
			o.HeartbeatIvl, o.HeartbeatTimeout = 1000, 0
		})
		expect := func(want time.Duration) {
			t.Helper()
			synctest.Wait()
			if got := r.port.Engine().RoundTrip(); got != want {
				t.Errorf("%v, want %v", got, want)
			}
		}
		const ping = "\x04\x07\x04PING\x00\x00"
		start := time.Now()
		pong := func(after time.Duration) {
			<-time.After(time.Until(start.Add(after)))
			other.Write(ztest.Frame(4, "\x04PONG"))
		}
		pong(500 * time.Millisecond)
		expect(0)
		expectPings(t, other, ping, start, 1)
		pong(1250 * time.Millisecond)
		expect(250 * time.Millisecond)
		expectPings(t, other, ping, start, 2, 3)
		pong(3500 * time.Millisecond)
		expect(1500 * time.Millisecond)
		pong(3600 * time.Millisecond)
		expect(1500 * time.Millisecond)
		expectPings(t, other, ping, start, 4)
		pong(4100 * time.Millisecond)
		expect(100 * time.Millisecond)
		l.end()
	})
}

// awaiting is a host that notes whether an answer is expected when the first PING is
// about to be written.
type awaiting struct {
	*rig
	owed bool
}

func (a *awaiting) Write(e *Engine) {
	a.owed = e.deadline.owed.Load()
	a.rig.Write(e)
}

// TestHeartbeatAnsweredAtOnce: an answer cannot come before it is expected, after
// which it would be missed.
func TestHeartbeatAnsweredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, other := ztest.Pipe()
		a := &awaiting{rig: newRig(func(o *option.Options) { o.HeartbeatIvl = 1000 })}
		a.port = NewPort(a.port.Pipe, &a.eager, &a.lend, a)
		l := a.connect(Config{Conn: conn, Result: &Result{Version: wire.ZMTP31}})
		expectPings(t, other, "\x04\x07\x04PING\x00\x00", time.Now(), 1)
		l.end()
		if !a.owed {
			t.Error("the PING was sent first")
		}
	})
}

// TestHeartbeatAnyFrame: any frame shows that the peer lives.
func TestHeartbeatAnyFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, l, other := idlePeer(t, wire.ZMTP31, func(o *option.Options) { o.HeartbeatIvl = 1000 })
		start := time.Now()
		for s := 1; s <= 5; s++ {
			expectPings(t, other, "\x04\x07\x04PING\x00\x00", start, s)
			other.Write(ztest.Frame(0, "alive"))
			if got := r.recv(); got[0] != "alive" {
				t.Errorf("got %q", got)
			}
		}
		l.end()
	})
}

// TestNoHeartbeat: peers before ZMTP 3.0 know none, and without HEARTBEAT_IVL
// there is none.
func TestNoHeartbeat(t *testing.T) {
	for v, interval := range map[wire.Version]int{wire.ZMTP31: 0, wire.ZMTP20: 1000, wire.ZMTP10: 1000} {
		synctest.Test(t, func(t *testing.T) {
			r, l, other := idlePeer(t, v, func(o *option.Options) { o.HeartbeatIvl = interval })
			other.SetReadDeadline(time.Now().Add(time.Hour))
			if n, err := other.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%v: got %d bytes, %v", v, n, err)
			}
			if r.writers.Load() != 0 {
				t.Errorf("%v: WriteLoop runs for nothing", v)
			}
			l.end()
		})
	}
}

// TestHeartbeatDeafPeer: a peer that reads no more is given up in time, although
// the PING waits behind a message that cannot be written.
func TestHeartbeatDeafPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, other := net.Pipe()
		defer other.Close()
		r := newRig(func(o *option.Options) { o.HeartbeatIvl, o.HeartbeatTimeout = 1000, 3000 })
		start := time.Now()
		r.send(t, message{"nobody reads this"})
		l := r.connect(Config{Conn: conn, Result: &Result{Version: wire.ZMTP31}})
		err := l.wait()
		if d := time.Since(start); !errors.Is(err, errno.ETIMEDOUT) || d != 4*time.Second {
			t.Errorf("ended with %v after %v", err, d)
		}
		if n := len(l.ctl.bytes); n != len("\x04\x07\x04PING\x00\x00") {
			t.Errorf("%d bytes of PINGs wait", n)
		}
	})
}

// TestHeartbeatFullPipe: as with libzmq the peer is given up also if its answers
// stand behind messages for which the socket has no room.
func TestHeartbeatFullPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, l, other := idlePeer(t, wire.ZMTP31, func(o *option.Options) {
			o.HeartbeatIvl, o.HeartbeatTimeout, o.RcvHWM = 1000, 3000, 1
		})
		start := time.Now()
		for range 10 {
			other.Write(ztest.Frame(0, "too much"))
		}
		other.Write(ztest.Frame(4, "\x04PONG"))
		err := l.wait()
		if d := time.Since(start); !errors.Is(err, errno.ETIMEDOUT) || d != 4*time.Second {
			t.Errorf("ended with %v after %v", err, d)
		}
	})
}

// TestHeartbeatEarlier: HEARTBEAT_TIMEOUT and the peer's TTL count side by side.
func TestHeartbeatEarlier(t *testing.T) {
	for ttl, silence := range map[string]time.Duration{
		"\x00\x32": 1300 * time.Millisecond, // 5 s, longer than HEARTBEAT_TIMEOUT
		"\x00\x0c": 1200 * time.Millisecond,
	} {
		synctest.Test(t, func(t *testing.T) {
			_, l, other := idlePeer(t, wire.ZMTP31, func(o *option.Options) {
				o.HeartbeatIvl, o.HeartbeatTimeout = 1000, 300
			})
			start := time.Now()
			other.Write(ztest.Frame(4, "\x04PING"+ttl))
			err := l.wait()
			if d := time.Since(start); !errors.Is(err, errno.ETIMEDOUT) || d != silence {
				t.Errorf("TTL %q: ended with %v after %v", ttl, err, d)
			}
		})
	}
}

// TestHeardAtOnce: a frame that comes while a PING is sent never leaves a deadline
// behind.
func TestHeardAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, l, other := idlePeer(t, wire.ZMTP31, nil)
		for range 20000 {
			ready, awaited := make(chan struct{}), make(chan struct{})
			go func() {
				close(ready)
				l.await(time.Second)
				close(awaited)
			}()
			<-ready
			l.heard()
			<-awaited
			l.heard()
		}
		<-time.After(time.Hour)
		other.Close()
		if err := l.wait(); !errors.Is(err, io.EOF) {
			t.Errorf("ended with %v", err)
		}
	})
}

// TestTTL: a PING may say how long its sender will be silent at most.
func TestTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, l, other := idlePeer(t, wire.ZMTP31, nil)
		other.Write(ztest.Frame(4, "\x04PING\x00\x0ahello"))
		synctest.Wait()
		<-time.After(999 * time.Millisecond)
		other.Write(ztest.Frame(0, "in time; and then it may be silent again"))
		synctest.Wait()
		<-time.After(time.Hour)
		other.Write(ztest.Frame(4, "\x04PING\x00\x0a"))
		start := time.Now()
		if err := l.wait(); !errors.Is(err, errno.ETIMEDOUT) || time.Since(start) != time.Second {
			t.Errorf("ended with %v after %v", err, time.Since(start))
		}
		pongs := ztest.Frame(4, "\x04PONGhello")
		pongs = append(pongs, ztest.Frame(4, "\x04PONG")...)
		got := make([]byte, len(pongs))
		if n, err := other.Read(got); string(got[:n]) != string(pongs) {
			t.Errorf("got %q, %v", got[:n], err)
		}
	})
}

// TestGoodbyeOfASilentPeer: a peer that does not close its side is not waited
// for long.
func TestGoodbyeOfASilentPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, l, other := idlePeer(t, wire.ZMTP31, nil)
		start := time.Now()
		r.send(t, message{"last"})
		r.sock.Close()
		if err := l.wait(); err != nil || time.Since(start) != lingerRead {
			t.Errorf("ended with %v after %v", err, time.Since(start))
		}
		got := make([]byte, 10)
		if n, _ := other.Read(got); string(got[:n]) != "\x00\x04last" {
			t.Errorf("got %q", got[:n])
		}
	})
}
