package cli

import (
	"context"
	"encoding/json"
	"time"

	"ztools/lib/zmq"
)

// MonitorFlag is the row of --monitor.
var MonitorFlag = Flag{Name: "monitor", Value: "ENDPOINT", Group: "General", Help: "publish socket events there, for zmonitor attach and top"}

// TopicPeers is the first part of the messages that tell each second who the
// peers are; the second is a Peers in JSON.
const TopicPeers = "zmq.peers.json"

// Peers are the peers of a program's sockets at one moment.
type Peers struct {
	Time  time.Time `json:"time"`
	Peers []Peer    `json:"peers"`
}

// Peer is one of them. Messages and bytes are counted from the beginning.
type Peer struct {
	Connection    uint64    `json:"connection"`
	Endpoint      string    `json:"endpoint"`
	Remote        string    `json:"remote,omitempty"`
	SocketType    string    `json:"socket_type,omitempty"`
	RoutingID     string    `json:"routing_id,omitempty"`
	UserID        string    `json:"user_id,omitempty"`
	Connected     bool      `json:"connected"`
	Since         time.Time `json:"since"`
	Retries       int       `json:"retries,omitempty"`
	Sent          uint64    `json:"sent"`
	SentBytes     uint64    `json:"sent_bytes"`
	Received      uint64    `json:"received"`
	ReceivedBytes uint64    `json:"received_bytes"`
	Queued        int       `json:"queued,omitempty"`
	Dropped       uint64    `json:"dropped,omitempty"`
	Reason        string    `json:"reason,omitempty"`
}

// PeersOf are the peers that the sockets have now.
func PeersOf(socks ...*zmq.Socket) Peers {
	all := Peers{Time: time.Now(), Peers: []Peer{}}
	for _, sock := range socks {
		for _, p := range sock.Stats().Peers {
			all.Peers = append(all.Peers, peerOf(&p))
		}
	}
	return all
}

func peerOf(p *zmq.PeerStats) Peer {
	out := Peer{
		Connection: p.Conn, Endpoint: p.Endpoint, Remote: p.Remote, SocketType: p.SocketType, UserID: p.UserID,
		Connected: p.Connected, Since: p.Since, Retries: p.Retries,
		Sent: p.Sent.Messages, SentBytes: p.Sent.Bytes, Received: p.Received.Messages, ReceivedBytes: p.Received.Bytes,
		Queued: p.Sent.Queued + p.Received.Queued, Dropped: p.Dropped,
	}
	if len(p.RoutingID) > 0 {
		out.RoutingID = FormatID(p.RoutingID)
	}
	if p.Err != nil {
		out.Reason = p.Err.Error()
	}
	return out
}

// Monitor publishes what happens to a tool's own sockets at the endpoint of
// --monitor: each event as zmq.Socket.PublishEvents sends it, and each second the
// Peers. A nil Monitor, of a run without the flag, does nothing.
type Monitor struct {
	pub   *zmq.Socket
	socks []*zmq.Socket
	done  []<-chan struct{}
}

// OpenMonitor binds or connects to the endpoint. It is nil without one.
func OpenMonitor(zctx *zmq.Context, e *Endpoint, log *Log) (*Monitor, error) {
	if e == nil {
		return nil, nil
	}
	pub, err := zctx.NewSocket(zmq.Pub)
	if err != nil {
		return nil, err
	}
	if err := Attach(pub, *e, log); err != nil {
		_ = pub.Close() // it is open
		return nil, About(MonitorFlag.Name, err)
	}
	return &Monitor{pub: pub}, nil
}

// Watch begins to publish the events of a socket. It is called before Run, and
// before the socket binds or connects.
func (m *Monitor) Watch(sock *zmq.Socket) {
	if m != nil {
		m.socks = append(m.socks, sock)
		m.done = append(m.done, sock.PublishEvents(m.pub))
	}
}

// Run publishes the Peers each second until ctx is done.
func (m *Monitor) Run(ctx context.Context) {
	if m == nil {
		return
	}
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		text, err := json.Marshal(PeersOf(m.socks...))
		if err != nil || m.pub.TrySend([]byte(TopicPeers), text) != nil {
			continue // what cannot be told now is told in a second
		}
	}
}

// Close waits for the last events of the sockets, which are closed already, and
// gives them a moment to leave.
func (m *Monitor) Close() {
	if m == nil {
		return
	}
	for _, done := range m.done {
		<-done
	}
	_ = m.pub.Set(zmq.Linger, monitorLinger) // fails only on a closed socket
	_ = m.pub.Close()
}

// monitorLinger is how long the last events may take to leave.
const monitorLinger = 200 * time.Millisecond
