"""`ccpin outdated`: whether there is something newer than what is pinned."""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict
from typing import Annotated

import typer

from ccpin.cli.moved import WIRE, what_changes
from ccpin.cli.origin import MIN_AGE, SOURCE, asked, least_age
from ccpin.cli.output import JSON, OFFLINE, REGISTRY, Answer, give
from ccpin.cli.place import current_folder
from ccpin.cli.rows import rebroken
from ccpin.errors import Behind, NoDefault
from ccpin.launching.outdated import Outdated, outdated
from ccpin.paths import Home, find_home
from ccpin.pinning.find import Pin, find_pin, read_pin
from ccpin.pinning.head import version_key
from ccpin.pinning.lock import parse
from ccpin.pinning.own import allowed_flags
from ccpin.pinning.write import project_lock


def outdated_command(
    default: Annotated[bool, typer.Option("--global", help="Look at this user's default instead.")] = False,
    wire: WIRE = False,
    min_age: MIN_AGE = None,
    source: SOURCE = None,
    registry: REGISTRY = None,
    offline: OFFLINE = False,
    as_json: JSON = False,
) -> None:
    """Exit 1 if the pin is behind. Shows what is pinned, what its request means today, and the latest."""
    env = dict(os.environ)
    home = find_home(env)
    pin = _pin(home, default=default)
    lock = parse(pin.data, pin.path, allowed_flags(home))
    sources = asked(env, home, source=source, registry=registry, offline=offline)()
    found = outdated(pin, lock, sources, least_age(env, home, min_age))
    data = {**asdict(found), "behind": bool(found.newer)}
    errors = (
        [Behind(version=found.version, newer=found.newer, command=_command(found, pin, home))] if found.newer else []
    )
    moved, notes = list[str](), list(found.notes)
    if (newer := _newer(found)) is not None:
        moved, more = what_changes(
            home, env, found.version, newer, lock.env, clean=lock.clean, wire=wire, sources=lambda: sources
        )
        notes += more
    text = "\n".join([_table(found), *rebroken(moved)])
    give("outdated", Answer({**data, "notes": notes, "sends": moved}, text, notes, errors), as_json=as_json)


def _newer(found: Outdated) -> str | None:
    """What an upgrade would pin."""
    if not found.newer:
        return None
    up = version_key(found.wanted) > version_key(found.version)
    return found.wanted if up else found.latest


def _pin(home: Home, *, default: bool) -> Pin:
    if not default:
        return find_pin(home)
    if not os.path.lexists(home.default_lock):
        raise NoDefault(path=home.default_lock)
    return read_pin(home, home.default_lock, "default")


def _table(found: Outdated) -> str:
    rows = [
        ("pinned", found.version, found.lock),
        ("wanted", found.wanted, f"what `{found.request}` means today"),
        ("latest", found.latest or "-", found.origin),
    ]
    return "\n".join(f"{name}  {version:<10} {more}".rstrip() for name, version, more in rows)


def _command(found: Outdated, pin: Pin, home: Home) -> str:
    """What moves that pin up, from the current folder."""
    command = f"ccpin upgrade {found.spec or ''}".rstrip()
    if pin.why == "default":
        return f"{command} --global"
    folder = os.path.dirname(pin.path)
    here = pin.path == project_lock(current_folder())
    return command if here else f"cd {shlex.quote(folder)} && {command}"
