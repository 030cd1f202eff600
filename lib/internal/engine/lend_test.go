package engine

import (
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"ztools/lib/internal/pipe"
	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

// Interrupt ends the read of a borrower and nothing else: whoever reads next finds
// the connection as it was.
func TestInterruptEndsOneRead(t *testing.T) {
	e, r, peer := borrowable(t)
	borrowed := make(chan bool)
	go func() { borrowed <- e.Borrow(nil, false) }()
	for !e.borrowing() {
		runtime.Gosched()
	}
	e.Interrupt()
	if !<-borrowed {
		t.Error("nothing was borrowed")
	}
	e.Interrupt() // too late to matter
	peer.Write(ztest.Frame(0, "hello"))
	peer.Close()
	if err := e.ReadLoop(); !errors.Is(err, io.EOF) {
		t.Errorf("ended with %v", err)
	}
	if got := r.received(); len(got) != 1 || got[0][0] != "hello" {
		t.Errorf("received %q", got)
	}
	e.Stop()
	e.Detach()
}

func (e *Engine) borrowing() bool {
	e.deadline.mu.Lock()
	defer e.deadline.mu.Unlock()
	return e.deadline.reading
}

// Glance reads what is there and does not wait for more.
func TestGlance(t *testing.T) {
	e, r, peer := borrowable(t)
	if e.Glance(true) < 0 {
		t.Fatal("the reading is not lent out")
	}
	peer.Write(ztest.Frame(0, "hello"))
	for !r.sock.CheckRead() {
		if e.Glance(true) < 0 {
			t.Fatal("the reading was called back")
		}
		runtime.Gosched()
	}
	if got := r.received(); len(got) != 1 || got[0][0] != "hello" {
		t.Errorf("received %q", got)
	}
	peer.Close()
	for e.Glance(true) >= 0 {
		runtime.Gosched()
	}
	if len(e.loan.back) == 0 || e.loan.err == nil {
		t.Errorf("ReadLoop is not called back to end the connection: %v", e.loan.err)
	}
	if e.Glance(true) >= 0 {
		t.Error("the reading is lent out again")
	}
	e.Stop()
	e.Detach()
}

// What the pipe had no room for is delivered by the next look, though nothing more
// comes.
func TestGlanceDeliversTheRest(t *testing.T) {
	e, r, peer := borrowable(t)
	r.sock.SetLimits(pipe.Limit{}, pipe.Limit{Snd: pipe.NoBoost, Rcv: 2})
	peer.Write(append(append(ztest.Frame(0, "1"), ztest.Frame(0, "2")...), ztest.Frame(0, "3")...))
	for !e.loan.full {
		e.Glance(true)
		runtime.Gosched()
	}
	if got := r.received(); len(got) != 2 {
		t.Fatalf("received %q", got)
	}
	e.Glance(false)
	if got := r.received(); len(got) != 1 || got[0][0] != "3" {
		t.Errorf("received %q", got)
	}
	e.Stop()
	e.Detach()
}

// Recall calls ReadLoop back, but only if it has left.
func TestRecall(t *testing.T) {
	e, _, _ := borrowable(t)
	e.Recall()
	if len(e.loan.back) == 0 {
		t.Error("ReadLoop is not called back")
	}
	<-e.loan.back
	e.loan.vacant = false
	e.Recall()
	if len(e.loan.back) != 0 {
		t.Error("ReadLoop is called back, and had not left")
	}
	e.Stop()
	e.Detach()
}

// A part of a message is nothing that the socket would come to fetch: the reading
// must not be left to it then.
func TestNothingIsLentInTheMiddleOfAMessage(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(nil)
	r.lend.Store(true)
	e := r.connect(Config{Conn: conn, Result: &Result{Version: wire.ZMTP31}})
	if _, err := peer.Write(ztest.Frame(1, "first")); err != nil {
		t.Fatal(err)
	}
	r.lend.Store(false)
	if _, err := peer.Write(ztest.Frame(0, "second")); err != nil {
		t.Fatal(err)
	}
	if got := r.recv(); len(got) != 2 || got[0] != "first" || got[1] != "second" {
		t.Errorf("got %q", got)
	}
	if err := e.end(); err == nil {
		t.Error("the connection ended in order")
	}
	if e.loan.back != nil {
		t.Error("the reading was lent in the middle of a message")
	}
}

// borrowable makes an engine as it is while ReadLoop has left the reading to others.
func borrowable(t *testing.T) (e *Engine, r *rig, peer net.Conn) {
	conn, peer := loopback(t)
	r = newRig(nil)
	e = New(Config{Conn: conn, Result: &Result{Version: wire.ZMTP31}, Options: &r.opts, Pool: &r.pool}, r.port)
	e.in.buf.pool, e.in.max = e.pool, bufferSize
	if _, open := e.loan.open(); !open {
		t.Fatal("nothing was lent")
	}
	return e, r, peer
}

// A Recv that took what ReadLoop delivered, and waits again before ReadLoop has left,
// waits for ReadLoop, which must not leave then.
func TestNothingIsLentWhileSomebodyWaits(t *testing.T) {
	conn, peer := loopback(t)
	r := newRig(nil)
	r.lend.Store(true)
	e := New(Config{Conn: conn, Result: &Result{Version: wire.ZMTP31}, Options: &r.opts, Pool: &r.pool}, r.port)
	got := make(chan message, 2)
	r.fetch = func() { // in ReadLoop, still before it leaves
		for _, m := range r.received() { // all there is
			got <- m
		}
		if e.Borrow(nil, false) {
			t.Error("could borrow")
		}
	}
	over := make(chan error, 1)
	go func() { over <- e.ReadLoop() }()
	for _, text := range []string{"first", "second"} {
		if _, err := peer.Write(ztest.Frame(0, text)); err != nil {
			t.Fatal(err)
		}
		if m := <-got; m[0] != text {
			t.Errorf("got %q, want %q", m, text)
		}
	}
	e.Stop()
	<-over
	e.Detach()
	if e.loan.back != nil {
		t.Error("the reading was lent although somebody waited for it")
	}
}

// Who finds the loan in other hands for a moment, and so waits, is not forgotten: ReadLoop
// does not stay away.
func TestLoanThatWasMissedEnds(t *testing.T) {
	e, r, _ := borrowable(t)
	r.lend.Store(true)
	e.loan.mu.Lock()
	if e.Borrow(nil, false) {
		t.Error("could borrow")
	}
	e.loan.mu.Unlock()
	if err := e.lend(); err != nil || !r.lend.Load() {
		t.Errorf("ended with %v; lends %t", err, r.lend.Load())
	}
	e.Stop()
	e.Detach()
}

// A borrower that was there when the time was up is no reason to take the reading back:
// the time begins anew when it leaves.
func TestVacancyBeginsWhenTheBorrowerLeaves(t *testing.T) {
	e, _, peer := borrowable(t)
	e.loan.timer.Stop()
	e.loan.overdue.Store(true)
	if _, err := peer.Write(ztest.Frame(0, "hello")); err != nil {
		t.Fatal(err)
	}
	if !e.Borrow(nil, false) {
		t.Error("could not borrow")
	}
	if len(e.loan.back) > 0 {
		t.Error("ReadLoop was called back")
	}
	<-e.loan.timer.C
	e.Stop()
	e.Detach()
}

// After a term of many loans ReadLoop stays away longer, unless the peer waits for
// answers to PING, subscribes, or sends many requests at once.
func TestNextTerm(t *testing.T) {
	for _, c := range []struct {
		term, want time.Duration
		loans      uint64
		pinged     bool
		ripened    bool
		takes      []string
	}{
		{term: vacancy, loans: brisk, want: 2 * vacancy},
		{term: vacancyMost, loans: 1000, want: vacancyMost},
		{term: vacancyMost, loans: brisk - 1, want: vacancy},
		{term: vacancy, loans: brisk, pinged: true, want: vacancy},
		{term: vacancy, loans: brisk, takes: commands(true), want: vacancy},
		{term: vacancyMost, loans: brisk, ripened: true, want: vacancy},
	} {
		e := &Engine{takes: c.takes}
		e.loan.pinged.Store(c.pinged)
		e.turn.ripened.Store(c.ripened)
		if got := e.nextTerm(c.term, c.loans); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// A peer that leaves while nobody is reading for long gets nothing more: what is sent
// stays for the next connection.
func TestSendLooksForTheEndOfALongVacancy(t *testing.T) {
	for _, c := range []struct {
		name          string
		leaves, looks bool
	}{{"here", false, true}, {"left", true, true}, {"left a moment ago", true, false}} {
		t.Run(c.name, func(t *testing.T) {
			e, r, peer := borrowable(t)
			r.eager.Store(true)
			e.loan.long.Store(true)
			peer.Write(ztest.Frame(0, "hello"))
			if !e.Borrow(nil, false) {
				t.Fatal("could not borrow")
			}
			if c.looks {
				e.loan.left.Add(-int64(vacancy))
			} else {
				e.loan.left.Add(int64(time.Hour))
			}
			if c.leaves {
				peer.Close()
				for !e.link.ended() {
					runtime.Gosched()
				}
			}
			r.send(t, message{"request"})
			stays := c.leaves && c.looks
			if got := r.port.Pipe.Unsent() > 0; got != stays {
				t.Errorf("the request is unsent: %t", got)
			}
			if got := len(e.loan.back) > 0; got != stays {
				t.Errorf("ReadLoop is called back: %t", got)
			}
			e.Stop()
			e.Detach()
		})
	}
}
