package kerberos_test

import (
	"context"
	"errors"
	"testing"

	"ztools/lib/internal/kerberos"
	"ztools/lib/internal/ztest"
)

// Whoever waits for a KDC that says nothing may change his mind.
func TestSilentKDC(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		asked := ztest.SilentKDC(t, network)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := kerberos.NewInitiator(ctx, new(kerberos.Tickets), alice, service)
			done <- err
		}()
		<-asked
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", network, err)
		}
	}
}
