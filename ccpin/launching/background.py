"""Background work: one supervisor serves a configuration folder, and starts workers of its own release.

A `claude --bg` hands its work to the supervisor that runs, past PATH, shim and lock; measured with 2.1.200 and 2.1.330:
the older client's work was done by the newer release, and the newer client killed the older supervisor. So while one
of another release runs, what would reach it is refused.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ccpin.errors import BackgroundRefused
from ccpin.launching.launch import BACKGROUND_WORDS
from ccpin.pinning.find import read_plain

_HARMLESS = ("stop", "status", "logs")  # of `daemon`: they start nothing, and the first one mends
_MOST = 1 << 20  # bytes


@dataclass(frozen=True)
class Supervisor:
    """A supervisor that runs. `file` is where it says so."""

    pid: int
    version: str
    executable: str
    file: str


def refuse_foreign(args: Sequence[str], env: Mapping[str, str], version: str) -> None:
    """Raises BackgroundRefused where `args` would reach a supervisor of another release than `version`."""
    verb = background_verb(args)
    if verb is None:
        return
    running = supervisor(env)
    if running is not None and running.version != version:
        reason = (
            f"a background supervisor of {running.version} runs (process {running.pid}, {running.file}),"
            f" and its work would not be done by {version}"
        )
        raise BackgroundRefused(verb=verb, reason=reason, command="claude daemon stop --any")


def background_verb(args: Sequence[str]) -> str | None:
    """The word in `args` that leads to the supervisor, or None."""
    before = list(args[: args.index("--")] if "--" in args else args)
    for word in BACKGROUND_WORDS:
        if word in (before if word.startswith("--") else before[:1]):
            harmless = word == "daemon" and before[1:2] and before[1] in _HARMLESS
            return None if harmless else word
    return None


def supervisor(env: Mapping[str, str]) -> Supervisor | None:
    """The supervisor of this configuration folder, if one runs (2.1.200, 2.1.330: `daemon.lock`)."""
    config = env.get("CLAUDE_CONFIG_DIR") or os.path.join(env.get("HOME") or os.path.expanduser("~"), ".claude")
    path = os.path.join(config, "daemon.lock")
    try:
        said = json.loads(read_plain(path, _MOST))
        pid, version, target = said["pid"], said["version"], said.get("launchTarget", "")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not isinstance(pid, int) or not isinstance(version, str) or not _is_supervisor(pid):
        return None
    return Supervisor(pid, version, str(target), path)


def _is_supervisor(pid: int) -> bool:
    """Whether that process is one still: of a file that was left behind, the number may be somebody else's."""
    import psutil

    try:
        return any("daemon" in word for word in psutil.Process(pid).cmdline()[:4])
    except (psutil.NoSuchProcess, psutil.ZombieProcess, ValueError, OverflowError):
        return False
    except psutil.AccessDenied:
        return True  # there is one, and it does not let itself be asked
