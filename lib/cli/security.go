package cli

import (
	"errors"
	"os"
	"slices"
	"strings"

	"ztools/lib/curve"
	"ztools/lib/secret"
	"ztools/lib/zmq"
	"ztools/lib/zmq/auth"
)

// Security is how one side of a tool protects its connections:
//
//	1 SecurityFlags   the rows for the tool's flag table
//	2 Args.Security   reads them, with the files they name
//	3 Authenticate    starts what decides who may come in, once for a context
//	4 Apply           sets the options of each socket, before bind and connect
//	5 Tell            a fresh key of a server is of use only to those who know it
//
// No secret is ever taken from the command line or repeated in an error.
type Security struct {
	settings []setting
	pair     curve.Pair
	fresh    bool // the pair was made for this run
	server   bool // of CURVE

	// Of a server of any mechanism.
	domain string
	admit  func(*auth.Authenticator) error // the rule for the domain; nil: not a server
	listed bool                            // not everybody may come in
}

// setting is one socket option.
type setting struct {
	id    zmq.Option
	value any
}

const securityGroup = "Security"

// nameTypes are the kinds of GSSAPI names, in libzmq's order.
var nameTypes = []string{"hostbased", "user", "krb5"}

// SecurityFlags are the rows of the security flags, with a prefix such as
// "frontend-" where a tool has several sides; usually the prefix is empty.
func SecurityFlags(prefix string) []Flag {
	flags := []Flag{
		{Name: "curve-key", Value: "FILE", Help: "own CURVE key pair, as zkeygen makes it"},
		{Name: "curve-server", Help: "encrypt as CURVE server; without --curve-key with a fresh key"},
		{Name: "curve-allow", Value: "FILE|DIR", Help: "--curve-server: only clients with these public keys"},
		{Name: "server-key", Value: "KEY|FILE", Help: "encrypt as CURVE client of the server with this public key"},
		{Name: "plain-user", Value: "NAME", Help: "log in with PLAIN; the password goes unencrypted"},
		{Name: "plain-password-file", Value: "FILE", Help: "the password of --plain-user"},
		{Name: "plain-allow", Value: "FILE", Help: "be a PLAIN server for the users in FILE, lines of name=password"},
		{Name: "gssapi-server", Help: "be a Kerberos service (GSSAPI)"},
		{Name: "gssapi-allow", Value: "FILE", Help: "--gssapi-server: only these principals, lines of NAME@REALM"},
		{Name: "gssapi-principal", Value: "NAME", Help: "own Kerberos principal"},
		{Name: "gssapi-service", Value: "NAME", Help: "connect to the Kerberos service of this name"},
		{Name: "gssapi-nametype", Value: "TYPE", Choice: nameTypes, Help: "how --gssapi-principal is written (default hostbased)"},
		{Name: "gssapi-service-nametype", Value: "TYPE", Choice: nameTypes, Help: "how --gssapi-service is written (default hostbased)"},
		{Name: "gssapi-plaintext", Help: "GSSAPI without encryption"},
		{Name: "zap-domain", Value: "NAME", Help: "domain that the authenticator is asked about"},
	}
	for i := range flags {
		f := &flags[i]
		f.Group, f.Help = securityGroup, strings.ReplaceAll(f.Help, "--", "--"+prefix)
		if f.Name == "curve-key" || f.Name == "server-key" || f.Name == "plain-user" || f.Name == "plain-password-file" {
			f.Env = environment(prefix, "ZTOOLS_", f.Name)
		}
		f.Name = prefix + f.Name
	}
	return flags
}

// environment is a name such as ZTOOLS_FRONTEND_CURVE_KEY.
func environment(prefix, head, name string) string {
	return head + strings.ToUpper(strings.ReplaceAll(prefix+name, "-", "_"))
}

// securityReader reads the flags of one prefix.
type securityReader struct {
	*Args
	prefix string
	s      *Security
}

