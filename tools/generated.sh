#!/bin/sh
# generated.sh fails when generating again changes anything. It compares files
# and not commits, so it works with uncommitted work, too.
set -eu

fingerprint() {
	grep -rl --include='*.go' '^// Code generated .* DO NOT EDIT' . | sort | xargs cksum
}
before=$(mktemp) after=$(mktemp)
trap 'rm -f "$before" "$after"' EXIT
fingerprint >"$before"
if [ ! -s "$before" ]; then
	echo 'no generated files found: this check would pass by doing nothing' >&2
	exit 1
fi
make --no-print-directory generate
fingerprint >"$after"
if ! diff "$before" "$after"; then
	echo 'generated code was out of date and is now fresh: review and keep it' >&2
	exit 1
fi
