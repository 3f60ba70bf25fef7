#!/usr/bin/env python3
"""Renders docs/benchmarks.md, docs/benchmarks.svg and docs/soak.md from the figures that the benchmarks have stored.

    benches/report.py FIGURES DOCS

FIGURES holds a file NAME.tsv for each section, and soak.tsv. Needs only the standard library of Python 3.11.
"""

import datetime
import math
import os
import platform
import subprocess
import sys
import tomllib
from pathlib import Path

BENCHES = Path(__file__).resolve().parent
SECTIONS = ["requests", "growth", "peer_instructions", "cookie", "instructions", "store", "sqlite", "devices",
            "access_token", "concurrent_reads", "server", "redis_capacity", "login"]
CRATES = {"axum", "hyper", "tokio", "tower", "tower-sessions", "axum-login", "axum_session", "tower-cookies", "cookie",
          "moka", "quick_cache", "dashmap", "papaya", "scc", "arc-swap", "aws-smithy-runtime", "google-cloud-auth",
          "azure_identity", "wechat-minapp", "wechat-mp-sdk", "redis", "rusqlite", "tower-sessions-sqlx-store"}
LOGIN, LOWER_BOUND, PEER = "login, live session", "lower bound", "tower-sessions"

HEAD = """# Benchmarks

Written by `benches/run.sh`, which measures everything again. Taken on {date} with {rustc} on {processor}, {system}, \
{cores} cores.

![The cost of a request](benchmarks.svg)

## How to read this

- All figures of a table were measured in one process, in turns and in random order; figures are medians. The speed of a \
machine changes from minute to minute, so compare ratios of one run, allocations and instructions.
- Costs of requests are over the bare application, which is the same for all. Every response is checked.
- Hot: nothing else happens between the requests. Cold: the caches contain other data, as on a \
busy server.
- The *lower bound* of a request does the least that a layer with sessions can do: it finds a cookie, decodes 22 characters \
of it, looks them up in a lock-free map, reads the coarse clock, and inserts an `Arc` into the extensions. \
*Insert by hand* is that last part alone.
- `cargo test --test allocations` and `benches/run.sh --test instructions` fail if a hot path becomes more expensive.

Versions: {versions}.
"""


SOAK = """# A long run

Written by `benches/run.sh --minutes=N soak`. Taken on {date} with {rustc} on {processor}, {system}, {cores} cores.

{body}"""


def number(value):
    """At most three digits are significant."""
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:.3g}"


def read(file):
    """A section: its title, and its paragraphs (texts) and tables in order."""
    title, parts = "", []
    for line in file.read_text().splitlines():
        kind, *fields = line.split("\t")
        if kind == "title":
            title = fields[0]
        elif kind == "text":
            parts.append(fields[0])
        elif kind == "table":
            parts.append({"first": fields[0], "rows": {}, "ratios": []})
        elif kind == "row":
            cells = dict(zip(fields[1::2], map(float, fields[2::2])))
            next(part for part in reversed(parts) if isinstance(part, dict))["rows"][fields[0]] = cells
        elif kind == "ratios":
            parts[-1]["ratios"] += [(fields[0], reference) for reference in fields[1:]]
    return title, parts


def table(part):
    rows, columns = part["rows"], []
    for cells in rows.values():
        columns += [column for column in cells if column not in columns]
    header, lines = [part["first"]], {name: [name] for name in rows}
    for column in columns:
        references = [reference for of, reference in part["ratios"] if of == column and reference in rows]
        header += [column] + [f"÷ {reference}" for reference in references]
        for name, cells in rows.items():
            value = cells.get(column, math.nan)
            divisors = [rows[reference][column] for reference in references]
            lines[name] += [number(value)] + [number(value / divisor if divisor else math.nan) for divisor in divisors]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, ["---"] * len(header), *lines.values()])


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def versions():
    """The versions of the compared crates and of those they are based on."""
    locked = tomllib.loads((BENCHES / "Cargo.lock").read_text())["package"]
    return ", ".join(f"{package['name']} {package['version']}" for package in locked if package["name"] in CRATES)


def machine():
    """Where and when this runs."""
    info = Path("/proc/cpuinfo")
    models = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        system = platform.system()
    return {"date": datetime.date.today(), "rustc": output("rustc", "--version"), "system": system,
            "cores": os.cpu_count(), "processor": models[0].split(": ")[1] if models else platform.machine()}


INK, PALE, GRID = "#1f2328", "#59636e", "#e4e8ec"
GREEN, LIGHT, GREY, ORANGE = "#07a854", "#8fd6b0", "#b6bec8", "#d98a5b"
BARS = {"insert by hand": ("insert by hand", GREY), LOWER_BOUND: (LOWER_BOUND, GREY), LOGIN: ("tower-weika", GREEN),
        "store: quick_cache": ("on quick_cache", LIGHT), "store: moka": ("on moka", LIGHT), PEER: (PEER, ORANGE),
        "axum-login": ("axum-login", ORANGE), "axum_session": ("axum_session", ORANGE)}
