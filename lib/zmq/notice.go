package zmq

import (
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/wire"
)

// What a connection says by itself, without a message of a user:
//
//	to the socket, when it is there   the peer's routing id; ROUTER_NOTIFY, STREAM_NOTIFY: an empty message
//	to the peer, then                 HELLO_MSG, before all that is queued
//	to the socket, when it has gone   ROUTER_NOTIFY, STREAM_NOTIFY: an empty message;
//	                                  DISCONNECT_MSG, if the peer had connected;
//	                                  HICCUP_MSG, if this side had, and connects again
//
// Over inproc there is no connection that could break: the hellos are the first
// messages on the pipe, and the disconnect message the last.

// The bits of ROUTER_NOTIFY (zmq_setsockopt(3)).
const (
	notifyConnect    = 1
	notifyDisconnect = 2
)

// hello is HELLO_MSG, nil if it is not set or the type sends none.
func (t Type) hello(o *option.Options) []byte {
	if t.in(Dealer, Router, Client, Server, Peer) {
		return o.HelloMsg
	}
	return nil
}

// farewell is DISCONNECT_MSG, nil if it is not set or the type receives none.
func (t Type) farewell(o *option.Options) []byte {
	if t.in(Router, Server, Peer) {
		return o.DisconnectMsg
	}
	return nil
}

// hiccup is HICCUP_MSG, nil if it is not set or the type receives none.
func (t Type) hiccup(o *option.Options) []byte {
	if t.in(Dealer, Client, Peer) {
		return o.HiccupMsg
	}
	return nil
}

// notifies reports whether the socket is told by an empty message of peers that
// come, or go, as bit says.
func (x *session) notifies(bit int) bool {
	return x.raw() && x.sock.typ != Dgram && x.opts.StreamNotify || x.sock.typ == Router && x.opts.RouterNotify&bit != 0
}

// introduce writes what the socket must know about a peer before its first
// message.
func (x *session) introduce(p *pipe.Pipe, conn *connection) {
	meta, id, res := &msg.Meta{FD: transport.FD(conn.Conn)}, []byte(nil), conn.result
	if res == nil {
		meta.Properties = map[string]string{wire.PropPeerAddress: transport.PeerAddress(conn.Conn)}
	} else {
		meta.Properties, id = res.Properties, res.Identity
	}
	p.SetMeta(meta)
	if x.sock.typ.wantsIdentity() {
		p.Write(identity(id))
	}
	if x.notifies(notifyConnect) {
		p.Push(&msg.Msg{})
	}
	if res != nil && res.Version == wire.Unversioned && x.sock.typ.takesSubscriptions() {
		p.Push(&msg.Msg{Body: []byte{1}}) // such a peer may not subscribe: it gets all
	}
}

// leave tells the socket that the connection has ended.
func (x *session) leave() {
	x.mu.Lock()
	port := x.port
	x.mu.Unlock()
	if port == nil {
		return
	}
	if x.notifies(notifyDisconnect) {
		port.Pipe.Push(&msg.Msg{})
	}
	last := x.sock.typ.farewell(x.opts)
	if !x.bound {
		last = x.sock.typ.hiccup(x.opts)
	}
	if len(last) > 0 {
		port.Pipe.Push(msg.New(last))
	}
}

// greet writes a hello that goes over inproc.
func greet(p *pipe.Pipe, hello []byte) {
	if len(hello) > 0 {
		p.Write(msg.New(hello))
	}
}

// remember has a disconnect message follow what p's other end writes.
func remember(p *pipe.Pipe, farewell []byte) {
	if len(farewell) > 0 {
		p.SetLast(msg.New(farewell))
	}
}
