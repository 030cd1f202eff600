package main

import (
	"net"
	"os"

	"ztools/lib/cli"
)

// ready tells those who wait for it that everything is bound: a line on --ready-fd,
// and sd_notify(3).
func ready(a *cli.Args) error {
	notify("READY=1")
	if !a.Given("ready-fd") {
		return nil
	}
	fd := a.Number("ready-fd", 0)
	if err := a.Check(); err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "ready-fd")
	if f == nil {
		return cli.Usagef("", "--ready-fd %d is no descriptor", fd)
	}
	defer f.Close()
	if _, err := f.WriteString("\n"); err != nil {
		return cli.Usagef("", "--ready-fd %d: %w", fd, err)
	}
	return nil
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
