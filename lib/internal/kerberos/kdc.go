package kerberos

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/messages"
)

// gokrb5's own client asks a KDC, too, but cannot be told to stop.

const (
	// patience is how long one KDC may take over one network.
	patience = 5 * time.Second
	// maxReply is the largest reply over TCP, in bytes, as in MIT Kerberos.
	maxReply = 1 << 20
	// maxDatagram is the largest one over UDP.
	maxDatagram = 64 << 10
)

// ask sends a request to the KDCs of a realm, one after the other until one has
// replied. What it refuses is a messages.KRBError.
func ask(ctx context.Context, c *config.Config, realm string, request []byte) ([]byte, error) {
	failed := fmt.Errorf("no KDC of %s answers", realm)
	for _, network := range networks(c, len(request)) {
		addresses, err := servers(ctx, c, realm, network)
		if err != nil {
			failed = fmt.Errorf("%w; %w", failed, err)
		}
		for _, address := range addresses {
			reply, err := exchange(ctx, network, address, request)
			switch {
			case ctx.Err() != nil:
				return nil, context.Cause(ctx)
			case err != nil:
				failed = fmt.Errorf("%w; %w", failed, err)
				continue
			}
			var refusal messages.KRBError
			if refusal.Unmarshal(reply) != nil {
				return reply, nil
			}
			if failed = refusal; network == "tcp" || refusal.ErrorCode != errorcode.KRB_ERR_RESPONSE_TOO_BIG {
				return nil, refusal
			}
		}
	}
	return nil, failed
}

// networks are those to try for a request of that size, in order.
func networks(c *config.Config, size int) []string {
	switch limit := c.LibDefaults.UDPPreferenceLimit; {
	case limit == 1: // never udp
		return []string{"tcp"}
	case size <= limit:
		return []string{"udp", "tcp"}
	}
	return []string{"tcp", "udp"}
}

// servers are the addresses of a realm's KDCs: those of the configuration, or else
// what DNS says.
func servers(ctx context.Context, c *config.Config, realm, network string) (addresses []string, err error) {
	for _, r := range c.Realms {
		if r.Realm == realm && len(r.KDC) > 0 {
			return r.KDC, nil
		}
	}
	if !c.LibDefaults.DNSLookupKDC {
		return nil, errors.New("the configuration has none")
	}
	_, records, err := net.DefaultResolver.LookupSRV(ctx, "kerberos", network, realm)
	for _, r := range records {
		addresses = append(addresses, net.JoinHostPort(strings.TrimSuffix(r.Target, "."), fmt.Sprint(r.Port)))
	}
	return addresses, err
}

// exchange sends a request to one KDC and receives its reply.
func exchange(ctx context.Context, network, address string, request []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	if network == "tcp" { // RFC 4120, 7.2.2
		request = append(binary.BigEndian.AppendUint32(nil, uint32(len(request))), request...)
	}
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	if network == "udp" {
		reply := make([]byte, maxDatagram)
		n, err := conn.Read(reply)
		return reply[:n], err
	}
	var size [4]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxReply {
		return nil, fmt.Errorf("%s: a reply of %d bytes", address, n)
	}
	reply := make([]byte, n)
	_, err = io.ReadFull(conn, reply)
	return reply, err
}
