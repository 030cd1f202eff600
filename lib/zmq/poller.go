package zmq

import (
	"context"
	"slices"
	"sync"

	"ztools/lib/internal/sysfd"
)

// Waiting for many sockets at once:
//
//	1 an alarm is made a Watcher of the sockets, by Poll for the one call, by a
//	  Poller for as long as a socket is in it
//	2 scan asks all sockets and descriptors; if something is ready, that is all
//	3 else the alarm's goroutine sleeps until it goes off, and goes on with 2
//
// With descriptors among them the sleep is poll(2), which keeps a thread of the
// system, and the alarm a descriptor too.

// PollEvents says what to wait for, or what there is: bits as in zmq_poll(3).
type PollEvents = sysfd.Events

// The bits of PollEvents.
const (
	PollIn  = sysfd.In  // a message can be received, or bytes read
	PollOut = sysfd.Out // a message can be sent, or bytes written
	PollErr = sysfd.Err // a descriptor has an error; told without being asked
	PollPri = sysfd.Pri // a descriptor has urgent data
)

const pollAll = PollIn | PollOut | PollErr | PollPri

// PollItem is what Poll waits for: a socket, or a descriptor if Socket is nil.
type PollItem struct {
	Socket *Socket
	FD     int
	Events PollEvents
	Ready  PollEvents // set by Poll
}

// Poll waits until one of the items is ready (zmq_poll(3)), sets Ready of all and
// returns how many are. What is ready is told even if ctx is done; else the end
// of ctx is ctx.Err(). Errors: ENOTSOCK for a closed socket, ETERM, and ENOTSUP
// for a descriptor where the system has no poll(2).
func Poll(ctx context.Context, items []PollItem) (int, error) {
	a := newAlarm()
	defer a.close()
	for i := range items {
		if s := items[i].Socket; s != nil {
			s.Watch(a)
			defer s.Unwatch(a)
		}
	}
	for {
		n, err := a.scan(items)
		if n > 0 || err != nil {
			return n, err
		}
		if err := a.sleep(ctx); err != nil {
			return 0, err
		}
	}
}

// alarm lets one goroutine sleep.
type alarm struct {
	ready chan struct{}
	fds   []sysfd.FD // owned by the goroutine: the descriptors of the last scan

	mu     sync.Mutex    // guards signal
	signal *sysfd.Signal // made when there are descriptors to wait for
}

func newAlarm() *alarm { return &alarm{ready: make(chan struct{}, 1)} }

// Wake implements Watcher.
func (a *alarm) Wake() {
	select {
	case a.ready <- struct{}{}:
	default:
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.signal != nil {
		a.signal.Set()
	}
}

func (a *alarm) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.signal != nil {
		a.signal.Close()
		a.signal = nil
	}
}

// scan sets Ready of all items and counts those that are.
func (a *alarm) scan(items []PollItem) (n int, err error) {
	a.fds = a.fds[:0]
	for i := range items {
		it := &items[i]
		if it.Socket == nil {
			a.fds = append(a.fds, sysfd.FD{FD: it.FD, Events: it.Events})
			continue
		}
		in, out, err := it.Socket.Ready()
		if err != nil {
			return 0, err
		}
		if it.Ready = it.Events & readyBits(in, out); it.Ready != 0 {
			n++
		}
	}
	if len(a.fds) == 0 {
		return n, nil
	}
	ready, err := sysfd.Poll(a.fds, 0)
	for i, at := 0, 0; i < len(items); i++ {
		if items[i].Socket == nil {
			items[i].Ready = a.fds[at].Ready
			at++
		}
	}
	return n + ready, err
}

func readyBits(in, out bool) (bits PollEvents) {
	if in {
		bits |= PollIn
	}
	if out {
		bits |= PollOut
	}
	return bits
}

