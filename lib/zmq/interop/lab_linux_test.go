package interop_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"ztools/lib/internal/ztest"
)

// A lab is two hosts and a relay between them, each a network namespace of its
// own, so that no packet of a test ever leaves it:
//
//	host a 10.99.0.1 eth0 ─── ra relay rb ─── eth0 10.99.0.2 host b
//
// The relay passes Ethernet frames on and treats packets of UDP and PGM as it is
// told: it loses, repeats and reorders them.
type lab struct {
	a, b host
	port int // of the conversation
	relay
}

// host is one end of a lab.
type host struct {
	lab   *lab
	name  string // of the namespace
	iface string
	addr  string
}

// newLab makes a lab for the time of a test.
func newLab(t testing.TB) *lab {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil || os.Geteuid() != 0 {
		ztest.Skip(t, "root and ip(8) of iproute2, for network namespaces")
	}
	prefix := fmt.Sprintf("zt%d", os.Getpid())
	l := &lab{port: 5555}
	l.a = host{l, prefix + "a", "eth0", "10.99.0.1"}
	l.b = host{l, prefix + "b", "eth0", "10.99.0.2"}
	middle := prefix + "r"
	for _, ns := range []string{l.a.name, l.b.name, middle} {
		if out, err := exec.Command("ip", "netns", "add", ns).CombinedOutput(); err != nil {
			ztest.Skip(t, "the right to make network namespaces: "+string(out))
		}
		t.Cleanup(func() { ip(t, "netns del "+ns) })
	}
	for port, h := range map[string]host{"ra": l.a, "rb": l.b} {
		ip(t, "-n "+middle+" link add "+port+" type veth peer name eth0 netns "+h.name)
		ip(t, "-n "+middle+" link set "+port+" up")
		ip(t, "-n "+h.name+" addr add "+h.addr+"/24 dev eth0")
		ip(t, "-n "+h.name+" link set eth0 up")
		ip(t, "-n "+h.name+" route add default dev eth0")
	}
	inside(t, middle, func() { l.relay.start(t, "ra", "rb") })
	return l
}

func ip(t testing.TB, args string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %s", args, out)
	}
}

// inside calls f in a namespace: sockets that it opens and programs that it
// starts belong there. The thread is not used for anything else afterwards.
func inside(t testing.TB, ns string, f func()) {
	t.Helper()
	err, over := error(nil), make(chan struct{})
	go func() {
		defer close(over)      // also when f fails the test
		runtime.LockOSThread() // and never unlocked: the thread ends with f
		var fd int
		fd, err = unix.Open("/run/netns/"+ns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Setns(fd, unix.CLONE_NEWNET)
			unix.Close(fd)
		}
		if err == nil {
			f()
		}
	}()
	<-over
	if err != nil {
		t.Fatalf("namespace %s: %v", ns, err)
	}
	if t.Failed() {
		t.FailNow()
	}
	if t.Skipped() {
		t.SkipNow()
	}
}

// A relay passes frames on between two interfaces.
type relay struct {
	done sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	random *rand.Rand
	loss   float64 // share of packets that is lost
	repeat float64 // share that comes twice
	swap   float64 // share that comes after the next one
	wanted int     // packets still to be lost until enough is closed
	enough chan struct{}
	heads  []head // of the packets since treat, each once
}

// head is what tests ask for of the headers of IP and of UDP or PGM.
type head struct {
	from, to string
	port     int // where it goes
	ttl, tos int
}

// treat says what happens to packets from now on.
func (r *relay) treat(loss, repeat, swap float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loss, r.repeat, r.swap = loss, repeat, swap
	r.heads = nil
}

// seen are the headers of the packets from an address to a group and port that came
// since treat, each once.
func (r *relay) seen(from, to string, port int) (list []head) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range r.heads {
		if h.from == from && h.to == to && h.port == port {
			list = append(list, h)
		}
	}
	return list
}

func (r *relay) note(packet []byte) {
	address := func(b []byte) string { a, _ := netip.AddrFromSlice(b); return a.String() }
	ports := packet[min(int(packet[0]&15)*4, len(packet)):]
	if len(ports) < 4 {
		return
	}
	h := head{address(packet[12:16]), address(packet[16:20]), int(binary.BigEndian.Uint16(ports[2:])), int(packet[8]), int(packet[1])}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.heads, h) {
		r.heads = append(r.heads, h)
	}
}

// loseAll loses everything from now on; the channel is closed when that were n
// packets.
func (r *relay) loseAll(n int) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loss, r.repeat, r.swap = 1, 0, 0
	r.wanted, r.enough = n, make(chan struct{})
	return r.enough
}

func (r *relay) start(t testing.TB, ports ...string) {
	r.random = rand.New(rand.NewPCG(1, 2))
	files := make([]*os.File, 2)
	for i, port := range ports {
		f, err := packetSocket(port)
		if err != nil {
			t.Fatalf("%s: %v", port, err)
		}
		files[i] = f
	}
	t.Cleanup(func() {
		files[0].Close()
		files[1].Close()
		r.done.Wait()
	})
	r.done.Go(func() { r.pass(files[0], files[1]) })
	r.done.Go(func() { r.pass(files[1], files[0]) })
}

// packetSocket gets what arrives at an interface.
func packetSocket(iface string) (*os.File, error) {
	const all = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL&0xff<<8 // in network order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), iface)
	req, err := unix.NewIfreq(iface)
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, req)
	}
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1)
	}
	if err == nil {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20)
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: int(req.Uint32())})
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// pass is one direction.
func (r *relay) pass(from, to *os.File) {
	buf := make([]byte, 64<<10)
	var held []byte
	for {
		n, err := from.Read(buf)
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		frame := buf[:n]
		copies, late := 1, false
		if data(frame) {
			r.note(frame[ethernet:])
			copies, late = r.fate()
		}
		if late && held == nil {
			held = append(held, frame...)
			continue
		}
		for range copies {
			to.Write(frame)
		}
		if held != nil {
			to.Write(held)
			held = nil
		}
	}
}

// fate says how often a packet arrives, and whether it lets another pass.
func (r *relay) fate() (copies int, late bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch dice := r.random.Float64(); {
	case dice < r.loss:
		if r.wanted--; r.wanted == 0 {
			close(r.enough)
		}
		return 0, false
	case dice < r.loss+r.repeat:
		return 2, false
	default:
		return 1, dice < r.loss+r.repeat+r.swap
	}
}

// ethernet is the length of the header in front of a packet.
const ethernet = 14

// data reports whether a frame is a packet of UDP or PGM. The checksum of UDP is
// taken out, since a virtual interface leaves it to hardware that does not exist.
func data(frame []byte) bool {
	if len(frame) < ethernet+20 || binary.BigEndian.Uint16(frame[12:]) != unix.ETH_P_IP {
		return false
	}
	packet := frame[ethernet:]
	header := int(packet[0]&0xf) * 4
	switch packet[9] {
	case unix.IPPROTO_UDP:
		if len(packet) >= header+8 {
			packet[header+6], packet[header+7] = 0, 0
		}
		return true
	case 113: // PGM
		return true
	}
	return false
}
