package main

import (
	"strings"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// trait is something that a socket type can do.
type trait uint

const (
	sends      trait = 1 << iota // takes messages from a source
	receives                     // prints messages
	asks                         // one reply to each request: REQ
	answers                      // one request, one reply: REP
	routes                       // a routing id before each message
	subscribes                   // takes prefixes
	named                        // tells peers its routing id
	twoWay                       // goes on receiving for --linger when its source has ended
	serves                       // goes on receiving for ever when its source has ended
	quiet                        // reads stdin only when told to
	onePart                      // messages have one part
	numbered                     // a routing id is a number
	joins                        // takes groups to receive
	shouts                       // sends to groups
	relays                       // zcat pipe
)

// kind is a socket type, or pipe, with its traits.
type kind struct {
	name   string
	typ    zmq.Type
	traits trait
}

var kinds = []kind{
	{"PUSH", zmq.Push, sends},
	{"PULL", zmq.Pull, receives},
	{"PUB", zmq.Pub, sends},
	{"SUB", zmq.Sub, receives | subscribes},
	{"XPUB", zmq.XPub, sends | receives},
	{"XSUB", zmq.XSub, sends | receives | subscribes | serves | quiet},
	{"REQ", zmq.Req, sends | receives | asks | named},
	{"REP", zmq.Rep, receives | answers},
	{"DEALER", zmq.Dealer, sends | receives | twoWay | named},
	{"ROUTER", zmq.Router, sends | receives | routes | serves | named},
	{"PAIR", zmq.Pair, sends | receives | twoWay},
	{"STREAM", zmq.Stream, sends | receives | routes | serves},
	{"SERVER", zmq.Server, sends | receives | routes | serves | onePart | numbered},
	{"CLIENT", zmq.Client, sends | receives | twoWay | onePart},
	{"RADIO", zmq.Radio, sends | shouts | onePart},
	{"DISH", zmq.Dish, receives | joins | onePart},
	{"GATHER", zmq.Gather, receives | onePart},
	{"SCATTER", zmq.Scatter, sends | onePart},
	{"DGRAM", zmq.Dgram, sends | receives | routes | serves},
	{"PEER", zmq.Peer, sends | receives | routes | serves | onePart | numbered},
	{"CHANNEL", zmq.Channel, sends | receives | twoWay | onePart},
	{"pipe", zmq.Pull, relays},
}

func (k kind) has(t trait) bool { return k.traits&t != 0 }

// main is the direction that -n counts and --record and --tee keep: what comes
// in, except where sending is the point of the type.
func (k kind) main() direction {
	if !k.has(receives|relays) || k.typ == zmq.XPub {
		return outward
	}
	return inward
}

// findKind reads a socket type, or pipe.
func findKind(word string) (kind, error) {
	for _, k := range kinds {
		if strings.EqualFold(k.name, word) {
			return k, nil
		}
	}
	return kind{}, cli.Usagef("the types are "+strings.Join(kindNames(), " ")+"; --help shows examples", "unknown socket type %q", word)
}

// fits tells which traits make sense of a flag; flags that are not listed fit
// everywhere.
var fits = map[string]trait{
	"subscribe": subscribes, "identity": named, "target": routes, "join": joins, "group": shouts,
	"in": sends | answers | relays, "out": receives | relays, "template": receives,
	"data": sends | answers, "file": sends, "repeat": sends, "interval": sends, "rate": sends,
	"wait-peers": sends, "replay": sends, "speed": sends,
	"exec": receives | relays, "filter": receives | relays, "keep-going": receives | relays,
	"jobs": receives | relays, "echo": answers | routes | twoWay,
	"reply-timeout": asks, "retries": asks, "rtt": asks, "gap": receives,
	"until-peers-gone": sends | receives | answers,
	"bind":             ^relays, "connect": ^relays,
}

// checkFlags refuses flags that make no sense for the type.
func (k kind) checkFlags(given []string) error {
	for _, name := range given {
		if need, ok := fits[name]; ok && !k.has(need) {
			return cli.Usagef("it is for "+fittingKinds(need), "--%s makes no sense for %s", name, k.name)
		}
	}
	return nil
}

func fittingKinds(need trait) string {
	var names []string
	for _, k := range kinds {
		if k.has(need) {
			names = append(names, k.name)
		}
	}
	return strings.Join(names, " ")
}
