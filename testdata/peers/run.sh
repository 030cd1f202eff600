#!/bin/sh
# Runs the side-by-side benchmark from anywhere in the tree. CELL, PEERS and
# RUNS choose what is run; further arguments go to the driver.
cd "$(dirname "$0")/../.." || exit 1
exec go run ./testdata/peers/compare ${CELL:+-cell "$CELL"} ${PEERS:+-peers "$PEERS"} ${RUNS:+-runs "$RUNS"} "$@"
