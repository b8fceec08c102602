"""`ccpin upgrade`: moves a pin up, and never down."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Annotated

import typer

from ccpin.cli.moved import WIRE, what_changes
from ccpin.cli.origin import FROM, MIN_AGE, SOURCE, asked, least_age
from ccpin.cli.output import JSON, OFFLINE, REGISTRY, give
from ccpin.cli.place import lock_to_change
from ccpin.cli.progress import Shown
from ccpin.cli.rows import rebroken
from ccpin.cli.use import answer
from ccpin.launching.repin import upgrade
from ccpin.paths import find_home
from ccpin.pinning.find import read_bytes
from ccpin.pinning.lock import parse
from ccpin.pinning.own import allowed_flags


def upgrade_command(
    spec: Annotated[
        str | None,
        typer.Argument(metavar="SPEC", help="As for `ccpin use`, without `current`; else its own, or latest."),
    ] = None,
    default: Annotated[bool, typer.Option("--global", help="This user's default instead.")] = False,
    wire: WIRE = False,
    min_age: MIN_AGE = None,
    source: SOURCE = None,
    bundle: FROM = None,
    registry: REGISTRY = None,
    offline: OFFLINE = False,
    as_json: JSON = False,
) -> None:
    """Move the pin up, never down. To what SPEC or its own request means today; of an exact one, to the latest."""
    env = dict(os.environ)
    home = find_home(env)
    path = lock_to_change(home, default=default)
    sources = asked(env, home, source=source, registry=registry, bundle=bundle, offline=offline)()
    age = least_age(env, home, min_age)
    used = upgrade(spec, path, home, env, sources=sources, progress=Shown(), age=age)
    moved, notes = list[str](), list[str]()
    if used.changed:
        text = f"Claude Code {used.version} pinned in {used.lock}, up from {used.before}"
        lock = parse(read_bytes(path), path, allowed_flags(home))
        way = (str(used.before), used.version)
        moved, notes = what_changes(home, env, *way, lock.env, clean=lock.clean, wire=wire, sources=lambda: sources)
    else:
        text = f"Claude Code {used.version} is pinned in {used.lock}, and nothing newer is meant"
    said = answer(used, "\n".join([text, *rebroken(moved)]), home, env, notes)
    give("upgrade", replace(said, data={**said.data, "sends": moved}), as_json=as_json)
