package main

import (
	"fmt"
	"sync"
	"time"

	"ztools/lib/cli"
)

// redraw is how often progress is shown.
const redraw = 200 * time.Millisecond

// progress is one line on a terminal that says what is being measured. Elsewhere
// it is silent.
type progress struct {
	w     *cli.Stream
	on    bool
	quit  chan struct{}
	group sync.WaitGroup

	mu   sync.Mutex // guards the rest
	run  *run
	text string
	seen moment
}

func newProgress(w *cli.Stream, quiet bool) *progress {
	p := &progress{w: w, on: w.TTY && !quiet, quit: make(chan struct{})}
	if p.on {
		p.group.Go(p.loop)
	}
	return p
}

// phase says what a run does from now on.
func (p *progress) phase(r *run, what string) {
	if !p.on {
		return
	}
	p.mu.Lock()
	p.run, p.text, p.seen = r, fmt.Sprintf("%s, run %d of %d: %s", r.cell.name(r.word), r.number, r.runs, what), r.gauge.now()
	p.mu.Unlock()
	p.draw()
}

func (p *progress) loop() {
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.draw()
		case <-p.quit:
			p.erase()
			return
		}
	}
}

// draw writes the line over the last one.
func (p *progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run == nil {
		return
	}
	now := p.run.gauge.now()
	rate := ""
	if d := now.time.Sub(p.seen.time); d >= redraw/2 {
		rate = fmt.Sprintf(", %s/s", si(float64(now.total-p.seen.total)/d.Seconds()))
		p.seen = now
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", p.w.Faint(p.text+rate))
}

func (p *progress) erase() { p.aside(func() {}) }

// aside lets something else be written where the line was.
func (p *progress) aside(write func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.on {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	write()
}

// close takes the line away.
func (p *progress) close() {
	close(p.quit)
	p.group.Wait()
}
