"""`ccpin fingerprint`: what a release sends, as digests that can be compared. The texts stay on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ccpin.cli.capturing import GATEWAY, PROFILE, RUNS, captured, head_of, mode_of
from ccpin.cli.offered import installed_versions
from ccpin.cli.output import JSON, Answer, give
from ccpin.cli.rows import broken, columns, row
from ccpin.paths import find_home
from ccpin.pinning.profile import profile_of
from ccpin.wire.fingerprint import Fingerprint
from ccpin.wire.sizes import characters, tool_names
from ccpin.wire.take import subject


def fingerprint_command(
    version: Annotated[
        str | None,
        typer.Argument(
            metavar="VERSION",
            help="As for `ccpin exec --version`; else the pinned one.",
            autocompletion=installed_versions,
        ),
    ] = None,
    profile: PROFILE = None,
    gateway: GATEWAY = False,
    runs: RUNS = 2,
    as_json: JSON = False,
) -> None:
    """Run a release against a loopback API, and tell what it sends. No account, no cost, nothing leaves the machine."""
    env = dict(os.environ)
    home = find_home(env)
    head = head_of(version, profile, home, env)
    found = captured(home, subject(home, env, head, mode_of(gateway)), runs)
    give("fingerprint", Answer(data(found), text(found), notes(found)), as_json=as_json)


def data(found: Fingerprint) -> dict[str, Any]:
    """Digests, names and numbers; none of the vendor's texts."""
    about = found.about
    return {
        "version": about.version,
        "runtime": about.runtime,
        "profile": profile_of(about.env, clean=about.clean),
        "flags": dict(about.env),
        "clean": about.clean,
        "mode": about.mode,
        "normaliser": about.normaliser,
        "runs": found.runs,
        "isolation": found.isolation,
        "all": found.all,
        "parts": found.digests,
        "unstable": dict(found.unstable),
        "model": found.model,
        "parameters": {name: _plain(value) for name, value in found.parts["parameters"].items()},
        "betas": found.parts["betas"],
        "tools": tool_names(found.parts["tools"]),
        "system_characters": characters(found.parts["system"]),
        "headers": dict(found.parts["headers"]),
        "platform": dict(found.platform),
        "hosts": found.hosts,
        "requests": found.paths,
        "files": found.files,
        "sometimes": dict(found.sometimes),
        "startup_seconds": found.startup,
        "seconds": found.seconds,
        "bytes": about.size,
    }


def text(found: Fingerprint) -> str:
    """Half a screen."""
    about = found.about
    parameters = found.parts["parameters"]
    others = [name for name in parameters if name not in ("model", "metadata", "stream")]
    rows: dict[str, str] = {
        "all": _digest(found.all),
        **{str(part): _digest(said) for part, said in found.digests.items()},
        "model": found.model or "none",
        "also asked": ", ".join(f"{name} {_short(parameters[name])}" for name in others) or "nothing",
        "beta names": ", ".join(found.parts["betas"]) or "none",
        "tool names": ", ".join(tool_names(found.parts["tools"])) or "none",
        "prompt": f"{characters(found.parts['system']):,} characters",
        "user agent": found.parts["headers"].get("user-agent", "none"),
        "hosts": ", ".join(found.hosts) or "none",
        "home": f"{len(found.files)} {'kind' if len(found.files) == 1 else 'kinds'} of files written",
        "time": f"{found.startup:.2f} s to its request, {found.seconds:.2f} s in all",
    }
    profile = profile_of(about.env, clean=about.clean)
    runs = "1 run" if found.runs == 1 else f"{found.runs} runs, {'not all alike' if found.unstable else 'all alike'}"
    first = f"Claude Code {about.version}, profile {profile}, {about.mode}: {runs}, {found.how}"
    return "\n".join([*broken(first), *(line for name, value in rows.items() for line in row(name, value))])


def _digest(said: str) -> str:
    """As it stands in a lock; without its kind where that would not fit a line."""
    return said if columns() >= 14 + len(said) else said.removeprefix("sha256:")


def open_note(found: Fingerprint) -> str | None:
    """What is to be said where it did not run in a namespace."""
    if found.isolated:
        return None
    return f"note: {found.how} nothing but the proxy variables and a dummy key keep a release from the network"


def notes(found: Fingerprint) -> list[str]:
    """What was not the same in all runs."""
    said = list(filter(None, [open_note(found)]))
    said += [
        f"note: `{part}` is not stable: {count} different ones in {found.runs} runs"
        for part, count in found.unstable.items()
    ]
    said += [f"note: {name} that came with some runs only: {', '.join(some)}" for name, some in found.sometimes.items()]
    return said


def _plain(value: Any) -> Any:
    """A parameter that is a word or a number, or a small group of them; no texts."""
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value if not isinstance(value, str) or len(value) <= 100 else f"{len(value)} characters"


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_short(member)}" for name, member in value.items())
    said = str(value).lower() if isinstance(value, bool) else str(value)
    return said if len(said) <= 60 else f"{len(said)} characters"
