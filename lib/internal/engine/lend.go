package engine

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Who reads. Normally that is ReadLoop, and a goroutine that waits in Recv is
// woken by it. For a socket with one peer that change of goroutine costs more
// than the read itself, since the scheduler starts another thread for it. Such a
// socket sets Port.Lend when it waits, and then
//
//	1 lend    ReadLoop, having delivered something, leaves the reading to
//	2 Borrow  the goroutine that waits for the next message: it reads once
//	3 busy    if nobody has borrowed for a while, ReadLoop reads again, and
//	          lends no more until the socket waits again
//
// A Recv that waits and could not borrow has missed the loan: it waits for
// ReadLoop to deliver something, so ReadLoop must not be away.
//
// Interrupt ends a Borrow that is waiting for bytes. Who waits outside Go waits for the
// connection's descriptor, and each Glance is a Borrow that does not wait.

// vacancy is how long nobody may be reading, at least, before ReadLoop is called
// back; it also bounds how much later the end of a connection is noticed.
// BenchmarkRoundTrip/tcp and BenchmarkThroughput/ipc/1048576 (lib/zmq).
//
// A timer that is due soon makes each wait of the process dearer, in a virtual machine
// by 3 µs, since the system sets the processor's clock for it and then back. So after a
// term of brisk loans the next one is twice as long, until vacancyMost. A Send after a
// pause then looks whether the connection has ended meanwhile (unheeded), and so loses
// no message that it would not have lost otherwise.
// make compare CELL=tcp/lat/16,ipc/lat/16.
const (
	vacancy     = 5 * time.Millisecond
	vacancyMost = 80 * time.Millisecond
	brisk       = 16
)

// errNothing says that there was nothing to read, and that it was not waited for.
var errNothing = errors.New("nothing to read")

// errFull says that the pipe took no more while the reading was lent out.
var errFull = errors.New("pipe is full")

// loan is the state of the reading.
type loan struct {
	mu     sync.Mutex // held by who reads what was lent, else for moments; guards the fields below
	vacant bool       // ReadLoop has left
	err    error      // what ended the connection while it was lent out

	back    chan struct{} // calls ReadLoop back; made by the first loan
	timer   *time.Timer   // ends a vacancy; made with back
	overdue atomic.Bool   // the timer has rung while a borrower was there, who winds it again
	used    atomic.Uint64 // counts the loans
	long    atomic.Bool   // the term is longer than a vacancy
	begun   time.Time     // made with back: where left counts from
	left    atomic.Int64  // when the last borrower has left, if the term is long; 0 while one is there
	pinged  atomic.Bool   // the peer sends PING
	missed  atomic.Bool   // somebody waits who could not borrow since ReadLoop last delivered
	lent    bool          // owned by who reads: that is not ReadLoop
	full    bool          // owned by who reads: frames were left, since the pipe was full
}

// lendable reports whether the reading may be left to others. Not with heartbeats,
// since HEARTBEAT_TIMEOUT may be shorter than a vacancy.
func (e *Engine) lendable() bool {
	return e.link.canTry() && !e.raw && e.opts.HeartbeatIvl == 0 && !e.deadline.closing.Load()
}

