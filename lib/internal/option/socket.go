package option

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"ztools/lib/internal/errno"
)

// The numbers of the socket types that the table knows, as in zmq.h.
const (
	typeSub    = 2
	typeRep    = 4
	typeRouter = 6
	typeXSub   = 10
	typeStream = 11
	typeDish   = 15
)

// The numbers of the mechanisms in Options.Mechanism, as in zmq.h.
const (
	mechNull = iota
	mechPlain
	mechCurve
	mechGSSAPI
)

// Defaults is the options of a new socket of the type with that number, as
// libzmq's constructors leave them.
func Defaults(socketType int) Options {
	o := Options{Type: socketType}
	for i := range Table {
		Table[i].reset(&o)
	}
	if slices.Contains([]int{typeSub, typeXSub, typeDish}, socketType) {
		o.Linger = 0
	}
	return o
}

// Lookup is the row of a socket option, nil for an unknown number.
func Lookup(id ID) *Row {
	for i := range Table {
		if Table[i].ID == id {
			return &Table[i]
		}
	}
	return nil
}

// ByName is the row of a socket option by its name in zmq.h, in upper or lower
// case, with or without ZMQ_ ("sndhwm", "ZMQ_SNDHWM"); older names count.
func ByName(name string) (*Row, bool) {
	name = strings.TrimPrefix(strings.ToUpper(name), "ZMQ_")
	for i := range Table {
		if e := &Table[i]; e.Name == name || slices.Contains(e.Aliases, name) {
			return e, true
		}
	}
	return nil, false
}

func setIPv4Only(o *Options, v any) error {
	o.IPv6 = v.(int) == 0
	return nil
}

// setOn is for options that other socket types than these do not know.
func setOn(types []int, set func(*Options, int)) func(*Options, any) error {
	return func(o *Options, v any) error {
		if !slices.Contains(types, o.Type) {
			return errno.EINVAL
		}
		set(o, v.(int))
		return nil
	}
}

func setHeartbeatTTL(o *Options, v any) error {
	o.HeartbeatTTL = v.(int) / 100 * 100
	return nil
}

// addAcceptFilter takes an address, or an address and the length of a prefix
// behind a slash; an empty text clears the list.
func addAcceptFilter(o *Options, v any) error {
	text := v.(string)
	if text == "" {
		o.TCPAcceptFilters = nil
		return nil
	}
	host, bits, found := strings.Cut(text, "/")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return errno.EINVAL
	}
	if n, err := strconv.Atoi(bits); found && (err != nil || n < 0 || n > addr.BitLen()) {
		return errno.EINVAL
	}
	o.TCPAcceptFilters = append(slices.Clip(o.TCPAcceptFilters), text)
	return nil
}

// addID adds to a list of ids that copies of the options may share; nil clears it.
func addID(list func(*Options) *[]int) func(*Options, any) error {
	return func(o *Options, v any) error {
		p := list(o)
		if v == nil {
			*p = nil
		} else if !slices.Contains(*p, v.(int)) {
			*p = append(slices.Clip(*p), v.(int))
		}
		return nil
	}
}

// addMetadata takes "X-name:value"; a second value for a name is ignored. A text
// of four bytes is refused: libzmq takes it for a number.
func addMetadata(o *Options, v any) error {
	text := v.(string)
	name, value, _ := strings.Cut(text, ":")
	if len(text) == 4 || !strings.HasPrefix(name, "X-") || len(name) > 255 || value == "" {
		return errno.EINVAL
	}
	known := func(p [2]string) bool { return p[0] == name }
	if !slices.ContainsFunc(o.Metadata, known) {
		o.Metadata = append(slices.Clip(o.Metadata), [2]string{name, value})
	}
	return nil
}

// setServer makes the socket a server of mechanism m, or, for PLAIN and CURVE,
// sets it back to NULL.
func setServer(m int) func(*Options, any) error {
	return func(o *Options, v any) error {
		o.AsServer = v.(int) == 1
		o.Mechanism = m
		if !o.AsServer && m != mechGSSAPI {
			o.Mechanism = mechNull
		}
		return nil
	}
}

func isServer(m int) func(*Options) any {
	return func(o *Options) any { return o.AsServer && o.Mechanism == m }
}

// setPlain makes the socket a PLAIN client; an empty text goes back to NULL and
// leaves name, password and role as they are.
func setPlain(field func(*Options) *string) func(*Options, any) error {
	return func(o *Options, v any) error {
		if v == "" {
			o.Mechanism = mechNull
			return nil
		}
		*field(o) = v.(string)
		o.AsServer = false
		o.Mechanism = mechPlain
		return nil
	}
}

// setCurveKey selects CURVE; the key of the server also makes a client.
func setCurveKey(field func(*Options) *[32]byte, client bool) func(*Options, any) error {
	return func(o *Options, v any) error {
		*field(o) = v.([32]byte)
		o.Mechanism = mechCurve
		if client {
			o.AsServer = false
		}
		return nil
	}
}

// setPrincipal selects GSSAPI; the principal of the server also makes a client.
func setPrincipal(field func(*Options) *string, client bool) func(*Options, any) error {
	return func(o *Options, v any) error {
		*field(o) = v.(string)
		o.Mechanism = mechGSSAPI
		if client {
			o.AsServer = false
		}
		return nil
	}
}
