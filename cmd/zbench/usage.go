package main

import (
	"runtime/metrics"
	"time"
)

// usage is what a process has used since it began.
type usage struct {
	CPU       time.Duration `json:"cpu_ns"`        // user and system
	Objects   uint64        `json:"alloc_objects"` // heap objects allocated
	Bytes     uint64        `json:"alloc_bytes"`   // and their bytes
	Memory    uint64        `json:"memory_bytes"`  // held by the Go runtime now
	GCs       uint64        `json:"gc_cycles"`     // garbage collections
	LongestGC time.Duration `json:"longest_gc_ns"` // longest pause so far, rounded up to the runtime's buckets
}

// The runtime's names of what usage holds.
const (
	allocObjects = "/gc/heap/allocs:objects"
	allocBytes   = "/gc/heap/allocs:bytes"
	memoryTotal  = "/memory/classes/total:bytes"
	memoryGiven  = "/memory/classes/heap/released:bytes"
	gcCycles     = "/gc/cycles/total:gc-cycles"
	gcPauses     = "/sched/pauses/total/gc:seconds"
)

// usageNow reads the process's figures.
func usageNow() usage {
	samples := []metrics.Sample{{Name: allocObjects}, {Name: allocBytes}, {Name: memoryTotal}, {Name: memoryGiven}, {Name: gcCycles}, {Name: gcPauses}}
	metrics.Read(samples)
	number := func(i int) uint64 { return samples[i].Value.Uint64() }
	return usage{
		CPU: processTime(), Objects: number(0), Bytes: number(1), Memory: number(2) - number(3), GCs: number(4),
		LongestGC: longestPause(samples[5].Value.Float64Histogram()),
	}
}

// since is what was used after u0; memory and pause stay as they are.
func (u usage) since(u0 usage) usage {
	u.CPU -= u0.CPU
	u.Objects -= u0.Objects
	u.Bytes -= u0.Bytes
	u.GCs -= u0.GCs
	return u
}

// longestPause is the end of the last bucket that is not empty. The last bucket
// of all has no end; then it is its beginning.
func longestPause(h *metrics.Float64Histogram) time.Duration {
	for i := len(h.Counts) - 1; i >= 0; i-- {
		if h.Counts[i] == 0 {
			continue
		}
		end := h.Buckets[i+1]
		if i == len(h.Counts)-1 {
			end = h.Buckets[i]
		}
		return time.Duration(end * float64(time.Second))
	}
	return 0
}
