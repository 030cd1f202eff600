package main

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

func runsOfRates(rates ...float64) result {
	r := result{cell: cell{"tcp", "null", 16}}
	for _, v := range rates {
		r.Runs = append(r.Runs, sample{Messages: int64(v), Elapsed: time.Second, Rate: number(v)})
	}
	r.sum()
	return r
}

func TestSum(t *testing.T) {
	r := runsOfRates(300, 100, 200)
	if r.Rate != 200 || r.Spread != 1 {
		t.Errorf("rate %v, spread %v", r.Rate, r.Spread)
	}
	for i, ns := range []time.Duration{300, 100, 200} {
		r.Runs[i].Latency = newSpectrum()
		r.Runs[i].Latency.record(ns)
	}
	if r.sum(); r.Latency.TotalCount() != 3 || r.Latency.Min() != 100 || r.Latency.Max() != 300 {
		t.Errorf("%v", r.Latency.figures())
	}
}

func TestQuantile(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		part   float64
		want   float64
	}{{[]float64{3, 1, 2}, 0.5, 2}, {[]float64{4, 1, 2, 3}, 0.5, 2.5}, {[]float64{1, 2, 3, 4, 5}, 0.25, 2}, {[]float64{7}, 0.99, 7}} {
		if got := quantile(tt.values, tt.part); got != tt.want {
			t.Errorf("%v at %v: %v, want %v", tt.values, tt.part, got, tt.want)
		}
	}
	if !math.IsNaN(median(nil)) {
		t.Error("nothing has a median")
	}
}

func TestOutliers(t *testing.T) {
	for _, tt := range []struct {
		rates []float64
		want  []int
	}{
		{[]float64{100, 101, 99, 100, 40}, []int{5}},
		{[]float64{100, 104, 97, 101, 95}, nil},
		{[]float64{100, 100, 100, 109}, nil}, // steady, but within a tenth
		{[]float64{100, 20}, nil},            // two say nothing
	} {
		r := runsOfRates(tt.rates...)
		if got := r.outliers(); !slices.Equal(got, tt.want) {
			t.Errorf("%v: %v, want %v", tt.rates, got, tt.want)
		}
	}
}

func TestGaugeReachesGoalsWithTheVeryMessage(t *testing.T) {
	var g gauge
	goals := g.until(0, 3, 10)
	<-goals[0].reached
	g.add(2)
	g.add(1)
	<-goals[1].reached
	if goals[1].at.total != 3 {
		t.Errorf("the goal of 3 was reached at %d", goals[1].at.total)
	}
	g.add(30)
	<-goals[2].reached
	if later := g.until(5)[0]; later.at.total != 33 {
		t.Errorf("a goal that lay behind was reached at %d", later.at.total)
	}
}

func TestSpectrumSurvivesJSON(t *testing.T) {
	s := newSpectrum()
	for i := range 1000 {
		s.record(time.Duration(i+1) * time.Microsecond)
	}
	s.record(2 * time.Minute) // counts as the longest
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back spectrum
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !back.Equals(s.Histogram) || back.at(50) != s.at(50) {
		t.Errorf("%v became %v", s.figures(), back.figures())
	}
	for _, bad := range []string{`{"histogram":""}`, `{"histogram":"HISTFAAA"}`, `[]`} {
		if json.Unmarshal([]byte(bad), &back) == nil {
			t.Errorf("%s was taken for a distribution", bad)
		}
	}
}

// A report is a file that anybody may have changed.
func FuzzSpectrum(f *testing.F) {
	s := newSpectrum()
	s.record(time.Millisecond)
	good, err := s.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(good))
	f.Add("")
	f.Fuzz(func(t *testing.T, histogram string) {
		text, err := json.Marshal(spectrumJSON{Histogram: histogram})
		if err != nil {
			t.Fatal(err)
		}
		var back spectrum
		if json.Unmarshal(text, &back) == nil && back.figures()["max"] < 0 {
			t.Errorf("%v", back.figures())
		}
	})
}
