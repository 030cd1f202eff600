package tap

import (
	"time"

	"ztools/lib/internal/wire"
)

// command tells what a command frame of a connection with that mechanism
// carries. A body that does not read as a command has no name.
func (it *Item) command(mechanism string, body []byte) {
	name, data, err := wire.ParseCommand(body)
	if err != nil {
		return
	}
	it.Name = string(name)
	switch it.Name {
	case wire.Subscribe, wire.Cancel, wire.Join, wire.Leave:
		it.Text = string(data)
	case wire.Ping:
		ttl, _, _ := wire.ParsePing(data) // what is too short has no TTL
		it.TTL = time.Duration(ttl) * 100 * time.Millisecond
	case wire.Error:
		it.Text, _ = wire.ParseError(data) // what is malformed has no reason
	case wire.Ready, wire.Initiate:
		if mechanism == "NULL" || mechanism == "PLAIN" {
			it.Properties = properties(data)
		}
	case wire.Hello:
		if mechanism == "PLAIN" && len(data) > 0 && int(data[0]) < len(data) {
			it.Text = string(data[1 : 1+int(data[0])])
		}
	}
}

// properties are those that can be read.
func properties(data []byte) (list []Property) {
	for len(data) > 0 {
		name, value, rest, err := wire.ConsumeProperty(data)
		if err != nil {
			break
		}
		list = append(list, Property{string(name), string(value)})
		data = rest
	}
	return list
}

// subscribes reports whether the properties are those of a SUB or XSUB socket.
func subscribes(properties []Property) bool {
	for _, p := range properties {
		if p.Name == wire.PropSocketType {
			return p.Value == "SUB" || p.Value == "XSUB"
		}
	}
	return false
}
