"""Which rows of a session were copied from another one, when it was forked or resumed under a new id.

Measured, by letting one release go on with another one's session: a copy has the new session's id; its own `uuid`
stays. 1.0.100 and 2.0.14 write the copies with their own version and the time of the copying; 2.1.112 and 2.1.200
with their own version and the old time; 2.1.330 with the old version and the old time. So neither the version nor the
session of a row says that it is a copy; its id does, once the other file is known. (1.0.51 gives copies of its own
sessions new ids; their version is its own, too, so nothing seems to change in them.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set

from ccpin.pinning.head import is_version, version_key
from ccpin.sessions.read import Trace

_FIRST = 8
"""How many ids of a file's beginning are looked for in others: some first rows give none to a quick look."""

_NEAR = 32
"""A session that was resumed a thousand times has a thousand copies, and each pair of them to compare would take
minutes. What was copied was copied from the first of them, or from one of about the same time."""


def copied(traces: Sequence[Trace]) -> dict[str, Set[int]]:
    """Path -> the ids in there that another file had first."""
    holders: dict[int, list[int]] = {one: [] for trace in traces for one in trace.ids[:_FIRST]}
    for number in sorted(range(len(traces)), key=lambda each: _span(traces[each])):
        for one in dict.fromkeys(each for each in traces[number].ids if each in holders):
            holders[one].append(number)
    related: dict[int, set[int]] = defaultdict(set)
    for numbers in holders.values():
        for at, number in enumerate(numbers if len(numbers) > 1 else ()):
            related[number].update(_near(numbers, at))
    found: dict[str, set[int]] = {}
    for number, others in related.items():
        trace, own = traces[number], set(traces[number].ids)
        for other in (traces[each] for each in others - {number}):
            shared = own.intersection(other.ids)
            if shared and _is_later(trace, other, shared):
                found.setdefault(trace.file.path, set()).update(shared)
    return dict(found)


def _near(numbers: Sequence[int], at: int) -> Sequence[int]:
    """Of the files that hold one id, in the order of their times, those that the one at `at` is held against."""
    return [*numbers[:_NEAR], *numbers[max(at - _NEAR, 0) : at + _NEAR + 1]]


def _span(trace: Trace) -> tuple[str, str, str]:
    return trace.begun, trace.segments[-1].last if trace.segments else "", trace.file.path


def _is_later(trace: Trace, other: Trace, shared: set[int]) -> bool:
    """Whether `trace` is the copy. One of two is, and not both."""
    return _age(trace, shared) > _age(other, shared)


def _age(trace: Trace, shared: set[int]) -> tuple[object, ...]:
    """What the copy has more of: few rows before the shared ones; a later time in them; something that was written
    before them and is later than they are; a newer release in them. In the end, the later file."""
    before = next(number for number, one in enumerate(trace.ids) if one in shared)
    version = trace.segments[0].version if trace.segments else ""
    return (
        before == 0,
        trace.begun,
        trace.opened > trace.begun,
        version_key(version) if is_version(version) else (0, 0, 0),
        trace.segments[-1].first if trace.segments else "",
        trace.file.path,
    )
