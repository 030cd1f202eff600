package tcp

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// The dialogue with a SOCKS5 proxy (RFC 1928):
//
//	1  we offer one method: none, or user and password if there is a user
//	2  the proxy chooses none or user and password
//	3  user and password, where chosen, and the proxy's verdict (RFC 1929)
//	4  CONNECT to the host, as an address or as a name that the proxy looks up
//	5  the reply; behind it the stream is the peer's

const (
	socksVersion     = 5
	socksAuthVersion = 1
	socksConnect     = 1

	methodNone = 0
	methodUser = 2

	addrIPv4 = 1
	addrName = 3
	addrIPv6 = 4
)

// socksTimeout bounds the dialogue where CONNECT_TIMEOUT is 0. libzmq waits
// for ever.
const socksTimeout = 30 * time.Second

// socksReplies are the codes above 0 of step 5. Other codes are errno.EPROTO.
var socksReplies = []error{
	1: fmt.Errorf("general failure: %w", errno.EPROTO),
	2: fmt.Errorf("not allowed by its rules: %w", errno.EACCES),
	3: errno.ENETUNREACH,
	4: errno.EHOSTUNREACH,
	5: errno.ECONNREFUSED,
	6: fmt.Errorf("time to live expired: %w", errno.ETIMEDOUT),
	7: fmt.Errorf("no CONNECT: %w", errno.ENOTSUP),
	8: errno.EAFNOSUPPORT,
}

// dialProxy connects to a host through SOCKS_PROXY, an endpoint's text as
// zmq_connect takes it. Where it has no source address, the target's is used.
func dialProxy(ctx context.Context, to target, o *option.Options) (net.Conn, error) {
	proxy, err := parseConnect(o.SocksProxy)
	if err != nil {
		return nil, err
	}
	request, err := socksRequest(to.hostPort)
	if err != nil {
		return nil, err
	}
	if proxy.source == nil {
		proxy.source = to.source
	}
	c, err := dial(ctx, proxy, o)
	if err != nil {
		return nil, err
	}
	if err := negotiate(ctx, c, request, o); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// negotiate holds the dialogue until ctx or socksTimeout ends it.
func negotiate(ctx context.Context, c net.Conn, request []byte, o *option.Options) error {
	if o.ConnectTimeout <= 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, socksTimeout)
		defer cancel()
	}
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	err := socksLogin(c, o.SocksUsername, o.SocksPassword)
	if err == nil {
		err = socksCall(c, request)
	}
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		return transport.Wrap(fmt.Errorf("socks proxy %s: %w", c.RemoteAddr(), err))
	}
	return nil
}

// socksLogin makes the steps 1 to 3. Like libzmq it follows a proxy that
// wants a user although none was offered, with empty texts.
func socksLogin(c net.Conn, user, password string) error {
	if len(user) > 255 || len(password) > 255 {
		return fmt.Errorf("user or password above 255 bytes: %w", errno.EINVAL)
	}
	offer := byte(methodNone)
	if user != "" {
		offer = methodUser
	}
	choice, err := ask(c, []byte{socksVersion, 1, offer}, socksVersion)
	if err != nil || choice == methodNone {
		return err
	}
	if choice != methodUser {
		return fmt.Errorf("authentication method %d: %w", choice, errno.EPROTO)
	}
	login := append([]byte{socksAuthVersion, byte(len(user))}, user...)
	login = append(append(login, byte(len(password))), password...)
	verdict, err := ask(c, login, socksAuthVersion)
	if err == nil && verdict != 0 {
		err = fmt.Errorf("user or password refused: %w", errno.EACCES)
	}
	return err
}

// ask sends a message and returns the second byte of the answer of two, the
// first of which must be version.
func ask(c net.Conn, message []byte, version byte) (byte, error) {
	var answer [2]byte
	if err := exchange(c, message, answer[:]); err != nil {
		return 0, err
	}
	if answer[0] != version {
		return 0, fmt.Errorf("answer begins with %d: %w", answer[0], errno.EPROTO)
	}
	return answer[1], nil
}

// socksCall makes the steps 4 and 5.
func socksCall(c net.Conn, request []byte) error {
	var reply [5]byte // version, code, 0, address type, first byte of the address
	if err := exchange(c, request, reply[:]); err != nil {
		return err
	}
	switch code := reply[1]; {
	case reply[0] != socksVersion || reply[2] != 0 || int(code) >= len(socksReplies):
		return fmt.Errorf("malformed reply: %w", errno.EPROTO)
	case code != 0:
		return socksReplies[code]
	}
	sizes := map[byte]int{addrIPv4: net.IPv4len, addrIPv6: net.IPv6len, addrName: int(reply[4]) + 1}
	size, ok := sizes[reply[3]]
	if !ok {
		return fmt.Errorf("address type %d: %w", reply[3], errno.EPROTO)
	}
	var rest [256 + 2]byte // what is left of the address, and the port
	_, err := io.ReadFull(c, rest[:size-1+2])
	return err
}

// exchange writes a message and fills the answer.
func exchange(c net.Conn, message, answer []byte) error {
	if _, err := transport.Write(c, message); err != nil {
		return err
	}
	_, err := io.ReadFull(c, answer)
	return err
}

// socksRequest is the message of step 4. A name has 1 to 255 bytes; port 0 is
// errno.EINVAL.
func socksRequest(to hostPort) ([]byte, error) {
	request := []byte{socksVersion, socksConnect, 0}
	ip, err := netip.ParseAddr(to.host)
	switch {
	case to.port == 0 || to.host == "" || len(to.host) > 255:
		return nil, syntaxError(to.host)
	case err != nil:
		request = append(append(request, addrName, byte(len(to.host))), to.host...)
	case ip.Is4():
		request = append(append(request, addrIPv4), ip.AsSlice()...)
	default:
		request = append(append(request, addrIPv6), ip.AsSlice()...)
	}
	return binary.BigEndian.AppendUint16(request, to.port), nil
}
