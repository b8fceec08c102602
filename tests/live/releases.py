"""How a release is started: by itself, out of the store, or as `claude`, through the installed shim."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ccpin.pinning.lock import Lock, parse
from ccpin.store.entry import ready, real_command
from ccpin.wire.capture import Request
from tests.live.machine import User


def pinned(user: User, version: str, profile: str = "default", name: str = "") -> Path:
    """A project of theirs with a lock of that release, which is installed."""
    project = user.project(name or f"{version} {profile}")
    user.ccpin("use", version, "--profile", profile, cwd=project).ok()
    return project


def command(user: User, version: str, name: str = "") -> list[str]:
    """The executable itself, or Node.js and its file: past every shim and lock. `name` is of a project to find it."""
    lock = lock_of(pinned(user, version, "none", name or f"for {version} itself"))
    path = executable(user, lock)
    return [str(user.tools / "node"), path] if lock.runtime == "node" else [path]


def lock_of(project: Path) -> Lock:
    return parse((project / ".ccpin.lock").read_bytes(), "lock")


def executable(user: User, lock: Lock) -> str:
    path = ready(user.layout, lock)
    assert path
    return path


def feature_names(user: User, lock: Lock) -> list[str]:
    """The feature flags that occur in a release."""
    text = Path(real_command(executable(user, lock), lock)).read_bytes()
    return sorted({name.decode() for name in re.findall(rb"tengu_[a-z][a-z0-9_]+", text)})


def conversation(requests: Iterable[Request]) -> list[Request]:
    """Those of the conversation itself: what is asked of small models besides has no tools."""
    return [request for request in requests if request.streaming and request.tools]
