package wire

import (
	"bytes"
	"encoding/binary"
)

// A greeting is sent in stages, so that a peer of any version finds in the
// first bytes what it expects there (RFC 37, "Version Negotiation"; RFC 15
// "Backwards Interoperability"):
//
//	0   FF, then 8 bytes, then 7F. To a 1.0 peer this is the header of a long
//	    identity frame, so the 8 bytes are the size of our identity and 1.
//	10  major version. Sent when byte 9 of the peer has bit 0 set.
//	11  2.0: socket type. 3.x: minor version, mechanism (20), as-server, 31
//	    zeros. Sent when byte 10 of the peer is known.

// SignatureLen is the length of the first stage, in bytes.
const SignatureLen = 10

const (
	greeting2Len  = 12
	greeting3Len  = 64
	mechanismAt   = 12
	mechanismLen  = 20
	greetingMajor = 3
	greetingMinor = 1
)

// AppendSignature appends bytes 0 to 9 for a socket whose routing id has idLen
// bytes.
func AppendSignature(dst []byte, idLen int) []byte {
	dst = append(dst, 0xFF)
	dst = binary.BigEndian.AppendUint64(dst, uint64(idLen)+1)
	return append(dst, 0x7F)
}

// AppendMajor appends byte 10.
func AppendMajor(dst []byte) []byte { return append(dst, greetingMajor) }

// AppendRest appends what follows, as a peer of that major version expects it.
// socketType is the number in zmq.h, which is that of RFC 15. The as-server byte
// is 0, as in libzmq, which neither sets nor reads it.
func AppendRest(dst []byte, major byte, socketType int, mechanism string) []byte {
	if major <= 1 {
		return append(dst, byte(socketType))
	}
	var rest [greeting3Len - SignatureLen - 1]byte
	rest[0] = greetingMinor
	copy(rest[1:1+mechanismLen], mechanism)
	return append(dst, rest[:]...)
}

// Versioned reports whether b, the first bytes of a peer, is the beginning of a
// greeting (true, true), is a frame of ZMTP 1.0 (false, true), or is too short
// to tell (false, false).
func Versioned(b []byte) (versioned, known bool) {
	switch {
	case len(b) == 0:
		return false, false
	case b[0] != 0xFF:
		return false, true
	case len(b) < SignatureLen:
		return false, false
	}
	// In a long frame of ZMTP 1.0 this byte is the flags, and an identity is
	// never followed by more.
	return b[9]&1 != 0, true
}

// ConsumeVersion finds out what a peer speaks from its first bytes; ok is false
// if they are too few. A major version that is not known counts as the newest
// that we speak, since the higher side steps down.
func ConsumeVersion(b []byte) (v Version, ok bool) {
	versioned, known := Versioned(b)
	if !known {
		return 0, false
	}
	if !versioned {
		return Unversioned, true
	}
	if len(b) <= SignatureLen {
		return 0, false
	}
	switch b[10] {
	case 0:
		return ZMTP10, true
	case 1:
		return ZMTP20, true
	case 3:
		if len(b) < mechanismAt {
			return 0, false
		}
		if b[11] == 0 {
			return ZMTP30, true
		}
	}
	return ZMTP31, true
}

// GreetingLen is how many bytes a peer of version v sends before its first
// frame.
func (v Version) GreetingLen() int {
	return [...]int{0, greeting2Len, greeting2Len, greeting3Len, greeting3Len}[v]
}

// MechanismName is the mechanism in a whole greeting of ZMTP 3.x; empty if it
// is not printable text.
func MechanismName(greeting []byte) string {
	name := bytes.TrimRight(greeting[mechanismAt:mechanismAt+mechanismLen], "\x00")
	for _, c := range name {
		if c < ' ' || c > '~' {
			return ""
		}
	}
	return string(name)
}

// CheckMechanism compares the mechanism in a whole greeting of ZMTP 3.x with
// ours. All 20 bytes must be the same.
func CheckMechanism(greeting []byte, mechanism string) error {
	var want [mechanismLen]byte
	copy(want[:], mechanism)
	if !bytes.Equal(greeting[mechanismAt:mechanismAt+mechanismLen], want[:]) {
		return Violation(MechanismMismatch, "peer uses another security mechanism")
	}
	return nil
}
