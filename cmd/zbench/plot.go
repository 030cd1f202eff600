package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"ztools/lib/cli"
)

// chart is what is drawn, as a picture or with text: lines over two logarithmic
// axes.
type chart struct {
	title, x, y string
	nines       bool // x is 1/(1-p) of a percentile p, not bytes
	lines       []line
}

type line struct {
	name   string
	points plotter.XYs
}

// canvases draw pictures, by the ends of their files' names.
var canvases = map[string]func(width, height vg.Length) picture{
	".svg": func(w, h vg.Length) picture { return vgsvg.New(w, h) },
	".png": func(w, h vg.Length) picture {
		return vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(pictureDPI))}
	},
}

type picture interface {
	vg.CanvasSizer
	io.WriterTo
}

const (
	pictureWidth  = 22 * vg.Centimeter
	pictureHeight = 12 * vg.Centimeter
	pictureDPI    = 120
	pictureMargin = 4 * vg.Millimeter // around the names of the lines
)

// plottable tells whether --plot can write to that name.
func plottable(name string) bool { return name == "-" || canvases[filepath.Ext(name)] != nil }

// plot draws the report into a file, or on stdout.
func (r *report) plot(a *cli.Args, name string) (err error) {
	c := r.chart()
	if name == "-" {
		return c.print(a.Out)
	}
	p, legend, err := c.plot()
	if err != nil {
		return err
	}
	canvas := drawn(p, &legend, canvases[filepath.Ext(name)])
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := canvas.WriteTo(f); err != nil {
		return fmt.Errorf("%s: %w", name, closeAfter(f, err))
	}
	return f.Close()
}

// drawn is the picture with the names of the lines beside it, where they hide
// nothing; it grows with them.
func drawn(p *plot.Plot, legend *plot.Legend, canvas func(width, height vg.Length) picture) picture {
	names := legend.Rectangle(draw.Canvas{}).Size()
	c := canvas(pictureWidth+names.X+2*pictureMargin, max(pictureHeight, names.Y+2*pictureMargin))
	whole := draw.New(c)
	p.Draw(draw.Crop(whole, 0, -names.X-2*pictureMargin, 0, 0))
	legend.Draw(draw.Crop(whole, pictureWidth+pictureMargin, 0, 0, -pictureMargin))
	return c
}

func closeAfter(f io.Closer, err error) error {
	_ = f.Close() // the first error is told
	return err
}

// chart chooses what to draw: the percentiles where times were taken, else the
// rates over the sizes.
func (r *report) chart() *chart {
	if r.Results[0].Latency != nil {
		c := &chart{title: r.Title, x: "percentile", y: "µs", nines: true}
		for i := range r.Results {
			res := &r.Results[i]
			if res.Latency != nil {
				c.lines = append(c.lines, line{res.name(r.Kind), percentileCurve(res.Latency)})
			}
		}
		return c
	}
	c := &chart{title: r.Title, x: "bytes of a message", y: "messages/s"}
	for i := range r.Results {
		res := &r.Results[i]
		name := strings.TrimSuffix(res.Transport+", "+res.Mechanism, ", null")
		at := slices.IndexFunc(c.lines, func(l line) bool { return l.name == name })
		if at < 0 {
			at = len(c.lines)
			c.lines = append(c.lines, line{name: name})
		}
		c.lines[at].points = append(c.lines[at].points, plotter.XY{X: max(1, float64(res.Bytes)), Y: max(1, float64(res.Rate))})
	}
	return c
}

// curvePoints is how many points a curve has for each nine of its percentiles.
const curvePoints = 12

// percentileCurve is the times over 1/(1-p), as far as there are enough of them
// to speak of a percentile.
func percentileCurve(s *spectrum) (points plotter.XYs) {
	nines := int(math.Log10(max(10, float64(s.TotalCount()))))
	for i := range nines*curvePoints + 1 {
		x := math.Pow(10, float64(i)/curvePoints)
		points = append(points, plotter.XY{X: x, Y: float64(s.at(100*(1-1/x))) / float64(time.Microsecond)})
	}
	return points
}

// ninesName is how 1/(1-p) is written on an axis: 99.9% for 1000.
func ninesName(x float64) string {
	if x < 2 {
		return "0%"
	}
	decimals := max(0, int(math.Round(math.Log10(x)))-2)
	return fmt.Sprintf("%.*f%%", decimals, 100*(1-1/x))
}

// plot makes the picture and the names of its lines.
func (c *chart) plot() (*plot.Plot, plot.Legend, error) {
	p, legend := plot.New(), plot.NewLegend()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.title, c.x, c.y
	p.Title.TextStyle.Font.Size, p.Title.Padding = vg.Points(9), vg.Points(6)
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks{c.xName}, ticks{si}
	legend.Top, legend.Left, legend.Padding = true, true, vg.Points(3)
	p.Add(plotter.NewGrid())
	for i, l := range c.lines {
		curve, marks, err := plotter.NewLinePoints(l.points)
		if err != nil {
			return nil, legend, fmt.Errorf("cannot draw %s: %w", l.name, err)
		}
		curve.Color, curve.Width = plotutil.Color(i), vg.Points(1.5)
		curve.Dashes = plotutil.Dashes(i / len(plotutil.DefaultColors)) // where the colours begin again
		marks.Color, marks.Shape = curve.Color, plotutil.Shape(i)
		p.Add(curve)
		if !c.nines {
			p.Add(marks)
		}
		legend.Add(l.name, curve)
	}
	widen(&p.X)
	widen(&p.Y)
	return p, legend, nil
}

// widen gives an axis whole powers of ten, so that it has numbers on it.
func widen(a *plot.Axis) {
	a.Min = math.Pow(10, math.Floor(math.Log10(a.Min)))
	a.Max = math.Pow(10, math.Ceil(math.Log10(a.Max*1.0001)))
}

// ticks are the powers of ten with names, and their multiples without.
type ticks struct{ name func(float64) string }

// Ticks is plot.Ticker.
func (t ticks) Ticks(low, high float64) (list []plot.Tick) {
	for power := math.Pow(10, math.Floor(math.Log10(low))); power <= high*1.0001; power *= 10 {
		list = append(list, plot.Tick{Value: power, Label: t.name(power)})
		for n := 2.0; n < 10 && power*n < high; n++ {
			list = append(list, plot.Tick{Value: power * n})
		}
	}
	return list
}

// xName is a number on the x axis.
func (c *chart) xName(x float64) string {
	if c.nines {
		return ninesName(x)
	}
	return si(x)
}
