package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Times are kept from 1 ns to a minute with three digits.
const (
	longest = int64(time.Minute)
	digits  = 3
)

// percentiles are those that are told of.
var percentiles = []float64{50, 90, 99, 99.9, 99.99}

func percentileName(p float64) string { return fmt.Sprintf("p%v", p) }

// spectrum is a distribution of times. It belongs to one goroutine at a time.
type spectrum struct{ *hdrhistogram.Histogram }

func newSpectrum() *spectrum { return &spectrum{hdrhistogram.New(1, longest, digits)} }

// record counts a time; one longer than a minute counts as a minute.
func (s *spectrum) record(d time.Duration) {
	_ = s.RecordValue(min(max(int64(d), 1), longest)) // in range, so it does not fail
}

// merged is one spectrum of all; nil if there is none.
func merged(all []*spectrum) *spectrum {
	sum := newSpectrum()
	for _, s := range all {
		if s != nil {
			sum.Merge(s.Histogram)
		}
	}
	if sum.TotalCount() == 0 {
		return nil
	}
	return sum
}

// at is the time that p percent did not exceed.
func (s *spectrum) at(p float64) time.Duration { return time.Duration(s.ValueAtQuantile(p)) }

// figures are the spectrum's numbers in nanoseconds by name.
func (s *spectrum) figures() map[string]float64 {
	f := map[string]float64{"min": float64(s.Min()), "mean": s.Mean(), "max": float64(s.Max())}
	for _, p := range percentiles {
		f[percentileName(p)] = float64(s.at(p))
	}
	return f
}

// spectrumJSON is a spectrum in a report.
type spectrumJSON struct {
	Count     int64              `json:"count"`
	NS        map[string]float64 `json:"ns"`
	Histogram string             `json:"histogram"` // HdrHistogram's V2 compressed encoding, base64
}

// MarshalJSON writes the numbers and the whole distribution.
func (s *spectrum) MarshalJSON() ([]byte, error) {
	encoded, err := s.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return nil, err
	}
	return json.Marshal(spectrumJSON{s.TotalCount(), s.figures(), string(encoded)})
}

// UnmarshalJSON reads what MarshalJSON wrote, from a file that anybody may have
// changed.
func (s *spectrum) UnmarshalJSON(text []byte) error {
	var j spectrumJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	h, err := hdrhistogram.Decode([]byte(j.Histogram))
	if err != nil {
		return fmt.Errorf("histogram: %w", err)
	}
	s.Histogram = h
	return nil
}
