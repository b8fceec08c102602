"""What `ccpin sessions` found, as data and as a screen of text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ccpin.doctor.finding import counted
from ccpin.sessions.audit import Audit, Session
from ccpin.sessions.stats import CAVEAT, Release
from ccpin.sessions.tell import SAYS, by_release, named, stats_rows
from ccpin.sessions.times import iso

_WIDTH = 100
_NAMED = 20
"""How many sessions are named where not all are asked for."""


def data_of(found: Audit, folder: str | None, since: float, releases: Sequence[Release] | None) -> dict[str, Any]:
    return {
        "folder": folder,
        "since": iso(since) if since else None,
        "sessions": len(found.sessions),
        "off": found.off,
        "changed": found.changed,
        "nameless": found.nameless,
        "files": found.files,
        "bytes": found.bytes,
        "passed": [{"path": one.path, "why": one.why} for one in found.passed],
        "rows": [_session(one) for one in found.sessions],
        "stats": None if releases is None else {"releases": [asdict(one) for one in releases], "caveat": CAVEAT},
    }


def _session(one: Session) -> dict[str, Any]:
    return {
        "id": one.id,
        "folder": one.folder,
        "first": one.first,
        "last": one.last,
        "releases": list(one.releases),
        "changes": [asdict(change) for change in one.changes],
        "verdict": one.fit.verdict,
        "locked": list(one.fit.locked),
        "lock_changes": [{"at": at, "version": version or None} for at, version in one.fit.changes],
        "models": dict(one.models),
        "efforts": dict(one.efforts),
        "prompts": [{"digest": digest, "at": at} for digest, at in one.shapes.items()],
        "rows": one.rows,
        "subagents": one.agents,
        "inherited": one.inherited,
        "unread": one.unread,
    }


def text_of(
    found: Audit, where: str, config: str, releases: Sequence[Release] | None, *, since: str | None, every: bool
) -> str:
    span = f" since {since}" if since else ""
    if not found.sessions:
        return (
            f"no sessions of {where}{span} in {config}; Claude Code keeps them for 30 days, unless it is told otherwise"
        )
    total = counted(len(found.sessions), f"session of {where}", f"sessions of {where}")
    lines = [f"{total}{span}: {found.off} off the lock, {found.changed} changed in the middle"]
    lines += _by_release(found)
    lines += _named(found, every=every)
    if releases is not None:
        lines += ["", *_stats(releases)]
    return "\n".join(lines)


def _by_release(found: Audit) -> Iterator[str]:
    for version, some in by_release(found).items():
        first, last = min(one.first for one in some)[:10], max(one.last for one in some)[:10]
        verdicts = {verdict: sum(one.fit.verdict == verdict for one in some) for verdict in SAYS}
        said = ", ".join(f"{number} {SAYS[verdict]}" for verdict, number in verdicts.items() if number)
        yield f"  {version:<9} {len(some):>5}  {first} to {last}  {said}"


def _named(found: Audit, *, every: bool) -> Iterator[str]:
    odd = [one for one in found.sessions if every or one.is_off or one.changes][::-1]
    shown = odd if every else odd[:_NAMED]
    if shown:
        yield ""
    for one in shown:
        name, began, *said = named(one)
        yield f"  {began}  {name}  {'; '.join(filter(None, said))}"
    if len(odd) > len(shown):
        yield f"  and {len(odd) - len(shown):,} more, which `--every` names"


def _stats(releases: Sequence[Release]) -> Iterator[str]:
    rows = stats_rows(releases)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
    yield "  Each is the median over sessions, with the quartiles, and n, the sessions that tell it."
    yield textwrap.fill(CAVEAT, _WIDTH, initial_indent="  ", subsequent_indent="  ")
