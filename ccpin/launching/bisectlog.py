"""The log of a bisection, `log.jsonl`: what was asked, and before and after each step what is done. One JSON object a
line; the file is replaced as a whole, so a killed process leaves the log of the step before or of the step after.

    {"event": "begin", "good": "2.1.113", "bad": "2.1.330", "command": ["sh", "check"], …, "candidates": […]}
    {"event": "trying", "version": "2.1.113"}
    {"event": "tried", "version": "2.1.113", "holds": false, "said": "exit code 0", "runs": 1, "absent": false}
    {"event": "done"}
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from ccpin.errors import NothingToContinue, StoreUnwritable
from ccpin.files import replace_file
from ccpin.paths import Home
from ccpin.pinning.find import read_plain
from ccpin.pinning.head import is_version, version_key
from ccpin.store.bisects import name_of

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
    in a few words. `runs` is how often it was started for that; `absent` says that there is no such release."""

    holds: bool | None
    said: str
    runs: int = 1
    absent: bool = False


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
            values = {name: entry[name] for name in Seen._fields}
            if entry["version"] not in self.asked.candidates or not all(_SEEN[name](values[name]) for name in _SEEN):
                raise ValueError(entry)
            self.seen[entry["version"]] = Seen(**values)
        self.is_done = self.is_done or entry["event"] == "done"
        self._lines.append(json.dumps(entry))


def read_log(folder: str) -> Log | None:
    """The log in a bisection's folder; None where there is none that can be read."""
    try:
        first, *rest = map(json.loads, read_plain(os.path.join(folder, _NAME), _MOST).decode().splitlines())
        log = Log(folder, _asked(first))
        for entry in rest:
            log._take(entry)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    asked = log.asked
    return log if os.path.basename(folder) == name_of(asked.project, asked.good, asked.bad) else None


def _asked(entry: Mapping[str, Any]) -> Asked:
    """What a log begins with. Another ccpin may have asked more, and then the answer would be to something else. Raises
    ValueError, TypeError, AttributeError."""
    if entry.keys() != {"event", *_ASKED} or entry["event"] != "begin":
        raise ValueError(entry)
    if odd := [name for name, is_good in _ASKED.items() if not is_good(entry[name])]:
        raise ValueError(odd)
    values: dict[str, Any] = {}
    for name in _ASKED:
        values[name] = tuple(entry[name]) if isinstance(entry[name], list) else entry[name]
    asked = Asked(**values)
    keys = list(map(version_key, asked.candidates))
    ends = (asked.candidates[0], asked.candidates[-1]) == (asked.good, asked.bad)
    if not ends or keys != sorted(set(keys)) or bool(asked.command) == (asked.wire is not None):
        raise ValueError(entry)
    return asked


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 10_000


def _is_folder(value: object) -> bool:
    return isinstance(value, str) and os.path.isabs(value) and "\0" not in value


def _list_of(is_good: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(is_good, value))


def _texts_by_name(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


_VERSIONS = _list_of(is_version)
_ASKED: Mapping[str, Callable[[Any], bool]] = {
    "project": _is_folder,
    "folder": _is_folder,
    "good": is_version,
    "bad": is_version,
    "command": _list_of(lambda word: isinstance(word, str) and "\0" not in word),
    "wire": lambda value: value is None or isinstance(value, str),
    "env": _texts_by_name,
    "clean": _is_bool,
    "mode": ("first-party", "gateway").__contains__,
    "runs": lambda value: _is_count(value) and value % 2 == 1,
    "skip": _VERSIONS,
    "candidates": lambda value: _VERSIONS(value) and len(value) > 1,
    "installed": _VERSIONS,
    "passed": _texts_by_name,
}
_SEEN: Mapping[str, Callable[[Any], bool]] = {
    "holds": lambda value: value is None or isinstance(value, bool),
    "said": _is_text,
    "runs": _is_count,
    "absent": _is_bool,
}


def folder_to_continue(home: Home, project: str) -> str:
    """The folder of the bisection of a project that was at work last, and is not done. Raises NothingToContinue."""
    found = [(when, folder) for when, folder, log in _logs(home) if log.asked.project == project and not log.is_done]
    if not found:
        raise NothingToContinue(reason="none was begun, all are done, or another ccpin began it")
    return max(found)[1]


def _logs(home: Home) -> Iterator[tuple[int, str, Log]]:
    for name in os.listdir(home.bisects) if os.path.isdir(home.bisects) else []:
        folder = os.path.join(home.bisects, name)
        log = read_log(folder)
        with contextlib.suppress(OSError):
            if log is not None:
                yield os.stat(os.path.join(folder, _NAME)).st_mtime_ns, folder, log
