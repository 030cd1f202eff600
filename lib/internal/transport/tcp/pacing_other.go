//go:build !linux

package tcp

// unpace does nothing: no other system is known to pace.
func unpace(uintptr) string { return "" }

func setCongestion(uintptr, string) error { return nil }
