package transport

import "context"

// traceKey is the key of a trace in a context.
type traceKey struct{}

// WithOpened is ctx for a Dial that calls f with the descriptor of each socket
// that is about to connect (the event CONNECT_DELAYED).
func WithOpened(ctx context.Context, f func(fd uintptr)) context.Context {
	return context.WithValue(ctx, traceKey{}, f)
}

// Opened tells whoever asked for it by WithOpened.
func Opened(ctx context.Context, fd uintptr) {
	if f, ok := ctx.Value(traceKey{}).(func(fd uintptr)); ok {
		f(fd)
	}
}
