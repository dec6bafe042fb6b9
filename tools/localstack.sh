#!/bin/sh
# localstack.sh builds the Temporal server and UI into the file given. The first
# time compiles some 1,800 packages and takes minutes, so it shows how far it is.
set -eu
out=$1

cd "$(dirname "$0")/../localstack"
total=$(go list -deps . | wc -l)
status=$(mktemp)
trap 'rm -f "$status"' EXIT
echo "building the local Temporal server and UI; the first time takes several minutes"
live=0
[ -t 1 ] && live=1

# go build -v names each package that is not in the cache, one per line; other
# lines are errors. The pipe hides the exit status, so it goes through a file.
{
	go build -v -o "$out" . 2>&1 && echo 0 >"$status" || echo 1 >"$status"
} | awk -v total="$total" -v live="$live" '
	NF != 1 || /^#/ || /:/ { if (live && n) print ""; print; next }
	{
		n++
		if (live) { printf "\r  %d packages compiled of at most %d ", n, total; fflush() }
		else if (n % 200 == 0) { printf "  %d packages compiled of at most %d\n", n, total; fflush() }
	}
	END { if (live && n) print "" }'
exit "$(cat "$status")"
