"""Questions about what a release sends, one by one."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import pytest

from ccpin.wire.predicate import parse_predicate

FOUND: Any = SimpleNamespace(
    model="new-model", parts={"betas": ["a-2026", "b"], "tools": [], "system": "You are [it]."}
)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("model=new-model", True), ("model=new", False), ("model=new-model-2", False),
        ("beta:a-2026", True), ("beta:a", False),
    ],
)  # fmt: skip
def test_a_name_is_the_whole_name(text: str, holds: bool) -> None:
    assert parse_predicate(text).holds(FOUND) is holds


def test_what_python_warns_about_is_searched_for_all_the_same() -> None:
    """`[[` may mean something else one day."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert parse_predicate(r"prompt~[[]it").holds(FOUND)
        assert not parse_predicate(r"prompt~[[]that").holds(FOUND)
    assert heard == []
