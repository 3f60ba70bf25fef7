#!/usr/bin/env bash
# Runs all benchmarks and writes docs/benchmarks.md and docs/benchmarks.svg.
#
#     benches/run.sh                      all: half an hour, on a machine without other load
#     benches/run.sh login requests       only these; the figures of the others are kept
#     benches/run.sh --test [NAME...]     all once, as a smoke test of minutes; docs stay as they are
#     benches/run.sh --write-baseline     counts the instructions and makes them the baseline
#     benches/run.sh soak                 ten minutes of load and restarts, into docs/soak.md
#     benches/run.sh --minutes=60 soak    an hour of it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

alone=(instructions cookie store devices redis_capacity login)
peers=(requests growth peer_instructions sqlite access_token concurrent_reads server)
# Runs only if it is named, and in the smoke test. Its document is a separate one.
long=(soak)
options=() names=() figures=target/report docs=docs
for argument; do
    case " --test --write-baseline --minutes=${argument#--minutes=} ${alone[*]} ${peers[*]} ${long[*]} " in
    *" $argument "*) if [[ $argument = --* ]]; then options+=("$argument"); else names+=("$argument"); fi ;;
    *) echo "$argument is none of: ${alone[*]} ${peers[*]} ${long[*]}" >&2; exit 1 ;;
    esac
done
all=("${alone[@]}" "${peers[@]}")
# The peers need hundreds of crates: a smoke test does not need them optimized.
profile=release
case " ${options[*]} " in
*" --test "*) figures=target/report-test docs=target/report-test profile=dev all=("${alone[@]}" "${peers[@]}" "${long[@]}") ;;
*" --write-baseline "*) names=(instructions) ;;
esac
[ ${#names[@]} != 0 ] || { rm -rf "$figures"; names=("${all[@]}"); }
mkdir -p "$figures"
export REPORT=$PWD/$figures

for name in "${names[@]}"; do
    printf '\n== %s\n' "$name"
    package=peers optimized=$profile
    case " ${alone[*]} ${long[*]} " in *" $name "*) package=alone optimized=release ;; esac
    cargo build --manifest-path benches/Cargo.toml --target-dir target/benches --profile "$optimized" \
        --package "tower-weika-bench-$package" --bin "$name"
    case $name in
    server) benches/server.py "${options[@]}" ;;
    *instructions) benches/instructions.py "$package" "${options[@]}" ;;
    *) "target/benches/${optimized/dev/debug}/$name" "${options[@]}" ;;
    esac
done
benches/report.py "$figures" "$docs"
