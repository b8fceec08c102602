"""`ccpin rollback`: pins again what was pinned before."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated

import typer

from ccpin.cli.origin import FROM, SOURCE, asked
from ccpin.cli.output import JSON, OFFLINE, REGISTRY, Answer, give
from ccpin.cli.place import lock_to_change
from ccpin.cli.progress import Shown
from ccpin.cli.use import of_the_move
from ccpin.launching.rollback import rollback
from ccpin.paths import find_home


def rollback_command(
    default: Annotated[bool, typer.Option("--global", help="This user's default instead.")] = False,
    source: SOURCE = None,
    bundle: FROM = None,
    registry: REGISTRY = None,
    offline: OFFLINE = False,
    as_json: JSON = False,
) -> None:
    """Pin again what was pinned before. What ccpin replaced here, else what git has; the flags stay."""
    env = dict(os.environ)
    home = find_home(env)
    path = lock_to_change(home, default=default)
    sources = asked(env, home, source=source, registry=registry, bundle=bundle, offline=offline)
    back = rollback(path, home, env, sources=sources, progress=Shown)
    origin = f", as in commit {back.commit[:12]}" if back.commit else ""
    same = " too, for another request or otherwise locked" if back.before == back.version else ""
    text = f"Claude Code {back.version} pinned again in {back.lock}{origin}; it was {back.before}{same}"
    notes = (*back.remarks, *of_the_move(back.version, back.before, back.ignored))
    data = {name: value for name, value in asdict(back).items() if name != "remarks"}
    give("rollback", Answer({**data, "notes": notes}, text, notes), as_json=as_json)
