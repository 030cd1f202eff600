package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ztools/lib/zmq"
)

// members are the members of a report with the types of JSON: schema zbench/1.
// Readers hold on to it. A new line needs no new schema; one that goes away, or
// means something else, does.
var members = strings.Fields(`
	schema:string kind:string title:string time:string
	environment.version:string environment.go:string environment.os:string environment.arch:string
	environment.kernel:string environment.cpu:string environment.cpus:number
	options.ends:string options.senders:number options.receivers:number options.clients:number options.subs:number
	options.parallel:number options.every_ns:number options.count:number options.duration_ns:number
	options.warmup_count:number options.warmup_ns:number options.runs:number options.socket_options[]:string
	notes[]:string
	results[].transport:string results[].mechanism:string results[].bytes:number
	results[].rate:number results[].spread:number results[].latency:spectrum results[].service:spectrum
	results[].runs[].messages:number results[].runs[].elapsed_ns:number results[].runs[].rate:number
	results[].runs[].near:cost results[].runs[].far:cost results[].runs[].sent:number
	results[].runs[].tally.received:number results[].runs[].tally.bytes:number results[].runs[].tally.lost:number
	results[].runs[].tally.duplicated:number results[].runs[].tally.reordered:number results[].runs[].tally.unnumbered:number
	results[].runs[].slip.planned:number results[].runs[].slip.late:number results[].runs[].slip.worst_ns:number
	results[].runs[].latency:spectrum results[].runs[].service:spectrum results[].runs[].handshake:spectrum
	results[].runs[].series[].at_ns:number results[].runs[].series[].messages:number
	results[].runs[].series[].near:usage results[].runs[].series[].far:usage
	results[].runs[].partial:string`)

// parts are the objects that stand at several places.
var parts = map[string][]string{
	"usage":    strings.Fields("cpu_ns:number alloc_objects:number alloc_bytes:number memory_bytes:number gc_cycles:number longest_gc_ns:number"),
	"cost":     strings.Fields("cpu_ns:number alloc_objects:number alloc_bytes:number memory_bytes:number gc_cycles:number longest_gc_ns:number cpu_ns_per_message:number allocs_per_message:number"),
	"spectrum": strings.Fields("count:number ns.min:number ns.mean:number ns.p50:number ns.p90:number ns.p99:number ns.p99.9:number ns.p99.99:number ns.max:number histogram:string"),
}

// membersOf lists the members of a Go type as JSON has them.
func membersOf(t reflect.Type, path string) (list []string) {
	switch {
	case t.Kind() == reflect.Pointer:
		return membersOf(t.Elem(), path)
	case t == reflect.TypeFor[time.Time]():
		return []string{path + ":string"}
	case path != "" && parts[t.Name()] != nil:
		return []string{path + ":" + t.Name()}
	}
	switch t.Kind() {
	case reflect.Struct:
		for f := range fields(t) {
			list = append(list, membersOf(f.Type, strings.TrimPrefix(path+"."+jsonName(f), "."))...)
		}
		return list
	case reflect.Slice:
		return membersOf(t.Elem(), path+"[]")
	case reflect.String:
		return []string{path + ":string"}
	}
	return []string{path + ":number"}
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// fields are those of a struct that JSON sees, with those of embedded ones.
func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			if jsonName(f) != "" && !yield(f) {
				return
			}
		}
	}
}

// What the program writes is what is promised, and the manual page names all of it.
func TestSchema(t *testing.T) {
	if schema != "zbench/1" {
		t.Fatalf("the members listed here are of zbench/1, not %s", schema)
	}
	same := func(what string, got, want []string) {
		got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
		if !slices.Equal(got, want) {
			t.Errorf("%s has %q, promised is %q", what, got, want)
		}
	}
	same("a report", membersOf(reflect.TypeFor[report](), ""), members)
	same("what an end uses", membersOf(reflect.TypeFor[usage](), ""), parts["usage"])
	same("what an end costs", membersOf(reflect.TypeFor[cost](), ""), parts["cost"])
	page, err := os.ReadFile("../../man/zbench.1")
	if err != nil {
		t.Fatal(err)
	}
	_, output, _ := strings.Cut(string(page), "\n.SH OUTPUT\n")
	output, _, _ = strings.Cut(output, "\n.SH ")
	words := regexp.MustCompile(`[a-z][a-z0-9_.]*[a-z0-9]`).FindAllString(strings.ReplaceAll(output, `\-`, "-"), -1)
	for _, m := range slices.Concat(members, parts["usage"], parts["cost"], parts["spectrum"]) {
		path, _, _ := strings.Cut(strings.ReplaceAll(m, "[]", ""), ":")
		for _, name := range strings.Split(strings.TrimPrefix(path, "ns.p"), ".") {
			if len(name) > 2 && !slices.Contains(words, name) {
				t.Errorf("the manual page says nothing of %s in %s", name, m)
			}
		}
	}
}

// Real reports have no members but those, of the types promised.
func TestReportsKeepTheSchema(t *testing.T) {
	allowed := map[string]bool{}
	for _, m := range members {
		path, kind, _ := strings.Cut(m, ":")
		if parts[kind] == nil {
			allowed[m] = true
		}
		for _, p := range parts[kind] {
			allowed[path+"."+p] = true
		}
	}
	for _, args := range [][]string{
		{"thr", "-n", "1000", "--size", "16", "--interval", "1ms", "-o", "sndhwm=100"}, {"load", "-n", "20", "--rate", "1k"}, {"fanout", "-n", "50", "--rate", "5k"}, {"connect", "-n", "5"},
	} {
		status, out, errs := zbench(append(args, "--json", "-q")...)
		if status != 0 {
			t.Fatalf("%v: status %d, %s", args, status, errs)
		}
		var v any
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Fatal(err)
		}
		walk("", v, func(m string) {
			if !allowed[m] {
				t.Errorf("%v: %s is not promised", args, m)
			}
		})
	}
}

// walk tells of each value in a JSON text.
func walk(path string, v any, tell func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			walk(strings.TrimPrefix(path+"."+name, "."), member, tell)
		}
	case []any:
		for _, e := range v {
			walk(path+"[]", e, tell)
		}
	case string:
		tell(path + ":string")
	case float64:
		tell(path + ":number")
	case nil:
	default:
		tell(fmt.Sprintf("%s:%T", path, v))
	}
}

// What cannot be known is null, and is read again as unknown.
func TestUnknownIsNull(t *testing.T) {
	r := serveOne(t)
	if r := r.Results[0]; known(float64(r.Rate)) || known(float64(r.Runs[0].Rate)) || r.Runs[0].Messages != 1 {
		t.Errorf("%+v", r)
	}
}

// serveOne is the report of a server that got one message: no time passed.
func serveOne(t *testing.T) report {
	at := "ipc://" + t.TempDir() + "/one"
	z := newZ(t)
	push, err := z.NewSocket(zmq.Push)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { push.Close() })
	if err := push.Connect(at); err != nil {
		t.Fatal(err)
	}
	if err := push.Send(t.Context(), []byte("x")); err != nil {
		t.Fatal(err)
	}
	return reportOf(t, "serve", "thr", at, "-n", "1")
}
