"""Profiles as things that a lock has: which one its flags are, and a lock with those of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ccpin.errors import UnknownProfile
from ccpin.pinning.flags import PROFILES, Profile
from ccpin.pinning.lock import Lock

CUSTOM = "custom"
_GONE = (
    "note: the lock's fingerprint was of something else, and is gone; `ccpin env profile --fingerprint` makes a new one"
)


def find_profile(name: str) -> Profile:
    """Raises UnknownProfile."""
    found = PROFILES.get(name)
    if found is None:
        raise UnknownProfile(profile=name, known=", ".join(PROFILES))
    return found


def with_profile(lock: Lock, name: str) -> Lock:
    """`lock` with the flags of a profile and no others. Raises UnknownProfile."""
    profile = find_profile(name)
    return replace(lock, env=dict(profile.env), clean=profile.clean)


def with_proof_of(lock: Lock, old: Lock | None) -> Lock:
    """`lock` with the fingerprint that it has, else with that of the `old` one where the two would run the same; what
    was seen of another release, or under other flags, says nothing about this one."""
    if lock.proof is not None or old is None or old.proof is None:
        return lock
    return replace(lock, proof=old.proof) if what_runs(lock) == what_runs(old) else lock


def without_stale_proof(lock: Lock, old: Lock) -> Lock:
    """`lock`, which was made out of `old`, without a fingerprint that is no longer of what it would run."""
    return lock if what_runs(lock) == what_runs(old) else replace(lock, proof=None)


def proof_notes(lock: Lock, old: Lock | None) -> tuple[str, ...]:
    """That the `old` one had a fingerprint, and `lock`, which takes its place, could not keep it."""
    had = old is not None and old.proof is not None
    return (_GONE,) if had and with_proof_of(lock, old).proof is None else ()


def what_runs(lock: Lock) -> tuple[object, ...]:
    """All that makes a difference to what a release sends; equal for locks that start the same."""
    return lock.version, lock.digest, lock.node, dict(lock.env), lock.clean


def profile_of(env: Mapping[str, str], *, clean: bool) -> str:
    """What to call the flags of a lock: `strict`, `strict with changes` (it has more than half of that profile's
    flags), or `custom`."""
    near = CUSTOM
    for name, profile in PROFILES.items():
        if profile.clean != clean:
            continue
        if profile.env == env:
            return name
        if 2 * len(profile.env.items() & env.items()) > len(profile.env):
            near = f"{name} with changes"
    return near
