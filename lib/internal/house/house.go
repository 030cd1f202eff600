// Package house holds no code. Its tests keep the rules of the house: which way
// imports point, where goroutines start, that exported names are documented, how
// long a file may be, and that README, manual page and --help tell the same.
package house
