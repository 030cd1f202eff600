// Package kerberos is the security context of Kerberos 5 as the GSS-API has it
// (RFC 4121), without SPNEGO and with mutual authentication, on the messages and
// the cryptography of gokrb5.
//
//	client  NewInitiator   credentials, a ticket for the service   initiator.go, credentials.go, tickets.go, kdc.go, kept.go
//	        Token          ──► AP-REQ
//	server  Accept         keytab; AP-REP ──►                      acceptor.go
//	client  Finish         the server has the key of the ticket
//	both    Wrap, Unwrap   sealed tokens, numbered                 context.go
//
// Where credentials, keytab and configuration are is what MIT Kerberos says:
// KRB5_CONFIG, KRB5CCNAME, KRB5_CLIENT_KTNAME, KRB5_KTNAME and krb5.conf(5).
//
// What comes from the peer is decoded by gokrb5, which panics on some broken
// input: guard turns that into an error.
package kerberos

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
)

// The errors of a token that is not as RFC 4121 wants it.
var (
	ErrToken    = errors.New("kerberos: malformed token")
	ErrSequence = errors.New("kerberos: token out of sequence")
	ErrSeal     = errors.New("kerberos: token was not sealed with the key of this context")
	ErrEnctype  = errors.New("kerberos: encryption type is too old: AES is needed")
	ErrReplay   = errors.New("kerberos: the request was used before")
	ErrService  = errors.New("kerberos: the ticket is for another service")
	ErrFlags    = errors.New("kerberos: mutual authentication is needed")
)

// The kinds of tokens that make a context (RFC 4121, 4.1).
const (
	tokenRequest = 0x0100 // AP-REQ
	tokenReply   = 0x0200 // AP-REP
)

// oidKerberos is 1.2.840.113554.1.2.2, in DER.
var oidKerberos = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02}

// frame puts a message of Kerberos into a token (RFC 2743, 3.1).
func frame(kind int, message []byte) ([]byte, error) {
	body := append(bytes.Clone(oidKerberos), byte(kind>>8), byte(kind))
	return asn1.Marshal(asn1.RawValue{Class: asn1.ClassApplication, IsCompound: true, Bytes: append(body, message...)})
}

// unframe takes the message of a kind out of its token.
func unframe(kind int, token []byte) ([]byte, error) {
	var outer asn1.RawValue
	rest, err := asn1.Unmarshal(token, &outer)
	if err != nil || len(rest) > 0 || outer.Class != asn1.ClassApplication || outer.Tag != 0 || !outer.IsCompound {
		return nil, ErrToken
	}
	body, ok := bytes.CutPrefix(outer.Bytes, oidKerberos)
	if !ok || len(body) < 2 || int(body[0])<<8|int(body[1]) != kind {
		return nil, ErrToken
	}
	return body[2:], nil
}

// guard calls f on what came from the peer, and makes an error of a panic in the
// decoder.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w (%v)", ErrToken, r)
		}
	}()
	return f()
}
