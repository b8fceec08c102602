"""The search by itself, against brute force, over releases that are good, bad, and cannot be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccpin.releases.search import Search, Verdict


def versions(count: int) -> tuple[str, ...]:
    return tuple(f"2.1.{number * 2}" for number in range(count))


def run(names: Sequence[str], truth: Mapping[str, Verdict]) -> tuple[Search, list[str]]:
    """The search when it is over, and what it looked at."""
    search, asked = Search(tuple(names)), []
    while (version := search.next) is not None:
        assert version not in asked
        asked.append(version)
        search = search.seen(version, truth[version])
    return search, asked


def truth_of(names: Sequence[str], verdicts: Sequence[Verdict]) -> dict[str, Verdict]:
    return {names[0]: "good", **dict(zip(names[1:-1], verdicts, strict=True)), names[-1]: "bad"}


@given(st.integers(0, 300).flatmap(lambda inner: st.tuples(st.just(inner), st.integers(0, inner))))
@settings(max_examples=150, deadline=None)
def test_the_first_bad_one_in_as_many_steps_as_a_logarithm(case: tuple[int, int]) -> None:
    inner, good = case
    names = versions(inner + 2)
    verdicts: list[Verdict] = ["good" if at < good else "bad" for at in range(inner)]
    search, asked = run(names, truth_of(names, verdicts))
    assert (search.good, search.bad, search.skipped) == (names[good], names[good + 1], ())
    assert len(asked) <= Search(names).steps == inner.bit_length()


@given(
    st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.lists(st.booleans(), min_size=n, max_size=n)))
)
@settings(max_examples=150, deadline=None)
def test_with_some_that_cannot_be_told(case: tuple[int, list[bool]]) -> None:
    """As brute force finds it: the newest good one that can be told, the oldest bad one, and all between them."""
    good, skips = case
    names = versions(len(skips) + 2)
    verdicts: list[Verdict] = ["skip" if skip else "good" if at < good else "bad" for at, skip in enumerate(skips)]
    truth = truth_of(names, verdicts)
    search, asked = run(names, truth)
    low = max(at for at, name in enumerate(names) if truth[name] == "good")
    high = min(at for at, name in enumerate(names) if truth[name] == "bad")
    assert (search.good, search.bad, search.skipped) == (names[low], names[high], names[low + 1 : high])
    skipped = sum(truth[name] == "skip" for name in asked)
    assert len(asked) <= len(skips).bit_length() + skipped


@given(st.lists(st.sampled_from(["good", "bad", "skip"]), max_size=60))
@settings(max_examples=150, deadline=None)
def test_whatever_order_it_is_in_a_change_is_found(verdicts: list[Verdict]) -> None:
    """Flaky or reverted: what is named is good below, bad above, with nothing between that can be told."""
    names = versions(len(verdicts) + 2)
    truth = truth_of(names, verdicts)
    search, asked = run(names, truth)
    low, high = names.index(search.good), names.index(search.bad)
    assert (truth[search.good], truth[search.bad]) == ("good", "bad")
    assert low < high
    assert search.skipped == names[low + 1 : high]
    assert {truth[name] for name in search.skipped} <= {"skip"}
    assert len(asked) <= len(verdicts).bit_length() + sum(truth[name] == "skip" for name in asked)


@given(st.lists(st.sampled_from(["good", "bad", "skip"]), max_size=40))
@settings(max_examples=50, deadline=None)
def test_what_comes_next_is_among_what_was_foretold(verdicts: list[Verdict]) -> None:
    names = versions(len(verdicts) + 2)
    truth, search = truth_of(names, verdicts), Search(names)
    while (version := search.next) is not None:
        ahead, verdict = search.ahead(), truth[version]
        assert len(ahead) <= 2
        search = search.seen(version, verdict)
        assert verdict == "skip" or search.next is None or search.next in ahead


def test_a_number_that_was_never_published_is_not_the_first_bad_one() -> None:
    search = Search(versions(5)).seen("2.1.4", "absent")
    assert search.next == "2.1.6"
    search = search.seen("2.1.6", "bad").seen("2.1.2", "good")
    assert (search.next, search.good, search.bad, search.skipped) == (None, "2.1.2", "2.1.6", ())


def test_an_order_by_number_is_what_it_is_given() -> None:
    search = Search(("2.1.9", "2.1.10", "2.1.100"))
    assert search.next == "2.1.10"
    assert search.seen("2.1.10", "bad").bad == "2.1.10"


@pytest.mark.parametrize("count", [2, 3, 4, 9, 200])
def test_the_steps_that_are_left(count: int) -> None:
    assert Search(versions(count)).steps == (count - 2).bit_length()
