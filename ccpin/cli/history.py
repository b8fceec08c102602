"""`ccpin history`: how what is sent has grown, over the releases that are installed or were captured."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated

import typer

from ccpin.cli.capturing import GATEWAY, PROFILE, captured, flags_of, mode_of
from ccpin.cli.offered import installed_versions
from ccpin.cli.output import JSON, Answer, give
from ccpin.cli.pagefile import written
from ccpin.errors import BadOption, BadVersion, CannotCapture, CcpinError, NothingToShow, StoreUnwritable
from ccpin.paths import Home, find_home
from ccpin.pinning.find import require_minimum
from ccpin.pinning.head import Head, is_version, version_key
from ccpin.pinning.profile import profile_of
from ccpin.store.entry import ready
from ccpin.store.receipt import all_installs
from ccpin.wire.capture import Mode
from ccpin.wire.fingerprint import Fingerprint
from ccpin.wire.history import history_page, points, table
from ccpin.wire.kept import all_kept
from ccpin.wire.take import subject


def history_command(
    first: Annotated[
        str | None, typer.Option("--from", metavar="A", help="From this release on.", autocompletion=installed_versions)
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="B", help="Up to this release.", autocompletion=installed_versions)
    ] = None,
    profile: PROFILE = None,
    gateway: GATEWAY = False,
    html: Annotated[str | None, typer.Option("--html", metavar="FILE", help="Write it as a page of charts.")] = None,
    as_json: JSON = False,
) -> None:
    """Show how what is sent grew. Of releases that were captured, and those installed, captured now where missing."""
    env = dict(os.environ)
    home = find_home(env)
    low, high = (_bound(text) for text in (first, last))
    if low and high and low > high:
        raise BadOption(
            reason=f"no release is from {first} on and up to {last}; take them the other way round",
            command="ccpin history",
        )
    told, clean = flags_of(profile, home)
    mode = mode_of(gateway)
    known = {
        (one.about.version, one.about.release): one
        for one in all_kept(home)
        if (one.about.env, one.about.clean, one.about.mode) == (told, clean, mode)
    }
    missing = [head for head in _installed(home, told, clean=clean) if (head.version, head.digest) not in known]
    wanted = [head for head in missing if _within(head.version, low, high)]
    failed = list(_capture(home, env, wanted, mode, known))
    passed = {head.version: str(error) for head, error in failed}
    found = points(one for one in known.values() if _within(one.about.version, low, high))
    if not found:
        raise _nothing([error for _, error in failed], first, last)
    which = f"profile {profile_of(told, clean=clean)}, {mode}"
    if html is not None:
        written(html, history_page(found, f"P{which[1:]}."))
    notes = [f"note: {version} is not among them: {why}" for version, why in passed.items()]
    notes += [] if html is None else [f"note: the page is {html}"]
    data = {"mode": mode, "flags": told, "clean": clean, "passed": passed, "releases": [one.to_json() for one in found]}
    give(
        "history",
        Answer(data, "\n".join([f"What Claude Code sends, by release; {which}", _text(table(found))]), notes),
        as_json=as_json,
    )


def _installed(home: Home, told: dict[str, str], *, clean: bool) -> Iterator[Head]:
    """What can be started here, under these flags; what several stores have, once."""
    found = {(one.receipt.version, one.receipt.digest): one.receipt for _, one in all_installs(home)}
    for one in found.values():
        if ready(home, one):
            yield Head(one.version, one.version, one.runtime, one.digest, told, 1, clean=clean, node=one.node)


def _capture(
    home: Home,
    env: dict[str, str],
    heads: list[Head],
    mode: Mode,
    known: dict[tuple[str, str], Fingerprint],
) -> Iterator[tuple[Head, CcpinError]]:
    """Adds to `known` what was missing, and gives those that could not be captured."""
    for number, head in enumerate(heads, 1):
        which = f" ({number} of {len(heads)})"
        try:
            require_minimum(home, head.version)
            known[head.version, head.digest] = captured(home, subject(home, env, head, mode), 1, which=which)
        except (CannotCapture, StoreUnwritable):  # so it would be with each of them
            raise
        except CcpinError as error:
            yield head, error


def _nothing(failed: list[CcpinError], first: str | None, last: str | None) -> CcpinError:
    """Why there is nothing to show: no release could be captured, or there is none."""
    if not failed:
        bounds = [f" from {first} on" if first else "", f" up to {last}" if last else ""]
        return NothingToShow(which="".join(bounds))
    error, *others = failed
    error.besides = tuple(others)
    return error


def _bound(text: str | None) -> tuple[int, int, int] | None:
    if text is None:
        return None
    if not is_version(text):
        raise BadVersion(value=text)
    return version_key(text)


def _within(version: str, low: tuple[int, int, int] | None, high: tuple[int, int, int] | None) -> bool:
    key = version_key(version)
    return (low is None or key >= low) and (high is None or key <= high)


def _text(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    last = len(widths) - 1
    return "\n".join(
        "  ".join(
            word.ljust(width) if at in (0, 1, last) else word.rjust(width)
            for at, (word, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