// Security reads the security flags with a prefix and the files that they name.
// What is wrong is the error of Check.
func (a *Args) Security(prefix string) *Security {
	r := securityReader{a, prefix, &Security{}}
	var used []string
	for _, m := range []struct {
		name  string
		flags []string
		read  func()
	}{
		{"CURVE", []string{"curve-server", "server-key", "curve-key", "curve-allow"}, r.curve},
		{"PLAIN", []string{"plain-user", "plain-password-file", "plain-allow"}, r.plain},
		{"GSSAPI", []string{"gssapi-server", "gssapi-service", "gssapi-principal", "gssapi-plaintext", "gssapi-allow", "gssapi-nametype", "gssapi-service-nametype"}, r.gssapi},
	} {
		if slices.ContainsFunc(m.flags, func(f string) bool { return a.Given(prefix + f) }) {
			used = append(used, m.name)
			m.read()
		}
	}
	if len(used) > 1 {
		r.reject(Usagef("give the flags of one of them", "%s are two mechanisms", strings.Join(used, " and ")), "gssapi-server", "gssapi-service", "plain-user", "plain-allow", "plain-password-file")
	}
	r.readDomain()
	return r.s
}

// usualDomain is the domain of a server that is given none, behind its prefix.
const usualDomain = "global"

// readDomain sets the domain, which a server has in any case: its rules are kept
// by it.
func (r securityReader) readDomain() {
	r.s.domain = r.String(r.prefix+"zap-domain", r.prefix+usualDomain)
	if r.s.admit != nil || r.Given(r.prefix+"zap-domain") {
		r.set(zmq.ZAPDomain, r.s.domain)
	}
	if r.s.listed { // without its authenticator nobody shall get in
		r.set(zmq.ZAPEnforceDomain, true)
	}
}

func (r securityReader) set(id zmq.Option, value any) {
	r.s.settings = append(r.s.settings, setting{id, value})
}

// reject keeps an error as one about the first of the flags that is given.
func (r securityReader) reject(err error, flags ...string) {
	given := max(0, slices.IndexFunc(flags, func(f string) bool { return r.Given(r.prefix + f) }))
	r.Reject(About(r.prefix+flags[given], err))
}

// text is the value of a flag.
func (r securityReader) text(name string) string { return r.String(r.prefix+name, "") }

// flag is how a flag is written.
func (r securityReader) flag(name string) string { return "--" + r.prefix + name }

// curve reads the flags of CURVE. A client without a key of its own makes one,
// which serves where the server lets everybody in.
func (r securityReader) curve() {
	r.s.server = r.Bool(r.prefix + "curve-server")
	client := r.Given(r.prefix + "server-key")
	if r.s.server == client {
		r.reject(Usagef(r.flag("curve-server")+" is for the server, "+r.flag("server-key")+" for its clients",
			"one side of CURVE is the server, the other its client"), "curve-server", "curve-key", "curve-allow")
		return
	}
	if err := r.ownKey(); err != nil {
		r.reject(err, "curve-key")
		return
	}
	r.set(zmq.CurvePublicKey, r.s.pair.Public[:])
	r.set(zmq.CurveSecretKey, r.s.pair.Secret[:])
	allow := r.text("curve-allow")
	if r.s.server {
		r.set(zmq.CurveServer, true)
		r.admitKeys(allow)
		return
	}
	if allow != "" {
		r.reject(Usagef("a server decides who may come in", "%s is for %s", r.flag("curve-allow"), r.flag("curve-server")), "curve-allow")
	}
	key, err := r.serverKey()
	if err != nil {
		r.reject(err, "server-key")
	}
	r.set(zmq.CurveServerKey, key[:])
}

// admitKeys lets in the clients of a list, or all.
func (r securityReader) admitKeys(allow string) {
	if allow == "" {
		r.s.admit = func(a *auth.Authenticator) error {
			a.AnyKey(r.s.domain)
			return nil
		}
		return
	}
	r.s.listed = true
	r.s.admit = func(a *auth.Authenticator) error {
		return About(r.prefix+"curve-allow", Hinted(a.Curve(r.s.domain, allow)))
	}
}

// ownKey is the pair of --curve-key or of the environment, or a fresh one.
func (r securityReader) ownKey() (err error) {
	file, name := r.text("curve-key"), environment(r.prefix, "ZMQ_", "curve-secretkey")
	switch env := os.Getenv(name); {
	case isKey(file):
		return Usagef("write it to a file: others see the command line", "%s wants a file, not the key itself", r.flag("curve-key"))
	case file != "":
		r.s.pair, err = curve.LoadPair(file)
		return Hinted(err)
	case env != "":
		if r.s.pair.Secret, err = curve.ParseKey(env); err != nil {
			return Usagef("zkeygen --format env writes such assignments", "%s: %w", name, err)
		}
		r.s.pair.Public = curve.Public(r.s.pair.Secret)
		return nil
	}
	r.s.pair, r.s.fresh = curve.Generate(), true
	return nil
}

