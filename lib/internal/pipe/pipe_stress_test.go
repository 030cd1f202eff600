package pipe

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"testing"

	"ztools/lib/internal/msg"
)

// waiter lets a goroutine sleep until its end is told something.
type waiter struct {
	wake   chan struct{}
	closed atomic.Bool
}

func newWaiter() *waiter { return &waiter{wake: make(chan struct{}, 1)} }

func (w *waiter) Readable(*Pipe) {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}
func (w *waiter) Writable(p *Pipe) { w.Readable(p) }
func (w *waiter) Closed(p *Pipe) {
	w.closed.Store(true)
	w.Readable(p)
}

// TestStress passes messages of one to three parts, some of them large, from
// one goroutine to another through pipes of many limits, which change on the
// way. A lost wake-up shows as a test that never ends.
func TestStress(t *testing.T) {
	for _, hwm := range []int{0, 1, 2, 3, 10, 1000} {
		t.Run(fmt.Sprint("hwm", hwm), func(t *testing.T) {
			pool := &msg.Pool{}
			a, b := New(Config{Pool: pool, AtoB: Limit{hwm, NoBoost}, BtoA: Limit{hwm, NoBoost}})
			writer, reader := newWaiter(), newWaiter()
			a.Own(writer)
			b.Own(reader)
			const n = 3000
			done := make(chan error)
			go func() { done <- stressRead(b, reader, n) }()
			for i := range n {
				if i%1000 == 999 {
					l := Limit{hwm + i%7, NoBoost}
					a.SetLimits(l, l)
				}
				stressWrite(a, writer, pool, i)
			}
			a.Shut()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if out, _ := a.Queued(); out < 0 || out > n {
				t.Errorf("%d queued", out)
			}
		})
	}
}

// stressWrite writes message i, whose parts all hold its number.
func stressWrite(p *Pipe, w *waiter, pool *msg.Pool, i int) {
	parts := i%3 + 1
	if i%5 == 0 && p.Write(&msg.Msg{Body: []byte("taken back"), Flags: msg.More}) {
		p.Rollback()
	}
	for part := 1; part <= parts; part++ {
		m := msg.Msg{Body: fmt.Append(nil, i)}
		if i%17 == 0 {
			m.Body, m.Buf = pool.Copy(append(m.Body, make([]byte, msg.RefMin)...))
		}
		if part < parts {
			m.Flags = msg.More
		}
		for !p.Write(&m) {
			<-w.wake
		}
	}
}

// stressRead checks n messages and then that the end was told.
func stressRead(p *Pipe, w *waiter, n int) error {
	pool := p.in.pool
	for i := range n {
		for more := true; more; {
			var m msg.Msg
			for !p.Read(&m) {
				<-w.wake
			}
			number, _, _ := bytes.Cut(m.Body, []byte{0})
			if string(number) != fmt.Sprint(i) {
				return fmt.Errorf("%q instead of %d", number, i)
			}
			pool.Put(m.Buf)
			more = m.HasMore()
		}
	}
	for !w.closed.Load() {
		if p.CheckRead() {
			return fmt.Errorf("more than %d messages", n)
		}
		if !w.closed.Load() {
			<-w.wake
		}
	}
	return nil
}

// TestStressClose closes one end while the other one writes and reads.
func TestStressClose(t *testing.T) {
	for range 200 {
		a, b := New(Config{Pool: &msg.Pool{}, AtoB: Limit{3, NoBoost}, BtoA: Limit{3, NoBoost}})
		w := newWaiter()
		a.Own(w)
		started := make(chan struct{})
		go func() {
			<-started
			readAll(b)
			b.Close()
		}()
		for i := 0; !a.Gone(); i++ {
			if i == 2 {
				close(started)
			}
			if !write(a, "1.2") && !a.Gone() {
				<-w.wake
			}
		}
		for a.CheckRead(); !w.closed.Load(); a.CheckRead() {
			<-w.wake
		}
		a.Close()
	}
}
