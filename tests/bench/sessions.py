"""What `ccpin sessions` costs, against counting the lines in which a word stands.

    python -m tests.bench sessions [--sessions N] [--megabytes N] [--rounds N] [--check]

The corpus is made from a seed in a temporary folder, which goes at the end: sessions of every era, of one release and
of several, forked ones, subagents in both places, and one row of 100 MB. The truth about it is known, and held against
what is found. `grep` writes into a pipe, for to nowhere it would count nothing; all files are in the page cache.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from tests.bench._runs import Run, Way, environment, interleaved, median, table
from tests.fakes.transcripts import LIE, RELEASES, Writer

GREP = "grep -c version"
AUDIT = "ccpin sessions"
LEAST = 200
"""MB a second."""

MOST_MEMORY = 150
"""MB."""

Truth = dict[str, list[tuple[str, str, int]]]
"""Session -> its changes: before, after, and the line at which."""

_LONG = 100 << 20


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench sessions")
    parser.add_argument("--sessions", type=int, default=5000)
    parser.add_argument("--megabytes", type=int, default=2100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true", help="fail when a target is missed")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ccpin-bench-") as folder:
        root = Path(folder)
        began = time.perf_counter()
        with ProcessPoolExecutor(1) as pool:  # what it takes to make it is not to be taken for what runs afterwards
            truth = pool.submit(corpus, root / "config", options.sessions, options.megabytes).result()
        files = [path for path in (root / "config").rglob("*.jsonl") if path.is_file()]
        size, rows = sum(path.stat().st_size for path in files), sum(map(_lines, files))
        sessions = len(truth)
        print(f"{sessions:,} sessions in {len(files):,} files, {rows:,} rows, {size / 1e6:,.0f} MB")
        print(f"made in {time.perf_counter() - began:.0f} s")
        env = environment(CLAUDE_CONFIG_DIR=str(root / "config"), HOME=folder)
        command = [sys.executable, "-I", "-m", "ccpin", "sessions", "--all"]
        right = compare(truth, json.loads(subprocess.check_output([*command, "--json"], env=env, cwd=root)))
        grep = f"grep -rc version '{root / 'config'}' | cat"
        ways = [
            Way(GREP, ["/bin/sh", "-c", grep], root, env),
            Way(AUDIT, command, root, env),
            Way(f"{AUDIT} --stats", [*command, "--stats"], root, env),
        ]
        met = report(interleaved(ways, options.rounds, warm_up=1), size)
    return 1 if options.check and not (met and right) else 0


def corpus(config: Path, sessions: int, megabytes: int) -> Truth:
    """Of ten projects, with the rows of their eras; as many turns to a session as the size asks for."""
    draw = random.Random(1)
    writers = [Writer(config, f"/work/project-{number}", number, large=2) for number in range(10)]
    turns = max(1, round(megabytes * 1e6 / sessions / 20_000))
    for number in range(sessions):
        writer = writers[number % len(writers)]
        runs = [draw.choice(RELEASES)]
        while draw.random() < 0.08:
            runs.append(draw.choice([one for one in RELEASES if one != runs[-1]]))
        parts = [part for part in ("broken", "interrupted", "progress", "snapshot", "torn") if draw.random() < 0.1]
        one = writer.session(*runs, turns=draw.randint(1, 2 * turns), parts=parts)
        if draw.random() < 0.05:
            writer.agent(one, runs[0], beside=draw.random() < 0.5)
        if draw.random() < 0.03:
            writer.fork(one, draw.choice(RELEASES))
    long = writers[0].session("2.1.200", turns=1)
    said = b'"role":"user","content":"' + f'\\"version\\":\\"{LIE}\\" '.encode() * (_LONG // 24)
    long.path.write_bytes(long.path.read_bytes().replace(b'"role":"user","content":"', said, 1))
    return {one.id: one.changes for writer in writers for one in writer.told}


def compare(truth: Truth, answer: dict[str, Any]) -> bool:
    """Prints whether every change was found and none invented; whether that is so."""
    said = {
        row["id"]: [(one["before"], one["after"], one["row"]) for one in row["changes"]]
        for row in answer["data"]["rows"]
    }
    wrong = sum(said.get(name) != changes for name, changes in truth.items()) + len(said.keys() - truth.keys())
    changes = sum(map(len, truth.values()))
    print(f"{changes:,} changes in {sum(map(bool, truth.values())):,} sessions; told otherwise than they are: {wrong}")
    return not wrong


def report(runs: dict[str, list[Run]], size: int) -> bool:
    """Prints the table; whether both targets are met."""
    rows = [["", "seconds", "processor", "MB/s", "MB/s of one core", f"x {GREP}", "peak MB"]]
    base = median(runs[GREP])
    for name, each in runs.items():
        processor = min(run.processor for run in each)
        peak = max(run.peak for run in each) / 1e6
        speeds = (f"{size / 1e6 / median(each):,.0f}", f"{size / 1e6 / processor:,.0f}")
        rows.append(
            [name, f"{median(each):.2f}", f"{processor:.2f}", *speeds, f"{median(each) / base:.2f}", f"{peak:.0f}"]
        )
    print(f"{sys.implementation.name} {sys.version.split()[0]}, {len(runs[GREP])} rounds, all files in the page cache")
    print(table(rows))
    quick = size / 1e6 / min(run.processor for run in runs[AUDIT]) >= LEAST or median(runs[AUDIT]) <= 1.5 * base
    return quick and max(run.peak for run in runs[AUDIT]) <= MOST_MEMORY * 1e6


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b""))
