package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// Interrupts delivers SIGINT and SIGTERM until stop is called: the first asks
// for a bounded drain, the second for the end at once. SIGPIPE is taken from
// the runtime too, so that a write to a closed pipe fails with EPIPE instead
// of killing the process before its other files are written.
func Interrupts() (signals <-chan os.Signal, stop func()) {
	ch := make(chan os.Signal, 2)
	pipes := make(chan os.Signal, 1)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	signal.Notify(pipes, syscall.SIGPIPE)
	return ch, func() {
		signal.Stop(ch)
		signal.Stop(pipes)
	}
}

// Hangups delivers SIGHUP, which asks to read files again, until stop is called.
func Hangups() (signals <-chan os.Signal, stop func()) {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGHUP)
	return ch, func() { signal.Stop(ch) }
}