// lend leaves the reading to others until it is called back, or until nobody
// has borrowed for a while. It returns the error that one of them met.
func (e *Engine) lend() error {
	l := &e.loan
	seen, open := l.open()
	if !open {
		return nil
	}
	defer e.Hurry()
	defer l.timer.Stop()
	term := vacancy
	for wait := true; wait && !l.missed.Load(); {
		select {
		case <-l.back:
			wait = false
		case <-e.done:
			wait = false
		case <-l.timer.C:
			loans, there := l.since(&seen)
			if loans > 0 {
				term = e.nextTerm(term, loans)
				l.long.Store(term > vacancy)
				l.timer.Reset(term)
			} else if !there {
				wait = false
				e.port.Lend.Store(false)
			}
			e.Hurry() // last: no turn begins in a long term
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.vacant = false
	l.overdue.Store(false)
	l.long.Store(false)
	l.left.Store(0)
	return l.err
}

// nextTerm is how long ReadLoop stays away after a term with so many loans. Who sends
// PING wants an answer in time, who subscribes wants what is published from then on, and
// whose request is one of many may wait for the end of a turn.
func (e *Engine) nextTerm(term time.Duration, loans uint64) time.Duration {
	if e.turn.ripened.Swap(false) || loans < brisk || e.loan.pinged.Load() || len(e.takes) > 0 {
		return vacancy
	}
	return min(2*term, vacancyMost)
}

// unheeded reports whether the connection has ended while nobody was reading for longer
// than a vacancy, and calls ReadLoop back then.
func (e *Engine) unheeded() bool {
	l := &e.loan
	left := l.left.Load()
	if left == 0 {
		return false
	}
	now := l.now()
	if now-left < int64(vacancy) || !l.left.CompareAndSwap(left, now) || !e.link.ended() {
		return false
	}
	e.Recall()
	return true
}

func (l *loan) now() int64 { return int64(time.Since(l.begun)) }

// open begins a vacancy and returns how many loans there were, unless somebody
// waits already for ReadLoop.
func (l *loan) open() (seen uint64, open bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.missed.Load() {
		return 0, false
	}
	if l.back == nil {
		l.back = make(chan struct{}, 1)
		l.timer = time.NewTimer(vacancy)
		l.begun = time.Now()
	}
	l.vacant = true
	l.timer.Reset(vacancy)
	return l.used.Load(), true
}

// since is how many loans began since it was last asked. If there were none, but a
// borrower is there now, the vacancy begins when it leaves.
func (l *loan) since(seen *uint64) (loans uint64, there bool) {
	l.overdue.Store(true)
	if there = !l.mu.TryLock(); !there {
		defer l.mu.Unlock()
	}
	used := l.used.Load()
	loans, *seen = used-*seen, used
	if !there || loans > 0 {
		l.overdue.Store(false)
	}
	return loans, there
}

// Borrow reads once, if ReadLoop has left the reading to others, and delivers
// what came. false means that it did not, so that the caller has to wait some
// other way. It also returns when wake holds something or Interrupt is called.
// answers says that the caller sends what answers that, and then waits again.
func (e *Engine) Borrow(wake <-chan struct{}, answers bool) bool {
	return e.use(func() error {
		e.endTurn()
		err := e.borrowed(wake)
		if answers && err == nil {
			e.beginTurn()
		}
		return err
	})
}

// Glance delivers what was left, and if read is set reads once without waiting. It
// returns the descriptor that becomes readable when another Glance is worthwhile; -1
// if the caller has to wait some other way.
func (e *Engine) Glance(read bool) int {
	if !e.use(func() error { return e.glanced(read) }) {
		return -1
	}
	return e.link.descriptor()
}

// use has somebody read what is lent; false if nothing is.
func (e *Engine) use(read func() error) bool {
	l := &e.loan
	if !l.mu.TryLock() {
		l.missed.Store(true) // who holds the lock looks at it on leaving
		if !l.mu.TryLock() {
			return false
		}
	}
	vacant := l.vacant
	if vacant {
		l.used.Add(1)
		l.left.Store(0)
		l.lent = true
		l.err = read()
		l.lent = false
		if l.long.Load() {
			l.left.Store(l.now())
		}
		if l.err != nil || !e.lendable() {
			l.vacant = false
			signal(l.back)
		}
	} else {
		l.missed.Store(true)
	}
	l.mu.Unlock()
	if vacant && l.missed.Load() {
		signal(l.back)
	}
	if l.overdue.CompareAndSwap(true, false) {
		l.timer.Reset(vacancy)
	}
	return vacant
}

func (e *Engine) glanced(read bool) error {
	if e.loan.full {
		if err := e.decodeLent(); err != nil {
			return err
		}
	}
	if !read || e.loan.full {
		return nil
	}
	e.link.patient(false)
	err := e.read()
	e.link.patient(true)
	return e.hadRead(err)
}

// Recall has ReadLoop read again, if it has left that to others.
func (e *Engine) Recall() {
	l := &e.loan
	l.missed.Store(true) // who has borrowed calls back
	if !l.mu.TryLock() {
		return
	}
	defer l.mu.Unlock()
	if l.vacant {
		signal(l.back)
	}
}

// borrowed is one read of a borrower, unless a former one has left frames for
// which the pipe had no room.
func (e *Engine) borrowed(wake <-chan struct{}) error {
	l := &e.loan
	if l.full {
		if err := e.decodeLent(); err != nil || len(wake) > 0 {
			return err
		}
	}
	e.deadline.borrow()
	var err error
	if len(wake) == 0 {
		err = e.read()
	}
	e.deadline.giveBack()
	return e.hadRead(err)
}

// hadRead goes on after a borrower's read.
func (e *Engine) hadRead(err error) error {
	switch {
	case err == nil:
		return e.decodeLent()
	case e.deadline.lapsed.Load() || err != errNothing && !errors.Is(err, os.ErrDeadlineExceeded):
		return e.readError(err)
	}
	return nil // interrupted, or nothing there; or goodbye was said, which ReadLoop sees to
}

// decodeLent delivers what the pipe has room for.
func (e *Engine) decodeLent() error {
	err := e.decode()
	e.loan.full = err == errFull
	if e.loan.full {
		return nil
	}
	return err
}

// roomLent is Engine.room for a borrower, which must not wait for itself.
func (e *Engine) roomLent() error {
	if e.port.Pipe.Room() > 0 || e.port.Pipe.Gone() {
		return nil
	}
	return errFull
}
