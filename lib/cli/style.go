package cli

import (
	"io"
	"os"

	"github.com/charmbracelet/lipgloss"
	"github.com/mattn/go-isatty"
	"github.com/muesli/termenv"
)

// Stream is stdout or stderr: where the bytes go, whether a person looks at
// it, and its own colours. Each stream has a renderer of its own, so colour on
// stderr does not depend on stdout.
type Stream struct {
	io.Writer
	TTY   bool
	style *lipgloss.Renderer
}

// ColorModes are the values of --color.
var ColorModes = []string{"auto", "always", "never"}

// NewStream wraps w. Colour is on for mode always, off for never; auto means
// on a terminal unless NO_COLOR is set or TERM is dumb.
func NewStream(w io.Writer, mode string) *Stream {
	s := &Stream{Writer: w, TTY: isTerminal(w)}
	plain := os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	if mode != "always" && (mode == "never" || !s.TTY || plain) {
		return s // without a renderer text stays plain
	}
	s.style = lipgloss.NewRenderer(w)
	s.style.SetColorProfile(termenv.ANSI)
	s.style.SetHasDarkBackground(true) // do not ask the terminal
	return s
}

func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// IsTerminal tells whether a person types into r.
func IsTerminal(r io.Reader) bool { return isTerminal(r) }

// Bad colours the word of an error.
func (s *Stream) Bad(text string) string { return s.paint(text, "1") }

// Good colours the word of a hint or a success.
func (s *Stream) Good(text string) string { return s.paint(text, "2") }

// Faint colours what can be overlooked.
func (s *Stream) Faint(text string) string { return s.paint(text, "8") }

// Heading makes a heading bold.
func (s *Stream) Heading(text string) string {
	if s.style == nil {
		return text
	}
	return s.style.NewStyle().Bold(true).Render(text)
}

func (s *Stream) paint(text, color string) string {
	if s.style == nil {
		return text
	}
	return s.style.NewStyle().Foreground(lipgloss.Color(color)).Render(text)
}
