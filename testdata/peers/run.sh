#!/bin/sh
# Runs the side-by-side benchmark from anywhere. CELL, PEERS, RUNS and TIME choose
# what is run; arguments are more options of the driver, then more cells.
cd "$(dirname "$0")/../.." || exit 1
exec go run ./testdata/peers/compare ${CELL:+-cell "$CELL"} ${PEERS:+-peers "$PEERS"} ${RUNS:+-runs "$RUNS"} ${TIME:+-time "$TIME"} "$@"
