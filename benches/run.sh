#!/usr/bin/env bash
# Takes all benchmarks anew, and writes docs/benchmarks.md and docs/benchmarks.svg.
#
#     benches/run.sh                      everything: half an hour, on a machine that does nothing else
#     benches/run.sh authenticate peers   only these; of the others, what was found before
#     benches/run.sh --test               everything once, in minutes; writes nothing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

smoke=()
parts=()
for argument; do
    if [ "$argument" = --test ]; then smoke=(--test); else parts+=("$argument"); fi
done

# Ours, those of the other packages, and these packages as a whole.
ours=()
while read -r bench; do ours+=("$bench"); done < <(sed -n '/^\[\[bench\]\]/{n;s/^name = "\(.*\)"/\1/p}' Cargo.toml | grep -vx summary)
peers=(requests growth instructions tokens herd)
for part in "${parts[@]}"; do
    case " ${ours[*]} peers ${peers[*]/#/peers/} server " in
    *" $part "*) ;;
    *) echo "$part is none of: ${ours[*]} peers ${peers[*]/#/peers/} server" >&2; exit 1 ;;
    esac
done
# wants NAME...: one of the names is asked for, or everything is.
wants() {
    [ ${#parts[@]} != 0 ] || return 0
    local name
    for name; do [[ " ${parts[*]} " != *" $name "* ]] || return 0; done
    return 1
}
run() { printf '\n== %s\n' "$*"; "$@"; }

export REPORT=$PWD/target/report
if [ ${#parts[@]} = 0 ] && [ ${#smoke[@]} = 0 ]; then rm -rf "$REPORT"; fi

benches=()
for bench in "${ours[@]}"; do
    if wants "$bench"; then benches+=(--bench "$bench"); fi
done
if [ ${#benches[@]} != 0 ]; then run cargo bench "${benches[@]}" -- "${smoke[@]}"; fi
# The peers bring hundreds of crates: to see that everything works, they need not be optimized.
profile=(--release)
[ ${#smoke[@]} = 0 ] || profile=()
# package NAME ARGUMENT...: runs a program of a package that is none of ours.
package() {
    local name=$1
    shift
    run cargo run "${profile[@]}" --manifest-path "benches/$name/Cargo.toml" --target-dir target/peers "$@" -- "${smoke[@]}"
}
for program in "${peers[@]}"; do
    if wants peers "peers/$program"; then package peers --bin "$program"; fi
done
if wants server; then package server; fi
run cargo bench --bench summary -- "${smoke[@]}"
