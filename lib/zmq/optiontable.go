package zmq

import (
	"strings"

	"ztools/lib/internal/option"
)

// OptionInfo describes an option for people.
type OptionInfo struct {
	ID      Option
	Name    string   // lower case, without ZMQ_
	Aliases []string // older names
	Type    string   // int, bool, int64, uint64, bytes, string or key
	Default any      // nil if there is none
	Unit    string   // such as "milliseconds"; "" if it counts nothing
	Want    string   // the values allowed, in words
	Scope   string   // the socket types or transports that it matters to; "" for a context's
	Meaning string   // one line
	Moot    string   // why it is kept and changes nothing; "" if it does
	Live    bool     // counts at once, not only for later binds and connects
	Set     bool     // can be set
	Get     bool     // can be read
	Draft   bool     // declared in the draft part of zmq.h
}

// OptionTable lists all socket options by number.
func OptionTable() []OptionInfo { return describe(option.Table) }

// ContextOptionTable lists all context options.
func ContextOptionTable() []OptionInfo { return describe(option.ContextTable) }

func describe[T any](table []option.Entry[T]) []OptionInfo {
	list := make([]OptionInfo, len(table))
	for i := range table {
		r := &table[i]
		list[i] = OptionInfo{
			ID: r.ID, Name: strings.ToLower(r.Name), Type: r.Kind.String(), Default: r.Default,
			Unit: string(r.Unit), Want: r.Want(), Scope: r.Scope, Meaning: r.Doc, Moot: r.Moot, Live: r.Moment == option.Live,
			Set: r.Access != option.ReadOnly, Get: r.Access != option.WriteOnly, Draft: r.Draft,
		}
		for _, a := range r.Aliases {
			list[i].Aliases = append(list[i].Aliases, strings.ToLower(a))
		}
	}
	return list
}

// PropertyInfo describes a property of messages for people.
type PropertyInfo struct {
	Number  int    // for zmq_msg_get(3); 0: it is asked for by name
	Name    string // for Message.Property; its case counts
	Type    string // bool, int or string
	Scope   string // the messages that have it
	Meaning string // one line
	Moot    string // why Message.Property does not know it; "" if it does
}

// PropertyTable lists all message properties. None can be set.
func PropertyTable() []PropertyInfo {
	list := make([]PropertyInfo, len(option.Properties))
	for i, p := range option.Properties {
		list[i] = PropertyInfo{p.Number, p.Name, p.Kind.String(), p.Scope, p.Doc, p.Moot}
	}
	return list
}
