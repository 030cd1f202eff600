#!/usr/bin/env bash
# fuzz.sh TIME: runs every fuzz target of the module for TIME, one after another.
set -eu
cd "$(dirname "$0")/.."
for file in $(git grep -lE '^func Fuzz' --untracked -- '*_test.go'); do
	for target in $(sed -nE 's/^func (Fuzz\w+)\(.*/\1/p' "$file"); do
		printf '== %s %s\n' "$(dirname "$file")" "$target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" "./$(dirname "$file")"
	done
done
