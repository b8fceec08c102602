"""Bisecting: the first release for which something holds that did not hold before, or no longer holds that did.

Both ends are looked at first. Then it goes by `ccpin.releases.search`; whatever was seen is in the log before the next
step begins, so that what breaks off can go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ccpin.errors import EndNotTold, EndsAlike, NodeMissing, NodeUnfit, NotCaptured, NotOnChannel, ReleaseError
from ccpin.launching.bisectlog import Asked, Log, Seen
from ccpin.pinning.head import Head
from ccpin.releases.search import Search, Verdict

_UNTESTABLE = (ReleaseError, NotOnChannel, NodeMissing, NodeUnfit, NotCaptured)


@dataclass(frozen=True)
class Means:
    """How it is done. `obtain` installs a release and gives its head with the flags; `judge` runs it once; `ahead` gets
    what may be wanted next, likeliest first, while that happens; `tell` is for a line about the way so far."""

    obtain: Callable[[str], Head]
    judge: Callable[[Head], Seen]
    ahead: Callable[[Sequence[str]], None]
    tell: Callable[[str], None]


def bisect(log: Log, means: Means) -> Search:
    """Goes on where the log is. The search when it is over: its `bad` is the first one, unless some were `skipped`.

    Raises EndsAlike, EndNotTold, what `obtain` and `judge` raise beyond what only keeps one release from being told,
    and StoreUnwritable.
    """
    asked = log.asked
    start = Search(asked.candidates)
    for end, later in ((asked.good, (asked.bad,)), (asked.bad, (start.next,))):
        if end not in log.seen:
            means.tell(f"{end}, one end (about {steps_said(start.steps)} after the ends)")
            _try(log, means, end, [version for version in later if version])
        _require_told(asked, end, log.seen)
    search = _so_far(log)
    while (version := search.next) is not None:
        means.tell(f"{version} (about {steps_said(search.steps)} left)")
        _try(log, means, version, search.ahead())
        search = _so_far(log)
    log.done()
    return search


def _so_far(log: Log) -> Search:
    """What the log knows: `good` is what the good end shows."""
    asked = log.asked
    search = Search(asked.candidates)
    for version in asked.skip:
        search = search.seen(version, "skip")
    normal = log.seen[asked.good].holds
    for version, seen in log.seen.items():
        search = search.seen(version, _verdict(seen, normal))
    return search


def _verdict(seen: Seen, normal: bool | None) -> Verdict:
    if seen.holds is None:
        return "absent" if seen.absent else "skip"
    return "good" if seen.holds == normal else "bad"


def _try(log: Log, means: Means, version: str, later: Sequence[str]) -> None:
    log.trying(version)
    try:
        head = means.obtain(version)
        means.ahead(later)
        seen = majority(lambda: means.judge(head), log.asked.runs)
    except _UNTESTABLE as error:
        seen = Seen(None, error.message, 0, absent=isinstance(error, NotOnChannel))  # whose numbers were guessed
    log.tried(version, seen)
    means.tell(f"{version}: {seen.said}")


def majority(judge: Callable[[], Seen], runs: int) -> Seen:
    """What more than half of `runs` runs (an odd number) show; no more of them than that takes. One that cannot be told
    settles it."""
    votes: Counter[bool] = Counter()
    while True:
        seen = judge()
        count = sum(votes.values()) + 1
        if seen.holds is None:
            return seen._replace(runs=count)
        votes[seen.holds] += 1
        if votes[seen.holds] > runs // 2:
            flaky = f", {votes[seen.holds]} of {count} runs: it is not stable" if len(votes) > 1 else ""
            return Seen(seen.holds, seen.said + flaky, count)


def _require_told(asked: Asked, end: str, known: dict[str, Seen]) -> None:
    """Raises EndNotTold, EndsAlike."""
    seen = known[end]
    if seen.holds is None:
        raise EndNotTold(version=end, why=seen.said)
    if asked.wire is None and end == asked.good and seen.holds:
        raise EndsAlike(good=asked.good, bad=asked.bad, why=f"the command fails for {end} already ({seen.said})")
    if end == asked.bad and seen.holds == known[asked.good].holds:
        both = "the command does not fail for either" if asked.wire is None else f"in both of them {seen.said}"
        raise EndsAlike(good=asked.good, bad=asked.bad, why=both)


def steps_said(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"
