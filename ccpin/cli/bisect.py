"""`ccpin bisect`: the first release for which a command fails, or of which something else is sent."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer

from ccpin.cli.bisecting import Given, asked_anew, disk_note, require_same, resumed
from ccpin.cli.bisectsaid import answer, progress
from ccpin.cli.capturing import GATEWAY, captured, head_of, kept_or_captured, with_flags
from ccpin.cli.output import JSON, give, say
from ccpin.errors import Interrupted, Stopped, Terminated, printable
from ccpin.launching.bisect import Means, bisect
from ccpin.launching.bisectlog import Log, Seen, read_log
from ccpin.launching.fetchahead import FetchAhead
from ccpin.launching.launch import node_before
from ccpin.launching.trial import Trial
from ccpin.paths import Home, find_home
from ccpin.pinning.head import Head
from ccpin.store.bisects import at_work, need
from ccpin.wire.capture import Mode
from ccpin.wire.predicate import parse_predicate
from ccpin.wire.take import subject

_PROFILE = Annotated[
    str | None, typer.Option(metavar="NAME", help="The flags: strict, default, none; else the lock's.")
]


def bisect_command(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="Behind `--`: exit code 0 good, 125 skip, else bad.")
    ] = None,
    good: Annotated[
        str | None, typer.Option("--good", metavar="A", help="A release for which it does not fail.")
    ] = None,
    bad: Annotated[str | None, typer.Option("--bad", metavar="B", help="A newer one for which it does.")] = None,
    profile: _PROFILE = None,
    skip: Annotated[
        list[str] | None, typer.Option("--skip", metavar="V", help="Not this one; may be repeated.")
    ] = None,
    runs: Annotated[int | None, typer.Option("--runs", min=1, max=99, metavar="N", help="How often; odd.")] = None,
    wire: Annotated[
        str | None,
        typer.Option("--wire", metavar="WHAT", help="beta:NAME, tool:NAME, prompt~REGEX or model=ID; no COMMAND."),
    ] = None,
    gateway: GATEWAY = False,
    resume: Annotated[bool, typer.Option("--continue", help="Go on with one that broke off.")] = False,
    as_json: JSON = False,
) -> None:
    """Find the first release for which COMMAND fails, or that sends something else. The pin stays as it is."""
    env = dict(os.environ)
    home = find_home(env)
    given = Given(good, bad, tuple(command or ()), profile, tuple(skip or ()), runs, wire, gateway)
    folder, log = resumed(given, home) if resume else asked_anew(given, home, env)
    with at_work(home, folder):
        if resume:  # another one may have gone on meanwhile
            log = require_same(given, read_log(folder))
        else:
            for note in (*_dropped(folder, log), *disk_note(home, env, log.asked)):
                say(printable(note))
            log.begin()
        try:
            with _means(log, folder, home, env) as means:
                search = bisect(log, means)
        except (KeyboardInterrupt, Stopped) as end:
            error = Terminated() if isinstance(end, Stopped) else Interrupted()
            error.hint = "what was seen is kept, go on with it: `ccpin bisect --continue`"  # repeating would drop it
            raise error from None
    give("bisect", answer(log, search, home, env), as_json=as_json)


def _dropped(folder: str, new: Log) -> Iterator[str]:
    old = read_log(folder)
    if old is not None and old.seen and not old.is_done:
        of = "1 release" if len(old.seen) == 1 else f"{len(old.seen)} releases"
        yield f"ccpin: starting anew; what was seen of {of} is dropped (`--continue` would have gone on with it)"
    elif old is not None and old.asked != new.asked:
        yield "ccpin: this range was looked at before, for something else; starting anew"


@contextmanager
def _means(log: Log, folder: str, home: Home, env: dict[str, str]) -> Iterator[Means]:
    """How candidates are obtained and judged."""
    asked = log.asked
    judge = _by_command(log, folder, home, env) if asked.wire is None else _by_wire(log, home, env)
    current: list[str] = []
    with FetchAhead(home, env, sys.executable) as fetch:

        def obtain(version: str) -> Head:
            need(folder, [version])
            fetch.want(version)
            head = with_flags(head_of(version, None, home, env), dict(asked.env), clean=asked.clean)
            node_before(home, head, env)
            current[:] = [version]
            return head

        def ahead(versions: Sequence[str]) -> None:
            if (version := fetch.begin(versions)) is not None:
                need(folder, [*current, version])

        yield Means(obtain, judge, ahead, progress)


def _by_command(log: Log, folder: str, home: Home, env: dict[str, str]) -> Callable[[Head], Seen]:
    asked = log.asked
    return Trial(asked.command, asked.folder, env, home, folder, sys.executable).run


def _by_wire(log: Log, home: Home, env: dict[str, str]) -> Callable[[Head], Seen]:
    asked = log.asked
    predicate = parse_predicate(asked.wire or "")
    mode: Mode = "gateway" if asked.mode == "gateway" else "first-party"

    def judge(head: Head) -> Seen:
        if asked.runs == 1:
            found = kept_or_captured(home, env, head, mode, fresh=False)
        else:
            found = captured(home, subject(home, env, head, mode), 1)
        holds = predicate.holds(found)
        return Seen(holds, predicate.said(holds))

    return judge
