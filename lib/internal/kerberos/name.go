package kerberos

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/types"
)

// NameType is how the text of a name is to be read; the numbers are libzmq's
// ZMQ_GSSAPI_NT_….
type NameType int

const (
	// HostBased is SERVICE@HOST, or SERVICE for this host (RFC 2743, 4.1).
	HostBased NameType = iota
	// User is the name of a user in the default realm.
	User
	// Principal is NAME or NAME/INSTANCE, with @REALM or in the default realm.
	Principal
)

// Name is the name of a client or a service.
type Name struct {
	Text string
	Type NameType
}

// principal is a name with its realm, which is empty if it has to be found out.
type principal struct {
	name  types.PrincipalName
	realm string
}

func (p principal) String() string {
	text := strings.Join(p.name.NameString, "/")
	if p.realm == "" {
		return text
	}
	return text + "@" + p.realm
}

// is tells whether p means the name in that realm.
func (p principal) is(name types.PrincipalName, realm string) bool {
	return slices.Equal(p.name.NameString, name.NameString) && (p.realm == "" || p.realm == realm)
}

// resolve reads a name. Host names are made canonical if the configuration wants
// it, as by default.
func (n Name) resolve(ctx context.Context, c *config.Config) (principal, error) {
	p, err := n.written(c)
	if err != nil || n.Type != HostBased || !c.LibDefaults.DNSCanonicalizeHostname {
		return p, err
	}
	if canonical, err := net.DefaultResolver.LookupCNAME(ctx, p.name.NameString[1]); err == nil {
		p.name.NameString[1] = strings.ToLower(strings.TrimSuffix(canonical, "."))
	}
	return p, nil
}

// written reads a name and takes its host as it is written.
func (n Name) written(c *config.Config) (principal, error) {
	if n.Type != HostBased {
		text, realm := n.Text, c.LibDefaults.DefaultRealm
		if at := strings.LastIndexByte(text, '@'); at >= 0 {
			text, realm = text[:at], text[at+1:]
		}
		if text == "" {
			return principal{}, fmt.Errorf("kerberos: %q is not the name of a principal", n.Text)
		}
		return principal{types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, text), realm}, nil
	}
	service, host, _ := strings.Cut(n.Text, "@")
	if host == "" {
		var err error
		if host, err = os.Hostname(); err != nil {
			return principal{}, err
		}
	}
	if service == "" {
		return principal{}, fmt.Errorf("kerberos: %q is not SERVICE@HOST", n.Text)
	}
	name := types.PrincipalName{NameType: nametype.KRB_NT_SRV_HST, NameString: []string{service, strings.ToLower(host)}}
	return principal{name, ""}, nil
}
