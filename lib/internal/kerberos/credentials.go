package kerberos

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/keytab"
)

// The usual files of MIT Kerberos.
const (
	usualConfig = "/etc/krb5.conf"
	usualKeytab = "/etc/krb5.keytab"
)

// loadConfig reads krb5.conf(5); without one, realms are found by DNS.
func loadConfig() (*config.Config, error) {
	names := strings.Split(os.Getenv("KRB5_CONFIG"), ":")
	if names[0] == "" {
		names = []string{usualConfig}
	}
	for _, name := range names {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("kerberos: %w", err)
		}
		defer f.Close()
		c, err := config.NewFromReader(f)
		if err != nil && !errors.As(err, new(config.UnsupportedDirective)) { // all others were read
			return nil, fmt.Errorf("kerberos: %s: %w", name, err)
		}
		return c, nil
	}
	c := config.New()
	c.LibDefaults.DNSLookupKDC, c.LibDefaults.DNSLookupRealm = true, true
	return c, nil
}

// file is the file that a name such as FILE:/etc/krb5.keytab means: that of the
// environment, or the usual one.
func file(env, usual string) (string, error) {
	name := os.Getenv(env)
	if name == "" {
		name = usual
	}
	kind, path, found := strings.Cut(name, ":")
	switch {
	case !found || len(kind) == 1: // a path, or one of Windows
		return name, nil
	case kind == "FILE" || kind == "WRFILE":
		return path, nil
	}
	return "", fmt.Errorf("kerberos: %s=%s: only files can be read", env, name)
}

// loadKeytab reads a keytab.
func loadKeytab(env, usual string) (*keytab.Keytab, error) {
	name, err := file(env, usual)
	if err != nil {
		return nil, err
	}
	var k *keytab.Keytab
	err = guard(func() error {
		k, err = keytab.Load(name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("kerberos: keytab %s: %w", name, err)
	}
	return k, nil
}

// login makes a client for own, or for whom the credentials are if own is nil:
// from the credentials cache, else from the client's keytab. The caller destroys
// it.
func login(c *config.Config, own *principal) (*client.Client, error) {
	cached, err := fromCache(c)
	if err == nil && (own == nil || own.is(cached.Credentials.CName(), cached.Credentials.Domain())) {
		return cached, nil
	}
	if own == nil {
		return nil, err
	}
	keys, keysErr := loadKeytab("KRB5_CLIENT_KTNAME", c.LibDefaults.DefaultClientKeytabName)
	if keysErr != nil {
		if err == nil {
			err = fmt.Errorf("the credentials cache is that of %s", cached.Credentials.CName().PrincipalNameString())
		}
		return nil, fmt.Errorf("kerberos: no credentials for %v: %w; %w", own, err, keysErr)
	}
	realm := own.realm
	if realm == "" {
		realm = c.LibDefaults.DefaultRealm
	}
	cl := client.NewWithKeytab(strings.Join(own.name.NameString, "/"), realm, keys, c, client.DisablePAFXFAST(true))
	if err := cl.Login(); err != nil {
		cl.Destroy()
		return nil, fmt.Errorf("kerberos: login of %v: %w", own, err)
	}
	return cl, nil
}

// fromCache is a client with the tickets of the credentials cache.
func fromCache(c *config.Config) (*client.Client, error) {
	name, err := file("KRB5CCNAME", fmt.Sprintf("/tmp/krb5cc_%d", os.Getuid()))
	if err != nil {
		return nil, err
	}
	var cl *client.Client
	err = guard(func() error {
		cache, err := credentials.LoadCCache(name)
		if err == nil {
			cl, err = client.NewFromCCache(cache, c, client.DisablePAFXFAST(true))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("kerberos: credentials cache %s: %w", name, err)
	}
	return cl, nil
}
