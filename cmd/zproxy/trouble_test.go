package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"ztools/lib/cli/clitest"
	"ztools/lib/zmq"
)

// Processes are killed, and those that are left go on by themselves.

// peer is a zcat that runs until the test ends.
type peer struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *os.File
	got *bufio.Scanner
}

// startPeer runs zcat, whose standard input and output are the test's.
func startPeer(t *testing.T, zcat, dir string, args ...string) *peer {
	t.Helper()
	out, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	p := &peer{t: t, cmd: exec.Command(zcat, append(args, "-q", "-o", "reconnect_ivl=5ms")...), out: out, got: bufio.NewScanner(out)}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, stdout, os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// kill is SIGKILL.
func (p *peer) kill() {
	_ = p.cmd.Process.Kill() // fails when it has ended
	_ = p.cmd.Wait()         // tells that it was killed
	_ = p.out.Close()
}

// next is the next message that it prints.
func (p *peer) next() string {
	p.t.Helper()
	if err := p.out.SetReadDeadline(time.Now().Add(patience)); err != nil {
		p.t.Fatal(err)
	}
	if !p.got.Scan() {
		p.t.Fatalf("no message comes: %v", p.got.Err())
	}
	return p.got.Text()
}

// A worker that is killed takes the requests along that it had, and nothing else.
func TestWorkerKilled(t *testing.T) {
	w := newFolder(t, "")
	m := manage(t, w.dir, "queue", "ipc://a", "ipc://b", "-vv")
	zcat := filepath.Join(clitest.Build(t, "zcat"), "zcat")
	client := w.peer(zmq.Dealer, "a")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ask := func(text string) {
		t.Helper()
		if err := client.Send(ctx, nil, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	worker := startPeer(t, zcat, w.dir, "rep", ">ipc://b")
	for i := range 5 {
		ask(fmt.Sprint("lost ", i))
	}
	if got := worker.next(); got != "lost 0" { // it waits for a reply from the test
		t.Fatalf("the worker has %q", got)
	}
	worker.kill()
	m.tells("DISCONNECTED ipc://b")
	startPeer(t, zcat, w.dir, "rep", ">ipc://b", "--echo")
	ask("again")
	if reply, err := client.Recv(ctx); err != nil || len(reply) != 2 || string(reply[1]) != "again" {
		t.Errorf("replied %q, %v", reply, err)
	}
}

// traffic feeds numbers to a sender, about a thousand a second, until the test ends.
func traffic(t *testing.T, p *peer) (numbers <-chan int) {
	sent, stop, done := make(chan int), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			if _, err := fmt.Fprintln(p.in, i); err != nil {
				return // it was killed
			}
			select {
			case <-tick.C:
			case sent <- i + 1:
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		p.kill()
		<-done
	})
	return sent
}

// A proxy that is killed under traffic and started again: messages and
// subscriptions come back by themselves.
func TestProxyKilled(t *testing.T) {
	zcat := filepath.Join(clitest.Build(t, "zcat"), "zcat")
	for _, kind := range [][3]string{{"streamer", "push", "pull"}, {"forwarder", "pub", "sub"}} {
		t.Run(kind[0], func(t *testing.T) {
			w := newFolder(t, "")
			receiver := startPeer(t, zcat, w.dir, kind[2], ">ipc://b")
			sent := traffic(t, startPeer(t, zcat, w.dir, kind[1], ">ipc://a"))
			last := -1
			for range 3 {
				m := manage(t, w.dir, kind[0], "ipc://a", "ipc://b")
				for fresh := <-sent; last < fresh; { // what is sent now goes through this proxy
					n, err := strconv.Atoi(receiver.next())
					if err != nil || n <= last {
						t.Fatalf("%d, %v after %d", n, err, last)
					}
					last = n
				}
				m.kill()
			}
		})
	}
}
