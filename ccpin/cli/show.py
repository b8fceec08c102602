"""`ccpin which` and `ccpin current`: what is pinned here, and why."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from ccpin.cli.output import JSON, Answer, give
from ccpin.errors import NoLock, NothingToRun, NotSetUp
from ccpin.launching.launch import next_claude
from ccpin.launching.which import current_pin, not_installed, which
from ccpin.paths import Home, find_home
from ccpin.pinning.find import Pin
from ccpin.store.entry import ready, real_command, serving

_WHY = {
    "lock": "the nearest lock, from this folder upward",
    "default": "this user's default (`ccpin use --global`); no lock here or above",
    "asked": "named in the environment; with the flags of the nearest lock, or ccpin's default ones",
}


def which_command(
    shim: Annotated[
        bool, typer.Option("--shim", help="The path of the `claude` that obeys the pin, with its flags, instead.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Print the path of the pinned executable, and nothing else. It is absolute; started so, it gets no flags."""
    env = dict(os.environ)
    home = find_home(env)
    path = _shim(home) if shim else which(env, home)
    store = next((root for root in home.shared if path.startswith(Home(root).releases + os.sep)), home.root)
    give("which", Answer({"path": path, "store": store}, path), as_json=as_json)


def _shim(home: Home) -> str:
    """Raises NotSetUp."""
    if not os.access(home.shim(), os.X_OK):
        raise NotSetUp(reason=f"there is no shim yet: {home.shim()}")
    return home.shim()


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
    store = serving(home, head)
    data: dict[str, Any] = {
        "version": head.version,
        "request": head.request,
        "runtime": head.runtime,
        "node": head.node,
        "digest": f"sha256:{head.digest}",
        "path": path,
        "store": store.root if path else None,
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
            *([f"  store       {store.root}, a shared one (CCPIN_STORE_PATH)"] if store is not home else []),
            f"  said in     {pin.source}",
            f"  because     {_WHY[pin.why]}",
        )
    )
    return Answer(data, text)


def _unpinned(home: Home, env: dict[str, str], because: str) -> Answer:
    path = next_claude(env, home)
    if path is None:
        raise NothingToRun()
    data = dict.fromkeys(("version", "request", "runtime", "node", "digest", "store", "source", "line")) | {
        "path": path,
        "why": "path",
    }
    return Answer(data, f"{path}\n  because     {because}: the next `claude` on PATH")
