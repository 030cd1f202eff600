package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"time"

	"ztools/lib/cli"
)

// keeper writes messages to a file: --record and --tee.
type keeper struct {
	encode cli.Encoder
	file   io.WriteCloser
	w      *bufio.Writer
	buf    []byte
	closed bool
}

// openKeepers opens the files and adds the watchers that the flags ask for.
func (s *session) openKeepers() error {
	if err := s.keep(s.record, cli.Layout{Format: "json"}); err != nil {
		return err
	}
	tee := s.output
	tee.Escape = false
	if err := s.keep(s.tee, tee); err != nil {
		return err
	}
	if s.gap > 0 {
		s.watchGaps()
	}
	if s.stats {
		s.watchStats()
	}
	return nil
}

// keep writes the messages of the type's main direction to a file.
func (s *session) keep(name string, l cli.Layout) error {
	if name == "" {
		return nil
	}
	encode, err := cli.NewEncoder(l)
	if err != nil {
		return err
	}
	f, err := s.args.Create(name)
	if err != nil {
		return err
	}
	k := &keeper{encode: encode, file: f, w: bufio.NewWriterSize(f, 64<<10)}
	s.keepers = append(s.keepers, k)
	s.watchers = append(s.watchers, func(d direction, r *cli.Record) error {
		if d != s.kind.main() {
			return nil
		}
		return k.put(r)
	})
	return nil
}

func (k *keeper) put(r *cli.Record) error {
	if k.closed {
		return nil
	}
	kept := *r
	if kept.Time = time.Now(); !r.Time.IsZero() {
		kept.Time = r.Time
	}
	var err error
	if k.buf, err = k.encode(k.buf[:0], &kept); err != nil {
		return err
	}
	_, err = k.w.Write(k.buf)
	return err
}

// closeKeepers writes out and closes the files.
func (s *session) closeKeepers() error {
	s.watching.Lock()
	defer s.watching.Unlock()
	var first error
	for _, k := range s.keepers {
		k.closed = true
		err := k.w.Flush()
		if closed := k.file.Close(); err == nil {
			err = closed
		}
		if first == nil {
			first = err
		}
	}
	s.keepers = nil
	return first
}

// watchGaps counts missing numbers in a little-endian counter of 4 or 8 bytes,
// for each topic (the first part) by itself. What it remembers is bounded.
func (s *session) watchGaps() {
	last := map[string]uint64{}
	missing, restarts, others := uint64(0), 0, 0
	s.reports = append(s.reports, func() {
		s.log.At(0, "gaps: %d missing, %d restarts", missing, restarts)
		if others > 0 {
			s.log.At(0, "gaps: %d %s left out: topics beyond the first %d, or of over %d bytes", others, cli.Plural(others, "message"), topicsMax, topicLongest)
		}
	})
	s.watchers = append(s.watchers, func(d direction, r *cli.Record) error {
		n, ok := partNumber(r, int(s.gap))
		if d != inward || !ok {
			return nil
		}
		topic := string(r.Parts[0])
		before, seen := last[topic]
		if !seen && (len(last) == topicsMax || len(topic) > topicLongest) {
			others++
			return nil
		}
		last[topic] = n
		switch {
		case !seen || n == before+1:
		case n > before:
			missing += n - before - 1
			s.log.At(1, "gap in %q: %d missing before %d", topic, n-before-1, n)
		default:
			restarts++
			s.log.At(1, "%q went back from %d to %d", topic, before, n)
		}
		return nil
	})
}

func partNumber(r *cli.Record, part int) (uint64, bool) {
	if part > len(r.Parts) {
		return 0, false
	}
	switch b := r.Parts[part-1]; len(b) {
	case 4:
		return uint64(binary.LittleEndian.Uint32(b)), true
	case 8:
		return binary.LittleEndian.Uint64(b), true
	}
	return 0, false
}
