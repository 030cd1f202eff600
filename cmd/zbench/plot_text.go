package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/guptarohit/asciigraph"

	"ztools/lib/cli"
)

// The size of a plot in text, in characters.
const (
	textWidth  = 64
	textHeight = 14
)

// textMarks are what the lines are drawn with if there are several.
const textMarks = "*o+x#@%=abcdefghijklmnpqrstuvwyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// print draws the chart with text, for a terminal. Both axes are logarithmic.
func (c *chart) print(w *cli.Stream) error {
	low, high := math.Inf(1), math.Inf(-1)
	for _, l := range c.lines {
		low, high = min(low, l.points[0].X), max(high, l.points[len(l.points)-1].X)
	}
	low, high = math.Log10(low), math.Log10(high)
	if low == high {
		high = low + 1 // a single size
	}
	series, marks, names := [][]float64{}, []asciigraph.CharSet{}, []string{}
	for i, l := range c.lines {
		series = append(series, l.sampled(low, high))
		mark := string(textMarks[i%len(textMarks)])
		marks, names = append(marks, asciigraph.CreateCharSet(mark)), append(names, mark+" "+l.name)
	}
	options := []asciigraph.Option{
		asciigraph.Height(textHeight), asciigraph.XAxisRange(low, high),
		asciigraph.XAxisValueFormatter(func(v float64) string { return c.xName(math.Pow(10, v)) }),
		asciigraph.YAxisValueFormatter(func(v float64) string { return si(math.Pow(10, v)) }),
	}
	if c.nines {
		options = append(options, asciigraph.XAxisTickCount(int(math.Round(high-low))+1))
	}
	if len(series) > 1 {
		options = append(options, asciigraph.SeriesChars(marks...))
	}
	_, err := fmt.Fprintf(w, "\n%s over %s\n%s\n%s\n", c.y, c.x, asciigraph.PlotMany(series, options...), strings.Join(names, "\n"))
	return err
}

// sampled is the logarithm of a line's values at as many places as there are
// columns, NaN outside of it.
func (l line) sampled(low, high float64) []float64 {
	values := make([]float64, textWidth)
	for i := range values {
		values[i] = l.at(math.Pow(10, low+(high-low)*float64(i)/(textWidth-1)))
	}
	return values
}

// at is the logarithm of the line's value at x, between the points around it.
func (l line) at(x float64) float64 {
	const near = 1e-9
	for i, p := range l.points {
		switch {
		case math.Abs(p.X-x) <= near*x:
			return math.Log10(p.Y)
		case p.X > x && i > 0:
			before := l.points[i-1]
			part := math.Log(x/before.X) / math.Log(p.X/before.X)
			return math.Log10(before.Y) + part*(math.Log10(p.Y)-math.Log10(before.Y))
		}
	}
	return math.NaN()
}
