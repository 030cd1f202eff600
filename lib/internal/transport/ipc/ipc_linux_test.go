package ipc

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

func TestAbstract(t *testing.T) {
	t.Chdir(shortDir(t))
	name := fmt.Sprintf("@ztools-test-%d", os.Getpid())
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := listen(t, name, defaults())
	if l.Endpoint() != "ipc://"+name {
		t.Errorf("endpoint %s", l.Endpoint())
	}
	dialed, _ := join(t, l, name)
	if got := transport.Endpoint(dialed.RemoteAddr()); got != "ipc://"+name {
		t.Errorf("remote endpoint %s", got)
	}
	if _, err := (Transport{}).Listen(name, defaults()); !errors.Is(err, errno.EADDRINUSE) {
		t.Errorf("second bind: %v", err)
	}
	if !exists(name) {
		t.Error("the file of the same name is gone")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := (Transport{}).Dial(t.Context(), name, defaults()); !errors.Is(err, errno.ECONNREFUSED) {
		t.Errorf("dial after Close: %v", err)
	}
	longest := name + strings.Repeat("x", maxPath-len(name))
	join(t, listen(t, longest, defaults()), longest)
}

func TestPeerAddress(t *testing.T) {
	file := filepath.Join(shortDir(t), "s")
	dialed, accepted := join(t, listen(t, file, defaults()), file)
	want := fmt.Sprintf("localhost:%d:%d:%d", os.Getuid(), os.Getgid(), os.Getpid())
	for _, c := range []net.Conn{dialed, accepted} {
		if got := transport.PeerAddress(c); got != want {
			t.Errorf("peer address %s, want %s", got, want)
		}
		if _, ok := c.(syscall.Conn); !ok {
			t.Error("the connection hides its descriptor")
		}
	}
}

func TestPeerAddressForms(t *testing.T) {
	for _, c := range []struct {
		conn Conn
		want string
	}{
		{Conn{peer: credentials{1, 2, 3}}, "localhost:1:2:3"},
		{Conn{peer: credentials{1, 2, 0}}, "localhost:1:2:"},
		{Conn{known: errno.ENOTSUP}, "localhost"},
	} {
		if got := c.conn.PeerAddress(); got != c.want {
			t.Errorf("%v = %s, want %s", c.conn.peer, got, c.want)
		}
	}
}

func TestFilter(t *testing.T) {
	uid, gid, pid := os.Getuid(), os.Getgid(), os.Getpid()
	for _, c := range []struct {
		name             string
		uids, gids, pids []int
		pass             bool
	}{
		{"none", nil, nil, nil, true},
		{"user", []int{uid + 1, uid}, nil, nil, true},
		{"other user", []int{uid + 1}, nil, nil, false},
		{"group", nil, []int{gid}, nil, true},
		{"other group", nil, []int{1 << 30}, nil, false},
		{"process", nil, nil, []int{pid}, true},
		{"other process", nil, nil, []int{pid + 1}, false},
		{"one of three", []int{uid + 1}, []int{1 << 30}, []int{pid}, true},
		{"none of three", []int{uid + 1}, []int{1 << 30}, []int{pid + 1}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := defaults()
			o.IPCFilterUID, o.IPCFilterGID, o.IPCFilterPID = c.uids, c.gids, c.pids
			file := filepath.Join(shortDir(t), "s")
			l := listen(t, file, o)
			if c.pass {
				join(t, l, file)
				return
			}
			dialed, err := (Transport{}).Dial(t.Context(), file, defaults())
			if err != nil {
				t.Fatal(err)
			}
			defer dialed.Close()
			_, err = l.Accept()
			var one *transport.AcceptError
			if !errors.As(err, &one) || one.Wait != 0 || !errors.Is(err, errno.EACCES) {
				t.Errorf("error %v", err)
			}
			if n, err := dialed.Read(make([]byte, 1)); n != 0 || err == nil {
				t.Error("the refused connection is open")
			}
		})
	}
}

func TestFilterUnknown(t *testing.T) {
	unknown := &Conn{known: errno.ENOTSUP}
	if err := (filter{uids: []int{0}}).admit(unknown); !errors.Is(err, errno.ENOTSUP) {
		t.Errorf("error %v", err)
	}
	if err := (filter{}).admit(unknown); err != nil {
		t.Errorf("without filters: %v", err)
	}
	hidden := &Conn{peer: credentials{1, 1, 0}} // in another pid namespace
	if err := (filter{pids: []int{0}}).admit(hidden); !errors.Is(err, errno.EACCES) {
		t.Errorf("process 0: %v", err)
	}
}

// TestGroups compares with id(1).
func TestGroups(t *testing.T) {
	out, err := exec.Command("id", "-G", fmt.Sprint(os.Getuid())).Output()
	if err != nil {
		t.Skipf("no id: %v", err)
	}
	groups := credentials{uid: os.Getuid(), gid: os.Getgid()}.groups()
	for _, id := range strings.Fields(string(out)) {
		if gid, err := strconv.Atoi(id); err != nil || !slices.Contains(groups, gid) {
			t.Errorf("groups %v lack %s", groups, id)
		}
	}
	if got := (credentials{uid: 1 << 30, gid: 7}).groups(); len(got) != 1 || got[0] != 7 {
		t.Errorf("groups of nobody %v", got)
	}
}

// TestBacklog fills a backlog of none: the second attempt has no room.
func TestBacklog(t *testing.T) {
	o := defaults()
	o.Backlog = 0
	file := filepath.Join(shortDir(t), "s")
	listen(t, file, o)
	first, err := (Transport{}).Dial(t.Context(), file, defaults())
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if _, err := (Transport{}).Dial(t.Context(), file, defaults()); !errors.Is(err, errno.EAGAIN) {
		t.Errorf("error %v", err)
	}
}

func TestUseFD(t *testing.T) {
	file := filepath.Join(shortDir(t), "s")
	ours, err := net.Listen("unix", file)
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	f, err := ours.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	o := option.Defaults(0)
	o.UseFD = fd
	l := listen(t, "*label", &o)
	if l.Endpoint() != "ipc://*label" {
		t.Errorf("endpoint %s", l.Endpoint())
	}
	join(t, l, file)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != unix.EBADF {
		t.Errorf("the descriptor is still open: %v", err)
	}
	if !exists(file) {
		t.Error("the file is gone")
	}
}

func TestUseFDErrors(t *testing.T) {
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	f, err := tcp.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fd := int(f.Fd())
	for _, c := range []struct {
		path string
		fd   int
		err  errno.Errno
	}{
		{"@", fd, errno.EINVAL},
		{"x", 1 << 20, errno.EBADF},
		{"x", fd, errno.EINVAL},
	} {
		o := option.Defaults(0)
		o.UseFD = c.fd
		if _, err := (Transport{}).Listen(c.path, &o); !errors.Is(err, c.err) {
			t.Errorf("%s and %d: %v, want %v", c.path, c.fd, err, c.err)
		}
	}
}
