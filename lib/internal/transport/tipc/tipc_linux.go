package tipc

import (
	"context"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// Listen binds and listens. Errors: EINVAL for the text, EAFNOSUPPORT where the
// kernel has no TIPC, and those of the system.
func (Transport) Listen(rest string, o *option.Options) (transport.Listener, error) {
	a, err := parse(rest, true)
	if err != nil {
		return nil, err
	}
	f := &transport.Family{Domain: unix.AF_TIPC, Name: name}
	if a.form == random {
		return f.Listen(nil, "", o.Backlog)
	}
	return f.Listen(&unix.SockaddrTIPC{
		Scope: unix.TIPC_ZONE_SCOPE,
		Addr:  &unix.TIPCServiceRange{Type: a.typ, Lower: a.lower, Upper: a.upper},
	}, a.String(), o.Backlog)
}

// Check refuses what is no address to connect to.
func (Transport) Check(rest string, _ *option.Options) error {
	_, err := parse(rest, false)
	return err
}

// Dial connects within CONNECT_TIMEOUT.
func (Transport) Dial(ctx context.Context, rest string, o *option.Options) (net.Conn, error) {
	a, err := parse(rest, false)
	if err != nil {
		return nil, err
	}
	if o.ConnectTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(o.ConnectTimeout)*time.Millisecond)
		defer cancel()
	}
	to := &unix.SockaddrTIPC{Addr: &unix.TIPCSocketAddr{Ref: a.ref, Node: a.node}}
	if a.form == service {
		to.Addr = &unix.TIPCServiceName{Type: a.typ, Instance: a.lower, Domain: a.node}
	}
	f := &transport.Family{Domain: unix.AF_TIPC, Name: name}
	return f.Dial(ctx, to)
}

// name is a socket's address as an endpoint.
func name(sa unix.Sockaddr) string {
	a := &address{form: identity}
	if t, ok := sa.(*unix.SockaddrTIPC); ok {
		switch t := t.Addr.(type) {
		case *unix.TIPCSocketAddr:
			a.node, a.ref = t.Node, t.Ref
		case *unix.TIPCServiceName:
			a = &address{form: service, typ: t.Type, lower: t.Instance, upper: t.Instance}
		}
	}
	return a.String()
}
