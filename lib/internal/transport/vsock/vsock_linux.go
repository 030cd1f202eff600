package vsock

import (
	"context"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// The options of a socket (linux/vm_sockets.h), of 64 bits.
const (
	bufferSize    = 0
	bufferMinSize = 1
	bufferMaxSize = 2
)

// Listen binds and listens with VMCI_BUFFER_SIZE and its kin. Errors: EINVAL for
// the text, EADDRINUSE, EADDRNOTAVAIL for a CID that is not this machine's, ENODEV
// for "@" without a device.
func (t Transport) Listen(rest string, o *option.Options) (transport.Listener, error) {
	to, err := t.resolve(rest)
	if err != nil {
		return nil, err
	}
	return t.family(o).Listen(to, "", o.Backlog)
}

// Check refuses what is no address.
func (t Transport) Check(rest string, _ *option.Options) error {
	_, err := parse(rest)
	return err
}

// Dial connects within CONNECT_TIMEOUT, for vmci within VMCI_CONNECT_TIMEOUT.
func (t Transport) Dial(ctx context.Context, rest string, o *option.Options) (net.Conn, error) {
	to, err := t.resolve(rest)
	if err != nil {
		return nil, err
	}
	limit := o.ConnectTimeout
	if t.VMCI {
		limit = o.VMCIConnectTimeout
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(limit)*time.Millisecond)
		defer cancel()
	}
	return t.family(o).Dial(ctx, to)
}

func (t Transport) family(o *option.Options) *transport.Family {
	return &transport.Family{
		Domain: unix.AF_VSOCK,
		Name: func(sa unix.Sockaddr) string {
			vm, ok := sa.(*unix.SockaddrVM)
			if !ok {
				return t.scheme() + "://"
			}
			return t.text(vm.CID, vm.Port)
		},
		Prepare: func(fd int) error { return setBuffers(fd, o) },
	}
}

// setBuffers sets the sizes in the order in which the kernel takes them.
func setBuffers(fd int, o *option.Options) error {
	for _, b := range []struct {
		name int
		size uint64
	}{{bufferMinSize, o.VMCIBufferMinSize}, {bufferMaxSize, o.VMCIBufferMaxSize}, {bufferSize, o.VMCIBufferSize}} {
		if b.size == 0 {
			continue
		}
		if err := unix.SetsockoptUint64(fd, unix.AF_VSOCK, b.name, b.size); err != nil {
			return err
		}
	}
	return nil
}

// resolve is the address of the text. "@" is, for vsock, the loopback of this
// machine, as zmq_vsock(7) says.
func (t Transport) resolve(rest string) (*unix.SockaddrVM, error) {
	a, err := parse(rest)
	if err != nil {
		return nil, err
	}
	switch {
	case a.own && t.VMCI:
		a.cid, err = localCID()
	case a.own:
		a.cid = unix.VMADDR_CID_LOCAL
	}
	return &unix.SockaddrVM{CID: a.cid, Port: a.port}, err
}

// localCID asks the device.
func localCID() (uint32, error) {
	device, err := os.Open("/dev/vsock")
	if err != nil {
		return 0, &transport.Error{No: errno.ENODEV, Err: err}
	}
	defer device.Close()
	cid, err := unix.IoctlGetUint32(int(device.Fd()), unix.IOCTL_VM_SOCKETS_GET_LOCAL_CID)
	if err != nil {
		return 0, &transport.Error{No: errno.ENODEV, Err: os.NewSyscallError("ioctl", err)}
	}
	return cid, nil
}
