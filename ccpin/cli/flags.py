"""`ccpin env`: the behaviour flags of a lock, what they do in the release that it names, and how they are changed.

Nothing here asks the network: a change of flags is a change of the lock's text. Only for a fingerprint is the release
run, and installed if it was not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Annotated

import typer

from ccpin.cli.flagrows import Looked, explained, held_rows, listed, profiles, shown, table_rows
from ccpin.cli.origin import FINGERPRINT
from ccpin.cli.output import JSON, Answer, give
from ccpin.cli.place import lock_to_change
from ccpin.errors import BadFlagValue, BadOption, CcpinError, NoDefault, NothingToChange, UnknownFlag
from ccpin.launching.which import current_pin
from ccpin.paths import Home, find_home
from ccpin.pinning import flags
from ccpin.pinning.find import read_bytes, read_pin
from ccpin.pinning.lock import Lock, parse, render
from ccpin.pinning.own import allowed_flags, kept_flags
from ccpin.pinning.profile import proof_notes, with_profile, without_stale_proof
from ccpin.pinning.write import require_writable, write_lock
from ccpin.store.effect import ignored, receipt_of, sentence

env_command = typer.Typer()

Change = Callable[[Lock, frozenset[str]], Lock]
"""A lock with other flags, out of a lock and the names that this user lets locks set."""


def _matching(incomplete: str) -> list[str]:
    return [name for name in flags.TABLE if name.startswith(incomplete)]


DEFAULT = Annotated[bool, typer.Option("--global", help="In this user's default lock, not the project's.")]
ALL = Annotated[bool, typer.Option("--all", help="All flags that there are.")]
MECHANISM = Annotated[
    int | None,
    typer.Option(
        min=1, max=max(flags.MECHANISMS), metavar="N", help="Only what answers this one, as numbered by `ccpin doctor`."
    ),
]
NAMES = Annotated[list[str], typer.Argument(metavar="NAME", autocompletion=_matching)]


@env_command.callback(invoke_without_command=True)
def _env(ctx: typer.Context, everything: ALL = False, default: DEFAULT = False, as_json: JSON = False) -> None:
    """Show the lock's flags and what they do, or change them."""
    if ctx.invoked_subcommand is None:
        _list(everything=everything, default=default, mechanism=None, as_json=as_json)
    elif everything or default or as_json:
        verb = f"{ctx.command_path} {ctx.invoked_subcommand}"
        raise BadOption(reason=f"options stand behind `{verb}`", command=verb)


@env_command.command("list")
def _list_command(
    everything: ALL = False,
    mechanism: MECHANISM = None,
    default: DEFAULT = False,
    as_json: JSON = False,
) -> None:
    """List the flags of the lock, or all that there are, and whether the pinned release reads them."""
    _list(everything=everything, default=default, mechanism=mechanism, as_json=as_json)


@env_command.command("explain")
def _explain_command(
    name: Annotated[str, typer.Argument(metavar="NAME", autocompletion=_matching)],
    default: DEFAULT = False,
    as_json: JSON = False,
) -> None:
    """Say what a flag does, what it takes, what it costs, and whether the pinned release reads it."""
    home, looked = _look(default=default, needed=False)
    if name not in flags.TABLE and name not in allowed_flags(home):
        raise _unknown(name)
    give("env", explained(name, looked, kept_flags(home)), as_json=as_json)


@env_command.command("profile")
def _profile_command(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help=" or ".join(flags.PROFILES), autocompletion=lambda: list(flags.PROFILES)),
    ] = None,
    default: DEFAULT = False,
    fingerprint: FINGERPRINT = False,
    as_json: JSON = False,
) -> None:
    """Show the profiles, or give the lock the flags of one. With `--fingerprint` alone the flags stay."""
    if name is None and not fingerprint:
        give("env", profiles(_look(default=default, needed=False)[1]), as_json=as_json)
        return
    answer = change(
        lambda lock, _: lock if name is None else with_profile(lock, name),
        said=lambda changed: f"{'the fingerprint' if name is None else f'profile {name}'} {_set(changed)}",
        touched=flags.TABLE,
        default=default,
        fingerprint=fingerprint,
    )
    give("env", answer, as_json=as_json)


@env_command.command("set")
def _set_command(
    named: Annotated[list[str], typer.Argument(metavar="NAME[=VALUE]", autocompletion=_matching)],
    default: DEFAULT = False,
    as_json: JSON = False,
) -> None:
    """Set flags in the lock. A switch needs no value: it is 1."""
    pairs = dict(_split(word) for word in named)
    if len(pairs) < len(named):
        raise BadOption(reason="one flag is named twice", command="ccpin env set")

    def apply(lock: Lock, allowed: frozenset[str]) -> Lock:
        values = {name: _value(name, value, allowed) for name, value in pairs.items()}
        return replace(lock, env={**lock.env, **values})

    answer = change(apply, said=lambda changed: f"{', '.join(pairs)} {_set(changed)}", touched=pairs, default=default)
    give("env", answer, as_json=as_json)


