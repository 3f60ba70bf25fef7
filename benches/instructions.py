#!/usr/bin/env python3
"""Counts the instructions of operations with callgrind: the counts do not depend on other load on the machine.

    benches/instructions.py alone|peers [--test] [--write-baseline]

The counts of tower-weika alone are compared with those of baseline.txt; with `--test`, the program fails if one of them
has grown by more than the margin. `--write-baseline` makes them the baseline. The counts of peers are only reported.
To add an operation: add one line to operations.rs, and one to baseline.txt with its count as this program prints it.
"""

import platform
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from section import BENCHES, SMOKE, TARGET, program, write

BASELINE = BENCHES / "alone/baseline.txt"

# Operations with a budget for growth, over all changes together. Growth beyond it is reported, even
# where it is within the margin.
HOT_PATH = ["authenticate, no cookie", "login, no cookie", "authenticate, foreign cookies", "login, foreign cookies",
            "authenticate, live session", "login, live session", "live session through a guard",
            "live session from the local cache"]
BUDGET = 2.0


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=BENCHES).stdout.strip()


def count(binary, name):
    """The instructions of one operation. The same number of runs with `--test`, so that the counts are the same."""
    times = 200 if name.endswith("login") else 2000
    # Only instructions inside `repeated` are counted, and only in the thread that runs it.
    toggle = "--toggle-collect=harness::callgrind::repeated*"
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", toggle, binary, name, str(times)]
    run = subprocess.run(command, capture_output=True, text=True)
    counted = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not counted or counted[1] == "0":
        sys.exit(f"{name}: {run.stderr}")
    return int(counted[1]) // times


def count_all(binary):
    """The counts of all operations; for requests, minus that of the bare application, which is the first."""
    kinds = [line.split("\t") for line in output(binary).splitlines()]
    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(lambda kind: count(binary, kind[1]), kinds))
    bare = counts[0]
    return bare, {name: count - bare * (kind == "request" and name != "bare") for (kind, name), count in zip(kinds, counts)}


def report(name, title, text, rows, *references):
    rows = [["row", row, *cells] for row, *cells in rows]
    write(name, ["title", title], ["text", text], ["table", "operation"], *rows, ["ratios", "instructions", *references])


def alone():
    bare, counts = count_all(TARGET / "release/instructions")
    toolchain = output("rustc", "--version")
    if "--write-baseline" in sys.argv:
        BASELINE.write_text(
            "# Instructions of each operation, counted by callgrind; for a request: over the bare application.\n"
            "# The baseline of `benches/run.sh --test instructions`.\n"
            f"# commit: {output('git', 'log', '-1', '--format=%h', '--', ':/src')} (the last change of src)\n"
            f"# toolchain: {toolchain}\n# counter: {output('valgrind', '--version')}, {platform.machine()}\n"
            "# command: benches/run.sh --write-baseline\n"
            + "".join(f"{name:<45} {count:>8}\n" for name, count in counts.items()))
    lines = BASELINE.read_text().splitlines()
    about = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# ") and ": " in line)
    expected = {name.strip(): int(count) for name, count in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}
    origin, is_same = f"commit {about['commit']}, {about['toolchain']}", about["toolchain"] == toolchain

    rows, warnings = [], []
    failures = [f"{name}: not counted" for name in expected if name not in counts]
    for name, count in counts.items():
        if name not in expected:
            failures.append(f"not in baseline.txt; add this line:\n{name:<45} {count:>8}")
            continue
        before = expected[name]
        change = (count / before - 1) * 100
        rows.append([name, "instructions", count, "baseline", before, "change, %", round(change, 1)])
        compared = f"{name}: {count} instructions, baseline {before}, {change:+.1f} %"
        # The same source has the same counts, and unrelated changes hardly affect them. But a
        # different inlining decision of the compiler for one function has cost up to 48
        # instructions. Another compiler decides differently, so its counts say less about the
        # source.
        margin = max(before / 20, 50) if name in HOT_PATH and is_same else max(before / 10, 120)
        if count > before + margin:
            failures.append(compared)
        elif name in HOT_PATH and change > BUDGET:
            warnings.append(compared)
    report("instructions", "Instructions", "Counted by callgrind; 1,000 sessions, picked uniformly. The instructions of a request "
           f"over the bare application and the harness ({bare}); logins with the harness. The local cache has SHA-256 "
           f"without the processor's SHA instructions. Baseline: {origin}.", rows)
    if not is_same:
        print(f"WARNING: the baseline was counted with another toolchain ({origin}): margins are wider.", file=sys.stderr)
    if warnings:
        print(f"WARNING: over the budget of the hot path (+{BUDGET} %):", *warnings, sep="\n", file=sys.stderr)
    if failures:
        print("over the limit:", *failures, sep="\n", file=sys.stderr)
    # Other processor architectures have other instructions.
    sys.exit(bool(failures) and SMOKE and platform.machine() == "x86_64")


def peers():
    if SMOKE:
        binary = TARGET / "debug/peer_instructions"
        for line in output(binary).splitlines():
            output(binary, line.split("\t")[1], "3")
        return
    bare, counts = count_all(TARGET / "release/peer_instructions")
    rows = [[name, "instructions", count] for name, count in counts.items() if name != "bare"]
    report("peer_instructions", "Instructions of a request", f"1,000 sessions, over the {bare} of the bare application; the "
           "map of extensions exists already.", rows, "lower bound", "tower-sessions", "axum-login")


program("valgrind", "valgrind")
{"alone": alone, "peers": peers}[sys.argv[1]]()
