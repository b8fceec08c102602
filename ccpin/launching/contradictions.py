"""What stands above the lock: `env` of settings files that the release reads after, or above, what ccpin passes.

An administrator's policy stands above every `--settings`; where a release does not know that option, all settings
files do; and where it was not measured that "" unsets, so do those that set what a clean slate takes away. Of these
files only `env` is looked at, and of that only names of ccpin's table.

On the launch path of a clean slate: what only a file that is there needs is imported where it is needed.
"""

from __future__ import annotations

import errno
import os
import sys

from ccpin.errors import SettingsAbove
from ccpin.launching.clientdata import config_folder, state_files
from ccpin.pinning import flags
from ccpin.pinning.find import read_plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from ccpin.pinning.find import Pin

_MOST = 64 << 20  # bytes; `.claude.json` of a long user has megabytes
_MOST_BY_HAND = 4 << 20  # of all other files; a clone brings some of them, and what is read takes 30 times the memory


class Said:
    """`name = value` in the `env` of a settings file. `level` is "policy", "local", "project", "user" or "global",
    from the highest to the lowest; `where` is `file:line`. A file that cannot be read has the name ""."""

    __slots__ = ("level", "name", "value", "where")

    def __init__(self, level: str, where: str, name: str, value: str) -> None:
        self.level = level
        self.where = where
        self.name = name
        self.value = value


def require_none(
    env: Mapping[str, str],
    pin: Pin,
    cleared: Sequence[str],
    *,
    beaten: bool,
    unset: bool,
    say: Callable[[str], None],
) -> None:
    """Raises SettingsAbove for the first contradiction of a lock that asks for a clean slate; says it otherwise.

    `beaten`: the release takes `--settings`; `unset`: and "" in it for unset.
    """
    policy = beaten and (unset or not cleared)  # nothing else stands above then, and `.claude.json` has megabytes
    for said in contradictions(
        said_by_files(env, only_policy=policy), pin.head.env, cleared, beaten=beaten, unset=unset
    ):
        error = SettingsAbove(
            where=said.where,
            what=f"`{said.name}` is set here" if said.name else f"it cannot be read ({said.value})",
            level="an administrator's policy" if said.level == "policy" else "a settings file",
            version=pin.head.version,
            pin=pin.source,
        )
        if pin.head.clean:
            raise error
        say(f"ccpin: warning: {error}")


def contradictions(
    said: Sequence[Said], locked: Mapping[str, str], cleared: Sequence[str], *, beaten: bool, unset: bool
) -> Iterator[Said]:
    """What of `said` makes a launch differ from the lock, with what ccpin can pass."""
    gone = frozenset(cleared)
    for one in said:
        above = one.level == "policy" or not beaten
        against = one.name in locked and one.value != locked[one.name]
        left = one.name in gone and one.value != ""
        unread = not one.name and (above or (bool(gone) and not unset))
        if unread or (above and (against or left)) or (left and not unset):
            yield one


def said_by_files(env: Mapping[str, str], folder: str = ".", *, only_policy: bool = False) -> list[Said]:
    """Every name of the table in the `env` of the settings files that count in `folder`, highest level first."""
    files = settings_files(env, folder)
    read = [(level, path) for level, path in files if level == "policy" or not only_policy]
    return [said for level, path in read for said in read_settings(level, path)]


def settings_files(env: Mapping[str, str], folder: str) -> Iterator[tuple[str, str]]:
    """Level and path of every settings file that a launch in `folder` may read, highest level first."""
    config = config_folder(env)
    managed = _managed_folder()
    drop_ins = os.path.join(managed, "managed-settings.d")
    yield "policy", os.path.join(config, "remote-settings.json")
    if chosen := env.get("CLAUDE_CODE_MANAGED_SETTINGS_PATH"):
        yield "policy", chosen
    yield from (("policy", path) for path in _preferences())
    for name in reversed(_names(drop_ins)):
        yield "policy", os.path.join(drop_ins, name)
    yield "policy", os.path.join(managed, "managed-settings.json")
    yield "local", os.path.join(folder, ".claude", "settings.local.json")
    yield "project", os.path.join(folder, ".claude", "settings.json")
    yield "user", os.path.join(config, "settings.json")
    for path in state_files(env):
        yield "global", path


def most_of(level: str) -> int:
    """How many bytes of a settings file are read; one that is larger cannot be read."""
    return _MOST if level == "global" else _MOST_BY_HAND


def read_settings(level: str, path: str) -> Iterator[Said]:
    """The names of the table in the `env` of one file; nothing where there is no file."""
    try:
        most = most_of(level)
        data = read_plain(path, most + 1)
        import json

        if len(data) > most:
            raise OSError(errno.EFBIG, f"it has more than {most:,} bytes")
        text = data.decode("utf-8-sig", "replace")
        settings: Any = _property_list(data) if path.endswith(".plist") else json.loads(text or "{}")
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or f"it is no {'plist' if path.endswith('.plist') else 'JSON'}"
        yield Said(level, _absolute(path), "", str(reason).lower())
        return
    env = settings.get("env") if isinstance(settings, dict) else None
    for name, value in (env if isinstance(env, dict) else {}).items():
        if name in flags.TABLE:
            line = line_in(text, name)
            shown = value if isinstance(value, str) else json.dumps(value, default=str)  # a plist may hold dates
            yield Said(level, f"{_absolute(path)}:{line}", name, shown)


def managed_servers() -> str:
    """Where an administrator sets MCP servers, for everybody on this machine."""
    return os.path.join(_managed_folder(), "managed-mcp.json")


def _managed_folder() -> str:
    if sys.platform == "win32":
        return os.path.join(os.environ.get("PROGRAMFILES", "C:\\Program Files"), "ClaudeCode")
    return "/Library/Application Support/ClaudeCode" if sys.platform == "darwin" else "/etc/claude-code"


def _preferences() -> list[str]:
    """What a Mac's administrator sets by a profile, for the user and for the machine (read in 2.1.112 and 2.1.330)."""
    if sys.platform != "darwin":
        return []
    import pwd

    folder, name = "/Library/Managed Preferences", "com.anthropic.claudecode.plist"
    try:
        return [os.path.join(folder, pwd.getpwuid(os.getuid()).pw_name, name), os.path.join(folder, name)]
    except KeyError:  # a user without a name
        return [os.path.join(folder, name)]


def _property_list(data: bytes) -> Any:
    import plistlib
    from xml.parsers.expat import ExpatError

    try:
        return plistlib.loads(data)
    except (ExpatError, AttributeError, TypeError, KeyError, IndexError, OverflowError) as error:
        raise ValueError(str(error)) from None


def _names(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except OSError:
        return []


def line_in(text: str, name: str) -> int:
    """Where the key `"name"` stands last in a JSON text, from 1: of equal keys the last counts."""
    import re

    found = [match.start() for match in re.finditer(rf'"{re.escape(name)}"\s*:', text)]
    return text.count("\n", 0, found[-1]) + 1 if found else 1


def _absolute(path: str) -> str:
    try:
        return os.path.abspath(path)
    except OSError:  # in a folder that was deleted
        return path
