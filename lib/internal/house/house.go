// Package house holds no code. Its tests keep the rules of the house: which way
// imports point, where goroutines start, that exported names are documented, how
// long a file may be, that README, manual page and --help tell the same, and that make
// tells its targets and installs all there is.
package house
