"""`ccpin setup`: installs the shim and puts it on PATH; `--undo` takes that away again."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated

import typer

from ccpin.cli.output import JSON, Answer, give
from ccpin.launching.setup import setup, undo
from ccpin.paths import find_home


def setup_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    take_away: Annotated[bool, typer.Option("--undo", help="Take away what setup wrote; the store stays.")] = False,
    as_json: JSON = False,
) -> None:
    """Put the `claude` shim first on PATH, in every shell."""
    env = dict(os.environ)
    result = (undo if take_away else setup)(find_home(env), env, dry_run=dry_run)
    lines = [f"{c.action:<12} {c.path}" + (f"  ({c.detail})" if c.detail else "") for c in result.changes]
    notes = list(result.notes) if lines else ["there is nothing to take away"]
    if result.activate and not take_away:
        notes.append(f"this shell sees it after: {result.activate}")
    data = {"changes": [asdict(c) for c in result.changes], "activate": result.activate, "notes": list(result.notes)}
    give("setup", Answer(data, "\n".join(lines), notes, result.problems), as_json=as_json)
