package curve

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ztools/lib/secret"
)

// The errors of the files.
var (
	ErrNoSecret = errors.New("there is a public key but no secret key")
	ErrMany     = errors.New("there are several key pairs where one is needed")
)

// Load reads the keys of a file and verifies them; errors name the file. A file
// that holds a secret key and that others can read is a *secret.SharedError.
// Where name is a public certificate and name_secret stands beside it, the
// latter is read, as by zcert_load(3), and must fit.
func Load(name string) ([]Entry, error) { return loadBoth(name, hasSecret) }

// LoadSecrets reads the key pairs of a file, as Load does. Each entry has both
// halves: see Complete.
func LoadSecrets(name string) ([]Entry, error) {
	entries, err := loadBoth(name, func(e Entry) bool { return e.Secret != nil || e.Bare != nil })
	if err != nil {
		return nil, err
	}
	if err := Complete(entries); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return entries, nil
}

// LoadPair reads a file with one key pair; more are ErrMany. The file must be
// the owner's only (*secret.SharedError).
func LoadPair(name string) (Pair, error) {
	entries, err := LoadSecrets(name)
	if err != nil {
		return Pair{}, err
	}
	if len(entries) > 1 {
		return Pair{}, fmt.Errorf("%s: %w", name, ErrMany)
	}
	return Pair{*entries[0].Public, *entries[0].Secret}, nil
}

// Complete gives entries that are to be key pairs both halves: a key on a line of
// its own is taken for the secret one, and a missing public key is derived. An
// entry without a secret key is ErrNoSecret.
func Complete(entries []Entry) error {
	for i := range entries {
		e := &entries[i]
		if e.Secret == nil {
			e.Secret, e.Bare = e.Bare, nil
		}
		if e.Secret == nil {
			return ErrNoSecret
		}
		if e.Public == nil {
			k := Public(*e.Secret)
			e.Public = &k
		}
	}
	return nil
}

// LoadPublic reads the one public key of a file, as that of a server.
func LoadPublic(name string) (Key, error) {
	entries, err := load(name, hasSecret)
	if err != nil {
		return Key{}, err
	}
	if len(entries) > 1 {
		return Key{}, fmt.Errorf("%s: %w", name, ErrMany)
	}
	return entries[0].publicKey(), nil
}

// LoadAllowed reads an allow-list: the public keys that the AllowedFiles hold,
// each with the metadata of its certificate. A file that is not in order makes the
// whole list an error, so that no key is missing from it unnoticed, and so does a
// folder without any key (ErrNoKey).
func LoadAllowed(path string) (map[Key][]Property, error) {
	names, err := AllowedFiles(path)
	if err != nil {
		return nil, err
	}
	allowed := map[Key][]Property{}
	for _, name := range names {
		if err := addAllowed(allowed, name); err != nil {
			return nil, err
		}
	}
	if len(allowed) == 0 {
		return nil, fmt.Errorf("%s: %w", path, ErrNoKey)
	}
	return allowed, nil
}

// AllowedFiles are the files of an allow-list: path itself, or if that is a folder
// the files in it and in those below, but for names that begin with a dot and files
// whose name ends in _secret. Links count as what they lead to; one that leads
// nowhere is an error.
func AllowedFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	return appendFolder(nil, path, info)
}

// appendFolder appends the files of a folder, the last of those that above are on
// the way. Of a link back to one of them nothing new can come.
func appendFolder(names []string, path string, above ...fs.FileInfo) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := filepath.Join(path, e.Name())
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return nil, err
		case info.Mode().IsRegular() && !strings.HasSuffix(name, SecretSuffix):
			names = append(names, name)
		case info.IsDir() && !slices.ContainsFunc(above, func(a fs.FileInfo) bool { return os.SameFile(a, info) }):
			if names, err = appendFolder(names, name, append(slices.Clip(above), info)...); err != nil {
				return nil, err
			}
		}
	}
	return names, nil
}

func addAllowed(allowed map[Key][]Property, name string) error {
	entries, err := load(name, hasSecret)
	if err != nil {
		return err
	}
	for _, e := range entries {
		allowed[e.publicKey()] = e.Meta
	}
	return nil
}

func hasSecret(e Entry) bool { return e.Secret != nil }

// loadBoth is load, and reads the secret certificate in place of a public one.
func loadBoth(name string, isSecret func(Entry) bool) ([]Entry, error) {
	entries, err := load(name, isSecret)
	if err != nil || len(entries) != 1 || entries[0].Public == nil || entries[0].Secret != nil {
		return entries, err
	}
	beside, err := load(name+SecretSuffix, isSecret)
	if errors.Is(err, fs.ErrNotExist) {
		return entries, nil
	}
	if err == nil && beside[0].publicKey() != *entries[0].Public {
		return nil, fmt.Errorf("%s: its public key is not that of %s", name+SecretSuffix, name)
	}
	return beside, err
}

// load reads and verifies the keys of a file. Entries that are secret make it a
// file that others must not read.
func load(name string, isSecret func(Entry) bool) ([]Entry, error) {
	f, err := secret.ReadFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Wipe()
	entries, err := ParseKeys(f.Text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if slices.ContainsFunc(entries, isSecret) {
		if err := f.Private(); err != nil {
			return nil, err
		}
	}
	for _, e := range entries {
		if err := e.Verify(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return entries, nil
}
