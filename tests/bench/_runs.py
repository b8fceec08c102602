"""Commands measured against each other: all of them once a round, so that a slow moment slows all of them."""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Way:
    """One command. `before` puts things back where they were, and is not measured."""

    name: str
    argv: list[str]
    cwd: Path
    env: dict[str, str]
    before: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Run:
    """What one run took: seconds, processor seconds, its peak of memory and what it wrote to files, in bytes."""

    seconds: float
    processor: float
    peak: int
    written: int


def interleaved(ways: Sequence[Way], rounds: int, warm_up: int) -> dict[str, list[Run]]:
    """`rounds` runs of each way, in random order within a round. Ends the program where one fails."""
    runs: dict[str, list[Run]] = {way.name: [] for way in ways}
    order = list(ways)
    shuffled = random.Random(0)
    here = os.getcwd()
    for turn in range(warm_up + rounds):
        shuffled.shuffle(order)
        for way in order:
            way.before()
            os.chdir(way.cwd)
            run = _run(way)
            if turn >= warm_up:
                runs[way.name].append(run)
    os.chdir(here)
    return runs


def _run(way: Way) -> Run:
    with tempfile.TemporaryFile() as said:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, said.fileno(), 2),
        ]
        start = time.perf_counter()
        process = os.posix_spawn(way.argv[0], way.argv, way.env, file_actions=actions)
        _, status, used = os.wait4(process, 0)
        seconds = time.perf_counter() - start
        if status:
            said.seek(0)
            sys.stderr.write(said.read().decode(errors="replace"))
            raise SystemExit(f"{way.name}: {' '.join(way.argv)} ended with {os.waitstatus_to_exitcode(status)}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit, used.ru_oublock * 512)


def ratio(runs: Sequence[Run], base: Sequence[Run]) -> float:
    """The median over the rounds of one way's time divided by the other's."""
    return statistics.median(one.seconds / other.seconds for one, other in zip(runs, base, strict=True))


def median(runs: Iterable[Run]) -> float:
    """Seconds."""
    return statistics.median(run.seconds for run in runs)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        lines.append("  ".join((first.ljust(widths[0]), *cells)).rstrip())
    return "\n".join(lines)


def environment(**names: str) -> dict[str, str]:
    """As good as none: what slows one interpreter down may not slow another."""
    return {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", **names}
