"""`ccpin diff`: what another release, or other flags, would change in what is sent."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from ccpin.cli.capturing import GATEWAY, head_of, kept_or_captured, mode_of
from ccpin.cli.fingerprint import open_note
from ccpin.cli.offered import installed_versions, offered_profiles
from ccpin.cli.output import JSON, Answer, give
from ccpin.cli.pagefile import written
from ccpin.cli.rows import broken, columns, row
from ccpin.errors import BadOption
from ccpin.launching.before import lock_before
from ccpin.paths import Home, find_home
from ccpin.pinning.head import Head
from ccpin.pinning.profile import profile_of
from ccpin.wire.compare import Comparison, Names, Value, compare
from ccpin.wire.fingerprint import Fingerprint
from ccpin.wire.lines import TextDiff
from ccpin.wire.page import page
from ccpin.wire.sizes import tokens
from ccpin.wire.summary import rows, title, tool_sentences

_SIGN = {" ": "  ", "-": "- ", "+": "+ ", "…": "…"}


def diff_command(
    versions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="VERSION",
            help="Two releases; one: the pinned one and that; none: the lock in git.",
            autocompletion=installed_versions,
        ),
    ] = None,
    profiles: Annotated[
        list[str] | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="The flags of both; twice, for one release: of each.",
            autocompletion=offered_profiles,
        ),
    ] = None,
    gateway: GATEWAY = False,
    details: Annotated[bool, typer.Option("--details", help="Every name, and the texts line by line.")] = False,
    html: Annotated[str | None, typer.Option("--html", metavar="FILE", help="Write all of it as a page.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Capture both anew, whatever is kept.")] = False,
    as_json: JSON = False,
) -> None:
    """Show what another release, or other flags, change in what is sent. Captures what was not captured yet."""
    env = dict(os.environ)
    home = find_home(env)
    heads = _heads(versions or [], profiles or [], home, env)
    before, after = (kept_or_captured(home, env, head, mode_of(gateway), fresh=fresh) for head in heads)
    found = compare(before, after)
    notes = list(dict.fromkeys(note for one in (before, after) if (note := open_note(one))))
    if before.about == after.about:
        notes.append("note: both are the same release under the same flags; `ccpin diff A B` takes two")
    if html is not None:
        written(html, page(found))
        notes.append(f"note: {html} holds texts of the vendor's: it is for you, not for publishing")
    give("diff", Answer(_data(found, details=details), _text(found, details=details), notes), as_json=as_json)


def _heads(versions: Sequence[str], profiles: Sequence[str], home: Home, env: dict[str, str]) -> tuple[Head, Head]:
    """Both sides, installed. Raises BadOption, NoPrevious, and what `head_of` raises."""
    if len(versions) > 2 or len(profiles) > 2:
        raise BadOption(reason="it takes two releases, or two profiles of one", command="ccpin diff")
    if len(profiles) == 2:
        if len(versions) == 2:
            raise BadOption(reason="two releases and two profiles are four sides; take one pair", command="ccpin diff")
        spec = versions[0] if versions else None
        return head_of(spec, profiles[0], home, env), head_of(spec, profiles[1], home, env)
    profile = profiles[0] if profiles else None
    if not versions:
        before = lock_before(home, env)
        return head_of(None, profile, home, env, nearest=before), head_of(None, profile, home, env)
    first, second = versions if len(versions) == 2 else (None, versions[0])
    return head_of(first, profile, home, env), head_of(second, profile, home, env)


def _data(found: Comparison, *, details: bool) -> dict[str, Any]:
    """Names, numbers and digests; the vendor's texts only with `details`."""
    return {
        "before": _side(found.before),
        "after": _side(found.after),
        "parts": found.parts,
        "model": [found.before.model, found.after.model],
        "parameters": [_value(value) for value in found.parameters],
        "headers": [_value(value) for value in found.headers],
        "betas": _names(found.betas),
        "tools": {
            **_names(found.tools),
            "changed": {
                change.name: {"said": tool_sentences(change)}
                | ({"description": _lines(change.description)} if details else {})
                for change in found.changed_tools
            },
            "moved": found.moved,
        },
        "system": _textual(found.system, details=details),
        "messages": _textual(found.messages, details=details),
        "variables": _names(found.variables),
        "hosts": _names(found.hosts),
    }


def _side(one: Fingerprint) -> dict[str, Any]:
    about = one.about
    return {
        "version": about.version,
        "runtime": about.runtime,
        "profile": profile_of(about.env, clean=about.clean),
        "mode": about.mode,
        "all": one.all,
        "parts": one.digests,
        "isolation": one.isolation,
        "unstable": dict(one.unstable),
        "bytes": about.size,
        "startup_seconds": one.startup,
    }


def _value(value: Value) -> dict[str, Any]:
    return {"name": value.name, "change": value.kind, "before": value.before, "after": value.after}


def _names(names: Names) -> dict[str, Any]:
    return {"before": names.before, "after": names.after, "added": names.added, "removed": names.removed}


def _textual(text: TextDiff, *, details: bool) -> dict[str, Any]:
    sizes = {
        "characters": [text.before, text.after],
        "tokens": [tokens(text.before), tokens(text.after)],
        "lines_removed": text.gone,
        "lines_added": text.come,
    }
    return {**sizes, "lines": _lines(text)} if details else sizes


def _lines(text: TextDiff) -> list[str]:
    return [_SIGN[line.kind] + line.text for line in text.lines]


def _text(found: Comparison, *, details: bool) -> str:
    said = broken(title(found))
    for each in rows(found, None if details else 6):
        said += row(each.label, each.text)
    return "\n".join([*said, *(_detailed(found, columns()) if details else ())])


def _detailed(found: Comparison, width: int) -> Iterator[str]:
    for change in found.changed_tools:
        yield f"\ntool {change.name}"
        yield from (f"    {sentence}" for sentence in tool_sentences(change))
        yield from _wrapped(change.description, width)
    for name, text in (("system prompt", found.system), ("messages", found.messages)):
        if text:
            yield f"\n{name}"
            yield from _wrapped(text, width)
    for kind, names in (("came", found.variables.added), ("went", found.variables.removed)):
        if names:
            yield f"\nvariables that {kind}"
            yield from broken(f"    {', '.join(names)}", indent="    ", width=width)


def _wrapped(text: TextDiff, width: int) -> Iterator[str]:
    for line in text.lines:
        sign = _SIGN[line.kind]
        pieces = textwrap.wrap(line.text, width - 6, drop_whitespace=False, break_on_hyphens=False) or [""]
        yield f"    {sign}{pieces[0]}".rstrip()
        yield from (f"      {piece.strip()}" for piece in pieces[1:])