// serverKey is the key or the file of --server-key.
func (r securityReader) serverKey() (curve.Key, error) {
	text := r.text("server-key")
	if isKey(text) {
		return curve.ParseKey(text)
	}
	key, err := curve.LoadPublic(text)
	return key, Hinted(err)
}

// isKey tells a key from the name of a file, which may have the form of one.
func isKey(text string) bool {
	_, err := curve.ParseKey(text)
	_, missing := os.Stat(text)
	return err == nil && missing != nil
}

// plain reads the flags of PLAIN.
func (r securityReader) plain() {
	if allow := r.text("plain-allow"); allow != "" {
		r.plainServer(allow)
		return
	}
	user, file, name := r.text("plain-user"), r.text("plain-password-file"), environment(r.prefix, "ZMQ_", "plain-password")
	if user == "" {
		r.reject(Usagef("add "+r.flag("plain-user"), "a password needs a user name"), "plain-password-file")
		return
	}
	password := os.Getenv(name)
	if file != "" {
		var err error
		if password, err = readPassword(file); err != nil {
			r.reject(Hinted(err), "plain-password-file")
			return
		}
	}
	if password == "" {
		r.reject(Usagef("add "+r.flag("plain-password-file")+", or set "+name, "no password for %s", user), "plain-user")
	}
	r.set(zmq.PlainUsername, user)
	r.set(zmq.PlainPassword, password)
}

func (r securityReader) plainServer(allow string) {
	if r.Given(r.prefix+"plain-user") || r.Given(r.prefix+"plain-password-file") {
		r.reject(Usagef(r.flag("plain-allow")+" is for the server, "+r.flag("plain-user")+" for its clients",
			"one side of PLAIN is the server, the other its client"), "plain-allow")
	}
	r.set(zmq.PlainServer, true)
	r.s.listed = true
	r.s.admit = func(a *auth.Authenticator) error {
		return About(r.prefix+"plain-allow", Hinted(a.Plain(r.s.domain, allow)))
	}
}

// readPassword is the first line of a file that is the owner's only.
func readPassword(name string) (string, error) {
	f, err := secret.ReadFile(name)
	if err != nil {
		return "", err
	}
	defer f.Wipe()
	if err := f.Private(); err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(f.Text), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}

// gssapi reads the flags of GSSAPI.
func (r securityReader) gssapi() {
	server, service, principal := r.Bool(r.prefix+"gssapi-server"), r.text("gssapi-service"), r.text("gssapi-principal")
	allow := r.text("gssapi-allow")
	if server == (service != "") {
		r.reject(Usagef(r.flag("gssapi-server")+" is for the server, "+r.flag("gssapi-service")+" for its clients",
			"one side of GSSAPI is the server, the other its client"), "gssapi-server", "gssapi-allow", "gssapi-principal", "gssapi-plaintext", "gssapi-nametype", "gssapi-service-nametype")
		return
	}
	if principal != "" {
		r.set(zmq.GSSAPIPrincipal, principal)
	}
	if server {
		r.set(zmq.GSSAPIServer, true)
		r.admitPrincipals(allow)
	} else {
		r.set(zmq.GSSAPIServicePrincipal, service)
	}
	if allow != "" && !server {
		r.reject(Usagef("a server decides who may come in", "%s is for %s", r.flag("gssapi-allow"), r.flag("gssapi-server")), "gssapi-allow")
	}
	r.set(zmq.GSSAPIPrincipalNametype, r.nameType("gssapi-nametype"))
	r.set(zmq.GSSAPIServicePrincipalNametype, r.nameType("gssapi-service-nametype"))
	r.set(zmq.GSSAPIPlaintext, r.Bool(r.prefix+"gssapi-plaintext"))
}

// admitPrincipals lets in the principals of a list, or all.
func (r securityReader) admitPrincipals(allow string) {
	if allow == "" {
		r.s.admit = func(a *auth.Authenticator) error {
			a.GSSAPI(r.s.domain)
			return nil
		}
		return
	}
	r.s.listed = true
	r.s.admit = func(a *auth.Authenticator) error {
		return About(r.prefix+"gssapi-allow", Hinted(a.GSSAPIList(r.s.domain, allow)))
	}
}

