package zmq_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ztools/lib/zmq"
)

// Timers fire in order of time, once however late, and may be changed by the
// functions that they call.
func TestTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var timers zmq.Timers
		var fired []string
		note := func(id int) { fired = append(fired, fmt.Sprint(id)) }
		expectFired := func(want string) {
			t.Helper()
			timers.Execute()
			if got := strings.Join(fired, " "); got != want {
				t.Errorf("fired %q, want %q", got, want)
			}
			fired = nil
		}
		if timers.Timeout() != -1 {
			t.Error("a timer without any")
		}
		slow, _ := timers.Add(30*time.Millisecond, note)
		fast, _ := timers.Add(10*time.Millisecond, note)
		same, _ := timers.Add(30*time.Millisecond, note)
		if d := timers.Timeout(); d != 10*time.Millisecond {
			t.Errorf("timeout %v", d)
		}
		expectFired("")
		<-time.After(timers.Timeout())
		expectFired("2")
		<-time.After(50 * time.Millisecond)
		if timers.Timeout() != 0 {
			t.Error("nothing due")
		}
		expectFired("2 1 3") // once, although it missed four times
		expectFired("")
		for _, err := range []error{timers.SetInterval(fast, time.Hour), timers.Cancel(slow), timers.Reset(same)} {
			if err != nil {
				t.Error(err)
			}
		}
		if d := timers.Timeout(); d != 30*time.Millisecond {
			t.Errorf("timeout %v", d)
		}
		<-time.After(30 * time.Millisecond)
		expectFired("3")
		for _, err := range []error{timers.Cancel(slow), timers.Reset(99), timers.SetInterval(0, 1)} {
			if !errors.Is(err, zmq.EINVAL) {
				t.Errorf("got %v", err)
			}
		}
		if _, err := timers.Add(1, nil); !errors.Is(err, zmq.EFAULT) {
			t.Errorf("got %v", err)
		}
	})
}

// A timer that cancels itself, one that cancels the next, and one without an
// interval, which fires once for each Execute.
func TestTimersFromWithin(t *testing.T) {
	var timers zmq.Timers
	calls := 0
	if _, err := timers.Add(0, func(id int) {
		calls++
		if err := errors.Join(timers.Cancel(id), timers.Cancel(id+1)); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := timers.Add(0, func(int) { t.Error("cancelled") }); err != nil {
		t.Fatal(err)
	}
	again := 0
	if _, err := timers.Add(0, func(int) { again++ }); err != nil {
		t.Fatal(err)
	}
	timers.Execute()
	timers.Execute()
	if calls != 1 || again != 2 {
		t.Errorf("%d and %d calls", calls, again)
	}
}
