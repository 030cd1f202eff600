package auth

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"strconv"
	"time"

	"ztools/lib/curve"
	"ztools/lib/internal/wire"
)

// The frames of a request, behind the envelope (RFC 27).
const (
	frameVersion = iota
	frameID
	frameDomain
	frameAddress
	frameRoutingID
	frameMechanism
	frameCredentials // and further ones
)

const version = "1.0"

// rules are what decides. A nil list means anybody.
type rules struct {
	allowed, denied addresses
	users           map[string]*list[users]
	keys            map[string]*list[keys]
	principals      map[string]*list[principals]
}

type (
	users map[string][sha256.Size]byte
	keys  map[curve.Key][]curve.Property

	principals map[string]bool
)

func newRules() rules {
	return rules{users: map[string]*list[users]{}, keys: map[string]*list[keys]{}, principals: map[string]*list[principals]{}}
}

// methods are how the credentials of each mechanism are judged: how many frames
// they are, and by what.
var methods = map[string]struct {
	credentials int
	judge       func(r *rules, q *question) []byte
}{
	"NULL":   {0, func(_ *rules, q *question) []byte { return q.pass("", nil) }},
	"PLAIN":  {2, (*rules).plain},
	"CURVE":  {1, (*rules).curve},
	"GSSAPI": {1, (*rules).gssapi},
}

// question is a request on its way to a decision.
type question struct {
	Decision
	now         time.Time
	credentials [][]byte
}

// pass decides for the peer, with metadata for its messages.
func (q *question) pass(user string, properties []curve.Property) (metadata []byte) {
	q.Status, q.User, q.Reason = 200, user, ""
	for _, p := range properties {
		if p.Check() == nil { // others have no form on the wire
			metadata = wire.AppendProperty(metadata, p.Name, p.Value)
		}
	}
	return metadata
}

// refuse decides against the peer.
func (q *question) refuse(reason string) []byte {
	q.Status, q.Reason = 400, reason
	return nil
}

// decide judges a request.
func (r *rules) decide(request [][]byte, now time.Time) (d Decision, metadata []byte) {
	if len(request) < frameCredentials || string(request[frameVersion]) != version {
		return Decision{Status: 500, Reason: "malformed request"}, nil
	}
	q := &question{now: now, credentials: request[frameCredentials:], Decision: Decision{
		Domain: string(request[frameDomain]), Address: string(request[frameAddress]), Mechanism: string(request[frameMechanism])}}
	method, known := methods[q.Mechanism]
	switch {
	case !known:
		q.refuse("unknown mechanism")
	case len(q.credentials) != method.credentials:
		q.Status, q.Reason = 500, "malformed request"
	case r.denied.has(q.Address) || len(r.allowed) > 0 && !r.allowed.has(q.Address):
		q.refuse("address not allowed")
	default:
		metadata = method.judge(r, q)
	}
	return q.Decision, metadata
}

// ruleFor is the rule of a domain, or that of all others.
func ruleFor[T any](rules map[string]T, domain string) (rule T, found bool) {
	if rule, found = rules[domain]; !found {
		rule, found = rules[AnyDomain]
	}
	return rule, found
}

func (r *rules) plain(q *question) []byte {
	l, found := ruleFor(r.users, q.Domain)
	if !found {
		return q.refuse("no passwords for this domain")
	}
	name := string(q.credentials[0])
	if l == nil {
		return q.pass(name, nil)
	}
	want, found := l.get(q.now, &q.Decision)[name]
	given := sha256.Sum256(q.credentials[1])
	if subtle.ConstantTimeCompare(want[:], given[:]) != 1 || !found {
		return q.refuse("wrong name or password")
	}
	return q.pass(name, nil)
}

func (r *rules) curve(q *question) []byte {
	l, found := ruleFor(r.keys, q.Domain)
	if !found {
		return q.refuse("no keys for this domain")
	}
	if len(q.credentials[0]) != curve.KeySize {
		return q.refuse("malformed key")
	}
	key := curve.Key(q.credentials[0])
	if l == nil {
		return q.pass(key.Text(), nil)
	}
	properties, found := l.get(q.now, &q.Decision)[key]
	if !found {
		return q.refuse("unknown key")
	}
	return q.pass(key.Text(), properties)
}

func (r *rules) gssapi(q *question) []byte {
	l, found := ruleFor(r.principals, q.Domain)
	if !found {
		return q.refuse("no principals for this domain")
	}
	name := string(q.credentials[0])
	if l != nil && !l.get(q.now, &q.Decision)[name] {
		return q.refuse("unknown principal")
	}
	return q.pass(name, nil)
}

// reload reads all lists again.
func (r *rules) reload() (err error) {
	return cmp.Or(readAll(r.users), readAll(r.keys), readAll(r.principals))
}

// readAll reads the lists of one kind again.
func readAll[T any](lists map[string]*list[T]) (err error) {
	for _, l := range lists {
		if l != nil {
			err = cmp.Or(err, l.read())
		}
	}
	return err
}

// reply is the frames of an answer. The text is for those who debug the server's
// side; the peer gets the status alone.
func reply(request [][]byte, d Decision, metadata []byte) [][]byte {
	var id []byte
	if len(request) > frameID {
		id = request[frameID]
	}
	text := d.Reason
	if d.Status == 200 {
		text = "OK"
	}
	return [][]byte{[]byte(version), id, []byte(strconv.Itoa(d.Status)), []byte(text), []byte(d.User), metadata}
}
