package wire_test

import (
	"errors"
	"fmt"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/wire"
)

func TestErrors(t *testing.T) {
	err := fmt.Errorf("handshake: %w", wire.ErrSize)
	if !errors.Is(err, errno.EMSGSIZE) || errors.Is(err, errno.EPROTO) {
		t.Error("ErrSize is no EMSGSIZE")
	}
	violation := wire.Violation(wire.KeyExchange, "text")
	if !errors.Is(violation, errno.EPROTO) || violation.Error() != "text" || violation.Code != 0x10000003 {
		t.Errorf("got %#v", violation)
	}
}
