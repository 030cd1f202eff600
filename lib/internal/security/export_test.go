package security

import (
	"crypto/ecdh"

	"ztools/lib/internal/wire"
)

// SealFlags seals a body with any flags inside.
func SealFlags(m Mechanism, flags byte, body []byte) ([]byte, error) {
	sealed, err := m.(*gssapi).wrap(nil, flags, body)
	return wire.AppendFrameV2(nil, 0, sealed), err
}

// SharedKey is the key of NaCl's box between the two sides of CURVE, which a
// client knows from WELCOME to READY.
func SharedKey(client Mechanism) [32]byte { return client.(*curveClient).key }

// Fresh is a side that is Ready, as it is now, whatever the original receives.
func Fresh(m Mechanism) Mechanism {
	switch m := m.(type) {
	case *curveServer:
		c := *m
		return &c
	case *gssapi:
		c, context := *m, *m.context
		c.context = &context
		return &c
	}
	return nil
}

// Restart is a client of GSSAPI that waits for the server's token, as the original
// did when it had sent its own.
func Restart(client Mechanism) Mechanism {
	g := *client.(*gssapi)
	g.expect(wire.Initiate, g.finish)
	return &g
}

// Kept is what a server of CURVE keeps of a client: its key C', what both have in
// common, and K, with which the cookie opens.
func Kept(server Mechanism) (remote, shared, cookie [32]byte) {
	s := server.(*curveServer)
	shared = s.hello
	for i, b := range s.key {
		shared[i] |= b
	}
	return s.remote, shared, s.cookie
}

// VouchFor makes a client, before its INITIATE, vouch for another server, or
// for another C'.
func VouchFor(client Mechanism, server *ecdh.PublicKey, short *ecdh.PrivateKey) {
	c := client.(*curveClient)
	if server != nil {
		k := *c.curveKeys
		k.server = server
		c.curveKeys = &k
	}
	if short != nil {
		c.short = short
	}
}

// Skip makes n the short nonce that a client of CURVE used last.
func Skip(client Mechanism, n uint64) { client.(*curveClient).out.count = n }
