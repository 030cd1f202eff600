package ztest

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// grace is how long goroutines may take to end after the last test.
const grace = 5 * time.Second

// Main runs the tests of a package and fails the run if they leave goroutines
// behind. It is the whole of a TestMain.
func Main(m *testing.M) { os.Exit(Checked(m.Run)) }

// Checked runs something that ends with an exit status and returns that; or, if
// goroutines are left behind, says which and returns LeakStatus.
func Checked(run func() int) int {
	status := run()
	if left := waitLeft(grace); len(left) > 0 {
		fmt.Fprintf(os.Stderr, "%d goroutines are left at the end:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
		return LeakStatus
	}
	return status
}

// LeakStatus is an exit status that no tool has.
const LeakStatus = 99

// waitLeft waits until no goroutine is left, or as long as d, and returns the
// stacks of those that are.
func waitLeft(d time.Duration) []string {
	deadline := time.After(d)
	tick := time.NewTicker(d / 500)
	defer tick.Stop()
	for {
		left := stacks()
		if len(left) == 0 {
			return nil
		}
		select {
		case <-deadline:
			return left
		case <-tick.C:
		}
	}
}

// stacks are those of all goroutines but the caller's and those that belong to
// the test binary itself.
func stacks() []string {
	b := make([]byte, 1<<20)
	b = b[:runtime.Stack(b, true)]
	var left []string
	for i, s := range strings.Split(strings.TrimSpace(string(b)), "\n\n") {
		if i > 0 && !ofTestBinary(s) {
			left = append(left, s)
		}
	}
	return left
}

// ofTestBinary reports whether the goroutine with that stack is one that
// package testing or os/signal keeps for the life of the process.
func ofTestBinary(stack string) bool {
	for _, name := range [...]string{
		"testing.(*M).startAlarm", "os/signal.signal_recv", "os/signal.loop", "runtime.ensureSigM",
	} {
		if strings.Contains(stack, name) {
			return true
		}
	}
	return false
}
