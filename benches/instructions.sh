#!/bin/sh
# Instructions per operation, counted by callgrind: a run with many operations minus one with none.
# What the harness itself costs is in "bare".
set -eu

cd "$(dirname "$0")/.."
if ! command -v valgrind >/dev/null; then
    [ "$(id -u)" = 0 ] || { echo 'valgrind is missing, and only root can install it' >&2; exit 1; }
    apt-get update -qq && apt-get install -qq -y valgrind >/dev/null
fi

program=$(cargo bench --bench instructions --no-run 2>&1 | sed -n 's/.*Executable.*(\(.*\))$/\1/p')
[ -x "$program" ] || { echo 'the benchmark does not compile' >&2; exit 1; }

# instructions MODE TIMES
instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 |
        sed -n 's/^==.*Collected : \([0-9]*\)$/\1/p'
}

times=2000
bare=
printf '| operation | instructions | over bare |\n|---|---|---|\n'
for mode in 'access token' 'bare' 'insert by hand' \
    'authenticate, no cookie' 'authenticate, foreign cookies' 'authenticate, unknown session' 'authenticate, live session' \
    'login, no cookie' 'login, foreign cookies' 'login, unknown session' 'login, live session'; do
    none=$(instructions "$mode" 0)
    many=$(instructions "$mode" $times)
    each=$(((many - none) / times))
    [ "$mode" = bare ] && bare=$each
    printf '| %s | %s | %s |\n' "$mode" "$each" "${bare:+$((each - bare))}"
done
