"""`ccpin check`: exit 0 only if what the lock says is what runs here."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ccpin.cli.output import JSON, Answer, give
from ccpin.doctor.check import check
from ccpin.paths import find_home


def check_command(
    deep: Annotated[
        bool, typer.Option("--deep", help="Hash every byte instead of looking at sizes and times.")
    ] = False,
    lock_only: Annotated[bool, typer.Option("--lock-only", help="Look at the lock, not at this machine.")] = False,
    as_json: JSON = False,
) -> None:
    """Exit 0 only if what runs here is what the lock says. It is valid, installed, and what `claude` starts."""
    env = dict(os.environ)
    found = check(find_home(env), env, deep=deep, lock_only=lock_only)
    data = {"version": found.version, "lock": found.lock, "executable": found.executable, "deep": deep}
    text = "" if found.faults else f"Claude Code {found.version}: {'the lock is valid' if lock_only else 'as locked'}"
    give("check", Answer(data, text, errors=found.faults), as_json=as_json)
