// Package auth is a ready authenticator: the handler that sockets of a context
// ask about each peer (ZAP, RFC 27), as CZMQ's zauth and pyzmq's.
//
//	a, err := auth.New(z)
//	a.Curve("*", "clients")             // a directory of certificates, or a file of keys
//	a.Plain("intranet", "passwords")    // lines of name=password
//	a.Allow("192.0.2.0/24", "127.0.0.1")
//	defer a.Close()
//
// A request takes this way:
//
//	1 serve     auth.go     receive it, and send the reply
//	2 decide    decide.go   the address first, then what the mechanism has shown
//	3 get       list.go     lists of keys and passwords, read again when their files change
//
// A rule is for a domain (ZMQ_ZAP_DOMAIN), or for "*", all domains without a rule
// of their own. Nobody gets in by a mechanism without a rule, but NULL, for which
// the address alone counts.
package auth

import (
	"context"
	"sync"
	"time"

	"ztools/lib/zmq"
)

// AnyDomain stands for all domains without a rule of their own.
const AnyDomain = "*"

// Decision is one answer. It holds no password and no key but the public one,
// which is the User.
type Decision struct {
	Domain, Address, Mechanism string
	User                       string // as in the property User-Id of messages; empty for who was refused
	Status                     int    // 200, 400 or 500
	Reason                     string // why not
	Err                        error  // a list that has changed but cannot be read: the old one counts
}

// Authenticator answers the requests of one context. Its methods may be called
// by several goroutines, at any time.
type Authenticator struct {
	sock *zmq.Socket
	over sync.WaitGroup // waits for serve

	mu    sync.Mutex // guards the fields below
	rules rules
	log   func(Decision)
}

// New starts the authenticator of a context; there can be one (EADDRINUSE). It is
// to be closed before the context.
func New(z *zmq.Context) (*Authenticator, error) {
	sock, err := z.NewSocket(zmq.Rep)
	if err != nil {
		return nil, err
	}
	err = sock.Set(zmq.Linger, 0) // an answer that nobody waits for any more keeps nobody waiting
	if err == nil {
		err = sock.Bind(zmq.ZAPEndpoint)
	}
	if err != nil {
		sock.Close()
		return nil, err
	}
	a := &Authenticator{sock: sock, rules: newRules(), log: func(Decision) {}}
	a.over.Go(a.serve)
	return a, nil
}

// Close ends it. Whoever connects from then on is treated as without an
// authenticator: PLAIN peers are refused, others let in unless
// ZMQ_ZAP_ENFORCE_DOMAIN is set.
func (a *Authenticator) Close() error {
	err := a.sock.Close()
	a.over.Wait()
	return err
}

// Log has f called with each decision, by one goroutine, before it is sent. f
// must not call methods of a.
func (a *Authenticator) Log(f func(Decision)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.log = f
}

// Allow lets in only peers of these addresses, besides those of earlier calls:
// IP addresses, networks such as 192.0.2.0/24, or for transports without IP
// addresses the text that they give, from its beginning to a colon: localhost is
// every peer over ipc, localhost:1000 those of the user with that number,
// localhost:1000:100 those that are of that group as well. EINVAL for an empty one.
func (a *Authenticator) Allow(addresses ...string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rules.allowed.add(addresses)
}

// Deny keeps peers of these addresses out, even if Allow names them.
func (a *Authenticator) Deny(addresses ...string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rules.denied.add(addresses)
}

// Plain lets in who gives a name and its password from a file with a line
// name=password for each. Lines that begin with # do not count. The file must be
// its owner's only (*secret.SharedError). User-Id is the name.
func (a *Authenticator) Plain(domain, file string) error {
	l, err := newList(file, readUsers)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rules.users[domain] = l
	return nil
}

// AnyUser lets in every PLAIN client, whatever its password. User-Id is its name.
func (a *Authenticator) AnyUser(domain string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rules.users[domain] = nil
}

// Curve lets in who has one of the keys of curve.LoadAllowed: a file of public
// keys, or a directory of certificates, whose metadata messages then have as
// properties. User-Id is the public key in Z85. A list without any key is an
// error.
func (a *Authenticator) Curve(domain, path string) error {
	l, err := newList(path, readKeys)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rules.keys[domain] = l
	return nil
}

// AnyKey lets in every CURVE client. User-Id is its public key in Z85.
func (a *Authenticator) AnyKey(domain string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rules.keys[domain] = nil
}

// GSSAPI lets in these principals, NAME@REALM, or all without any. User-Id is the
// principal.
func (a *Authenticator) GSSAPI(domain string, principals ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(principals) == 0 {
		a.rules.principals[domain] = nil
		return
	}
	a.rules.principals[domain] = fixed(setOf(principals))
}

// GSSAPIList lets in the principals in a file, a line NAME@REALM for each. Lines
// that begin with # do not count. A list without any is an error.
func (a *Authenticator) GSSAPIList(domain, file string) error {
	l, err := newList(file, readPrincipals)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rules.principals[domain] = l
	return nil
}

// Reload reads all lists again, also those whose files seem unchanged. Of a list
// that cannot be read the old one stays; the first such error is returned.
func (a *Authenticator) Reload() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rules.reload()
}

// serve answers until the socket is closed or the context shut down.
func (a *Authenticator) serve() {
	for {
		request, err := a.sock.Recv(context.Background())
		if err != nil {
			return
		}
		if err := a.sock.Send(context.Background(), a.answer(request)...); err != nil {
			return
		}
	}
}

// answer is the reply to a request.
func (a *Authenticator) answer(request [][]byte) [][]byte {
	a.mu.Lock()
	d, metadata := a.rules.decide(request, time.Now())
	log := a.log
	a.mu.Unlock()
	log(d)
	return reply(request, d, metadata)
}
