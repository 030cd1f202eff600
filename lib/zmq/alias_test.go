package zmq_test

import (
	"testing"

	"ztools/lib/zmq"
)

// A bind of udp with a port that the system chose ends by the text that was given, as
// in libzmq, and by what LastEndpoint told. Of two with the same text the second name
// ends the right one.
func TestUnbindUDP(t *testing.T) {
	c := newContext(t)
	for _, byText := range []bool{true, false} {
		dish := open(t, c, zmq.Dish)
		bind(t, dish, "udp://127.0.0.1:*")
		name := dish.LastEndpoint()
		if byText {
			name = "udp://127.0.0.1:*"
		}
		if err := dish.Unbind(name); err != nil {
			t.Errorf("by %s: %v", name, err)
		}
		expectErr(t, "unbind again", dish.Unbind(name), zmq.ENOENT)
	}
	dish := open(t, c, zmq.Dish)
	var names [2]string
	for i := range names {
		bind(t, dish, "udp://127.0.0.1:*")
		names[i] = dish.LastEndpoint()
	}
	if err := dish.Unbind(names[0]); err != nil {
		t.Fatal(err)
	}
	expectErr(t, "unbind again", dish.Unbind(names[0]), zmq.ENOENT)
	bind(t, open(t, c, zmq.Dish), names[0]) // is free
	if err := dish.Unbind(names[1]); err != nil {
		t.Error(err)
	}
}
