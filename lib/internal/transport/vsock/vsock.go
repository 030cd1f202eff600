// Package vsock is the schemes vsock:// and vmci:// (zmq_vmci(7)): streams between
// a virtual machine and its host, or its neighbours, over Linux's AF_VSOCK, which
// also carries VMware's VMCI.
//
//	vsock://CID:PORT   CID   a number; "*" or "-1" any, to bind; "@" this machine
//	vmci://CID:PORT    PORT  a number of 32 bits; "*" or "-1" any, to bind
//
// On other systems the schemes do not exist: errno.EPROTONOSUPPORT.
package vsock

import (
	"math"
	"strconv"
	"strings"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// Transport is the scheme vsock, or vmci.
type Transport struct{ VMCI bool }

var _ transport.Transport = Transport{}

func (t Transport) scheme() string {
	if t.VMCI {
		return "vmci"
	}
	return "vsock"
}

// Aliases is none.
func (Transport) Aliases(string, *option.Options) []string { return nil }

// address is an endpoint: a context id and a port, each any if it is all ones.
type address struct {
	cid, port uint32
	own       bool // the CID is that of this machine
}

const anyone = math.MaxUint32

// parse reads the text behind the scheme. libzmq takes the digits at the
// beginning of a number and ignores what follows; here that is errno.EINVAL.
func parse(rest string) (a address, err error) {
	at := strings.LastIndexByte(rest, ':')
	if at < 0 {
		return a, errno.EINVAL
	}
	cid, port := rest[:at], rest[at+1:]
	if a.port, err = number(port); err != nil {
		return a, err
	}
	if a.own = cid == "@"; !a.own {
		a.cid, err = number(cid)
	}
	return a, err
}

func number(text string) (uint32, error) {
	if text == "*" || text == "-1" {
		return anyone, nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, errno.EINVAL
	}
	return uint32(n), nil
}

// text is an address as endpoints have it.
func (t Transport) text(cid, port uint32) string {
	one := func(n uint32) string {
		if n == anyone {
			return "*"
		}
		return strconv.FormatUint(uint64(n), 10)
	}
	return t.scheme() + "://" + one(cid) + ":" + one(port)
}
