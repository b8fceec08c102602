"""The Python side of `claude …`: what `shims/claude` hands over, decided in the same order, and explained.

`launch` ends in an exec: on POSIX the process becomes Claude Code, so signals, the terminal, stdin and the exit
status are its own. Windows has no exec; there a child runs and its exit code is passed on.

On the launch path: what only a missing or a strange install needs is imported where it is needed.
"""

from __future__ import annotations

import os
import sys

from ccpin.errors import CannotExecute, InstallForbidden, Loop, NoLock, NothingBeside, NothingToRun, UpdateRefused
from ccpin.launching.environment import RECORD, clean, evidence, pinned
from ccpin.launching.node import checked_node
from ccpin.launching.settings import with_settings
from ccpin.launching.which import current_pin, not_installed
from ccpin.paths import Home
from ccpin.pinning.find import Pin, require_minimum
from ccpin.pinning.head import Head
from ccpin.pinning.own import allowed_flags, kept_flags
from ccpin.store.entry import install_folder, node_link, own_node, ready, serving

UPDATE_VERBS = ("update", "upgrade", "install", "migrate-installer")
"""Claude Code's own commands that would change what runs."""

UPDATE_OPTIONS = ("--update", "--upgrade")
"""The same, where they stand alone (2.1.112 to 2.1.330)."""

BACKGROUND_WORDS = ("--bg", "--background", "agents", "attach", "daemon", "respawn")
"""What may lead to a background supervisor (2.1.200, 2.1.330). The shim hands the same words over."""

_CMD_SPECIAL = frozenset('"%!^&|<>\r\n')  # cmd.exe reads these, however they are quoted
_MOST_ROUNDS = 20  # as in the shim

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
    return run_pin(args, env, home, pin, install=install, say=say)


def run_pin(args: Sequence[str], env: dict[str, str], home: Home, pin: Pin, *, install: Installer, say: Say) -> int:
    """Runs the release that `pin` names, installing it first where that is allowed."""
    head = pin.head
    if verb := update_verb(args):
        raise UpdateRefused(verb=verb, version=head.version, where_pinned=pin.source)
    require_minimum(home, head.version, pin.source)
    if any(word in args for word in BACKGROUND_WORDS):
        from ccpin.launching.background import refuse_foreign

        refuse_foreign(args, env, head.version)
    command = ready(home, head)
    if command is None:
        if env.get("CCPIN_NO_INSTALL"):
            raise InstallForbidden(where=pin.source, version=head.version, command=not_installed(pin).facts["command"])
        install(home, pin, env)
        command = ready(home, head)
    if command is None:
        raise not_installed(pin)
    store = serving(home, head)
    before = node_before(home, head, env)
    kept = kept_flags(home) if head.clean else frozenset()
    allowed = _allowed(env, home)
    given = clean(env, allowed)
    folder = install_folder(store, head)
    all_args = with_settings(args, given, home, pin, folder, kept, say)
    variables = {**pinned(env, head, kept, allowed), **evidence(pin)}
    return execute([*before, command, *all_args], variables, head.version)


def node_before(home: Home, head: Head, env: dict[str, str]) -> list[str]:
    """What stands before the file of a release in the command that starts it: its Node.js, checked, or nothing. Raises
    NodeMissing, NodeUnfit."""
    store = serving(home, head)
    return [own_node(store, head) or _node(home, store, head, env)] if head.runtime == "node" else []


def run_next(args: Sequence[str], env: dict[str, str], home: Home) -> int:
    """Runs the next `claude` on PATH that is not ccpin's shim. Raises NothingToRun."""
    command = next_claude(env, home)
    if command is None:
        raise NothingBeside() if env.get("CCPIN_DISABLE") else NothingToRun()
    given = clean(env, _allowed(env, home))
    return execute([command, *args], {**given, "CCPIN_LOOP": _next_round(env, command)}, "")


def _allowed(env: dict[str, str], home: Home) -> frozenset[str]:
    """The names beyond the table that an outer launch may have recorded; not read where nothing was, as in the shim."""
    return allowed_flags(home) if env.get(RECORD) else frozenset()


def _next_round(env: dict[str, str], command: str) -> str:
    """What the shim counts too, should `command` lead back here, by exec or as a child."""
    said = env.get("CCPIN_LOOP", "")
    rounds = int(said) if said.isascii() and said.isdecimal() and len(said) < 9 else 0
    if rounds >= _MOST_ROUNDS:
        raise Loop(rounds=rounds, path=command)
    return str(rounds + 1)


def next_claude(env: dict[str, str], home: Home) -> str | None:
    """The first `claude` in PATH's absolute folders that is no shim: not this home's, nor another home's, which would
    only lead back here."""
    names = ("claude.exe", "claude.cmd") if sys.platform == "win32" else ("claude",)
    for folder in env.get("PATH", "").split(os.pathsep):
        if not os.path.isabs(folder) or _same(folder, home.shims):
            continue
        for name in names:
            candidate = os.path.join(folder, name)
            usable = os.path.isfile(candidate) and os.access(candidate, os.X_OK)
            if usable and not _is_shim(candidate):
                return candidate
    return None


def update_verb(args: Sequence[str]) -> str | None:
    """The updating command in `args`, if that is what Claude Code would take it for.

    Options may stand before it, and which of them take a value differs from release to release; so a word behind an
    option may be its value, and the one after that may still be the command. Behind any other word it is a prompt's.
    """
    if len(args) == 1 and args[0] in UPDATE_OPTIONS:
        return args[0]
    value_possible = False
    for arg in args:
        if arg == "--":  # what follows is still looked for among the commands
            value_possible = False
            continue
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

            if argv[0].lower().endswith((".cmd", ".bat")) and _CMD_SPECIAL.intersection("".join(argv[1:])):
                raise OSError(0, "cmd.exe would take a part of the arguments for commands")
            signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is the child's; here it would end the wait
            return subprocess.run(argv, env=env, check=False).returncode
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python, at its start; exec would hand that on
            signal.signal(ignored, signal.SIG_DFL)
        os.execve(argv[0], argv, _as_given(env))
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise CannotExecute(path=argv[0], reason=reason, version=version) from None


def _as_given(env: dict[str, str]) -> dict[str, str]:
    """`env` without the LC_CTYPE that Python gives itself where the locale is C (PEP 538)."""
    if env.get("LC_CTYPE") not in ("C.UTF-8", "C.utf8", "UTF-8"):
        return env
    try:
        with open("/proc/self/environ", "rb") as file:
            given = file.read().split(b"\0")
    except OSError:  # not Linux: it may be the user's own
        return env
    own = any(pair.startswith(b"LC_CTYPE=") for pair in given)
    return env if own else {name: value for name, value in env.items() if name != "LC_CTYPE"}


def _node(home: Home, store: Home, head: Head, env: dict[str, str]) -> str:
    """The `node` on PATH, checked for the install in `store`: here, or by whoever keeps that."""

    def engines() -> str | None:
        from ccpin.store.receipt import read_install

        installed = read_install(install_folder(store, head))
        return installed.receipt.engines if installed else None

    return checked_node(env, node_link(home, head), engines, head.version, also=node_link(store, head))


def _is_shim(path: str) -> bool:
    """Whether a file is one that `ccpin setup` wrote, for whatever home."""
    try:
        with open(path, "rb") as file:
            return b"\nccpin_python='" in file.read(16_384)
    except OSError:
        return False


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
