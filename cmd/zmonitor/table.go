package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"

	"ztools/lib/cli"
)

var columns = []string{"PEER", "TYPE", "ID", "STATE", "FOR", "RETRIES", "SENT/S", "RECEIVED/S", "QUEUED", "LAST ERROR"}

// cells are the row's columns as text.
func (r *row) cells(now time.Time) []string {
	return []string{
		cmp.Or(r.Remote, r.Endpoint), cmp.Or(r.SocketType, "-"), cmp.Or(r.RoutingID, "-"), r.state(), since(now, r.Since), strconv.Itoa(r.Retries),
		perSecond(r.SentRate), perSecond(r.ReceivedRate), strconv.Itoa(r.Queued), cmp.Or(r.Reason, "-"),
	}
}

// since is how long something has lasted, to the second.
func since(now, start time.Time) string {
	if start.IsZero() {
		return "-"
	}
	return max(0, now.Sub(start)).Truncate(time.Second).String()
}

func perSecond(rate float64) string { return strconv.FormatFloat(rate, 'f', 0, 64) }

// tableOf draws the rows; those that need attention first.
func tableOf(w *cli.Stream, now time.Time, rows []row) string {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(strings.Compare(b.state(), a.state()), cmp.Compare(b.ReceivedRate+b.SentRate, a.ReceivedRate+a.SentRate), cmp.Compare(a.Connection, b.Connection))
	})
	t := table.New().Border(lipgloss.HiddenBorder()).Headers(columns...).
		BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderHeader(false).
		StyleFunc(func(int, int) lipgloss.Style { return lipgloss.NewStyle() })
	for i := range rows {
		cells := rows[i].cells(now)
		if rows[i].Connected {
			cells[3] = w.Good(cells[3])
		} else {
			cells[3] = w.Bad(cells[3])
		}
		t.Row(cells...)
	}
	return t.String()
}

// peers prints one moment of top.
func (p *printer) peers(at time.Time, rows []row) error {
	switch {
	case p.json:
		return p.object(struct {
			Time  time.Time `json:"time"`
			Peers []row     `json:"peers"`
		}{at, rows})
	case p.plain:
		for i := range rows {
			if err := p.fields(append([]string{at.Format(time.RFC3339Nano)}, rows[i].cells(at)...)...); err != nil {
				return err
			}
		}
		return nil
	}
	_, err := fmt.Fprintln(p.w, tableOf(p.w, at, rows))
	return err
}

// screen is the live table (a bubbletea model).
type screen struct {
	out   *cli.Stream
	next  func() tea.Msg
	rates *rates
	at    time.Time
	rows  []row
	width int
	err   error
}

// moment is what the source gave.
type moment struct {
	peers cli.Peers
	err   error
}

// live shows the table until q, Ctrl-C or the end of ctx.
func live(ctx context.Context, a *cli.Args, next source, r *rates) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &screen{out: a.Out, rates: r, next: func() tea.Msg {
		peers, err := next(ctx)
		return moment{peers, err}
	}}
	program := tea.NewProgram(s, tea.WithInput(a.In), tea.WithOutput(a.Out), tea.WithAltScreen(), tea.WithoutSignalHandler(), tea.WithContext(ctx))
	if _, err := program.Run(); err != nil && ctx.Err() == nil {
		return err
	}
	return ending(ctx, s.err)
}

// Init implements tea.Model.
func (s *screen) Init() tea.Cmd { return s.next }

// Update implements tea.Model.
func (s *screen) Update(m tea.Msg) (tea.Model, tea.Cmd) {
	switch m := m.(type) {
	case moment:
		if m.err != nil {
			s.err = m.err
			return s, tea.Quit
		}
		s.at, s.rows = m.peers.Time, s.rates.rows(m.peers)
		return s, s.next
	case tea.WindowSizeMsg:
		s.width = m.Width
	case tea.KeyMsg:
		switch m.String() {
		case "q", "esc", "ctrl+c":
			return s, tea.Quit
		}
	}
	return s, nil
}

// View implements tea.Model.
func (s *screen) View() string {
	if s.at.IsZero() {
		return "waiting for the first news\n"
	}
	ready := 0
	for _, r := range s.rows {
		if r.Connected {
			ready++
		}
	}
	head := fmt.Sprintf("%s  %d %s, %d ready  (q ends)\n\n", s.at.Format(time.TimeOnly), len(s.rows), cli.Plural(len(s.rows), "peer"), ready)
	text := head + tableOf(s.out, s.at, s.rows)
	if s.width > 0 {
		text = lipgloss.NewStyle().MaxWidth(s.width).Render(text)
	}
	return text
}
