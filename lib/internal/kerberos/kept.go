package kerberos

import (
	"fmt"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/jcmturner/gokrb5/v8/config"
)

// Tickets are those that servers could read, for the next connection. The zero
// value is ready for use, by several goroutines.
type Tickets struct {
	mu   sync.Mutex // guards the field below
	kept map[wanted]issued
}

// wanted is what a ticket is for. It does not fit any more when a file has changed
// from which it came.
type wanted struct {
	own, service Name
	files        string
}

// issued is a ticket and whose it is.
type issued struct {
	ticket
	self principal
}

// take is the ticket for something, if there is one. It comes back when a server
// could read it: that may have another key now.
func (t *Tickets) take(w wanted) (issued, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i, ok := t.kept[w]
	delete(t.kept, w)
	return i, ok && time.Now().Before(i.end)
}

// keep notes a ticket, and drops those that do not count any more.
func (t *Tickets) keep(w wanted, i issued) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(t.kept, func(_ wanted, i issued) bool { return !now.Before(i.end) })
	if t.kept == nil {
		t.kept = map[wanted]issued{}
	}
	t.kept[w] = i
}

// origin tells the files that a client's tickets come from, as they are now.
func origin(c *config.Config) string {
	cache, _ := cacheFile()
	keys, _ := clientKeytab(c)
	text := ""
	for _, name := range []string{configFile(), cache, keys} {
		text += name
		if info, err := os.Stat(name); err == nil {
			text += fmt.Sprint(" ", info.Size(), info.ModTime())
		}
		text += "\n"
	}
	return text
}
