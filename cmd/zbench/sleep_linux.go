package main

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// timer sleeps by a timer of the kernel that the runtime's poller waits for:
// exact to microseconds, where time.Sleep rounds up to a millisecond, and no
// processor is kept meanwhile.
type timer struct {
	fd   int
	file *os.File
}

// newSleeper makes a timer; without one it is time.Sleep.
func newSleeper() sleeper {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return plainSleeper{}
	}
	return &timer{fd, os.NewFile(uintptr(fd), "timer")}
}

func (t *timer) sleep(d time.Duration) {
	once := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	var expirations [8]byte
	if err := unix.TimerfdSettime(t.fd, 0, &once, nil); err != nil {
		time.Sleep(d)
		return
	}
	_, _ = t.file.Read(expirations[:]) // fails only when closed
}

func (t *timer) close() { _ = t.file.Close() }

type plainSleeper struct{}

func (plainSleeper) sleep(d time.Duration) { time.Sleep(d) }

func (plainSleeper) close() {}
