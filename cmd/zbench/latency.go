package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"ztools/lib/zmq"
)

// latency times round trips one at a time: the next request leaves when the reply
// to the last has come. So a slow server slows the load down, too, and its slow
// moments count once each: load is the honest measure of those.
func latency(r *run) error {
	reqs, err := r.open(zmq.Req, r.clients, client)
	if err != nil {
		return err
	}
	if err := r.reach(reqs, job{Work: "echo", Sockets: 1}); err != nil {
		return err
	}
	r.begin()
	t := trips{run: r}
	for i, s := range reqs {
		t.start(s, i)
	}
	err = r.window()
	t.stop.Store(true)
	if err != nil {
		closeAll(reqs) // a reply may never come
	}
	t.group.Wait()
	r.sample.Latency = merged(t.spectra)
	return err
}

// reach connects sockets to the other end: the one that --to names, or one of our
// own that does a job.
func (r *run) reach(sockets []*zmq.Socket, j job) error {
	if r.to != nil {
		return r.attach(sockets, *r.to)
	}
	return r.join(sockets, j)
}

// trips are round trips of several clients.
type trips struct {
	run     *run
	taken   atomic.Int64 // trips begun
	stop    atomic.Bool
	group   sync.WaitGroup
	spectra []*spectrum // one for each client; their goroutines own them
}

// start makes a client go round on a socket.
func (t *trips) start(s *zmq.Socket, i int) {
	times := newSpectrum()
	t.spectra = append(t.spectra, times)
	t.group.Go(func() {
		if err := t.travel(s, i, times); !ended(err) {
			t.run.cancel(err)
		}
	})
}

func (t *trips) travel(s *zmq.Socket, i int, times *spectrum) error {
	r := t.run
	bodies := r.bodies(i)
	var reply zmq.Message
	last := time.Now()
	for n := uint64(0); !t.stop.Load(); n++ {
		trip := t.taken.Add(1)
		if r.length.count > 0 && trip > r.warm.count+r.length.count {
			return nil // a peer may count, too: not one more
		}
		if err := bodies.send(s, n); err != nil {
			return err
		}
		if err := s.RecvMessage(context.Background(), &reply); err != nil {
			return err
		}
		now := time.Now()
		if r.length.count > 0 && trip > r.warm.count || r.measuring.Load() {
			times.record(now.Sub(last))
		}
		last = now
		r.gauge.add(1)
	}
	return nil
}
