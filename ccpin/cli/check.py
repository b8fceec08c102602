"""`ccpin check`: exit 0 only if what the lock says is what runs here."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ccpin.cli.output import JSON, Answer, give
from ccpin.doctor.check import check
from ccpin.errors import BadOption, CcpinError, NotSetUp, Overridden
from ccpin.paths import Home, find_home
from ccpin.pinning.find import find_pin
from ccpin.pinning.lock import parse
from ccpin.pinning.own import allowed_flags


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
    faults, notes = list(found.faults), list[str]()
    ran = wire and all(isinstance(fault, _HARMLESS) for fault in faults)
    if ran:
        more, notes = _on_the_wire(home, env)
        faults += more
    data = {"version": found.version, "lock": found.lock, "executable": found.executable, "deep": deep or wire}
    text = "the lock is valid" if lock_only else "as locked, and sends what was locked" if wire else "as locked"
    said = "" if faults else f"Claude Code {found.version}: {text}"
    give("check", Answer({**data, "wire": ran, "notes": notes}, said, notes, faults), as_json=as_json)


_HARMLESS = (NotSetUp, Overridden)
"""Faults of a shell. With any other the release is not run: it is not there, or changed, or should not run here."""


def _on_the_wire(home: Home, env: dict[str, str]) -> tuple[list[CcpinError], list[str]]:
    """The faults, and what no fingerprint covers."""
    from ccpin.cli.capturing import counted
    from ccpin.wire.additions import of_the_project
    from ccpin.wire.proving import prove

    pin = find_pin(home)
    lock = parse(pin.data, pin.path, allowed_flags(home))
    with counted(f"capturing {lock.version}", 1):
        faults = prove(home, env, pin, lock)
    own = of_the_project(os.path.dirname(pin.path)) if pin.why == "lock" else []
    return faults, [f"note: no fingerprint covers what the project has of its own: {', '.join(own)}"] if own else []