BOTTOM = 318


def text(x, y, content, color=INK, anchor="start", weight=400, size=12):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" font-size="{size}" '
            f'fill="{color}">{content}</text>')


def panel(x, title, costs):
    """The heading of one half: how many times less than the peer, if it is less."""
    if PEER in costs and costs.get(LOGIN, math.inf) < costs[PEER]:
        title += f": {number(costs[PEER] / costs[LOGIN])} × less than {PEER}"
    return [text(x, 38, title, weight=600, size=13), text(x, 58, "ns over the bare application, cold caches", PALE)]


def bars(costs):
    svg, most = panel(24, "An authenticated request", costs), max(costs.values())
    for index, (name, (label, color)) in enumerate((name, it) for name, it in BARS.items() if name in costs):
        y, length = 84 + 29.25 * index, max(200 * costs[name] / most, 1)
        svg += [f'<rect x="148" y="{y + 4:.1f}" width="{length:.1f}" height="20.2" rx="2" fill="{color}"/>',
                text(140, y + 20, label, anchor="end", weight=600 if name == LOGIN else 400),
                text(154 + length, y + 20, number(costs[name]), PALE)]
    return svg


def growth(rows):
    lines = {name: sorted((int(column.split(",")[0]), cost) for column, cost in cells.items() if "cold" in column)
             for name, cells in rows.items() if name in BARS}
    sizes = [size for size, _ in lines[LOGIN]]
    svg = panel(424, "At a million sessions", {name: points[-1][1] for name, points in lines.items()})
    most = max(cost for points in lines.values() for _, cost in points)
    unit = 10 ** math.floor(math.log10(most))
    tick = next(unit * part for part in (0.25, 0.5, 1, 2) if most / (unit * part) <= 5)
    ticks = math.ceil(most / tick)
    place = {size: 456 + 204 * index / (len(sizes) - 1) for index, size in enumerate(sizes)}
    height = lambda cost: BOTTOM - (BOTTOM - 92) * cost / (tick * ticks)
    for cost in (tick * index for index in range(ticks + 1)):
        svg += [f'<line x1="456" y1="{height(cost):.1f}" x2="660" y2="{height(cost):.1f}" stroke="{GRID}"/>',
                text(448, height(cost) + 4, number(cost), PALE, "end")]
    svg += [text(place[size], BOTTOM + 20, f"{size // 1000}k" if size < 10**6 else f"{size // 10**6}M", PALE, "middle")
            for size in sizes]
    svg += [text(558, BOTTOM + 38, "sessions", PALE, "middle")]
    free = math.inf  # From bottom to top: a label is at the end of its line, or above the labels below it.
    for name, points in sorted(lines.items(), key=lambda line: line[1][-1][1]):
        label, color = BARS[name]
        path, width = [(place[size], height(cost)) for size, cost in points], 3 if name == LOGIN else 2
        y = min(path[-1][1], free)
        free = y - 15
        svg += [f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in path)}" fill="none" stroke="{color}" '
                f'stroke-width="{width}"/>', text(670, y + 4, label, weight=600 if name == LOGIN else 400)]
        svg += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width}" fill="{color}"/>' for x, y in path]
    return svg


def plot(sections):
    rows = {name: next(part["rows"] for part in parts if isinstance(part, dict))
            for name, (_, parts) in sections.items() if name in ("requests", "growth")}
    svg = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 366" width="800" height="366" role="img" '
           'font-family="-apple-system, \'Segoe UI\', \'Noto Sans\', Helvetica, Arial, sans-serif">',
           "<title>The cost of an authenticated request, and its growth with the number of sessions</title>",
           '<rect x="0.5" y="0.5" width="799" height="365" rx="10" fill="#ffffff" stroke="#d1d9e0"/>']
    if "requests" in rows:
        svg += bars({name: cells["cold, ns"] for name, cells in rows["requests"].items()})
    if "growth" in rows:
        svg += growth(rows["growth"])
    return "\n".join([*svg, "</svg>\n"])


def paragraphs(parts):
    return "\n\n".join(table(part) if isinstance(part, dict) else part for part in parts) + "\n"


def main():
    figures, docs = map(Path, sys.argv[1:])
    written = []

    def write(name, content):
        (docs / name).write_text(content)
        written.append(f"{docs}/{name}")

    if (figures / "soak.tsv").exists():
        _, parts = read(figures / "soak.tsv")
        write("soak.md", SOAK.format(body=paragraphs(parts), **machine()))
    if sections := {name: read(figures / f"{name}.tsv") for name in SECTIONS if (figures / f"{name}.tsv").exists()}:
        head = HEAD.format(versions=versions(), **machine())
        body = [f"## {title}\n\n" + paragraphs(parts) for title, parts in sections.values()]
        write("benchmarks.md", "\n".join([head, *body]))
        write("benchmarks.svg", plot(sections))
    print(f"Written: {', '.join(written)}.")


main()
