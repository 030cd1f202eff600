package main

import (
	"strings"
	"testing"

	"ztools/lib/cli/clitest"
	"ztools/lib/zmq"
)

func TestMain(m *testing.M) { clitest.Main(m, newTool()) }

func TestScripts(t *testing.T) { clitest.Scripts(t, newTool(), "zcat", "zkeygen", "zmonitor") }

func TestManual(t *testing.T) { clitest.Manual(t, newTool()) }

func TestExamples(t *testing.T) {
	clitest.Examples(t, newTool(), func(string) bool { return true })
}

// Every pair of types: those that make a proxy are listed, the rest is refused,
// whichever side is which.
func TestPairs(t *testing.T) {
	legal := " PULL-PUSH PULL-PUB SUB-PUSH SUB-PUB XSUB-XPUB PAIR-PAIR PAIR-DEALER PAIR-ROUTER DEALER-DEALER DEALER-ROUTER " +
		"CHANNEL-CHANNEL CHANNEL-CLIENT CLIENT-CLIENT GATHER-SCATTER GATHER-PUSH GATHER-PUB DISH-RADIO DISH-SCATTER DISH-PUSH DISH-PUB "
	for front := zmq.Pair; front <= zmq.Channel; front++ {
		for back := zmq.Pair; back <= zmq.Channel; back++ {
			_, err := parseType(strings.ToLower(front.String()))
			if err == nil {
				_, err = parseType(back.String())
			}
			if err == nil {
				err = checkPair(front, back)
			}
			want := strings.Contains(legal, " "+front.String()+"-"+back.String()+" ") ||
				strings.Contains(legal, " "+back.String()+"-"+front.String()+" ")
			if (err == nil) != want {
				t.Errorf("%v and %v: %v", front, back, err)
			}
		}
	}
}
