package main

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// rig is a streamer over inproc, where a message that was sent has come.
type rig struct {
	*proxy
	push    *zmq.Socket
	signals chan os.Signal
}

func newRig(t *testing.T) *rig {
	bind := func(addr string) cli.Endpoint { return cli.Endpoint{Addr: addr, Bind: true} }
	var log *cli.Log
	tool := newTool()
	tool.Run = func(a *cli.Args) error { log = cli.NewLog(a); return nil }
	tool.Main([]string{"zproxy", "-q"}, cli.Stdio{Out: io.Discard, Err: io.Discard})
	r := &rig{signals: make(chan os.Signal, 2)}
	r.proxy = newProxy(t.Context(), &config{
		front:  side{typ: zmq.Pull, endpoint: bind("inproc://front")},
		back:   side{typ: zmq.Push, endpoint: bind("inproc://back")},
		linger: time.Minute,
	}, log)
	for _, step := range []func() error{r.prepare, r.attach} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	r.push = r.peer(t, zmq.Push, "inproc://front")
	for range 3 {
		if err := r.push.TrySend([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func (r *rig) peer(t *testing.T, typ zmq.Type, endpoint string) *zmq.Socket {
	s, err := r.zctx.NewSocket(typ)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
	return s
}

func statusOf(err error) int {
	var failed *cli.Error
	if errors.As(err, &failed) {
		return failed.Status
	}
	return -1
}

// What has come before the signal is passed on, even to a receiver that joins
// only then.
func TestSignalDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.signals <- syscall.SIGTERM
		ended := make(chan error)
		go func() { ended <- r.run(r.signals) }()
		synctest.Wait()
		pull := r.peer(t, zmq.Pull, "inproc://back")
		for range 3 {
			if _, err := pull.Recv(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := pull.TryRecv(); !errors.Is(err, zmq.EAGAIN) {
			t.Errorf("more than was sent: %v", err)
		}
		if err := <-ended; statusOf(err) != cli.StatusSignal+int(syscall.SIGTERM) {
			t.Errorf("ended with %v", err)
		}
		pull.Close()
		r.push.Close()
		r.close()
	})
}

// The end of --linger, and a second signal, give up; what came and was not passed
// on is counted.
func TestEndCountsUnsent(t *testing.T) {
	for _, signals := range [][]os.Signal{{syscall.SIGTERM}, {syscall.SIGINT, syscall.SIGINT}} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			for _, sig := range signals {
				r.signals <- sig
			}
			start := time.Now()
			err := r.run(r.signals)
			if statusOf(err) != cli.StatusUnsent || err.Error() != "ended with 3 messages unsent" {
				t.Errorf("%v: ended with %v", signals, err)
			}
			if took, want := time.Since(start), time.Minute*time.Duration(2-len(signals)); took != want {
				t.Errorf("took %v, want %v", took, want)
			}
			r.push.Close()
			r.close()
		})
	}
}

// A failure ends the run with its reason, whatever stays unsent.
func TestFailureEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		failed := errors.New("failed")
		r.stop(failed)
		if err := r.run(r.signals); err != failed {
			t.Errorf("ended with %v", err)
		}
		r.push.Close()
		r.close()
	})
}
