"""Which release to look at next, to find the first one that is bad: a value, changed by what was seen.

    search = Search(("2.1.1", "2.1.2", "2.1.4", "2.1.5"))  # the first one is good, the last one bad
    search.next                                            # "2.1.4"
    search.seen("2.1.4", "bad").next                       # "2.1.2"

By numbers alone, never by time. Where a release cannot be told, others near by are looked at; what is left of those in
the end is what may be the first bad one, as well as the one that is known to be. One that is absent, a number that was
never published, is none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Verdict = Literal["good", "bad", "skip", "absent"]


@dataclass(frozen=True)
class Search:
    """`versions` are all that count, oldest first, at least two; `verdicts` what was seen of those between the first,
    which is good, and the last, which is bad."""

    versions: tuple[str, ...]
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)

    def seen(self, version: str, verdict: Verdict) -> Search:
        """The search that knows this, too."""
        return replace(self, verdicts={**self.verdicts, version: verdict})

    @property
    def good(self) -> str:
        """The newest one that is known to be good."""
        return self.versions[self._low]

    @property
    def bad(self) -> str:
        """The oldest one that is known to be bad."""
        return self.versions[self._high]

    @property
    def next(self) -> str | None:
        """The one in the middle of those that are left; None where none is."""
        left = self._left
        return left[len(left) // 2] if left else None

    @property
    def steps(self) -> int:
        """How many more it takes at most, if none of them has to be skipped."""
        return len(self._left).bit_length()

    @property
    def skipped(self) -> tuple[str, ...]:
        """Those between `good` and `bad` that could not be told: each of them may be the first bad one."""
        return tuple(version for version in self._between if self.verdicts.get(version) == "skip")

    def ahead(self) -> tuple[str, ...]:
        """What `next` may be after it, if it is good and if it is bad."""
        current = self.next
        if current is None:
            return ()
        either = (self.seen(current, "good").next, self.seen(current, "bad").next)
        return tuple(version for version in either if version is not None)

    @property
    def _low(self) -> int:
        good = [at for at, version in enumerate(self.versions) if self.verdicts.get(version) == "good"]
        return max(good, default=0)

    @property
    def _high(self) -> int:
        bad = [at for at, version in enumerate(self.versions) if self.verdicts.get(version) == "bad"]
        return min(bad, default=len(self.versions) - 1)

    @property
    def _between(self) -> tuple[str, ...]:
        return self.versions[self._low + 1 : self._high]

    @property
    def _left(self) -> list[str]:
        return [version for version in self._between if version not in self.verdicts]
