"""`ccpin check`: exit 0 only if what the lock says is what runs here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from ccpin.cli.output import JSON, Answer, give
from ccpin.doctor.check import check
from ccpin.errors import AddedHere, BadOption, NotSetUp, Overridden
from ccpin.paths import Home, find_home
from ccpin.pinning.find import find_pin
from ccpin.pinning.lock import parse
from ccpin.pinning.own import allowed_flags

if TYPE_CHECKING:
    from ccpin.wire.proving import Proven


def check_command(
    deep: Annotated[
        bool, typer.Option("--deep", help="Hash every byte instead of looking at sizes and times.")
    ] = False,
    lock_only: Annotated[bool, typer.Option("--lock-only", help="Look at the lock, not at this machine.")] = False,
    wire: Annotated[
        bool, typer.Option("--wire", help="Run the release too, and compare what it sends with the fingerprint.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Exit 0 only if what runs here is what the lock says. It is valid, installed, and what `claude` starts."""
    if wire and lock_only:
        raise BadOption(reason="`--wire` looks at this machine, and `--lock-only` does not", command="ccpin check")
    env = dict(os.environ)
    home = find_home(env)
    found = check(home, env, deep=deep or wire, lock_only=lock_only)
    faults, notes, sent = list(found.faults), list[str](), dict[str, str]()
    ran = wire and all(isinstance(fault, _HARMLESS) for fault in faults)
    if ran:
        proven, notes = _on_the_wire(home, env)
        faults += proven.faults
        sent.update(proven.seen)
    data = {"version": found.version, "lock": found.lock, "executable": found.executable, "deep": deep or wire}
    text = "the lock is valid" if lock_only else "as locked, and sends what was locked" if wire else "as locked"
    said = "" if faults else f"Claude Code {found.version}: {text}"
    give("check", Answer({**data, "wire": ran, "sent": sent, "notes": notes}, said, notes, faults), as_json=as_json)


_HARMLESS = (NotSetUp, Overridden)
"""Faults of a shell. With any other the release is not run: it is not there, or changed, or should not run here."""


def _on_the_wire(home: Home, env: dict[str, str]) -> tuple[Proven, list[str]]:
    """What was found, and notes: how the release was run, and what no fingerprint covers."""
    from ccpin.cli.capturing import counted
    from ccpin.wire.additions import of_the_project
    from ccpin.wire.proving import prove

    pin = find_pin(home)
    lock = parse(pin.data, pin.path, allowed_flags(home))
    with counted(f"capturing {lock.version}", 1):
        proven = prove(home, env, pin, lock)
    notes = []
    if proven.how is not None:
        yours = bool(proven.faults) and all(isinstance(fault, AddedHere) for fault in proven.faults)
        alone = "; release, flags and settings send what was locked, and what follows adds to it" if yours else ""
        notes.append(f"note: it was run {proven.how}{alone}")
    own = of_the_project(os.path.dirname(pin.path)) if pin.why == "lock" else []
    if own:
        notes.append(f"note: no fingerprint covers what the project has of its own: {', '.join(own)}")
    return proven, notes
