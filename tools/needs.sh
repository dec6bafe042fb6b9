#!/bin/sh
# needs.sh checks what this machine must have: Go, a C compiler (h3 is C) and a
# PostgreSQL server. What is missing it installs where it may, that is as root
# on Debian or Ubuntu; elsewhere it says what to run. Everything at once.
set -eu

packages=''
problems=''
problem() { problems="$problems
  - $1"; }

go_wanted=$(sed -n 's/^go //p' "$(dirname "$0")/../go.mod")
if ! command -v go >/dev/null 2>&1; then
	problem "Go $go_wanted or newer: https://go.dev/dl/"
elif ! problem_text=$(go version 2>&1); then # an older Go fetches the right one by itself, or says why not
	problem "Go $go_wanted or newer: $problem_text"
fi

if ! command -v "$(go env CC 2>/dev/null || echo cc)" >/dev/null 2>&1; then
	packages="$packages gcc libc6-dev"
	missing_cc=yes
fi

# The same places, roughly, as postgres/pgserver looks in.
has_postgres() {
	command -v initdb >/dev/null 2>&1 && return 0
	for initdb in /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb \
		/opt/homebrew/opt/postgresql*/bin/initdb /usr/local/opt/postgresql*/bin/initdb \
		/Applications/Postgres.app/Contents/Versions/*/bin/initdb; do
		[ -x "$initdb" ] && return 0
	done
	pg_config --bindir >/dev/null 2>&1 && [ -x "$(pg_config --bindir)/initdb" ]
}
if ! has_postgres; then
	packages="$packages postgresql"
	missing_postgres=yes
fi

if [ -n "$packages" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing:$packages"
	export DEBIAN_FRONTEND=noninteractive
	# The package would start a cluster of its own, which we never use.
	if [ -n "${missing_postgres-}" ]; then
		mkdir -p /etc/postgresql-common
		[ -e /etc/postgresql-common/createcluster.conf ] ||
			echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
	fi
	apt-get -qq update
	# shellcheck disable=SC2086 # a list of words
	apt-get -qq install --yes --no-install-recommends $packages >/dev/null
elif [ -n "$packages" ]; then
	if [ -n "${missing_cc-}" ]; then
		problem 'a C compiler:        Debian, Ubuntu: sudo apt-get install gcc libc6-dev    macOS: xcode-select --install'
	fi
	if [ -n "${missing_postgres-}" ]; then
		problem 'a PostgreSQL server: Debian, Ubuntu: sudo apt-get install postgresql       macOS: brew install postgresql@17'
	fi
fi

if [ -n "$problems" ]; then
	echo "This machine still needs:$problems" >&2
	exit 1
fi
