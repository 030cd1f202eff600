package zmq

import (
	"fmt"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/pattern"
)

// Message is one message of one or more parts. The zero value has no parts.
//
// A Message that RecvMessage filled owns its bytes until it is used for the
// next RecvMessage, reset, or sent; whoever keeps them longer makes a Clone, or
// uses Socket.Recv. A Message must not be used by two goroutines at once.
type Message struct {
	parts []msg.Part
	small []byte    // holds the small parts that were copied in
	large bool      // a part may be outside small
	pool  *msg.Pool // where the large parts go when the message is reused
	meta  *msg.Meta
	group string
	id    uint32
}

// NewMessage makes a message of parts. It refers to their bytes, which must not
// be changed afterwards.
func NewMessage(parts ...[]byte) *Message {
	m := &Message{}
	for _, p := range parts {
		m.Append(p)
	}
	return m
}

// Append adds a part. The message refers to its bytes, which must not be
// changed until the message was reset, or for ever once it was sent.
func (m *Message) Append(body []byte) {
	m.parts = append(m.parts, msg.Part{Body: body})
	m.large = true
}

// AppendCopy adds a part with a copy of body.
func (m *Message) AppendCopy(body []byte) {
	from := len(m.small)
	m.small = append(m.small, body...)
	m.parts = append(m.parts, msg.Part{Body: m.small[from:len(m.small):len(m.small)]})
}

// AppendString adds a part with the bytes of s.
func (m *Message) AppendString(s string) {
	from := len(m.small)
	m.small = append(m.small, s...)
	m.parts = append(m.parts, msg.Part{Body: m.small[from:len(m.small):len(m.small)]})
}

// Replace makes body part i. The message refers to its bytes as Append does.
func (m *Message) Replace(i int, body []byte) {
	if buf := m.parts[i].Buf; buf != nil {
		m.pool.Put(buf)
	}
	m.parts[i] = msg.Part{Body: body}
	m.large = true
}

// Len is the number of parts.
func (m *Message) Len() int { return len(m.parts) }

// Part is part i. It belongs to the message.
func (m *Message) Part(i int) []byte { return m.parts[i].Body }

// Bytes is the first part, nil if there is none. It belongs to the message.
func (m *Message) Bytes() []byte {
	if len(m.parts) == 0 {
		return nil
	}
	return m.parts[0].Body
}

// Parts are the parts, in a new slice. Their bytes belong to the message.
func (m *Message) Parts() [][]byte {
	parts := make([][]byte, len(m.parts))
	for i := range parts {
		parts[i] = m.parts[i].Body
	}
	return parts
}

// Size is the number of bytes in all parts.
func (m *Message) Size() (n int) {
	for i := range m.parts {
		n += len(m.parts[i].Body)
	}
	return n
}

// String shows the parts as quoted text, for logs and tests.
func (m *Message) String() string { return fmt.Sprintf("%q", m.Parts()) }

// Reset makes the message empty and keeps its memory for the next use.
func (m *Message) Reset() {
	if m.large {
		for i := range m.parts {
			m.pool.Put(m.parts[i].Buf)
		}
		clear(m.parts)
	}
	m.empty()
}

// sent forgets the parts, which were sent.
func (m *Message) sent() {
	if m.large {
		clear(m.parts)
	}
	m.empty()
}

// empty forgets the parts, which now belong to somebody else.
func (m *Message) empty() {
	m.parts = m.parts[:0]
	m.small = m.small[:0]
	m.large = false
	if m.meta != nil {
		m.meta = nil
	}
	if m.group != "" {
		m.group = ""
	}
	m.id = 0
}

// Clone is a copy that shares no bytes with m.
func (m *Message) Clone() *Message {
	c := &Message{meta: m.meta, group: m.group, id: m.id}
	for i := range m.parts {
		c.Append(append([]byte(nil), m.parts[i].Body...))
	}
	return c
}

// Property is a property of the connection the message came over, such as
// Socket-Type, Routing-Id (also called Identity), Peer-Address, User-Id, an
// X- name of the peer's own, or __fd, the number of its descriptor
// (zmq_msg_gets(3)). Names count with their case. A message received over inproc
// has none.
func (m *Message) Property(name string) (string, bool) { return m.meta.Get(name) }

// RoutingID is the peer a SERVER or PEER socket got the message from, or will
// send it to; 0 for none (zmq_msg_routing_id(3)).
func (m *Message) RoutingID() uint32 { return m.id }

// SetRoutingID addresses the message to a peer of a SERVER or PEER socket. 0 is
// EINVAL.
func (m *Message) SetRoutingID(id uint32) error {
	if id == 0 {
		return EINVAL
	}
	m.id = id
	return nil
}

// Group is the group of a message of RADIO and DISH (zmq_msg_group(3)).
func (m *Message) Group() string { return m.group }

// SetGroup sets the group, of at most 255 bytes; a longer one is EINVAL.
func (m *Message) SetGroup(group string) error {
	if len(group) > pattern.GroupMax {
		return EINVAL
	}
	m.group = group
	return nil
}

// set makes m, which has nothing to give back, a message of one short part, which is
// copied. One that is as long as the last is copied over that.
func (m *Message) set(body []byte, meta *msg.Meta) {
	if len(m.parts) == 1 && len(m.small) == len(body) && m.meta == meta && m.id == 0 && m.group == "" {
		copy(m.small, body)
		return
	}
	m.empty()
	m.AppendCopy(body)
	m.meta = meta
}

// take adds a frame that a pattern received. A small body is copied, a large
// one belongs to the message from now on.
func (m *Message) take(f *msg.Msg) {
	if len(f.Body) >= msg.RefMin {
		m.parts = append(m.parts, msg.Part{Body: f.Body, Buf: f.Buf})
		m.large = true
		return
	}
	if len(m.parts) == 0 && cap(m.parts) > 0 && !m.large { // the memory of the last message serves
		m.small = append(m.small[:0], f.Body...)
		m.parts = m.parts[:1]
		m.parts[0].Body = m.small
		return
	}
	from := len(m.small)
	m.small = append(m.small, f.Body...)
	m.parts = append(m.parts, msg.Part{Body: m.small[from:len(m.small):len(m.small)]})
}
