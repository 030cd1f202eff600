package zmq

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"ztools/lib/internal/option"
	"ztools/lib/internal/security"
	"ztools/lib/internal/transport"
)

// binding is one Bind.
type binding struct {
	sock     *Socket
	opts     *option.Options
	secure   security.Maker // made of opts
	endpoint string
	given    string // to Bind
	listener transport.Listener
	life     life // of a rest

	peers map[*session]struct{} // guarded by sock.mu
	over  bool                  // guarded by sock.mu: no new peers
}

// accept takes in connections until the listener is closed. It is owned by the
// socket.
func (b *binding) accept() {
	s := b.sock
	defer s.wg.Done()
	for {
		conn, err := b.listener.Accept()
		var one *transport.AcceptError
		switch {
		case errors.As(err, &one):
			b.emit(AcceptFailed, int(NumberOf(err)), err)
			if one.Wait > 0 {
				b.rest(one.Wait)
			}
			continue
		case err != nil:
			return
		}
		x := s.newSession(b.opts, b.endpoint, true)
		x.secure = b.secure
		if !b.add(x) {
			conn.Close()
			return
		}
		x.emitOpen(&connection{Conn: conn}, Accepted, nil)
		go func() {
			defer s.wg.Done()
			x.serve(func() (net.Conn, error) { return conn, nil })
			b.remove(x)
			x.finish()
		}()
	}
}

// rest waits when the system has run out of something.
func (b *binding) rest(d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	if b.life.during(cancel) {
		<-ctx.Done()
	}
}

// add notes a new peer; false if the bind has ended.
func (b *binding) add(x *session) bool {
	b.sock.mu.Lock()
	defer b.sock.mu.Unlock()
	if b.over {
		return false
	}
	b.peers[x] = struct{}{}
	b.sock.wg.Add(1)
	return true
}

func (b *binding) remove(x *session) {
	b.sock.mu.Lock()
	delete(b.peers, x)
	b.sock.mu.Unlock()
}

// close stops listening and ends all peers.
func (b *binding) close(linger int) {
	b.life.abort()
	fd := b.descriptor()
	if err := b.listener.Close(); err != nil {
		b.emit(CloseFailed, int(NumberOf(err)), err)
	} else {
		b.emit(Closed, fd, nil)
	}
	b.sock.mu.Lock()
	b.over = true
	peers := make([]*session, 0, len(b.peers))
	for x := range b.peers {
		peers = append(peers, x)
	}
	b.sock.mu.Unlock()
	for _, x := range peers {
		x.close(linger)
	}
}

// unsent is called with the socket's lock held.
func (b *binding) unsent() (n int) {
	for x := range b.peers {
		n += x.unsent()
	}
	return n
}

// alias is, of a bind of tipc, the text that was given: the name that libzmq knows.
func (b *binding) alias() string {
	if strings.HasPrefix(b.given, "tipc://") {
		return b.given
	}
	return b.endpoint
}
