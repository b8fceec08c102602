"""Moving a pin: looked up once, installed, and the lock written last. Behind `ccpin use` and `ccpin upgrade`.

A failure anywhere leaves the lock as it was. What it said before is kept, for `ccpin rollback`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from ccpin.errors import DigestMismatch, LockConflict, LockInvalid, NothingAsked, NothingPinned, WouldMoveDown
from ccpin.launching.acquire import Acquired, Meant, look_up, take
from ccpin.launching.elsewhere import executables
from ccpin.paths import Home
from ccpin.pinning.find import read_bytes
from ccpin.pinning.head import version_key
from ccpin.pinning.lock import Lock, parse, render
from ccpin.pinning.own import allowed_flags
from ccpin.pinning.profile import find_profile, profile_of, proof_notes, with_profile, with_proof_of
from ccpin.pinning.request import Request, parse_request
from ccpin.pinning.write import require_writable, write_lock
from ccpin.releases.choose import Age, Chosen
from ccpin.releases.configured import configured
from ccpin.releases.release import Release
from ccpin.releases.sources import Sources
from ccpin.store.effect import Ignored, ignored, receipt_of
from ccpin.store.entry import ready
from ccpin.store.find import find_install
from ccpin.store.install import install
from ccpin.store.previous import push, release_id
from ccpin.store.progress import Progress
from ccpin.store.projects import remember


@dataclass(frozen=True)
class Used:
    """What became of a pin.

    `before` is the version that was pinned, `repaired` what was wrong with a lock that could not be read, `absent`
    the platforms that the source lacks; `executable` is None where an upgrade had nothing to do and it is not
    installed. `source` is the kind of source that vouched for it, `source_name` its address or path,
    `origin` the sentence about it, `passed` version -> why it was passed over; `node` is the version of the lock's own
    Node.js; `profile` names the lock's flags, `ignored` are those that this release does not read; `remarks` are
    sentences for the one who asked.
    """

    version: str
    request: str
    runtime: str
    node: str | None
    lock: str
    changed: bool
    before: str | None
    repaired: str | None
    absent: tuple[str, ...]
    executable: str | None
    source: str | None
    source_name: str
    origin: str
    passed: dict[str, str]
    profile: str
    ignored: tuple[Ignored, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """What stands at `path` now: as text and as value, None where there is nothing. `broken` is what was wrong with a
    lock that could not be read and is to be written anew; `allowed` as in `parse`."""

    path: str
    text: str | None
    lock: Lock | None
    broken: str | None
    allowed: frozenset[str]


def use(
    spec: str | None,
    path: str,
    home: Home,
    env: dict[str, str],
    *,
    sources: Sources | None = None,
    progress: Progress | None = None,
    runtime: str | None = None,
    profile: str | None = None,
    node: str | None = None,
    age: Age | None = None,
    accept: Callable[[Release], object] = lambda release: None,
    prove: Callable[[Lock], Lock] = lambda lock: lock,
) -> Used:
    """Pins what `spec` means in the lock at `path`; without `spec`, what that lock's request means today. The flags
    are those of `profile`, else those of the lock, else the default ones. `accept` gets the release before anything
    is fetched, and may raise; `prove` gets the lock before it is written, and gives it with a fingerprint.

    Raises NothingAsked, BadRequest, UnknownProfile, LockError, and what `acquire`, `accept` and `prove` raise.
    """
    if profile is not None:
        find_profile(profile)
    standing = stand(path, home, repairable=spec is not None)
    if spec is None:
        if standing.lock is None:
            raise NothingAsked()
        spec = standing.lock.request
    request = parse_request(spec)
    sources = sources or configured(env, home)
    meant = look_up(request, sources, old=standing.lock, runtime=runtime, age=age)
    accept(meant.chosen.release)
    got = take(meant, home, env, sources, progress=progress or Progress(), old=standing.lock, node=node)
    lock = got.lock if profile is None else with_profile(got.lock, profile)
    return _pinned(replace(got, lock=prove(lock)), home, env, standing, sources, progress)


def upgrade(
    spec: str | None,
    path: str,
    home: Home,
    env: dict[str, str],
    *,
    sources: Sources | None = None,
    progress: Progress | None = None,
    age: Age | None = None,
) -> Used:
    """Moves the pin of the lock at `path` up to what `spec` means. Without `spec`: to what the lock's own request
    means today; where that is one exact version, to what `latest` means, and the new version is the request.

    Nothing is written or fetched where it is the pinned one. Raises NothingPinned, WouldMoveDown, BadRequest,
    LockError, and what `acquire` raises.
    """
    standing = stand(path, home)
    old = require_lock(standing, home)
    request = parse_request(spec if spec is not None else old.request)
    exact = spec is None and request.kind == "exact"
    sources = sources or configured(env, home)
    meant = look_up(Request("latest", "channel") if exact else request, sources, old=old, age=age)
    new = meant.chosen.release.version
    if version_key(new) < version_key(old.version):
        raise WouldMoveDown(
            request=meant.request.text, version=new, passed=_passed(meant.chosen.passed), pinned=old.version
        )
    if new == old.version:
        return _unmoved(meant, old, home, path, sources)
    if exact:
        meant = replace(meant, request=Request(new, "exact"))
    got = take(meant, home, env, sources, progress=progress or Progress(), old=old)
    return _pinned(got, home, env, standing, sources, progress)


def stand(path: str, home: Home, *, repairable: bool = False) -> Standing:
    """What stands at `path`, which somebody is about to replace. One that cannot be read counts as none where it is
    `repairable`; but never one of a newer format, or with a flag that is refused.

    Raises LockNotWritable, LockError, BrokenSetting.
    """
    if path != home.default_lock:
        require_writable(path)
    allowed = allowed_flags(home)
    if not os.path.lexists(path):
        return Standing(path, None, None, None, allowed)
    data = read_bytes(path)
    try:
        lock = parse(data, path, allowed)
    except (LockConflict, LockInvalid, DigestMismatch) as error:
        if not repairable:
            raise
        return Standing(path, None, None, str(error), allowed)
    return Standing(path, data.decode(), lock, None, allowed)


def require_lock(standing: Standing, home: Home) -> Lock:
    """Raises NothingPinned."""
    if standing.lock is None:
        command = "ccpin use 2.0.14" + (" --global" if standing.path == home.default_lock else "")
        raise NothingPinned(path=standing.path, command=command)
    return standing.lock


def write(home: Home, standing: Standing, lock: Lock, install: Callable[[], object]) -> bool:
    """Puts `lock` in the place of what stands there; whether that changed anything. A fingerprint stays, where it is of
    the same. Raises LockNotWritable, and what `install` raises: it is called where what the lock names is gone. Until
    the lock named it, nobody needed it, and `ccpin prune` may have come by.
    """
    lock = with_proof_of(lock, standing.lock)
    changed = write_lock(standing.path, render(lock, standing.text, standing.allowed), standing.text)
    if standing.path != home.default_lock:
        remember(home, standing.path, lock)
    if ready(home, lock) is None:
        install()
    return changed


def _pinned(
    got: Acquired, home: Home, env: dict[str, str], standing: Standing, sources: Sources, progress: Progress | None
) -> Used:
    def again() -> object:
        elsewhere = executables(env, home, got.lock.version)
        return install(home, got.lock, lambda: sources, progress=progress, elsewhere=elsewhere)

    old = standing.lock
    if standing.text is not None and old is not None and release_id(old) != release_id(got.lock):
        push(home, standing.path, standing.text, got.lock)  # first, so that no crash loses it
    changed = write(home, standing, got.lock, again)
    return Used(
        version=got.lock.version,
        request=got.lock.request,
        runtime=got.lock.runtime,
        node=got.lock.node,
        lock=standing.path,
        changed=changed,
        before=old.version if old else None,
        repaired=standing.broken,
        absent=got.chosen.release.absent,
        executable=got.installed.executable,
        source=got.source.kind,
        source_name=got.source.name,
        origin=got.origin,
        passed=got.chosen.passed,
        profile=profile_of(got.lock.env, clean=got.lock.clean),
        ignored=tuple(ignored(got.lock.env, got.installed.receipt)),
        remarks=(*_remarks(sources, got.fallback, got.origin, got.chosen), *proof_notes(got.lock, old)),
    )


def _unmoved(meant: Meant, old: Lock, home: Home, path: str, sources: Sources) -> Used:
    installed = find_install(home, old)
    return Used(
        version=old.version,
        request=old.request,
        runtime=old.runtime,
        node=old.node,
        lock=path,
        changed=False,
        before=old.version,
        repaired=None,
        absent=(),
        executable=installed.executable if installed else None,
        source=meant.source.kind,
        source_name=meant.source.name,
        origin=meant.origin,
        passed=meant.chosen.passed,
        profile=profile_of(old.env, clean=old.clean),
        ignored=tuple(ignored(old.env, receipt_of(home, old.head()))),
        remarks=_remarks(sources, meant.fallback, meant.origin, meant.chosen),
    )


def _remarks(sources: Sources, fallback: bool, origin: str, chosen: Chosen) -> tuple[str, ...]:
    """A source that was passed over is named; where something was downloaded, that has been done."""
    found = chosen.release.version
    looked_up = (f"note: {found} was looked up {origin}",) if fallback and not sources.delivered else ()
    return (*sources.notes(), *looked_up, *(f"note: {note}" for note in chosen.notes))


def _passed(passed: dict[str, str]) -> str:
    said = "; ".join(f"{version} was passed over: {why}" for version, why in passed.items())
    return f" ({said})" if said else ""
