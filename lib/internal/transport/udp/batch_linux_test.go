package udp

import (
	"encoding/binary"
	"os"
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"ztools/lib/internal/option"
	"ztools/lib/internal/ztest"
)

// alone calls f in a network namespace of its own, which has no route at all. The
// thread is not used for anything else afterwards.
func alone(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		ztest.Skip(t, "root, for a network namespace")
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with f
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		ztest.Skip(t, "the right to make network namespaces: "+err.Error())
	}
}

// A RADIO connects where no route leads yet. What it sends is lost, which says
// nothing about runs; packets longer than the route allows do.
func TestRunsWithoutRoute(t *testing.T) {
	alone(t, func() {
		o := option.Defaults(radio)
		for _, at := range []string{"127.0.0.1:9", "239.192.1.7:9"} {
			r, err := Medium{}.Open(at, false, &o)
			if err != nil {
				t.Errorf("%s: %v", at, err)
				continue
			}
			defer r.Close()
			two := append(groupMessage("g", "x"), groupMessage("g", "y")...)
			if _, err := r.WriteFrames([][]byte{two}); err != nil {
				t.Errorf("%s: %v", at, err)
			}
			if most := r.(*carrier).out.most; most != packetMax {
				t.Errorf("%s: no runs of packets longer than %d bytes any more", at, most)
			}
		}
	})
	for _, err := range []error{unix.EINVAL, unix.EMSGSIZE, unix.EIO} {
		if !refusesRuns(err) {
			t.Errorf("%v is taken as passing", err)
		}
	}
}

// The kernel tells the length of a run's packets as an int.
func TestSegment(t *testing.T) {
	oob := make([]byte, unix.CmsgSpace(4))
	h := (*unix.Cmsghdr)(unsafe.Pointer(&oob[0]))
	h.Level, h.Type = unix.SOL_UDP, unix.UDP_GRO
	h.SetLen(unix.CmsgLen(4))
	binary.NativeEndian.PutUint32(oob[unix.CmsgLen(0):], 70_000) // of which 16 bits are not enough
	if n := segment(oob); n != 70_000 {
		t.Errorf("a run of packets of %d bytes", n)
	}
}
