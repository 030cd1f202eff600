package zmq

import (
	"slices"
	"sync"
	"time"
)

// Timers call functions again and again, when they are asked to
// (zmq_timers(3)): a program with a loop of its own waits for Timeout in its
// poll and then calls Execute. It is safe for use by many goroutines, and the
// functions may use it. The zero value has no timers.
//
// In Go a time.Timer and a select do the same; Timers are for programs that
// come from libzmq.
type Timers struct {
	mu     sync.Mutex // guards the fields below
	last   int        // the last id
	timers []*timer   // by due time, and then by when they were set
}

// timer is one timer.
type timer struct {
	id       int
	interval time.Duration
	due      time.Time
	call     func(id int)
}

// Add makes a timer that calls f every interval, for the first time in an
// interval from now, and returns its id, 1 or more. EFAULT without f.
func (t *Timers) Add(interval time.Duration, f func(id int)) (int, error) {
	if f == nil {
		return 0, EFAULT
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	t.setLocked(&timer{id: t.last, interval: interval, call: f}, time.Now())
	return t.last, nil
}

// setLocked puts a timer where it belongs when its time begins at now.
func (t *Timers) setLocked(one *timer, now time.Time) {
	one.due = now.Add(one.interval)
	at, _ := slices.BinarySearchFunc(t.timers, one.due, func(other *timer, due time.Time) int {
		if other.due.After(due) {
			return 1
		}
		return -1 // behind those that are due at the same time
	})
	t.timers = slices.Insert(t.timers, at, one)
}

// takeLocked takes a timer out; EINVAL if there is none of that id.
func (t *Timers) takeLocked(id int) (*timer, error) {
	i := slices.IndexFunc(t.timers, func(one *timer) bool { return one.id == id })
	if i < 0 {
		return nil, EINVAL
	}
	one := t.timers[i]
	t.timers = slices.Delete(t.timers, i, i+1)
	return one, nil
}

// Cancel ends a timer. EINVAL if there is none of that id.
func (t *Timers) Cancel(id int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := t.takeLocked(id)
	return err
}

// SetInterval changes a timer's interval, which begins now. EINVAL if there is
// none of that id.
func (t *Timers) SetInterval(id int, interval time.Duration) error {
	return t.restart(id, func(one *timer) { one.interval = interval })
}

// Reset begins a timer's interval anew. EINVAL if there is none of that id.
func (t *Timers) Reset(id int) error { return t.restart(id, func(*timer) {}) }

func (t *Timers) restart(id int, change func(*timer)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	one, err := t.takeLocked(id)
	if err != nil {
		return err
	}
	change(one)
	t.setLocked(one, time.Now())
	return nil
}

// Timeout is the time until a timer is due, 0 if one is; -1 if there is none.
func (t *Timers) Timeout() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.timers) == 0 {
		return -1
	}
	return max(time.Until(t.timers[0].due), 0)
}

// Execute calls the functions of all timers that are due, each once, in the
// order in which they became due. The next interval of each begins now: calls
// that were missed are not made up for.
func (t *Timers) Execute() {
	now := time.Now()
	t.mu.Lock()
	n := slices.IndexFunc(t.timers, func(one *timer) bool { return one.due.After(now) })
	if n < 0 {
		n = len(t.timers)
	}
	due := slices.Clone(t.timers[:n])
	t.mu.Unlock()
	for _, one := range due {
		if t.rearm(one, now) {
			one.call(one.id)
		}
	}
}

// rearm begins the next interval of a timer that is due; false if it was
// cancelled or set anew meanwhile.
func (t *Timers) rearm(one *timer, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.timers, one) || one.due.After(now) {
		return false
	}
	_, _ = t.takeLocked(one.id) // it is there
	t.setLocked(one, now)
	return true
}
