"""What a bisection says: its steps while it goes on, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ccpin.cli.bisecting import named, own_versions
from ccpin.cli.moved import what_changes
from ccpin.cli.output import Answer, say
from ccpin.cli.rows import rebroken
from ccpin.errors import NotDecided, printable
from ccpin.launching.bisectlog import Asked, Log
from ccpin.paths import Home
from ccpin.pinning.head import version_key
from ccpin.pinning.profile import profile_of
from ccpin.releases.search import Search
from ccpin.wire.capture import Mode
from ccpin.wire.predicate import parse_predicate

CHANGELOG = "https://github.com/anthropics/claude-code/blob/main/CHANGELOG.md"


def progress(line: str) -> None:
    """One line on stderr."""
    say(printable(f"ccpin: {line}"))


def answer(log: Log, search: Search, home: Home, env: dict[str, str]) -> Answer:
    """What came of it. An error where some could not be told that may be the first one."""
    asked = log.asked
    mode: Mode = "gateway" if asked.mode == "gateway" else "first-party"
    sends, _ = what_changes(home, env, search.good, search.bad, asked.env, clean=asked.clean, wire=False, mode=mode)
    suspects = (*search.skipped, search.bad)
    installed = sorted(own_versions(home) & set(asked.candidates) - set(asked.installed), key=version_key)
    lines = [
        _sentence(asked, log, search),
        f"  good       {search.good}: {_seen(log, search.good)}",
        f"  bad        {search.bad}: {_seen(log, search.bad)}",
        f"  looked at  {len(log.seen)} of {len(asked.candidates)} releases, in {_runs(log)} runs",
        *rebroken(sends),
        f"  changelog  {CHANGELOG}",
    ]
    errors = [NotDecided(versions=", ".join(suspects), first=suspects[0])] if search.skipped else []
    return Answer(_data(log, search, installed, sends), "\n".join(lines), _notes(log, search, installed), errors)


def _sentence(asked: Asked, log: Log, search: Search) -> str:
    which = f"{search.bad} is the first release" if not search.skipped else f"{search.bad} is a release"
    if asked.wire is None:
        return f"{which} for which `{named(asked.command)}` fails"
    holds = bool(log.seen[search.bad].holds)
    return f"{which} for which {parse_predicate(asked.wire).said(holds)}"


def _data(log: Log, search: Search, installed: Sequence[str], sends: list[str]) -> dict[str, Any]:
    asked = log.asked
    return {
        "first": None if search.skipped else search.bad,
        "suspects": [*search.skipped, search.bad],
        "good": search.good,
        "bad": search.bad,
        "command": list(asked.command),
        "wire": asked.wire,
        "profile": profile_of(asked.env, clean=asked.clean),
        "flags": dict(asked.env),
        "clean": asked.clean,
        "mode": asked.mode,
        "candidates": len(asked.candidates),
        "passed": dict(asked.passed),
        "tested": [
            {"version": version, "verdict": search.verdicts[version], "said": seen.said, "runs": seen.runs}
            for version, seen in log.seen.items()
        ],
        "runs": _runs(log),
        "installed": installed,
        "sends": sends,
        "changelog": CHANGELOG,
    }


def _notes(log: Log, search: Search, installed: Sequence[str]) -> list[str]:
    low, high = version_key(search.good), version_key(search.bad)
    notes = [
        f"note: {version}, which is between them, was passed over: {why}"
        for version, why in log.asked.passed.items()
        if low < version_key(version) < high
    ]
    notes += [f"note: {version}: {seen.said}" for version, seen in log.seen.items() if "not stable" in seen.said]
    if installed:
        count = "1 release was" if len(installed) == 1 else f"{len(installed)} releases were"
        notes.append(f"note: {count} installed for it; `ccpin prune` frees what nothing needs")
    return notes


def _seen(log: Log, version: str) -> str:
    return log.seen[version].said


def _runs(log: Log) -> int:
    return sum(seen.runs for seen in log.seen.values())
