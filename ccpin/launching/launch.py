"""The Python side of `claude …`: what `shims/claude` hands over, decided in the same order, and explained.

`launch` ends in an exec: on POSIX the process becomes Claude Code, so signals, the terminal, stdin and the exit
status are its own. Windows has no exec; there a child runs and its exit code is passed on.

On the launch path: what only a missing or a strange install needs is imported where it is needed.
"""

from __future__ import annotations

import os
import sys

from ccpin.errors import CannotExecute, InstallForbidden, NoLock, NothingToRun, NotInstalled, UpdateRefused
from ccpin.launching.environment import clean, pinned
from ccpin.launching.node import checked_node
from ccpin.launching.which import current_pin
from ccpin.paths import Home
from ccpin.pinning.find import Pin, require_minimum
from ccpin.pinning.head import Head
from ccpin.store.entry import install_folder, node_link, ready

UPDATE_VERBS = ("update", "upgrade", "install", "migrate-installer")
"""Claude Code's own commands that would change what runs."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Say = Callable[[str], None]
    Installer = Callable[[Home, Pin, dict[str, str]], None]


def launch(args: Sequence[str], env: dict[str, str], home: Home, *, install: Installer, say: Say) -> int:
    """Runs the `claude` of the current folder with `args`; returns only on Windows.

    `install` puts what a pin names into the store, `say` is for one line on stderr. Raises LockError, StoreError,
    LaunchError, and what `install` raises.
    """
    if env.get("CCPIN_DISABLE"):
        say("ccpin: CCPIN_DISABLE is set; whatever `claude` comes next on PATH runs, not the pinned one")
        return run_next(args, env, home)
    try:
        pin = current_pin(env, home)
    except NoLock:
        return run_next(args, env, home)
    return run_pin(args, env, home, pin, install=install)


def run_pin(args: Sequence[str], env: dict[str, str], home: Home, pin: Pin, *, install: Installer) -> int:
    """Runs the release that `pin` names, installing it first where that is allowed."""
    head = pin.head
    if verb := update_verb(args):
        raise UpdateRefused(verb=verb, version=head.version, where_pinned=pin.source)
    require_minimum(home, head.version, pin.source)
    command = ready(home, head.version, head.digest, head.runtime)
    if command is None:
        if env.get("CCPIN_NO_INSTALL"):
            raise InstallForbidden(where=pin.source, version=head.version)
        install(home, pin, env)
        command = ready(home, head.version, head.digest, head.runtime)
    if command is None:
        raise NotInstalled(where=pin.source, version=head.version)
    before = [_node(home, head, env)] if head.runtime == "node" else []
    return execute([*before, command, *args], pinned(env, head.env), head.version)


def run_next(args: Sequence[str], env: dict[str, str], home: Home) -> int:
    """Runs the next `claude` on PATH that is not ccpin's shim. Raises NothingToRun."""
    command = next_claude(env, home)
    if command is None:
        raise NothingToRun()
    cleaned = clean(env)
    if "CCPIN_LOOP" in env:  # the shim counts rounds with it, should that one lead back
        cleaned["CCPIN_LOOP"] = env["CCPIN_LOOP"]
    return execute([command, *args], cleaned, "")


def next_claude(env: dict[str, str], home: Home) -> str | None:
    """The first `claude` in PATH's absolute folders that is not the shim."""
    names = ("claude.exe", "claude.cmd") if sys.platform == "win32" else ("claude",)
    for folder in env.get("PATH", "").split(os.pathsep):
        if not os.path.isabs(folder) or _same(folder, home.shims):
            continue
        for name in names:
            candidate = os.path.join(folder, name)
            usable = os.path.isfile(candidate) and os.access(candidate, os.X_OK)
            if usable and not _same(candidate, home.shim()):
                return candidate
    return None


def update_verb(args: Sequence[str]) -> str | None:
    """The updating command in `args`, if that is what Claude Code would take it for.

    Options may stand before it, and which of them take a value differs from release to release; so a word behind an
    option may be its value, and the one after that may still be the command. Behind any other word it is a prompt's.
    """
    value_possible = False
    for arg in args:
        if arg == "--":
            return None
        if arg.startswith("-"):
            value_possible = True
        elif arg in UPDATE_VERBS:
            return arg
        elif value_possible:
            value_possible = False
        else:
            return None
    return None


def execute(argv: list[str], env: dict[str, str], version: str) -> int:
    """Becomes `argv`. Raises CannotExecute."""
    import signal

    try:
        if sys.platform == "win32":
            import subprocess

            signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is the child's; here it would end the wait
            return subprocess.run(argv, env=env, check=False).returncode
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python, at its start; exec would hand that on
            signal.signal(ignored, signal.SIG_DFL)
        os.execve(argv[0], argv, env)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise CannotExecute(path=argv[0], reason=reason, version=version) from None


def _node(home: Home, head: Head, env: dict[str, str]) -> str:
    def engines() -> str | None:
        from ccpin.store.receipt import read_install

        installed = read_install(install_folder(home, head.version, head.digest, head.runtime))
        return installed.receipt.engines if installed else None

    return checked_node(env, node_link(home, head.version, head.digest), engines, head.version)


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
