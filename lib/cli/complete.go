package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// shells are the shells with a completion script.
var shells = map[string]func(*strings.Builder, *Tool, string){
	"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion, "powershell": powershellCompletion,
}

// Shells are their names.
var Shells = []string{"bash", "zsh", "fish", "powershell"}

// printCompletion answers `completion SHELL`.
func (t *Tool) printCompletion(a *Args) error {
	hint := "write " + a.Prog + " completion " + strings.Join(Shells, "|")
	if len(a.Words) != 2 {
		return Usagef(hint, "completion needs the name of one shell")
	}
	script, ok := shells[a.Words[1]]
	if !ok {
		return Usagef(hint, "no completion for the shell %q", a.Words[1])
	}
	var b strings.Builder
	script(&b, t, a.Prog)
	_, err := io.WriteString(a.Out, b.String())
	return err
}

func (t *Tool) flagWords() []string {
	var words []string
	for _, f := range t.Flags {
		words = append(words, "--"+f.Name)
		if f.Short != "" {
			words = append(words, "-"+f.Short)
		}
	}
	return words
}

func (t *Tool) firstWords() string {
	return strings.Join(append(slices.Clone(t.Words), "completion"), " ")
}

// names are the ways to write a flag, as a pattern of a shell's case.
func (f Flag) names() string {
	if f.Short == "" {
		return "--" + f.Name
	}
	return "--" + f.Name + "|-" + f.Short
}

func (f Flag) wantsFile() bool { return f.Value == "FILE" }

func bashCompletion(b *strings.Builder, t *Tool, prog string) {
	name := identifier(prog)
	fmt.Fprintf(b, "# %s completion bash > /etc/bash_completion.d/%s\n_%s() {\n", prog, prog, name)
	b.WriteString("  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n  COMPREPLY=()\n  case \"$prev\" in\n")
	for _, f := range t.Flags {
		switch {
		case len(f.Choice) > 0:
			fmt.Fprintf(b, "    %s) COMPREPLY=($(compgen -W %q -- \"$cur\")); return ;;\n", f.names(), strings.Join(f.Choice, " "))
		case f.wantsFile():
			fmt.Fprintf(b, "    %s) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", f.names())
		case f.Value != "":
			fmt.Fprintf(b, "    %s) return ;;\n", f.names())
		}
	}
	fmt.Fprintf(b, "    completion) COMPREPLY=($(compgen -W %q -- \"$cur\")); return ;;\n  esac\n", strings.Join(Shells, " "))
	fmt.Fprintf(b, "  case \"$cur\" in\n    -*) COMPREPLY=($(compgen -W %q -- \"$cur\")) ;;\n", strings.Join(t.flagWords(), " "))
	fmt.Fprintf(b, "    *) [ \"$COMP_CWORD\" -eq 1 ] && COMPREPLY=($(compgen -W %q -- \"$cur\")) ;;\n  esac\n}\n", t.firstWords())
	fmt.Fprintf(b, "complete -o default -F _%s %s\n", name, prog)
}

func zshCompletion(b *strings.Builder, t *Tool, prog string) {
	name := identifier(prog)
	fmt.Fprintf(b, "#compdef %s\n# %s completion zsh > \"${fpath[1]}/_%s\"\n_%s() {\n  _arguments -s \\\n", prog, prog, prog, name)
	for _, f := range t.Flags {
		many := ""
		if f.Repeat {
			many = "*"
		}
		for _, flag := range strings.Split(f.names(), "|") {
			fmt.Fprintf(b, "    '%s%s[%s]%s' \\\n", many, flag, zshText(f.Help), zshValue(f))
		}
	}
	fmt.Fprintf(b, "    '1:command:(%s)' \\\n    '*:argument:_files'\n}\n", t.firstWords())
	fmt.Fprintf(b, "if [ \"$funcstack[1]\" = _%s ]; then _%s \"$@\"; else compdef _%s %s; fi\n", name, name, name, prog)
}

func zshValue(f Flag) string {
	switch {
	case f.Value == "":
		return ""
	case len(f.Choice) > 0:
		return ":" + zshText(f.Value) + ":(" + strings.Join(f.Choice, " ") + ")"
	case f.wantsFile():
		return ":" + zshText(f.Value) + ":_files"
	}
	return ":" + zshText(f.Value) + ": "
}

// zshText makes text safe inside '…[…]'.
func zshText(text string) string {
	return strings.NewReplacer("'", `'\''`, "[", `\[`, "]", `\]`, ":", `\:`).Replace(text)
}

func fishCompletion(b *strings.Builder, t *Tool, prog string) {
	fmt.Fprintf(b, "# %s completion fish > ~/.config/fish/completions/%s.fish\n", prog, prog)
	fmt.Fprintf(b, "complete -c %s -n __fish_is_first_token -f -a '%s'\n", prog, t.firstWords())
	fmt.Fprintf(b, "complete -c %s -n '__fish_seen_subcommand_from completion' -f -a '%s'\n", prog, strings.Join(Shells, " "))
	for _, f := range t.Flags {
		fmt.Fprintf(b, "complete -c %s -l %s", prog, f.Name)
		if f.Short != "" {
			fmt.Fprintf(b, " -s %s", f.Short)
		}
		switch {
		case len(f.Choice) > 0:
			fmt.Fprintf(b, " -x -a '%s'", strings.Join(f.Choice, " "))
		case f.wantsFile():
			b.WriteString(" -r -F")
		case f.Value != "":
			b.WriteString(" -x")
		}
		fmt.Fprintf(b, " -d '%s'\n", strings.ReplaceAll(f.Help, "'", `\'`))
	}
}

func powershellCompletion(b *strings.Builder, t *Tool, prog string) {
	quote := func(words []string) string { return "'" + strings.Join(words, "', '") + "'" }
	fmt.Fprintf(b, "# %s completion powershell >> $PROFILE\n", prog)
	fmt.Fprintf(b, "Register-ArgumentCompleter -Native -CommandName '%s' -ScriptBlock {\n  param($word, $ast, $cursor)\n", prog)
	b.WriteString("  $last = $ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } | Select-Object -Last 1\n  $words = switch -CaseSensitive (\"$last\") {\n")
	for _, f := range t.Flags {
		if len(f.Choice) > 0 {
			for _, name := range strings.Split(f.names(), "|") {
				fmt.Fprintf(b, "    '%s' { %s }\n", name, quote(f.Choice))
			}
		}
	}
	fmt.Fprintf(b, "    'completion' { %s }\n    default { %s }\n  }\n", quote(Shells), quote(append(append(slices.Clone(t.Words), "completion"), t.flagWords()...)))
	b.WriteString("  $words | Where-Object { $_ -clike \"$word*\" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }\n}\n")
}

// identifier makes a program's name fit for a shell function.
func identifier(prog string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, prog)
}
