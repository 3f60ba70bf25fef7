"""Shared by the Python programs: sections of the report, as `harness/src/report.rs` writes them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

BENCHES = Path(__file__).resolve().parent
TARGET = BENCHES.parent / "target/benches"
SMOKE = "--test" in sys.argv


def write(name, *lines):
    text = "".join("\t".join(map(str, line)) + "\n" for line in lines)
    print(text)
    if directory := os.environ.get("REPORT"):
        Path(directory, name).with_suffix(".tsv").write_text(text)


def program(name, package):
    """Returns the path of a program, whose Debian package is installed if it is missing."""
    if not shutil.which(name):
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", package], check=True)
    return shutil.which(name)
