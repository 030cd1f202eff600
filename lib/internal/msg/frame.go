package msg

import "encoding/binary"

// HeaderMax is the longest header that AppendHeader makes, in bytes.
const HeaderMax = 9

// AppendHeader appends the header of a frame in ZMTP 2.0 and 3.x form (RFC 37):
// flags, then a size of 1 byte, or of 8 bytes if the body is longer than 255.
// All bits of flags are written as they are.
func AppendHeader(dst []byte, flags Flags, size int) []byte {
	if size < 256 {
		return append(dst, byte(flags), byte(size))
	}
	dst = append(dst, byte(flags|Long))
	return binary.BigEndian.AppendUint64(dst, uint64(size))
}

// ConsumeHeader reads a header as AppendHeader writes it, with either form of
// size for any size. It returns how many bytes the header takes, 0 if b holds
// only a part of it. Nothing is checked: flags are the byte as it stands, with
// Long, and size is what the peer says.
func ConsumeHeader(b []byte) (flags Flags, size uint64, n int) {
	if len(b) < 2 {
		return 0, 0, 0
	}
	flags = Flags(b[0])
	if flags&Long == 0 {
		return flags, uint64(b[1]), 2
	}
	if len(b) < HeaderMax {
		return 0, 0, 0
	}
	return flags, binary.BigEndian.Uint64(b[1:]), HeaderMax
}
