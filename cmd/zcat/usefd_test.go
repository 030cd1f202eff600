//go:build unix

package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// As under systemd, zcat inherits a descriptor that listens already, and binds with
// it: a peer may have connected before zcat has begun.
func TestUseFDInherited(t *testing.T) {
	zcat := zcatProgram(t)
	dir := t.TempDir()
	for _, test := range []struct{ network, address, scheme, path string }{
		{"tcp4", "127.0.0.1:0", "tcp://", ""},
		{"tcp4", "127.0.0.1:0", "ws://", "/chat"},
		{"unix", filepath.Join(dir, "s"), "ipc://", ""},
	} {
		t.Run(test.scheme, func(t *testing.T) {
			l, err := net.Listen(test.network, test.address)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			fd, err := l.(interface{ File() (*os.File, error) }).File()
			if err != nil {
				t.Fatal(err)
			}
			defer fd.Close()
			endpoint := test.scheme + l.Addr().String() + test.path
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			push := exec.CommandContext(ctx, zcat, "push", endpoint, "-d", "hello")
			if err := push.Start(); err != nil {
				t.Fatal(err)
			}
			pull := exec.CommandContext(ctx, zcat, "pull", "@"+endpoint, "-n", "1", "-o", "use_fd=3")
			pull.ExtraFiles = []*os.File{fd} // becomes descriptor 3
			out, err := pull.CombinedOutput()
			if err != nil || string(out) != "hello\n" {
				t.Errorf("printed %q, %v", out, err)
			}
			if err := push.Wait(); err != nil {
				t.Errorf("push: %v", err)
			}
		})
	}
}