// sleep waits until the alarm goes off or a descriptor of the last scan is ready.
func (a *alarm) sleep(ctx context.Context) error {
	if len(a.fds) > 0 {
		return a.sleepOnFDs(ctx)
	}
	select {
	case <-a.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sleepOnFDs is sleep in poll(2).
func (a *alarm) sleepOnFDs(ctx context.Context) error {
	if err := a.open(); err != nil {
		return err
	}
	select {
	case <-a.ready: // before there was a signal
		return nil
	default:
	}
	stop := context.AfterFunc(ctx, a.Wake)
	defer stop()
	_, err := sysfd.Poll(append(a.fds, sysfd.FD{FD: a.signal.FD(), Events: PollIn}), -1)
	a.signal.Clear()
	select {
	case <-a.ready:
	default:
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// open makes the signal if there is none yet.
func (a *alarm) open() (err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.signal == nil {
		a.signal, err = sysfd.New()
	}
	return err
}

// Poller waits for many sockets and descriptors that stay the same for many waits
// (zmq_poller_new(3)). It is safe for use by many goroutines: what one adds or
// removes counts at once for those that wait, and each of these is told what is
// ready.
type Poller struct {
	mu    sync.Mutex // guards the fields below, and who the sockets' watcher is
	items []registered

	// bell is told by the sockets, with their locks held.
	bell bell
}

// registered is one socket or descriptor of a Poller.
type registered struct {
	PollItem
	data any
}

// PollerEvent is what Poller.Wait found.
type PollerEvent struct {
	Socket *Socket // nil for a descriptor
	FD     int
	Events PollEvents // what it is ready for
	Data   any        // as given to Add
}

// NewPoller makes an empty poller.
func NewPoller() *Poller { return &Poller{} }

// Add adds a socket; data comes back with its events. Events may be 0 for a time.
// EINVAL if the socket is in the poller already, or for an unknown event.
func (p *Poller) Add(s *Socket, events PollEvents, data any) error {
	if s == nil {
		return ENOTSOCK
	}
	defer p.bell.Wake()
	return p.add(registered{PollItem{Socket: s, FD: -1, Events: events}, data})
}

// AddFD adds a descriptor of the system. EBADF for a negative one, EINVAL as Add,
// ENOTSUP where the system has no poll(2).
func (p *Poller) AddFD(fd int, events PollEvents, data any) error {
	if fd < 0 {
		return EBADF
	}
	if _, err := sysfd.Poll(nil, 0); err != nil {
		return err
	}
	defer p.bell.Wake()
	return p.add(registered{PollItem{FD: fd, Events: events}, data})
}

func (p *Poller) add(r registered) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Events&^pollAll != 0 || p.findLocked(r.Socket, r.FD) >= 0 {
		return EINVAL
	}
	p.items = append(p.items, r)
	if r.Socket != nil {
		r.Socket.Watch(&p.bell)
	}
	return nil
}

// findLocked is the place of a socket, or of a descriptor if s is nil; -1 if it is
// not in the poller.
func (p *Poller) findLocked(s *Socket, fd int) int {
	return slices.IndexFunc(p.items, func(r registered) bool {
		return r.Socket == s && (s != nil || r.FD == fd)
	})
}

// Modify changes what is waited for. EINVAL if the socket is not in the poller, or
// for an unknown event.
func (p *Poller) Modify(s *Socket, events PollEvents) error { return p.modify(s, 0, events) }

// ModifyFD is Modify for a descriptor.
func (p *Poller) ModifyFD(fd int, events PollEvents) error { return p.modify(nil, fd, events) }

func (p *Poller) modify(s *Socket, fd int, events PollEvents) error {
	defer p.bell.Wake()
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.findLocked(s, fd)
	if i < 0 || events&^pollAll != 0 {
		return EINVAL
	}
	p.items[i].Events = events
	return nil
}

// Remove takes a socket out. EINVAL if it is not in the poller.
func (p *Poller) Remove(s *Socket) error { return p.remove(s, 0) }

// RemoveFD is Remove for a descriptor.
func (p *Poller) RemoveFD(fd int) error { return p.remove(nil, fd) }

func (p *Poller) remove(s *Socket, fd int) error {
	defer p.bell.Wake()
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.findLocked(s, fd)
	if i < 0 {
		return EINVAL
	}
	p.items = slices.Delete(p.items, i, i+1)
	if s != nil {
		s.Unwatch(&p.bell)
	}
	return nil
}

// Len is how many sockets and descriptors are in the poller.
func (p *Poller) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.items)
}

// Close takes everything out.
func (p *Poller) Close() {
	defer p.bell.Wake()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.items {
		if r.Socket != nil {
			r.Socket.Unwatch(&p.bell)
		}
	}
	p.items = nil
}

// Wait waits until something is ready and returns the first that was added of
// what is. It ends and fails as WaitAll does.
func (p *Poller) Wait(ctx context.Context) (PollerEvent, error) {
	var one [1]PollerEvent
	_, err := p.WaitAll(ctx, one[:])
	return one[0], err
}

// WaitAll waits until something is ready, writes to events what is, as much as
// fits, and returns how much that was. What is ready is told even if ctx is
// done; else the end of ctx is ctx.Err(). Errors: EFAULT if nothing can ever be
// ready and ctx has no end, EINVAL if events is empty, ENOTSOCK for a socket that
// was closed, ETERM.
func (p *Poller) WaitAll(ctx context.Context, events []PollerEvent) (int, error) {
	if len(events) == 0 {
		return 0, EINVAL
	}
	a := newAlarm()
	defer a.close()
	p.bell.add(a)
	defer p.bell.remove(a)
	var items []PollItem
	for {
		var data []any
		if items, data = p.snapshot(items); len(items) == 0 && ctx.Done() == nil {
			return 0, EFAULT
		}
		n, err := a.scan(items)
		if err != nil {
			return 0, err
		}
		if n > 0 {
			return report(events, items, data), nil
		}
		if err := a.sleep(ctx); err != nil {
			return 0, err
		}
	}
}

// snapshot is what is waited for now, in the memory of items.
func (p *Poller) snapshot(items []PollItem) ([]PollItem, []any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	items = items[:0]
	data := make([]any, 0, len(p.items))
	for _, r := range p.items {
		if r.Events != 0 {
			items = append(items, r.PollItem)
			data = append(data, r.data)
		}
	}
	return items, data
}

// report writes what is ready to events.
func report(events []PollerEvent, items []PollItem, data []any) (n int) {
	for i := range items {
		if it := &items[i]; it.Ready != 0 && n < len(events) {
			events[n] = PollerEvent{Socket: it.Socket, FD: it.FD, Events: it.Ready, Data: data[i]}
			n++
		}
	}
	return n
}

// bell sets off the alarms of all that wait in a Poller.
type bell struct {
	mu     sync.Mutex // a leaf; guards alarms
	alarms []*alarm
}

// Wake implements Watcher.
func (b *bell) Wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.alarms {
		a.Wake()
	}
}

func (b *bell) add(a *alarm) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.alarms = append(b.alarms, a)
}

func (b *bell) remove(a *alarm) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.alarms, a); i >= 0 {
		b.alarms = slices.Delete(b.alarms, i, i+1)
	}
}
