"""`ccpin which` and `ccpin current`: what is pinned here, and why."""

from __future__ import annotations

import os
from typing import Any

from ccpin.cli.output import JSON, Answer, give
from ccpin.errors import NoLock, NothingToRun
from ccpin.launching.launch import next_claude
from ccpin.launching.which import current_pin, not_installed, which
from ccpin.paths import Home, find_home
from ccpin.pinning.find import Pin
from ccpin.store.entry import ready, real_command

_WHY = {
    "lock": "the nearest lock, from this folder upward",
    "default": "this user's default (`ccpin use --global`); no lock here or above",
    "asked": "named in the environment; with the flags of the nearest lock, or ccpin's default ones",
}


def which_command(as_json: JSON = False) -> None:
    """Print the path of the pinned executable, and nothing else. It is absolute; started so, it gets no flags."""
    env = dict(os.environ)
    path = which(env, find_home(env))
    give("which", Answer({"path": path}, path), as_json=as_json)


def current_command(as_json: JSON = False) -> None:
    """Show which release runs here, and why: with file and line."""
    env = dict(os.environ)
    home = find_home(env)
    if env.get("CCPIN_DISABLE"):
        answer = _unpinned(home, env, "CCPIN_DISABLE is set, so no pin counts")
    else:
        try:
            answer = _pinned(home, current_pin(env, home))
        except NoLock:
            answer = _unpinned(home, env, "nothing is pinned here")
    give("current", answer, as_json=as_json)


def _pinned(home: Home, pin: Pin) -> Answer:
    head = pin.head
    command = ready(home, head)
    path = real_command(command, head) if command else None
    data: dict[str, Any] = {
        "version": head.version,
        "request": head.request,
        "runtime": head.runtime,
        "node": head.node,
        "path": path,
        "source": pin.path,
        "line": None if pin.why == "asked" else head.line,
        "why": pin.why,
    }
    text = "\n".join(
        (
            f"Claude Code {head.version}",
            f"  asked for   {head.request}",
            f"  runtime     {head.runtime}{f', on Node.js {head.node}, which the lock holds' if head.node else ''}",
            f"  executable  {path or f'not installed yet; {not_installed(pin).hint}'}",
            f"  said in     {pin.source}",
            f"  because     {_WHY[pin.why]}",
        )
    )
    return Answer(data, text)


def _unpinned(home: Home, env: dict[str, str], because: str) -> Answer:
    path = next_claude(env, home)
    if path is None:
        raise NothingToRun()
    data = dict.fromkeys(("version", "request", "runtime", "node", "source", "line")) | {"path": path, "why": "path"}
    return Answer(data, f"{path}\n  because     {because}: the next `claude` on PATH")
