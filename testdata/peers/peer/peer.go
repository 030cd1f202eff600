// Package peer is the frame of the benchmark programs written in Go: the
// command line, the clock and the report. A program supplies a [Library] and
// calls [Main]; what it does then is the same for every library:
//
//	PEER thr-send|thr-recv|lat-client|lat-server ENDPOINT SIZE COUNT
//	PEER inproc-thr|inproc-lat SIZE COUNT
//	PEER allocs|allocs-lat ENDPOINT SIZE COUNT
//
// The side that binds prints "ready". The side that measures prints
// "messages bytes seconds", and allocs and allocs-lat, which have both sides
// in one process, a fourth figure: the heap objects that were allocated
// meanwhile. The other side stays until its standard input ends, so that nothing it sent is lost.
package peer

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// ByReference is the size in bytes from which a sender passes its constant
// buffer by reference where the library can; smaller messages are copied.
const ByReference = 4096

// Life is how long a process lives at most, should its driver forget it.
const Life = 60 * time.Second

// Library does the four works of a benchmark. Push and Req connect, Pull and
// Rep bind and then call [Run.Ready]. Pull and Req put their messages through
// [Run.Measure]; Push and Rep handle [Run.Total] messages. All waits block.
type Library interface {
	Push(*Run) error
	Pull(*Run) error
	Req(*Run) error
	Rep(*Run) error
}

// Run is one side of one measurement.
type Run struct {
	Endpoint string
	Size     int // bytes of a message
	Count    int // messages, or round trips, that are timed
	Least    int // so many go first at least, and are not

	ready   func()
	elapsed time.Duration
	mallocs uint64
}

// NewRun is one side of a work that is not one of the four.
func NewRun(endpoint, size, count string) (r *Run, err error) {
	r = &Run{Endpoint: endpoint, ready: func() { fmt.Println("ready") }}
	if r.Size, err = strconv.Atoi(size); err != nil {
		return nil, err
	}
	r.Count, err = strconv.Atoi(count)
	return r, err
}

// Ready tells that the side which binds has bound.
func (r *Run) Ready() { r.ready() }

// WhenReady has Ready call f instead.
func (r *Run) WhenReady(f func()) { r.ready = f }

// Warm is the number of messages that go first and are not timed.
func (r *Run) Warm() int { return max(r.Count/10+1, r.Least) }

// Total is the number of messages of the whole run.
func (r *Run) Total() int { return r.Warm() + r.Count }

// Buffer returns the constant body of every message.
func (r *Run) Buffer() []byte {
	b := make([]byte, r.Size)
	for i := range b {
		b[i] = 'x'
	}
	return b
}

// Measure calls batch, which handles n messages, once to warm up and once
// with the clock running.
func (r *Run) Measure(batch func(n int) error) error {
	if err := batch(r.Warm()); err != nil {
		return err
	}
	before := mallocs()
	start := time.Now()
	err := batch(r.Count)
	r.elapsed = time.Since(start)
	r.mallocs = mallocs() - before
	return err
}

// Check reports a message of the wrong size.
func (r *Run) Check(got int) error {
	if got != r.Size {
		return fmt.Errorf("received %d bytes instead of %d", got, r.Size)
	}
	return nil
}

func (r *Run) String() string {
	return fmt.Sprintf("%d %d %.9f", r.Count, r.Count*r.Size, r.elapsed.Seconds())
}

// Allocations is the report with its fourth figure.
func (r *Run) Allocations() string { return fmt.Sprint(r, " ", r.mallocs) }

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// Main runs what the command line asks for and ends the process.
func Main(lib Library) {
	time.AfterFunc(Life, func() { fail(fmt.Errorf("still running after %v", Life)) })
	if err := run(lib, os.Args[1:]); err != nil {
		fail(err)
	}
	os.Exit(0)
}

func run(lib Library, args []string) error {
	mode, r, err := parse(args)
	if err != nil {
		return err
	}
	switch mode {
	case "thr-send":
		return held(lib.Push, r)
	case "lat-server":
		return held(lib.Rep, r)
	case "thr-recv":
		return reported(lib.Pull(r), r)
	case "lat-client":
		return reported(lib.Req(r), r)
	case "inproc-thr":
		return reported(together(lib.Pull, lib.Push, r), r)
	case "inproc-lat":
		return reported(together(lib.Rep, lib.Req, r), r)
	case "allocs":
		return counted(together(lib.Pull, lib.Push, r), r)
	case "allocs-lat":
		return counted(together(lib.Rep, lib.Req, r), r)
	}
	return fmt.Errorf("unknown mode %q", mode)
}

// parse reads MODE [ENDPOINT] SIZE COUNT; the inproc modes take no endpoint.
func parse(args []string) (mode string, r *Run, err error) {
	endpoint := "inproc://peer"
	if len(args) > 0 {
		mode, args = args[0], args[1:]
	}
	if !strings.HasPrefix(mode, "inproc") && len(args) > 0 {
		endpoint, args = args[0], args[1:]
	}
	if len(args) != 2 {
		return "", nil, fmt.Errorf("usage: %s MODE [ENDPOINT] SIZE COUNT", os.Args[0])
	}
	r, err = NewRun(endpoint, args[0], args[1])
	return mode, r, err
}

// held does the work and then keeps its sockets until standard input ends.
func held(work func(*Run) error, r *Run) error {
	if err := work(r); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

func reported(err error, r *Run) error {
	if err == nil {
		fmt.Println(r)
	}
	return err
}

func counted(err error, r *Run) error {
	if err == nil {
		fmt.Println(r.Allocations())
	}
	return err
}

// together runs both sides in this process, the connecting one when the other
// has bound, and returns when both are done. Only one of them measures.
func together(bind, connect func(*Run) error, r *Run) error {
	bound := make(chan struct{})
	r.ready = func() { close(bound) }
	done := make(chan error, 2)
	go func() { done <- bind(r) }()
	select {
	case <-bound:
	case err := <-done:
		return err
	}
	go func() { done <- connect(r) }()
	if err := <-done; err != nil {
		return err
	}
	return <-done
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(os.Args[0]), err)
	os.Exit(1)
}
