package main

import (
	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// devices are the pairs with a name (zmq_proxy(3)).
var devices = map[string][2]zmq.Type{
	"queue":     {zmq.Router, zmq.Dealer},
	"forwarder": {zmq.XSub, zmq.XPub},
	"streamer":  {zmq.Pull, zmq.Push},
}

// role is what a socket type can do in a proxy.
type role int

const (
	gives         role = 1 << iota // messages come out of it
	takes                          // messages go into it
	names                          // its messages begin with a routing id
	subscriptions                  // passes subscriptions on
	single                         // its messages have one part
	grouped                        // its messages are for a group

	bothWays = gives | takes
)

// roles are the types that can stand in a proxy.
var roles = map[zmq.Type]role{
	zmq.Dealer:  bothWays,
	zmq.Pair:    bothWays,
	zmq.Router:  bothWays | names,
	zmq.XSub:    bothWays | subscriptions,
	zmq.XPub:    bothWays | subscriptions,
	zmq.Pull:    gives,
	zmq.Sub:     gives,
	zmq.Push:    takes,
	zmq.Pub:     takes,
	zmq.Channel: bothWays | single,
	zmq.Client:  bothWays | single,
	zmq.Gather:  gives | single,
	zmq.Scatter: takes | single,
	zmq.Dish:    gives | single | grouped,
	zmq.Radio:   takes | single | grouped,
}

// hasTopics tells whether messages of a type begin with a topic.
func hasTopics(t zmq.Type) bool {
	return t == zmq.Pub || t == zmq.XPub || t == zmq.Sub || t == zmq.XSub
}

// unfit are the types that cannot, with the reason and what to take instead.
var unfit = map[zmq.Type][2]string{
	zmq.Req:    {"REQ waits for a reply before it sends again", "use dealer"},
	zmq.Rep:    {"REP answers one request at a time", "use router"},
	zmq.Stream: {"STREAM carries bytes, not messages", ""},
	zmq.Server: {noWayBack, "use router with dealer"},
	zmq.Peer:   {noWayBack, "use router with dealer"},
	zmq.Dgram:  {"it sends an address and one part, and anything else would end the proxy", ""},
}

// noWayBack is why zmq_proxy ends with EHOSTUNREACH at the first reply.
const noWayBack = "the number of a peer stands beside its message, and no reply brings it back"

// parseType reads a socket type that can stand in a proxy.
func parseType(name string) (zmq.Type, error) {
	t, err := zmq.ParseType(name)
	if err != nil {
		return 0, cli.Usagef("for example router, dealer, xsub, xpub, pull or push", "unknown socket type %q", name)
	}
	if reason, ok := unfit[t]; ok {
		return 0, cli.Usagef(reason[1], "%v cannot stand in a proxy: %s", t, reason[0])
	}
	return t, nil
}

// checkPair refuses two types that could not pass on each other's messages.
func checkPair(front, back zmq.Type) error {
	f, b := roles[front], roles[back]
	one, other := f&bothWays, b&bothWays
	switch {
	case f&subscriptions != b&subscriptions:
		return refuse(front, back, "subscriptions could not pass upstream", "use xsub with xpub, or sub with pub for everything")
	case f&subscriptions != 0 && front == back:
		return refuse(front, back, "publications and subscriptions go opposite ways", "use xsub with xpub")
	case f&b&names != 0:
		return refuse(front, back, "a reply could not find its way back", "use router with dealer")
	case one == other && one != bothWays:
		return refuse(front, back, "messages could only go one and the same way", "pull or sub receive, push or pub send")
	case one != other && one^other != bothWays:
		return refuse(front, back, "one side answers and the other cannot", "two of dealer, pair and router answer both, or of channel and client")
	case ungrouped(f, b) || ungrouped(b, f):
		return refuse(front, back, "RADIO needs the group of each message", "use dish with radio")
	case overfills(f, b) || overfills(b, f):
		return refuse(front, back, "a message of several parts does not fit into one", "channel goes with channel or client, gather with scatter")
	}
	return nil
}

// overfills tells whether one side gives messages that the other cannot send.
func overfills(from, to role) bool {
	return from&gives != 0 && to&takes != 0 && from&single == 0 && to&single != 0
}

// ungrouped tells whether one side gives messages without the group that the other
// needs.
func ungrouped(from, to role) bool {
	return from&gives != 0 && to&takes != 0 && from&grouped == 0 && to&grouped != 0
}

func refuse(front, back zmq.Type, reason, hint string) error {
	return cli.Usagef(hint, "%v and %v make no proxy: %s", front, back, reason)
}
