package security

import "ztools/lib/internal/wire"

// SealFlags seals a body with any flags inside.
func SealFlags(m Mechanism, flags byte, body []byte) ([]byte, error) {
	sealed, err := m.(*gssapi).wrap(nil, flags, body)
	return wire.AppendFrameV2(nil, 0, sealed), err
}
