package sysfd

// Events says what a descriptor, or a socket, is ready for.
type Events int16

// The bits of Events, as ZMQ_POLLIN and so on.
const (
	In  Events = 1
	Out Events = 2
	Err Events = 4 // an error; need not be asked for
	Pri Events = 8 // urgent data
)

// FD is a descriptor that Poll waits for.
type FD struct {
	FD     int
	Events Events
	Ready  Events // set by Poll
}
