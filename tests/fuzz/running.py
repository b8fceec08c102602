"""One job: a target, asked for a time with inputs of which each is a good one with faults.

What an input comes to tells whether it was worth something: the first of a kind joins the good inputs, so that faults
add up. Nothing may take long, in time or in memory, and nothing may be raised but what the target expects.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import random
import signal
import struct
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.mutate import MOST
from tests.fuzz.target import Target

CPU_SECONDS = 5.0
"""What one input may take of a processor."""
SECONDS = 60.0
"""What one input, or one batch of them, may take by the clock, waiting included."""
BATCH = 250
_MOST_KEPT = 3000  # inputs
_MOST_FINDINGS = 10  # of one job; then something is very wrong


class Hang(BaseException):
    """It took too long. Nobody's `except Exception` may take it for a refusal."""


@dataclass
class Result:
    """What a job found: `kinds` is how many different things became of its inputs, `findings` sentence -> input."""

    iterations: int = 0
    seconds: float = 0
    kinds: set[str] = field(default_factory=set)
    findings: dict[str, bytes] = field(default_factory=dict)


class Now:
    """The input that is being read and how many came before it, where another process can see them."""

    _HEAD = struct.Struct("<QQ")

    def __init__(self, path: Path) -> None:
        size = self._HEAD.size + 2 * MOST
        if not path.exists():
            path.write_bytes(bytes(size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)

    def put(self, number: int, data: bytes) -> None:
        head = self._HEAD.pack(number, len(data))
        self._map[: len(head) + len(data)] = head + data

    def get(self) -> tuple[int, bytes]:
        number, size = self._HEAD.unpack(self._map[: self._HEAD.size])
        return number, self._map[self._HEAD.size : self._HEAD.size + size]


def inputs(target: Target, source: random.Random, corpus: list[bytes]) -> Iterator[bytes]:
    """First the good ones, then ones with faults, for ever."""
    yield from list(corpus)
    while True:
        yield target.mutator(source, source.choice(corpus), source.choice(corpus))


def run(
    target: Target, seed: str, folder: Path, more: Callable[[int], bool], note: Callable[[int, bytes], None]
) -> Result:
    """Asks `target` while `more` of the number of inputs so far is true; `note` hears of each before it is read.
    `folder` is an empty one."""
    result, source, corpus = Result(), random.Random(f"{target.name} {seed}"), list(target.corpus())
    began, coming = time.monotonic(), inputs(target, source, corpus)
    while more(result.iterations) and len(result.findings) < _MOST_FINDINGS:
        some = [next(coming) for _ in range(BATCH if target.batch else 1)]
        note(result.iterations, b"\n".join(some)[:MOST])
        for data, kind in _asked(target, folder, some, result):
            if kind not in result.kinds and len(corpus) < _MOST_KEPT:
                corpus.append(data)
            result.kinds.add(kind)
        result.iterations += len(some)
    result.seconds = time.monotonic() - began
    return result


def _asked(target: Target, folder: Path, some: Sequence[bytes], result: Result) -> Iterator[tuple[bytes, str]]:
    """What became of each; what must not happen goes into the result instead."""
    if target.batch and len(some) > 1:
        try:
            with limits():
                kinds = target.batch(folder, some)
        except (Exception, Hang):  # noqa: BLE001  each by itself tells which one it was
            for data in some:
                yield from _asked(target, folder, [data], result)
        else:
            yield from zip(some, kinds, strict=True)
        return
    try:
        with limits():
            yield some[0], target.check(folder, some[0])
    except (Exception, Hang) as error:  # noqa: BLE001  whatever it is, it is what is looked for
        result.findings.setdefault(_signature(error), some[0])


@contextlib.contextmanager
def limits() -> Iterator[None]:
    """Raises Hang where what is within takes too long."""
    signal.signal(signal.SIGPROF, _stop)
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def keep(folder: Path, target: str, sentence: str, data: bytes) -> Path:
    """Writes a finding down: the input, and beside it what happened."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{target}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.with_suffix(".input").write_bytes(data)
    path.with_suffix(".txt").write_text(sentence + "\n", encoding="utf-8", errors="backslashreplace")
    return path.with_suffix(".input")


def _stop(number: int, frame: object) -> None:
    raise Hang(signal.Signals(number).name)


def _signature(error: BaseException) -> str:
    """Kind and place: the same fault is one finding."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[1:]]
    what = type(error).__name__ + ("" if isinstance(error, AssertionError) else f" {str(error)[:80]!r}")
    return "\n  ".join([what, *lines[:3], "…", *lines[-6:]] if len(lines) > 9 else [what, *lines])
