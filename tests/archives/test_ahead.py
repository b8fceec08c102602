"""A thread that runs ahead: what it gives and raises, and that nobody waits for one that is dead."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ccpin.archives import ahead
from ccpin.archives.ahead import Ahead


def test_gives_all_in_order() -> None:
    items = Ahead(iter(range(100)), 3)
    items.start()
    assert list(items) == list(range(100))


def test_what_it_raises_is_raised_behind_what_came() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("so")

    items = Ahead(broken(), 3)
    items.start()
    assert next(items) == 1
    with pytest.raises(ValueError, match="so"):
        next(items)


def test_one_that_died_before_its_first_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_LOOK", 0.05)
    items = Ahead(iter([1]), 3)
    monkeypatch.setattr(items, "_thread", threading.Thread())
    with pytest.raises(RuntimeError, match="died"):
        next(items)
