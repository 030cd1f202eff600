package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrTooLong is the error of a message in the input above the size limit.
var ErrTooLong = errors.New("message is longer than --max-size allows")

// inputBlock is how much room a read finds at least. The buffer grows only
// with bytes that have arrived, never with a length that is announced.
const inputBlock = 256 << 10

// Input reads a stream in large blocks and cuts messages out of its buffer in
// place. What its methods return is valid until the next call.
type Input struct {
	r       io.Reader
	max     int // largest message in bytes
	buf     []byte
	start   int // buf[start:end] is read and not yet taken
	end     int
	scanned int // bytes behind start already searched for a delimiter
	err     error
}

// NewInput reads from r and refuses messages above max bytes.
func NewInput(r io.Reader, max int64) *Input {
	return &Input{r: r, max: int(max)}
}

// Window is what is read and not yet taken.
func (in *Input) Window() []byte { return in.buf[in.start:in.end] }

// Take removes n bytes from the front of the window and returns them.
func (in *Input) Take(n int) []byte {
	out := in.buf[in.start : in.start+n]
	in.start, in.scanned = in.start+n, 0
	return out
}

// More reads another block behind the window. At the end of the stream it
// fails with io.EOF, and with io.ErrUnexpectedEOF while bytes are left over.
func (in *Input) More() error {
	if in.end-in.start > in.max {
		return ErrTooLong
	}
	if in.err == nil {
		in.makeRoom()
		var n int
		n, in.err = in.r.Read(in.buf[in.end:])
		in.end += n
		if n > 0 || in.err == nil {
			return nil
		}
	}
	if in.err == io.EOF && in.end > in.start {
		return io.ErrUnexpectedEOF
	}
	return in.err
}

// makeRoom makes sure that a read finds room. The window, which is part of one
// message, moves to the front if as much has been taken as is left, so no byte
// moves often; otherwise a full buffer doubles. A buffer that one long message
// has blown up is given back.
func (in *Input) makeRoom() {
	held := in.end - in.start
	switch {
	case held == 0 && len(in.buf) > 16*inputBlock, in.buf == nil:
		in.buf, in.start, in.end = make([]byte, inputBlock), 0, 0
	case held == 0:
		in.start, in.end = 0, 0
	case len(in.buf)-in.end >= inputBlock/4:
	case in.start >= held:
		copy(in.buf, in.Window())
		in.start, in.end = 0, held
	case in.end == len(in.buf):
		grown := make([]byte, 2*len(in.buf))
		copy(grown, in.Window())
		in.buf, in.start, in.end = grown, 0, held
	}
}

// Until takes the bytes before the next delimiter and the delimiter. The last
// bytes of the stream need no delimiter behind them.
func (in *Input) Until(delim []byte) ([]byte, error) {
	for {
		w := in.Window()
		at := indexFrom(w, delim, in.scanned)
		if at >= 0 {
			if at > in.max {
				return nil, ErrTooLong
			}
			return in.Take(at + len(delim))[:at], nil
		}
		in.scanned = max(0, len(w)-len(delim)+1)
		err := in.More()
		if err == io.ErrUnexpectedEOF {
			return in.rest()
		}
		if err != nil {
			return nil, err
		}
	}
}

// All takes everything up to the end of the stream; an empty stream is io.EOF.
func (in *Input) All() ([]byte, error) {
	for {
		err := in.More()
		if err == io.ErrUnexpectedEOF {
			return in.rest()
		}
		if err != nil {
			return nil, err
		}
	}
}

func (in *Input) rest() ([]byte, error) {
	if n := in.end - in.start; n <= in.max {
		return in.Take(n), nil
	}
	return nil, ErrTooLong
}

func indexFrom(b, delim []byte, from int) int {
	var at int
	if len(delim) == 1 {
		at = bytes.IndexByte(b[from:], delim[0])
	} else {
		at = bytes.Index(b[from:], delim)
	}
	if at < 0 {
		return -1
	}
	return from + at
}

// inputError says where in the input an error is.
func inputError(unit string, n int64, err error) error {
	if err == io.EOF {
		return err
	}
	return fmt.Errorf("input %s %d: %w", unit, n, err)
}
