package security

import "ztools/lib/internal/wire"

// SealFlags seals a body with any flags inside.
func SealFlags(m Mechanism, flags byte, body []byte) ([]byte, error) {
	sealed, err := m.(*gssapi).wrap(nil, flags, body)
	return wire.AppendFrameV2(nil, 0, sealed), err
}

// SharedKey is the key of NaCl's box between the two sides of CURVE, which a
// client knows from WELCOME to READY.
func SharedKey(client Mechanism) [32]byte { return client.(*curveClient).key }

// Skip makes n the short nonce that a client of CURVE used last.
func Skip(client Mechanism, n uint64) { client.(*curveClient).out.count = n }
