#!/usr/bin/env python3
"""Compares whole servers: axum on loopback, pinned to one core, with and without a login. The load comes from `wrk` on
another core. Servers run in pairs, alternating: A B A B."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from section import BENCHES, SMOKE, TARGET, program, write

KINDS = ["bare", "tower-weika", "tower-weika, local cache of Redis", "tower-sessions", "axum-login"]
PAIRS = [("bare", kind) for kind in KINDS[1:]] + [("tower-sessions", "tower-weika"), ("axum-login", "tower-weika")]
SERVER = TARGET / ("debug" if SMOKE else "release") / "server"
# The core of the servers, of which only one is busy at a time, and the core of the load generator.
SERVER_CORE, LOAD_CORE = "0", "1"
USERS, ROUNDS, SECONDS = (200, 1, 1) if SMOKE else (10_000, 5, 4)


class Server:
    """Stops when its stdin is closed, together with its Redis."""

    def __init__(self, kind, folder):
        self.kind, self.cookies = kind, Path(folder, kind)
        command = ["taskset", "--cpu-list", SERVER_CORE, SERVER, kind, str(USERS), self.cookies]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = "http://" + self.process.stdout.readline().strip()
        # It recognizes its users and rejects all others.
        for number, cookies in list(enumerate(self.cookies.read_text().splitlines()))[::50]:
            assert self.get(number, cookies) == (200, f"person-{number}"), kind
            if kind != "bare":
                assert self.get(number, "")[0] // 100 == self.get(number + 1, cookies)[0] // 100 == 4, kind

    def get(self, person, cookies):
        try:
            with urlopen(Request(f"{self.address}/me?person-{person}", headers={"Cookie": cookies})) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            return error.code, ""

    def core_time(self):
        """The microseconds that its one busy thread has run on its core, and those that it has waited for the core because
        something else ran there."""
        return [int(time) / 1e3 for time in Path(f"/proc/{self.process.pid}/schedstat").read_text().split()[:2]]

    def load(self, seconds, seed):
        """Sends requests for this many seconds. Every response has to be a success."""
        before = self.core_time()
        run = subprocess.run(
            ["taskset", "--cpu-list", LOAD_CORE, program("wrk", "wrk"), "--threads", "1", "--connections", "32",
             "--duration", f"{seconds}s", "--latency", "--script", BENCHES / "load.lua", self.address, "--",
             self.cookies, str(seed)], capture_output=True, text=True)
        processor, waited = (after - start for after, start in zip(self.core_time(), before))
        result = next((line.split()[1:] for line in run.stdout.splitlines() if line.startswith("result ")), None)
        if run.returncode != 0 or not result:
            sys.exit(f"wrk: {run.stdout}{run.stderr}")
        requests, duration, failures, p50, p99 = map(int, result)
        assert requests > 0 and failures == 0, f"{self.kind}: {failures} of {requests} requests failed"
        return {"rate": requests / duration * 1e6, "processor": processor / requests, "p50": p50, "p99": p99,
                "busy": (processor + waited) / duration, "disturbed": waited / duration}


def row(kind, loads):
    """The row of a server beside the bare one."""
    def of(value):
        return median(value(bare, it) for bare, it in loads)
    return ["row", kind, "req/s", of(lambda _, it: it["rate"]), "÷ bare", of(lambda bare, it: it["rate"] / bare["rate"]),
            "processor time, µs", of(lambda _, it: it["processor"]),
            "added, µs", of(lambda bare, it: it["processor"] - bare["processor"]), "p50, µs", of(lambda _, it: it["p50"]),
            "p99, µs", of(lambda _, it: it["p99"]), "p99 ÷ bare", of(lambda bare, it: it["p99"] / bare["p99"]),
            "busy", of(lambda _, it: it["busy"])]


def main():
    program("taskset", "util-linux")
    assert os.cpu_count() >= 2, "the servers and the load generator need one core each"
    with tempfile.TemporaryDirectory() as folder:
        servers = {kind: Server(kind, folder) for kind in KINDS}
        if not SMOKE:
            for server in servers.values():
                server.load(1, 0)
        loads = {pair: [] for pair in PAIRS}
        for seed in range(1, ROUNDS + 1):
            for pair in PAIRS:
                # The same users in the same order for both.
                loads[pair].append([servers[kind].load(SECONDS, seed) for kind in pair])
        for server in servers.values():
            server.process.communicate()
    beside_bare = {pair[1]: loads[pair] for pair in PAIRS if pair[0] == "bare"}
    bare = [(pair[0], pair[0]) for pairs in beside_bare.values() for pair in pairs]
    lines = [row("bare", bare)] + [row(kind, pairs) for kind, pairs in beside_bare.items()]
    lines += [["text", "The same, alternating with a peer."], ["table", "directly"]]
    for peer, kind in PAIRS[4:]:
        rate, p99 = (median(it[what] / other[what] for other, it in loads[peer, kind]) for what in ("rate", "p99"))
        lines.append(["row", f"{kind} ÷ {peer}", "req/s", rate, "p99", p99])
    every = [load for pairs in loads.values() for pair in pairs for load in pair]
    # Conditions that distort the figures.
    if (idle := 100 - min(load["busy"] for load in every) * 100) > 10:
        lines.append(["text", f"**The load was too small**: a server was idle {idle:.0f} % of the time."])
    if (waited := median(load["disturbed"] for load in every) * 100) > 5:
        lines.append(["text", f"**The machine was busy**: the servers waited for their core {waited:.0f} % of the time."])
    write("server", ["title", "A whole server"],
          ["text", f"axum on loopback with one core, {USERS} sessions, users picked uniformly by wrk on another core over 32 "
           f"connections; {ROUNDS} pairs of {SECONDS} s each, medians. A user who is not recognized fails the run. Added: "
           "processor time over that of the bare server."], ["table", "server"], *lines)


main()
