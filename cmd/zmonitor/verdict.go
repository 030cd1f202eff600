package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// failure is why no ZeroMQ socket was found, in one sentence.
type failure struct {
	kind   string // a word for scripts
	reason string
	hint   string
	status int
}

// The kinds of failure.
const (
	failedRefused     = "refused"     // nobody listens
	failedUnreachable = "unreachable" // no such host, no way there
	failedTimeout     = "timeout"
	failedProtocol    = "not-zmtp"
	failedMechanism   = "mechanism"
	failedType        = "type" // the peer's socket type does not fit ours
	failedClosed      = "closed"
	failedAuth        = "auth"
)

// err is the failure as the error of the run.
func (f *failure) err() error { return cli.Failf(f.status, f.hint, "%s", f.reason) }

// unreachable is a connect that failed.
func unreachable(ev zmq.Event) *failure {
	switch {
	case errors.Is(ev.Err, zmq.ECONNREFUSED):
		return &failure{failedRefused, "nobody listens at " + ev.Endpoint, "--wait tries again until somebody does", cli.StatusFailed}
	case errors.Is(ev.Err, fs.ErrNotExist), errors.Is(ev.Err, zmq.ENOENT):
		return &failure{failedRefused, "nobody listens at " + ev.Endpoint + ": there is no such file", "--wait tries again until somebody does", cli.StatusFailed}
	}
	return &failure{failedUnreachable, fmt.Sprintf("cannot reach %s: %v", ev.Endpoint, ev.Err), "", cli.StatusFailed}
}

// timedOut is the end of --timeout.
func timedOut(endpoint string, limit time.Duration, connected bool, last error) *failure {
	switch {
	case connected:
		return &failure{failedTimeout, fmt.Sprintf("%s accepts connections but says nothing of ZMTP in %v", endpoint, limit),
			"it speaks another protocol, such as HTTP, or is too busy", cli.StatusTimeout}
	case last != nil:
		return &failure{failedTimeout, fmt.Sprintf("nobody listens at %s after %v: %v", endpoint, limit, last), "", cli.StatusTimeout}
	}
	return &failure{failedTimeout, fmt.Sprintf("no connection to %s in %v", endpoint, limit), "a firewall may drop the packets", cli.StatusTimeout}
}

// foreign finds a peer whose greeting passed for ZMTP 1.0, which has no
// signature: an H as the length and a T as the flags of a frame are HTTP.
func foreign(ev zmq.Event) *failure {
	if ev.SocketType == "" && ev.Mechanism == "" && bytes.HasPrefix(ev.RoutingID, []byte("TP/")) {
		return notZMTP(ev.Endpoint + " speaks HTTP, not ZMTP")
	}
	return nil
}

// otherMechanism is what the peer wants in place of ours, as far as it is known.
func otherMechanism(ev zmq.Event) string {
	if ev.Mechanism == "" {
		return "another security mechanism"
	}
	return "the mechanism " + ev.Mechanism
}

func notZMTP(reason string) *failure {
	return &failure{failedProtocol, reason, "is it the right port?", cli.StatusFailed}
}

// oldest is the version of ZMTP without a signature.
const oldest = "1.0"

// handshakeFailed explains a failed handshake of a socket of type t.
func handshakeFailed(ev zmq.Event, t zmq.Type) *failure {
	var refused *cli.Error
	switch {
	case ev.Code == cli.CodeMechanismMismatch:
		return &failure{failedMechanism, ev.Endpoint + " is a ZeroMQ socket with " + otherMechanism(ev), "--server-key, --plain-user or --gssapi-service sets ours", cli.StatusRefused}
	case ev.Secured && ev.Version == oldest: // so it is for all that do not begin as later ones do
		return &failure{failedProtocol, ev.Endpoint + " speaks no ZMTP, or " + oldest + ", which has no security", "is it the right port?", cli.StatusRefused}
	case ev.Secured && ev.Version != "" && ev.Mechanism == "":
		return &failure{failedMechanism, ev.Endpoint + " is a ZeroMQ socket of ZMTP " + ev.Version + ", which has no security", "without security flags it may answer", cli.StatusRefused}
	case errors.As(cli.Refusal(ev), &refused) && refused.Status == cli.StatusRefused:
		return &failure{failedAuth, refused.Error(), refused.Hint, refused.Status}
	case ev.Kind == zmq.HandshakeFailedNoDetail && ev.Value == int(zmq.ETIMEDOUT):
		return &failure{failedTimeout, ev.Endpoint + " accepts connections but does not finish the handshake", "it speaks another protocol, or is too busy", cli.StatusTimeout}
	case ev.Kind == zmq.HandshakeFailedNoDetail:
		return &failure{failedClosed, ev.Endpoint + " closes the connection in the handshake", "it speaks another protocol, or something between us closes", cli.StatusFailed}
	case ev.Code == cli.CodeInvalidMetadata && ev.SocketType != "":
		return &failure{failedType, fmt.Sprintf("%s is a ZeroMQ socket of a type that %v cannot talk to", ev.Endpoint, t), "leave --type out to find out which", cli.StatusFailed}
	}
	if ev.Version != "" && ev.Version != oldest {
		return &failure{failedProtocol, fmt.Sprintf("%s speaks ZMTP %s, but breaks its rules: %v", ev.Endpoint, ev.Version, ev.Err), "", cli.StatusFailed}
	}
	return notZMTP(fmt.Sprintf("%s does not speak ZMTP: %v", ev.Endpoint, ev.Err))
}
