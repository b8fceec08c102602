"""`ccpin doctor`: what makes sessions here differ from those of others, and what mends it."""

from __future__ import annotations

import itertools
import os
import textwrap
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ccpin.cli.output import JSON, Answer, give
from ccpin.doctor.context import Context, look, this_machine
from ccpin.doctor.examine import CHECKS, Diagnosis, examine
from ccpin.doctor.finding import Finding, problems_found
from ccpin.doctor.mechanisms import ALWAYS, Mechanism
from ccpin.paths import find_home

_GROUPS = {check.id: check.group for check in CHECKS}
_STATE = 14  # characters
_LEVEL = 9
_WIDTH = 120


def doctor_command(as_json: JSON = False) -> None:
    """Say what is wrong here, and what mends it. Looks at the pin, the flags, the shells and this machine."""
    env = dict(os.environ)
    context = look(env, find_home(env), this_machine(), time.time())
    found = examine(context)
    error = problems_found(found.findings)
    give("doctor", Answer(_data(context, found), text(found), errors=[error] if error else []), as_json=as_json)


def _data(context: Context, found: Diagnosis) -> dict[str, Any]:
    return {
        "version": context.version or None,
        "lock": context.pin.path if context.pin else None,
        "mechanisms": [{"name": mechanism.name, **asdict(mechanism)} for mechanism in found.mechanisms],
        "always": ALWAYS,
        "findings": [asdict(finding) for finding in found.findings],
    }


def text(found: Diagnosis) -> str:
    """A diagnosis as people read it: a line for each finding, what it stands on, and the command behind `$`."""
    lines = ["why sessions differ", *_mechanisms(found.mechanisms), f"  {ALWAYS}"]
    for group, findings in itertools.groupby(found.findings, lambda finding: _GROUPS[finding.id]):
        lines += ["", group, *itertools.chain.from_iterable(map(_finding, findings))]
    return "\n".join(lines)


def _mechanisms(found: tuple[Mechanism, ...]) -> Iterator[str]:
    said: set[str | None] = set()
    for mechanism in found:
        yield from _wrapped(
            f"  {mechanism.state:<{_STATE}}{mechanism.number} ", f"{mechanism.name}: {mechanism.reason}"
        )
        command = mechanism.command if mechanism.command not in said else None  # one may mend several
        yield from _below(mechanism.evidence, command, _STATE + 4)
        said.add(command)


def _finding(finding: Finding) -> Iterator[str]:
    yield from _wrapped(f"  {finding.level:<{_LEVEL}}", finding.line)
    if finding.level != "ok":  # all is well: where that was read is for --json
        yield from _below(finding.evidence, finding.command, _LEVEL + 2)


def _below(evidence: tuple[str, ...], command: str | None, width: int) -> Iterator[str]:
    indent = " " * (width + 2)
    for line in evidence:
        yield from _wrapped(indent, line)
    if command:
        yield f"{indent}$ {command}"


def _wrapped(before: str, line: str) -> list[str]:
    """`line` behind `before`, and under itself where it is long; no word is cut, for it may be a path."""
    return textwrap.wrap(
        line,
        _WIDTH,
        initial_indent=before,
        subsequent_indent=" " * len(before),
        break_long_words=False,
        break_on_hyphens=False,
    )
