package kerberos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/keytab"
)

// usualConfig is where MIT Kerberos looks for krb5.conf(5).
const usualConfig = "/etc/krb5.conf"

// read is what was read of a file.
type read[T any] struct {
	name  string
	info  fs.FileInfo // of the file, before it was read; nil: it was not there
	valid bool
	value T
}

// get is what is in the file with that name, which load reads if it has not been
// read or has changed since.
func (r *read[T]) get(name string, load func(string) (T, error)) (T, error) {
	info, err := os.Stat(name)
	if err != nil {
		info = nil // load finds out why
	}
	if r.valid && name == r.name && same(info, r.info) {
		return r.value, nil
	}
	value, err := load(name)
	*r = read[T]{name, info, err == nil, value}
	return value, err
}

// same tells whether a file has not changed.
func same(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// configFile is the first krb5.conf(5) that is there, or else the last one that
// could be.
func configFile() (name string) {
	for name = range strings.SplitSeq(cmp.Or(os.Getenv("KRB5_CONFIG"), usualConfig), ":") {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return name
}

// loadConfig reads krb5.conf(5); without one, realms are found by DNS.
func loadConfig(name string) (*config.Config, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		c := config.New()
		c.LibDefaults.DNSLookupKDC, c.LibDefaults.DNSLookupRealm = true, true
		return c, nil
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

// cacheFile is the credentials cache.
func cacheFile() (string, error) {
	return file("KRB5CCNAME", fmt.Sprintf("/tmp/krb5cc_%d", os.Getuid()))
}

// clientKeytab is the keytab with the keys of clients.
func clientKeytab(c *config.Config) (string, error) {
	return file("KRB5_CLIENT_KTNAME", c.LibDefaults.DefaultClientKeytabName)
}

// loadKeytab reads a keytab.
func loadKeytab(name string) (k *keytab.Keytab, err error) {
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
// from the credentials cache, else from the client's keytab.
func login(ctx context.Context, c *config.Config, own *principal) (*user, error) {
	u, err := fromCache(c)
	if err == nil && (own == nil || own.is(u.self.name, u.self.realm)) {
		return u, nil
	}
	if own == nil {
		return nil, err
	}
	var keys *keytab.Keytab
	name, keysErr := clientKeytab(c)
	if keysErr == nil {
		keys, keysErr = loadKeytab(name)
	}
	if keysErr != nil {
		if err == nil {
			err = fmt.Errorf("the credentials cache is that of %v", u.self)
		}
		return nil, fmt.Errorf("kerberos: no credentials for %v: %w; %w", own, err, keysErr)
	}
	u = &user{config: c, self: principal{own.name, cmp.Or(own.realm, c.LibDefaults.DefaultRealm)}}
	if err := guard(func() error { return u.authenticate(ctx, keys) }); err != nil {
		return nil, fmt.Errorf("kerberos: login of %v: %w", own, err)
	}
	return u, nil
}

// fromCache is a client with the tickets of the credentials cache.
func fromCache(c *config.Config) (*user, error) {
	name, err := cacheFile()
	if err != nil {
		return nil, err
	}
	u := &user{config: c}
	err = guard(func() error {
		u.cache, err = credentials.LoadCCache(name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("kerberos: credentials cache %s: %w", name, err)
	}
	u.self = principal{u.cache.GetClientPrincipalName(), u.cache.GetClientRealm()}
	return u, nil
}
