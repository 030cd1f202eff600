package main

import (
	"fmt"
	"net"
	"os"

	"ztools/lib/cli"
)

// Those who wait until everything is bound are told twice: by a line on --ready-fd,
// and by sd_notify(3).

// openReady opens the descriptor of --ready-fd; nil without the flag. A write of
// nothing shows whether it can be written to.
func openReady(a *cli.Args) (*os.File, error) {
	if !a.Given("ready-fd") {
		return nil, nil
	}
	fd := a.Number("ready-fd", 0)
	if err := a.Check(); err != nil {
		return nil, err
	}
	hint := "a shell opens one so: zproxy ... --ready-fd 3 3>FILE"
	f := os.NewFile(uintptr(fd), "ready-fd")
	if f == nil {
		return nil, cli.Usagef(hint, "--ready-fd %d is no descriptor", fd)
	}
	if _, err := f.Write(nil); err != nil {
		return nil, cli.Usagef(hint, "--ready-fd %d: %w", fd, err)
	}
	return f, nil
}

// ready tells that everything is bound.
func ready(f *os.File) error {
	notify("READY=1")
	if f == nil {
		return nil
	}
	defer f.Close()
	if _, err := f.WriteString("\n"); err != nil {
		return cli.Failf(cli.StatusFailed, "", "--ready-fd: %w", err)
	}
	return nil
}

// reloading is the state of a reload, with the time on the clock that the manager
// compares it by.
func reloading() string {
	return fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", monotonic().Microseconds())
}

// notify tells the service manager a state, if there is one that listens. Nobody can
// do anything about a failure.
func notify(state string) {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return
	}
	c, err := net.Dial("unixgram", name)
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = c.Write([]byte(state))
}
