//go:build !linux

package main

import "time"

// monotonic is the time of day: systemd, which has another clock, runs on Linux only.
func monotonic() time.Duration { return time.Duration(time.Now().UnixNano()) }
