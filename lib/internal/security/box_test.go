package security

import (
	"bytes"
	"crypto/ecdh"
	"encoding/binary"
	"encoding/hex"
	"testing"
)

// The example of "Cryptography in NaCl" (Bernstein, 2009), sections 2 to 10:
// Alice seals a message for Bob.
const (
	naclAlice = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
	naclBob   = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
	naclKey   = "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389"
	naclNonce = "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37"
	naclPlain = "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c6129" +
		"6cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde" +
		"048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705"
	naclBox = "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186a" +
		"c0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae" +
		"90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74" +
		"e355a5"
)

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNaCl: the box of the handshake and the frames of the channel are those of
// NaCl.
func TestNaCl(t *testing.T) {
	alice, err := ecdh.X25519().NewPrivateKey(unhex(t, naclAlice))
	if err != nil {
		t.Fatal(err)
	}
	bob, err := ecdh.X25519().NewPublicKey(unhex(t, naclBob))
	if err != nil {
		t.Fatal(err)
	}
	key, err := agree(alice, bob)
	if err != nil || hex.EncodeToString(key[:]) != naclKey {
		t.Fatalf("key %x, %v", key, err)
	}
	nonce, plain, box := unhex(t, naclNonce), unhex(t, naclPlain), unhex(t, naclBox)
	prefix, number := string(nonce[:16]), nonce[16:]
	if got := key.seal(nil, prefix, number, plain); !bytes.Equal(got, box) {
		t.Errorf("box %x", got)
	}
	if got, ok := key.open(prefix, number, box); !ok || !bytes.Equal(got, plain) {
		t.Errorf("opened %x, %v", got, ok)
	}

	var out direction
	out.start(&key, prefix, binary.BigEndian.Uint64(number)-1)
	in := out
	out.count++
	frame := make([]byte, bodyAt+len(plain)-1)
	out.seal(frame, plain[0], plain[1:])
	if !bytes.Equal(frame[nonceAt:tagAt], number) || !bytes.Equal(frame[tagAt:], box) {
		t.Errorf("frame %x", frame)
	}
	in.count++
	if !in.open(frame) || !bytes.Equal(frame[sealedAt:], plain) {
		t.Errorf("opened %x", frame[sealedAt:])
	}
}
