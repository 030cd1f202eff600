package main

import (
	"fmt"
	"testing"

	"ztools/lib/zmq"
)

func TestTopics(t *testing.T) {
	for _, tt := range []struct {
		allow, deny, rewrite []string
		topic, want          string // "" does not pass
	}{
		{nil, []string{"a"}, nil, "b", "b"},
		{nil, []string{"a"}, nil, "ab", ""},
		{[]string{"a"}, nil, nil, "ab", "ab"},
		{[]string{"a"}, nil, nil, "b", ""},
		{[]string{"a.b"}, []string{"a"}, nil, "a.bc", "a.bc"},
		{[]string{"a"}, []string{"a.b"}, nil, "a.bc", ""},
		{nil, []string{""}, nil, "x", ""},
		{nil, nil, []string{"a.=b."}, "a.1", "b.1"},
		{nil, nil, []string{"a.=b."}, "c", "c"},
		{nil, []string{"b."}, []string{"a.=b."}, "a.1", "b.1"}, // rules mean the old names
	} {
		rules, err := parseTopics(tt.allow, tt.deny, tt.rewrite)
		if err != nil {
			t.Fatal(err)
		}
		m := zmq.NewMessage([]byte(tt.topic), []byte("body"))
		got := ""
		if rules.publish(m) {
			got = string(m.Bytes())
		}
		if got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}

// What a subscription becomes upstream, and what is asked for beside it.
func TestTopicSubscriptions(t *testing.T) {
	for _, tt := range []struct {
		allow, deny, rewrite []string
		ask, want            string
	}{
		{nil, []string{"a"}, nil, "\x01b", `["\x01b"]`},
		{nil, []string{"a"}, nil, "\x01ab", `[]`},
		{nil, []string{"a"}, nil, "\x01", `["\x01"]`},
		{[]string{"a"}, nil, nil, "\x01", `["\x01"]`}, // some of it is allowed
		{[]string{"a"}, nil, nil, "\x00b", `[]`},
		{nil, nil, []string{"a.=b."}, "\x01b.1", `["\x01a.1"]`},
		{nil, nil, []string{"a.=b."}, "\x00b", `["\x00a." "\x00b"]`},
		{nil, nil, []string{"a.=b."}, "\x01", `["\x01"]`}, // which a. belongs to anyway
		{nil, []string{""}, nil, "other", `["other"]`},
	} {
		rules, err := parseTopics(tt.allow, tt.deny, tt.rewrite)
		if err != nil {
			t.Fatal(err)
		}
		var upstream []string
		m := zmq.NewMessage([]byte(tt.ask))
		if rules.subscribe(m, func(s []byte) { upstream = append(upstream, string(s)) }) {
			upstream = append(upstream, string(m.Bytes()))
		}
		if got := fmt.Sprintf("%q", upstream); got != tt.want {
			t.Errorf("%+v: upstream %s", tt, got)
		}
	}
}
