// Command zkeygen makes and checks the key pairs of CURVE.
//
// A run goes through the files in this order:
//
//	1 tool.go    the flag table, --help and its examples
//	2 run.go     which of the three jobs: make pairs, show public keys, check files
//	3 format.go  key pairs as text; lib/curve reads them
//	  file.go    secrets on disk: made once, for the owner only (lib/secret)
package main

import (
	"os"

	"ztools/lib/cli"
)

func main() { os.Exit(newTool().Main(os.Args, cli.System())) }
