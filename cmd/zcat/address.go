package main

import (
	"cmp"
	"context"
	"encoding/binary"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// How a message names its peer or its group. In a record that is the routing id
// or the group; a ROUTER, STREAM or DGRAM socket wants it as the first part, a
// SERVER or PEER as a number, which stands in a record as its 4 bytes, and a
// RADIO as the message's group.

// deliver sends the parts, of which the first is the routing id if the type has
// one, to the group of the record or else to --group.
func (s *session) deliver(ctx context.Context, parts [][]byte, group string) error {
	if !s.kind.has(numbered | shouts | onePart) {
		return s.out.Send(ctx, parts...)
	}
	var m zmq.Message
	if s.kind.has(numbered) {
		if len(parts[0]) != 4 || m.SetRoutingID(binary.BigEndian.Uint32(parts[0])) != nil {
			return cli.Failf(cli.StatusFailed, "write it as 0x and 8 hex digits, as it is printed", "%q is no routing id of a %s peer", parts[0], s.kind.name)
		}
		parts = parts[1:]
	}
	if len(parts) > 1 {
		return cli.Failf(cli.StatusFailed, "", "a message of %s has one part, this one has %d", s.kind.name, len(parts))
	}
	if s.kind.has(shouts) {
		group = cmp.Or(group, s.group)
		if err := m.SetGroup(group); err != nil {
			return cli.Failf(cli.StatusFailed, "", "a group has at most 255 bytes, this one has %d", len(group))
		}
	}
	for _, p := range parts {
		m.AppendCopy(p)
	}
	return s.out.SendMessage(ctx, &m)
}

// peerID is the routing id of the peer that a message came from, as it stands in
// a record.
func peerID(id uint32) []byte { return binary.BigEndian.AppendUint32(nil, id) }
