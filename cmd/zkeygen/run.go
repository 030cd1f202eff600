package main

import (
	"fmt"
	"slices"
	"strings"

	"ztools/lib/cli"
	"ztools/lib/curve"
	"ztools/lib/secret"
)

// config is a checked command line.
type config struct {
	args   *cli.Args
	log    *cli.Log
	format format
	meta   []curve.Property
	output string // "-" is stdout
	count  int64
}

// run is zkeygen behind its command line.
func run(a *cli.Args) error {
	c := &config{args: a, log: cli.NewLog(a), output: a.String("output", "-"), count: a.Number("count", 1)}
	c.readFormat()
	c.readMeta()
	if err := a.Check(); err != nil {
		return err
	}
	if err := c.checkFlags(); err != nil {
		return err
	}
	switch {
	case a.Bool("public"):
		return c.showPublic()
	case a.Bool("check"):
		return c.check()
	}
	return c.generate()
}

func (c *config) readFormat() {
	name := c.args.Choice("format", formats[0].name)
	if i := slices.IndexFunc(formats, func(f format) bool { return f.name == name }); i >= 0 {
		c.format = formats[i]
	}
}

// readMeta reads --meta NAME=VALUE.
func (c *config) readMeta() {
	for _, text := range c.args.Strings("meta") {
		name, value, ok := strings.Cut(text, "=")
		p := curve.Property{Name: name, Value: value}
		if !ok {
			c.args.Reject(cli.Usagef("write --meta NAME=VALUE", "--meta %q has no value", text))
		} else if err := p.Check(); err != nil {
			c.args.Reject(cli.Usagef("", "--meta %q: %w", text, err))
		}
		if slices.ContainsFunc(c.meta, func(other curve.Property) bool { return other.Name == name }) {
			c.args.Reject(cli.Usagef("", "--meta %s is given twice", name))
		}
		c.meta = append(c.meta, p)
	}
}

// checkFlags refuses what makes no sense together.
func (c *config) checkFlags() error {
	a := c.args
	reading := a.Bool("public") || a.Bool("check")
	switch {
	case a.Bool("public") && a.Bool("check"):
		return cli.Usagef("give one of them", "--public and --check are different jobs")
	case reading && len(a.Words) == 0:
		return cli.Usagef("- is stdin", "no file given")
	case !reading && len(a.Words) > 0:
		return cli.Usagef("-o FILE writes a new key there, -y FILE shows its public key", "what to do with %q?", a.Words[0])
	case reading && a.Given("count"):
		return cli.Usagef("", "--count is for making keys")
	case a.Bool("check") && (a.Given("output") || a.Given("format") || a.Given("meta")):
		return cli.Usagef("it reads every format", "--check writes no keys")
	case a.Bool("public") && c.format.public == nil:
		return cli.Usagef("the values are z85 hex czmq", "--public has no form in %s", c.format.name)
	case a.Given("meta") && !c.format.meta:
		return cli.Usagef("the formats czmq and json have", "the format %s has no room for --meta", c.format.name)
	case c.count < 1:
		return cli.Usagef("leave the flag out", "--count cannot be 0")
	case c.format.single && (c.count > 1 || len(a.Words) > 1):
		return cli.Usagef("use --format json or z85", "the format %s holds one pair", c.format.name)
	}
	return nil
}

// generate makes pairs, checks each and only then writes them.
func (c *config) generate() error {
	pairs := make([]curve.Pair, c.count)
	for i := range pairs {
		pairs[i] = curve.Generate()
		defer pairs[i].Wipe()
		if err := pairs[i].Verify(); err != nil {
			return err
		}
	}
	var text []byte
	defer func() { clear(text) }()
	for _, p := range pairs {
		one, err := c.format.pair(p, c.meta)
		if err != nil {
			return err
		}
		text = append(text, one...)
	}
	if c.output == "-" {
		c.warnIfShared()
		return c.write(text, secret.Mode)
	}
	if err := c.writeSecret(text, pairs[0].Public); err != nil {
		return err
	}
	for _, p := range pairs {
		c.log.At(0, "public key: %s", p.Public.Text())
	}
	return nil
}

// showPublic writes the public key of each secret key in the files.
func (c *config) showPublic() error {
	var text []byte
	for _, name := range c.args.Words {
		entries, err := c.readSecrets(name)
		if err != nil {
			return cli.Hinted(err)
		}
		if len(entries) > 1 && c.format.single {
			return fmt.Errorf("%s: %w", name, curve.ErrMany)
		}
		for _, e := range entries {
			meta := c.meta
			if len(meta) == 0 {
				meta = e.Meta
			}
			one, err := c.format.public(*e.Public, meta)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			text = append(text, one...)
		}
	}
	return c.write(text, secret.PublicMode)
}

// check tells about each file on stdout; one that is not in order makes the run
// fail, after all were looked at.
func (c *config) check() error {
	bad := 0
	for _, name := range c.args.Words {
		verdict, err := c.checkFile(name)
		if err != nil {
			bad++
			verdict = "FAILED: " + strings.TrimPrefix(err.Error(), name+": ")
		}
		if _, err := fmt.Fprintf(c.args.Out, "%s: %s\n", name, verdict); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d files not in order", bad, len(c.args.Words))
	}
	return nil
}

// checkFile is what a file in order holds.
func (c *config) checkFile(name string) (string, error) {
	entries, err := c.read(name)
	if err != nil {
		return "", err
	}
	var pairs, secrets, singles int
	for _, e := range entries {
		switch {
		case e.Secret != nil && e.Public != nil:
			pairs++
		case e.Secret != nil:
			secrets++
		default:
			singles++
		}
	}
	return inventory(pairs, secrets, singles), nil
}

// inventory is "2 key pairs, 1 key without its other half".
func inventory(pairs, secrets, singles int) string {
	var list []string
	add := func(n int, one, many string) {
		switch {
		case n == 1:
			list = append(list, one)
		case n > 1:
			list = append(list, fmt.Sprintf(many, n))
		}
	}
	add(pairs, "key pair", "%d key pairs")
	add(secrets, "secret key", "%d secret keys")
	add(singles, "key without its other half", "%d keys without their other halves")
	return strings.Join(list, ", ")
}
