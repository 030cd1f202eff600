package zmq

import (
	"strings"

	"ztools/lib/internal/option"
	"ztools/lib/internal/pattern"
)

// Set changes an option (zmq_setsockopt(3)). v is an int, bool, int64, uint64,
// string, []byte or, for times, a time.Duration, as the option asks. Most
// options count for later binds and connects; OptionTable tells which count at
// once. EINVAL for an unknown option, a wrong type or a value out of range.
func (s *Socket) Set(id Option, v any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.aliveLocked()
	if err == nil {
		err = s.setLocked(id, v)
	}
	if err != nil {
		return &Error{Op: "set " + optionName(id), Err: err}
	}
	return nil
}

// setLocked asks the pattern first and then the table, as libzmq does.
func (s *Socket) setLocked(id Option, v any) error {
	row := option.Lookup(id)
	if row == nil {
		return EINVAL
	}
	v, err := row.Value(v)
	if err != nil {
		return err
	}
	if err := s.pattern.Set(id, v); err != EINVAL {
		return err
	}
	if err := row.Set(&s.opts, v); err != nil {
		return err
	}
	if id == SndHWM || id == RcvHWM {
		s.limitLocked()
	}
	return nil
}

// limitLocked gives all pipes the limits that are set now.
func (s *Socket) limitLocked() {
	for p := range s.pipes {
		out, in := p.Limits()
		out.Snd, in.Rcv = s.opts.SndHWM, s.opts.RcvHWM
		p.SetLimits(out, in)
	}
}

// Get is the value of an option (zmq_getsockopt(3)) as int, bool, int64, uint64,
// string or []byte. EINVAL for an unknown or write-only one.
func (s *Socket) Get(id Option) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	check := s.aliveLocked
	if id == FD { // which must go on telling of what no call has looked at
		check = s.endedLocked
	}
	err := check()
	var v any
	if err == nil {
		v, err = s.getLocked(id)
	}
	if err != nil {
		return nil, &Error{Op: "get " + optionName(id), Err: err}
	}
	return v, nil
}

func (s *Socket) getLocked(id Option) (any, error) {
	switch id {
	case LastEndpoint:
		return s.last, nil
	case Events:
		s.pollsLocked()
		return int(s.readyLocked()), nil
	case FD:
		return s.descriptorLocked()
	case ThreadSafe:
		return s.threadSafe(), nil
	case RcvMore:
		return s.next < len(s.parts.parts), nil // only TryRecvPart receives less than all
	}
	if v, err := s.pattern.Get(id); err != EINVAL {
		return v, err
	}
	row := option.Lookup(id)
	if row == nil {
		return nil, EINVAL
	}
	return row.Get(&s.opts)
}

// threadSafe reports whether libzmq's socket of that type is safe for use by
// many threads.
func (s *Socket) threadSafe() bool { return s.typ >= Server && s.typ != Dgram }

// descriptorLocked is the value of FD, which libzmq refuses to give for the
// types that are safe for use by many threads.
func (s *Socket) descriptorLocked() (any, error) {
	if s.threadSafe() {
		return nil, EINVAL
	}
	fd, err := s.inbox.descriptor()
	return fd, err
}

// SetByName changes an option by libzmq's name, in any case, with or without
// ZMQ_, from a text with units where they help: "sndhwm" "0", "heartbeat_ivl"
// "5s", "rcvbuf" "1M", "routing_id" "0x0001".
func (s *Socket) SetByName(name, value string) error {
	row, ok := option.ByName(name)
	if !ok {
		return &Error{Op: "set " + name, Err: EINVAL}
	}
	v, err := row.Parse(value)
	if err != nil {
		return &Error{Op: "set option", Err: err}
	}
	return s.Set(row.ID, v)
}

// Subscribe makes a SUB socket receive messages that begin with prefix; an
// empty prefix is all (ZMQ_SUBSCRIBE). Each call counts and takes one
// Unsubscribe to undo.
func (s *Socket) Subscribe(prefix string) error { return s.Set(Subscribe, prefix) }

// Unsubscribe takes one Subscribe of that prefix back (ZMQ_UNSUBSCRIBE).
func (s *Socket) Unsubscribe(prefix string) error { return s.Set(Unsubscribe, prefix) }

// Join makes a DISH socket receive the messages of a group, whose name is
// compared as a whole (zmq_join(3)). Errors: EINVAL for more than 255 bytes or a
// group already joined, ENOTSUP on another type, ETERM, ENOTSOCK.
func (s *Socket) Join(group string) error {
	return s.withGroups("join", func(p pattern.Joiner) error { return p.Join(group) })
}

// Leave undoes Join (zmq_leave(3)); EINVAL for a group that was not joined.
func (s *Socket) Leave(group string) error {
	return s.withGroups("leave", func(p pattern.Joiner) error { return p.Leave(group) })
}

func (s *Socket) withGroups(op string, call func(pattern.Joiner) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.aliveLocked()
	if p, ok := s.pattern.(pattern.Joiner); err == nil && ok {
		err = call(p)
	} else if err == nil {
		err = ENOTSUP
	}
	if err != nil {
		return &Error{Op: op, Err: err}
	}
	return nil
}

func optionName(id Option) string {
	if row := option.Lookup(id); row != nil {
		return strings.ToLower(row.Name)
	}
	return "option"
}
