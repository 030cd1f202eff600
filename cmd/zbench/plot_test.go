package main

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/plot/plotutil"

	"ztools/lib/cli"
)

// wide is a report with so many rows of latencies.
func wide(rows int) *report {
	r := &report{Kind: "lat", Title: "a title"}
	for i := range rows {
		res := result{cell: cell{"tcp", "null", 16 << i}}
		s := sample{Rate: 100, Latency: newSpectrum()}
		for n := range 2000 {
			s.Latency.record(time.Duration(20+20*i+n/10) * time.Microsecond)
		}
		res.Runs = []sample{s}
		res.sum()
		r.Results = append(r.Results, res)
	}
	return r
}

// drawing is what is read of an SVG.
type drawing struct {
	Width  string `xml:"width,attr"`
	Height string `xml:"height,attr"`
	Texts  []struct {
		X    string `xml:"x,attr"`
		Y    string `xml:"y,attr"` // upside down
		Text string `xml:",chardata"`
	} `xml:"g>text"`
}

func number64(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(strings.TrimSuffix(text, "pt"), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A picture has its title, axes and the names of all lines, and none of them is
// outside or over the curves.
func TestPictureSVG(t *testing.T) {
	for _, rows := range []int{1, 3, 24} {
		name := filepath.Join(t.TempDir(), "x.svg")
		if err := wide(rows).plot(&cli.Args{}, name); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var d drawing
		if err := xml.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		width, height := number64(t, d.Width), number64(t, d.Height)
		var texts []string
		for _, e := range d.Texts {
			x, y := number64(t, e.X), -number64(t, e.Y)
			if x < 0 || x > width || y < 0 || y > height || strings.HasPrefix(e.Text, "lat over") && x < float64(pictureWidth) {
				t.Errorf("%d rows: %q is at %v, %v of %v, %v", rows, e.Text, x, y, width, height)
			}
			texts = append(texts, e.Text)
		}
		want := []string{"a title", "percentile", "0%", "90%", "99%", "99.9%", "10", "100"}
		for i := range rows {
			want = append(want, "lat over tcp, "+cli.FormatSize(float64(int(16)<<i)))
		}
		for _, w := range want {
			if !slices.Contains(texts, w) {
				t.Errorf("%d rows: no %q among %q", rows, w, texts)
			}
		}
		if !bytes.Contains(text, []byte(">µs</text>")) { // it is turned, so deeper
			t.Errorf("%d rows: no name of the y axis", rows)
		}
		if curves := bytes.Count(text, []byte("<path")); curves < rows {
			t.Errorf("%d rows, %d paths", rows, curves)
		}
	}
}

// A PNG shows the curves in as many colours as there are, and the last name.
func TestPicturePNG(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.png")
	if err := wide(4).plot(&cli.Args{}, name); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	perPoint := float64(pictureDPI) / 72
	edge := int(float64(pictureWidth) * perPoint)
	if b := img.Bounds(); b.Dx() <= edge || b.Dy() < int(float64(pictureHeight)*perPoint) {
		t.Fatalf("%v, but the curves alone take %d", b, edge)
	}
	for i := range 4 {
		if curve, name := pixels(img, plotutil.Color(i), 0, edge), pixels(img, plotutil.Color(i), edge, img.Bounds().Dx()); curve == 0 || name == 0 {
			t.Errorf("line %d has %d pixels of its colour, its name %d", i, curve, name)
		}
	}
}

// pixels counts those of a colour between two columns.
func pixels(img image.Image, c color.Color, from, to int) (n int) {
	want := color.RGBAModel.Convert(c)
	for x := from; x < to; x++ {
		for y := range img.Bounds().Dy() {
			if color.RGBAModel.Convert(img.At(x, y)) == want {
				n++
			}
		}
	}
	return n
}

// The plot in text has a mark of its own for each line.
func TestPlotInText(t *testing.T) {
	var out bytes.Buffer
	if err := wide(20).plot(&cli.Args{Out: &cli.Stream{Writer: &out}}, "-"); err != nil {
		t.Fatal(err)
	}
	marks := map[string]bool{}
	for _, l := range strings.Split(out.String(), "\n") {
		if mark, _, ok := strings.Cut(l, " lat over tcp, "); ok {
			marks[mark] = true
		}
	}
	if len(marks) != 20 || !strings.Contains(out.String(), "µs over percentile") {
		t.Errorf("%d marks\n%s", len(marks), &out)
	}
}
