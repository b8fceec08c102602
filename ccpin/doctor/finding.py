"""What a check says: one finding, and how a run of checks ends."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Literal

from ccpin.errors import CcpinError, ProblemsFound
from ccpin.pinning import flags

Level = Literal["ok", "note", "warning", "problem"]
LEVELS: tuple[Level, ...] = ("ok", "note", "warning", "problem")
"""From nothing to do, to: what runs here is not what the lock says, or nothing runs."""

_LONGEST = 32  # characters of a value
_PLAIN = ("", "0", "1", "true", "false", "yes", "no", "on", "off")


@dataclass(frozen=True)
class Finding:
    """`id` is the check's, and never changes its meaning; `line` one sentence; `evidence` what was measured or read, a
    short line each (`file:line`, a path); `command` what mends it, as one types it, or None."""

    id: str
    level: Level
    line: str
    evidence: tuple[str, ...] = ()
    command: str | None = None


def problems_found(findings: tuple[Finding, ...]) -> ProblemsFound | None:
    """What ends the command, or None where there is no problem."""
    count = sum(finding.level == "problem" for finding in findings)
    return ProblemsFound(count=f"{count} problem{'s' if count != 1 else ''} found") if count else None


def from_error(id: str, error: CcpinError, level: Level = "problem") -> Finding:  # noqa: A002  its name in a finding
    """An expected failure as a finding: every hint names a command between backticks, the first one."""
    command = re.search(r"`([^`]+)`", error.hint)
    return Finding(id, level, error.message, (error.where,) if error.where else (), command[1] if command else None)


def shown(name: str, value: str) -> str:
    """`NAME = "value"` for a flag of the table, as far as a value may be shown: what is not of the flag's kind may be
    anything, a piece of a prompt too."""
    if value.lower() not in _PLAIN and flags.TABLE[name].kind.problem(value) is not None:
        return f"{name} = (a value that is not shown)"
    return f'{name} = "{value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"}"'


def edit(where: str) -> str:
    """The command that opens `file:line`."""
    file, _, line = where.rpartition(":")
    at = f"+{line} " if file and line.isdecimal() else ""
    return f"${{EDITOR:-vi}} {at}{shlex.quote(file if at else where)}"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 flag`, `2 flags`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
