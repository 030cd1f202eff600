package vsock

import (
	"context"
	"net"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// VMCI_BUFFER_SIZE and its kin are what the kernel has afterwards, at both ends.
func TestBuffers(t *testing.T) {
	if _, err := os.Stat("/sys/module/vsock_loopback"); err != nil {
		t.Skip("skipped: needs the kernel's module vsock_loopback (make test-vm)")
	}
	for _, tr := range []Transport{{}, {VMCI: true}} {
		o := option.Defaults(0)
		o.VMCIBufferMinSize, o.VMCIBufferMaxSize, o.VMCIBufferSize = 5000, 300_000, 200_000
		l, err := tr.Listen("*:*", &o)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		at := strings.TrimPrefix(l.Endpoint(), tr.scheme()+"://*:")
		c, err := tr.Dial(context.Background(), "1:"+at, &o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		s, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for _, c := range []net.Conn{c, s} {
			for name, want := range map[int]uint64{bufferMinSize: 5000, bufferMaxSize: 300_000, bufferSize: 200_000} {
				got, err := unix.GetsockoptUint64(transport.FD(c), unix.AF_VSOCK, name)
				if err != nil || got != want {
					t.Errorf("%s: option %d is %d, %v, want %d", tr.scheme(), name, got, err, want)
				}
			}
		}
	}
}
