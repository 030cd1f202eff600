package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"ztools/lib/cli"
)

// The file (zproxy.toml(5)) describes each proxy as a command line does:
//
//	linger = "5s"                                       # for all proxies below
//	[[proxy]]
//	name = "prices"
//	run = ["forwarder", "tcp://:5557", "tcp://:5558"]   # the words
//	frontend-curve-server = true                        # the flags, by their long names
//
// So there is one set of rules for both. It is read in three steps:
//
//	1 toml.Unmarshal       the values; what is no TOML ends here
//	2 unstable.Parser      the lines on which the keys stand
//	3 cli.Tool.Args, then parseConfig, for each proxy, and checkPlans: an error is
//	  about a flag, which is a key, so what is wrong names line and key

// file is a file that is being read.
type file struct {
	path  string
	lines map[string]int // by key, and "N.key" in proxy N
	flags []cli.Flag
}

// inFile is an error with the place that it comes from.
func inFile(place string, err error) error {
	var known *cli.Error
	if errors.As(err, &known) {
		return cli.Failf(known.Status, known.Hint, "%s: %w", place, err)
	}
	return fmt.Errorf("%s: %w", place, err)
}

// readFile reads the plans of a file. Nothing is started.
func readFile(a *cli.Args, path string) ([]plan, error) {
	if len(a.Words) > 0 {
		return nil, cli.Usagef("describe the proxy in the file, or leave --file out", "%q stands beside --file", a.Words[0])
	}
	if err := a.Check(); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := &file{path: path, flags: newTool().Flags, lines: map[string]int{}}
	var top map[string]any
	if err := toml.Unmarshal(text, &top); err != nil {
		return nil, f.syntax(err)
	}
	if err := f.locate(text); err != nil {
		return nil, err
	}
	return f.plans(a, top)
}

// syntax is the error for what is no TOML.
func (f *file) syntax(err error) error {
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		line, _ := bad.Position()
		return f.errorf(line, strings.Join(bad.Key(), "."), "", "%s", strings.TrimPrefix(bad.Error(), "toml: "))
	}
	return inFile(f.path, err)
}

func (f *file) errorf(line int, key, hint, format string, args ...any) error {
	place := fmt.Sprintf("%s:%d", f.path, line)
	if key != "" {
		place += ": " + key
	}
	return inFile(place, cli.Usagef(hint, format, args...))
}

// locate finds the lines of all keys.
func (f *file) locate(text []byte) error {
	var p unstable.Parser
	p.Reset(text)
	prefix, proxies := "", 0
	for p.NextExpression() {
		e := p.Expression()
		key, line := "", 0
		for it := e.Key(); it.Next(); {
			if key == "" {
				line = p.Shape(it.Node().Raw).Start.Line
				key = string(it.Node().Data)
			} else {
				key += "." + string(it.Node().Data)
			}
		}
		switch {
		case e.Kind == unstable.KeyValue:
			f.lines[prefix+key] = line
		case e.Kind == unstable.ArrayTable && key == "proxy":
			prefix = fmt.Sprintf("%d.", proxies)
			f.lines[prefix] = line
			proxies++
		default:
			return f.errorf(line, key, "each proxy begins with [[proxy]]", "unknown table")
		}
	}
	return p.Error()
}

// plans reads all proxies.
func (f *file) plans(a *cli.Args, top map[string]any) ([]plan, error) {
	tables, ok := top["proxy"].([]any)
	if !ok || len(tables) == 0 {
		return nil, inFile(f.path, cli.Usagef("each proxy begins with [[proxy]]", "no proxy in the file"))
	}
	delete(top, "proxy")
	if err := f.check(top, ""); err != nil {
		return nil, err
	}
	var plans []plan
	for i, t := range tables {
		table, prefix := t.(map[string]any), fmt.Sprintf("%d.", i) // [[proxy]] is a table
		pl, err := f.plan(a, prefix, table, top)
		if err != nil {
			return nil, err
		}
		plans = append(plans, pl)
	}
	return plans, checkPlans(plans)
}

// check refuses keys that mean nothing.
func (f *file) check(table map[string]any, prefix string) error {
	for _, key := range slices.Sorted(maps.Keys(table)) {
		known := prefix != "" && (key == "name" || key == "run")
		for _, row := range f.flags {
			known = known || row.Name == key && flag{row}.describes()
		}
		if !known {
			return f.errorf(f.lines[prefix+key], key, "the keys are name, run and the long names of flags; see zproxy.toml(5)", "unknown key")
		}
	}
	return nil
}

// plan reads one proxy. Keys at the top count where it has none of its own.
func (f *file) plan(a *cli.Args, prefix string, table, top map[string]any) (plan, error) {
	if err := f.check(table, prefix); err != nil {
		return plan{}, err
	}
	name, ok := table["name"].(string)
	if !ok || name == "" {
		return plan{}, f.errorf(f.lines[prefix], "name", "", "a proxy needs a name, in quotes")
	}
	lines, values := map[string]int{}, map[string]any{}
	for _, from := range []struct {
		table  map[string]any
		prefix string
	}{{top, ""}, {table, prefix}} {
		for key, value := range from.table {
			values[key], lines[key] = value, f.lines[from.prefix+key]
		}
	}
	delete(values, "name")
	args, err := f.arguments(values, lines)
	if err != nil {
		return plan{}, err
	}
	pl := plan{args: args, place: fmt.Sprintf("%s:%d: %s", f.path, f.lines[prefix], name), keys: map[string]string{}}
	for key, line := range lines {
		pl.keys[key] = fmt.Sprintf("%s:%d: %s", f.path, line, key)
	}
	own, err := newTool().Args(a, args)
	if err == nil {
		pl.config, err = parseConfig(own, name)
	}
	return pl, pl.explain(err)
}

// arguments are the keys as a command line has them.
func (f *file) arguments(values map[string]any, lines map[string]int) (args []string, err error) {
	words, ok := texts(values["run"])
	if !ok || len(words) == 0 {
		return nil, f.errorf(lines["run"], "run", `for example run = ["queue", "tcp://:5559", "tcp://:5560"]`, "not a list of words in quotes")
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if key == "run" {
			continue
		}
		flag := f.flags[slices.IndexFunc(f.flags, func(flag cli.Flag) bool { return flag.Name == key })]
		on, isSwitch := values[key].(bool)
		list, isText := texts(values[key])
		switch {
		case flag.Value == "" && !isSwitch:
			return nil, f.errorf(lines[key], key, "", "is true or false")
		case flag.Value == "" && on:
			args = append(args, "--"+key)
		case flag.Value == "":
		case !isText || len(list) != 1 && !flag.Repeat:
			return nil, f.errorf(lines[key], key, "", "wants %s", flag.Value)
		}
		for _, text := range list {
			args = append(args, "--"+key+"="+text)
		}
	}
	return append(append(args, "--"), words...), nil
}

// texts is a value, or a list of them, as text.
func texts(v any) (list []string, ok bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, true
	case int64:
		return []string{fmt.Sprint(v)}, true
	case []any:
		for _, one := range v {
			text, ok := texts(one)
			if !ok || len(text) != 1 {
				return nil, false
			}
			list = append(list, text[0])
		}
		return list, true
	}
	return nil, false
}
