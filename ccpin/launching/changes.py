"""What `ccpin setup` reports: one frozen result, which `cli` turns into text or JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ccpin.errors import CcpinError

Action = Literal["written", "unchanged", "removed", "left alone", "would write", "would remove"]


@dataclass(frozen=True)
class Change:
    """What happened to one file, or to the registry's value `path` on Windows. `detail` says more, or is ""."""

    path: str
    action: Action
    detail: str = ""


@dataclass(frozen=True)
class SetupResult:
    """What setup did.

    `activate` is the line that makes the current shell see it; None where it does, or where no line can. `notes` are
    sentences to print. `problems` are failures that did not keep the rest from being done: exit code 1.
    """

    changes: tuple[Change, ...]
    activate: str | None = None
    notes: tuple[str, ...] = ()
    problems: tuple[CcpinError, ...] = ()
