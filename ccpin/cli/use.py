"""`ccpin use`: pins a project (or this user's default) to a release."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from ccpin.cli.origin import FINGERPRINT, FROM, MIN_AGE, NODE, SOURCE, asked, least_age
from ccpin.cli.output import JSON, OFFLINE, REGISTRY, Answer, give
from ccpin.cli.place import lock_to_change
from ccpin.cli.progress import Shown
from ccpin.errors import BadOption
from ccpin.launching.repin import Used, use
from ccpin.launching.setup import activation
from ccpin.launching.unpinned import find_unpinned
from ccpin.paths import Home, find_home
from ccpin.pinning.find import read_plain
from ccpin.pinning.head import version_key
from ccpin.pinning.lock import Lock
from ccpin.pinning.write import checkout
from ccpin.releases.release import FIRST_STARTING, Release
from ccpin.store.effect import Ignored, sentence


def answer(used: Used, text: str, home: Home, env: dict[str, str], more: Sequence[str] = ()) -> Answer:
    """What became of a pin, with all that is to be said about it; `more` are notes of the caller's own."""
    notes = (*more, *_notes(used, _attributes_to_offer(used)), *_shim_notes(home, env))
    data = {name: value for name, value in asdict(used).items() if name != "remarks"}
    return Answer({**data, "notes": notes}, text, notes)


def of_the_move(version: str, before: str | None, useless: Sequence[Ignored]) -> Iterator[str]:
    """Notes on a pin that is now at `version`, whichever way it came there."""
    if before and version_key(version) < version_key(before):
        yield f"note: the pin moves down, from {before}: sessions written by newer releases may not open"
    if version_key(version) < version_key(FIRST_STARTING):
        yield (
            f"note: {version} is known to refuse to start a session: before {FIRST_STARTING}, the server's"
            ' floor makes a release end with "needs an update"'
        )
    if useless:
        yield f"note: {sentence(version, useless)}"


def _notes(used: Used, fresh_attributes: str | None) -> Iterator[str]:
    yield from used.remarks
    yield from of_the_move(used.version, used.before, used.ignored)
    if used.repaired:
        held = "ccpin's default flags" if used.profile == "default" else f"the flags of profile {used.profile}"
        yield f"note: the lock was written anew, with {held}, for {used.repaired}"
    if used.absent:
        yield f"note: {used.source_name} does not hold {used.version} for {', '.join(used.absent)}"
    if fresh_attributes:
        command = f"echo '.ccpin.lock -text -merge' >> {shlex.quote(fresh_attributes)}"
        yield f"note: keep git from merging locks by lines: {command}"


def _shim_notes(home: Home, env: dict[str, str]) -> Iterator[str]:
    line = activation(home, env)
    if not os.path.exists(home.shim()):
        yield "note: `claude` is not ccpin's shim yet: `ccpin setup` installs it"
    elif line:
        yield f"note: this shell sees the shim after `{line}`, a new one at once"


def _attributes_to_offer(used: Used) -> str | None:
    """The .gitattributes that lacks ccpin's line, when a lock was just made in a git checkout."""
    if used.before is not None or used.repaired:
        return None
    root = checkout(os.path.dirname(used.lock))
    if root is None:
        return None
    path = os.path.join(root, ".gitattributes")
    try:
        return None if b".ccpin.lock" in read_plain(path, 1 << 20) else path
    except OSError:
        return path


def use_command(
    spec: Annotated[
        str | None,
        typer.Argument(
            metavar="SPEC",
            help="2.0.14, 2.0, '>=2.0,<2.1', latest, stable, or current: what is installed now; nothing: ask again.",
        ),
    ] = None,
    default: Annotated[bool, typer.Option("--global", help="Set this user's default instead.")] = False,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="The flags: strict, default or none; else they stay.")
    ] = None,
    runtime: Annotated[
        str | None, typer.Option(metavar="KIND", help="native or node, where a release has both.")
    ] = None,
    node: NODE = None,
    fingerprint: FINGERPRINT = False,
    min_age: MIN_AGE = None,
    source: SOURCE = None,
    bundle: FROM = None,
    registry: REGISTRY = None,
    offline: OFFLINE = False,
    as_json: JSON = False,
) -> None:
    """Pin this project to a release. Looks it up, installs it, and writes .ccpin.lock."""
    env = dict(os.environ)
    home = find_home(env)
    path = lock_to_change(home, default=default)
    sources = asked(env, home, source=source, registry=registry, bundle=bundle, offline=offline)()
    age = least_age(env, home, min_age)
    found = None
    remarks: list[str] = []
    if spec is not None and spec.strip().lower() == "current":
        if runtime is not None:
            raise BadOption(reason="`--runtime` says nothing about `current`, which has its own", command="ccpin use")
        found = find_unpinned(env, home)
        spec, runtime = found.version, found.runtime

    def accept(release: Release) -> None:
        if found is not None:
            remarks.append(f"note: {found.compared(release)}")

    def prove(lock: Lock) -> Lock:
        if not fingerprint:
            return lock
        from ccpin.cli.capturing import proven

        return proven(home, env, lock, path)

    used = use(
        spec,
        path,
        home,
        env,
        sources=sources,
        progress=Shown(),
        runtime=runtime,
        profile=profile,
        node=node,
        age=age,
        accept=accept,
        prove=prove,
    )
    what = "pinned" if used.changed else "was pinned already"
    text = f"Claude Code {used.version} {what} in {used.lock}" + (f", profile {profile}" if profile else "")
    text += ", with the fingerprint of what it sends" if fingerprint else ""
    give("use", answer(used, text, home, env, remarks), as_json=as_json)
