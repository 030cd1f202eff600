package errno

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestEveryNumberHasNameAndText(t *testing.T) {
	for e, row := range table {
		if row.name == "" || row.text == "" || row.text != strings.ToLower(row.text) {
			t.Errorf("%d: %q, %q", int(e), row.name, row.text)
		}
		if e.Name() != row.name || e.Error() != row.text {
			t.Errorf("%d: Name %q, Error %q", int(e), e.Name(), e.Error())
		}
	}
	for e := range alike {
		if _, ok := table[e]; !ok {
			t.Errorf("%d is alike to something, but has no text", int(e))
		}
	}
}

func TestUnknownNumber(t *testing.T) {
	if e := Errno(9999); e.Error() != "unknown error" || e.Name() != "E?" {
		t.Errorf("%q, %q", e.Error(), e.Name())
	}
}

func TestIs(t *testing.T) {
	for _, tt := range []struct {
		err    Errno
		target error
		want   bool
	}{
		{EAGAIN, EAGAIN, true},
		{EAGAIN, EFSM, false},
		{EAGAIN, os.ErrDeadlineExceeded, true},
		{ETIMEDOUT, context.DeadlineExceeded, true},
		{ENOENT, os.ErrNotExist, true},
		{EACCES, os.ErrPermission, true},
		{ETERM, net.ErrClosed, true},
		{ENOTSOCK, net.ErrClosed, true},
		{EPIPE, io.ErrClosedPipe, true},
		{EINVAL, os.ErrNotExist, false},
	} {
		if got := errors.Is(fmt.Errorf("send: %w", tt.err), tt.target); got != tt.want {
			t.Errorf("%s is %v: %v", tt.err.Name(), tt.target, got)
		}
	}
}

func TestTimeoutAndTemporary(t *testing.T) {
	var e net.Error = EAGAIN
	if !e.Timeout() || !ETIMEDOUT.Timeout() || EINVAL.Timeout() {
		t.Error("EAGAIN and ETIMEDOUT, and no other, are timeouts")
	}
	if !EAGAIN.Temporary() || !EINTR.Temporary() || ETERM.Temporary() {
		t.Error("EAGAIN and EINTR, and no other, are temporary")
	}
}

// The numbers are those of the system's errno.h and of libzmq's zmq.h.
func TestNumbersAreTheSystems(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the numbers are those of Linux")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to ask for errno.h")
	}
	const script = "import errno\nfor n, name in errno.errorcode.items(): print(name, n)\nprint('ENOTSUP', errno.ENOTSUP)"
	out, err := exec.Command(python, "-c", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(out), "\n")
	for e, row := range table {
		if line := fmt.Sprintf("%s %d", row.name, int(e)); e < hausnumero && !slices.Contains(lines, line) {
			t.Errorf("errno.h has no %q", line)
		}
	}
}
