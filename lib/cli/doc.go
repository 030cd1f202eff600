// Package cli is what the five tools share: the flag table with its parser,
// help and completion, endpoints, units, message formats, colour, signals and
// exit statuses.
//
// A run of a tool goes through it in this order:
//
//	1 Tool.Main    tool.go      normalise the arguments, answer --help, --version and completion
//	2 Args         args.go      read flags with their units; the first bad one ends the run with status 2
//	3 Endpoint     endpoint.go  which side, which address, checked before anything starts
//	4 Decoder      format.go    bytes of a stream to messages (Record)
//	5 Encoder      format.go    messages to bytes
//	6 Report       exit.go      one line of error, one of hint, the exit status
//
// It imports lib/zmq and nothing below it.
package cli
