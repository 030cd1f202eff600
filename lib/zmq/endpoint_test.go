package zmq

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// fake is a scheme in the hands of a test.
type fake struct {
	lookup func() // is called where a host name would be looked up
	dial   func() (net.Conn, error)
	gone   *bool // what was opened is closed
}

func (f fake) Aliases(string, *option.Options) []string {
	f.lookup()
	return []string{"fake://alias"}
}

func (f fake) Listen(string, *option.Options) (transport.Listener, error) {
	f.lookup()
	return fakeListener{f.gone}, nil
}

func (f fake) Check(string, *option.Options) error { return nil }

func (f fake) Dial(context.Context, string, *option.Options) (net.Conn, error) { return f.dial() }

type fakeListener struct{ closed *bool }

func (l fakeListener) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (l fakeListener) Endpoint() string          { return "fake://bound" }
func (l fakeListener) Close() error              { *l.closed = true; return nil }

// fakeMedium is fake without connections.
type fakeMedium struct{ fake }

func (f fakeMedium) Open(string, bool, *option.Options) (transport.Carrier, error) {
	f.lookup()
	return fakeCarrier{nil, f.gone}, nil
}

type fakeCarrier struct {
	transport.Carrier // never called
	closed            *bool
}

func (c fakeCarrier) Close() error { *c.closed = true; return nil }

// TestNamesAreLookedUpAside: the socket can be used while one of its calls waits
// for a name server, and if it is closed meanwhile, that call leaves nothing behind.
func TestNamesAreLookedUpAside(t *testing.T) {
	calls := map[string]func(s *Socket, f fake) error{
		"bind": func(s *Socket, f fake) error { return s.listenLocked(f, "fake://name", "name") },
		"open": func(s *Socket, f fake) error { return s.enterLocked(fakeMedium{f}, "fake://name", "name", true) },
		"unbind": func(s *Socket, f fake) error {
			*f.gone = true // nothing was opened
			_, err := s.takeLocked(f, "fake://name", "name")
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			s := newTestSocket(t, newTestContext(t), Pub)
			gone := false
			f := fake{gone: &gone, lookup: func() {
				if !s.mu.TryLock() {
					t.Error("the socket is locked")
					return
				}
				s.mu.Unlock()
				check(t, s.Close())
			}}
			s.mu.Lock()
			err := call(s, f)
			s.mu.Unlock()
			if err != ENOTSOCK || !gone {
				t.Errorf("%v; closed what was opened: %t", err, gone)
			}
		})
	}
}

// TestReconnectPauses: what RECONNECT_IVL and RECONNECT_IVL_MAX mean for when a
// socket connects. A connection that came about, even if its handshake fails,
// starts the count again.
func TestReconnectPauses(t *testing.T) {
	const good = 5 // this attempt succeeds
	for _, c := range []struct {
		name     string
		ivl, max int
		want     []int // milliseconds between the attempts
	}{
		{"doubling", 100, 500, []int{100, 200, 400, 500, 500, 100, 200, 400, 500}},
		{"maximum below the interval", 100, 30, []int{30, 30, 30, 30, 30, 30}},
		{"never", -1, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var tried []time.Time
				pauses, retried := reconnect(t, c.ivl, c.max, max(len(c.want)+1, 2), func() (net.Conn, error) {
					tried = append(tried, time.Now())
					if len(tried) != good+1 {
						return nil, ECONNREFUSED
					}
					a, b := net.Pipe()
					b.Close()
					return a, nil
				})
				if !slices.Equal(pauses, c.want) || !slices.Equal(retried, c.want) {
					t.Errorf("pauses of %v, CONNECT_RETRIED with %v, wanted %v", pauses, retried, c.want)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		pauses, retried := reconnect(t, 100, 0, 100, func() (net.Conn, error) { return nil, ECONNREFUSED })
		if slices.Min(pauses) < 100 || slices.Max(pauses) >= 200 || slices.Min(pauses) == slices.Max(pauses) ||
			!slices.Equal(pauses, retried) {
			t.Errorf("with jitter: pauses of %v, CONNECT_RETRIED with %v", pauses, retried)
		}
	})
}

// reconnect lets a socket connect so many times, and an hour more if it does not.
// It returns the milliseconds between the attempts, and what CONNECT_RETRIED says.
func reconnect(t *testing.T, ivl, max, attempts int, dial func() (net.Conn, error)) (pauses, retried []int) {
	c := newTestContext(t)
	s := newTestSocket(t, c, Dealer)
	check(t, errors.Join(s.Set(ReconnectIvl, ivl), s.Set(ReconnectIvlMax, max)))
	ctx, stop := context.WithTimeout(t.Context(), time.Hour)
	defer stop()
	events := s.Events(ctx)
	var last time.Time
	n := 0
	f := fake{dial: func() (net.Conn, error) {
		if n++; n > 1 {
			pauses = append(pauses, int(time.Since(last)/time.Millisecond))
		}
		if last = time.Now(); n == attempts {
			stop()
		}
		return dial()
	}}
	s.mu.Lock()
	err := s.dialLocked(f, "fake://name", "name")
	s.mu.Unlock()
	check(t, err)
	for ev := range events {
		if ev.Kind == ConnectRetried {
			retried = append(retried, ev.Value)
		}
	}
	check(t, s.Close())
	check(t, c.Close())
	return pauses, retried
}

// TestHiccupsDoNotPileUp: a SUB that nobody calls while its connection breaks again
// and again.
func TestHiccupsDoNotPileUp(t *testing.T) {
	s := newTestSocket(t, newTestContext(t), Sub)
	check(t, errors.Join(s.Subscribe("x"), s.Set(ReconnectIvl, 1)))
	enough, tried := make(chan struct{}), 0
	f := fake{dial: func() (net.Conn, error) {
		if tried++; tried == 50 {
			close(enough)
		}
		a, b := net.Pipe()
		b.Close()
		return a, nil
	}}
	s.mu.Lock()
	err := s.dialLocked(f, "fake://name", "name")
	s.mu.Unlock()
	check(t, err)
	<-enough
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	if n := len(s.inbox.posts); n != 1 {
		t.Errorf("%d things are posted to the socket", n)
	}
}