@env_command.command("unset")
def _unset_command(names: NAMES, default: DEFAULT = False, as_json: JSON = False) -> None:
    """Take flags out of the lock."""

    def apply(lock: Lock, allowed: frozenset[str]) -> Lock:
        for name in names:
            if name not in lock.env and name not in flags.TABLE and name not in allowed:
                raise _unknown(name)
        return replace(lock, env={name: value for name, value in lock.env.items() if name not in names})

    answer = change(
        apply,
        said=lambda changed: f"{', '.join(names)} {'unset' if changed else 'was not set'}",
        touched=(),
        default=default,
    )
    give("env", answer, as_json=as_json)


def change(
    apply: Change, *, said: Callable[[bool], str], touched: Iterable[str], default: bool, fingerprint: bool = False
) -> Answer:
    """Changes the flags of the lock of the current folder, and says so; of `touched`, what the release does not read.
    A fingerprint of other flags goes, unless a new one is asked for.

    Raises NothingToChange, UsageError, LockError; and what `proven` raises.
    """
    home = find_home(dict(os.environ))
    path = lock_to_change(home, default=default)
    if not os.path.lexists(path):
        command = "ccpin use 2.0.14" + (" --global" if default else "")
        raise NothingToChange(path=path, command=command)
    if not default:
        require_writable(path)
    allowed = allowed_flags(home)
    data = read_bytes(path)
    before = parse(data, path, allowed)
    lock = without_stale_proof(apply(before, allowed), before)
    if fingerprint:
        from ccpin.cli.capturing import proven

        lock = proven(home, dict(os.environ), lock, path)
    old = data.decode()
    changed = write_lock(path, render(lock, old, allowed), old)
    head = lock.head()
    looked = Looked(path, head, receipt_of(home, head))
    useless = [one for one in ignored(lock.env, looked.receipt) if one.name in touched]
    notes = [f"note: {sentence(lock.version, useless)}"] if useless else []
    notes += proof_notes(lock, before)
    return Answer({**listed(looked, held_rows(looked, None)), "changed": changed}, f"{said(changed)} in {path}", notes)


def _list(*, everything: bool, default: bool, mechanism: int | None, as_json: bool) -> None:
    _, looked = _look(default=default, needed=not everything)
    rows = table_rows(looked, mechanism) if everything else held_rows(looked, mechanism)
    give("env", shown(looked, rows, everything=everything), as_json=as_json)


def _look(*, default: bool, needed: bool) -> tuple[Home, Looked]:
    """The pin of the current folder, or of the default lock, and what is installed for it. Where it is not `needed`,
    one that is not there or cannot be used is nothing to look at."""
    env = dict(os.environ)
    home = find_home(env)
    try:
        if default and not os.path.lexists(home.default_lock):
            raise NoDefault(path=home.default_lock)
        pin = read_pin(home, home.default_lock, "default") if default else current_pin(env, home)
    except CcpinError:
        if needed:
            raise
        return home, Looked(None, None, None)
    return home, Looked(pin.path, pin.head, receipt_of(home, pin.head))


def _split(word: str) -> tuple[str, str | None]:
    name, equals, value = word.partition("=")
    if not name:
        raise BadOption(reason=f"`{word}` names no flag", command="ccpin env set")
    return name, value if equals else None


def _value(name: str, value: str | None, allowed: frozenset[str]) -> str:
    """What a lock will hold for `name`. Raises UnknownFlag, BadFlagValue."""
    flag = flags.TABLE.get(name)
    if flag is None and name not in allowed:
        raise _unknown(name)
    if value is None and flag is not None and str(flag.kind) == str(flags.Words(flags.ON)):
        return flags.ON
    reason = flags.problem(name, "" if value is None else value, allowed)
    if reason is not None:
        flag_as_given = name if value is None else f"{name}={value}"
        missing = value is None and not isinstance(flag and flag.kind, flags.Cleared)
        reason = f"there is no value with it, and {reason}" if missing else reason
        raise BadFlagValue(flag=flag_as_given, name=name, reason=reason)
    return value or ""


def _unknown(name: str) -> UnknownFlag:
    """With what may have been meant, or what can be done."""
    import difflib

    from ccpin.pinning.never import never

    if near := difflib.get_close_matches(name.upper(), flags.TABLE, 1, 0.8):
        return UnknownFlag(name=name, more=f"; the nearest is `{near[0]}`")
    if reason := never(name):
        return UnknownFlag(name=name, more=f", and none can be made of it: {reason}")
    return UnknownFlag(name=name, more=f"; `ccpin config allow-flag {name}` lets your locks hold it all the same")


def _set(changed: bool) -> str:
    return "set" if changed else "was set already"
