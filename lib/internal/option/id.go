// Package option is the one table of libzmq's options: a row each with number,
// name, type, range, default, scope and moment of effect. The library, the C
// interface, the tools' -o flag and the manual all read it.
package option

// ID is an option's number in zmq.h.
type ID int
