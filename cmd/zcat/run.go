package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// session is one run: its sockets, what goes through them, and why it ends.
type session struct {
	// Constant while the loops run.
	*config
	args *cli.Args
	log  *cli.Log
	zctx *zmq.Context
	gate cli.Gate
	in   *zmq.Socket // receives
	out  *zmq.Socket // sends; the same socket except in a pipe
	made []*zmq.Socket

	// ctx ends when the run is to end; its cause says why. hard ends when
	// waiting for anything else is over, too.
	ctx  context.Context
	stop context.CancelCauseFunc
	hard context.Context
	kill context.CancelFunc

	watching sync.Mutex // guards the two below: both directions call them
	watchers []watcher  // see each message; none in the plain path
	keepers  []*keeper  // the files of --record and --tee
	reports  []func()   // tell totals at the end
	trips    roundTrips // --rtt

	sent     atomic.Int64
	received atomic.Int64
	dropped  atomic.Int64 // answers whose peer had left
	traffic  atomic.Int64 // time of the last message, nanoseconds; kept for --idle
	complete atomic.Bool  // the work is done; what follows only waits
	lonely   atomic.Value // string: how the last connect failed, "" since a peer came

	signals  <-chan os.Signal
	deadline <-chan time.Time // --timeout
	helpers  sync.WaitGroup   // the goroutines of watch
	monitor  *cli.Monitor     // --monitor, or nil
	forced   error            // a second signal
	started  time.Time
	first    chan []byte // STREAM: routing id of the only peer
}

// direction is the way of a message, seen from here.
type direction int

const (
	inward direction = iota
	outward
)

// watcher sees a message that was sent or received.
type watcher func(direction, *cli.Record) error

// The reasons that end a run well.
var (
	errDone = errors.New("done")       // the work is done
	errGone = errors.New("peers gone") // --until-peers-gone
)

// run is zcat behind its command line.
func run(a *cli.Args) error {
	if a.ListsOptions() {
		return cli.PrintOptions(a.Out)
	}
	c, err := parseConfig(a)
	if err != nil {
		return err
	}
	s := newSession(a, c)
	defer s.zctx.Shutdown()
	if err := s.open(); err != nil {
		return s.abandon(err)
	}
	return s.run()
}

func newSession(a *cli.Args, c *config) *session {
	s := &session{config: c, args: a, zctx: zmq.NewContext(), started: time.Now(), first: make(chan []byte, 1)}
	s.log = cli.NewLog(a)
	s.ctx, s.stop = context.WithCancelCause(a.Context)
	s.hard, s.kill = context.WithCancel(a.Context)
	if c.timeout > 0 {
		s.deadline = time.After(c.timeout)
	}
	return s
}

// run starts the loops, waits for what ends them, and cleans up in order:
// loops, unsent messages, sockets, files.
func (s *session) run() error {
	signals, release := cli.Interrupts()
	defer release()
	s.signals = signals
	loops, err := s.loops()
	if err != nil {
		return s.abandon(err)
	}
	s.watch()
	ended := make(chan struct{})
	var group sync.WaitGroup
	for _, loop := range loops {
		group.Go(func() {
			if err := loop(); err != nil {
				s.stop(err)
			}
		})
	}
	go func() { // ends with the loops
		group.Wait()
		s.stop(errDone)
		close(ended)
	}()
	s.await()
	unsent := s.settle(ended)
	s.close(unsent)
	s.report()
	err = s.verdict(unsent)
	if kept := s.closeKeepers(); err == nil {
		err = kept
	}
	return err
}

// report tells totals where flags ask for them.
func (s *session) report() {
	s.watching.Lock()
	defer s.watching.Unlock()
	for _, tell := range s.reports {
		tell()
	}
	s.tellRTTs()
}

// await waits until something ends the run.
func (s *session) await() {
	select {
	case <-s.ctx.Done():
	case <-s.deadline:
		s.stop(cli.Failf(cli.StatusTimeout, s.loneliness(), "timed out after %v: %s", s.timeout, s.progress()))
	case sig := <-s.signals:
		s.log.At(0, "%v: ending within %v; once more ends at once", sig, s.linger)
		s.stop(cli.Signalled(sig))
	}
}

// abandon ends and closes what a run that cannot begin has opened. It returns err,
// for which it cannot.
func (s *session) abandon(err error) error {
	s.stop(err)
	s.linger = 0
	s.close(0)
	_ = s.closeKeepers() // err says more
	return err
}

// close closes the sockets and ends what watches them. What Unsent no longer
// counts is given --linger to leave; what is unsent now stays so.
func (s *session) close(unsent int) {
	linger := s.linger
	if unsent > 0 || s.forced != nil {
		linger = 0
	}
	for _, sock := range s.made {
		_ = sock.Set(zmq.Linger, linger) // fails only on a closed socket
		_ = sock.Close()
	}
	s.kill()
	s.monitor.Close()
	_ = s.gate.Close()
	_ = s.zctx.Close()
	s.helpers.Wait()
}

// verdict turns the reason of the end into the error of the run.
func (s *session) verdict(unsent int) error {
	cause := context.Cause(s.ctx)
	switch {
	case s.forced != nil:
		return s.forced
	case unsent > 0:
		return cli.Failf(cli.StatusUnsent, s.loneliness(), "ended with %d %s unsent", unsent, cli.Plural(unsent, "message"))
	case s.complete.Load(), errors.Is(cause, errDone):
		return nil
	case errors.Is(cause, errGone):
		if s.progressed() < s.count {
			return fmt.Errorf("the last peer left: %s", s.progress())
		}
		return nil
	}
	return cause
}

// progressed is how many messages went the way that -n counts.
func (s *session) progressed() int64 {
	if s.kind.main() == outward {
		return s.sent.Load()
	}
	return s.received.Load()
}

// loneliness is why no peer of a connect has come, "" if one has or nobody knows.
func (s *session) loneliness() string {
	why, _ := s.lonely.Load().(string)
	return why
}

// progress is what has been done so far.
func (s *session) progress() string {
	text := fmt.Sprintf("%d sent", s.sent.Load())
	if s.kind.has(receives | answers | relays) {
		text = fmt.Sprintf("%d received", s.received.Load())
	}
	if s.count > 0 {
		text += fmt.Sprintf(" of %d", s.count)
	}
	return text
}
