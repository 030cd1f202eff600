// Package tipc is the scheme tipc:// (zmq_tipc(7)): streams between the nodes of a
// cluster over Linux's TIPC, addressed by service.
//
//	bind     tipc://{type,lower,upper}     a range of instances of a service
//	         tipc://<*>                    no service: a port identity of its own
//	connect  tipc://{type,instance}        whoever serves it, anywhere
//	         tipc://{type,instance}@z.c.n  whoever serves it on that node, and so on
//	         tipc://<z.c.n:ref>            a port identity
//
// Numbers are decimal; spaces may stand in front of them. On other systems the
// scheme does not exist: errno.EPROTONOSUPPORT.
package tipc

import (
	"fmt"
	"strconv"
	"strings"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// Transport is the scheme tipc.
type Transport struct{}

var _ transport.Transport = Transport{}

// reserved is the first type of service that is free to use (linux/tipc.h).
const reserved = 64

// form is how an address is written.
type form uint8

const (
	service  form = iota // {type,instance}
	sequence             // {type,lower,upper}
	identity             // <z.c.n:ref>
	random               // <*>
)

// address is an endpoint.
type address struct {
	form         form
	typ          uint32
	lower, upper uint32 // the instances; of a service, both are the one
	node         uint32 // of an identity, or a service's domain
	ref          uint32
}

// bindable reports whether zmq_bind takes the address; zmq_connect takes the
// others.
func (a *address) bindable() bool { return a.form == sequence || a.form == random }

// parse reads the text behind tipc://. Everything else is errno.EINVAL.
func parse(rest string, bind bool) (*address, error) {
	a, err := parseForm(rest)
	if err != nil || a.bindable() != bind {
		return nil, errno.EINVAL
	}
	return a, nil
}

func parseForm(rest string) (*address, error) {
	if rest == "<*>" {
		return &address{form: random}, nil
	}
	if inner, ok := between(rest, "<", ">"); ok {
		return parseIdentity(inner)
	}
	name, domain, found := strings.Cut(rest, "@")
	inner, ok := between(name, "{", "}")
	if !ok {
		return nil, errno.EINVAL
	}
	a := &address{}
	var err error
	if found {
		if a.node, err = parseNode(domain); err != nil {
			return nil, err
		}
	}
	n, err := numbers(inner, ",")
	switch {
	case err != nil:
		return nil, err
	case len(n) == 3 && !found && n[0] >= reserved && n[1] <= n[2]:
		a.form, a.typ, a.lower, a.upper = sequence, n[0], n[1], n[2]
	case len(n) == 2 && n[0] > reserved:
		a.form, a.typ, a.lower, a.upper = service, n[0], n[1], n[1]
	default:
		return nil, errno.EINVAL
	}
	return a, nil
}

func parseIdentity(text string) (*address, error) {
	node, ref, _ := strings.Cut(text, ":")
	a := &address{form: identity}
	var err error
	if a.node, err = parseNode(node); err != nil {
		return nil, err
	}
	n, err := numbers(ref, ":")
	if err != nil || len(n) != 1 {
		return nil, errno.EINVAL
	}
	a.ref = n[0]
	return a, nil
}

// parseNode reads z.c.n: 8, 12 and 12 bits.
func parseNode(text string) (uint32, error) {
	n, err := numbers(text, ".")
	if err != nil || len(n) != 3 || n[0] > 0xFF || n[1] > 0xFFF || n[2] > 0xFFF {
		return 0, errno.EINVAL
	}
	return n[0]<<24 | n[1]<<12 | n[2], nil
}

func numbers(text, sep string) (list []uint32, err error) {
	for part := range strings.SplitSeq(text, sep) {
		n, err := strconv.ParseUint(strings.TrimLeft(part, " "), 10, 32)
		if err != nil {
			return nil, errno.EINVAL
		}
		list = append(list, uint32(n))
	}
	return list, nil
}

func between(text, open, end string) (string, bool) {
	text, ok := strings.CutPrefix(text, open)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(text, end)
}

// String is the address as libzmq prints it in LAST_ENDPOINT.
func (a *address) String() string {
	if a.form == identity || a.form == random {
		return fmt.Sprintf("tipc://<%d.%d.%d:%d>", a.node>>24, a.node>>12&0xFFF, a.node&0xFFF, a.ref)
	}
	return fmt.Sprintf("tipc://{%d, %d, %d}", a.typ, a.lower, a.upper)
}

// Aliases is the text as LAST_ENDPOINT has it, so that a bind can be ended by what
// was given to it.
func (Transport) Aliases(rest string, _ *option.Options) []string {
	a, err := parseForm(rest)
	if err != nil || a.form != sequence {
		return nil
	}
	return []string{a.String()}
}
