"""`ccpin sessions`: which releases wrote this project's sessions, and whether that is what the lock said."""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer

from ccpin.cli.output import JSON, Answer, give
from ccpin.cli.pagefile import written
from ccpin.cli.place import current_folder
from ccpin.cli.sessionrows import data_of, text_of
from ccpin.errors import BadOption, CcpinError, NoSuchFolder, SessionsOff, printable
from ccpin.launching.clientdata import config_folder
from ccpin.pinning.find import nearest_lock
from ccpin.sessions.audit import Audit, audit
from ccpin.sessions.page import page
from ccpin.sessions.stats import figures
from ccpin.sessions.tell import when
from ccpin.sessions.times import iso
from ccpin.sessions.times import since as since_seconds


def sessions_command(
    project: Annotated[
        str | None, typer.Option("--project", metavar="DIR", help="Those that were started in DIR or below it.")
    ] = None,
    everywhere: Annotated[bool, typer.Option("--all", help="Those of all projects.")] = False,
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="Those that went on after a day, or for an age: 30d.")
    ] = None,
    stats: Annotated[bool, typer.Option("--stats", help="Also turns, tools and thinking, by release.")] = False,
    every: Annotated[bool, typer.Option("--every", help="Name every session, not only the odd ones.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit 1 where one is off the lock, or changed.")] = False,
    html: Annotated[str | None, typer.Option("--html", metavar="FILE", help="Write it as a page.")] = None,
    as_json: JSON = False,
) -> None:
    """Show which releases wrote the sessions of this project, and whether they fit the lock. Content is not shown."""
    env = dict(os.environ)
    if project is not None and everywhere:
        raise BadOption(reason="`--project` and `--all` exclude each other", command="ccpin sessions")
    start = 0.0 if since is None else since_seconds(since, time.time())
    folder = None if everywhere else _folder(project)
    config = os.path.abspath(config_folder(env))
    found = audit(config, env, folder=folder, since=start)
    releases = figures(found) if stats else None
    where = "all projects" if folder is None else folder
    if html is not None:
        span = f" since {when(iso(start))}" if start else ""  # the page is read on another day
        written(html, page(found, where + span, releases))
    notes = [f"note: {printable(one.path)} was not read: {one.why}" for one in found.passed]
    notes += [] if html is None else [f"note: the page is {printable(html)}"]
    text = text_of(found, where, config, releases, since=since, every=every)
    data = data_of(found, folder, start, releases)
    give("sessions", Answer(data, text, notes, _errors(found, check)), as_json=as_json)


def _folder(project: str | None) -> str:
    """The folder of the project: the named one, else the one that the nearest lock stands in, else the current one."""
    if project is None:
        lock = nearest_lock()
        return os.path.dirname(lock) if lock is not None else current_folder()
    if not os.path.isdir(project):
        raise NoSuchFolder(path=project)
    return os.path.abspath(project)


def _errors(found: Audit, check: bool) -> tuple[CcpinError, ...]:
    if not check or not (found.off or found.changed):
        return ()
    return (SessionsOff(off=found.off, all=len(found.sessions), changed=found.changed),)
