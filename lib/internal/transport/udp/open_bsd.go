//go:build unix && !linux

package udp

// onlyJoined is how it is here anyway.
func onlyJoined(uintptr) error { return nil }
