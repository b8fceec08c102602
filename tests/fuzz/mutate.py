"""Bytes that somebody might have sent instead: a good input with faults, of text, of JSON, or of any bytes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

MOST = 200_000
"""Bytes that an input has at most."""

Mutation = Callable[[random.Random, bytes], bytes]

_BYTES = (0, 1, 7, 8, 9, 10, 13, 27, 32, 34, 35, 39, 44, 45, 46, 47, 58, 61, 91, 92, 93, 123, 125, 127, 128, 192, 255)
_NUMBERS = (
    b"0",
    b"-1",
    b"1e999",
    b"00",
    b"4294967296",
    b"18446744073709551616",
    b"9" * 30,
    b"9" * 5000,
    b"1.5",
    b"NaN",
)
_ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, 1 << 31, 1 << 32, 1 << 64, 10**400, float("nan"), float("inf"), "", "\0", "\n",
    "x" * 3000, "\ud800", "\u202e", "\x1b[2J", "../../x", "/etc/passwd", "1", "2.1.330", "2.0.14", "true", [], {},
    [[]], {"": None}, "http://127.0.0.1:1/x", "file:///etc/passwd", "sha512-", "ab" * 32, "ab" * 32 + "\n", "linux-x64",
    "__proto__", "é", "e\u0301", "CON", "https://[", "http://\\@h/", "data:,", "a b",
)  # fmt: skip


class Mutator:
    """Faults for one kind of input: `words` are what it is made of, `kinds` the mutations that fit it."""

    def __init__(self, words: Sequence[bytes] = (), kinds: Sequence[Mutation] = ()) -> None:
        self._words = tuple(words)
        self._kinds = (*kinds, *kinds, self._insert, _flip, _replace, _remove, _double, _cut, _number, _move)

    def __call__(self, source: random.Random, data: bytes, other: bytes) -> bytes:
        """`data` with a few faults; `other` is another input, for parts of it."""
        for _ in range(source.choice((1, 1, 1, 2, 2, 3, 5, 8))):
            spliced = source.random() < 0.05
            data = _spliced(source, data, other) if spliced else source.choice(self._kinds)(source, data)
        return data[:MOST]

    def _insert(self, source: random.Random, data: bytes) -> bytes:
        word = source.choice(self._words) if self._words else bytes([source.choice(_BYTES)])
        at, gone = _place(source, data), source.choice((0, 0, 1, len(word)))
        return data[:at] + word * source.choice((1, 1, 1, 1, 2, 300)) + data[at + gone :]


def tree(source: random.Random, data: bytes) -> bytes:
    """JSON with another value in some place, a key of another name, one twice, or one that is gone."""
    try:
        value = json.loads(data)
        found = _nodes(value)
    except (ValueError, RecursionError):
        return data
    if not found:
        return json.dumps(source.choice(_ODD)).encode("utf-8", "surrogatepass")
    place, key = source.choice(found)
    change = source.random()
    if change < 0.5:
        place[key] = source.choice(_ODD)
    elif change < 0.6:
        place[key] = source.choice(found)[0]  # perhaps itself: then it cannot be written
    elif change < 0.7:
        del place[key]
    elif isinstance(place, dict):
        other = source.choice(found)[1]
        name = str(other if change < 0.85 else source.choice(_ODD))
        place[name] = place.pop(key) if change < 0.95 else place[key]
    else:
        place.extend(place[:100] * source.choice((1, 20)))
    try:
        text = json.dumps(value, ensure_ascii=source.random() < 0.7)
    except (ValueError, RecursionError):
        return data
    return _twice(source, text).encode("utf-8", "surrogatepass")[:MOST]


def deep(source: random.Random, data: bytes) -> bytes:
    """Brackets in brackets, at some place of JSON where a value is."""
    count = source.choice((10, 300, 900, 990, 1100, 20_000))
    start, end = source.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"[", b"")))
    at = data.find(b":", _place(source, data)) + 1
    return data[:at] + start * count + b"1" + end * count + b"," + data[at:]


def _twice(source: random.Random, text: str) -> str:
    """Sometimes with a key that stands twice."""
    at = text.find("{", source.randrange(len(text) + 1))
    end = text.find(",", at)
    return (
        text[: at + 1] + text[at + 1 : end] + ", " + text[at + 1 :] if 0 <= at < end and source.random() < 0.1 else text
    )


def _nodes(value: Any) -> list[tuple[Any, Any]]:
    """Every place of a tree where another value could stand: what holds it, and its key there."""
    found: list[tuple[Any, Any]] = []
    left = [value]
    while left and len(found) < 5000:
        held = left.pop()
        if isinstance(held, (dict, list)):
            keys = list(held) if isinstance(held, dict) else list(range(len(held)))
            found += [(held, key) for key in keys]
            left += [held[key] for key in keys]
    return found


def _place(source: random.Random, data: bytes) -> int:
    """More often near the beginning, where most readers decide."""
    most = len(data) if source.random() < 0.5 else min(len(data), 600)
    return source.randrange(most + 1)


def _flip(source: random.Random, data: bytes) -> bytes:
    at = _place(source, data)
    return data[:at] + bytes([data[at] ^ 1 << source.randrange(8)]) + data[at + 1 :] if at < len(data) else data


def _replace(source: random.Random, data: bytes) -> bytes:
    at = _place(source, data)
    return data[:at] + bytes([source.choice(_BYTES)]) * source.choice((1, 1, 2, 12)) + data[at + 1 :]


def _remove(source: random.Random, data: bytes) -> bytes:
    at = _place(source, data)
    return data[:at] + data[at + source.choice((1, 2, 8, 64, 512)) :]


def _double(source: random.Random, data: bytes) -> bytes:
    at, size = _place(source, data), source.choice((1, 8, 64, 512))
    return (data[: at + size] + data[at : at + size] * source.choice((1, 1, 3, 200)) + data[at + size :])[:MOST]


def _cut(source: random.Random, data: bytes) -> bytes:
    return data[: source.randrange(len(data) + 1)] if source.random() < 0.3 else data


def _number(source: random.Random, data: bytes) -> bytes:
    """A run of digits replaced."""
    at = _place(source, data)
    while at < len(data) and not data[at : at + 1].isdigit():
        at += 1
    end = at
    while end < len(data) and data[end : end + 1].isdigit():
        end += 1
    return data[:at] + source.choice(_NUMBERS) + data[end:]


def _move(source: random.Random, data: bytes) -> bytes:
    """A line, or what is one in this input, somewhere else."""
    mark = b"\n" if data.count(b"\n") > 2 else b","
    lines = data.split(mark)
    lines.insert(source.randrange(len(lines) + 1), lines.pop(source.randrange(len(lines))))
    return mark.join(lines)


def _spliced(source: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: source.randrange(len(data) + 1)] + other[source.randrange(len(other) + 1) :]
