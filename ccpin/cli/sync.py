"""`ccpin sync`: installs what the lock says, and nothing else. What onboarding scripts and CI call."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ccpin.cli.origin import FROM, SOURCE, asked
from ccpin.cli.output import JSON, OFFLINE, REGISTRY, Answer, give
from ccpin.cli.progress import Shown
from ccpin.launching.sync import sync
from ccpin.paths import find_home
from ccpin.pinning.find import find_pin


def sync_command(
    locked: Annotated[
        bool, typer.Option("--locked", help="Fail if the lock is not as ccpin writes it, or its parts disagree.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Install it anew even if it is there.")] = False,
    source: SOURCE = None,
    bundle: FROM = None,
    registry: REGISTRY = None,
    offline: OFFLINE = False,
    as_json: JSON = False,
) -> None:
    """Install what the lock says, and nothing else."""
    env = dict(os.environ)
    home = find_home(env)
    pin = find_pin(home)
    sources = asked(env, home, source=source, registry=registry, bundle=bundle, offline=offline)
    installed = sync(pin, home, env, progress=Shown, locked=locked, force=force, sources=sources)
    version = installed.receipt.version
    data = {"version": version, "lock": pin.path, "executable": installed.executable}
    give("sync", Answer(data, done(version)), as_json=as_json)


def done(version: str) -> str:
    return f"Claude Code {version} is installed"
