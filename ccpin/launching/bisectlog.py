"""The log of a bisection, `log.jsonl`: what was asked, and before and after each step what is done. One JSON object a
line; the file is replaced as a whole, so a killed process leaves the log of the step before or of the step after.

    {"event": "begin", "good": "2.1.113", "bad": "2.1.330", "command": ["sh", "check"], …, "candidates": […]}
    {"event": "trying", "version": "2.1.113"}
    {"event": "tried", "version": "2.1.113", "holds": false, "said": "exit code 0"}
    {"event": "done"}
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple

from ccpin.errors import NothingToContinue, StoreUnwritable
from ccpin.files import replace_file
from ccpin.paths import Home
from ccpin.pinning.find import read_plain

_NAME = "log.jsonl"
_MOST = 4 << 20  # bytes


@dataclass(frozen=True)
class Asked:
    """What to look for. `project` is the folder that it was asked in, or that of its lock, `folder` where the command
    runs; either `command` or `wire`, a predicate; `env` and `clean` are the flags; `mode` that of captures.

    `candidates` are the releases that count, oldest first, both ends included; `passed` is version -> why another one
    between them does not; `skip` are those that were skipped by hand, `installed` those that were there before.
    """

    project: str
    folder: str
    good: str
    bad: str
    command: tuple[str, ...]
    wire: str | None
    env: Mapping[str, str]
    clean: bool
    mode: str
    runs: int
    skip: tuple[str, ...]
    candidates: tuple[str, ...]
    installed: tuple[str, ...]
    passed: Mapping[str, str] = field(default_factory=dict)


class Seen(NamedTuple):
    """What a release showed: whether what is looked for `holds`, None where that cannot be told; and why, or how often,
    in a few words. `runs` is how often it was started for that."""

    holds: bool | None
    said: str
    runs: int = 1


class Log:
    """One that is written to: `asked`, and what was `seen` so far."""

    def __init__(self, folder: str, asked: Asked) -> None:
        self.asked = asked
        self.seen: dict[str, Seen] = {}
        self.is_done = False
        self._path = os.path.join(folder, _NAME)
        self._lines: list[str] = [json.dumps({"event": "begin", **asdict(asked)})]

    def begin(self) -> None:
        """Takes the place of an older one. Raises StoreUnwritable."""
        self._write()

    def trying(self, version: str) -> None:
        self._add("trying", version=version)

    def tried(self, version: str, seen: Seen) -> None:
        self.seen[version] = seen
        self._add("tried", version=version, **seen._asdict())

    def done(self) -> None:
        self.is_done = True
        self._add("done")

    def _add(self, event: str, **values: object) -> None:
        self._lines.append(json.dumps({"event": event, **values}))
        self._write()

    def _write(self) -> None:
        try:
            replace_file(self._path, "".join(f"{line}\n" for line in self._lines).encode(), 0o600)
        except OSError as error:
            raise StoreUnwritable(path=self._path, reason=(error.strerror or "unknown reason").lower()) from None

    def _take(self, entry: Mapping[str, Any]) -> None:
        """An entry that was read. Raises ValueError, TypeError, KeyError."""
        if entry["event"] == "tried":
            holds = entry["holds"]
            if not isinstance(holds, (bool, type(None))):
                raise ValueError(holds)
            self.seen[str(entry["version"])] = Seen(holds, str(entry["said"]), int(entry["runs"]))
        self.is_done = self.is_done or entry["event"] == "done"
        self._lines.append(json.dumps(entry))


def read_log(folder: str) -> Log | None:
    """The log in a bisection's folder; None where there is none that can be read."""
    try:
        first, *rest = map(json.loads, read_plain(os.path.join(folder, _NAME), _MOST).decode().splitlines())
        lists = {name: tuple(map(str, first[name])) for name in ("command", "skip", "candidates", "installed")}
        values = {each.name: first[each.name] for each in fields(Asked)}
        log = Log(folder, Asked(**{**values, **lists}))
        for entry in rest:
            log._take(entry)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return log


def folder_to_continue(home: Home, project: str) -> str:
    """The folder of the bisection of a project that was at work last, and is not done. Raises NothingToContinue."""
    found = [(when, folder) for when, folder, log in _logs(home) if log.asked.project == project and not log.is_done]
    if not found:
        raise NothingToContinue(reason="none was begun, or all are done")
    return max(found)[1]


def _logs(home: Home) -> Iterator[tuple[int, str, Log]]:
    for name in os.listdir(home.bisects) if os.path.isdir(home.bisects) else []:
        folder = os.path.join(home.bisects, name)
        log = read_log(folder)
        with contextlib.suppress(OSError):
            if log is not None:
                yield os.stat(os.path.join(folder, _NAME)).st_mtime_ns, folder, log
