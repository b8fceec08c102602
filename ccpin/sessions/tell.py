"""What is said of sessions, wherever it is said: in the terminal and on a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ccpin.errors import printable
from ccpin.pinning.head import is_version, version_key
from ccpin.sessions.audit import Audit, Change, Session
from ccpin.sessions.locks import FITS, NO_LOCK, NO_LOCK_THEN, OFF, UNKNOWN
from ccpin.sessions.stats import Release, Spread

SAYS = {
    FITS: "fits the lock",
    OFF: "off the lock",
    UNKNOWN: "the lock of then is not known",
    NO_LOCK_THEN: "before there was a lock",
    NO_LOCK: "no lock",
}
_MOST_CHANGES = 9
_SPREADS = {
    "turns": "turns",
    "tool_calls_per_turn": "tools/turn",
    "reads_per_edit": "reads/edit",
    "thinking_tokens_per_answer": "thinking/answer",
    "interruptions_per_turn": "interrupts/turn",
}


def by_release(found: Audit) -> dict[str, list[Session]]:
    """The sessions that each release had a part in, the oldest release first."""
    versions = {version for one in found.sessions for version in one.releases}
    ordered = sorted(versions, key=lambda v: (version_key(v) if is_version(v) else (0, 0, 0), v))
    return {version: [one for one in found.sessions if version in one.releases] for version in ordered}


def named(one: Session) -> tuple[str, str, str, str, str]:
    """Its id, when it began, who wrote it, whether it fits, and with what it was written."""
    return printable(one.id[:8]), when(one.first), _written(one), _fit(one), _how(one)


def _written(one: Session) -> str:
    if not one.changes:
        return " and ".join(one.releases)
    left = f" and {len(one.changes) - _MOST_CHANGES:,} more" if len(one.changes) > _MOST_CHANGES else ""
    return one.changes[0].before + "".join(map(_change, one.changes[:_MOST_CHANGES])) + left


def _change(one: Change) -> str:
    return f" → {one.after} ({printable(one.agent) or 'row'} {one.row:,}, {when(one.at)})"


def _fit(one: Session) -> str:
    said = SAYS[one.fit.verdict]
    if one.fit.verdict == OFF:
        said = f"the lock named {' and '.join(one.fit.locked)}" if one.fit.locked else said
    return said + "".join(f"; the lock changed to {version or 'none'}, {when(at)}" for at, version in one.fit.changes)


def _how(one: Session) -> str:
    model = next((name for name in one.models if name != "<synthetic>"), "")
    more = len([name for name in one.models if name != "<synthetic>"]) - 1
    words = [model + (f" and {more} more" if more > 0 else "")] if model else []
    words += [f"effort {'/'.join(one.efforts)}"] if one.efforts else []
    words += (
        [f"{len(one.shapes)} prompt{'s' * (len(one.shapes) > 1)} {next(iter(one.shapes))[:8]}"] if one.shapes else []
    )
    return ", ".join(words)


def when(at: str) -> str:
    return f"{at[:10]} {at[11:16]}" if at else "at an unknown time"


def stats_rows(releases: Sequence[Release]) -> list[list[str]]:
    """Words for people, with a first row that names the columns."""
    return [
        ["release", "sessions", *_SPREADS.values(), "tools"],
        *(
            [one.version, f"{one.sessions:,}", *(_spread(one.spreads[name]) for name in _SPREADS), _tools(one.tools)]
            for one in releases
        ),
    ]


def _spread(one: Spread | None) -> str:
    return "–" if one is None else f"{one.median:g} ({one.low:g}–{one.high:g}) n={one.count:,}"


def _tools(tools: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in list(tools.items())[:5])
