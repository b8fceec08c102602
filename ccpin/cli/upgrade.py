"""`ccpin upgrade`: moves a pin up, and never down."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ccpin.cli.origin import FROM, MIN_AGE, SOURCE, asked, least_age
from ccpin.cli.output import JSON, OFFLINE, REGISTRY, give
from ccpin.cli.place import lock_to_change
from ccpin.cli.progress import Shown
from ccpin.cli.use import answer
from ccpin.launching.repin import upgrade
from ccpin.paths import find_home


def upgrade_command(
    spec: Annotated[
        str | None,
        typer.Argument(metavar="SPEC", help="As for `ccpin use`, without `current`; else its own, or latest."),
    ] = None,
    default: Annotated[bool, typer.Option("--global", help="This user's default instead.")] = False,
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
    if used.changed:
        text = f"Claude Code {used.version} pinned in {used.lock}, up from {used.before}"
    else:
        text = f"Claude Code {used.version} is pinned in {used.lock}, and nothing newer is meant"
    give("upgrade", answer(used, text, home, env), as_json=as_json)
