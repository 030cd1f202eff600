package interop_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"ztools/lib/internal/ztest"
	"ztools/lib/zmq"
)

// servePeer is the environment variable that makes the test binary a peer
// program itself, so that a process of ours can be killed like libzmq's.
const servePeer = "ZTOOLS_SERVE_PEER"

// TestMain runs the tests, or the peer program.
func TestMain(m *testing.M) {
	if os.Getenv(servePeer) != "" {
		serve(os.Stdin, os.Stdout)
		return
	}
	ztest.Main(m)
}

// serve answers requests as testdata/interop/peer.py does, until stdin ends.
func serve(stdin io.Reader, stdout io.Writer) {
	context := zmq.NewContext()
	sockets := map[string]*local{}
	requests, answers := json.NewDecoder(bufio.NewReader(stdin)), json.NewEncoder(stdout)
	for {
		var req request
		if requests.Decode(&req) != nil {
			return
		}
		result, err := perform(context, sockets, req)
		answers.Encode(respond(result, err))
	}
}

func respond(result any, err error) response {
	switch {
	case err == nil:
		text, err := json.Marshal(result)
		if err != nil {
			return response{Fault: err.Error()}
		}
		return response{Result: text}
	case errnoNamed(errName(err)).Error() == err.Error():
		return response{Error: errName(err)}
	}
	return response{Fault: err.Error()}
}

// perform is one request of a peer program made with lib/zmq.
func perform(c *zmq.Context, sockets map[string]*local, req request) (any, error) {
	s, wait := sockets[req.Socket], time.Duration(req.Wait)*time.Millisecond
	switch req.Op {
	case "version":
		return "ours", nil
	case "open":
		s, err := openOurs(c, req.Type)
		sockets[req.Socket] = s
		return nil, err
	case "set":
		return nil, s.Set(zmq.Option(req.Option), optionValue(req.Value))
	case "bind":
		return s.Bind(req.Endpoint)
	case "connect":
		return nil, s.Connect(req.Endpoint)
	case "produce":
		return nil, s.Produce(req.First, req.Count, req.Copies)
	case "consume":
		return s.Consume(req.Count, req.Copies)
	case "send":
		bodies := make([][]byte, len(req.Parts))
		for i, p := range req.Parts {
			bodies[i] = p
		}
		return nil, s.Send(wait, bodies...)
	case "recv":
		parts, err := s.Recv(wait)
		return toParts(parts), err
	case "close":
		return nil, s.Close(*req.Linger)
	}
	return nil, fmt.Errorf("op %s is not in the table", req.Op)
}

// optionValue is what a value was before it became JSON.
func optionValue(value any) any {
	switch v := value.(type) {
	case float64:
		return int(v)
	case map[string]any:
		text, err := base64.StdEncoding.DecodeString(fmt.Sprint(v["b64"]))
		if err != nil {
			return err
		}
		return text
	}
	return value
}
