// Package z85 is the Z85 codec of ZeroMQ RFC 32: four bytes as five printable
// characters.
//
// Four bytes are read as one big-endian 32-bit number, which is written as five
// digits of base 85, the most significant first.
package z85

import (
	"encoding/binary"
	"errors"
	"math"
)

// alphabet holds the digits of RFC 32 in the order of their values.
const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

// invalid marks a byte that is no digit.
const invalid = 0xff

// values is the alphabet turned round: the value of each digit.
var values = func() (v [256]byte) {
	for i := range v {
		v[i] = invalid
	}
	for i, c := range []byte(alphabet) {
		v[c] = byte(i)
	}
	return v
}()

// The errors of Encode and Decode.
var (
	ErrLength = errors.New("z85: length is not a multiple of four bytes or five characters")
	ErrDigit  = errors.New("z85: character outside the alphabet")
	ErrRange  = errors.New("z85: five characters stand for more than 32 bits")
)

// EncodedLen is the number of characters for n bytes; n is a multiple of four.
func EncodedLen(n int) int { return n / 4 * 5 }

// DecodedLen is the number of bytes in n characters; n is a multiple of five.
func DecodedLen(n int) int { return n / 5 * 4 }

// Encode is the text of src. The length of src must be a multiple of four, else
// the error is ErrLength.
func Encode(src []byte) (string, error) {
	if len(src)%4 != 0 {
		return "", ErrLength
	}
	dst := make([]byte, 0, EncodedLen(len(src)))
	for ; len(src) > 0; src = src[4:] {
		n := binary.BigEndian.Uint32(src)
		for div := uint32(85 * 85 * 85 * 85); div > 0; div /= 85 {
			dst = append(dst, alphabet[n/div%85])
		}
	}
	return string(dst), nil
}

// Decode is the bytes that text stands for. The length of text must be a
// multiple of five (ErrLength), each character a digit (ErrDigit) and each group
// of five at most 2^32-1 (ErrRange). It makes no copy of text, which may be a secret.
func Decode[T string | []byte](text T) ([]byte, error) {
	if len(text)%5 != 0 {
		return nil, ErrLength
	}
	dst := make([]byte, 0, DecodedLen(len(text)))
	for ; len(text) > 0; text = text[5:] {
		var n uint64
		for i := range 5 {
			v := values[text[i]]
			if v == invalid {
				return nil, ErrDigit
			}
			n = n*85 + uint64(v)
		}
		if n > math.MaxUint32 {
			return nil, ErrRange
		}
		dst = binary.BigEndian.AppendUint32(dst, uint32(n))
	}
	return dst, nil
}
