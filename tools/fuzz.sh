#!/bin/sh
# fuzz.sh runs every fuzz target of the main module for the time given, one
# after the other, because go test takes one at a time.
set -eu
time=$1

found=0
for file in $(grep -rl --include='*_test.go' '^func Fuzz' . | sort); do
	case $file in ./localstack/* | ./.local/*) continue ;; esac
	for name in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		found=$((found + 1))
		echo "fuzz $name in $(dirname "$file") for $time"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 10x "$(dirname "$file")"
	done
done
if [ "$found" = 0 ]; then
	echo 'no fuzz targets found: this run would pass by doing nothing' >&2
	exit 1
fi
