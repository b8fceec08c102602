"""`ccpin install` and `ccpin uninstall`: releases in the store, apart from any project."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from ccpin.cli.origin import FROM, MIN_AGE, SOURCE, asked, least_age
from ccpin.cli.output import JSON, OFFLINE, REGISTRY, Answer, give
from ccpin.cli.progress import Shown
from ccpin.errors import InUse, LinkedEntry, NothingInstalled, OnlyShared
from ccpin.launching.acquire import acquire
from ccpin.paths import Home, find_home
from ccpin.pinning.request import parse_request
from ccpin.store.install import finish_uninstall, uninstall
from ccpin.store.live import look
from ccpin.store.needs import by_bisects, by_processes, by_projects
from ccpin.store.projects import known
from ccpin.store.receipt import install_folders, read_install, version_of

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
    """Remove a release from the store, if no known project has it and nothing runs it."""
    home = find_home(dict(os.environ))
    freed = remove(home, version, force=force)
    text = f"Claude Code {version} is removed; {freed / 1e6:,.0f} MB are free again"
    give("uninstall", Answer({"version": version, "bytes": freed}, text), as_json=as_json)


def remove(home: Home, version: str, *, force: bool) -> int:
    """Removes all installs of a version from the own store, those whose receipt cannot be read included; the bytes
    that the disk got back. Raises NothingInstalled, OnlyShared, LinkedEntry, and InUse unless by `force`."""
    found = [folder for folder in install_folders(home, own=True) if version_of(folder) == version]
    if not found and finish_uninstall(home, version):
        return 0
    if not found:
        for root in home.shared:
            if any(version_of(folder) == version for folder in install_folders(Home(root))):
                raise OnlyShared(version=version, path=root)
        for path in (os.path.dirname(folder) for folder in install_folders(home) if version_of(folder) == version):
            raise LinkedEntry(version=version, path=path)
        raise NothingInstalled(version=version)
    if not force and (users := _users(home, *found)):
        raise InUse(version=version, users="; ".join(users))
    needed: Callable[[str], list[str]] = (lambda folder: []) if force else partial(_users, home)
    return sum(uninstall(home, folder, Shown(), needed) for folder in found)


def _users(home: Home, *folders: str) -> list[str]:
    """The locks and the processes that need one of these installs, a few words each. A project that is gone does not
    count: who asks for one release knows."""
    projects, live, now = known(home), look(home), time.time()
    found = {
        reason.text: None
        for folder in folders
        for reason in (
            *by_projects(os.path.basename(os.path.dirname(folder)), projects, home, now),
            *by_processes(folder, read_install(folder), live),
            *by_bisects(os.path.basename(os.path.dirname(folder)), home),
        )
        if reason.kind != "gone-project"
    }
    return list(found)
