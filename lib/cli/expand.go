package cli

import (
	"slices"
	"strings"
)

// expand turns arguments in any order into the one form that urfave/cli reads
// without surprises: --name=value for every flag, then --, then the words.
// Short flags may be joined (-vvn 3, -n3); -- ends the flags; a lone - is a
// word.
func expand(flags []Flag, args []string) ([]string, error) {
	var out, words []string
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		var n int
		var err error
		switch {
		case arg == "--":
			words, args = append(words, args...), nil
		case strings.HasPrefix(arg, "--"):
			out, n, err = expandLong(out, flags, arg[2:], args)
		case len(arg) > 1 && arg[0] == '-':
			out, n, err = expandShort(out, flags, arg[1:], args)
		default:
			words = append(words, arg)
		}
		if err != nil {
			return nil, err
		}
		args = args[n:]
	}
	if err := checkRepeats(flags, out); err != nil {
		return nil, err
	}
	return append(append(out, "--"), words...), nil
}

// expandLong reads --name, --name=value or --name value, and returns how many
// further arguments it used.
func expandLong(out []string, flags []Flag, text string, next []string) ([]string, int, error) {
	name, value, given := strings.Cut(text, "=")
	at := slices.IndexFunc(flags, func(f Flag) bool { return f.Name == name })
	if at < 0 {
		return out, 0, Usagef(suggest(flags, name), "unknown flag --%s", name)
	}
	if flags[at].Value == "" {
		if given {
			return out, 0, Usagef("", "--%s takes no value", name)
		}
		return append(out, "--"+name), 0, nil
	}
	used := 0
	if !given {
		if len(next) == 0 {
			return out, 0, Usagef("", "--%s needs a value: --%s %s", name, name, flags[at].Value)
		}
		value, used = next[0], 1
	}
	return append(out, "--"+name+"="+value), used, nil
}

// expandShort reads a cluster of one-letter flags, of which the last may have
// its value joined or as the next argument.
func expandShort(out []string, flags []Flag, cluster string, next []string) ([]string, int, error) {
	for i, letter := range cluster {
		short := string(letter)
		at := slices.IndexFunc(flags, func(f Flag) bool { return f.Short == short })
		if at < 0 {
			return out, 0, Usagef("--help lists the flags", "unknown flag -%s", short)
		}
		f := flags[at]
		if f.Value == "" {
			out = append(out, "--"+f.Name)
			continue
		}
		if rest := cluster[i+len(short):]; rest != "" {
			return append(out, "--"+f.Name+"="+strings.TrimPrefix(rest, "=")), 0, nil
		}
		if len(next) == 0 {
			return out, 0, Usagef("", "-%s needs a value: -%s %s", short, short, f.Value)
		}
		return append(out, "--"+f.Name+"="+next[0]), 1, nil
	}
	return out, 0, nil
}

// checkRepeats refuses a value flag that is given twice but can have one value.
func checkRepeats(flags []Flag, expanded []string) error {
	seen := map[string]bool{}
	for _, arg := range expanded {
		name, _, given := strings.Cut(arg[2:], "=")
		at := slices.IndexFunc(flags, func(f Flag) bool { return f.Name == name })
		if given && seen[name] && !flags[at].Repeat {
			return Usagef("", "--%s is given twice", name)
		}
		seen[name] = true
	}
	return nil
}

// suggest is a hint with the flag that name was probably meant to be.
func suggest(flags []Flag, name string) string {
	names := make([]string, len(flags))
	for i, f := range flags {
		names[i] = f.Name
	}
	if best := nearest(names, name); best != "" {
		return "did you mean --" + best + "?"
	}
	return "--help lists the flags"
}

// nearest is the one of names that name is most like, "" if it is like none.
func nearest(names []string, name string) string {
	best, least := "", len(name)/2+1
	for _, n := range names {
		if d := distance(name, n); d < least {
			best, least = n, d
		}
	}
	return best
}

// distance is the Levenshtein distance of two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
