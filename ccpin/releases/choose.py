"""From a version request to one Release: the newest that it means, that is whole, and that is old enough.

A request is looked up once, when a lock is written, and never at a launch. An exact version is taken as it is, with a
note where something is known of it; a channel or a range passes over releases that lack a platform, were withdrawn,
or are too young, and names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from ccpin.errors import (
    AgeUnknown,
    Incomplete,
    NeedsNativeModule,
    NothingFits,
    NotOnChannel,
    PlatformMissing,
    TooYoung,
    UnknownRelease,
)
from ccpin.pinning.request import Request
from ccpin.releases.release import WITHDRAWN, Release
from ccpin.releases.source import Source

_MOST_TRIED = 30
_MOST_REASONS = 5


@dataclass(frozen=True)
class Chosen:
    """What a request means. `passed` is version -> why it was passed over, newest first."""

    release: Release
    passed: dict[str, str]

    @property
    def notes(self) -> Iterator[str]:
        """Sentences for the one who asked."""
        for version, why in self.passed.items():
            yield f"{version} was passed over: {why}"
        if said := WITHDRAWN.get(self.release.version):
            yield f"{self.release.version} is known for this: {said}"
        yield from self.release.notes


@dataclass(frozen=True)
class Age:
    """How old a release must be at least, at the time `now` (with its zone)."""

    least: timedelta
    now: datetime

    def reason(self, release: Release) -> str:
        """Why a release does not do; empty where it does. Raises AgeUnknown."""
        if release.built is None:
            raise AgeUnknown(version=release.version)
        age = self.now - release.built
        if age >= self.least:
            return ""
        ago = f"{_span(age)} ago" if age > timedelta(0) else "in the future, by this machine's clock"
        return f"it was built {ago} ({release.built:%Y-%m-%d}), and {_span(self.least)} are asked for"


def choose(
    source: Source,
    request: Request,
    platform: str,
    runtime: Callable[[str], str | None] = lambda version: None,
    age: Age | None = None,
) -> Chosen:
    """The release that a request means at a source, for this `platform` and all others. `runtime` chooses for a version
    that has both, or says None.

    Raises NothingFits, TooYoung, AgeUnknown, and what `Source.candidates` and `Source.resolve` raise.
    """
    if request.kind == "exact":
        release = source.resolve(request.text, platform, runtime(request.text))
        if age is not None and (reason := age.reason(release)):
            raise TooYoung(version=release.version, reason=reason)
        return Chosen(release, {})
    passed: dict[str, str] = {}
    for version in islice(source.candidates(request), _MOST_TRIED):
        if version in WITHDRAWN:
            passed[version] = WITHDRAWN[version]
            continue
        try:
            found = _whole(source, version, platform, runtime(version), age)
        except (NotOnChannel, UnknownRelease):
            if not passed:
                raise  # the pointer's own
            continue  # a gap in the numbers
        if isinstance(found, Release):
            return Chosen(found, passed)
        passed[version] = found
    raise NothingFits(request=request.text, passed=_listed(passed))


def _whole(source: Source, version: str, platform: str, runtime: str | None, age: Age | None) -> Release | str:
    """A version as a channel or a range may mean it, or why it may not."""
    try:
        release = source.resolve(version, platform, runtime, whole=True)
        reason = age.reason(release) if age is not None else ""
    except (Incomplete, PlatformMissing) as error:
        return f"it lacks {error.facts.get('absent', error.facts.get('platform'))}"
    except NeedsNativeModule as error:
        return f"it needs {error.facts['modules']}, compiled at install"
    except AgeUnknown:
        return "nobody tells when it was built"
    return reason or release


def _listed(passed: dict[str, str]) -> str:
    """`2.0.15, 2.0.14: nobody tells …; 2.0.10: …`: versions with the same reason together, and the first reasons only:
    by their age alone, thirty releases have thirty."""
    by_reason: dict[str, list[str]] = {}
    for version, reason in passed.items():
        by_reason.setdefault(reason, []).append(version)
    said = [f"{', '.join(versions)}: {reason}" for reason, versions in by_reason.items()]
    left = sum(map(len, list(by_reason.values())[_MOST_REASONS:]))
    return "; ".join([*said[:_MOST_REASONS], *([f"and {left} more"] if left else [])])


def _span(span: timedelta) -> str:
    """`7 days`, `36 hours`: whole days from three on, and where it is days that were meant."""
    hours = span // timedelta(hours=1)
    number, unit = (span.days, "day") if hours >= 72 or hours in (24, 48) else (hours, "hour")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
