#!/usr/bin/env bash
# Runs all benchmarks and writes docs/benchmarks.md and docs/benchmarks.svg.
#
#     benches/run.sh                      all: half an hour, on a machine without other load
#     benches/run.sh login requests       only these; the figures of the others are kept
#     benches/run.sh --test [NAME...]     all once, as a smoke test of minutes; docs stay as they are
#     benches/run.sh --write-baseline     counts the instructions and makes them the baseline
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

alone=(instructions cookie store devices redis_capacity login)
peers=(requests growth peer_instructions sqlite access_token concurrent_reads server)
options=() names=() figures=target/report docs=docs
for argument; do
    case " --test --write-baseline ${alone[*]} ${peers[*]} " in
    *" $argument "*) if [[ $argument = --* ]]; then options+=("$argument"); else names+=("$argument"); fi ;;
    *) echo "$argument is none of: ${alone[*]} ${peers[*]}" >&2; exit 1 ;;
    esac
done
# The peers need hundreds of crates: a smoke test does not need them optimized.
profile=release
case " ${options[*]} " in
*" --test "*) figures=target/report-test docs=target/report-test profile=dev ;;
*" --write-baseline "*) names=(instructions) ;;
esac
[ ${#names[@]} != 0 ] || { rm -rf "$figures"; names=("${alone[@]}" "${peers[@]}"); }
mkdir -p "$figures"
export REPORT=$PWD/$figures

for name in "${names[@]}"; do
    printf '\n== %s\n' "$name"
    package=peers optimized=$profile
    case " ${alone[*]} " in *" $name "*) package=alone optimized=release ;; esac
    cargo build --manifest-path benches/Cargo.toml --target-dir target/benches --profile "$optimized" \
        --package "tower-weika-bench-$package" --bin "$name"
    case $name in
    server) benches/server.py "${options[@]}" ;;
    *instructions) benches/instructions.py "$package" "${options[@]}" ;;
    *) "target/benches/${optimized/dev/debug}/$name" "${options[@]}" ;;
    esac
done
benches/report.py "$figures" "$docs"
