"""`ccpin use`: pins a project (or this user's default) to a release."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from ccpin.cli.output import JSON, REGISTRY, Answer, give
from ccpin.cli.place import lock_to_change
from ccpin.cli.progress import Shown
from ccpin.errors import DigestMismatch, LockConflict, LockInvalid, NothingAsked
from ccpin.launching.acquire import acquire
from ccpin.launching.setup import activation
from ccpin.paths import Home, find_home
from ccpin.pinning.find import read_bytes, read_plain
from ccpin.pinning.head import version_key
from ccpin.pinning.lock import Lock, parse, render
from ccpin.pinning.own import allowed_flags
from ccpin.pinning.profile import find_profile, profile_of, with_profile
from ccpin.pinning.request import parse_request
from ccpin.pinning.write import checkout, require_writable, write_lock
from ccpin.releases.registry import Registry
from ccpin.releases.resolve import FIRST_STARTING
from ccpin.store.effect import Ignored, ignored, sentence
from ccpin.store.projects import remember


@dataclass(frozen=True)
class Used:
    """What `ccpin use` did.

    `before` is the version that was pinned, `repaired` what was wrong with a lock that could not be read, `absent`
    the platforms that the registry lacks; `profile` names the lock's flags, `ignored` are those that this release
    does not read.
    """

    version: str
    request: str
    runtime: str
    lock: str
    changed: bool
    before: str | None
    repaired: str | None
    absent: tuple[str, ...]
    executable: str
    registry: str
    profile: str
    ignored: tuple[Ignored, ...]


def use(
    spec: str | None,
    path: str,
    home: Home,
    env: dict[str, str],
    *,
    registry: Registry | None = None,
    runtime: str | None = None,
    profile: str | None = None,
) -> Used:
    """Pins what `spec` means in the lock at `path`; without `spec`, what that lock's request means today. The flags
    are those of `profile`, else those of the lock, else the default ones.

    Resolves once, installs, writes the lock last. A failure anywhere leaves the lock as it was.
    """
    if profile is not None:
        find_profile(profile)
    if path != home.default_lock:
        require_writable(path)
    allowed = allowed_flags(home)
    old_text, old, broken = _old_lock(path, allowed, repairable=spec is not None)
    if spec is None:
        if old is None:
            raise NothingAsked()
        spec = old.request
    request = parse_request(spec)
    registry = registry or Registry.configured(env)
    got = acquire(request, home, env, registry, progress=Shown(), old=old, runtime=runtime)
    lock = got.lock if profile is None else with_profile(got.lock, profile)
    changed = write_lock(path, render(lock, old_text, allowed), old_text)
    if path != home.default_lock:
        remember(home, path)
    return Used(
        version=lock.version,
        request=request.text,
        runtime=lock.runtime,
        lock=path,
        changed=changed,
        before=old.version if old else None,
        repaired=broken,
        absent=got.release.absent,
        executable=got.installed.executable,
        registry=registry.name,
        profile=profile_of(lock.env, clean=lock.clean),
        ignored=tuple(ignored(lock.env, got.installed.receipt)),
    )


def _old_lock(path: str, allowed: frozenset[str], *, repairable: bool) -> tuple[str | None, Lock | None, str | None]:
    """The lock that is there, as text and value. One that cannot be read counts as none when a version was named,
    and what was wrong with it is the third; but never one of a newer format, or with a flag that is refused."""
    if not os.path.lexists(path):
        return None, None, None
    data = read_bytes(path)
    try:
        old = parse(data, path, allowed)
    except (LockConflict, LockInvalid, DigestMismatch) as error:
        if not repairable:
            raise
        return None, None, str(error)
    return data.decode(), old, None


def _notes(used: Used, fresh_attributes: str | None) -> Iterator[str]:
    if used.before and version_key(used.version) < version_key(used.before):
        yield f"note: the pin moves down, from {used.before}: sessions written by newer releases may not open"
    if version_key(used.version) < version_key(FIRST_STARTING):
        yield (
            f"note: {used.version} is known to refuse to start a session: before {FIRST_STARTING}, the server's"
            ' floor makes a release end with "needs an update"'
        )
    if used.repaired:
        held = "ccpin's default flags" if used.profile == "default" else f"the flags of profile {used.profile}"
        yield f"note: the lock was written anew, with {held}, for {used.repaired}"
    if used.ignored:
        yield f"note: {sentence(used.version, used.ignored)}"
    if used.absent:
        yield f"note: {used.registry} does not hold {used.version} for {', '.join(used.absent)}"
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
        typer.Argument(metavar="SPEC", help="2.0.14, 2.0, '>=2.0,<2.1', latest or stable; nothing: ask again."),
    ] = None,
    default: Annotated[bool, typer.Option("--global", help="Set this user's default instead.")] = False,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="The flags: strict, default or none; else they stay.")
    ] = None,
    runtime: Annotated[
        str | None, typer.Option(metavar="KIND", help="native or node, where a release has both.")
    ] = None,
    registry: REGISTRY = None,
    as_json: JSON = False,
) -> None:
    """Pin this project to a release: resolve it, install it, write .ccpin.lock."""
    env = dict(os.environ)
    home = find_home(env)
    path = lock_to_change(home, default=default)
    asked = Registry.configured(env, registry) if registry else None
    used = use(spec, path, home, env, registry=asked, runtime=runtime, profile=profile)
    what = "pinned" if used.changed else "was pinned already"
    text = f"Claude Code {used.version} {what} in {used.lock}" + (f", profile {profile}" if profile else "")
    notes = (*_notes(used, _attributes_to_offer(used)), *_shim_notes(home, env))
    give("use", Answer({**asdict(used), "notes": notes}, text, notes), as_json=as_json)
