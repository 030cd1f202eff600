package zmq

import (
	"time"

	"ztools/lib/internal/pattern"
	"ztools/lib/internal/pipe"
)

// Counters cost nothing while messages flow: a pipe counts them once a batch
// (lib/internal/pipe/counters.go), and a message that finds no room is counted
// by the pattern that drops it. Stats adds up.

// Flow is what went through the queue of one direction.
type Flow struct {
	Messages uint64 // in all; subscriptions count too
	Bytes    uint64 // of their frames in the form of ZMTP 3: 2 or 9 bytes a part beside its body
	Queued   int    // that wait in the queue now, or were taken from it as a batch that is not finished
	High     int    // the most that waited at once, as the queue's reader found them
}

// PeerFlows are the counters of one peer, or the sum of several.
type PeerFlows struct {
	Sent     Flow
	Received Flow
	// Dropped messages found no room in the peer's queue where the socket's type
	// does not wait (PUB, XPUB, RADIO), were replaced by newer ones (CONFLATE), or
	// were being sent when the peer left. What waits in a queue whose peer leaves is
	// not counted: it was sent.
	Dropped uint64
}

// PeerStats are the counters of one peer and who it is: the address and what it
// said of itself are known as long as it is connected.
type PeerStats struct {
	PeerFlows
	Conn       uint64 // as in Event; each end of inproc has a number too
	Endpoint   string // as configured, or as bound
	Remote     string
	SocketType string
	RoutingID  []byte
	UserID     string
	Connected  bool
	Since      time.Time     // of being connected, or of not being so; zero over inproc
	RoundTrip  time.Duration // of the last heartbeat (HeartbeatIvl) that was answered; 0 if none was
	Retries    int           // of a connect: how often it has paused before another attempt
	Err        error         // of a connect: why the last connection or attempt ended, if it is not connected
}

// SocketStats are the counters of a socket.
type SocketStats struct {
	// PeerFlows is the sum of all peers, also of those that have left. Queued is
	// that of the peers that are there, High the most for one peer. Dropped also
	// counts what a ROUTER had for peers that were not there.
	PeerFlows
	Peers []PeerStats // those that are there or, for a connect, expected
}

// Stats are the socket's counters. They may be asked for at any time, also of a
// closed socket, whose peers have left.
func (s *Socket) Stats() SocketStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := SocketStats{PeerFlows: s.past}
	listed := map[*session]bool{}
	for p, kind := range s.pipes {
		peer := statsOf(p)
		if kind == inproc {
			peer.Connected = true
		}
		listed[sessionOf(p)] = true
		stats.Peers = append(stats.Peers, peer)
		stats.add(peer.PeerFlows)
	}
	for _, eps := range s.endpoints {
		for _, e := range eps {
			if c, ok := e.(*connector); ok && !listed[c.session] { // of IMMEDIATE, without a connection
				stats.Peers = append(stats.Peers, c.stats())
			}
		}
	}
	if d, ok := s.pattern.(pattern.Dropper); ok {
		stats.Dropped += d.Dropped()
	}
	return stats
}

// statsOf are the counters of one pipe.
func statsOf(p *pipe.Pipe) PeerStats {
	x := sessionOf(p)
	if x == nil {
		name, _ := p.Tag.(string)
		return PeerStats{PeerFlows: flowsOf(p), Conn: p.Conn, Endpoint: name}
	}
	peer := x.stats()
	peer.PeerFlows = flowsOf(p)
	return peer
}

// stats are who the session's peer is, without counters.
func (x *session) stats() PeerStats {
	c, past := x.present()
	peer := PeerStats{Conn: x.id, Endpoint: x.endpoint, Since: past.since, Retries: past.retries, Err: past.err}
	if c != nil {
		ev := x.event(c)
		peer.Remote, peer.SocketType, peer.RoutingID, peer.UserID = ev.Remote, ev.SocketType, ev.RoutingID, ev.UserID
		peer.Connected, peer.RoundTrip = true, x.roundTrip()
	}
	return peer
}

// roundTrip is that of the connection's last heartbeat.
func (x *session) roundTrip() time.Duration {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.port == nil {
		return 0
	}
	e := x.port.Engine()
	if e == nil {
		return 0
	}
	return e.RoundTrip()
}

// flowsOf are the bare counters of a pipe.
func flowsOf(p *pipe.Pipe) PeerFlows {
	out, in := p.Counters()
	return PeerFlows{
		Sent:     Flow{out.Messages, out.Bytes, out.Queued, out.High},
		Received: Flow{in.Messages, in.Bytes, in.Queued, in.High},
		Dropped:  p.Dropped + out.Dropped,
	}
}

// ended are the counters of a pipe in which nothing waits any more.
func (f PeerFlows) ended() PeerFlows {
	f.Sent.Queued, f.Received.Queued = 0, 0
	return f
}

// add adds the counters of one more peer.
func (f *PeerFlows) add(g PeerFlows) {
	f.Sent.add(g.Sent)
	f.Received.add(g.Received)
	f.Dropped += g.Dropped
}

func (f *Flow) add(g Flow) {
	f.Messages += g.Messages
	f.Bytes += g.Bytes
	f.Queued += g.Queued
	f.High = max(f.High, g.High)
}
