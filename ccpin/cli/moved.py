"""The short form of `ccpin diff`, at the end of `ccpin upgrade` and `ccpin outdated`: where both releases were captured
under the lock's flags, or `--wire` asks for that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from ccpin.errors import CcpinError
from ccpin.paths import Home

if TYPE_CHECKING:
    from ccpin.releases.sources import Sources
    from ccpin.wire.capture import Mode

WIRE = Annotated[
    bool,
    typer.Option("--wire", help="Show what changes in what is sent, too; runs both releases where that is not known."),
]

_TOLD = ("model", "parameters", "betas", "tools", "system", "messages")


def what_changes(
    home: Home,
    env: dict[str, str],
    before: str,
    after: str,
    flags: Mapping[str, str],
    *,
    clean: bool,
    wire: bool,
    sources: Callable[[], Sources] | None = None,
    mode: Mode = "first-party",
) -> tuple[list[str], list[str]]:
    """A few lines about the way from one version to the other, under these flags; none where it is not known. And notes
    on why it is not, where `wire` asked for it: the command has done what it is for by then, and has not failed.
    """
    try:
        return _lines(home, env, before, after, flags, clean=clean, wire=wire, sources=sources, mode=mode), []
    except CcpinError as error:
        return [], [f"note: what {after} sends, against {before}, is not known: {error} ({error.hint})"]


def _lines(
    home: Home,
    env: dict[str, str],
    before: str,
    after: str,
    flags: Mapping[str, str],
    *,
    clean: bool,
    wire: bool,
    sources: Callable[[], Sources] | None,
    mode: Mode,
) -> list[str]:
    """With `wire`, raises what `head_of` and `kept_or_captured` raise."""
    from ccpin.cli.capturing import head_of, kept_or_captured, with_flags
    from ccpin.wire.compare import compare
    from ccpin.wire.kept import kept_of_version
    from ccpin.wire.summary import rows

    found = []
    for version in (before, after):
        one = kept_of_version(home, version, flags, mode, clean=clean)
        if one is None and wire:
            head = with_flags(head_of(version, None, home, env, sources=sources), dict(flags), clean=clean)
            one = kept_or_captured(home, env, head, mode, fresh=False)
        if one is None:
            return []
        found.append(one)
    told = [row for row in rows(compare(*found)) if row.label in _TOLD and not row.same]
    lines = [f"  {row.label:<10}  {row.text}" for row in told] or ["  nothing that `ccpin diff` looks at first"]
    return [f"what {after} sends, against {before} (`ccpin diff {before} {after}` shows all of it):", *lines]