func (r securityReader) nameType(flag string) int {
	return max(0, slices.Index(nameTypes, r.Choice(r.prefix+flag, nameTypes[0])))
}

// Gate is the authenticator of a context. The zero value lets pass whom the
// mechanism does.
type Gate struct{ a *auth.Authenticator }

// Authenticate starts the authenticator of a context, for the sides that the
// tool has in it (nil: one without flags), if one of them has a list of who may
// come in. It must come
// before Apply; the caller closes the gate, before the context.
func Authenticate(z *zmq.Context, log *Log, sides ...*Security) (Gate, error) {
	sides = slices.DeleteFunc(slices.Clone(sides), func(s *Security) bool { return s == nil })
	if !slices.ContainsFunc(sides, func(s *Security) bool { return s.listed }) {
		return Gate{}, nil
	}
	a, err := auth.New(z)
	if err != nil {
		return Gate{}, err
	}
	a.Log(log.decision)
	for _, s := range sides {
		if s.admit == nil {
			continue
		}
		if err := s.admit(a); err != nil {
			return Gate{}, errors.Join(err, a.Close())
		}
	}
	return Gate{a}, nil
}

// Reload reads the lists again; each is also read when its file has changed.
func (g Gate) Reload() error {
	if g.a == nil {
		return nil
	}
	return g.a.Reload()
}

// Listed tells whether there is a list of who may come in.
func (g Gate) Listed() bool { return g.a != nil }

// Close ends the authenticator.
func (g Gate) Close() error {
	if g.a == nil {
		return nil
	}
	return g.a.Close()
}

// decision tells who was refused with -v, who came in with -vv, and a list that
// cannot be read to everybody.
func (l *Log) decision(d auth.Decision) {
	if d.Err != nil {
		l.At(0, "warning: the old list counts: %v", d.Err)
	}
	if d.Status == 200 {
		l.At(2, "let in: %s %s%s", d.Mechanism, d.Address, after(" ", d.User))
	} else {
		l.At(1, "refused: %s %s: %s", d.Mechanism, d.Address, d.Reason)
	}
}

// Apply sets the options of a socket, before it binds or connects.
func (s *Security) Apply(sock *zmq.Socket) error {
	for _, o := range s.settings {
		if err := sock.Set(o.id, o.value); err != nil {
			return err
		}
	}
	return nil
}

// Secure tells whether a mechanism was chosen.
func (s *Security) Secure() bool { return len(s.settings) > 0 }

// Tell tells the public key of a CURVE server that made a fresh one, and the
// command of a client: prog with the type that fits, at the bound endpoint.
func (s *Security) Tell(log *Log, prog string, own zmq.Type, endpoint string) {
	if !s.fresh || !s.server {
		return
	}
	log.At(0, "fresh key; public key: %s", s.pair.Public.Text())
	log.At(0, "a client: %s %s %s --server-key='%s'", prog, strings.ToLower(counterparts[own].String()), reachable(endpoint), s.pair.Public.Text())
}

// counterparts are the types that usually connect to a bound socket.
var counterparts = map[zmq.Type]zmq.Type{
	zmq.Pair: zmq.Pair, zmq.Pub: zmq.Sub, zmq.Sub: zmq.Pub, zmq.Req: zmq.Rep, zmq.Rep: zmq.Req, zmq.Dealer: zmq.Dealer,
	zmq.Router: zmq.Dealer, zmq.Pull: zmq.Push, zmq.Push: zmq.Pull, zmq.XPub: zmq.Sub, zmq.XSub: zmq.Pub,
	zmq.Server: zmq.Client, zmq.Client: zmq.Server, zmq.Radio: zmq.Dish, zmq.Dish: zmq.Radio,
	zmq.Gather: zmq.Scatter, zmq.Scatter: zmq.Gather, zmq.Peer: zmq.Peer, zmq.Channel: zmq.Channel,
}

// reachable is a bound endpoint as others may write it: a socket at all
// addresses is reached by the name of this machine.
func reachable(endpoint string) string {
	for _, all := range []string{"tcp://0.0.0.0:", "tcp://[::]:", "tcp://*:"} {
		if port, ok := strings.CutPrefix(endpoint, all); ok {
			host, err := os.Hostname()
			if err != nil {
				host = "HOST"
			}
			return "tcp://" + host + ":" + port
		}
	}
	return endpoint
}
