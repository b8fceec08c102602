"""`ccpin install` and `ccpin uninstall`: releases in the store, apart from any project."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ccpin.cli.origin import FROM, MIN_AGE, SOURCE, asked, least_age
from ccpin.cli.output import JSON, OFFLINE, REGISTRY, Answer, give
from ccpin.cli.progress import Shown
from ccpin.errors import InUse, NothingInstalled
from ccpin.launching.acquire import acquire
from ccpin.paths import Home, find_home
from ccpin.pinning.request import parse_request
from ccpin.store.install import uninstall
from ccpin.store.projects import known, users
from ccpin.store.receipt import installs

FORCE = Annotated[bool, typer.Option("--force", help="Do it all the same.")]


def install_command(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="As for `ccpin use`, without `current`.")],
    runtime: Annotated[
        str | None, typer.Option(metavar="KIND", help="native or node, where a release has both.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Install it anew even if it is there.")] = False,
    min_age: MIN_AGE = None,
    source: SOURCE = None,
    bundle: FROM = None,
    registry: REGISTRY = None,
    offline: OFFLINE = False,
    as_json: JSON = False,
) -> None:
    """Put a release into the store without pinning it."""
    env = dict(os.environ)
    home = find_home(env)
    sources = asked(env, home, source=source, registry=registry, bundle=bundle, offline=offline)()
    got = acquire(
        parse_request(spec),
        home,
        env,
        sources,
        progress=Shown(),
        runtime=runtime,
        age=least_age(env, home, min_age),
        force=force,
    )
    version = got.lock.version
    notes = (*sources.notes(), *(f"note: {note}" for note in got.chosen.notes))
    data = {
        "version": version,
        "runtime": got.lock.runtime,
        "executable": got.installed.executable,
        "bytes": got.installed.size,
        "notes": notes,
    }
    give("install", Answer(data, f"Claude Code {version} is installed", notes), as_json=as_json)


def uninstall_command(
    version: Annotated[str, typer.Argument(metavar="VERSION")], force: FORCE = False, as_json: JSON = False
) -> None:
    """Remove a release from the store, if no known project has it."""
    home = find_home(dict(os.environ))
    freed = remove(home, version, force=force)
    text = f"Claude Code {version} is removed; {freed / 1e6:,.0f} MB are free again"
    give("uninstall", Answer({"version": version, "bytes": freed}, text), as_json=as_json)


def remove(home: Home, version: str, *, force: bool) -> int:
    """Removes all entries of a version; the bytes that they held. Raises NothingInstalled, InUse."""
    found = [i for i in installs(home) if i.receipt.version == version]
    if not found:
        raise NothingInstalled(version=version)
    projects = known(home)
    in_use = sorted({u for i in found for u in users(projects, version, i.receipt.digest)})
    if in_use and not force:
        raise InUse(version=version, users=", ".join(in_use))
    return sum(uninstall(home, i) for i in found)
